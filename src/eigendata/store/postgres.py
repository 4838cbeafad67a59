"""A store in PostgreSQL, for any number of processes on any number of machines. Times are by its clock.

What failed because of others (a deadlock, a serialization failure) or because the server went away is tried again, for
as long as `PATIENCE`: each piece of work finds out for itself whether it was done. So a server that starts again or
another that takes over is a wait, or `Unavailable`; never a second acceptance.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Any, Final, LiteralString, TypeVar

import psycopg
from psycopg import errors
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolEmpty
from sqlalchemy.pool import NullPool, PoolProxiedConnection, QueuePool

from eigendata.errors import Malformed, Misuse, Unavailable
from eigendata.store import statements
from eigendata.store.database import PATIENCE, Compiled, Row, Run, Value
from eigendata.store.migrating import is_newest, migrate
from eigendata.store.part import moment
from eigendata.store.statements import Statement

T = TypeVar("T")

CONNECTIONS: Final = 10
"""Connections of a process, at most; who finds none free waits for `PATIENCE`."""

_LOCK: Final = 0x65696765_6E646174
"""What those who migrate at the same time wait for: `eigendat`."""

_FIRST_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 0.5
_COLLISIONS: Final = 3
"""Times that a new id is found to be there, before it is believed: a first try may be about to be undone."""

_LEFT: Final[list[object]] = []
"""What a fork took along: closed here, it would end the parent's connections."""


class Postgres:
    """The database on a server."""

    def __init__(self, url: URL) -> None:
        """Connect, and bring the database to today's layout.

        Raises:
            Misuse: its layout is newer than this program.
            Malformed: others have tables of our names in it.
            Unavailable: the server cannot be used now.
        """
        self._url = url.set(drivername="postgresql+psycopg")
        self._where = f"the store at {url.host or 'this machine'}/{url.database}"
        self._process = os.getpid()
        self._engine = _engine(self._url)
        self._compiled = Compiled(self._engine.dialect)
        try:
            self._tried(self._migrate, again=True)
        except BaseException:
            self.close()
            raise

    def read(self, work: Callable[[Run], T]) -> T:
        return self.write(work, alone=True)

    def write(self, work: Callable[[Run], T], *, durable: bool = True, alone: bool = False, again: bool = True) -> T:
        def tried(held: psycopg.Connection[Any]) -> T:
            run = _Run(held, self._compiled)
            if alone:
                return work(run)
            held.execute("BEGIN")
            result = work(run)
            held.execute("COMMIT")
            return result

        return self._tried(lambda held: tried(_driver(held)), again=again)

    def clock(self) -> datetime | None:
        ((now,),) = self.read(lambda run: run.rows(statements.CLOCK, {}))
        return moment(now)

    def tidy(self) -> None:
        """There is nothing beside the database."""

    def close(self) -> None:
        if self._process == os.getpid():
            self._engine.dispose()

    def _tried(self, work: Callable[[PoolProxiedConnection], T], *, again: bool) -> T:
        """Do it, and again where that may help.

        Raises:
            Misuse: what is new was there before.
            Unavailable: it did not help.
        """
        deadline = time.monotonic() + PATIENCE
        pause, collisions = _FIRST_PAUSE, 0
        while True:
            try:
                held = self._connection()
            except (psycopg.Error, DBAPIError, PoolEmpty) as error:
                failed: Exception = error
            else:
                try:
                    return self._done(work, held)
                except errors.UniqueViolation as error:
                    failed = error
                    collisions += 1
                    if collisions == _COLLISIONS:
                        raise Misuse("a state, key or id that has to be new was used before") from error
                except psycopg.Error as error:
                    failed = error
                    if not again:
                        break
            if not _passes(failed) or time.monotonic() + pause > deadline:
                break
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        raise Unavailable(f"{self._where} cannot be used now: {_said(failed)}") from failed

    def _done(self, work: Callable[[PoolProxiedConnection], T], held: PoolProxiedConnection) -> T:
        """Do it on a connection, and leave none behind that is lost or amid something."""
        driver = _driver(held)
        try:
            return work(held)
        finally:
            if driver.broken or driver.closed:
                held.invalidate()
                self._engine.dispose()  # the others are lost as well, most likely
            elif driver.info.transaction_status is not psycopg.pq.TransactionStatus.IDLE:
                _roll_back(held, driver)
            held.close()

    def _connection(self) -> PoolProxiedConnection:
        if self._process != os.getpid():  # a connection does not outlive a fork
            _LEFT.append(self._engine)
            self._engine, self._process = _engine(self._url), os.getpid()
        return self._engine.raw_connection()

    def _migrate(self, _: PoolProxiedConnection) -> None:
        engine = create_engine(self._url, isolation_level="READ COMMITTED", poolclass=NullPool)
        try:
            with engine.connect() as connection:
                if is_newest(connection):
                    return
            with engine.begin() as connection:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
                migrate(connection, where=self._where)
        except DBAPIError as error:
            if isinstance(error.orig, errors.DuplicateTable):
                raise Malformed(f"{self._where} is no store: it holds something else") from error
            raise error.orig or error from error


class _Run:
    __slots__ = ("_compiled", "_held")

    def __init__(self, held: psycopg.Connection[Any], compiled: Compiled) -> None:
        self._held = held
        self._compiled = compiled

    def rows(self, statement: Statement, values: Mapping[str, Value]) -> Sequence[Row]:
        return self._held.execute(self._compiled(statement), values, binary=True).fetchall()

    def count(self, statement: Statement, values: Mapping[str, Value]) -> int:
        return self._held.execute(self._compiled(statement), values, binary=True).rowcount


def _engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",  # a piece of work says itself where it begins and ends
        poolclass=QueuePool,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_timeout=PATIENCE,
        pool_reset_on_return=None,
        connect_args={"connect_timeout": ceil(PATIENCE), **url.query},
    )
    event.listen(engine, "connect", _settle)
    return engine


def _settle(held: psycopg.Connection[Any], _: object) -> None:
    for setting in _SETTINGS:
        held.execute(setting)
    held.commit()


_SETTINGS: Final[tuple[LiteralString, ...]] = (
    f"SET statement_timeout = {ceil(PATIENCE * 1000)}",
    f"SET lock_timeout = {ceil(PATIENCE * 1000)}",
    f"SET idle_in_transaction_session_timeout = {ceil(PATIENCE * 2000)}",  # who hangs holds nobody up for long
)


def _driver(held: PoolProxiedConnection) -> psycopg.Connection[Any]:
    driver = held.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def _roll_back(held: PoolProxiedConnection, driver: psycopg.Connection[Any]) -> None:
    try:
        driver.execute("ROLLBACK")
    except psycopg.Error:
        held.invalidate()


def _passes(error: Exception) -> bool:
    """Tell whether it may pass: the server went away, others were in the way, or it is a standby for now."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, errors.DiskFull | errors.InsufficientResources):
        return False
    return isinstance(
        cause,
        psycopg.OperationalError | psycopg.InterfaceError | errors.ReadOnlySqlTransaction | errors.UniqueViolation,
    )


def _said(error: Exception) -> str:
    """Give what went wrong, without a value: the server's own words for its state, never its details."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, psycopg.Error):
        return cause.diag.message_primary or type(cause).__name__
    return "every connection is in use" if isinstance(cause, PoolEmpty) else type(cause).__name__
