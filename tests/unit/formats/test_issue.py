"""What an issuer signs: nothing beyond the attestation, as its type says, and never twice the same bytes."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import combinations
from random import Random
from typing import Any

import pytest

from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import make_authority, make_issuer_certificate
from eigendata.encoding import b64_encode, b64url_decode, thaw
from eigendata.errors import Misuse
from eigendata.formats.sdjwt import SD_JWT_VC
from eigendata.formats.sdjwt.issue import ARRAY_STEP, SALT_BYTES, issue
from eigendata.model import (
    UNBOUND,
    Chain,
    Claims,
    CredentialType,
    DocumentSigner,
    Kind,
    Named,
    Presence,
    Seal,
    StatusReference,
)
from tests.negatives import negative

from .forge import (
    ANY,
    CLAIMS,
    DAY,
    HOLDER_KEY,
    ISSUER,
    ISSUER_KEY,
    NOW,
    PERSON,
    SEAL,
    Source,
    attestation,
    attribute,
    issued,
    parts,
)


def header_of(token: bytes) -> dict[str, Any]:
    return dict(json.loads(b64url_decode(token.partition(b".")[0])))


def payload_of(token: bytes) -> dict[str, Any]:
    return dict(json.loads(b64url_decode(token.split(b".")[1])))


def disclosures_of(token: bytes) -> list[list[Any]]:
    return [json.loads(b64url_decode(one)) for one in parts(token)[1]]


def document_of(token: bytes, type: CredentialType = PERSON) -> Claims:
    return SD_JWT_VC.parse_credential(token).verify([type], trust=Source(), at=NOW).document


def of_any(claims: Mapping[str, Any]) -> bytes:
    return issued(type=ANY, claims=claims)


# -- what is in it ----------------------------------------------------------------------------------------------------


def test_the_token_states_what_an_sd_jwt_vc_states_and_keeps_the_rest_for_the_holder_to_show() -> None:
    token = issued(status=StatusReference(uri="https://boxtel.example/status/1", index=7))
    payload = payload_of(token)
    digests = payload.pop("_sd")
    integrity = payload.pop("vct#integrity")
    assert header_of(token) == {"alg": "ES256", "typ": "dc+sd-jwt", "kid": "2026"}
    assert payload == {
        "iss": ISSUER,
        "vct": PERSON.id,
        "iat": int(DAY.timestamp()),
        "nbf": int(DAY.timestamp()),
        "exp": int(DAY.timestamp()) + 14 * 86400,
        "cnf": {"jwk": HOLDER_KEY.public_key.jwk()},
        "status": {"status_list": {"idx": 7, "uri": "https://boxtel.example/status/1"}},
        "authority": "Gemeente Boxtel",
        "_sd_alg": "sha-256",
    }
    assert integrity.startswith("sha256-")
    assert digests == sorted(digests)


def test_the_holder_gets_back_every_claim_that_was_attested() -> None:
    document = document_of(issued())
    assert {name: thaw(document[name]) for name in CLAIMS} == thaw(CLAIMS)


def test_a_chain_goes_into_the_protected_header_leaf_first() -> None:
    root_key = SoftwareKey.generate(Algorithm.ES256)
    root = make_authority("Proef", root_key, at=DAY)
    leaf = make_issuer_certificate(
        ISSUER_KEY.public_key,
        name="Boxtel",
        uri=ISSUER,
        authority=root,
        authority_key=root_key,
        at=DAY,
        municipality="0757",
    )
    token = SD_JWT_VC.issue(attestation(), Seal(signer=ISSUER_KEY, origin=Chain(certificates=(leaf,))))
    assert header_of(token) == {"alg": "ES256", "typ": "dc+sd-jwt", "x5c": [b64_encode(leaf)]}
    source = Source()
    SD_JWT_VC.parse_credential(token).verify([PERSON], trust=source, at=NOW)
    assert source.asked == [(Chain(certificates=(leaf,), issuer=ISSUER), PERSON.id)]


def test_a_bearer_credential_names_no_holder() -> None:
    assert "cnf" not in payload_of(issued(holder=UNBOUND))


def test_each_leaf_each_element_and_each_parent_can_be_withheld_by_itself() -> None:
    revealed = SD_JWT_VC.parse_credential(issued()).verify([PERSON], trust=Source(), at=NOW).revealed
    assert set(revealed) == {
        ("family_name",),
        ("age",),
        ("resident",),
        ("address",),
        ("address", "street"),
        ("address", "town"),
        ("nationalities",),
        ("nationalities", 0),
        ("nationalities", 1),
        ("set",),
    }


def test_an_object_with_a_claim_that_is_always_there_is_in_clear_and_the_rest_of_it_is_not() -> None:
    mixed = replace(
        PERSON,
        id="urn:example:mixed:1",
        attributes=(
            attribute("place", "country", presence=Presence.ALWAYS),
            attribute("place", "town"),
        ),
    )
    token = issued(type=mixed, claims={"place": {"country": "NL", "town": "Boxtel"}})
    assert payload_of(token)["place"]["country"] == "NL"
    assert len(payload_of(token)["place"]["_sd"]) == 1
    assert "_sd" not in payload_of(token)
    assert [SD_JWT_VC.withholds(mixed, one) for one in mixed.attributes] == [False, True]
    assert document_of(token, mixed)["place"] == {"country": "NL", "town": "Boxtel"}
    without = issued(type=mixed, claims={"place": {"country": "NL"}})
    assert len(payload_of(without)["place"]["_sd"]) == 1  # whether the town is there cannot be seen


def test_each_element_of_an_array_inside_an_object_can_be_withheld_by_itself() -> None:
    deep = replace(PERSON, id="urn:example:deep:1", attributes=(attribute("stay", "years", kind=Kind.YEARS),))
    token = issued(type=deep, claims={"stay": {"years": [2019, 2020]}})
    revealed = SD_JWT_VC.parse_credential(token).verify([deep], trust=Source(), at=NOW).revealed
    assert set(revealed) == {("stay",), ("stay", "years"), ("stay", "years", 0), ("stay", "years", 1)}


def test_claims_that_nobody_declared_are_concealed_to_the_last_leaf() -> None:
    claims = {"a": {"b": [1, {"c": None}], "d": {}}, "e": [], "f": 1.5, "g": "é\u2028\U0001f600"}
    token = of_any(claims)
    assert set(payload_of(token)) == {"iss", "vct", "iat", "nbf", "exp", "cnf", "_sd", "_sd_alg"}
    document = document_of(token, ANY)
    assert {name: thaw(document[name]) for name in claims} == claims


def test_a_type_without_claims_has_no_digests() -> None:
    assert "_sd" not in payload_of(of_any({}))
    assert "_sd_alg" not in payload_of(of_any({}))
    document_of(of_any({}), ANY)


def test_claims_lie_where_others_chose_that_they_lie() -> None:
    given = replace(
        PERSON,
        id="urn:example:given:1",
        names={"dc+sd-jwt": "urn:eudi:example:1"},
        attributes=(replace(attribute("town"), names={"dc+sd-jwt": ("address", "locality")}), attribute("name")),
    )
    token = issued(type=given, claims={"town": "Boxtel", "name": "Anne"})
    assert payload_of(token)["vct"] == "urn:eudi:example:1"
    assert "vct#integrity" not in payload_of(token)  # its metadata is others' to publish
    assert document_of(token, given)["address"] == {"locality": "Boxtel"}


# -- decoys -----------------------------------------------------------------------------------------------------------


@negative("NEG-SDJWT-028")
def test_the_number_of_digests_says_nothing_of_what_is_there() -> None:
    few = {"authority": "Gemeente Boxtel", "family_name": "Bouazza"}
    assert len(payload_of(issued())["_sd"]) == len(payload_of(issued(claims=few))["_sd"]) == 6
    none = {"authority": "Gemeente Boxtel"}
    assert len(payload_of(issued(claims=none))["_sd"]) == 6
    part = {**CLAIMS, "address": {"town": "Boxtel"}}
    for claims in (CLAIMS, part):
        address = next(one for one in disclosures_of(issued(claims=claims)) if one[1] == "address")
        assert len(address[2]["_sd"]) == 2


@pytest.mark.parametrize(("elements", "shown"), [(0, 4), (1, 4), (3, 4), (4, 4), (5, 8), (8, 8)])
def test_the_length_of_an_array_says_little_of_how_much_is_in_it(elements: int, shown: int) -> None:
    assert ARRAY_STEP == 4
    claims = {**CLAIMS, "nationalities": ["NL"] * elements}
    token = issued(claims=claims)
    nationalities = next(one for one in disclosures_of(token) if one[1] == "nationalities")
    assert len(nationalities[2]) == shown
    assert document_of(token)["nationalities"] == ("NL",) * elements


def test_a_decoy_stands_in_any_place_of_an_array() -> None:
    random, places = Random(1), Counter[int]()
    for _ in range(600):
        token = issue(attestation(claims={**CLAIMS, "nationalities": ["NL"]}), SEAL, random=random.randbytes)
        array = next(one for one in disclosures_of(token) if one[1] == "nationalities")[2]
        digests = {hashlib.sha256(one).digest() for one in parts(token)[1]}
        places[next(n for n, element in enumerate(array) if b64url_decode(element["..."]) in digests)] += 1
    assert sorted(places) == [0, 1, 2, 3]
    assert all(120 <= count <= 180 for count in places.values())  # 150, give or take


def test_an_object_of_which_nothing_is_there_is_not_there_and_the_token_hides_that() -> None:
    few = {"authority": "Gemeente Boxtel", "family_name": "Bouazza"}
    assert "address" not in document_of(issued(claims=few))
    bare = replace(PERSON, id="urn:example:bare:1", attributes=PERSON.attributes[1:])
    none = issued(type=bare, claims={})
    assert len(payload_of(none)["_sd"]) == len(payload_of(issued(type=bare, claims={"age": 41}))["_sd"]) == 6
    assert parts(none)[1] == []


@pytest.mark.parametrize(("claims", "digests"), [(1, 4), (3, 4), (4, 4), (5, 8), (9, 12)])
def test_what_nobody_declared_is_counted_in_steps(claims: int, digests: int) -> None:
    token = of_any({f"c{number}": number for number in range(claims)})
    assert len(payload_of(token)["_sd"]) == digests


def test_digests_are_sorted_so_that_their_order_says_nothing() -> None:
    for one in disclosures_of(issued()):
        if isinstance(one[-1], dict):
            assert one[-1]["_sd"] == sorted(one[-1]["_sd"])


# -- copies -----------------------------------------------------------------------------------------------------------


@negative("NEG-SDJWT-026")
def test_every_salt_is_long_and_fresh() -> None:
    salts = [one[0] for _ in range(200) for one in disclosures_of(issued())]
    assert len(set(salts)) == len(salts) == 2000
    assert {len(b64url_decode(salt)) for salt in salts} == {SALT_BYTES}
    assert SALT_BYTES * 8 >= 128


def test_of_a_million_salts_no_two_are_alike() -> None:
    wide = attestation(type=ANY, claims={f"claim-{number}": number for number in range(1_000)})
    salts: set[bytes] = set()
    for _ in range(1_000):
        # a disclosure begins with its salt: 24 characters after the bracket and the quotation mark
        salts.update(b64url_decode(one[:36])[2:26] for one in parts(SD_JWT_VC.issue(wide, SEAL))[1])
    assert len(salts) == 1_000_000


def test_two_copies_share_no_eight_bytes_but_what_they_say() -> None:
    copies = [issued(holder=SoftwareKey.generate(Algorithm.ES256).public_key) for _ in range(4)]
    for one, other in combinations([unique_parts(token) for token in copies], 2):
        assert windows(one).isdisjoint(windows(other))
    said = [declared_constants(token) for token in copies]
    assert all(one == said[0] for one in said)


def unique_parts(token: bytes) -> list[bytes]:
    """Everything of a token that is random: salts, digests, keys and the signature."""
    payload = payload_of(token)
    found = [b64url_decode(one[0]) for one in disclosures_of(token)]
    found += [b64url_decode(payload["cnf"]["jwk"][name]) for name in ("x", "y")]
    for value in (payload, *(one[-1] for one in disclosures_of(token))):
        if isinstance(value, dict):
            found += [b64url_decode(one) for one in value.get("_sd", [])]
        if isinstance(value, list):
            found += [b64url_decode(one["..."]) for one in value]
    return [*found, b64url_decode(parts(token)[0].split(b".")[2])]


def declared_constants(token: bytes) -> Any:
    """The rest: the header, the names of the members, and the claims themselves."""
    payload = payload_of(token)
    said = {name: value for name, value in payload.items() if name not in ("_sd", "cnf")}
    claims = [one[1:] for one in disclosures_of(token) if not isinstance(one[-1], dict | list)]
    return header_of(token), said, claims, sorted(payload)


def windows(found: list[bytes]) -> set[bytes]:
    return {one[start : start + 8] for one in found for start in range(len(one) - 7)}


def test_randomness_is_asked_for_once_and_makes_all_the_difference() -> None:
    asked: list[int] = []

    def counted(count: int) -> bytes:
        asked.append(count)
        return bytes(n % 251 for n in range(count))

    one = issue(attestation(), SEAL, random=counted)
    assert asked == [SALT_BYTES * (6 + 3 * 8)]  # for six claims, and for the array and both parts of the address
    assert parts(one)[1] == parts(issue(attestation(), SEAL, random=counted))[1]
    many = {**CLAIMS, "nationalities": [f"{n:02}" for n in range(99)]}
    issue(attestation(claims=many), SEAL, random=lambda count: counted(count))  # as much as it takes
    assert base64.urlsafe_b64decode(disclosures_of(one)[0][0])


# -- what it refuses --------------------------------------------------------------------------------------------------

REFUSED: dict[str, dict[str, Any]] = {
    **{
        f"a claim that is not declared in the {name}, where another is not there": {
            "type": replace(PERSON, id="urn:example:two", attributes=(attribute("one", "a"), attribute("two", "a"))),
            "claims": {name: {"b": 1}},
        }
        for name in ("one", "two")
    },
    "a claim that its type does not declare": {"claims": {**CLAIMS, "income": 1}},
    "a claim inside an object that its type does not declare": {"claims": {**CLAIMS, "address": {"income": 1}}},
    "text where there is an object": {"claims": {**CLAIMS, "address": "Markt 1"}},
    "a mandatory claim left out": {"claims": {"age": 1}},
    "a time of day at issue": {"issued_at": DAY + timedelta(hours=1)},
    "a time of day at expiry": {"expires_at": DAY + timedelta(days=14, seconds=1)},
    "a naive moment": {"issued_at": datetime(2026, 11, 23)},  # noqa: DTZ001
    "a midnight of somewhere else": {"issued_at": DAY.replace(tzinfo=None).astimezone(UTC) + timedelta(hours=23)},
    "an expiry on the day of issue": {"expires_at": DAY},
    "an expiry before issue": {"expires_at": DAY - timedelta(days=1)},
    "no issuer": {"issuer": ""},
    "an issuer that is not the seal's": {"issuer": "https://vught.example"},
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED)
def test_an_attestation_that_breaks_a_rule_is_not_signed(changes: dict[str, Any]) -> None:
    with pytest.raises(Misuse):
        issued(**changes)


@pytest.mark.parametrize(
    "name", ["iss", "aud", "exp", "nbf", "iat", "cnf", "vct", "vct#integrity", "aka_vcts", "status"]
)
def test_a_claim_never_takes_a_name_that_decides_on_validity(name: str) -> None:
    with pytest.raises(Misuse):
        of_any({name: "x"})
    with pytest.raises(Misuse):
        SD_JWT_VC.schema(replace(PERSON, id=f"urn:example:{name}", attributes=(attribute(name),)))
    of_any({"inside": {name: "x"}})


@pytest.mark.parametrize("name", ["_sd", "...", "_sd_alg"])
def test_a_claim_never_takes_a_name_that_carries_digests(name: str) -> None:
    always = replace(PERSON, id=f"urn:example:{name}", attributes=(attribute("a", presence=Presence.ALWAYS),))
    for kind, claims in (
        (ANY, {name: "x"}),
        (ANY, {"a": {name: "x"}}),
        (ANY, {"a": [{"b": {name: "x"}}]}),
        (always, {"a": {name: "x"}}),
        (always, {"a": [{"b": {name: "x"}}]}),
    ):
        with pytest.raises(Misuse):
            issued(type=kind, claims=claims)
    for path in ((name,), ("a", name)):
        with pytest.raises(Misuse):
            SD_JWT_VC.schema(replace(PERSON, id="urn:example:names", attributes=(attribute(*path),)))


@pytest.mark.parametrize(
    "paths", [[("a",), ("a",)], [("a",), ("a", "b")], [("a", "b"), ("a",)]], ids=["twice", "inside", "around"]
)
def test_two_claims_of_a_type_never_lie_in_the_same_place(paths: list[tuple[str, ...]]) -> None:
    with pytest.raises(Misuse):
        SD_JWT_VC.schema(replace(PERSON, id="urn:example:twice", attributes=tuple(attribute(*path) for path in paths)))


def test_a_claim_may_lie_in_another_in_its_own_terms_where_the_token_has_them_apart() -> None:
    apart = replace(attribute("a", "b"), names={"dc+sd-jwt": ("c",)})
    kind = replace(PERSON, id="urn:example:apart", attributes=(attribute("a"), apart))
    assert payload_of(issued(type=kind, claims={}))["_sd"]


def test_a_claim_never_lies_in_an_element_of_an_array() -> None:
    for place in (("list", 0), (0,), ()):
        moved = replace(attribute("a"), names={"dc+sd-jwt": place})
        with pytest.raises(Misuse):
            SD_JWT_VC.schema(replace(PERSON, id="urn:example:moved", attributes=(moved,)))


class Colour(StrEnum):
    RED = "red"


def test_a_text_of_a_kind_of_its_own_is_signed_as_the_text_it_is() -> None:
    always = replace(PERSON, id="urn:example:text", attributes=(attribute("a", presence=Presence.ALWAYS),))
    token = issued(type=always, claims={"a": [Colour.RED, {"b": Colour.RED}]})
    assert payload_of(token)["a"] == ["red", {"b": "red"}]


def test_a_document_signer_signs_no_sd_jwt() -> None:
    seal = Seal(signer=ISSUER_KEY, origin=DocumentSigner(certificates=(b"x",)))
    with pytest.raises(Misuse):
        SD_JWT_VC.issue(attestation(), seal)


def test_the_seal_says_how_the_key_is_found() -> None:
    for origin, expected in (
        (Named(issuer=ISSUER), {"alg": "ES256", "typ": "dc+sd-jwt"}),
        (Named(issuer=ISSUER, key_id="k"), {"alg": "ES256", "typ": "dc+sd-jwt", "kid": "k"}),
    ):
        assert header_of(SD_JWT_VC.issue(attestation(), Seal(signer=ISSUER_KEY, origin=origin))) == expected


def test_values_of_every_kind_come_back_as_they_were() -> None:
    kinds = replace(
        PERSON,
        id="urn:example:kinds:1",
        attributes=tuple(attribute(kind.value, kind=kind) for kind in Kind),
    )
    claims: dict[str, Any] = {kind.value: f"van 't Ünïversum \\\"{kind}" for kind in Kind}
    claims |= {"countries": ["NL", "QU"], "years": [2019, 2024], "boolean": False, "integer": 0, "year": 1994}
    document = document_of(issued(type=kinds, claims=claims), kinds)
    assert {name: thaw(document[name]) for name in claims} == claims
