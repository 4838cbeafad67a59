"""Showing a part: what was chosen, what it cannot be shown without, and nothing else."""

from __future__ import annotations

import base64
import time
import urllib.parse
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.errors import Malformed, Misuse, Rejected
from eigendata.formats.sdjwt import SD_JWT_VC
from eigendata.model import UNBOUND, Binding, ClaimPath, Holding

from .forge import (
    ANY,
    BINDING,
    CLAIMS,
    HOLDER_KEY,
    HOLDING,
    NOW,
    OTHER_KEY,
    PERSON,
    digest,
    disclosure,
    forged,
    issued,
    parts,
    payload,
    signed,
    verified,
)

TREE = {
    "a": {"b": [1, {"c": 2, "d": 3}, [4, 5]], "e": {}},
    "f": [{"g": 1, "h": 2}, {"h": 3}, "text"],
    "i": [],
    "j": None,
}


def shown(reveal: list[ClaimPath]) -> set[ClaimPath]:
    token = SD_JWT_VC.present(issued(type=ANY, claims=TREE), ANY, reveal, HOLDING, at=NOW)
    return set(verified(token, type=ANY).revealed)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("j",), {("j",)}),
        (("i",), {("i",)}),
        (("a", "e"), {("a",), ("a", "e")}),
        (("a", "b", 0), {("a",), ("a", "b"), ("a", "b", 0)}),
        # the second element is the first that is shown
        (("a", "b", 1, "c"), {("a",), ("a", "b"), ("a", "b", 0), ("a", "b", 0, "c")}),
        (("a", "b", 2), {("a",), ("a", "b"), ("a", "b", 0), ("a", "b", 0, 0), ("a", "b", 0, 1)}),
        (("f", None, "g"), {("f",), ("f", 0), ("f", 0, "g")}),
        (("f", None, "h"), {("f",), ("f", 0), ("f", 0, "h"), ("f", 1), ("f", 1, "h")}),
        (("f", None), {("f",), ("f", 0), ("f", 0, "g"), ("f", 0, "h"), ("f", 1), ("f", 1, "h"), ("f", 2)}),
        (("f",), {("f",), ("f", 0), ("f", 0, "g"), ("f", 0, "h"), ("f", 1), ("f", 1, "h"), ("f", 2)}),
        (("vct",), set()),
        (("cnf", "jwk"), set()),
    ],
)
def test_a_path_shows_what_it_selects_with_its_parents_and_all_below_it(
    path: ClaimPath, expected: set[ClaimPath]
) -> None:
    assert shown([path]) == expected


def test_several_paths_show_no_more_than_each_of_them() -> None:
    assert shown([("f", None, "g"), ("j",), ("f", 0)]) == {("f",), ("f", 0), ("f", 0, "g"), ("f", 0, "h"), ("j",)}
    assert shown([]) == set()


@pytest.mark.parametrize(
    "path",
    [
        (),
        ("x",),
        ("a", "x"),
        ("a", 0),
        ("a", None),
        ("f", "g"),
        ("f", 3),
        ("f", -1),
        ("i", None),
        ("j", "x"),
        ("j", None),
    ],
)
def test_a_path_that_leads_nowhere_is_a_mistake_of_the_caller(path: ClaimPath) -> None:
    with pytest.raises(Misuse):
        shown([path])


def test_array_elements_keep_their_order_and_close_up() -> None:
    claims = {**CLAIMS, "nationalities": ["NL", "MA", "SY"]}
    credential = issued(claims=claims)
    token = SD_JWT_VC.present(credential, PERSON, [("nationalities", 2), ("nationalities", 0)], HOLDING, at=NOW)
    authentic = verified(token)
    assert authentic.document["nationalities"] == ("NL", "SY")
    assert set(authentic.revealed) == {("nationalities",), ("nationalities", 0), ("nationalities", 1)}


def test_what_was_not_chosen_is_not_in_the_bytes_sent_in_any_spelling() -> None:
    credential = issued()
    token = SD_JWT_VC.present(credential, PERSON, [("age",), ("address", "town")], HOLDING, at=NOW)
    sent = [token, *(base64.urlsafe_b64decode(part + b"===") for part in token.replace(b".", b"~").split(b"~"))]
    for hidden in ("Bouazza-Ummels", "family_name", "Zandvlietplein", "nationalities", "qJ7m0-zeldzaam", "resident"):
        raw = hidden.encode()
        spelt = {raw, raw.hex().encode(), raw.hex().upper().encode(), hidden.encode("utf-16-le")}
        spelt |= {hidden.encode("utf-16-be"), urllib.parse.quote(hidden).encode(), base64.b64encode(raw).rstrip(b"=")}
        spelt |= {base64.b64encode(b"." * n + raw)[(n * 4 + 2) // 3 :].rstrip(b"=")[:-1] for n in (1, 2)}
        assert not any(one in part for one in spelt for part in sent)
    chosen = set(parts(token)[1])
    for one in set(parts(credential)[1]) - chosen:
        assert one not in token


def test_a_proof_is_for_one_verifier_one_session_and_these_disclosures() -> None:
    credential = issued()
    for binding in (
        Binding(audience="redirect_uri:https://other.example", nonce=BINDING.nonce),
        Binding(audience=BINDING.audience, nonce="another"),
    ):
        token = SD_JWT_VC.present(credential, PERSON, [("age",)], Holding(key=HOLDER_KEY, binding=binding), at=NOW)
        verified(token, binding)
        with pytest.raises(Rejected):
            verified(token)


def test_an_opened_credential_is_shown_many_times() -> None:
    opened = SD_JWT_VC.open(issued(), PERSON)
    for reveal in ([("age",)], [("family_name",), ("set",)], []):
        authentic = verified(opened.present(reveal, HOLDING, at=NOW))
        assert set(authentic.revealed) == set(reveal)


def test_an_opened_credential_says_nothing_of_what_is_in_it() -> None:
    assert repr(SD_JWT_VC.open(issued(), PERSON)) == "<a credential>"


def test_the_proof_states_the_second_in_which_it_was_made() -> None:
    late = NOW + timedelta(microseconds=999_999)
    assert late.tzinfo is UTC
    token = SD_JWT_VC.present(issued(), PERSON, [], HOLDING, at=late)
    verified(token, at=NOW - timedelta(seconds=60))
    verified(token, at=NOW + timedelta(seconds=300))
    for at in (NOW - timedelta(seconds=61), NOW + timedelta(seconds=301)):
        with pytest.raises(Rejected):
            verified(token, at=at)


def test_a_bearer_credential_is_shown_without_a_proof_and_only_so() -> None:
    credential = issued(holder=UNBOUND)
    token = SD_JWT_VC.present(credential, PERSON, [("age",)], UNBOUND, at=NOW)
    assert token.endswith(b"~")
    assert verified(token, UNBOUND).document["age"] == 41
    with pytest.raises(Misuse):
        SD_JWT_VC.present(credential, PERSON, [("age",)], HOLDING, at=NOW)


REFUSED: dict[str, tuple[Any, ...]] = {
    "without the holder that the credential names": (UNBOUND, NOW),
    "with another's key": (Holding(key=OTHER_KEY, binding=BINDING), NOW),
    "with a key of another algorithm": (Holding(key=SoftwareKey.generate(Algorithm.EDDSA), binding=BINDING), NOW),
    "for no audience": (Holding(key=HOLDER_KEY, binding=Binding(audience="", nonce="n")), NOW),
    "without a nonce": (Holding(key=HOLDER_KEY, binding=Binding(audience="a", nonce="")), NOW),
    "at a naive moment": (HOLDING, datetime(2026, 11, 23)),  # noqa: DTZ001
}


@pytest.mark.parametrize(("holding", "at"), REFUSED.values(), ids=REFUSED)
def test_a_credential_is_not_shown(holding: Any, at: datetime) -> None:
    with pytest.raises(Misuse):
        SD_JWT_VC.present(issued(), PERSON, [("age",)], holding, at=at)


def test_a_credential_is_opened_as_the_type_that_it_is() -> None:
    with pytest.raises(Misuse):
        SD_JWT_VC.open(issued(), ANY)


@pytest.mark.parametrize(
    "token",
    [
        forged(),
        forged(disclosures=(disclosure("s", "a", 1),), bound=False),
        signed(payload(_sd_alg="md5")) + b"~",
        b"~",
    ],
    ids=["a presentation", "an extra disclosure", "an unknown hash", "nothing"],
)
def test_what_was_never_verified_as_a_credential_is_not_opened(token: bytes) -> None:
    with pytest.raises(Malformed):
        SD_JWT_VC.open(token, ANY)


def test_a_foreign_credential_is_shown_with_its_own_hash_and_its_own_claims() -> None:
    inner = disclosure("s1", "b", 2)
    outer = disclosure("s2", "a", {"_sd": [digest(inner, "sha512")]})
    first = signed(payload(_sd=[digest(outer, "sha512")], _sd_alg="sha-512", clear={"c": 3}))
    credential = b"~".join((first, inner, outer, b""))
    token = SD_JWT_VC.present(credential, ANY, [("a", "b")], HOLDING, at=NOW)
    assert token.startswith(credential)
    assert verified(token, type=ANY).document["a"] == {"b": 2}
    assert SD_JWT_VC.present(credential, ANY, [("clear", "c")], HOLDING, at=NOW).startswith(first + b"~ey")


@pytest.mark.parametrize("part", [-1, -2, 2])
def test_an_index_that_no_element_has_leads_nowhere(part: int) -> None:
    with pytest.raises(Misuse):
        SD_JWT_VC.present(issued(type=ANY, claims={"a": [1, 2]}), ANY, [("a", part)], HOLDING, at=NOW)


@pytest.mark.parametrize("element", [1, {}], ids=["scalars", "objects"])
def test_very_many_paths_take_no_longer_than_there_is_to_look_at(element: Any) -> None:
    inner = [disclosure(f"s{n}", f"n{n}", n) for n in range(200)]
    first = signed(payload(_sd=[digest(one) for one in inner], clear={"a": [element] * 20_000}))
    opened = SD_JWT_VC.open(b"~".join((first, *inner, b"")), ANY)
    began = time.process_time()
    token = opened.present([("clear", "a", index) for index in range(20_000)], HOLDING, at=NOW)
    assert time.process_time() - began < 5  # seconds; a pass over all of it for each path took some twenty
    assert token.startswith(first + b"~ey")
