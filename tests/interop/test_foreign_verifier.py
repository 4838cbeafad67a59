"""OpenID4VP 1.0 with @openid4vc/openid4vp as the verifier: our wallet reads what it asks, and it reads our answers.

The presentations are verified by @sd-jwt/sd-jwt-vc and @owf/mdoc; dcql says whether they are what was asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import pytest

from eigendata.errors import Trail
from eigendata.fetch import Fetcher
from eigendata.model import Party, Presence
from eigendata.openid import exchange, vp
from eigendata.openid.haip import HAIP_1_0
from eigendata.registers.catalogue import HUISHOUDEN
from eigendata.wallet import LEAST, Wallet
from tests.interop.deviations import of, rows
from tests.interop.mdocs import Oracles
from tests.interop.oracles import Refused
from tests.interop.protocol_deviations import ANSWERS_ACCEPTED, OPENID4VP
from tests.interop.tampered import TAMPERED
from tests.interop.town import HOST, NAME, TOWN, TRUST, Desk, clock, holder
from tests.interop.verifiers import (
    ENCRYPTIONS,
    RESIDENT,
    Demand,
    answer,
    demand,
    published,
    read,
    satisfied,
    verified,
)
from tests.interop.wallets import SCRIPT, ForeignWallet
from tests.world import AISHA, FORMAT, MDOC

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "peers.md"
PREFIXES: Final = ("x509_hash", "x509_san_dns", "redirect_uri")
WALLET_NONCE: Final = "qPmxiNFCR3QTm19POc8u"
ALWAYS: Final = {".".join(map(str, one.path)) for one in HUISHOUDEN.attributes if one.presence is Presence.ALWAYS}
"""Of whose register a card is and as of when; our types show that in every format, whatever is asked."""


@pytest.fixture(scope="module")
def wallet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wallet]:
    path: Path = tmp_path_factory.mktemp("wallet") / "aisha.vault"
    with Wallet.create(path, "a passphrase of some length", cost=LEAST) as one:
        at, formats = clock(), (FORMAT, MDOC)
        proofs = one.prove_new_keys(TOWN.challenge(at=at, formats=formats), copies=8, at=at)
        issuance = TOWN.issue(AISHA.record(at=at), format=formats, to=TOWN.proven(proofs, at=at), at=at, copies=8)
        one.add(issuance, trust=TRUST, at=at)
        yield one


def person(claims: Any) -> Any:
    """Give what was asked of the person; nothing else that could be withheld was shown."""
    assert claims.keys() <= {
        "family_name",
        "birthdate",
        *ALWAYS,
        "vct",
        "iss",
        "iat",
        "nbf",
        "exp",
        "cnf",
        "vct#integrity",
    }
    return {name: claims[name] for name in ("family_name", "birthdate")}


def elements(claims: Any) -> Any:
    """Give what was asked of a document; beside it stands what its type always shows, and nothing else."""
    (shown,) = claims.values()
    assert shown.keys() >= ALWAYS
    return {name: shown[name] for name in shown.keys() - ALWAYS}


# -- what it asks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "open"])
@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_foreign_verifier_reads_what_our_wallet_answers(
    oracle: Oracles, wallet: Wallet, prefix: str, sealed: bool
) -> None:
    one = demand(oracle, prefix, sealed=sealed)
    request = one.received()
    proven = prefix != "redirect_uri"
    assert (request.asker.proven, request.asker.party) == (
        proven,
        Party(id=HOST, name=NAME) if proven else Party(id=one.parameters["client_id"], name=HOST),
    )
    said = read(oracle, one, answer(wallet, request))
    assert said.get("type") == ("Encrypted" if sealed else None)
    claims = verified(oracle, one, said["presentations"])
    assert person(claims["person"]) == {"family_name": "Zandstra", "birthdate": "1984-02-29"}
    assert elements(claims["household"]) == {"household_size": 2}
    assert satisfied(oracle, one, claims)


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [(["A128GCM"], "A128GCM"), (["A256GCM"], "A256GCM"), (ENCRYPTIONS, "A256GCM"), (None, "A128GCM")],
    ids=["A128GCM", "A256GCM", "both", "unsaid"],
)
def test_our_wallet_seals_as_was_offered_to_the_key_of_the_request(
    oracle: Oracles, wallet: Wallet, offered: list[str] | None, chosen: str
) -> None:
    one = demand(oracle, "x509_hash", encryptions=offered)
    said = read(oracle, one, answer(wallet, one.received()))
    header = said["header"]
    assert (header["alg"], header["enc"], header["kid"]) == ("ECDH-ES", chosen, "of-this-request")
    assert header.keys() == {"alg", "enc", "kid", "epk"}
    assert elements(verified(oracle, one, said["presentations"])["household"]) == {"household_size": 2}


def test_a_key_that_does_not_say_what_it_is_for_is_for_answers(oracle: Oracles, wallet: Wallet) -> None:
    one = demand(oracle, "x509_hash", key={"use": None})
    assert read(oracle, one, answer(wallet, one.received()))["type"] == "Encrypted"


@pytest.mark.parametrize("prefix", ["x509_hash", "x509_san_dns"])
def test_its_signed_requests_are_read_by_value_and_after_a_post(oracle: Oracles, wallet: Wallet, prefix: str) -> None:
    by_value = demand(oracle, prefix, by_value=True)
    assert parse_qs(by_value.link.partition("?")[2]).keys() == {"client_id", "request"}
    assert read(oracle, by_value, answer(wallet, by_value.received()))["type"] == "Encrypted"
    # the library has no place for `request_uri_method`: its host adds it
    posted = demand(oracle, prefix, wallet_nonce=WALLET_NONCE)
    invitation = vp.parse_invitation(f"{posted.link}&request_uri_method=post".encode("ascii"))
    assert invitation.reference is not None
    assert invitation.reference.post


def test_a_request_of_theirs_is_one_of_haip(oracle: Oracles) -> None:
    one = demand(oracle, "x509_hash")
    trail = Trail()
    HAIP_1_0.require_invitation(vp.parse_invitation(one.link.encode("ascii")), trail)
    HAIP_1_0.require_request(one.received(), trail)
    assert len(trail.done()) == 5


def test_of_a_choice_one_is_answered_and_the_rest_that_need_not_be(oracle: Oracles, wallet: Wallet) -> None:
    one = demand(oracle, "x509_hash", query=RESIDENT)
    said = read(oracle, one, answer(wallet, one.received()))
    claims = verified(oracle, one, said["presentations"])
    assert elements(claims["in-cbor"]) == {"resident": True}
    assert "in-jwt" not in claims
    assert satisfied(oracle, one, claims)


@pytest.mark.parametrize("post", [False, True], ids=["get", "post"])
def test_our_wallet_answers_it_over_http_and_is_sent_on(oracle: Oracles, wallet: Wallet, post: bool) -> None:
    one, link = published(oracle, post=post)
    fetcher = Fetcher(allow_loopback_http=True)
    request = exchange.receive(link, fetcher=fetcher, trust=TRUST, profile=HAIP_1_0, at=clock())
    consent = wallet.consider(request, at=clock()).accept()
    outcome = exchange.answer(wallet, consent, fetcher=fetcher, at=clock())
    assert outcome.redirect_uri == one.parameters["response_uri"].replace("/answers", "/done")
    claims = verified(oracle, one, oracle(SCRIPT).ask("taken")["presentations"])
    assert satisfied(oracle, one, claims)


# -- what does not fit -------------------------------------------------------------------------------------------------


def test_the_audience_that_it_writes_by_itself_is_refused(oracle: Oracles) -> None:
    """It is the `request_uri`; OpenID4VP 1.0 5.8 has the one name of all wallets there (`request-aud`)."""
    assert demand(oracle, "x509_hash", aud=None).refusal() == "REQUEST_AUDIENCE"
    assert demand(oracle, "x509_hash").refusal() == ""


def test_it_refuses_the_answer_to_another_request(oracle: Oracles, wallet: Wallet) -> None:
    one, other = demand(oracle, "x509_hash", state="another-state-of-theirs"), demand(oracle, "x509_hash")
    body = answer(wallet, other.received())
    with pytest.raises(Refused, match="decryption operation failed"):
        read(oracle, one, body)
    opened = demand(oracle, "x509_hash", sealed=False)
    body = answer(wallet, opened.received())
    assert read(oracle, opened, body)["presentations"].keys() == {"person", "household"}
    of_another = demand(oracle, "x509_hash", sealed=False, state="another-state-of-theirs")
    with pytest.raises(Refused, match="state mismatch"):
        read(oracle, of_another, body)


def test_what_our_wallet_shows_one_verifier_is_nothing_to_another(oracle: Oracles, wallet: Wallet) -> None:
    one, other = (demand(oracle, "x509_hash", sealed=False, nonce=nonce * 32) for nonce in "ab")
    shown = read(oracle, one, answer(wallet, one.received()))["presentations"]
    for name, words in (("person", "Invalid Nonce"), ("household", "[Dd]evice ?[Ss]ignature")):
        with pytest.raises(Refused, match=words):
            verified(oracle, other, {name: shown[name]})


def test_who_declines_tells_it_no_more_than_that(oracle: Oracles) -> None:
    one = demand(oracle, "x509_hash", sealed=False)
    body = vp.error_form("access_denied", one.received()).decode("ascii")
    assert parse_qs(body).keys() == {"error", "state"}
    with pytest.raises(Refused, match="vp_token"):
        read(oracle, one, body)


# -- what it would accept ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def other(oracle: Oracles) -> ForeignWallet:
    return ForeignWallet.of(oracle, holder(FORMAT), holder(MDOC))


@pytest.mark.parametrize("case", TAMPERED)
def test_what_we_refuse_of_answers_it_refuses_but_for_the_named(
    oracle: Oracles, other: ForeignWallet, case: str
) -> None:
    """Each of these is refused by ours: `test_foreign_wallet`."""
    one = TAMPERED[case]
    asked = Desk(prefix="x509_hash").ask(sealed=one.sealed)
    resolved = other.resolve(asked.link(), lambda _: asked.object())
    theirs = Demand(link="", object=None, parameters=resolved.parameters, one_time=asked.one_time)
    body = one.make(other, resolved)
    if OPENID4VP.name in of(ANSWERS_ACCEPTED, case):
        assert read(oracle, theirs, body)["presentations"]
    else:
        with pytest.raises(Refused, match=r"state mismatch|decryption operation failed|jarm|vp_token"):
            read(oracle, theirs, body)


@pytest.mark.parametrize(
    ("case", "enough"),
    [
        ("a credential less", False),
        ("a claim less", False),
        ("a credential of another type", False),
        ("a claim more", True),
    ],
)
def test_dcql_sees_what_lacks_and_not_what_is_too_much(
    oracle: Oracles, other: ForeignWallet, case: str, enough: bool
) -> None:
    asked = Desk(prefix="x509_hash").ask()
    resolved = other.resolve(asked.link(), lambda _: asked.object())
    theirs = Demand(link="", object=None, parameters=resolved.parameters, one_time=asked.one_time)
    claims = verified(oracle, theirs, TAMPERED[case].tokens(other, resolved))
    assert satisfied(oracle, theirs, claims) is enough


def test_every_case_of_the_table_is_tried() -> None:
    assert {case for one in ANSWERS_ACCEPTED for case in one.cases} <= TAMPERED.keys()


def test_the_page_about_the_peers_holds_the_table() -> None:
    assert rows(ANSWERS_ACCEPTED, "who accepts") in PAGE.read_text("utf-8")
