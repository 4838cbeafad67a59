"""The catalogue of named negative cases: which test shows a case, and which cases wait for something to be built.

    @negative("NEG-JWK-001")        on the test that shows it; the id is in the id of the test: pytest -k NEG-JWK-001

`negatives-pending.toml` beside this file holds the cases that wait, and where we differ from the catalogue and why.
"""

from __future__ import annotations

import ast
import importlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent


def negative(*cases: str) -> pytest.MarkDecorator:
    """Put the ids of the cases that a test shows into the id of the test."""
    return pytest.mark.parametrize((), [pytest.param(id="+".join(cases))])


def marked(source: str) -> Iterator[tuple[str, str]]:
    """Give each case that a test of this source is marked with, and the test's name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "negative":
                    yield from ((ast.literal_eval(case), node.name) for case in decorator.args)


def sources(pattern: str) -> Iterator[Path]:
    """Give the files of our own tests, without what libraries of others bring (`tests/interop`)."""
    for path in sorted(TESTS.rglob(pattern)):
        if not {"node_modules", ".venv"}.intersection(path.relative_to(TESTS).parts):
            yield path


def shown() -> dict[str, set[str]]:
    """Give the cases that tests are marked with, each with its tests."""
    found: dict[str, set[str]] = {}
    for path in sources("test_*.py"):
        for case, name in marked(path.read_text(encoding="utf-8")):
            found.setdefault(case, set()).add(f"{path.relative_to(TESTS)}::{name}")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A case, or a part of one, that cannot be tried yet.

    Attributes:
        part: what of the case waits; empty where all of it does.
        until: the names, any of which is there once the subject is built: a module, or a name in one.
    """

    case: str
    part: str
    subject: str
    until: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A case in which we refuse for another reason than the catalogue, or accept a part of it."""

    case: str
    ours: str
    why: str


def noted() -> tuple[list[Waiting], list[Deviation]]:
    """Read the cases that wait and the deviations."""
    notes = tomllib.loads((TESTS / "negatives-pending.toml").read_text(encoding="utf-8"))
    assert notes.keys() <= {"waiting", "deviation"}
    waiting = [Waiting(**{"part": "", **one, "until": tuple(one["until"])}) for one in notes.get("waiting", [])]
    return waiting, [Deviation(**one) for one in notes.get("deviation", [])]


def exists(name: str) -> bool:
    """Tell whether a dotted name is a module or something in one."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError as error:
            if error.name is None or not name.startswith(error.name):
                raise
            continue
        for part in parts[end:]:
            fields = getattr(found, "__dataclass_fields__", {})
            if part not in fields and not hasattr(found, part):
                return False
            found = getattr(found, part, None)
        return True
    return False
