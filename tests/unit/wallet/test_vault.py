"""The vault: what it keeps, and what it refuses."""

from __future__ import annotations

import os
import pickle
import shutil
import sqlite3
import stat
import struct
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from eigendata.errors import Misuse, Reason, Rejected, Unavailable
from eigendata.wallet import file, sealing
from eigendata.wallet import vault as room
from eigendata.wallet.sealing import LEAST, MODERATE, OPENS, Cost
from eigendata.wallet.vault import Vault
from tests.negatives import negative

PASSPHRASE = "vijf woorden die niemand raadt"
CARD, COPY = 1, 2


@pytest.fixture(autouse=True)
def _closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close at the end whatever a test left open, as a wallet would."""
    connections: list[sqlite3.Connection] = []
    connect = file.connect

    def watched(path: Path, *, longest: int) -> sqlite3.Connection:
        connections.append(connect(path, longest=longest))
        return connections[-1]

    monkeypatch.setattr("eigendata.wallet.vault.connect", watched)
    yield
    for connection in connections:
        connection.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "aisha.vault"


def made(path: Path, *bodies: bytes) -> Vault:
    vault = Vault.create(path, PASSPHRASE, cost=LEAST)
    with vault.writing() as writing:
        for body in bodies:
            writing.put(CARD, body)
    return vault


def bodies(vault: Vault, kind: int = CARD) -> set[bytes]:
    return {record.body for record in vault.records(kind).values()}


def refused(path: Path, passphrase: str = PASSPHRASE) -> Rejected:
    with pytest.raises(Rejected) as caught:
        Vault.open(path, passphrase)
    assert caught.value.check is OPENS
    assert caught.value.reason is Reason.CANNOT_OPEN
    return caught.value


def edited(path: Path, statement: str, *values: object) -> None:
    database = sqlite3.connect(path)
    with database:
        database.execute(statement, values)
    database.close()


def column(path: Path, statement: str) -> list[tuple[bytes, ...]]:
    database = sqlite3.connect(path)
    try:
        return database.execute(statement).fetchall()
    finally:
        database.close()


def test_what_is_put_is_there_after_opening_again(path: Path) -> None:
    made(path, b"one", b"two").close()
    vault = Vault.open(path, PASSPHRASE)
    assert bodies(vault) == {b"one", b"two"}
    assert bodies(vault, COPY) == set()


def test_a_record_is_replaced_and_removed_by_its_id(path: Path) -> None:
    vault = made(path)
    with vault.writing() as writing:
        first, second = writing.put(CARD, b"one"), writing.put(CARD, b"two")
        assert writing.records(CARD) == {first: b"one", second: b"two"}
    with vault.writing() as writing:
        writing.put(COPY, b"changed", id=first)
        writing.remove(second)
        assert writing.records(CARD) == {}
    vault.close()
    vault = Vault.open(path, PASSPHRASE)
    assert bodies(vault) == set()
    assert bodies(vault, COPY) == {b"changed"}
    assert vault.records(COPY)[first].version == 2


def test_a_record_put_and_removed_in_one_transaction_never_was(path: Path) -> None:
    vault = made(path)
    with vault.writing() as writing:
        writing.remove(writing.put(CARD, b"one"))
    assert bodies(vault) == set()
    with vault.writing() as writing, pytest.raises(Misuse):
        writing.remove(bytes(16))


def test_a_transaction_that_fails_leaves_nothing(path: Path) -> None:
    vault = made(path, b"one")
    failing = vault.writing()
    failing.__enter__().put(CARD, b"two")
    assert failing.__exit__(LookupError, LookupError(), None) is False
    assert bodies(vault) == {b"one"}
    vault.close()
    assert bodies(Vault.open(path, PASSPHRASE)) == {b"one"}


@negative("NEG-STORE-001")
def test_an_interrupt_around_the_commit_leaves_a_vault_that_goes_on(path: Path) -> None:
    """Whether or not the commit came through, what is written next does not lose it."""
    vault = made(path, b"one")
    statements: list[str] = []

    def interrupt(statement: str) -> None:
        statements.append(statement)

    vault._database.set_trace_callback(interrupt)
    with vault.writing() as writing:
        writing.put(CARD, b"two")
    assert statements[-1] == "COMMIT"
    vault._database.set_trace_callback(None)
    vault._kept, vault._seen = (
        room.NOTHING,
        -1,
    )  # as it is when the interrupt came between the commit and the memory of it
    with vault.writing() as writing:
        writing.put(CARD, b"three")
    vault.close()
    assert bodies(Vault.open(path, PASSPHRASE)) == {b"one", b"two", b"three"}


@negative("NEG-STORE-011")
def test_the_file_is_for_its_owner_alone(path: Path) -> None:
    old = os.umask(0)
    try:
        made(path, b"one").close()
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@negative("NEG-STORE-011")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660])
def test_a_file_that_others_may_read_or_write_is_refused(path: Path, mode: int) -> None:
    made(path).close()
    path.chmod(mode)
    with pytest.raises(Misuse):
        Vault.open(path, PASSPHRASE)


@negative("NEG-STORE-011")
def test_only_a_regular_file_is_opened(path: Path, tmp_path: Path) -> None:
    made(path).close()
    link, folder, pipe = tmp_path / "link", tmp_path / "folder", tmp_path / "pipe"
    link.symlink_to(path)
    folder.mkdir(mode=0o700)
    os.mkfifo(pipe, mode=0o600)
    for other in (link, folder, pipe):
        with pytest.raises(Misuse, match="not a regular file"):
            Vault.open(other, PASSPHRASE)
    with pytest.raises(Misuse, match="no vault"):
        Vault.open(tmp_path / "absent", PASSPHRASE)


def test_a_file_that_cannot_be_read_is_unavailable(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(path).close()

    def fail(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(Unavailable):
        Vault.open(path, PASSPHRASE)


@negative("NEG-STORE-011")
@pytest.mark.parametrize("keep", [0, 1, 100, 4096, 6000, 8192])
def test_a_file_cut_short_is_refused(path: Path, keep: int) -> None:
    made(path, b"one" * 4000).close()
    os.truncate(path, keep)
    refused(path)


def test_a_vault_is_never_written_over(path: Path) -> None:
    made(path, b"one").close()
    with pytest.raises(Misuse):
        Vault.create(path, "another", cost=LEAST)
    assert bodies(Vault.open(path, PASSPHRASE)) == {b"one"}
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_vault_in_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misuse):
        Vault.create(tmp_path / "absent" / "vault", PASSPHRASE, cost=LEAST)


@negative("NEG-STORE-003")
def test_a_wrong_passphrase_and_a_damaged_file_are_one_error(path: Path) -> None:
    made(path, b"one").close()
    wrong = refused(path, "another")
    edited(path, "UPDATE vault SET manifest = zeroblob(64)")
    damaged = refused(path)
    assert (str(wrong), wrong.check, wrong.trail) == (str(damaged), damaged.check, damaged.trail)


@negative("NEG-STORE-004")
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM record WHERE id = (SELECT min(id) FROM record)",
        "DELETE FROM record",
        "DELETE FROM vault",
        "INSERT INTO record VALUES (randomblob(16), randomblob(60))",
        "INSERT INTO record SELECT randomblob(16), sealed FROM record LIMIT 1",
        "INSERT INTO record VALUES (7, 'text')",
        "UPDATE record SET sealed = (SELECT sealed FROM record ORDER BY id DESC LIMIT 1)",
        "UPDATE record SET sealed = x''",
        "UPDATE record SET sealed = 'text'",
        "UPDATE record SET sealed = 5",
        "UPDATE record SET sealed = sealed || x'00'",
        "UPDATE vault SET manifest = x''",
        "UPDATE vault SET manifest = 'text'",
        "UPDATE vault SET manifest = 12",
        "UPDATE vault SET header = x''",
        "UPDATE vault SET header = 'text'",
        "UPDATE vault SET header = header || x'00'",
        "INSERT INTO vault SELECT 1, header, manifest FROM vault",
        "DROP TABLE record",
        "DROP TABLE vault",
        "CREATE TABLE attempts (n INTEGER)",
        "ALTER TABLE vault ADD COLUMN unlocked INTEGER DEFAULT 1",
        "CREATE TRIGGER t AFTER INSERT ON record BEGIN DELETE FROM record; END",
        "CREATE VIEW v AS SELECT * FROM record",
    ],
)
def test_no_edit_of_the_file_opens_it(path: Path, statement: str) -> None:
    made(path, b"one", b"two").close()
    edited(path, statement)
    refused(path)


def test_a_record_as_it_once_was_is_noticed(path: Path) -> None:
    vault = made(path)
    with vault.writing() as writing:
        named = writing.put(CARD, b"ten copies left")
    then = column(path, "SELECT sealed FROM record")[0][0]
    with vault.writing() as writing:
        writing.put(CARD, b"two copies left", id=named)
    vault.close()
    edited(path, "UPDATE record SET sealed = ?", then)
    refused(path)


def test_a_manifest_as_it_once_was_is_noticed(path: Path) -> None:
    vault = made(path, b"one")
    then = column(path, "SELECT manifest FROM vault")[0][0]
    with vault.writing() as writing:
        writing.put(CARD, b"two")
    vault.close()
    edited(path, "UPDATE vault SET manifest = ?", then)
    refused(path)


def test_two_records_of_equal_length_are_not_swapped(path: Path) -> None:
    made(path, b"one", b"two").close()
    (first, one), (second, two) = column(path, "SELECT id, sealed FROM record")
    edited(path, "UPDATE record SET sealed = CASE id WHEN ? THEN ? ELSE ? END", first, two, one)
    assert column(path, f"SELECT sealed FROM record WHERE hex(id) = '{second.hex().upper()}'") == [(one,)]
    refused(path)


def test_a_record_of_another_vault_is_noticed(path: Path, tmp_path: Path) -> None:
    made(path, b"one").close()
    made(tmp_path / "other", b"one").close()
    (row,) = column(tmp_path / "other", "SELECT sealed FROM record")
    edited(path, "UPDATE record SET sealed = ?", row[0])
    refused(path)


@negative("NEG-STORE-009")
@pytest.mark.parametrize(
    ("passes", "memory"),
    [
        (1, LEAST.memory),
        (LEAST.passes, 8192),
        (0, 0),
        (7, LEAST.memory),
        (LEAST.passes, 513 * sealing.MIB),
        (LEAST.passes, 16 * 1024 * sealing.MIB),
        (2**32 - 1, 2**63),
        (3, LEAST.memory),
        (LEAST.passes, LEAST.memory + 1024),
    ],
)
def test_the_cost_in_the_header_is_bounded_and_authenticated(
    path: Path, passes: int, memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(path).close()
    header = column(path, "SELECT header FROM vault")[0][0]
    changed = header[:16] + struct.pack(">IQ", passes, memory) + header[28:]
    edited(path, "UPDATE vault SET header = ?", changed)
    derived: list[Cost] = []
    derive = sealing._derived

    def watch(secret: bytes, salt: bytes, cost: Cost) -> bytes:
        derived.append(cost)
        return derive(secret, salt, cost)

    monkeypatch.setattr(sealing, "_derived", watch)
    refused(path)
    within_bounds = passes in (LEAST.passes, 3) and LEAST.memory <= memory <= sealing.MOST_MEMORY
    assert len(derived) == within_bounds  # outside the bounds no work is done


@negative("NEG-STORE-012")
def test_a_file_of_a_later_layout_is_refused_unread_and_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(path).close()
    header = column(path, "SELECT header FROM vault")[0][0]
    edited(path, "UPDATE vault SET header = ?", header[:15] + b"\x02" + header[16:])
    before = path.read_bytes()
    monkeypatch.setattr(sealing, "_derived", None)
    refused(path)
    assert path.read_bytes() == before


def test_a_cost_outside_its_bounds_is_refused() -> None:
    for passes, memory in ((1, LEAST.memory), (2, 8192), (99, LEAST.memory), (2, 2**40)):
        with pytest.raises(Misuse):
            Cost(passes=passes, memory=memory)
    assert MODERATE.memory >= LEAST.memory


def test_the_passphrase_is_changed_without_touching_a_record(path: Path) -> None:
    vault = made(path, b"one")
    before = column(path, "SELECT id, sealed FROM record")
    vault.change_passphrase("another", cost=LEAST)
    with vault.writing() as writing:
        writing.put(CARD, b"two")
    vault.close()
    assert set(before) < set(column(path, "SELECT id, sealed FROM record"))
    refused(path)
    assert bodies(Vault.open(path, "another")) == {b"one", b"two"}


def test_a_header_of_before_does_not_bring_the_old_passphrase_back(path: Path) -> None:
    vault = made(path, b"one")
    then = column(path, "SELECT header FROM vault")[0][0]
    vault.change_passphrase("another", cost=LEAST)
    vault.close()
    edited(path, "UPDATE vault SET header = ?", then)
    refused(path)
    refused(path, "another")


@negative("NEG-STORE-017")
def test_a_passphrase_is_the_same_however_it_was_typed(path: Path) -> None:
    Vault.create(path, "caf\u00e9 \ufb01n", cost=LEAST).close()
    for same in ("cafe\u0301 fin", "cafe\u0301 fin".encode(), "caf\u00e9 \ufb01n".encode()):
        Vault.open(path, same).close()
    refused(path, "cafe fin")


@pytest.mark.parametrize("passphrase", ["", b"", "x" * 1025, b"\xff\xfe", "\ud800"])
def test_a_passphrase_that_is_none_is_refused(path: Path, passphrase: bytes | str) -> None:
    with pytest.raises(Misuse):
        Vault.create(path, passphrase, cost=LEAST)
    assert not path.exists()


@negative("NEG-STORE-007")
def test_two_that_write_lose_nothing_of_each_other(path: Path) -> None:
    first = made(path)
    second = Vault.open(path, PASSPHRASE)
    for n in range(6):
        with (first, second)[n % 2].writing() as writing:
            assert len(writing.records(CARD)) == n
            writing.put(CARD, b"%d" % n)
    assert bodies(first) == bodies(second) == {b"%d" % n for n in range(6)}


@negative("NEG-STORE-007")
def test_one_that_finds_the_vault_locked_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "BUSY_TIMEOUT", 0.05)
    first = made(path, b"one")
    second = Vault.open(path, PASSPHRASE)
    with first.writing() as writing:
        writing.put(CARD, b"two")
        with pytest.raises(Unavailable), second.writing():
            pass
        assert bodies(second) == {b"one"}
    assert bodies(second) == {b"one", b"two"}
    with second.writing():
        pass


def test_a_change_of_passphrase_by_another_process_is_followed(path: Path) -> None:
    first = made(path, b"one")
    second = Vault.open(path, PASSPHRASE)
    second.change_passphrase("another", cost=LEAST)
    with first.writing() as writing:
        writing.put(CARD, b"two")
    refused(path)
    assert bodies(Vault.open(path, "another")) == bodies(second) == {b"one", b"two"}


@negative("NEG-STORE-008")
def test_an_open_vault_notices_that_it_was_put_back(path: Path) -> None:
    vault = made(path, b"one")
    then = path.read_bytes()
    with vault.writing() as writing:
        writing.put(CARD, b"two")
    path.write_bytes(then)
    edited(path, "CREATE TABLE t (a)")  # so that SQLite sees that the file is another
    edited(path, "DROP TABLE t")
    with pytest.raises(Rejected), vault.writing() as writing:
        writing.put(CARD, b"three")


def test_threads_of_one_process_take_turns(path: Path) -> None:
    vault = made(path)

    def write(n: int) -> None:
        with vault.writing() as writing:
            writing.put(CARD, b"%d" % n)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bodies(vault)) == 8


def test_one_transaction_at_a_time(path: Path) -> None:
    vault = made(path)
    with vault.writing(), pytest.raises(Misuse), vault.writing():
        pass


def test_a_closed_vault_gives_nothing(path: Path) -> None:
    vault = made(path, b"one")
    vault.close()
    vault.close()
    with pytest.raises(Misuse):
        vault.records(CARD)
    with pytest.raises(Misuse), vault.writing():
        pass


def test_records_have_bounds(path: Path) -> None:
    vault = made(path)
    with vault.writing() as writing:
        with pytest.raises(Misuse):
            writing.put(CARD, bytes(room.MAX_RECORD + 1))
        with pytest.raises(Misuse):
            writing.put(0, b"")
        with pytest.raises(Misuse):
            writing.put(CARD, b"", id=b"short")
        writing.put(CARD, bytes(room.MAX_RECORD))


def test_a_full_vault_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = made(path, b"one")
    monkeypatch.setattr(room, "MAX_RECORDS", 1)
    with pytest.raises(Misuse), vault.writing() as writing:
        writing.put(CARD, b"two")
    assert bodies(vault) == {b"one"}


def test_what_makes_a_vault_that_is_too_full_no_fuller_is_done(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = made(path, b"one", b"two", b"three")
    one, two, _ = vault.records(CARD)
    monkeypatch.setattr(room, "MAX_RECORDS", 1)
    with vault.writing() as writing:
        writing.put(CARD, b"new", id=one)
    with vault.writing() as writing:
        writing.remove(two)
    assert len(bodies(vault)) == 2
    with pytest.raises(Misuse, match="full"), vault.writing() as writing:
        writing.put(CARD, b"another")


def test_a_file_too_large_to_be_a_vault_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(path).close()
    monkeypatch.setattr(file, "MAX_FILE", 4096)
    refused(path)


@negative("NEG-STORE-013")
def test_a_vault_does_not_cross_a_fork(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = made(path, b"one")
    monkeypatch.setattr(os, "getpid", lambda: -1)
    with pytest.raises(Misuse):
        vault.records(CARD)


@negative("NEG-STORE-015")
def test_nothing_of_what_is_kept_is_told(path: Path) -> None:
    """Neither by repr, nor by pickle, nor by an error's text."""
    vault = made(path, b"999990639")
    with vault.writing() as writing:
        told = [repr(vault), repr(writing), repr(vault.records(CARD))]
    with pytest.raises(Misuse):
        pickle.dumps(vault)
    vault.close()
    try:
        Vault.open(path, PASSPHRASE + "x")
    except Rejected as error:
        told.append("".join(traceback.format_exception(error)))
    for text in told:
        assert "999990639" not in text
        assert PASSPHRASE not in text


def test_the_file_and_its_journal_hold_no_plain_text(path: Path) -> None:
    secret = b"Aisha van den Berg, 999990639"
    vault = made(path, secret)
    journals: list[bytes] = []

    def look(statement: str) -> None:
        if statement == "COMMIT":
            journals.extend(one.read_bytes() for one in path.parent.iterdir())

    with vault.writing() as writing:
        for named in vault.records(CARD):
            writing.put(CARD, secret * 400, id=named)
        vault._database.set_trace_callback(look)
        vault._database.execute("PRAGMA cache_size = 1")  # spill what is not committed to the disk
    vault.close()
    assert len(journals) == 2  # the file and its journal, and no other
    for data in (*journals, path.read_bytes()):
        assert secret not in data
        assert PASSPHRASE.encode() not in data


@negative("NEG-STORE-014")
def test_a_removed_record_leaves_no_sealed_bytes_behind(path: Path) -> None:
    vault = made(path)
    with vault.writing() as writing:
        named = writing.put(CARD, b"gone" * 2000)
    sealed = column(path, "SELECT sealed FROM record")[0][0]
    with vault.writing() as writing:
        writing.remove(named)
    vault.close()
    assert sealed[:64] not in path.read_bytes()
    assert sealed[5000:5064] not in path.read_bytes()


@negative("NEG-STORE-013")
def test_no_nonce_is_used_twice(path: Path) -> None:
    vault = made(path)
    seen: set[bytes] = set()
    for _ in range(20):
        with vault.writing() as writing:
            for _ in range(20):
                writing.put(CARD, b"the same")
    for record in vault.records(CARD).values():
        seen.add(record.nonce)
    assert len(seen) == 400


@negative("NEG-STORE-013")
def test_two_machines_that_go_on_from_one_snapshot_use_no_nonce_twice(path: Path, tmp_path: Path) -> None:
    made(path, b"one").close()
    copy = tmp_path / "copy"
    shutil.copy(path, copy)
    seen: list[bytes] = []
    for one in (path, copy):
        vault = Vault.open(one, PASSPHRASE)
        with vault.writing() as writing:
            for named in vault.records(CARD):
                writing.put(CARD, b"the same", id=named)
        seen += [record.nonce for record in vault.records(CARD).values()]
        vault.close()
        seen += [bytes(manifest[:24]) for (manifest,) in column(one, "SELECT manifest FROM vault")]
    assert len(set(seen)) == len(seen) == 4


@pytest.mark.cost
def test_two_thousand_records_open_soon_after_the_passphrase(path: Path) -> None:
    vault = Vault.create(path, PASSPHRASE, cost=LEAST)
    with vault.writing() as writing:
        for _ in range(2000):
            writing.put(CARD, os.urandom(4000))
    vault.close()
    opening, listing = [], []
    for _ in range(3):
        began = time.process_time()
        sealing._derived(b"x", bytes(16), LEAST)
        derived = time.process_time()
        vault = Vault.open(path, PASSPHRASE)
        opened = time.process_time()
        assert len(vault.records(CARD)) == 2000
        listed = time.process_time()
        opening.append((opened - derived) - (derived - began))
        listing.append(listed - opened)
        vault.close()
    assert min(opening) < 0.15
    assert min(listing) < 0.02


_WRITER = """
import sys
from pathlib import Path
from eigendata.wallet.vault import Vault
vault = Vault.open(Path(sys.argv[1]), sys.argv[2])
print("ready", flush=True)
n = 0
while True:
    n += 1
    with vault.writing() as writing:
        for named in [*vault.records(1)]:
            writing.put(1, b"%d;" % n * 2000, id=named)
        if n % 3 == 0:
            writing.remove(writing.put(2, b"x"))
    print(n, flush=True)
"""


@negative("NEG-STORE-001", "NEG-STORE-007")
def test_a_kill_leaves_the_old_or_the_new_state(path: Path) -> None:
    """Six records always hold the same number; no kill leaves them with two, or loses one that was reported."""
    made(path, *(b"0;" * 2000 for _ in range(6))).close()
    ends = time.monotonic() + 5
    kills = before = 0
    while kills < 12 and (kills < 4 or time.monotonic() < ends):
        with subprocess.Popen([sys.executable, "-c", _WRITER, str(path), PASSPHRASE], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(0.01 + 0.0037 * kills)
            writer.kill()
            reported = [0, *(int(line) for line in writer.stdout.read().splitlines() if line)]
        vault = Vault.open(path, PASSPHRASE)
        found = bodies(vault)
        assert len(vault.records(CARD)) == 6
        assert len(found) == 1
        number = int(found.pop().split(b";")[0])
        assert number in (reported[-1], reported[-1] + 1) or (len(reported) == 1 and number <= 1 + before)
        before = number
        assert not vault.records(COPY)
        vault.close()
        kills += 1


@negative("NEG-STORE-001")
def test_a_kill_while_a_vault_is_made_leaves_none_or_a_whole_one(path: Path) -> None:
    code = (
        "import sys, os, signal, eigendata.wallet.vault as room, eigendata.files as files\n"
        "from eigendata.wallet.sealing import LEAST\n"
        "from pathlib import Path\n"
        "files._sync_directory = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
        "link = os.link\n"
        "if sys.argv[2] == 'before': os.link = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"room.Vault.create(Path(sys.argv[1]), {PASSPHRASE!r}, cost=LEAST)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path), "before"], check=False)
    assert not path.exists()
    subprocess.run([sys.executable, "-c", code, str(path), "after"], check=False)
    Vault.open(path, PASSPHRASE).close()
