"""A desk: under which names it asks, whose credentials it says to accept, and what it is refused for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import extension_of, extensions_of, read_certificate
from eigendata.did import key_method
from eigendata.errors import Misuse
from eigendata.formats import FORMATS
from eigendata.model import NO_STATUS_CHECK, Advice
from eigendata.openid.client_id import Prefix, of_certificate
from eigendata.policies import days_kept
from eigendata.query import MAX_VALUES
from eigendata.store import Store
from eigendata.trust import IssuerEntry, Trust
from eigendata.web.checking import Checking
from eigendata.web.desks import Desk, Signing, authorities, table
from eigendata.web.views import PartyView, together
from tests.web.site import HOST, KEY, NAME, URL, B, desk, signing
from tests.world import AT, HOME, World

PERSON = "urn:eigendata:nl:brp:persoon:1"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(f"sqlite:///{tmp_path / 'checks.db'}", key=KEY, clock=lambda: AT)


def test_a_desk_bears_every_name_that_its_key_gives_it(world: World, store: Store) -> None:
    made = desk(world, store)
    assert list(made.verifiers) == [
        Prefix.X509_HASH,
        Prefix.X509_SAN_DNS,
        Prefix.DECENTRALIZED_IDENTIFIER,
        Prefix.REDIRECT_URI,
    ]
    assert made.prefix is Prefix.X509_HASH
    names = {prefix: one.client_id for prefix, one in made.verifiers.items()}
    assert names[Prefix.X509_HASH] == str(of_certificate(signing().chain[0]))
    assert names[Prefix.X509_SAN_DNS] == f"x509_san_dns:{HOST}"
    did, _, _ = key_method(signing().signer.public_key).partition("#")
    assert names[Prefix.DECENTRALIZED_IDENTIFIER] == f"decentralized_identifier:{did}"
    assert names[Prefix.REDIRECT_URI] == f"redirect_uri:{URL}/answers"
    assert {one.response_uri for one in made.verifiers.values()} == {f"{URL}/answers"}
    elsewhere = desk(world, store, url="https://other.example")
    assert Prefix.X509_SAN_DNS not in elsewhere.verifiers  # answers would go to a host that its name is not
    by_did = replace(signing(), chain=(), method="did:web:woonstichting.example#key-1")
    web = Desk.make(
        "d", name=NAME, public_url=URL, trust=world.trust, status=NO_STATUS_CHECK, once=store.once, signing=by_did
    )
    assert web.verifiers[web.prefix].client_id == "decentralized_identifier:did:web:woonstichting.example"
    unsigned = desk(world, store, signed=False)
    assert list(unsigned.verifiers) == [Prefix.REDIRECT_URI]


def test_a_certificate_of_another_key_is_not_a_desks(world: World, store: Store) -> None:
    kept: dict[str, Any] = {"trust": world.trust, "status": NO_STATUS_CHECK, "once": store.once}
    wrong = Signing(signer=SoftwareKey.generate(Algorithm.ES256), chain=signing().chain)
    with pytest.raises(Misuse):
        Desk.make("d", name=NAME, public_url=URL, signing=wrong, **kept)


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "De Linde"},
        {"id": ""},
        {"homes": {"nobody/knows": {}}},
        {"homes": {B.id: {"binding": True}}},
        {"residents": "nobody/knows"},
        {"residents": B.id},
        {"public_url": "http://woonstichting.example"},
    ],
    ids=str,
)
def test_a_desk_that_could_not_ask_is_not_made(world: World, store: Store, wrong: dict[str, Any]) -> None:
    given = {"id": "d", "name": NAME, "public_url": URL, "policies": [B], "signing": None, **wrong}
    with pytest.raises(Misuse):
        Desk.make(given.pop("id"), trust=world.trust, status=NO_STATUS_CHECK, once=store.once, **given)


def test_desks_of_one_service_have_names_of_their_own_and_one_address(world: World, store: Store) -> None:
    one = desk(world, store)
    for wrong in ([], [one, one]):
        with pytest.raises(Misuse):
            table(wrong)
    with pytest.raises(Misuse):
        Checking([one], store=store, public_url="https://elsewhere.example")


def test_an_unsigned_name_signs_nothing_and_no_desk_bears_a_name_that_it_has_not(world: World, store: Store) -> None:
    made = desk(world, store, signed=False)
    asked = made.verifiers[Prefix.REDIRECT_URI].ask(B, home=HOME, at=AT)
    with pytest.raises(Misuse):
        made.sign(asked, Prefix.REDIRECT_URI, wallet_nonce=None, at=AT)
    with pytest.raises(Misuse):
        desk(world, store).sign(asked, Prefix.REDIRECT_URI, wallet_nonce=None, at=AT)
    with pytest.raises(Misuse):
        made.verifier(Prefix.X509_HASH, by_policy=True)


def test_policies_ask_in_the_formats_of_haip_and_queries_in_all(world: World, store: Store) -> None:
    made = desk(world, store)
    assert set(made.verifiers[made.prefix].formats) == {"dc+sd-jwt", "mso_mdoc"}
    assert set(made.plain[made.prefix].formats) == set(FORMATS)
    assert set(desk(world, store, formats=FORMATS).verifiers[made.prefix].formats) == set(FORMATS)


# -- whose credentials ------------------------------------------------------------------------------------------------


def test_the_authorities_of_all_who_may_issue_a_type_are_named(world: World) -> None:
    [anchor] = {one for entry in world.trust.issuers.values() for one in entry.anchors}
    extensions = extensions_of(read_certificate(anchor))
    assert extensions is not None
    from cryptography import x509

    found = extension_of(extensions, x509.SubjectKeyIdentifier)
    assert found is not None
    for name in ("dc+sd-jwt", "mso_mdoc"):
        assert authorities(world.trust, PERSON, name) == (found.digest,)
    assert authorities(world.trust, PERSON, "ldp_vc") == ()
    assert authorities(world.trust, "urn:nobody:1", "dc+sd-jwt") == ()


def test_authorities_are_not_named_where_that_would_say_too_little(world: World) -> None:
    entry = next(iter(world.trust.issuers.values()))
    named = IssuerEntry(name="By name", keys={"1": signing().signer.public_key}, types=(PERSON,))
    publishes = IssuerEntry(name="Publishes", issuer_metadata=True, types=(PERSON,))
    for other in (named, publishes):
        trust = Trust(issuers={"https://a.example": entry, "https://b.example": other})
        assert authorities(trust, PERSON, "dc+sd-jwt") == ()
        assert authorities(trust, PERSON, "mso_mdoc") != ()
    assert MAX_VALUES >= 100


# -- how long, and all together ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("advice", "days"), [(Advice.MEETS, None), (Advice.DOES_NOT_MEET, 0), (Advice.IN_PERSON, 0), (None, 0)], ids=str
)
def test_the_term_of_an_outcome_is_the_policys(advice: Advice | None, days: int | None) -> None:
    assert days_kept(B.keep, advice) == days
    assert days_kept({"voldoet": "30 days"}, Advice.MEETS) == 30
    assert days_kept({"voldoet": "30 days"}, Advice.NOT_DERIVABLE) == 0
    assert timedelta(days=days or 0) >= timedelta(0)


def party(state: str, advice: Advice | None = None) -> PartyView:
    return PartyView(role="aanvrager", state=state, page="", advice=advice)


@pytest.mark.parametrize(
    ("parties", "state", "advice", "decided_by"),
    [
        ([party("waiting")], "waiting", None, None),
        ([party("answered", Advice.MEETS), party("waiting")], "waiting", None, None),
        ([party("answered", Advice.MEETS), party("returning")], "waiting", None, None),
        ([party("answered", Advice.MEETS), party("refused")], "refused", None, 1),
        ([party("expired"), party("declined")], "declined", None, 1),
        ([party("expired"), party("answered", Advice.MEETS)], "expired", None, 0),
        ([party("answered", Advice.MEETS), party("answered", Advice.MEETS)], "answered", Advice.MEETS, 0),
        (
            [party("answered", Advice.NOT_DERIVABLE), party("answered", Advice.DOES_NOT_MEET)],
            "answered",
            Advice.DOES_NOT_MEET,
            1,
        ),
        (
            [party("answered", Advice.MEETS), party("answered", Advice.NOT_DERIVABLE)],
            "answered",
            Advice.NOT_DERIVABLE,
            1,
        ),
        (
            [party("answered", Advice.MEETS), party("answered", Advice.IN_PERSON)],
            "answered",
            Advice.NOT_DERIVABLE,
            None,
        ),
        ([party("answered", Advice.IN_PERSON)], "answered", Advice.IN_PERSON, 0),
        ([party("answered"), party("answered", Advice.MEETS)], "answered", None, None),
    ],
    ids=range(12),
)
def test_what_holds_for_all_parties_together(
    parties: list[PartyView], state: str, advice: Advice | None, decided_by: int | None
) -> None:
    assert together(parties) == (state, advice, None if decided_by is None else parties[decided_by])
