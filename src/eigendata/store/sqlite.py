"""A store in one SQLite file, for any number of threads and processes of one machine; not for a network drive.

One connection of a process writes. Whoever finds it free leads: it runs its own work and all that waits in one
transaction, and syncs the disk once for all of them. So a slow disk costs a little more waiting, and not throughput.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import create_engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolEmpty
from sqlalchemy.pool import QueuePool, StaticPool

from eigendata.errors import EigendataError, Malformed, Misuse, Unavailable
from eigendata.model import utc
from eigendata.store.database import PATIENCE, Compiled, Row, Run, Value
from eigendata.store.migrating import is_newest, migrate
from eigendata.store.part import stamp
from eigendata.store.statements import Statement

T = TypeVar("T")

READERS: Final = 4
"""Connections that read, at most; Python runs one of them at a time anyway."""

MAX_TOGETHER: Final = 64
"""Pieces of work in one transaction."""

SMALLEST: Final = 512
"""Bytes of a page of SQLite, at least."""

_WHAT: Final = "the store"
_LEFT: Final[list[object]] = []
"""What a fork took along: closed here, it would end the parent's write-ahead log."""


def prepare(path: Path) -> None:
    """Bring the file at `path` to today's layout; whoever else opens it meanwhile waits.

    Raises:
        Misuse: its layout is newer than this program.
        Malformed: it holds something else.
        sqlite3.Error: it is no database, or others hold it.
    """
    where = f"{_WHAT} {path}"
    if 0 < path.stat().st_size < SMALLEST:  # SQLite would take it for empty, and write over it
        raise Malformed(f"{where} is no store: it holds something else")
    with closing(_connect(path)) as connection:
        # before anything is written: another's file is left as it is, and a trigger would act on what is ours
        if connection.execute("SELECT 1 FROM sqlite_master WHERE type IN ('trigger', 'view')").fetchone():
            raise Malformed(f"{where} is no store: it holds something else")
        engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
        try:
            with engine.connect() as migrated:
                if not is_newest(migrated):
                    connection.execute("BEGIN IMMEDIATE")
                    migrate(migrated, where=where)
                    connection.execute("COMMIT")
        except DBAPIError as error:
            raise error.orig or error from error
        connection.execute("PRAGMA journal_mode=WAL")


class Sqlite:
    """The database in a file."""

    def __init__(self, path: Path, *, clock: Callable[[], datetime] | None) -> None:
        self._path = path
        self._clock = clock
        self._compiled = Compiled(sqlite.dialect(paramstyle="named"))
        self._open = _Open(path)

    def read(self, work: Callable[[Run], T]) -> T:
        opened = self._here()
        try:
            with opened.reader() as connection:
                return work(_Run(connection, self._compiled, self._now()))
        except (sqlite3.Error, OSError, PoolEmpty) as error:
            raise self._unavailable(error) from error

    def write(self, work: Callable[[Run], T], *, durable: bool = True, alone: bool = False, again: bool = True) -> T:
        turn = _Turn(
            lambda connection: work(_Run(connection, self._compiled, self._now())), durable=durable, alone=alone
        )
        try:
            self._here().writer.take_turn(turn)
        except sqlite3.IntegrityError as error:
            raise Misuse("a state, key or id that has to be new was used before") from error
        except (sqlite3.Error, OSError) as error:
            raise self._unavailable(error) from error
        return turn.result  # type: ignore[no-any-return]

    def clock(self) -> datetime | None:
        return None

    def tidy(self) -> None:
        # What was wiped is still in the write-ahead log. Where somebody reads or writes, the next one empties it.
        try:
            with closing(_connect(self._path)) as connection:
                connection.execute("PRAGMA busy_timeout=0")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except (sqlite3.Error, OSError) as error:
            raise self._unavailable(error) from error

    def close(self) -> None:
        if self._open.process == os.getpid():
            self._open.close()

    def _here(self) -> _Open:
        if self._open.process != os.getpid():  # a connection does not outlive a fork
            _LEFT.append(self._open)
            self._open = _Open(self._path)
        return self._open

    def _now(self) -> int:
        return time.time_ns() // 1_000_000 if self._clock is None else stamp(utc(self._clock()))

    def _unavailable(self, error: Exception) -> Unavailable:
        return Unavailable(f"{_WHAT} {self._path} cannot be used now: {error}")


class _Run:
    __slots__ = ("_compiled", "_connection", "_now")

    def __init__(self, connection: sqlite3.Connection, compiled: Compiled, now: int) -> None:
        self._connection = connection
        self._compiled = compiled
        self._now = now

    def rows(self, statement: Statement, values: Mapping[str, Value]) -> Sequence[Row]:
        return self._connection.execute(self._compiled(statement), {**values, "now": self._now}).fetchall()

    def count(self, statement: Statement, values: Mapping[str, Value]) -> int:
        return self._connection.execute(self._compiled(statement), {**values, "now": self._now}).rowcount


class _Open:
    """The connections of this process to one file."""

    def __init__(self, path: Path) -> None:
        self.process = os.getpid()
        self._path = path
        self.engine = create_engine(
            "sqlite://",
            creator=lambda: _connect(path),
            poolclass=QueuePool,
            pool_size=READERS,
            max_overflow=0,
            pool_timeout=PATIENCE,
            pool_reset_on_return=None,
        )
        self.writer = _Writer(_connect(path), path)

    def reader(self) -> Any:
        return _Reading(self.engine)

    def close(self) -> None:
        self.writer.close()
        self.engine.dispose()


class _Reading:
    """A connection that reads, for as long as it is used."""

    __slots__ = ("_engine", "_held")

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> sqlite3.Connection:
        self._held = self._engine.raw_connection()
        connection = self._held.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        return connection

    def __exit__(self, *_: object) -> None:
        self._held.close()


class _Turn:
    """One piece of work in the queue of the writer."""

    __slots__ = ("alone", "called", "done", "durable", "error", "leads", "result", "work")

    def __init__(self, work: Callable[[sqlite3.Connection], Any], *, durable: bool, alone: bool) -> None:
        self.work = work
        self.alone = alone
        self.durable = durable
        self.result: Any = None
        self.error: Exception | None = None
        self.done = False
        self.leads = False
        self.called = threading.Lock()
        self.called.acquire()


class _Writer:
    """The one connection of a process that writes, and the queue before it."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._file = _identity(path)
        self._lock = threading.Lock()
        self._waiting: list[_Turn] = []
        self._led = False
        self._synchronous: str | None = None

    def take_turn(self, turn: _Turn) -> None:
        """Have a piece of work done, by this thread or by one that leads.

        Raises:
            sqlite3.Error, OSError: it could not be done.
            EigendataError: what it refused by.
        """
        with self._lock:
            self._waiting.append(turn)
            turn.leads, self._led = not self._led, True
        if not turn.leads:
            turn.called.acquire()
        if turn.leads:
            self._lead()
        if turn.error is not None:
            raise turn.error

    def close(self) -> None:
        self._connection.close()

    def _lead(self) -> None:
        with self._lock:
            turns = self._waiting[:MAX_TOGETHER]
            del self._waiting[:MAX_TOGETHER]
        try:
            self._run(turns)
        finally:
            with self._lock:
                self._led = bool(self._waiting)
                if self._led:
                    self._waiting[0].leads = True
                    self._waiting[0].called.release()
            for turn in turns:
                if not turn.done:  # somebody pressed Ctrl-C meanwhile
                    turn.error = turn.error or OSError("the work was interrupted")
                turn.called.release()

    def _run(self, turns: Sequence[_Turn]) -> None:
        try:
            self._transact(turns)
        except (sqlite3.Error, OSError) as error:
            if len(turns) > 1:  # one spoils it for the others: each on its own
                for turn in turns:
                    self._run([turn])
                return
            turns[0].error = error
        for turn in turns:
            turn.done = True

    def _transact(self, turns: Sequence[_Turn]) -> None:
        if _identity(self._path) != self._file:  # a new file would have forgotten what was taken
            raise OSError("the file was replaced while it was in use")
        self._sync("FULL" if any(turn.durable for turn in turns) else "NORMAL")
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for turn in turns:
                self._do(turn)
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _do(self, turn: _Turn) -> None:
        turn.error = None
        if turn.alone:
            turn.result = turn.work(self._connection)
            return
        self._connection.execute("SAVEPOINT turn")
        try:
            turn.result = turn.work(self._connection)
        except EigendataError as refused:
            turn.error = refused
            self._connection.execute("ROLLBACK TO turn")
        self._connection.execute("RELEASE turn")

    def _sync(self, synchronous: str) -> None:
        if synchronous != self._synchronous:
            self._connection.execute(f"PRAGMA synchronous={synchronous}")
            self._synchronous = synchronous


def _connect(path: Path) -> sqlite3.Connection:
    # mode=rw: a file that is gone is not made anew, as if nothing had been taken
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode=rw", uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False
    )
    try:
        for statement in _SETTINGS:
            connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


_SETTINGS: Final = (
    "PRAGMA trusted_schema=OFF",
    "PRAGMA secure_delete=ON",  # what is wiped is overwritten
    "PRAGMA temp_store=MEMORY",  # no file beside ours holds anything of it
    "PRAGMA foreign_keys=ON",
)
