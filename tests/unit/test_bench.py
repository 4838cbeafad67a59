"""The bench runs, and says of every target whether it is met."""

from __future__ import annotations

from bench import cases
from bench.__main__ import TARGETS, report, run
from bench.measure import Measured


def test_the_bench_measures_every_target_and_says_which_are_met() -> None:
    page = report(run(rounds=1, size=2), command="python -m bench", rounds=1, size=2)
    for target in TARGETS:
        (row,) = [line for line in page.splitlines() if line.startswith(f"| {target.what} |")]
        assert row.endswith(("| met |", "of it) |"))


def test_a_target_that_is_missed_is_printed_as_missed() -> None:
    names = {name for target in TARGETS for name in (target.name, target.to) if name is not None}
    others = {cases.AND_A_NEW_KEY, cases.SCHEMA, cases.INTERPRETER}
    measured = Measured(costs={name: [1.0] for name in names | others})
    page = report(measured, command="python -m bench", rounds=1, size=1)
    assert page.count("**missed**") == sum(target.to is None for target in TARGETS)
