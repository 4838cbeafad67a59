"""The conformance kit: good and deliberately broken tokens in text files, to try any implementation with.

    case.py                 one case and its text file
    *.txt                   the cases, as a stranger reads them
    making.py               makes them anew, from the tables good, jose, disclosing, validity, binding, chains, holding
    forge.py certificates.py    keys, tokens and certificates of the kit
    runner.py               asks an implementation about each case -> outcomes
    command.py own.py       an implementation behind a command; this library itself
    report.py               what came out, as lines, JSON or JUnit

    shipped() or making.make(at=...) -> cases -> runner.run(cases, implementation) -> Report

Rules are those of the specifications. Where this library is stricter, the kit has no case, or one of severity `should`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files

from eigendata.errors import Misuse, within
from eigendata.testkit import case
from eigendata.testkit.case import Case


@cache
def shipped() -> tuple[Case, ...]:
    """Read the cases that came with the package, by their names."""
    found: list[Case] = []
    for file in sorted(files(__name__).iterdir(), key=lambda one: one.name):
        if file.name.endswith(".txt"):
            with within(file.name):
                found.append(case.read(file.read_bytes()))
    return tuple(found)


def chosen(cases: Sequence[Case], patterns: Iterable[str]) -> tuple[Case, ...]:
    """Give the cases whose id fits one of these patterns, and the good twins of those that are to be refused.

    Args:
        patterns: as of file names, such as `kb-*`; none at all chooses every case.

    Raises:
        Misuse: a pattern fits no case.
    """
    wanted: set[str] = set()
    asked = tuple(patterns)
    for pattern in asked:
        fitting = {one.id for one in cases if fnmatchcase(one.id, pattern)}
        if not fitting:
            raise Misuse(f"no case is called {pattern}")
        wanted |= fitting
    wanted |= {one.twin for one in cases if one.id in wanted and one.twin is not None}
    return tuple(one for one in cases if not asked or one.id in wanted)
