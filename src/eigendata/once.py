"""One-time values: each is taken once, whoever asks and however many ask at the same time.

    take(kind, value, until) -> one INSERT that a unique key lets succeed once -> nothing, or Rejected

What is kept is a digest, so that a nonce or a code is not to be read from the file. A value is forgotten only when its
`until` is past by the clock *and* lies far before that of a newer value of its kind: so a caller who works at another
moment than now loses nothing, and a single far `until` pushes nothing out.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from itertools import islice
from math import ceil
from pathlib import Path
from typing import Final

from eigendata import files
from eigendata.errors import Check, Malformed, Reason, Rejected, Unavailable
from eigendata.model import utc

TAKEN: Final = Check(
    name="ONCE",
    clause="OpenID4VP 1.0 section 14.1",
    reason=Reason.REPLAY_DETECTED,
    rule="A one-time value was not taken before.",
)

PATIENCE: Final = 5.0
"""Seconds that one take waits for others that write to the same file."""

_PAUSE: Final = 0.01

KEPT_AFTER: Final = timedelta(days=30)
"""How much earlier than a newer value's `until` a value's own must lie before it is forgotten; see above."""

Clock = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


class SqliteOnce:
    """One-time values in a file, shared by any number of threads and processes of one machine.

    The file is SQLite's, with a write-ahead log beside it while it is in use: not for a network drive.
    """

    def __init__(self, path: Path | str, *, clock: Clock = _now) -> None:
        """Use the file at `path`; a new one can be read by its owner alone.

        Raises:
            Misuse: the path names no file that can be made or opened.
            Malformed: the file is there and is something else.
            Unavailable: others hold the file for too long, or the disk is full or fails.
        """
        self._path = Path(path).absolute()
        self._clock = clock
        with _faults(self._path):
            files.make_private(self._path)
        self._open = _Open(self._path)

    def take(self, kind: str, value: str, until: datetime) -> None:
        """Take a value that nobody took before; it is remembered until `until` at least.

        Raises:
            Rejected: it was taken before.
            Unavailable: the file cannot be used now, or is not the one that was opened. The value may count as taken.
            Misuse: `until` is naive.
        """
        until = utc(until)
        if self._open.process != os.getpid():  # a connection does not outlive a fork
            self._open = _Open(self._path)
        taken = self._open.take(kind, _digest(value), ceil(until.timestamp()), _horizon(until, self._clock()))
        if not taken:
            raise Rejected(TAKEN)

    def close(self) -> None:
        """Let go of the file. Nothing can be taken afterwards."""
        self._open.finalizer()


class _Open:
    """The one connection of this process to a state file, used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.process = os.getpid()
        self._path = path
        self._lock = threading.Lock()
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with _faults(path):
                    self._connection, self._file = _connect(path), _identity(path)
                break
            except sqlite3.OperationalError as error:
                # While another makes the file ready, SQLite may give up at once instead of waiting.
                if time.monotonic() > deadline:
                    raise Unavailable(f"the state file {path} cannot be used now: {error}") from error
                time.sleep(_PAUSE)
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # SQLite quotes a damaged schema as it is
                raise Malformed(f"{path} is no state file: {error}") from error
        self.finalizer = weakref.finalize(self, _close, self._connection, self.process)

    def take(self, kind: str, digest: bytes, until: int, horizon: int) -> bool:
        try:
            with self._lock:
                if _identity(self._path) != self._file:  # a new file would have forgotten what was taken
                    raise Unavailable(f"the state file {self._path} was replaced while it was in use")
                taken = self._connection.execute(_TAKE, (kind, digest, until)).rowcount == 1
                self._connection.execute(_FORGET, (kind, horizon))
        except (sqlite3.Error, OSError) as error:
            raise Unavailable(f"the state file {self._path} cannot be used now: {error}") from error
        return taken


def _faults(path: Path) -> AbstractContextManager[None]:
    return files.faults("the state file", path, "made or used")


def _connect(path: Path) -> sqlite3.Connection:
    # mode=rw: a file that is gone is not made anew, as if nothing had been taken.
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode=rw", uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False
    )
    try:
        # Before anything is written: another's file is left as it is, and what has no key, or a trigger, forgets.
        if not set(connection.execute("SELECT sql FROM sqlite_master")) <= {(_TABLE,), (_INDEX,)}:
            raise sqlite3.DatabaseError("it holds something else")
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", _TABLE, _INDEX):
            connection.execute(_CREATE.sub(r"\g<0> IF NOT EXISTS", statement))
    except BaseException:
        connection.close()
        raise
    return connection


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def _close(connection: sqlite3.Connection, process: int) -> None:
    if process == os.getpid():  # closed in a child, it would end the parent's write-ahead log
        connection.close()


class MemoryOnce:
    """One-time values in this process alone; they are gone when it ends."""

    def __init__(self, *, clock: Clock = _now) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: dict[str, dict[bytes, int]] = {}

    def take(self, kind: str, value: str, until: datetime) -> None:
        """Take a value that nobody took before; it is remembered until `until` at least.

        Raises:
            Rejected: it was taken before.
            Misuse: `until` is naive.
        """
        until = utc(until)
        horizon = _horizon(until, self._clock())
        digest = _digest(value)
        with self._lock:
            of_kind = self._taken.setdefault(kind, {})
            if digest in of_kind:
                raise Rejected(TAKEN)
            of_kind[digest] = ceil(until.timestamp())
            for old in [one for one in islice(of_kind, _SWEEP) if of_kind[one] < horizon]:
                del of_kind[old]


_SWEEP: Final = 16
"""Old values looked at by one take in memory, so that its cost does not grow with what is kept."""

_TABLE: Final = """CREATE TABLE once (
    kind TEXT NOT NULL, digest BLOB NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (kind, digest)
) WITHOUT ROWID"""
_INDEX: Final = "CREATE INDEX once_until ON once (kind, until)"
_CREATE: Final = re.compile("CREATE (TABLE|INDEX)")
_TAKE: Final = "INSERT INTO once (kind, digest, until) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_FORGET: Final = "DELETE FROM once WHERE kind = ? AND until < ?"


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()


def _horizon(until: datetime, now: datetime) -> int:
    return int(min(utc(now), until - KEPT_AFTER).timestamp())
