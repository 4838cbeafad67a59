"""Nothing is signed that nobody could read back: what is signed is read, and says what was attested."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigendata.crypto.x509 import make_authority
from eigendata.encoding import thaw
from eigendata.errors import Misuse
from eigendata.formats.sdjwt import SD_JWT_VC
from eigendata.formats.sdjwt.parse import DEPTH_LIMIT, DISCLOSURES_LIMIT, TOKEN_LIMIT
from eigendata.model import Chain, CredentialType, Presence, Seal

from .forge import ANY, CLAIMS, DAY, ISSUER_KEY, NOW, PERSON, Source, attestation, attribute, issued, parts

CLEAR = replace(PERSON, id="urn:example:clear:3", attributes=(attribute("a", presence=Presence.ALWAYS),))
UNREADABLE: dict[str, Any] = {
    "NUL": "a\0b",
    "NUL in a name": {"a\0b": 1},
    "a lone surrogate": "\ud800",
    "an integer beyond 2^53-1": 2**53,
    "an integer below that": -(2**53),
    "an integer of 70 bits": 2**70,
    "no number": float("nan"),
    "no number that ends": float("inf"),
    "octets": b"a",
    "a set": {1},
    "a name that is a number": {1: 1},
    "a name that is null": {None: 1},
}


def lists(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def objects(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


def document_of(token: bytes, type: CredentialType = ANY) -> Any:
    return SD_JWT_VC.parse_credential(token).verify([type], trust=Source(), at=NOW).document


@pytest.mark.parametrize("value", UNREADABLE.values(), ids=UNREADABLE)
def test_what_no_reader_takes_is_signed_nowhere(value: Any) -> None:
    for inside in (value, [value], {"a": value}, {"a": [value]}):
        for kind, claims in (
            (ANY, {"a": inside}),
            (CLEAR, {"a": inside}),
            (PERSON, {**CLAIMS, "authority": inside}),
            (PERSON, {**CLAIMS, "family_name": inside}),
            (PERSON, {**CLAIMS, "address": {"town": inside}}),
        ):
            with pytest.raises(Misuse):
                issued(type=kind, claims=claims)


@pytest.mark.parametrize("name", [1, None, "a\0b", "\ud800"], ids=["a number", "null", "NUL", "a lone surrogate"])
def test_a_claim_is_named_by_a_text_that_can_be_read(name: Any) -> None:
    with pytest.raises(Misuse):
        issued(type=ANY, claims={name: 1})


@pytest.mark.parametrize("nested", [lists, objects])
def test_claims_are_nested_as_deep_as_can_be_read_and_no_deeper(nested: Any) -> None:
    for kind, name, most in (
        (ANY, "a", DEPTH_LIMIT),
        (PERSON, "family_name", DEPTH_LIMIT),
        (PERSON, "address", DEPTH_LIMIT - 1),  # an object of the type's own lies around it
        (CLEAR, "a", DEPTH_LIMIT - 1),  # it lies in the payload, one JSON text
    ):
        for depth in (most, most + 1, most + 2, 5_000):
            value = {"town": nested(depth)} if name == "address" else nested(depth)
            claims = {**(CLAIMS if kind is PERSON else {}), name: value}
            if depth == most:
                document = document_of(issued(type=kind, claims=claims), kind)
                assert {one: thaw(document[one]) for one in claims} == thaw(claims)
                continue
            with pytest.raises(Misuse):
                issued(type=kind, claims=claims)


def test_a_token_holds_as_many_disclosures_as_are_read_and_no_more() -> None:
    def many(count: int) -> bytes:
        return issued(type=ANY, claims={f"c{number}": number for number in range(count)})

    most = many(DISCLOSURES_LIMIT)
    assert len(parts(most)[1]) == DISCLOSURES_LIMIT
    document_of(most)
    with pytest.raises(Misuse):
        many(DISCLOSURES_LIMIT + 1)


def test_a_token_is_as_large_as_is_read_and_no_larger() -> None:
    def large(over: int, more: int) -> bytes:
        return issued(type=ANY, claims={"a": "x" * (characters + over), "b": "x" * more})

    characters = 0
    characters = (TOKEN_LIMIT - len(large(0, 0))) // 4 * 3 - 9
    sizes = {}
    for over in range(9):
        for more in range(3):
            token = large(over, more)
            document_of(token)
            sizes[len(token)] = over, more
    assert max(sizes) == TOKEN_LIMIT
    over, more = sizes[TOKEN_LIMIT]
    for further in range(1, 5):
        with pytest.raises(Misuse):
            large(over + further, more)


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@given(values | st.integers(1, 70).map(lists), st.booleans())
def test_what_is_signed_can_be_read_and_says_the_same(value: Any, clear: bool) -> None:
    kind = CLEAR if clear else ANY
    try:
        token = issued(type=kind, claims={"a": value})
    except Misuse:
        return
    assert thaw(document_of(token, kind)["a"]) == value


def test_who_issues_is_named_also_where_a_chain_says_it() -> None:
    chain = Chain(certificates=(make_authority("Boxtel", ISSUER_KEY, at=DAY),))
    SD_JWT_VC.issue(attestation(), Seal(signer=ISSUER_KEY, origin=chain))
    with pytest.raises(Misuse):
        SD_JWT_VC.issue(attestation(issuer=""), Seal(signer=ISSUER_KEY, origin=chain))


def test_a_claim_of_one_object_is_not_declared_in_another() -> None:
    two = replace(PERSON, id="urn:example:objects", attributes=(attribute("one", "a"), attribute("two", "b")))
    issued(type=two, claims={"one": {"a": 1}, "two": {"b": 1}})
    for claims in ({"one": {"b": 1}}, {"two": {"a": 1}}, {"one": {"a": 1, "b": 1}}):
        with pytest.raises(Misuse):
            issued(type=two, claims=claims)


def test_a_text_that_holds_the_name_of_a_claim_is_no_object_that_holds_the_claim() -> None:
    deep = replace(PERSON, id="urn:example:deep:5", attributes=(attribute("a", "b", "c"), attribute("a", "b", "d")))
    issued(type=deep, claims={"a": {"b": {"c": 1, "d": 2}}})
    for instead in ("b", ["b"], "c", 1, None):
        for claims in ({"a": instead}, {"a": {"b": instead}}):
            with pytest.raises(Misuse):
                issued(type=deep, claims=claims)
