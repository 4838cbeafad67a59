"""Workers that are killed, and a server that goes away, under load: accepted once, and never told and lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from eigendata.store import State
from tests.negatives import negative
from tests.postgres import Server, own
from tests.unit.store.place import DESK, Place, begun, offered

KILLS = 24
WORKERS = 3
LEASE = 400
"""Milliseconds."""

PATIENCE = 60.0


class Workers:
    """Worker processes, and what they told."""

    def __init__(self, place: Place, states: list[str]) -> None:
        self._process = subprocess.Popen(
            (sys.executable, "-m", "tests.unit.store.worker", place.url, str(LEASE)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.lines: list[str] = []
        self._forked: list[int] = []
        self.alive: list[int] = []
        self._reader = Thread(target=self._read)
        self._reader.start()
        self._write(" ".join(states))

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            kind, _, rest = line.strip().partition(" ")
            if kind == "forked":
                self._forked.append(int(rest))
            else:
                self.lines.append(line.strip())

    def fork(self) -> None:
        """Have one more worker."""
        before = len(self._forked)
        self._write("fork")
        wait_for(lambda: len(self._forked) > before)
        self.alive.append(self._forked[-1])

    def kill(self, chance: random.Random) -> None:
        """Kill one of them, whatever it is doing."""
        os.kill(self.alive.pop(chance.randrange(len(self.alive))), signal.SIGKILL)

    def told(self) -> list[tuple[str, str]]:
        """Give each answer that was told to be accepted: the state, and the record of it."""
        return [(line.split()[1], line.split()[2]) for line in self.lines if line.startswith("told ")]

    def end(self) -> None:
        """Kill all of them, and read to the end."""
        for one in self.alive:
            os.kill(one, signal.SIGKILL)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        assert self._process.wait() == 0


def wait_for(holds: object) -> None:
    """Wait until something holds."""
    assert callable(holds)
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@contextmanager
def at_work(place: Place, requests: int) -> Iterator[Workers]:
    """Have workers answer so many requests, and hold what they told against what the store kept."""
    store = place.open()
    checks = {}
    for n in range(requests):
        check = begun(store)
        offered(store, check, f"state-{n}")
        checks[f"state-{n}"] = check.id
    workers = Workers(place, list(checks))
    try:
        for _ in range(WORKERS):
            workers.fork()
        yield workers
        after = place.open()
        wait_for(lambda: not place.run("SELECT 1 FROM eigendata_requests LIMIT 1"))
    finally:
        workers.end()
    assert [line for line in workers.lines if line.startswith("wrong")] == []
    told = workers.told()
    assert [state for state, times in Counter(state for state, _ in told).items() if times > 1] == []
    kept = {state: after.look(check, desk=DESK).parties[0] for state, check in checks.items()}
    assert {one.state for one in kept.values()} == {State.ANSWERED}
    assert [(state, record) for state, record in told if kept[state].record != record.encode()] == []


@negative("NEG-CONC-001")
def test_workers_that_are_killed_accept_each_answer_once_and_lose_none_that_was_told(place: Place) -> None:
    chance = random.Random(5)
    with at_work(place, requests=260) as workers:
        for _ in range(KILLS):
            before = len(workers.told())
            wait_for(lambda before=before: len(workers.told()) >= before + chance.randrange(1, 8))
            time.sleep(chance.random() / 100)
            workers.kill(chance)
            workers.fork()
        assert len(workers.told()) < 260  # the kills fell amid the work
    assert len(workers.told()) > 100


@pytest.fixture
def crashing() -> Iterator[Server]:
    """Give a server that a test may stop."""
    server = own()
    yield server
    server.end()


@negative("NEG-CONC-002")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["restart", "crash"])
def test_a_server_that_starts_again_accepts_each_answer_once_and_loses_none_that_was_told(
    crashing: Server, how: signal.Signals
) -> None:
    place = Place(url=crashing.url("postgres"), direct=crashing.at("postgres"))
    with at_work(place, requests=150) as workers:
        for _ in range(3):
            before = len(workers.told())
            wait_for(lambda before=before: len(workers.told()) >= before + 20)
            crashing.stop(how)
            crashing.start()
        assert len(workers.told()) < 150
    place.close()
