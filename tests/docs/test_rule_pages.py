"""The pages that answer for a specification rule by rule are whole, and name checks and tests that are there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from eigendata import fetch, trust
from eigendata.formats import FORMATS
from eigendata.formats.sdjwt import type_metadata
from tests.negatives import sources
from tests.unit.formats.test_json_form import MALFORMED
from tests.unit.formats.test_parse import STRUCTURE

from .test_documents import ROOT

CHECKS = {check.name: check for check in FORMATS["dc+sd-jwt"].checks}
OF_TOKENS_AND_WHAT_THEY_NEED = CHECKS | {
    check.name: check for check in (*trust.CHECKS, *type_metadata.CHECKS, *fetch.CHECKS)
}
PAGES = ("rfc-9901", "sd-jwt-vc")
STEPS = (
    *(f"7.1 ({step})" for step in ("1", "2.1", "2.2", "2.3", "2.4", "3.1.1", "3.2.1", "3.2.2", "3.3.1")),
    *(f"7.1 (3.3.2.{step})" for step in range(1, 6)),
    *(f"7.1 (3.3.3.{step})" for step in range(1, 4)),
    *(f"7.1 ({step})" for step in ("3.4", "3.5", "3.6", "4", "5", "6")),
    *(f"7.2 receiving ({step})" for step in ("1", "2")),
    *(f"7.2 presenting ({step})" for step in ("1", "2.1", "2.2", "3", "4.1", "5.1", "5.2", "5.3")),
    *(f"7.3 ({step})" for step in ("1", "2", "3", "4")),
    *(f"7.3 (5.{step})" for step in range(1, 9)),
)
"""Every numbered step of sections 7.1 to 7.3 that says something by itself, in the RFC's order."""
SECTIONS = (
    *("2.2", "2.2.1", "2.2.2.1", "2.2.2.2", "2.2.2.3", "2.2.2.5", "2.4", "2.5", "3", "4", "4.1", "4.2", "4.3"),
    *("5.2", "5.3", "5.4", "5.5", "5.5.1", "5.5.1.2", "5.5.2", "5.6", "5.6.1", "5.6.2", "5.6.3", "5.6.4", "5.6.5"),
    *("5.6.5.1", "5.7", "6", "7.1", "7.3", "7.4", "7.5", "7.6", "7.7", "7.8"),
)
"""Every section of the draft that says what must be."""
_ANSWERS = re.compile(r"`[A-Z_]+`|malformed|made so|so chosen|^all checks|^the (?:caller|wallet)")


def _rows(page: str) -> Iterator[tuple[str, str, str]]:
    """Give the clause of each row of a page, what answers for it, and what shows it."""
    for line in (ROOT / f"docs/reference/{page}.md").read_text("utf-8").splitlines():
        if line.startswith("| ") and not line.startswith("| clause"):
            clause, _, answer, shown = (cell.strip() for cell in line.strip("|").split("|"))
            yield clause, answer, shown


def _coded(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@cache
def _tests() -> frozenset[str]:
    return frozenset(
        node.name
        for path in sources("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def test_every_step_has_its_row_in_the_order_of_the_rfc() -> None:
    found = [clause for clause, _, _ in _rows("rfc-9901") if re.fullmatch(r"7\.\d .*\(.*\)|7\.\d \(.*\)", clause)]
    assert tuple(found) == STEPS


def test_every_check_of_the_rfc_answers_for_the_clauses_that_it_states() -> None:
    answered = {(name, clause) for clause, answer, _ in _rows("rfc-9901") for name in _coded(answer) if name in CHECKS}
    for check in CHECKS.values():
        stated = re.sub(r"(RFC 7|SD-JWT VC).*?(?=RFC 9901|$)", "", check.clause)
        for clause in re.findall(r"\d+(?:\.\d+)*(?: \([\d.]+\))?", stated.replace("RFC 9901", "")):
            assert (check.name, clause) in answered, (check.name, clause)


def test_every_section_of_the_draft_that_demands_something_has_a_row() -> None:
    assert {clause for clause, _, _ in _rows("sd-jwt-vc")} == set(SECTIONS)


def test_every_check_of_the_draft_stands_in_a_row() -> None:
    answered = {name for _, answer, _ in _rows("sd-jwt-vc") for name in _coded(answer)}
    assert {name for name, check in OF_TOKENS_AND_WHAT_THEY_NEED.items() if "SD-JWT VC" in check.clause} <= answered


@pytest.mark.parametrize("row", [row for page in PAGES for row in _rows(page)], ids=lambda row: str(row[0]))
def test_every_row_has_an_answer_and_names_what_is_there(row: tuple[str, str, str]) -> None:
    clause, answer, shown = row
    assert _ANSWERS.search(answer), answer
    names = [name for name in _coded(answer) if name.isupper()]
    assert all(name in OF_TOKENS_AND_WHAT_THEY_NEED or name == "UNBOUND" for name in names)
    # a check that answers is broken alone by cases of its own; whatever else answers is shown by name
    assert names or _coded(shown), clause
    tests = _tests()
    for one in _coded(shown):
        kind, _, case = one.partition(": ")
        assert case in {"structure": STRUCTURE, "json": MALFORMED}.get(kind, {}) or one in tests, one
