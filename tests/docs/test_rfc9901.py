"""The page that answers for RFC 9901 rule by rule is whole, and names checks and tests that are there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from eigendata.formats import FORMATS
from tests.negatives import TESTS
from tests.unit.formats.test_json_form import MALFORMED
from tests.unit.formats.test_parse import STRUCTURE

from .test_documents import ROOT

CHECKS = {check.name: check for check in FORMATS["dc+sd-jwt"].checks}
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
_ANSWERS = re.compile(r"`[A-Z_]+`|malformed|made so|so chosen|^all checks|^the (?:caller|wallet)")


def _rows() -> Iterator[tuple[str, str, str]]:
    """Give the clause of each row, what answers for it, and what shows it."""
    for line in (ROOT / "docs/reference/rfc-9901.md").read_text("utf-8").splitlines():
        if line.startswith("| ") and not line.startswith("| clause"):
            clause, _, answer, shown = (cell.strip() for cell in line.strip("|").split("|"))
            yield clause, answer, shown


def _coded(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def _tests() -> set[str]:
    return {
        node.name
        for path in TESTS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_step_has_its_row_in_the_order_of_the_rfc() -> None:
    found = [clause for clause, _, _ in _rows() if re.fullmatch(r"7\.\d .*\(.*\)|7\.\d \(.*\)", clause)]
    assert tuple(found) == STEPS


def test_every_check_of_the_rfc_answers_for_the_clauses_that_it_states() -> None:
    answered = {(name, clause) for clause, answer, _ in _rows() for name in _coded(answer) if name in CHECKS}
    for check in CHECKS.values():
        stated = re.sub(r"(RFC 7|SD-JWT VC).*?(?=RFC 9901|$)", "", check.clause)
        for clause in re.findall(r"\d+(?:\.\d+)*(?: \([\d.]+\))?", stated.replace("RFC 9901", "")):
            assert (check.name, clause) in answered, (check.name, clause)


@pytest.mark.parametrize("row", list(_rows()), ids=lambda row: str(row[0]))
def test_every_row_has_an_answer_and_names_what_is_there(row: tuple[str, str, str]) -> None:
    clause, answer, shown = row
    assert _ANSWERS.search(answer), answer
    names = [name for name in _coded(answer) if name.isupper()]
    assert all(name in CHECKS or name == "UNBOUND" for name in names)
    # a check that answers is broken alone by cases of its own; whatever else answers is shown by name
    assert names or _coded(shown), clause
    tests = _tests()
    for one in _coded(shown):
        kind, _, case = one.partition(": ")
        assert case in {"structure": STRUCTURE, "json": MALFORMED}.get(kind, {}) or one in tests, one
