"""What is kept of the checks that an answer took: short, whole, and the same however often."""

from __future__ import annotations

import pytest

from eigendata.errors import Check, Reason, Step
from eigendata.web import trails

CHECKS = tuple(
    Check(name=f"CHECK_{number}", clause=f"a clause {number}", reason=Reason.REQUEST_INVALID, rule="a rule")
    for number in range(5)
)


def test_a_trail_that_is_packed_is_read_back_step_by_step() -> None:
    first: tuple[Step, ...] = (CHECKS[0].passed, CHECKS[1].waived)
    packed = trails.pack((("persoon", first), ("", (CHECKS[2].not_applicable,))))
    assert trails.unpack(packed) == [
        {"place": "persoon", "check": "CHECK_0", "clause": "a clause 0", "outcome": "passed"},
        {"place": "persoon", "check": "CHECK_1", "clause": "a clause 1", "outcome": "waived"},
        {"place": "", "check": "CHECK_2", "clause": "a clause 2", "outcome": "not applicable"},
    ]
    again = trails.pack((("persoon", first), ("", (CHECKS[2].not_applicable,))))
    assert again is packed


def test_the_check_that_failed_ends_the_trail_at_its_place() -> None:
    steps = (CHECKS[0].passed,)
    for failed in CHECKS[3:]:
        *before, last = trails.unpack(trails.pack((("adres/0", steps),), failed=failed))
        assert last == {"place": "adres/0", "check": failed.name, "clause": failed.clause, "outcome": "failed"}
        assert len(before) == 1


@pytest.mark.parametrize("packed", [None, 7, [], {}], ids=str)
def test_where_nothing_was_packed_there_are_no_steps(packed: object) -> None:
    assert trails.unpack(packed) == []  # type: ignore[arg-type]


def test_no_more_trails_are_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trails, "MAX_KEPT", 2)
    kept = {trails.pack(((f"place {number}", (CHECKS[0].passed,)),)) for number in range(5)}
    assert len(kept) == 5
    assert len(trails._kept) <= 2
