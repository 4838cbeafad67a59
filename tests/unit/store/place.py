"""Where a test keeps a store: a file or a database of its own, whose time it can let pass."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from eigendata.store import Conclusion, Device, Lease, Limits, Offered, State, Store, StoredCheck
from eigendata.store.tables import METADATA

KEY = bytes(range(32))
DESK = "woonstichting"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SOON = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A database.

    Attributes:
        direct: the file, or what libpq connects by.
    """

    url: str
    direct: Path | str
    opened: list[Store] = field(default_factory=list)

    def open(self, **named: Any) -> Store:
        """Open the store, until the end of the test."""
        store = Store.open(self.url, **{"key": KEY, **named})
        self.opened.append(store)
        return store

    def close(self) -> None:
        """Close every store that was opened."""
        for store in self.opened:
            store.close()

    def run(self, statement: str, values: Mapping[str, Any] | None = None) -> Sequence[Any]:
        """Run a statement past the store, as who holds the database would. Parameters are `:name`."""
        if isinstance(self.direct, Path):
            with closing(sqlite3.connect(self.direct, isolation_level=None)) as file:
                return file.execute(statement, values or {}).fetchall()
        for name in values or {}:
            statement = statement.replace(f":{name}", f"%({name})s")
        with psycopg.connect(self.direct, autocommit=True) as server:
            done = server.execute(statement.encode(), values)
            return done.fetchall() if done.description else ()

    def later(self, passed: timedelta) -> None:
        """Let time pass: all that the store noted is so much longer ago."""
        for table in METADATA.sorted_tables:
            for column in table.columns:
                if column.name.endswith(("_at", "until")):
                    self.run(f"UPDATE {table.name} SET {column.name} = {column.name} - {passed // _TICK}")


_TICK = timedelta(milliseconds=1)


def begun(store: Store, *roles: str, desk: str = DESK) -> StoredCheck:
    """Begin a check."""
    return store.begin(desk, roles=roles or ("aanvrager",), content=b"asked", open_for=HOUR)


def offered(store: Store, check: StoredCheck, state: str, *, role: str = "aanvrager", **named: Any) -> Offered:
    """Make a request across devices, found by this state; its nonce is told by it."""
    told = {"device": Device.CROSS, "content": f"request {state}".encode(), "nonce": f"nonce {state}", **named}
    return store.offer(check.id, role, desk=check.desk, state=state, **told)


def same(store: Store, check: StoredCheck, state: str, *, session: str = "session", **named: Any) -> Offered:
    """Make a request for the same device."""
    return offered(store, check, state, device=Device.SAME, session=session, **named)


def answered(store: Store, lease: Lease, *, keep: timedelta = DAY, **named: Any) -> str | None:
    """Conclude that a party answered."""
    conclusion = Conclusion(state=State.ANSWERED, record=b"record", disclosed=b"disclosed", keep=keep)
    return store.conclude(lease, conclusion, **named)


def key() -> bytes:
    """Give a key that is none of the others."""
    return os.urandom(32)


BRIEF = Limits(lease=timedelta(milliseconds=300))
"""Leases that run out while a test waits."""
