"""Rules of SD-JWT VC at their edges: forms that the type demands, moments, audiences, limits."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from typing import Any

import pytest

from eigendata.crypto import jose
from eigendata.encoding import json_dumps
from eigendata.errors import Malformed, Outcome, Rejected
from eigendata.formats.sdjwt import SD_JWT_VC, display
from eigendata.formats.sdjwt.json_form import compact, flattened
from eigendata.formats.sdjwt.metadata import follows, shape
from eigendata.formats.sdjwt.parse import parse
from eigendata.formats.sdjwt.type_metadata import TypeMetadata
from eigendata.model import Kind, Presence

from .forge import (
    ANY,
    BINDING,
    CLAIMS,
    HOLDER_KEY,
    NOW,
    PERSON,
    Source,
    attribute,
    disclosure,
    forged,
    held,
    issued,
    payload,
    proof,
    verified,
)
from .test_issue import payload_of


def test_a_token_in_which_anything_is_concealed_names_the_hash_of_its_digests() -> None:
    mixed = replace(
        PERSON,
        id="urn:example:mixed:2",
        attributes=(attribute("place", "country", presence=Presence.ALWAYS), attribute("place", "town")),
    )
    inside = payload_of(issued(type=mixed, claims={"place": {"country": "NL", "town": "Boxtel"}}))
    assert "_sd" not in inside
    assert inside["_sd_alg"] == payload_of(issued())["_sd_alg"] == "sha-256"


def test_what_an_issuer_makes_as_its_type_says_follows_it_at_the_first_look() -> None:
    arrays = replace(
        PERSON,
        id="urn:example:arrays:1",
        attributes=(
            attribute("years", kind=Kind.YEARS, presence=Presence.ALWAYS),
            attribute("nationalities", kind=Kind.COUNTRIES),
            attribute("stay", "years", kind=Kind.YEARS),
            attribute("age", kind=Kind.INTEGER),
        ),
    )
    some: dict[str, Any] = {"years": [2019], "nationalities": ["NL", "MA"], "stay": {"years": [2020]}, "age": 41}
    for kind, claims in ((PERSON, CLAIMS), (arrays, some), (arrays, {"years": [], "nationalities": []})):
        token = parse(issued(type=kind, claims=claims))
        assert follows(shape(kind), token.document, token.placed)


@pytest.mark.parametrize("value", ["", "NL", 5, 0, True, None, {}])
def test_what_is_no_array_does_not_follow_a_type_that_demands_one(value: Any) -> None:
    one = disclosure("s", "nationalities", value)
    with pytest.raises(Rejected) as rejected:
        verified(held(one, vct=PERSON.id, authority="Gemeente Boxtel"), type=PERSON)
    assert rejected.value.check.name == "CLAIM_PATHS"


@pytest.mark.parametrize("name", ["sha256", "sha384", "sha512"])
def test_a_credential_of_our_types_may_name_its_metadata_by_any_known_hash(name: str) -> None:
    integrity = base64.b64encode(hashlib.new(name, SD_JWT_VC.schema(PERSON)).digest()).decode()
    claims = {"authority": "Gemeente Boxtel", "vct#integrity": f"{name}-{integrity}"}
    trail = verified(forged(payload(vct=PERSON.id, **claims)), type=PERSON).trail
    assert {step.check.name: step.outcome for step in trail}["METADATA_INTEGRITY"] is Outcome.PASSED


@pytest.mark.parametrize("audience", [BINDING.audience, ["https://elsewhere.example"]], ids=["text", "array"])
def test_whom_a_credential_is_meant_for_is_not_asked_of_the_wallet_that_gets_it(audience: Any) -> None:
    credential = SD_JWT_VC.parse_credential(forged(payload(aud=audience), bound=False))
    authentic = credential.verify([ANY], trust=Source(), at=NOW)
    assert authentic.holder == HOLDER_KEY.public_key
    assert {step.check.name: step.outcome for step in authentic.trail}["AUDIENCE"] is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("stated", [{"nbf": True}, {"nbf": False}, {"exp": True}, {"nbf": "1"}, {"nbf": [1]}], ids=str)
def test_a_truth_value_is_no_moment_of_a_proof(stated: dict[str, Any]) -> None:
    with pytest.raises(Rejected) as rejected:
        verified(forged(bound=lambda shown: proof(shown, **stated)), type=ANY)
    assert rejected.value.check.name == "KB_IN_TIME"


def test_no_signature_has_a_larger_protected_header_than_the_compact_form_allows() -> None:
    flat = flattened(forged(bound=False))
    first = {name: flat[name] for name in ("protected", "header", "signature")}

    def with_another(protected: bytes) -> Any:
        other = {"protected": base64.urlsafe_b64encode(protected).rstrip(b"=").decode(), "signature": "AA"}
        return {"payload": flat["payload"], "signatures": [first, other]}

    most = b'{"a":"%b"}' % (b"x" * (jose.HEADER_LIMIT // 4 * 3 - 8))
    compact(with_another(most))
    with pytest.raises(Malformed):
        compact(with_another(most.replace(b"x", b"xx", 1)))


def test_a_thing_is_described_in_so_many_languages_and_no_more() -> None:
    def described(count: int) -> TypeMetadata:
        languages = [{"locale": f"nl-{number:03}", "name": "Vergunning"} for number in range(count)]
        document = json_dumps({"vct": "urn:x", "display": languages})
        return TypeMetadata.read("urn:x", {"urn:x": document})

    assert len(described(display.LOCALES_LIMIT).display) == display.LOCALES_LIMIT
    with pytest.raises(Malformed):
        described(display.LOCALES_LIMIT + 1)
