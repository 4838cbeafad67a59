"""The bench runs, and says of every target whether it is met."""

from __future__ import annotations

import hashlib

from bench import auth0, cases, integrity, mdoc
from bench.__main__ import TARGETS, report, run
from bench.measure import Case, Measured, Share, cpu, profile

MDOC_FLOORS = (mdoc.LEAST_TO_VERIFY, mdoc.LEAST_TO_VERIFY_NEW_SIGNER)


def test_the_bench_measures_every_target_and_says_which_are_met() -> None:
    page = report(run(rounds=1, size=2), command="python -m bench", rounds=1, size=2)
    for target in TARGETS:
        row = next(line for line in page.splitlines() if line.startswith(f"| {target.what} |"))
        assert row.endswith(("| met |", "of it) |"))


def test_a_target_that_is_missed_is_printed_as_missed() -> None:
    names = {name for target in TARGETS for name in (target.name, target.to) if name is not None}
    others = {cases.AND_A_NEW_KEY, cases.SCHEMA, cases.INTERPRETER, cases.VAULT_WRITE, mdoc.PRESENT, *integrity.NAMES}
    floors = {cases.LEAST_TO_VERIFY, cases.LEAST_TO_ISSUE, cases.LEAST_TO_PRESENT, *MDOC_FLOORS}
    measured = Measured(costs={name: [1.0] for name in names | others | floors})
    page = report(measured, command="python -m bench", rounds=1, size=1)
    assert page.count("**missed**") == sum(target.to is None for target in TARGETS)


def test_what_another_engine_takes_is_told_by_the_signatures_of_its_own_process() -> None:
    names = {name for target in TARGETS for name in (target.name, target.to) if name is not None}
    names |= {cases.AND_A_NEW_KEY, cases.SCHEMA, cases.INTERPRETER, cases.VAULT_WRITE, mdoc.PRESENT, *integrity.NAMES}
    costs = {**{name: [1e-6] for name in names}, auth0.VERIFY: [40.0], auth0.ISSUE: [8.0]}
    page = report(Measured(costs=costs), command="python -m bench", rounds=1, size=1)
    assert f"{auth0.VERIFY} 40.0 × its bare signatures, 40.0 times ours; {auth0.ISSUE} 8.0 ×" in page


def test_of_what_is_missed_the_floor_and_the_dearest_functions_are_printed_and_of_nothing_else() -> None:
    names = {name for target in TARGETS for name in (target.name, target.to) if name is not None}
    names |= {cases.AND_A_NEW_KEY, cases.SCHEMA, cases.INTERPRETER, cases.VAULT_WRITE, mdoc.PRESENT, *integrity.NAMES}
    names |= {cases.LEAST_TO_VERIFY, cases.LEAST_TO_ISSUE, cases.LEAST_TO_PRESENT, *MDOC_FLOORS}
    costs = {name: [1e-6] for name in names}
    page = report(Measured(costs=costs), command="python -m bench", rounds=1, size=1)
    assert "its floor" not in page
    shares = [Share(function="parse.slow", part=0.25)]
    measured = Measured(costs={**costs, cases.VERIFY: [9e-6]}, profiles={cases.VERIFY: shares})
    page = report(measured, command="python -m bench", rounds=1, size=1)
    assert page.count("1.0 µs (1.00 ×) | `parse.slow` 25% |") == 1


def test_a_profile_names_functions_of_python_and_of_libraries_and_nothing_around_the_operation() -> None:
    def slow(number: int) -> bytes:
        return hashlib.pbkdf2_hmac("sha256", b"", b"salt", number)

    found = profile(Case(name="slow", cost=lambda numbers: cpu(slow, numbers)), lambda: (2_000, 2_000))
    assert found[0].function.endswith("pbkdf2_hmac")
    assert any("slow" in one.function for one in found)
    assert 0.99 < sum(one.part for one in found) <= 1.01
