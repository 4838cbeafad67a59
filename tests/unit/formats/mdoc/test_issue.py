"""From a type and an attestation to an IssuerSigned, and what a holder shows of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import thaw
from eigendata.errors import Declined, Malformed, Misuse, Reason
from eigendata.formats.mdoc import MSO_MDOC, elements
from eigendata.formats.mdoc.issue import issue
from eigendata.model import (
    UNBOUND,
    Attestation,
    Chain,
    CredentialType,
    DocumentSigner,
    Holding,
    Kind,
    Presence,
    Seal,
    StatusReference,
)
from eigendata.registers.catalogue import CATALOGUE
from tests.unit.formats.forge import attribute

from .forge import (
    BINDING,
    DAY,
    HOLDER_KEY,
    HOLDING,
    ISSUER,
    ISSUER_KEY,
    NAMESPACE,
    NOW,
    PERSON,
    SIGNER,
    TRUST,
    digest,
    issued,
    item,
    mso,
    tagged,
    verified,
)

CLAIMS: dict[str, Any] = {
    "authority": "Gemeente Boxtel",
    "family_name": "Ummels",
    "birthdate": "1987-02-13",
    "resident": True,
    "address": {"town": "Boxtel-Noord"},
    "nationalities": ("NL", "MA"),
}
SEAL = Seal(signer=ISSUER_KEY, origin=DocumentSigner(certificates=(SIGNER,), issuer=ISSUER))


def attestation(claims: Any = CLAIMS, **changes: Any) -> Attestation:
    settings: dict[str, Any] = {
        "type": PERSON,
        "issuer": ISSUER,
        "claims": claims,
        "holder": HOLDER_KEY.public_key,
        "issued_at": DAY,
        "expires_at": DAY + timedelta(days=14),
        **changes,
    }
    return Attestation(**settings)


def made(claims: Any = CLAIMS, **changes: Any) -> bytes:
    return MSO_MDOC.issue(attestation(claims, **changes), SEAL)


def object_of(token: bytes) -> Any:
    return cbor2.loads(cbor2.loads(cbor2.loads(token)["issuerAuth"][2]).value)


def items_of(token: bytes) -> list[Any]:
    return [cbor2.loads(one.value) for one in cbor2.loads(token)["nameSpaces"][NAMESPACE]]


def test_what_is_issued_is_verified_and_says_what_was_attested() -> None:
    authentic = MSO_MDOC.parse_credential(made()).verify([PERSON], trust=TRUST, at=NOW)
    assert authentic.document == {
        NAMESPACE: {
            "authority": "Gemeente Boxtel",
            "family_name": "Ummels",
            "birthdate": "1987-02-13",
            "resident": True,
            "address_town": "Boxtel-Noord",
            "nationalities": ("NL", "MA"),
        }
    }


def test_the_object_is_what_the_standard_says() -> None:
    signed = object_of(made(status=StatusReference(uri="https://boxtel.example/1", index=7)))
    assert signed["docType"] == PERSON.id
    assert signed["status"] == {"status_list": {"idx": 7, "uri": "https://boxtel.example/1"}}
    assert {name: one.isoformat() for name, one in signed["validityInfo"].items()} == {
        "signed": "2026-11-23T00:00:00+00:00",
        "validFrom": "2026-11-23T00:00:00+00:00",
        "validUntil": "2026-12-06T23:59:59+00:00",
    }
    protected, unprotected, _, _ = cbor2.loads(made())["issuerAuth"]
    assert (cbor2.loads(protected), unprotected) == ({1: -7}, {33: SIGNER})


def test_a_date_is_tagged_and_nothing_else_is() -> None:
    written = made()
    assert b"\xd9\x03\xec\x6a1987-02-13" in written
    assert written.count(b"\xd9\x03\xec") == 1


def test_how_many_digests_there_are_says_nothing_of_what_is_there() -> None:
    for claims in (CLAIMS, {"authority": "Gemeente Boxtel"}):
        for _ in range(20):  # each time in another order
            digests = object_of(made(claims))["valueDigests"][NAMESPACE]
            assert sorted(digests) == list(range(len(PERSON.attributes)))
            assert {len(one) for one in digests.values()} == {32}
    assert len(items_of(made({"authority": "Gemeente Boxtel"}))) == 1


def test_the_numbers_of_claims_are_dealt_out_anew_for_each_copy() -> None:
    numbers = {
        next(one["digestID"] for one in items_of(made()) if one["elementIdentifier"] == "family_name")
        for _ in range(60)
    }
    assert len(numbers) > 1


def test_two_copies_share_no_randomness_and_one_asks_for_it_once() -> None:
    randoms = [one["random"] for _ in range(3) for one in items_of(made())]
    assert len(set(randoms)) == len(randoms)
    asked: list[int] = []

    def random(size: int) -> bytes:
        asked.append(size)
        return (bytes(range(256)) * (size // 256 + 1))[:size]

    issue(attestation(), SEAL, random=random)
    issue(attestation({"authority": "Gemeente Boxtel"}), SEAL, random=random)
    assert asked == [len(PERSON.attributes) * 40] * 2  # for each claim, there or not: its place, and a digest's worth


def test_with_too_little_randomness_nothing_is_signed() -> None:
    for few in (lambda size: b"", lambda size: b"r" * (size // 2), lambda size: b"r" * (size - 1)):
        with pytest.raises(Misuse):
            issue(attestation(), SEAL, random=few)


def test_a_chain_of_several_certificates_is_an_array() -> None:
    seal = Seal(signer=ISSUER_KEY, origin=DocumentSigner(certificates=(SIGNER, SIGNER)))
    assert cbor2.loads(MSO_MDOC.issue(attestation(), seal))["issuerAuth"][1] == {33: [SIGNER, SIGNER]}


def test_a_text_of_150_characters_is_written_and_a_longer_one_never_cut() -> None:
    fits = "ğ" * elements.LONGEST_TEXT
    for claims in ({"family_name": fits}, {"nationalities": [fits]}):
        made({**CLAIMS, **claims})
    too_long: list[dict[str, Any]] = [
        {"family_name": fits + "x"},
        {"nationalities": ["NL", fits + "x"]},
        {"family_name": {"a": fits + "x"}},
        {"family_name": [{"a": [fits + "x"]}]},
    ]
    for claims in too_long:
        with pytest.raises(Declined) as declined:
            made({**CLAIMS, **claims})
        assert declined.value.reason is Reason.VALUE_TOO_LONG
        assert fits not in str(declined.value)


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "claims",
    [
        {**CLAIMS, "authority": None, "more": 1},
        {name: value for name, value in CLAIMS.items() if name != "authority"},
        {**CLAIMS, "address": {"town": "Boxtel", "street": "Markt"}},
        {**CLAIMS, "address": "Markt 1"},
        {**CLAIMS, "birthdate": "13 februari"},
        {**CLAIMS, "birthdate": 1987},
        {**CLAIMS, "birthdate": "2026-02-29"},
        {**CLAIMS, "family_name": 1.5},
        {**CLAIMS, "family_name": "\ud800"},
        {**CLAIMS, "family_name": {"a": 2**70}},
        {**CLAIMS, "family_name": 2**53},
        {**CLAIMS, "family_name": [-(2**53)]},
        {**CLAIMS, "family_name": "a\0b"},
        {**CLAIMS, "family_name": ["a\0b"]},
        {**CLAIMS, "family_name": {"a\0b": 1}},
        {**CLAIMS, "family_name": nested(32)},
    ],
)
def test_what_breaks_its_type_is_never_signed(claims: dict[str, Any]) -> None:
    with pytest.raises(Misuse):
        made(claims)


leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=160)
claims = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@given(claims | st.integers(1, 35).map(nested))
def test_what_is_signed_can_be_read_and_says_the_same(value: Any) -> None:
    try:
        token = made({**CLAIMS, "family_name": value})
    except (Misuse, Declined):
        return
    authentic = MSO_MDOC.parse_credential(token).verify([PERSON], trust=TRUST, at=NOW)
    seen: Any = authentic.document[NAMESPACE]
    assert thaw(seen["family_name"]) == value


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://elsewhere.example"},
        {"holder": UNBOUND},
        {"issued_at": NOW},
        {"expires_at": NOW + timedelta(days=1)},
        {"expires_at": DAY},
        {"type": CredentialType.foreign("org.example.any")},
        {"type": replace(PERSON, attributes=PERSON.attributes[1:]), "claims": {}},
    ],
)
def test_an_attestation_that_no_mdoc_can_hold_is_misuse(changes: dict[str, Any]) -> None:
    with pytest.raises(Misuse):
        made(**changes)


def test_an_issuer_must_be_named() -> None:
    seal = Seal(signer=ISSUER_KEY, origin=DocumentSigner(certificates=(SIGNER,)))
    with pytest.raises(Misuse):
        MSO_MDOC.issue(attestation(issuer=""), seal)


def test_only_a_document_signer_signs_an_mdoc() -> None:
    with pytest.raises(Misuse):
        MSO_MDOC.issue(attestation(), Seal(signer=ISSUER_KEY, origin=Chain(certificates=(SIGNER,))))


# -- showing ----------------------------------------------------------------------------------------------------------


def shown(*paths: Any, holding: Any = HOLDING) -> Any:
    token = MSO_MDOC.present(made(), PERSON, paths, holding, at=NOW)
    seen: Any = verified(token).document.get(NAMESPACE, {})
    return set(seen) - {"authority"}


def test_elements_that_were_chosen_are_shown_and_a_namespace_shows_all() -> None:
    assert shown() == set()
    assert shown((NAMESPACE, "family_name"), (NAMESPACE, "address_town")) == {"family_name", "address_town"}
    assert shown((NAMESPACE,)) == {"family_name", "birthdate", "resident", "address_town", "nationalities"}


@pytest.mark.parametrize(
    "path",
    [
        (),
        ("family_name",),
        ("org.example",),
        (None,),
        (NAMESPACE, "street"),
        (NAMESPACE, None),
        ("org.example", "family_name"),
        (NAMESPACE, "nationalities", 0),
        (NAMESPACE, 0),
    ],
)
def test_a_path_that_leads_nowhere_is_misuse(path: Any) -> None:
    with pytest.raises(Misuse):
        shown(path)


def test_a_document_that_shows_nothing_has_no_namespaces() -> None:
    kind = replace(PERSON, id="urn:example:hidden:1", attributes=PERSON.attributes[1:])
    credential = made({"family_name": "Ummels"}, type=kind)
    token = MSO_MDOC.present(credential, kind, [], HOLDING, at=NOW)
    assert cbor2.loads(token)["documents"][0]["issuerSigned"].keys() == {"issuerAuth"}
    MSO_MDOC.parse_presentation(token)


AS_SHOWN: Any = ([(NAMESPACE, "family_name")], HOLDING)


def test_what_lay_beside_the_chain_unsigned_is_shown_to_nobody() -> None:
    credential = cbor2.loads(made())
    credential["issuerAuth"][1] |= {"bsn": "999900109", 4: b"who you are"}
    shows = MSO_MDOC.open(cbor2.dumps(credential), PERSON)
    token = shows.present(*AS_SHOWN, at=NOW)
    assert cbor2.loads(token)["documents"][0]["issuerSigned"]["issuerAuth"][1] == {33: SIGNER}
    assert verified(token).document == verified(MSO_MDOC.present(made(), PERSON, *AS_SHOWN, at=NOW)).document


def test_a_credential_with_a_name_of_any_length_can_be_shown() -> None:
    for size in (65_535, 65_536, 70_000):
        namespace = "n" * size
        one = item(1, "family_name", "Ummels")
        of = mso(one, valueDigests={namespace: {1: digest(one)}})
        credential = cbor2.dumps(issued(of=of, nameSpaces={namespace: [tagged(one)]}))
        token = MSO_MDOC.open(credential, PERSON).present([(namespace,)], HOLDING, at=NOW)
        assert verified(token).document[namespace] == {"family_name": "Ummels"}


def test_a_credential_of_another_type_is_not_opened() -> None:
    with pytest.raises(Misuse):
        MSO_MDOC.open(made(), CredentialType.foreign("org.example.any"))
    with pytest.raises(Malformed):
        MSO_MDOC.open(b"", PERSON)


def test_a_holder_with_a_key_of_another_kind_signs_with_it() -> None:
    for algorithm in Algorithm:
        key = SoftwareKey.generate(algorithm)
        credential = made(holder=key.public_key)
        token = MSO_MDOC.present(credential, PERSON, [], Holding(key=key, binding=BINDING), at=NOW)
        assert verified(token).holder == key.public_key


# -- types ------------------------------------------------------------------------------------------------------------


def test_a_type_has_one_namespace_and_an_element_for_each_claim() -> None:
    assert MSO_MDOC.type_id(PERSON) == PERSON.id
    places = [MSO_MDOC.place(PERSON, one) for one in PERSON.attributes]
    assert places[4] == (PERSON.id, "address_town")
    given = replace(PERSON, names={"mso_mdoc": "org.example.person"})
    assert MSO_MDOC.place(given, PERSON.attributes[1]) == ("org.example.person", "family_name")
    chosen = replace(PERSON.attributes[1], names={"mso_mdoc": ("org.iso.18013.5.1", "family_name")})
    assert MSO_MDOC.place(PERSON, chosen) == ("org.iso.18013.5.1", "family_name")


def test_what_a_type_always_shows_is_not_withheld_and_every_member_is_a_claim() -> None:
    assert [MSO_MDOC.withholds(PERSON, one) for one in PERSON.attributes] == [False, *[True] * 5]
    assert MSO_MDOC.technical == frozenset()


def test_a_namespace_of_which_nothing_is_there_has_digests_and_no_elements() -> None:
    elsewhere = replace(PERSON.attributes[2], names={"mso_mdoc": ("org.iso.18013.5.1", "birth_date")})
    kind = replace(PERSON, id="urn:example:two:2", attributes=(*PERSON.attributes[:2], elsewhere))
    credential = MSO_MDOC.issue(attestation({"authority": "a"}, type=kind), SEAL)
    assert list(cbor2.loads(credential)["nameSpaces"]) == [kind.id]
    assert list(object_of(credential)["valueDigests"]) == [kind.id, "org.iso.18013.5.1"]


def test_claims_may_lie_in_several_namespaces() -> None:
    elsewhere = replace(PERSON.attributes[2], names={"mso_mdoc": ("org.iso.18013.5.1", "birth_date")})
    kind = replace(PERSON, id="urn:example:two:1", attributes=(*PERSON.attributes[:2], elsewhere))
    credential = MSO_MDOC.issue(
        attestation({"authority": "a", "family_name": "b", "birthdate": "1987-02-13"}, type=kind), SEAL
    )
    items = cbor2.loads(credential)["nameSpaces"]
    assert [(name, len(several)) for name, several in items.items()] == [(kind.id, 2), ("org.iso.18013.5.1", 1)]
    opened = MSO_MDOC.open(credential, kind)
    token = opened.present([("org.iso.18013.5.1", "birth_date")], HOLDING, at=NOW)
    namespaces = cbor2.loads(token)["documents"][0]["issuerSigned"]["nameSpaces"]
    assert [(name, len(several)) for name, several in namespaces.items()] == [(kind.id, 1), ("org.iso.18013.5.1", 1)]
    token = opened.present([("org.iso.18013.5.1",)], HOLDING, at=NOW)
    namespaces = cbor2.loads(token)["documents"][0]["issuerSigned"]["nameSpaces"]
    assert [(name, len(several)) for name, several in namespaces.items()] == [(kind.id, 1), ("org.iso.18013.5.1", 1)]


@pytest.mark.parametrize(
    "attributes",
    [
        (attribute("address", "town"), attribute("address_town")),
        (replace(attribute("a"), names={"mso_mdoc": ("ns", "el", "deeper")}),),
        (replace(attribute("a"), names={"mso_mdoc": ("ns", 0)}),),
        (replace(attribute("a"), names={"mso_mdoc": ("", "el")}),),
    ],
)
def test_a_type_whose_claims_fit_in_no_elements_is_misuse(attributes: Any) -> None:
    with pytest.raises(Misuse):
        elements.shape(replace(PERSON, id="urn:example:clash:1", attributes=attributes))


def test_what_follows_from_a_type_is_worked_out_once_and_of_a_few_types_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elements, "_SHAPES_LIMIT", 2)
    monkeypatch.setattr(elements, "_SHAPES", {})
    one, two, three = (replace(PERSON, id=f"urn:example:kept:{number}") for number in range(3))
    kept = elements.shape(one)
    elements.shape(two)
    assert elements.shape(one) is kept
    elements.shape(three)
    assert elements.shape(one) is not kept


def test_many_types_are_known_at_once_and_few_are_kept() -> None:
    for number in range(300):
        assert elements.shape(replace(PERSON, id=f"urn:example:many:{number}")).namespaces
    assert elements.shape(PERSON) is elements.shape(PERSON)


def test_a_type_is_described_by_namespaces_elements_and_labels() -> None:
    described = json.loads(MSO_MDOC.schema(PERSON))
    assert described["doctype"] == PERSON.id
    assert described["claims"][2] == {
        "path": [PERSON.id, "birthdate"],
        "encoding": "full-date",
        "mandatory": False,
        "display": [{"locale": "nl", "name": "birthdate"}, {"locale": "en", "name": "birthdate"}],
    }
    assert [one["mandatory"] for one in described["claims"]] == [True, *[False] * 5]
    assert [one["encoding"] for one in described["claims"]] == [
        *("tstr", "tstr", "full-date", "bool", "tstr", "[* tstr]")
    ]
    assert described["display"] == [{"locale": "nl", "name": "Persoon"}, {"locale": "en", "name": "Person"}]


def test_a_number_with_a_fraction_is_said_to_be_in_no_mdoc() -> None:
    with pytest.raises(Misuse, match="family_name cannot be written in an mdoc"):
        made({**CLAIMS, "family_name": 1.5})


def test_an_opened_credential_says_nothing_of_what_is_in_it() -> None:
    assert repr(MSO_MDOC.open(made(), PERSON)) == "<a credential>"


def test_every_type_of_the_catalogue_fits_in_an_mdoc() -> None:
    for one in CATALOGUE.values():
        assert elements.shape(one).always == {
            elements.place(one, each) for each in one.attributes if each.presence is Presence.ALWAYS
        }
    assert {each.kind for one in CATALOGUE.values() for each in one.attributes} <= set(Kind)


def test_a_long_credential_is_written_with_longer_heads() -> None:
    many = tuple(attribute(f"claim_{number}") for number in range(300))
    kind = replace(PERSON, id="urn:example:long:1", attributes=many)
    credential = made({f"claim_{number}": "x" for number in range(300)}, type=kind)
    authentic = MSO_MDOC.parse_credential(credential).verify([kind], trust=_Knows(), at=NOW)
    assert len(authentic.revealed) == 300


class _Knows:
    """Trusts the issuer of the forge for every type."""

    def issuer(self, origin: Any, type: CredentialType, /, *, at: Any) -> Any:
        return TRUST.issuer(origin, PERSON, at=at)
