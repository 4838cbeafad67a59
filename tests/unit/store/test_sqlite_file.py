"""A store in a file that somebody or something does harm to."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from eigendata.errors import Malformed, Misuse, Rejected, Unavailable
from eigendata.store import KNOWN, State, Store, opening, sqlite
from tests.negatives import negative
from tests.unit.store.place import DESK, KEY, Place, answered, begun, offered


@pytest.fixture
def path(file: Place) -> Path:
    assert isinstance(file.direct, Path)
    return file.direct


def test_a_file_that_was_replaced_or_is_gone_takes_nothing(file: Place, path: Path) -> None:
    store = file.open()
    offered(store, begun(store), "a")
    copy = path.with_name("copy.db")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    path.rename(path.with_name("moved.db"))
    with pytest.raises(Unavailable, match="cannot be used now"):
        store.take(state="a")
    copy.rename(path)
    with pytest.raises(Unavailable, match="replaced"):
        store.take(state="a")
    with pytest.raises(Unavailable):
        store.ready()


def test_a_disk_that_is_full_loses_nothing_that_was_told_and_accepts_again_when_there_is_room(file: Place) -> None:
    store = file.open()
    check = begun(store)
    offered(store, check, "a")
    lease = store.take(state="a")
    writer = store._database._here().writer._connection  # type: ignore[attr-defined]
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count={pages}")

    def fill() -> None:
        for _ in range(200):
            begun(store)

    with pytest.raises(Unavailable, match="full"):
        fill()
    store.ready()  # what takes no room is still done
    writer.execute("PRAGMA max_page_count=1000000")
    begun(store)
    answered(store, lease)
    assert store.look(check.id, desk=DESK).parties[0].state is State.ANSWERED


def test_what_one_transaction_cannot_hold_is_tried_each_on_its_own(
    file: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = file.open()
    writer = store._database._here().writer  # type: ignore[attr-defined]
    sizes = []
    transact = writer._transact

    def failing(turns: list[object]) -> None:
        sizes.append(len(turns))
        if len(turns) > 1:
            raise sqlite3.OperationalError("database or disk is full")
        transact(turns)

    monkeypatch.setattr(writer, "_transact", failing)
    writer._lock.acquire()  # all come to wait before the first one leads
    threads = [threading.Thread(target=begun, args=(store,)) for _ in range(6)]
    for one in threads:
        one.start()
    time.sleep(0.2)
    writer._lock.release()
    for one in threads:
        one.join()
    assert len(store.list(DESK).checks) == 6
    assert max(sizes) > 1


def test_a_file_that_may_only_be_read_is_a_mistake_of_the_caller_or_unavailable(file: Place, path: Path) -> None:
    store = file.open()
    offered(store, begun(store), "a")
    writer = store._database._here().writer._connection  # type: ignore[attr-defined]
    writer.execute("PRAGMA query_only=ON")  # as root, no mode of a file forbids anything
    for ask in (store.ready, lambda: store.take(state="a"), lambda: begun(store)):
        with pytest.raises(Unavailable, match="readonly"):
            ask()


def test_who_waits_too_long_for_others_is_told_so(file: Place, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "PATIENCE", 0.05)
    monkeypatch.setattr(opening, "PATIENCE", 0.05)
    store = file.open()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="locked"):
            begun(store)
        other.execute("ROLLBACK")
    begun(store)
    new = path.with_name("new.db")
    with closing(sqlite3.connect(new, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Unavailable, match="locked"):
            Store.open(f"sqlite:///{new}", key=KEY)


def test_a_damaged_file_gives_nothing_but_our_own_errors(file: Place, path: Path) -> None:
    store = file.open()
    for n in range(5):
        check = begun(store)
        offered(store, check, f"{n}")
        answered(store, store.take(state=f"{n}"))
    store.close()
    whole = path.read_bytes()
    step = 4096
    for at in range(0, len(whole), step):
        for damaged in (whole[:at], whole[:at] + b"\xff" * step + whole[at + step :]):
            path.write_bytes(damaged)
            for beside in ("-wal", "-shm"):
                path.with_name(path.name + beside).unlink(missing_ok=True)
            try:
                again = file.open()
            except (Malformed, Misuse, Unavailable, Rejected):
                continue
            for ask in (
                lambda again=again: again.look(check.id, desk=DESK),
                lambda again=again: again.list(DESK),
                lambda again=again: again.take(state="4"),
                again.purge,
                again.ready,
            ):
                try:
                    found = ask()
                except (Unavailable, Rejected):
                    continue
                assert not hasattr(found, "token")  # what was answered is never taken again
            again.close()


@negative("NEG-CONC-001")
def test_what_a_kill_left_beside_the_file_is_read_and_what_another_left_is_not(file: Place, path: Path) -> None:
    store = file.open()
    check = begun(store)
    offered(store, check, "a")
    answered(store, store.take(state="a"))
    log = path.with_name(path.name + "-wal")
    assert log.stat().st_size > 0
    killed = path.with_name("killed.db")
    killed.write_bytes(path.read_bytes())
    killed.with_name("killed.db-wal").write_bytes(log.read_bytes())
    again = Store.open(f"sqlite:///{killed}", key=KEY)
    assert again.look(check.id, desk=DESK).parties[0].state is State.ANSWERED
    with pytest.raises(Rejected):
        again.take(state="a")
    again.close()
    cut = path.with_name("cut.db")
    cut.write_bytes(path.read_bytes())
    cut.with_name("cut.db-wal").write_bytes(log.read_bytes()[:-2000])
    again = Store.open(f"sqlite:///{cut}", key=KEY)  # what was not whole was told to nobody
    with pytest.raises(Rejected) as refused:
        again.look("unknown", desk=DESK)
    assert refused.value.check is KNOWN
    again.close()


def test_what_was_wiped_is_in_no_file(file: Place, path: Path) -> None:
    store = file.open()
    check = begun(store)
    offered(store, check, "a")
    answered(store, store.take(state="a"))
    ((sealed,),) = file.run("SELECT disclosed FROM eigendata_outcomes")
    assert any(sealed in one.read_bytes() for one in path.parent.iterdir())
    store.remove(check.id, desk=DESK)
    store.purge()
    assert not any(sealed in one.read_bytes() for one in path.parent.iterdir())


def test_nothing_that_opens_anything_lies_in_the_file(file: Place, path: Path) -> None:
    store = file.open()
    check = begun(store)
    made = offered(store, check, "the state", kid="the kid", nonce="the nonce", content=b"the private key")
    key = store.keys.add(DESK, name="back office")
    store.webhooks.add(DESK, "https://desk.example/", secret=b"the webhook's secret")
    answered(store, store.take(state="the state"))
    held = b"".join(one.read_bytes() for one in path.parent.iterdir())
    secrets = [made.id, check.parties[0].page, str(key.secret), "the state", "the kid", "the nonce", "the private key"]
    for one in (*secrets, "the webhook's secret", "disclosed\0", "record\0", "asked"):
        assert one.encode() not in held


def test_a_fork_uses_the_store_and_leaves_its_parents_connections_alone(file: Place, path: Path) -> None:
    store = file.open()
    offered(store, begun(store), "a")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            store.take(state="a")
            store.close()
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert path.with_name(path.name + "-wal").exists()
    with pytest.raises(Rejected):
        store.take(state="a")
    begun(store)


def test_who_is_interrupted_lets_the_others_go_on(file: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    store = file.open()
    writer = store._database._here().writer  # type: ignore[attr-defined]
    began = threading.Event()
    go = threading.Event()
    transact = writer._transact

    def interrupted(turns: list[object]) -> None:
        began.set()
        go.wait()
        monkeypatch.setattr(writer, "_transact", transact)
        raise KeyboardInterrupt

    monkeypatch.setattr(writer, "_transact", interrupted)
    became: list[object] = []

    def first() -> None:
        try:
            store.ready()
        except KeyboardInterrupt:
            became.append("interrupted")

    threads = [threading.Thread(target=first)]
    threads[0].start()
    began.wait()
    threads.append(threading.Thread(target=lambda: became.append(begun(store).desk)))
    threads[1].start()
    time.sleep(0.1)
    go.set()
    for one in threads:
        one.join()
    assert sorted(map(str, became)) == ["interrupted", DESK]


def test_a_work_that_was_beside_the_one_that_was_interrupted_is_unavailable(file: Place) -> None:
    store = file.open()
    writer = store._database._here().writer  # type: ignore[attr-defined]

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    turns = [sqlite._Turn(interrupt, durable=False, alone=True) for _ in range(2)]
    writer._waiting = [turns[1]]
    turns[0].leads = writer._led = True
    writer._waiting.insert(0, turns[0])
    with pytest.raises(KeyboardInterrupt):
        writer._lead()
    assert [type(one.error) for one in turns] == [OSError, OSError]
    begun(store)


def test_a_process_that_was_forked_opens_the_file_for_itself(file: Place) -> None:
    store = file.open()
    database = store._database
    before = database._open  # type: ignore[attr-defined]
    before.process = -1  # as a fork finds it
    offered(store, begun(store), "a")
    assert database._open is not before  # type: ignore[attr-defined]
    assert before in sqlite._LEFT
    database._open.process, mine = -1, database._open  # type: ignore[attr-defined]
    store.close()  # leaves open what is another's
    mine.process = os.getpid()
    store.take(state="a")
    before.close()


def test_what_cannot_be_tidied_is_unavailable(file: Place, path: Path) -> None:
    store = file.open()
    database = store._database
    path.rename(path.with_name("moved.db"))
    with pytest.raises(Unavailable):
        database.tidy()


def test_a_transaction_that_sqlite_took_back_itself_is_not_taken_back_again(file: Place) -> None:
    store = file.open()
    writer = store._database._here().writer  # type: ignore[attr-defined]

    def failing(connection: sqlite3.Connection) -> None:
        connection.execute("ROLLBACK")  # as it does by itself where the disk fails
        raise sqlite3.OperationalError("disk I/O error")

    with pytest.raises(sqlite3.OperationalError, match="disk"):
        writer.take_turn(sqlite._Turn(failing, durable=True, alone=True))
    begun(store)


def test_who_finds_the_layout_made_by_another_meanwhile_makes_nothing(
    file: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = begun(file.open())
    monkeypatch.setattr(sqlite, "is_newest", lambda _: False)
    assert file.open().look(check.id, desk=DESK) == check


def test_who_meets_another_that_makes_the_file_ready_tries_again(file: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare, tries = sqlite.prepare, []

    def busy(path: Path) -> None:
        tries.append(path)
        if len(tries) < 3:
            raise sqlite3.OperationalError("database is locked")
        prepare(path)

    monkeypatch.setattr(sqlite, "prepare", busy)
    begun(file.open())
    assert len(tries) == 3


def test_a_connection_that_cannot_be_settled_is_closed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.touch()
    monkeypatch.setattr(sqlite, "_SETTINGS", ("PRAGMA secure_delete=ON", "no statement"))
    with pytest.raises(sqlite3.OperationalError):
        sqlite._connect(path)
