"""A credential of a described type keeps to what its type metadata says, as far as whoever looks can see."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigendata.errors import Check, Outcome, Rejected
from eigendata.formats.sdjwt import SD_JWT_VC, checks, claim_rules
from eigendata.formats.sdjwt.claim_rules import as_issued, faults
from eigendata.formats.sdjwt.metadata import follows, shape
from eigendata.formats.sdjwt.parse import parse
from eigendata.formats.sdjwt.type_metadata import DescribedType, TypeMetadata
from eigendata.model import Authentic

from .forge import ABSENT, ANY, NOW, PERSON, Source, digest, disclosure, forged, payload, verified
from .test_type_metadata import integrity

Broken = Check | None


def described(*claims: Any, **members: Any) -> DescribedType:
    octets = json.dumps({"vct": ANY.id, "claims": list(claims), **members}).encode()
    return DescribedType.of(TypeMetadata.read(ANY.id, {ANY.id: octets}))


def claim(*path: Any, **members: Any) -> dict[str, Any]:
    return {"path": list(path), **members}


def outcome(verify: Callable[[], Authentic]) -> Broken:
    check: Broken = None
    try:
        trail = verify().trail
    except Rejected as rejected:
        check, trail = rejected.check, rejected.trail
    held = SD_JWT_VC.checks if check is None else SD_JWT_VC.checks[: SD_JWT_VC.checks.index(check)]
    assert tuple(step.check for step in trail) == held
    return check


def as_shown(claims: Any, disclosures: Sequence[bytes], *rules: Any) -> Broken:
    """What a verifier finds."""
    token = forged(payload(**claims), tuple(disclosures))
    return outcome(lambda: verified(token, type=described(*rules)))


def as_sent(claims: Any, disclosures: Sequence[bytes], *rules: Any) -> Broken:
    """What a wallet finds, to which the issuer sends every disclosure."""
    token = forged(payload(**claims), tuple(disclosures), bound=False)
    return outcome(
        lambda: SD_JWT_VC.parse_credential(token).verify([described(*rules)], trust=Source(), at=NOW),
    )


def dots(one: bytes | str) -> dict[str, str]:
    return {"...": one if isinstance(one, str) else digest(one)}


NAME, TOWN = disclosure("1", "name", "Anne"), disclosure("2", "town", "Boxtel")
ADDRESS = disclosure("3", "address", {"_sd": [digest(TOWN)], "country": "NL"})
ELEMENT = disclosure("4", {"field": "art", "_sd": ["d"]})

# -- disclosable or not -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("look", [as_shown, as_sent])
@pytest.mark.parametrize(
    ("claims", "disclosures", "path"),
    [
        ({"_sd": [digest(NAME)]}, (NAME,), ("name",)),
        ({"_sd": [digest(ADDRESS)]}, (ADDRESS, TOWN), ("address", "town")),
        ({"list": [dots(ELEMENT)]}, (ELEMENT,), ("list", 0)),
        ({"list": [dots(ELEMENT), dots("d2")]}, (ELEMENT,), ("list", None)),
        ({"list": ["a", dots("hidden")]}, (), ("list", 1)),
    ],
)
def test_what_came_by_a_disclosure_of_its_own_or_did_not_come_can_be_withheld(
    look: Callable[..., Broken], claims: Any, disclosures: Any, path: Any
) -> None:
    assert look(claims, disclosures, claim(*path, sd="always")) is None
    assert look(claims, disclosures, claim(*path, sd="allowed")) is None
    assert look(claims, disclosures, claim(*path)) is None
    assert look(claims, disclosures, claim(*path, sd="never")) is checks.CLAIM_DISCLOSABLE


@pytest.mark.parametrize("look", [as_shown, as_sent])
@pytest.mark.parametrize(
    ("claims", "disclosures", "path"),
    [
        ({"name": "Anne"}, (), ("name",)),
        ({"name": None}, (), ("name",)),
        ({"_sd": [digest(ADDRESS)]}, (ADDRESS, TOWN), ("address", "country")),
        ({"list": [dots(ELEMENT)]}, (ELEMENT,), ("list", 0, "field")),
        ({"list": ["a", dots("hidden")]}, (), ("list", 0)),
        ({"list": ["a", "b"]}, (), ("list", None)),
        ({}, (), ("vct",)),
    ],
)
def test_what_stands_in_clear_cannot_be_withheld_though_what_it_lies_in_can(
    look: Callable[..., Broken], claims: Any, disclosures: Any, path: Any
) -> None:
    assert look(claims, disclosures, claim(*path, sd="never")) is None
    assert look(claims, disclosures, claim(*path, sd="allowed")) is None
    assert look(claims, disclosures, claim(*path, sd="always")) is checks.CLAIM_DISCLOSABLE


def test_one_element_that_differs_is_enough() -> None:
    mixed = {"list": [dots(ELEMENT), "in clear"]}
    assert as_shown(mixed, (ELEMENT,), claim("list", None, sd="always")) is checks.CLAIM_DISCLOSABLE
    assert as_shown(mixed, (ELEMENT,), claim("list", None, sd="never")) is checks.CLAIM_DISCLOSABLE
    assert as_shown(mixed, (ELEMENT,), claim("list", 0, sd="always"), claim("list", 1, sd="never")) is None


def test_an_index_counts_what_is_not_shown() -> None:
    second = disclosure("s", "b")
    claims = {"list": [dots("hidden"), dots(second), "c"]}
    assert as_shown(claims, (second,), claim("list", 2, sd="never")) is None
    assert as_shown(claims, (second,), claim("list", 1, sd="never")) is checks.CLAIM_DISCLOSABLE
    assert as_shown(claims, (second,), claim("list", 0, sd="never")) is checks.CLAIM_DISCLOSABLE
    assert as_shown(claims, (second,), claim("list", 3, sd="always")) is None


# -- mandatory --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "disclosures", "path", "shown", "sent"),
    [
        ({}, (), ("name",), False, False),
        ({"name": "Anne"}, (), ("name",), True, True),
        ({"_sd": [digest(NAME)]}, (NAME,), ("name",), True, True),
        # undisclosed is not missing; but an issuer sends all disclosures, and then it is
        ({"_sd": ["hidden"]}, (), ("name",), True, False),
        ({"_sd": ["hidden"]}, (), ("address", "town"), True, False),
        ({"address": {"_sd": ["hidden"]}}, (), ("address", "town"), True, False),
        ({"address": {"country": "NL"}, "_sd": ["hidden"]}, (), ("address", "town"), False, False),
        ({"address": {}}, (), ("address", "town"), False, False),
        ({}, (), ("address", "town"), False, False),
        ({"list": []}, (), ("list",), True, True),
        ({"list": []}, (), ("list", None), False, False),
        ({"list": ["a"]}, (), ("list", 1), False, False),
        ({"list": [dots("hidden")]}, (), ("list", 0), True, True),
        ({"list": [dots("hidden")]}, (), ("list", None), True, True),
        ({"list": [dots("hidden")]}, (), ("list", None, "field"), True, True),
        ({"list": [{"a": 1}]}, (), ("list", None, "field"), False, False),
        ({"list": [{"a": 1}, dots("hidden")]}, (), ("list", None, "field"), True, True),
        ({"list": [{"a": 1}, {"field": 1}]}, (), ("list", None, "field"), True, True),
    ],
)
def test_mandatory_is_what_the_issuer_put_in_as_far_as_it_can_be_seen(
    claims: Any, disclosures: Any, path: Any, shown: bool, sent: bool
) -> None:
    for look, there in ((as_shown, shown), (as_sent, sent)):
        broken = look(claims, disclosures, claim(*path, mandatory=True))
        assert broken is (None if there else checks.CLAIM_MANDATORY)
        assert look(claims, disclosures, claim(*path, mandatory=False)) is None
        assert look(claims, disclosures, claim(*path)) is None


def test_what_may_not_be_withheld_is_not_withheld_where_it_is_not_seen() -> None:
    hidden = {"_sd": ["hidden"]}
    assert as_shown(hidden, (), claim("name", mandatory=True, sd="always")) is None
    assert as_shown(hidden, (), claim("name", mandatory=True, sd="never")) is checks.CLAIM_MANDATORY
    inside = claim("address", "town", mandatory=True)
    assert as_shown(hidden, (), claim("address", sd="always"), inside) is None
    assert as_shown(hidden, (), claim("address", sd="never"), inside) is checks.CLAIM_MANDATORY
    assert as_shown({"address": hidden}, (), claim("address", sd="never"), inside) is None


# -- paths ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("look", [as_shown, as_sent])
@pytest.mark.parametrize(
    ("claims", "path"),
    [
        ({"name": "Anne"}, ("name", "first")),
        ({"name": "Anne"}, ("name", 0)),
        ({"name": "Anne"}, ("name", None)),
        ({"name": None}, ("name", "first")),
        ({"list": ["a"]}, ("list", "a")),
        ({"list": ["a"]}, ("list", None, "a")),
        ({"list": [{"a": 1}, "a"]}, ("list", None, "a")),
        ({"list": {"0": 1}}, ("list", 0)),
        ({"list": {}}, ("list", None)),
        ({}, (0,)),
        ({}, (None,)),
    ],
)
def test_a_path_that_does_not_fit_the_credential_rejects_it(
    look: Callable[..., Broken], claims: Any, path: Any
) -> None:
    assert look(claims, (), claim(*path)) is checks.CLAIM_PATHS


@pytest.mark.parametrize(
    ("claims", "path"),
    [
        ({}, ("name", "first", 0, None)),
        ({"list": []}, ("list", None, "a")),
        ({"list": []}, ("list", 7, "a")),
        ({"list": [dots("hidden")]}, ("list", 0, "a", None)),
        ({"a": {}}, ("a", "_sd", None)),
        ({"a": {"_sd": ["d"]}}, ("a", "_sd", None)),
        ({"_sd_alg": "sha-256", "a": {"_sd": ["d"]}}, ("_sd_alg", 0)),
        ({"list": [dots("hidden")]}, ("list", 0, "...")),
    ],
)
def test_a_path_to_nothing_selects_nothing(claims: Any, path: Any) -> None:
    assert as_shown(claims, (), claim(*path, sd="always")) is None


# -- integrity, and who may issue -------------------------------------------------------------------------------------


def test_the_metadata_is_the_one_that_the_credential_means() -> None:
    named = described(claim("name", sd="never"))
    document = named.metadata.document

    def of(value: Any) -> Broken:
        token = forged(payload(name="Anne", **{"vct#integrity": value}))
        return outcome(lambda: verified(token, type=named))

    assert of(integrity(document)) is None
    assert of(integrity(document, "sha512")) is None
    assert of(ABSENT) is None
    assert of(integrity(document + b" ")) is checks.METADATA_INTEGRITY
    for value in ("", "md5-AAAA", f"{integrity(document)} {integrity(b'other', 'sha384')}"):
        assert of(value) is checks.METADATA_INTEGRITY


def test_without_metadata_at_hand_none_of_it_is_taken() -> None:
    steps = {step.check: step.outcome for step in verified(forged(), type=ANY).trail}
    for check in (checks.METADATA_INTEGRITY, *checks.CLAIM_METADATA):
        assert steps[check] is Outcome.NOT_APPLICABLE
    steps = {step.check: step.outcome for step in verified(forged(), type=described()).trail}
    assert steps[checks.METADATA_INTEGRITY] is Outcome.NOT_APPLICABLE
    assert all(steps[check] is Outcome.PASSED for check in checks.CLAIM_METADATA)


def test_a_type_that_extends_another_is_not_that_other_and_gives_nobody_a_right_to_it() -> None:
    documents = {
        ANY.id: json.dumps({"vct": ANY.id, "extends": PERSON.id}).encode(),
        PERSON.id: json.dumps({"vct": PERSON.id}).encode(),
    }
    rogue = DescribedType.of(TypeMetadata.read(ANY.id, documents))
    source = Source()
    verified(forged(), type=rogue, trust=source)
    assert [asked for _, asked in source.asked] == [ANY.id]
    assert outcome(lambda: verified(forged(), type=PERSON)) is checks.VCT
    assert outcome(lambda: verified(forged(payload(aka_vcts=[PERSON.id])), type=PERSON)) is checks.VCT


# -- laws -------------------------------------------------------------------------------------------------------------

# What a hostile or careless issuer may make of a credential of our type PERSON: each claim left out, in clear,
# disclosed, or of another kind, with decoys beside it.
_WAYS = st.sampled_from(["absent", "clear", "disclosed", "hidden"])


@st.composite
def _spoilt(draw: st.DrawFn) -> tuple[dict[str, Any], tuple[bytes, ...]]:
    disclosures: list[bytes] = []
    salts = iter(range(1000))

    def put(where: dict[str, Any], name: str, value: Any, way: str) -> None:
        if way == "clear":
            where[name] = value
        elif way != "absent":
            one = disclosure(f"salt {next(salts)}", name, value)
            where.setdefault("_sd", []).append(digest(one))
            if way == "disclosed":
                disclosures.append(one)

    def element(value: Any, way: str) -> list[Any]:
        one = disclosure(f"salt {next(salts)}", value)
        if way == "disclosed":
            disclosures.append(one)
        return {"absent": [], "clear": [value]}.get(way, [dots(one)])

    claims: dict[str, Any] = {}
    put(claims, "authority", draw(st.sampled_from(["Boxtel", ["x"], {"a": 1}])), draw(_WAYS))
    put(claims, "family_name", draw(st.sampled_from(["Jansen", 3, {}])), draw(_WAYS))
    address: Any = {}
    way = draw(_WAYS)
    shown = len(disclosures)
    put(address, "street", "Markt", draw(_WAYS))
    put(address, "town", "Boxtel", draw(_WAYS))
    if way in ("absent", "hidden") or draw(st.integers(0, 4)) == 0:
        del disclosures[shown:]  # without what it lies in, a disclosure has no digest
        address = draw(st.sampled_from(["Markt 1", [], {}]))
    put(claims, "address", address, way)
    way = draw(_WAYS)
    shown = len(disclosures)
    elements: Any = [one for _ in range(draw(st.integers(0, 3))) for one in element("NL", draw(_WAYS))]
    if way in ("absent", "hidden") or draw(st.integers(0, 4)) == 0:
        del disclosures[shown:]
        elements = draw(st.sampled_from(["NL", {}, []]))
    put(claims, "nationalities", elements, way)
    return claims, tuple(disclosures)


@settings(max_examples=400, deadline=None)
@given(_spoilt())
def test_the_short_way_for_our_own_types_lets_through_nothing_that_the_long_way_does_not(
    spoilt: tuple[dict[str, Any], tuple[bytes, ...]],
) -> None:
    claims, disclosures = spoilt
    known = shape(PERSON)
    token = parse(forged(payload(vct=PERSON.id, **claims), disclosures))
    assert not token.faults
    rules = TypeMetadata.read(PERSON.id, {PERSON.id: known.metadata}).claims
    short = follows(known, token.document, token.placed)
    assert short == (not faults(rules, as_issued(token), whole=False))


def test_so_many_steps_are_taken_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = (claim("name", sd="never"), claim("list", None))
    claims = {"name": "Anne", "list": [1, 2, 3]}
    for limit, broken in ((2 + 2 + 4, None), (2 + 2 + 4 - 1, checks.CLAIM_PATHS)):
        monkeypatch.setattr(claim_rules, "STEPS_LIMIT", limit)
        assert as_shown(claims, (), *rules) is broken


def test_many_paths_over_many_elements_end_soon() -> None:
    token = parse(forged(payload(list=[[0] * 10 for _ in range(10_000)])))
    started = time.process_time()
    rules = described(*(claim("list", None, None, sd="never", svg_id=f"a{n}") for n in range(1)))
    assert faults(rules.metadata.claims, as_issued(token), whole=False) == set()
    many = described(*(claim("list", None, None if n % 2 else 0, *[0] * n) for n in range(60)))
    assert faults(many.metadata.claims, as_issued(token), whole=False) == {checks.CLAIM_PATHS}
    wide = described(claim("list", None, None), *(claim("list", None, n, sd="never") for n in range(900)))
    assert faults(wide.metadata.claims, as_issued(token), whole=False) == {checks.CLAIM_PATHS}
    assert time.process_time() - started < 5
