"""One-time values: taken once, by whoever is first, whatever else happens."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigendata import once as module
from eigendata.errors import Malformed, Misuse, Reason, Rejected, Unavailable
from eigendata.model import Once
from eigendata.once import KEPT_AFTER, TAKEN, MemoryOnce, SqliteOnce

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOON = NOW + timedelta(minutes=5)


@pytest.fixture(params=["memory", "file"])
def once(request: pytest.FixtureRequest, tmp_path: Path) -> Once:
    return MemoryOnce(clock=lambda: NOW) if request.param == "memory" else SqliteOnce(tmp_path / "o", clock=lambda: NOW)


def taken(once: Once, kind: str, value: str, until: datetime = SOON) -> bool:
    try:
        once.take(kind, value, until)
    except Rejected as error:
        return error.check is not TAKEN or error.reason is not Reason.REPLAY_DETECTED
    return True


def test_a_value_is_taken_once(once: Once) -> None:
    assert taken(once, "nonce", "a")
    assert not taken(once, "nonce", "a")
    assert not taken(once, "nonce", "a", SOON + timedelta(days=400))
    assert taken(once, "nonce", "b")
    assert not taken(once, "nonce", "a")


def test_a_value_of_another_kind_is_another_value(once: Once) -> None:
    assert taken(once, "nonce", "a")
    assert taken(once, "code", "a")
    assert taken(once, "nonce", "")
    assert not taken(once, "nonce", "")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.text(max_size=2)), max_size=12))
def test_the_first_of_each_is_taken_and_no_other(values: list[tuple[str, str]]) -> None:
    once = MemoryOnce(clock=lambda: NOW)
    assert [taken(once, *value) for value in values] == [value not in values[:i] for i, value in enumerate(values)]


@settings(max_examples=10, deadline=None)
@given(value=st.text(max_size=8) | st.sampled_from(["\ud800", "' OR 1=1 --", "a\x00b", "e\u0301", "\u00e9"]))
def test_any_text_is_a_value(value: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    once = SqliteOnce(tmp_path_factory.mktemp("once") / "o", clock=lambda: NOW)
    assert taken(once, "kind", value)
    assert not taken(once, "kind", value)


def test_a_naive_moment_is_misuse(once: Once) -> None:
    with pytest.raises(Misuse):
        once.take("nonce", "a", SOON.replace(tzinfo=None))
    assert taken(once, "nonce", "a")


# -- forgetting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make", [lambda _, clock: MemoryOnce(clock=clock), lambda path, clock: SqliteOnce(path, clock=clock)]
)
def test_a_value_is_forgotten_only_when_its_moment_is_long_past(
    make: Callable[[Path, Callable[[], datetime]], Once], tmp_path: Path
) -> None:
    now = NOW
    once = make(tmp_path / "o", lambda: now)
    assert taken(once, "nonce", "a", SOON)
    now = SOON + timedelta(seconds=1)
    assert taken(once, "nonce", "b", now)  # past, but not long: kept
    assert not taken(once, "nonce", "a", SOON)
    now = SOON + KEPT_AFTER + timedelta(days=1)
    assert taken(once, "nonce", "c", now)  # long past: "a" and "b" go
    assert taken(once, "nonce", "a", now)


def test_one_far_moment_pushes_nothing_out(once: Once) -> None:
    assert taken(once, "nonce", "a", SOON)
    assert taken(once, "nonce", "far", NOW + timedelta(days=36_500))
    assert taken(once, "nonce", "b", SOON)
    assert not taken(once, "nonce", "a", SOON)


@pytest.mark.parametrize("years", [-30, 30])
def test_who_works_at_another_moment_than_now_loses_nothing(once: Once, years: int) -> None:
    then = NOW + timedelta(days=365 * years)
    for number in range(20):
        assert taken(once, "nonce", str(number), then + timedelta(minutes=number))
    assert not any(taken(once, "nonce", str(number), then) for number in range(20))


def test_a_value_of_one_kind_does_not_push_out_those_of_another(once: Once) -> None:
    assert taken(once, "nonce", "a", NOW - timedelta(days=300))
    assert taken(once, "code", "b", NOW)
    assert not taken(once, "nonce", "a", NOW - timedelta(days=300))


def test_the_file_does_not_grow_with_what_is_forgotten(tmp_path: Path) -> None:
    now = NOW
    path = tmp_path / "o"
    once = SqliteOnce(path, clock=lambda: now)
    for day in range(0, 400, 10):
        now = NOW + timedelta(days=day)
        once.take("nonce", str(day), now + timedelta(minutes=5))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM once").fetchone()[0] <= 5


def test_memory_does_not_grow_with_what_is_forgotten() -> None:
    now = NOW
    once = MemoryOnce(clock=lambda: now)
    for day in range(0, 400, 10):
        now = NOW + timedelta(days=day)
        once.take("nonce", str(day), now + timedelta(minutes=5))
    assert len(once._taken["nonce"]) <= 5


# -- the file ---------------------------------------------------------------------------------------------------------


def test_the_file_keeps_what_was_taken_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "o"
    before = os.umask(0)
    try:
        SqliteOnce(path).take("nonce", "a-secret-nonce", SOON)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"a-secret-nonce" not in path.read_bytes()
    assert not taken(SqliteOnce(str(path)), "nonce", "a-secret-nonce")
    assert all(one.stat().st_mode & 0o077 == 0 for one in tmp_path.iterdir())


def test_what_cannot_be_a_state_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no" / "o"):
        with pytest.raises(Misuse):
            SqliteOnce(path)
    other = tmp_path / "other"
    other.write_bytes(b"this is no database, but long enough to be taken for one" * 100)
    with pytest.raises(Malformed):
        SqliteOnce(other)
    assert other.read_bytes().startswith(b"this is no database")
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(Misuse):
        SqliteOnce(tmp_path / "fifo")


def test_a_file_that_is_locked_or_gone_is_unavailable_and_never_a_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    path = tmp_path / "o"
    once = SqliteOnce(path)
    once.take("nonce", "a", SOON)
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Unavailable):
            once.take("nonce", "b", SOON)
    once.take("nonce", "b", SOON)
    with closing(sqlite3.connect(tmp_path / "new", isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Unavailable):
            SqliteOnce(tmp_path / "new")
    path.rename(tmp_path / "elsewhere")
    with pytest.raises(Unavailable):
        once.take("nonce", "c", SOON)
    SqliteOnce(path)  # a new file, which has forgotten what was taken
    with pytest.raises(Unavailable):
        once.take("nonce", "a", SOON)


def test_a_closed_file_takes_nothing(tmp_path: Path) -> None:
    once = SqliteOnce(tmp_path / "o")
    once.take("nonce", "a", SOON)
    once.close()
    once.close()
    with pytest.raises(Unavailable):
        once.take("nonce", "b", SOON)
    assert not taken(SqliteOnce(tmp_path / "o"), "nonce", "a")


# Python 3.12 warns of a fork beside threads; here they are the test runner's own, when it runs tests side by side
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_file_opened_before_a_fork_serves_both_sides(tmp_path: Path) -> None:
    once = SqliteOnce(tmp_path / "o")
    once.take("nonce", "before", SOON)
    child = os.fork()
    if child == 0:
        seen = (taken(once, "nonce", "before"), taken(once, "nonce", "child"))
        os._exit(0 if seen == (False, True) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not taken(once, "nonce", "child")
    assert taken(once, "nonce", "parent")


# -- at the same time -------------------------------------------------------------------------------------------------


def taken_by_threads(count: int, once: Once, value: str) -> list[bool]:
    results: list[bool] = []
    threads = [threading.Thread(target=lambda: results.append(taken(once, "nonce", value))) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_many_threads_one_takes_a_value(once: Once) -> None:
    for value in map(str, range(3)):
        assert sorted(taken_by_threads(8, once, value)) == [False] * 7 + [True]


def _take_all(path: str, ready: Barrier, results: Queue[int]) -> None:
    once = SqliteOnce(path)
    ready.wait()
    results.put(sum(taken(once, "nonce", str(value)) for value in range(20)))


def test_of_many_processes_one_takes_a_value(tmp_path: Path) -> None:
    spawned = multiprocessing.get_context("spawn")
    ready, results = spawned.Barrier(3), spawned.Queue()
    processes = [spawned.Process(target=_take_all, args=(str(tmp_path / "o"), ready, results)) for _ in range(3)]
    for process in processes:
        process.start()
    counts = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    assert sum(counts) == 20
