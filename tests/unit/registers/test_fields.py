"""What may be asked of a person, and that nothing else is given: for everybody, whatever is asked."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from eigendata.registers.fields import Problem, View, legal, problem, select
from eigendata.registers.population import STORY_BSN, Person, Population
from tests.given import ROOT, given

PEOPLE = tuple(Population.shipped())
UNASKED = ("inOnderzoek", "geheimhoudingPersoonsgegevens", "opschortingBijhouding", "rni", "verificatie", "type",
           "indicatieVastgesteldVerblijftNietOpAdres")  # fmt: skip
ALIASES = {"verblijfplaatsBinnenland": "verblijfplaats", "adresseringBinnenland": "adressering"}


def _leaves(value: Any, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, Mapping):
        for name, below in value.items():
            yield from _leaves(below, (*prefix, name))
    elif isinstance(value, list | tuple):
        for below in value:
            yield from _leaves(below, prefix)
    else:
        yield prefix


def _real(path: str) -> tuple[str, ...]:
    first, *rest = path.split(".")
    return ALIASES.get(first, first), *rest


def _group(path: tuple[str, ...]) -> tuple[str, ...]:
    """Give what the register gives whole when this path is asked: a date, a table value, all authority."""
    whole = {"code", "omschrijving", "soort", "type", "datum", "langFormaat", "jaar", "maand", "onbekend"}
    if path[0] == "gezag":
        return path[:1]
    return path[:-1] if path[-1] in whole and len(path) > 1 else path


@settings(max_examples=60, deadline=None)
@drawn(person=st.sampled_from(PEOPLE), paths=st.lists(st.sampled_from(sorted(legal(View.PERSOON))), max_size=12))
def test_nothing_is_given_that_was_not_asked(person: Person, paths: list[str]) -> None:
    asked = {group for path in paths for group in (_real(path), _group(_real(path)))}
    for leaf in _leaves(select(person.persoon, paths, View.PERSOON)):
        assert any(leaf[: len(group)] == group for group in asked) or any(part in UNASKED for part in leaf), leaf


@settings(max_examples=60, deadline=None)
@drawn(person=st.sampled_from(PEOPLE), paths=st.lists(st.sampled_from(sorted(legal(View.PERSOON))), max_size=12))
def test_whatever_was_asked_is_given_where_it_is_there(person: Person, paths: list[str]) -> None:
    answer = set(_leaves(select(person.persoon, paths, View.PERSOON)))
    there = set(_leaves(person.persoon))
    for path in paths:
        if not path.startswith(tuple(ALIASES)):
            asked = _real(path)
            assert {leaf for leaf in there if leaf[: len(asked)] == asked} <= answer


@settings(max_examples=30, deadline=None)
@drawn(person=st.sampled_from(PEOPLE), paths=st.lists(st.sampled_from(sorted(legal(View.PERSOON))), max_size=12))
def test_the_order_of_the_fields_changes_nothing(person: Person, paths: list[str]) -> None:
    assert select(person.persoon, paths, View.PERSOON) == select(person.persoon, paths[::-1], View.PERSOON)


@drawn(st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_text_is_a_legal_field_or_has_its_problem(path: str) -> None:
    assert (problem(path, View.PERSOON) is None) is (path in legal(View.PERSOON))


def test_a_persons_own_record_is_never_changed() -> None:
    (heroine,) = Population.shipped().find(STORY_BSN)
    before = repr(heroine.persoon)
    select(heroine.persoon, sorted(legal(View.PERSOON)), View.PERSOON)
    assert repr(heroine.persoon) == before


@pytest.mark.parametrize(
    ("path", "view", "expected"),
    [
        ("aNummer", View.PERSOON, None),
        ("aNummer", View.PERSOON_BEPERKT, Problem.UNKNOWN),
        ("naam.inOnderzoek", View.PERSOON_BEPERKT, Problem.UNASKED),
        ("geboorte.datum.dag", View.PERSOON, Problem.UNKNOWN),
        ("naam ", View.PERSOON, Problem.PATTERN),
    ],
)
def test_a_problem_is_named_as_the_register_names_it(path: str, view: View, expected: Problem | None) -> None:
    assert problem(path, view) is expected


def test_the_tree_of_fields_is_derived_from_the_official_lists() -> None:
    folder = given("nl-data/brp-personen")
    done = subprocess.run(
        [sys.executable, "tools/brp_fields.py", str(folder), "--check"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
