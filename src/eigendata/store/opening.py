"""Which database a URL means, and how it is made ready: locked, migrated, and known by its key."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from eigendata.errors import Malformed, Misuse, Rejected, Unavailable
from eigendata.files import faults, make_private
from eigendata.store import statements
from eigendata.store.database import PATIENCE, Database, Row, Run, Value
from eigendata.store.sealing import Seals
from eigendata.store.statements import KEY_MARK

_PAUSE: Final = 0.01


def open_database(url: str, seals: Seals, clock: Callable[[], datetime] | None) -> Database:
    """Open the database at `url`; see `Store.open`."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise Misuse("this is no URL of a database") from None
    match parsed.drivername:
        case "sqlite" if parsed.database and parsed.database != ":memory:" and parsed.host is None:
            database: Database = _sqlite(Path(parsed.database).absolute(), clock)
        case "postgresql" | "postgresql+psycopg":
            database = _postgres(parsed)
        case _:
            raise Misuse("a store is at sqlite:///path or postgresql+psycopg://user:password@host/name")
    try:
        _require_key(database, seals)
    except BaseException:
        database.close()
        raise
    return database


def _sqlite(path: Path, clock: Callable[[], datetime] | None) -> Database:
    from eigendata.store.sqlite import Sqlite, prepare

    with faults("the store", path, "made or used"):
        make_private(path)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            prepare(path)
            return Sqlite(path, clock=clock)
        except sqlite3.OperationalError as error:
            # while another makes the file ready, SQLite may give up at once instead of waiting
            if time.monotonic() > deadline:
                raise Unavailable(f"the store {path} cannot be used now: {error}") from error
            time.sleep(_PAUSE)
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # SQLite quotes a damaged schema as it is
            raise Malformed(f"{path} is no store: {error}") from error


def _postgres(url: URL) -> Database:
    from eigendata.store.postgres import Postgres

    return Postgres(url)


def _require_key(database: Database, seals: Seals) -> None:
    """Know the store by its key. A new one is told it.

    Raises:
        Misuse: it is another's.
    """
    mark: dict[str, Value] = {"mark": KEY_MARK, "told": seals.seal(b"", "mark", KEY_MARK)}

    def work(run: Run) -> Sequence[Row]:
        run.count(statements.MARK, mark)
        return run.rows(statements.MARKED, mark)

    found = database.read(lambda run: run.rows(statements.MARKED, mark)) or database.write(work)
    try:
        seals.open(found[0][0], "mark", KEY_MARK)
    except Rejected:
        raise Misuse("this is not the key of this store") from None
