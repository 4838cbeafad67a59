"""One-time values: each is taken once, whoever asks and however many ask at the same time.

    take(kind, value, until) -> one INSERT that a unique key lets succeed once -> nothing, or Rejected

What is kept is a digest, so that a nonce or a code is not to be read from the file. A value is forgotten only when its
`until` is past by the clock *and* lies far before that of a newer value of its kind: so a caller who works at another
moment than now loses nothing, and a single far `until` pushes nothing out.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice
from math import ceil
from pathlib import Path
from typing import Final

from eigendata.errors import Check, Malformed, Misuse, Reason, Rejected, Unavailable
from eigendata.model import utc

TAKEN: Final = Check(
    name="ONCE",
    clause="OpenID4VP 1.0 section 14.1",
    reason=Reason.REPLAY_DETECTED,
    rule="A one-time value was not taken before.",
)

PATIENCE: Final = 5.0
"""Seconds that one take waits for others that write to the same file."""

KEPT_AFTER: Final = timedelta(days=30)
"""How much earlier than a newer value's `until` a value's own must lie before it is forgotten; see above."""

Clock = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


class SqliteOnce:
    """One-time values in a file, shared by any number of threads and processes of one machine."""

    def __init__(self, path: Path | str, *, clock: Clock = _now) -> None:
        """Use the file at `path`; a new one can be read by its owner alone.

        Raises:
            Misuse: the file cannot be made or opened.
            Malformed: the file is there and is something else.
            Unavailable: others hold the file for too long.
        """
        self._path = Path(path)
        self._clock = clock
        try:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise Misuse(f"the state file {self._path} cannot be used: {error.strerror}") from error
        try:
            with closing(self._connect()) as connection:
                connection.execute(_TABLE)
                connection.execute(_INDEX)
        except sqlite3.OperationalError as error:
            raise Unavailable(f"the state file {self._path} cannot be used now: {error}") from error
        except sqlite3.DatabaseError as error:
            raise Malformed(f"{self._path} is no state file: {error}") from error

    def take(self, kind: str, value: str, until: datetime) -> None:
        """Take a value that nobody took before; it is remembered until `until` at least.

        Raises:
            Rejected: it was taken before.
            Unavailable: the file cannot be used now. The value may count as taken.
            Misuse: `until` is naive.
        """
        until = utc(until)
        try:
            with closing(self._connect()) as connection:
                taken = connection.execute(_TAKE, (kind, _digest(value), ceil(until.timestamp()))).rowcount == 1
                connection.execute(_FORGET, (kind, _horizon(until, self._clock())))
        except sqlite3.Error as error:
            raise Unavailable(f"the state file {self._path} cannot be used now: {error}") from error
        if not taken:
            raise Rejected(TAKEN)

    def _connect(self) -> sqlite3.Connection:
        # One connection for each take: nothing is shared between threads, and nothing survives a fork.
        connection = sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        return connection


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

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS once (
    kind TEXT NOT NULL, digest BLOB NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (kind, digest)
) WITHOUT ROWID
"""
_INDEX: Final = "CREATE INDEX IF NOT EXISTS once_until ON once (kind, until)"
_TAKE: Final = "INSERT INTO once (kind, digest, until) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_FORGET: Final = "DELETE FROM once WHERE kind = ? AND until < ?"


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()


def _horizon(until: datetime, now: datetime) -> int:
    return int(min(utc(now), until - KEPT_AFTER).timestamp())
