"""A store as it is opened: made, migrated, known by its key, and refused where it is something else."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, create_engine

import eigendata.store
from eigendata.errors import Malformed, Misuse, Unavailable
from eigendata.store import Store
from eigendata.store.migrating import HEAD
from eigendata.store.tables import METADATA, VERSION_TABLE
from tests.unit.store.place import DESK, KEY, Place, answered, begun, key, offered

MIGRATIONS = Path(eigendata.store.__path__[0]) / "migrations"


def test_the_newest_layout_is_the_last_revision_and_each_follows_another() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert scripts.get_heads() == [HEAD]
    assert [one.revision for one in scripts.walk_revisions()] == [f"{n:04}" for n in range(int(HEAD), 0, -1)]


def test_the_revisions_make_the_tables_that_the_statements_are_written_for(place: Place) -> None:
    place.open()
    engine = create_engine(place.url)
    made = MetaData()
    made.reflect(engine)
    engine.dispose()
    assert made.tables.keys() == METADATA.tables.keys() | {VERSION_TABLE}
    for name, table in METADATA.tables.items():
        ours, theirs = made.tables[name], table
        told = [
            {(one.name, one.type.compile(engine.dialect), one.nullable, one.primary_key) for one in each.columns}
            for each in (ours, theirs)
        ]
        assert told[0] == told[1]
        indices = [
            {(one.name, bool(one.unique), tuple(column.name for column in one.columns)) for one in each.indexes}
            for each in (ours, theirs)
        ]
        assert indices[0] == indices[1]
        keys = [
            {(one.column_keys[0], one.referred_table.name, one.ondelete) for one in each.foreign_key_constraints}
            for each in (ours, theirs)
        ]
        assert keys[0] == keys[1]


def test_a_store_of_each_revision_opens_today(file: Place) -> None:
    """What was made by an older program opens for ever: each revision is made, and then opened as it was left."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    scripts = ScriptDirectory(str(MIGRATIONS))
    for one in scripts.walk_revisions():
        assert isinstance(file.direct, Path)
        path = file.direct.with_name(f"{one.revision}.db")
        engine = create_engine(f"sqlite:///{path}")
        with engine.begin() as connection:
            context = MigrationContext.configure(
                connection,
                opts={
                    "version_table": VERSION_TABLE,
                    "fn": lambda at, _, to=one.revision: scripts._upgrade_revs(to, at),
                },
            )
            with Operations.context(context):
                context.run_migrations()
        engine.dispose()
        older = Place(url=f"sqlite:///{path}", direct=path)
        older.run("INSERT INTO eigendata_checks VALUES ('old', 'desk', x'00', 1, 2, 9999999999999)")
        store = older.open()
        assert older.run(f"SELECT version_num FROM {VERSION_TABLE}") == [(HEAD,)]
        assert older.run("SELECT id FROM eigendata_checks") == [("old",)]
        offered(store, begun(store), "a")
        answered(store, store.take(state="a"))
        store.close()


def test_a_store_opens_again_with_what_it_held(place: Place) -> None:
    store = place.open()
    check = begun(store)
    offered(store, check, "a")
    store.close()
    again = place.open()
    answered(again, again.take(state="a"))
    assert again.look(check.id, desk=DESK).parties[0].record == b"record"


def test_a_store_of_a_newer_layout_is_refused_and_left_as_it_is(place: Place) -> None:
    place.open().close()
    place.run(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(Misuse, match="9999, which is newer"):
        place.open()
    assert place.run(f"SELECT version_num FROM {VERSION_TABLE}") == [("9999",)]


def test_another_key_opens_nothing(place: Place) -> None:
    place.open().close()
    with pytest.raises(Misuse, match="not the key of this store"):
        place.open(key=key())
    place.open()


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_has_its_size(file: Place, size: int) -> None:
    with pytest.raises(Misuse, match="32"):
        file.open(key=bytes(size))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite://host/path",
        "mysql://host/name",
        "postgresql+asyncpg://host/name",
        "no url at all",
        "/some/path",
    ],
)
def test_a_url_of_no_known_database_is_refused(url: str) -> None:
    with pytest.raises(Misuse):
        Store.open(url, key=KEY)


def _open(url: str) -> str:
    store = Store.open(url, key=KEY)
    begun(store)
    store.close()
    return "opened"


def test_any_number_of_processes_open_a_new_store_at_the_same_time(place: Place) -> None:
    with get_context("spawn").Pool(3) as pool:
        assert pool.map(_open, [place.url] * 6, chunksize=1) == ["opened"] * 6
    assert len(place.open().list(DESK).checks) == 6


def test_a_new_file_and_what_lies_beside_it_are_its_owners_alone(file: Place) -> None:
    before = os.umask(0)
    try:
        begun(file.open())
    finally:
        os.umask(before)
    assert isinstance(file.direct, Path)
    beside = sorted(file.direct.parent.iterdir())
    assert [one.name for one in beside] == ["store.db", "store.db-shm", "store.db-wal"]
    assert {stat.S_IMODE(one.stat().st_mode) for one in beside} == {0o600}


def test_a_relative_path_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Store.open("sqlite:///store.db", key=KEY).close()
    assert (tmp_path / "store.db").exists()


@pytest.mark.parametrize(
    "made",
    [
        "CREATE TABLE notes (text TEXT)",
        "CREATE TABLE eigendata_checks (id TEXT)",
        "CREATE TRIGGER forget AFTER INSERT ON eigendata_requests BEGIN DELETE FROM eigendata_parties; END",
        "CREATE VIEW eigendata_view AS SELECT 1",
    ],
    ids=["table", "ours", "trigger", "view"],
)
def test_a_file_that_holds_something_else_is_refused_and_left_as_it_is(file: Place, made: str) -> None:
    assert isinstance(file.direct, Path)
    if "TRIGGER" in made:
        file.open().close()
    with closing(sqlite3.connect(file.direct)) as connection:
        connection.execute(made)
    before = file.direct.read_bytes()
    with pytest.raises(Malformed, match="no store"):
        file.open()
    assert file.direct.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(file: Place) -> None:
    assert isinstance(file.direct, Path)
    for content in (b"x", b"eigendata vault\x01" + bytes(5000), b"SQLite format 3\0" + b"\xff" * 5000):
        file.direct.write_bytes(content)
        with pytest.raises(Malformed, match="no store"):
            file.open()
        assert file.direct.read_bytes() == content


def test_no_path_that_leads_nowhere_is_opened(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for path in ("nowhere/store.db", "folder"):
        with pytest.raises(Misuse):
            Store.open(f"sqlite:///{tmp_path / path}", key=KEY)


def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from eigendata.store import postgres

    monkeypatch.setattr(postgres, "PATIENCE", 0.1)
    with pytest.raises(Unavailable, match="cannot be used now") as refused:
        Store.open(f"postgresql+psycopg://user:secret@/name?host={tmp_path}", key=KEY)
    assert "secret" not in str(refused.value)


PROGRAM = """
import sys
from importlib.abc import MetaPathFinder

class Missing(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Missing())
from eigendata.errors import Misuse
from eigendata.store import Store
try:
    Store.open({url!r}, key=bytes(32))
except Misuse as refused:
    print(refused)
"""


@pytest.mark.parametrize(
    ("missing", "url", "extra"),
    [
        (("sqlalchemy",), "sqlite:///store.db", "eigendata[server]"),
        (("alembic",), "sqlite:///store.db", "eigendata[server]"),
        (("psycopg",), "postgresql+psycopg://host/name", "eigendata[postgres]"),
    ],
    ids=["sqlalchemy", "alembic", "psycopg"],
)
def test_without_its_libraries_a_store_says_what_to_install(
    tmp_path: Path, missing: tuple[str, ...], url: str, extra: str
) -> None:
    program = PROGRAM.format(missing=missing, url=url)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert extra in done.stdout


def test_nothing_that_a_wallet_needs_loads_the_libraries_of_the_store() -> None:
    program = "import sys; from eigendata import Issuer, Wallet, Verifier; import eigendata.store; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {name.split(".")[0] for name in done.stdout.split()} & {"sqlalchemy", "alembic", "psycopg"}


def test_a_store_that_is_up_to_date_opens_without_alembic(file: Place) -> None:
    file.open().close()
    program = f"""
import sys; from eigendata.store import Store; Store.open({file.url!r}, key=bytes(range(32))); print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "alembic" not in {name.split(".")[0] for name in done.stdout.split()}
