"""What the store asks of a database: to run a piece of work, all of it or nothing, and to say when that cannot be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy.engine.interfaces import Dialect

from eigendata.store.statements import Statement

T = TypeVar("T")

Row = Sequence[Any]
Value = str | bytes | int | None

PATIENCE: Final = 5.0
"""Seconds that a piece of work waits for others, for a connection, and for a database that starts again."""


class Run(Protocol):
    """What a piece of work runs its statements by."""

    def rows(self, statement: Statement, values: Mapping[str, Value]) -> Sequence[Row]:
        """Run a statement and give its rows."""

    def count(self, statement: Statement, values: Mapping[str, Value]) -> int:
        """Run a statement and give how many rows it changed."""


class Database(Protocol):
    """A database that holds a store."""

    def read(self, work: Callable[[Run], T]) -> T:
        """Run one statement that changes nothing.

        Raises:
            Unavailable: the database cannot be used now.
        """

    def write(self, work: Callable[[Run], T], *, durable: bool = True, alone: bool = False, again: bool = True) -> T:
        """Run a piece of work in one transaction. It may be run again: it tells then what it would have told.

        Of what it refuses by one of our errors nothing stays.

        Args:
            durable: it outlives a power cut once this returns; else a kill of the program only.
            alone: it is one statement.
            again: it can be run again after it may have been done.

        Raises:
            Misuse: an id, state or key that is new was there before.
            Unavailable: the database cannot be used now; the work may have been done.
        """

    def clock(self) -> datetime | None:
        """Give the time by the database's own clock; None where it has none."""

    def tidy(self) -> None:
        """Take what was wiped out of what lies beside the database, where that is due."""

    def close(self) -> None:
        """Let go of the database."""


class Compiled:
    """Statements as a dialect spells them, each made once."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._known: dict[Statement, str] = {}

    def __call__(self, statement: Statement) -> str:
        found = self._known.get(statement)
        if found is None:
            found = self._known[statement] = str(statement.compile(dialect=self._dialect))
        return found
