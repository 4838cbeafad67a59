"""A state file on a disk that is full or fails, or whose process is killed: no value is ever taken twice."""

from __future__ import annotations

import errno
import itertools
import os
import resource
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eigendata import once as module
from eigendata.errors import Malformed, Misuse, Rejected, Unavailable
from eigendata.once import SqliteOnce
from tests.traced import CAN_FAIL_CALLS, ON_LINUX, PREAD, Outcome, Work, ended, failing, finishes

SOON = datetime.now(UTC) + timedelta(hours=1)
ERRORS = (errno.ENOSPC, errno.EIO, errno.EINTR, errno.EACCES)

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    SqliteOnce(tmp_path / "state").take("nonce", "before", SOON)
    return tmp_path / "state"


def taking(path: Path, value: str) -> Callable[[], Work]:
    def prepared() -> Work:
        once = SqliteOnce(path)
        return lambda: once.take("nonce", value, SOON)

    return prepared


def require_kept(path: Path, *values: str) -> None:
    """Require that these values count as taken, and that the file serves on."""
    once = SqliteOnce(path)
    for value in ("before", *values):
        with pytest.raises(Rejected):
            once.take("nonce", value, SOON)
    once.close()


@pytest.mark.skipif(not CAN_FAIL_CALLS, reason="calls are made to fail by ptrace on x86-64 Linux")
def test_a_value_whose_taking_was_told_stays_taken_whichever_call_fails(path: Path) -> None:
    for place in itertools.count(1):
        value, error = f"value {place}", ERRORS[place % len(ERRORS)]
        outcome, call = failing(taking(path, value), place, error)
        assert outcome in (Outcome.DONE, Outcome.UNAVAILABLE)
        require_kept(path, *[value] * (outcome is Outcome.DONE))
        if call is None:
            assert outcome is Outcome.DONE
            break
    assert place > 10


@pytest.mark.skipif(not CAN_FAIL_CALLS, reason="calls are made to fail by ptrace on x86-64 Linux")
def test_a_state_file_that_is_opened_while_a_call_fails_forgets_nothing(path: Path) -> None:
    for place in itertools.count(1):
        error = ERRORS[place % len(ERRORS)]
        outcome, call = failing(lambda: lambda: SqliteOnce(path).close(), place, error)
        # SQLite takes a page that the disk cannot read for a damaged one
        damaged = (call, error) == (PREAD, errno.EIO) and outcome is Outcome.MALFORMED
        assert outcome in (Outcome.DONE, Outcome.UNAVAILABLE, Outcome.MISUSE) or damaged
        require_kept(path)
        if call is None:
            break
    assert place > 10


@pytest.mark.skipif(not ON_LINUX, reason="system calls are counted by ptrace")
def test_a_value_whose_taking_was_told_stays_taken_after_a_kill(path: Path) -> None:
    for system_calls in itertools.count():
        finished = finishes(taking(path, f"value {system_calls}"), system_calls)
        require_kept(path, *[f"value {system_calls}"] * finished)
        if finished:
            break
    assert system_calls > 10


@pytest.mark.parametrize("room", [0, 4096, 8192, 20_000])
def test_where_the_file_may_not_grow_nothing_is_taken_twice(path: Path, room: int) -> None:
    def limited() -> None:
        once = SqliteOnce(path)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
        for value in range(40):
            once.take("nonce", str(value), SOON)

    assert ended(limited) is Outcome.UNAVAILABLE
    require_kept(path)


def test_a_name_that_is_none_is_misuse() -> None:
    with pytest.raises(Misuse, match="no name"):
        SqliteOnce("a\0b")


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
@pytest.mark.parametrize("there", [True, False])
def test_a_disk_that_is_full_or_fails_is_unavailable_and_no_mistake_of_the_caller(
    path: Path, monkeypatch: pytest.MonkeyPatch, error: int, there: bool
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(*((Path, "stat", fail) if there else (os, "open", fail)))
    with pytest.raises(Unavailable, match=os.strerror(error)):
        SqliteOnce(path if there else path.with_name("new"))
    monkeypatch.undo()
    require_kept(path)


def test_a_file_that_goes_while_it_is_opened_is_misuse(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: Path) -> tuple[int, int]:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    monkeypatch.setattr(module, "_identity", gone)
    with pytest.raises(Misuse, match="No such file"):
        SqliteOnce(path)


def test_a_database_of_something_else_is_malformed_and_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "other"
    database = sqlite3.connect(other)
    database.execute("CREATE TABLE letters (a)")
    database.close()
    before = other.read_bytes()
    with pytest.raises(Malformed, match="something else"):
        SqliteOnce(other)
    assert other.read_bytes() == before


def test_a_file_that_others_hold_for_a_moment_is_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another makes it ready, SQLite may give up at once instead of waiting."""
    connect, tries = module._connect, []

    def at_once(where: Path) -> sqlite3.Connection:
        tries.append(where)
        if len(tries) < 3:
            raise sqlite3.OperationalError("database is locked")
        return connect(where)

    monkeypatch.setattr(module, "_connect", at_once)
    SqliteOnce(path).close()
    assert len(tries) == 3
    tries.clear()
    monkeypatch.setattr(module, "PATIENCE", -1.0)
    with pytest.raises(Unavailable, match="locked"):
        SqliteOnce(path)


def test_after_a_fork_the_child_takes_by_a_connection_of_its_own(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    once = SqliteOnce(path)
    parent, process = once._open, os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: process + 1)
    once.take("nonce", "of the child", SOON)
    assert once._open is not parent
    parent.finalizer()  # leaves the parent's connection as it is
    monkeypatch.undo()
    parent._connection.execute("SELECT 1")
    parent._connection.close()
    require_kept(path, "of the child")
