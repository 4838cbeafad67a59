"""How a database of any older layout becomes one of today's, when a store is opened. Newer ones are refused.

Each layout is a revision of alembic, in `migrations/versions`; they are never changed once released. A database that is
up to date is seen to be so by one question, and alembic is not even loaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from eigendata.errors import Malformed, Misuse
from eigendata.store.tables import VERSION_TABLE

HEAD: Final = "0001"
"""The newest layout."""

_PLACE: Final = Path(__file__).parent / "migrations"


def migrate(connection: Connection, *, where: str) -> bool:
    """Bring a database to today's layout, within the transaction that the caller holds a lock by.

    Args:
        where: how messages name the database.

    Returns:
        Whether there was none.

    Raises:
        Misuse: its layout is newer than this program.
        Malformed: it holds something else.
    """
    layout = revision(connection)
    if layout == HEAD:
        return False
    if layout is None and connection.dialect.name == "sqlite" and inspect(connection).get_table_names():
        raise Malformed(f"{where} is no store: it holds something else")
    from alembic.migration import MigrationContext  # late: a store that is up to date opens without it
    from alembic.operations import Operations
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(_PLACE))
    known = {one.revision for one in scripts.walk_revisions()}
    if layout is not None and layout not in known:
        raise Misuse(f"{where} has the layout {layout}, which is newer than this program: it knows {HEAD}")
    context = MigrationContext.configure(
        connection,
        opts={
            "version_table": VERSION_TABLE,
            "fn": lambda current, _: scripts._upgrade_revs(HEAD, current),
        },
    )
    with Operations.context(context):
        context.run_migrations()
    return layout is None


def is_newest(connection: Connection) -> bool:
    """Tell whether there is nothing to do."""
    return revision(connection) == HEAD


def revision(connection: Connection) -> str | None:
    """Give the layout of a database; None where it has none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalars().all()  # noqa: S608
    return str(found[0]) if found else None
