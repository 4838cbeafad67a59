"""Any mebibyte from a stranger costs less than a second of the processor and 64 mebibytes, at every door.

These are bounds against denial of service and no benchmark: they hold on any machine, as a second is measured in what
this one does meanwhile.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from eigendata.errors import EigendataError

from .doors import DOORS
from .inputs import cases
from .pieces import MIB, Maker
from .runner import PATIENCE

SECONDS = 1.0
MEBIBYTES = 64.0
OUTCOMES = {"accepted", *(error.__name__ for error in EigendataError.__subclasses__())}
CASES = list(cases())

Run = Callable[[str, bytes], dict[str, Any]]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system makes no copies of processes")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Say what it takes to hand some bytes to a door, in a process of its own."""
    file: Path = tmp_path_factory.mktemp("hostile") / "input"
    command = [sys.executable, "-W", "error", "-m", f"{__package__}.runner"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as runner:
        assert runner.stdin is not None
        assert runner.stdout is not None

        def ask(door: str, data: bytes) -> dict[str, Any]:
            assert runner.stdin is not None
            assert runner.stdout is not None
            file.write_bytes(data)
            print(json.dumps({"door": door, "file": str(file)}), file=runner.stdin, flush=True)
            return dict(json.loads(runner.stdout.readline()))

        yield ask
        runner.stdin.close()


@pytest.mark.parametrize(("door", "make"), [pytest.param(d, m, id=f"{d}: {what}") for d, what, m in CASES])
def test_any_mebibyte_costs_less_than_a_second_and_64_mebibytes(door: str, make: Maker, run: Run) -> None:
    data = make()
    assert len(data) <= MIB
    found = run(door, data)
    assert found["outcome"] in OUTCOMES
    assert found["seconds"] < SECONDS * found["pace"]
    assert found["mebibytes"] < MEBIBYTES


def test_every_door_and_every_input_is_tried_once() -> None:
    assert {door for door, _, _ in CASES} == set(DOORS)
    assert len({(door, what) for door, what, _ in CASES}) == len(CASES)


def test_what_breaks_a_bound_is_seen_to_break_it(run: Run) -> None:
    mapped, slow, broken, small = (run(door, b"1") for door in ("mapped", "slow", "broken", "json"))
    assert mapped["mebibytes"] > 90  # what was there before may have been let go meanwhile
    assert slow["seconds"] >= 1.5
    assert broken["outcome"] not in OUTCOMES
    assert broken["seconds"] == PATIENCE
    assert small["outcome"] == "accepted"
    assert small["mebibytes"] < 2
