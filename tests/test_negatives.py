"""No named negative case is left without a test, and none waits for what is there."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from tests.given import given
from tests.negatives import Waiting, exists, marked, noted, shown
from tests.unit.formats.test_negative_cases import CASES

AREAS = (
    *("json", "jwk", "jose", "ecdsa", "ed25519", "sdjwt", "kb", "sdjwtvc", "dcql", "subject", "x509", "trust"),
    *("fetch", "store", "data", "log", "api", "cbor", "cose", "mdoc"),
    *("jsonld", "di", "did"),
    *("vp-wallet", "jwe"),
)
WAITING, DEVIATIONS = noted()
SHOWN = shown().keys() | CASES.keys()


def catalogue() -> dict[str, dict[str, str]]:
    with given("negative-cases.jsonl").open(encoding="utf-8") as lines:
        return {case["id"]: case for case in map(json.loads, lines)}


def test_every_case_of_these_areas_has_a_test_or_waits() -> None:
    ours = {case for case, stated in catalogue().items() if stated["area"] in AREAS}
    assert ours - SHOWN - {one.case for one in WAITING} == set()


def test_only_cases_that_are_in_the_catalogue_are_named() -> None:
    named = SHOWN | {one.case for one in WAITING} | {one.case for one in DEVIATIONS}
    assert named - catalogue().keys() == set()


@pytest.mark.parametrize("waiting", WAITING, ids=lambda one: f"{one.case} {one.subject}")
def test_no_case_waits_for_what_is_there(waiting: Waiting) -> None:
    assert waiting.subject
    assert waiting.until
    assert [name for name in waiting.until if exists(name)] == []


@pytest.mark.parametrize("case", sorted(CASES))
def test_a_case_is_refused_for_the_reason_of_the_catalogue_or_a_deviation_is_noted(case: str) -> None:
    theirs = reasons(catalogue()[case]["expected"])
    assert CASES[case][1] <= theirs or case in {one.case for one in DEVIATIONS}


def reasons(expected: str) -> set[str]:
    """Read which of our reasons the catalogue names."""
    names = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for name in re.findall(r"\b(?:[A-Z][a-z]+){2,}\b", expected)}
    return {"malformed" if name in ("malformed_input", "limit_exceeded") else name for name in names}


def test_what_waits_of_a_case_that_has_a_test_is_said() -> None:
    assert [one.case for one in WAITING if one.case in SHOWN and not one.part] == []
    assert [one.case for one in WAITING if one.case not in SHOWN and one.part] == []


def test_a_deviation_has_a_test_and_a_reason_and_is_noted_once() -> None:
    assert [one.case for one in DEVIATIONS if one.case not in SHOWN or not (one.ours and one.why)] == []
    assert [case for case, times in Counter(one.case for one in DEVIATIONS).items() if times > 1] == []


def test_what_is_there_is_found_and_what_is_not_is_not() -> None:
    for name in ("eigendata", "eigendata.model", "eigendata.model.Binding", "eigendata.model.Binding.nonce"):
        assert exists(name)
    for name in ("eigendata.nothing", "eigendata.model.Nothing", "eigendata.model.Binding.nothing", "nothing.at.all"):
        assert not exists(name)


def test_marks_are_read_where_they_stand_on_a_test() -> None:
    source = '@negative("NEG-A-001", "NEG-A-002")\ndef test_a(): ...\n\n@negative("NEG-A-003")\ndef other(): ...\n'
    assert list(marked(source)) == [("NEG-A-001", "test_a"), ("NEG-A-002", "test_a")]
