"""A backup: it brings all of a wallet to another machine, and nothing else to anybody."""

from __future__ import annotations

import hashlib
import os
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from eigendata import files
from eigendata.encoding import Json
from eigendata.errors import Declined, EigendataError, Malformed, Misuse, Reason, Rejected, Unavailable
from eigendata.model import CredentialType
from eigendata.registers.catalogue import ADRES, PERSOON
from eigendata.wallet import LEAST, Since, Wallet, backup, file, sealing
from eigendata.wallet.backup import Backup
from eigendata.wallet.records import Kind, Restored, Session
from eigendata.wallet.sealing import BACKUP_OPENS, HEADER_SIZE, Cost
from eigendata.wallet.vault import NOTHING, Kept, Record, Vault
from tests.negatives import negative
from tests.unit.wallet.town import BOXTEL, NOW, TRUST, answered, asked, authentic, collected, proven, request

PASSPHRASE = "een lange zin die niemand raadt"
OWN = "een heel andere zin"
LATER = NOW + timedelta(hours=3)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Derive keys without the cost, which is not what is tried here."""

    def derived(secret: bytes, salt: bytes, cost: Cost) -> bytes:
        return hashlib.blake2b(secret + str(cost).encode(), salt=salt, digest_size=sealing.KEY_SIZE).digest()

    monkeypatch.setattr(sealing, "_derived", derived)


@pytest.fixture
def wallet(tmp_path: Path) -> Iterator[Wallet]:
    with Wallet.create(tmp_path / "aisha.vault", PASSPHRASE, cost=LEAST) as wallet:
        yield wallet


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return tmp_path / "aisha.backup"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    other = tmp_path / "another machine"
    other.mkdir()
    return other / "aisha.vault"


def backed_up(wallet: Wallet, path: Path, passphrase: str = OWN) -> Path:
    wallet.back_up(path, passphrase, at=NOW, cost=LEAST)
    return path


def restored(path: Path, saved: Path, since: Since = Since.UNKNOWN, passphrase: str = OWN) -> Wallet:
    return Wallet.restore(path, passphrase, backup=saved, since=since, at=LATER, cost=LEAST)


def refused(path: Path, saved: Path, passphrase: str = OWN) -> str:
    """Have a backup refused, and see that nothing of it is left."""
    before = sorted(path.parent.iterdir())
    with pytest.raises(Rejected) as caught:
        restored(path, saved, passphrase=passphrase)
    assert caught.value.check is BACKUP_OPENS
    assert caught.value.reason is Reason.CANNOT_OPEN
    assert sorted(path.parent.iterdir()) == before
    return str(caught.value)


def tie_seen_by(wallet: Wallet, verifier: str, type: CredentialType = PERSOON) -> Json:
    asking = request(asked(type, "set"), verifier=f"https://{verifier}.example/answer")
    return authentic(answered(wallet, asking), asking)[type.short].document["set"]


# -- what comes back --------------------------------------------------------------------------------------------------


def test_a_wallet_that_moved_has_all_that_it_had(wallet: Wallet, saved: Path, elsewhere: Path) -> None:
    collected(wallet, PERSOON, ADRES)
    tie_seen_by(wallet, "one")
    proven(wallet, BOXTEL.challenge(), copies=1)
    backed_up(wallet, saved)
    with restored(elsewhere, saved, Since.UNUSED) as moved:
        assert moved.cards() == wallet.cards()
        assert moved.history() == wallet.history()
        assert [moved.show(one).lines for one in moved.cards()] == [wallet.show(one).lines for one in wallet.cards()]
        assert tie_seen_by(moved, "two") not in (None, tie_seen_by(moved, "one"))
        kept, was = moved._vault.kept(), wallet._vault.kept()
        assert {one.body for one in was.records.values() if one.kind == Kind.PENDING_KEY} <= {
            one.body for one in kept.records.values()
        }
    with Wallet.open(elsewhere, OWN) as moved:
        assert len(moved.cards()) == 2
        collected(moved, PERSOON, ADRES)


def test_cards_and_history_keep_their_order(wallet: Wallet, saved: Path, elsewhere: Path) -> None:
    collected(wallet, PERSOON, copies=9)
    for n in range(8):
        tie_seen_by(wallet, f"number{n}")
    backed_up(wallet, saved)
    with restored(elsewhere, saved) as moved:
        assert moved.history() == wallet.history()
    with Wallet.open(elsewhere, OWN) as moved:
        assert moved.history() == wallet.history()


def test_what_was_restored_goes_on_from_its_counter(wallet: Wallet, saved: Path, elsewhere: Path) -> None:
    collected(wallet, PERSOON)
    backed_up(wallet, saved)
    with restored(elsewhere, saved) as moved:
        assert moved._vault.kept().counter == wallet._vault.kept().counter + 1


def test_the_passphrases_of_vault_and_backup_change_apart(wallet: Wallet, saved: Path, elsewhere: Path) -> None:
    backed_up(wallet, saved, PASSPHRASE)
    wallet.change_passphrase("nieuw", cost=LEAST)
    refused(elsewhere, saved, "nieuw")
    restored(elsewhere, saved, passphrase=PASSPHRASE).close()
    Wallet.open(elsewhere, PASSPHRASE).close()


def test_a_backup_is_of_one_moment_while_others_write(wallet: Wallet, tmp_path: Path, elsewhere: Path) -> None:
    """Two records are always changed together; no backup has one of them alone."""
    path = tmp_path / "pair.vault"
    vault = Vault.create(path, PASSPHRASE, cost=LEAST)
    with vault.writing() as writing:
        names = [writing.put(Kind.SESSION, Session(spent={0: "0"}).written()) for _ in range(2)]
    done = threading.Event()

    def write() -> None:
        other = Vault.open(path, PASSPHRASE)
        n = 0
        while not done.is_set():
            n += 1
            with other.writing() as writing:
                for name in names:
                    writing.put(Kind.SESSION, Session(spent={0: str(n)}).written(), id=name)
            time.sleep(0.003)  # a writer that never rests lets no reader in
        other.close()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    try:
        for n in range(20):
            saved = tmp_path / f"{n}.backup"
            Wallet(vault).back_up(saved, OWN, at=NOW, cost=LEAST)
            bodies = {one.body for one in Backup.read(saved, OWN).kept.records.values()}
            assert len(bodies) == 1
            seen |= bodies
    finally:
        done.set()
        writer.join()
        vault.close()
    assert len(seen) > 1


# -- what may have happened since -------------------------------------------------------------------------------------


@negative("NEG-STORE-008")
def test_no_copy_that_may_have_been_shown_since_is_shown_to_somebody_new(
    wallet: Wallet, saved: Path, elsewhere: Path
) -> None:
    collected(wallet, PERSOON, ADRES)
    known = tie_seen_by(wallet, "known")
    backed_up(wallet, saved)
    since = tie_seen_by(wallet, "since")
    with restored(elsewhere, saved) as old:
        assert [one.copies for one in old.cards()] == [0, 0]
        for verifier in ("new", "since"):
            with pytest.raises(Declined) as caught:
                tie_seen_by(old, verifier)
            assert caught.value.reason is Reason.NOTHING_FITS
        assert tie_seen_by(old, "known") == known != since
        collected(old, PERSOON, ADRES)
        assert tie_seen_by(old, "new") not in (known, since)


@negative("NEG-STORE-018")
def test_two_that_were_restored_from_one_backup_show_no_copy_to_two(
    wallet: Wallet, saved: Path, elsewhere: Path
) -> None:
    """The clones and the wallet itself: each party sees copies of its own, whichever of the three answers it."""
    collected(wallet, PERSOON)
    known = tie_seen_by(wallet, "known")
    backed_up(wallet, saved)
    seen = [known, tie_seen_by(wallet, "one"), tie_seen_by(wallet, "two")]
    for n in range(2):
        with restored(elsewhere.with_name(f"clone{n}"), saved) as clone:
            assert tie_seen_by(clone, "known") == known
            with pytest.raises(Declined):
                tie_seen_by(clone, f"clone{n}")
            collected(clone, PERSOON)
            seen.append(tie_seen_by(clone, f"clone{n}"))
    assert len(set(seen)) == 5


def test_what_was_issued_to_a_key_of_before_the_backup_is_not_taken_twice(
    wallet: Wallet, saved: Path, elsewhere: Path
) -> None:
    keys = proven(wallet, BOXTEL.challenge(PERSOON), copies=2)
    backed_up(wallet, saved)
    issued = BOXTEL.issue(keys, PERSOON)
    wallet.add(issued, trust=TRUST, at=NOW)
    with restored(elsewhere, saved) as old:
        with pytest.raises(Rejected):
            old.add(issued, trust=TRUST, at=NOW)
        assert old.cards() == ()
        assert not old._vault.kept().records.keys() & wallet._vault.kept().records.keys()


def test_a_session_of_which_a_part_was_collected_before_the_backup_is_withheld_whole(
    wallet: Wallet, saved: Path, elsewhere: Path
) -> None:
    keys = proven(wallet, BOXTEL.challenge(PERSOON, ADRES), copies=2)
    first, rest = BOXTEL.issue(keys, PERSOON, ADRES).issued
    wallet.add(first, trust=TRUST, at=NOW)
    backed_up(wallet, saved)
    with restored(elsewhere, saved) as old:
        with pytest.raises(Rejected):
            old.add(rest, trust=TRUST, at=NOW)
        assert [one.copies for one in old.cards()] == [0]


def test_a_wallet_remembers_that_it_was_restored(wallet: Wallet, saved: Path, elsewhere: Path) -> None:
    collected(wallet, PERSOON, ADRES)
    tie_seen_by(wallet, "known")
    proven(wallet, BOXTEL.challenge(PERSOON), copies=4)
    assert wallet.restorations() == ()
    backed_up(wallet, saved)
    with restored(elsewhere, saved) as once:
        # the number that was spent at one verifier is spent of both cards
        assert once.restorations() == (Restored(at=LATER, made_at=NOW, withheld=4, keys=4),)
        again = backed_up(once, elsewhere.with_name("again"))
    with restored(elsewhere.with_name("twice"), again, Since.UNUSED) as twice:
        assert [one.withheld for one in twice.restorations()] == [4, 0]
        assert [one.copies for one in twice.cards()] == [0, 0]


def test_what_has_had_its_time_does_not_come_back_usable(wallet: Wallet, saved: Path, elsewhere: Path) -> None:
    collected(wallet, PERSOON)
    backed_up(wallet, saved)
    late = NOW + timedelta(days=60)
    with Wallet.restore(elsewhere, OWN, backup=saved, since=Since.UNUSED, at=late, cost=LEAST) as old:
        assert [one.copies for one in old.cards()] == [0]
        assert not old._vault.records(Kind.COPY)


# -- what is refused --------------------------------------------------------------------------------------------------


def test_a_backup_is_for_its_owner_alone_and_holds_no_plain_text(wallet: Wallet, saved: Path) -> None:
    collected(wallet, PERSOON)
    tie_seen_by(wallet, "known")
    before = os.umask(0)
    try:
        backed_up(wallet, saved)
    finally:
        os.umask(before)
    assert saved.stat().st_mode & 0o777 == 0o600
    data = saved.read_bytes()
    for plain in (b"Aisha", b"van den Berg", b"boxtel", b"known", PASSPHRASE.encode(), OWN.encode(), b"persoon"):
        assert plain not in data
    assert {one.name for one in saved.parent.iterdir()} == {"aisha.vault", saved.name}


def test_no_two_backups_of_one_vault_have_bytes_in_common(wallet: Wallet, saved: Path) -> None:
    collected(wallet, PERSOON)
    one = backed_up(wallet, saved).read_bytes()
    two = backed_up(wallet, saved.with_name("two")).read_bytes()
    assert len(one) == len(two)
    windows = {one[place : place + 8] for place in range(28, len(one) - 8)}
    assert not any(two[place : place + 8] in windows for place in range(28, len(two) - 8))


@pytest.mark.parametrize("plant", [Path.touch, Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/tmp/nowhere")])
def test_nothing_is_written_over(wallet: Wallet, saved: Path, elsewhere: Path, plant: Callable[[Path], None]) -> None:
    plant(saved)
    plant(elsewhere)
    made = backed_up(wallet, saved.with_name("made"))
    before = saved.lstat()
    with pytest.raises(Misuse, match="already"):
        backed_up(wallet, saved)
    with pytest.raises(Misuse, match="already"):
        restored(elsewhere, made)
    assert saved.lstat() == before
    assert not Path("/tmp/nowhere").exists()


def test_a_backup_is_not_written_over_its_vault(wallet: Wallet, tmp_path: Path) -> None:
    with pytest.raises(Misuse):
        backed_up(wallet, tmp_path / "aisha.vault")
    collected(wallet, PERSOON)


@pytest.mark.parametrize("suffix", ["-journal", "-wal"])
def test_a_backup_lies_nowhere_that_the_database_of_a_vault_would_delete_it(
    wallet: Wallet, saved: Path, tmp_path: Path, elsewhere: Path, suffix: str
) -> None:
    for vault in (tmp_path / "aisha.vault", elsewhere):
        with pytest.raises(Misuse, match="kept for"):
            backed_up(wallet, vault.with_name(vault.name + suffix))
    moved = backed_up(wallet, saved).rename(elsewhere.with_name(elsewhere.name + suffix))
    content = moved.read_bytes()
    with pytest.raises(Misuse, match="in the way"):
        restored(elsewhere, moved)
    assert moved.read_bytes() == content
    assert list(elsewhere.parent.iterdir()) == [moved]


def test_nothing_is_written_where_a_vault_is_or_writes_itself(tmp_path: Path) -> None:
    vault = tmp_path / "aisha.vault"
    (tmp_path / "link").symlink_to(vault)
    (tmp_path / "here").symlink_to(".")
    for name in ("aisha.vault", "aisha.vault-journal", "aisha.vault-wal", "here/aisha.vault-shm", "link"):
        with pytest.raises(Misuse, match="another name"):
            file.require_elsewhere(tmp_path / name, vault)
    for name in ("aisha", "aisha.vault.answer", "other/aisha.vault", "aisha-journal"):
        file.require_elsewhere(tmp_path / name, vault)


@pytest.mark.parametrize("suffix", ["-journal", "-wal"])
def test_a_new_vault_deletes_no_file_of_anybody(tmp_path: Path, suffix: str) -> None:
    diary = tmp_path / f"my{suffix}"
    diary.write_bytes(b"dear diary")
    with pytest.raises(Misuse, match="in the way"):
        Wallet.create(tmp_path / "my", PASSPHRASE, cost=LEAST)
    assert diary.read_bytes() == b"dear diary"
    assert list(tmp_path.iterdir()) == [diary]


@pytest.mark.parametrize("passphrase", ["", "x" * 1025, b"\xff"])
def test_a_passphrase_that_is_none_makes_no_backup(wallet: Wallet, saved: Path, passphrase: str) -> None:
    with pytest.raises(Misuse):
        backed_up(wallet, saved, passphrase)
    assert not saved.exists()


@pytest.mark.parametrize("name", ["", "/", ".", "a\0b", "nowhere/x", "aisha.vault/x", "x" * 300])
def test_a_place_that_is_none_is_misuse(
    wallet: Wallet, saved: Path, elsewhere: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(saved.parent)
    backed_up(wallet, saved)
    with pytest.raises(Misuse):
        backed_up(wallet, Path(name))
    with pytest.raises(Misuse):
        restored(Path(name), saved)
    with pytest.raises(Misuse):
        restored(elsewhere, Path(name))


def test_only_a_regular_file_is_read_and_no_pipe_is_waited_for(elsewhere: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for name, said in (("pipe", "regular"), (".", "regular"), ("absent", "no backup"), ("loop", "no backup")):
        with pytest.raises(Misuse, match=said):
            restored(elsewhere, tmp_path / name)
    with pytest.raises(Misuse, match="regular"):
        restored(elsewhere, Path("/dev/full"))


@negative("NEG-STORE-003")
def test_a_wrong_passphrase_a_damaged_backup_and_no_backup_are_one_error(
    wallet: Wallet, saved: Path, elsewhere: Path
) -> None:
    data = backed_up(wallet, saved).read_bytes()
    said = {refused(elsewhere, saved, "wrong")}
    for damaged in (
        data[:-1],
        data + b"\0",
        data[:40] + bytes((data[40] ^ 1,)) + data[41:],
        b"",
        b"no backup at all",
        bytes(9000),
    ):
        saved.write_bytes(damaged)
        said.add(refused(elsewhere, saved))
    assert len(said) == 1


def test_a_wrong_passphrase_is_refused_before_the_rest_is_read(
    wallet: Wallet, saved: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a file of any size costs a stranger's victim no more than a small one."""
    size = backed_up(wallet, saved).stat().st_size
    read: list[int] = []
    opened = files.opened

    class Watched:
        def __init__(self, path: Path) -> None:
            self._file = opened(path)

        def __enter__(self) -> Watched:
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

        def fileno(self) -> int:
            return self._file.fileno()

        def read(self, size: int) -> bytes:
            read.append(size)
            return self._file.read(size)

    monkeypatch.setattr(files, "opened", Watched)
    refused(elsewhere, saved, "wrong")
    assert read == [HEADER_SIZE]
    monkeypatch.setattr(backup, "MAX_BACKUP", size - HEADER_SIZE)
    restored(elsewhere, saved).close()
    os.truncate(saved, size + 1)
    refused(elsewhere.with_name("more"), saved)
    os.truncate(saved, 2**40)  # sparse
    refused(elsewhere.with_name("most"), saved)
    assert read[3:] == [HEADER_SIZE, HEADER_SIZE]


@negative("NEG-STORE-009")
@pytest.mark.parametrize(
    ("passes", "memory"),
    [(0, 0), (1, LEAST.memory), (2, 8192), (17, LEAST.memory), (2, 4 * 1024**3), (2**32 - 1, 2**63), (3, LEAST.memory)],
)
def test_the_cost_in_a_backup_is_bounded_before_any_work_and_authenticated(
    wallet: Wallet, saved: Path, elsewhere: Path, passes: int, memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = backed_up(wallet, saved).read_bytes()
    saved.write_bytes(data[:16] + struct.pack(">IQ", passes, memory) + data[28:])
    derived: list[Cost] = []
    derive = sealing._derived

    def watch(secret: bytes, salt: bytes, cost: Cost) -> bytes:
        derived.append(cost)
        return derive(secret, salt, cost)

    monkeypatch.setattr(sealing, "_derived", watch)
    refused(elsewhere, saved)
    assert len(derived) == (passes == 3)


@negative("NEG-STORE-012")
def test_a_backup_of_a_later_layout_is_refused_unread(
    wallet: Wallet, saved: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = backed_up(wallet, saved).read_bytes()
    saved.write_bytes(data[:15] + b"\x02" + data[16:])
    monkeypatch.setattr(sealing, "_derived", None)
    refused(elsewhere, saved)


def test_parts_of_two_backups_make_none(wallet: Wallet, saved: Path, elsewhere: Path) -> None:
    one = backed_up(wallet, saved).read_bytes()
    collected(wallet, PERSOON)
    two = backed_up(wallet, saved.with_name("two")).read_bytes()
    for mixed in (one[:HEADER_SIZE] + two[HEADER_SIZE:], two[:HEADER_SIZE] + one[HEADER_SIZE:]):
        saved.write_bytes(mixed)
        refused(elsewhere, saved)


def test_a_vault_is_no_backup_and_a_backup_no_vault(wallet: Wallet, saved: Path, elsewhere: Path) -> None:
    backed_up(wallet, saved, PASSPHRASE)
    wallet.close()
    refused(elsewhere, saved.with_name("aisha.vault"), PASSPHRASE)
    with pytest.raises(Rejected):
        Wallet.open(saved, PASSPHRASE)


def test_the_name_of_a_backup_says_nothing(wallet: Wallet, saved: Path, elsewhere: Path) -> None:
    collected(wallet, PERSOON)
    moved = backed_up(wallet, saved).rename(saved.with_name("vakantie.jpg"))
    saved.symlink_to(moved)
    moved.chmod(0o644)  # of a stick or a drive elsewhere, where its mode says nothing
    with restored(elsewhere, saved) as wallet_again:
        assert len(wallet_again.cards()) == 1


def test_of_many_that_restore_into_one_place_one_does(wallet: Wallet, saved: Path, elsewhere: Path) -> None:
    collected(wallet, PERSOON)
    backed_up(wallet, saved)
    outcomes: list[EigendataError | Wallet] = []
    start = threading.Barrier(6)

    def restore() -> None:
        start.wait()
        try:
            outcomes.append(restored(elsewhere, saved))
        except EigendataError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=restore) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [one for one in outcomes if isinstance(one, Wallet)]
    assert {type(one) for one in outcomes if one is not winner} == {Misuse}
    assert len(winner.cards()) == 1
    winner.close()
    assert [one.name for one in elsewhere.parent.iterdir()] == [elsewhere.name]


def test_a_full_wallet_is_restored_as_often_as_there_is_room_to_note_it(
    wallet: Wallet, saved: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collected(wallet, PERSOON)
    backed_up(wallet, saved)
    held = len(Backup.read(saved, OWN).kept.records)
    for name, limit, value in (
        *(("vault", "MAX_RECORDS", held), ("backup", "MAX_RECORDS", held)),
        *(("wallet", "RESERVED", 2), ("backup", "RESERVED", 2)),
    ):
        monkeypatch.setattr(f"eigendata.wallet.{name}.{limit}", value)
    for number in range(2):
        with restored(elsewhere.with_name(f"moved{number}"), saved, Since.UNUSED) as moved:
            assert len(moved.cards()) == 1
            assert len(moved.restorations()) == number + 1
            with pytest.raises(Misuse, match="full"):
                moved.prove_new_keys(BOXTEL.challenge(PERSOON), copies=1, at=NOW)
            saved = backed_up(moved, saved.with_name(f"again{number}"))
    with pytest.raises(Misuse, match="full"):
        restored(elsewhere, saved, Since.UNUSED)


def test_where_a_disk_has_no_links_nothing_is_written_over_either(
    wallet: Wallet, saved: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_links(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", without_links)
    collected(wallet, PERSOON)
    backed_up(wallet, saved)
    with restored(elsewhere, saved) as moved:
        assert len(moved.cards()) == 1
    require_free = file.require_free
    monkeypatch.setattr(file, "require_free", lambda _: None)
    monkeypatch.setattr(backup, "require_free", lambda _: None)
    before = saved.read_bytes()
    with pytest.raises(Misuse, match="already"):
        backed_up(wallet, saved)
    assert saved.read_bytes() == before
    monkeypatch.setattr(backup, "require_free", require_free)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(Unavailable, match="No space left"):
        backed_up(wallet, saved.with_name("other"))
    assert {one.name for one in saved.parent.iterdir()} == {"aisha.vault", saved.name, elsewhere.parent.name}


def test_in_a_folder_that_others_write_to_nothing_is_put_in_the_place_of_a_backup(
    wallet: Wallet, saved: Path, elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"not theirs")
    made = backed_up(wallet, saved)
    open_for_all = tmp_path / "for all"
    open_for_all.mkdir(mode=0o777)
    link = os.link

    def swapped(unfinished: Path, path: Path, **how: bool) -> None:
        unfinished.unlink()
        unfinished.symlink_to(victim)
        link(unfinished, path, **how)

    monkeypatch.setattr(os, "link", swapped)
    with pytest.raises(Unavailable, match="another file in its place"):
        backed_up(wallet, open_for_all / "backup")
    with pytest.raises(Unavailable, match="another file in its place"):
        restored(open_for_all / "vault", made)
    assert list(open_for_all.iterdir()) == []
    assert victim.read_bytes() == b"not theirs"


# -- by somebody who has the passphrase -------------------------------------------------------------------------------


def written(saved: Path, body: bytes) -> Path:
    key = bytes(sealing.KEY_SIZE)
    header = sealing.wrap(key, OWN.encode(), LEAST, layout=sealing.BACKUP)
    saved.write_bytes(header + sealing.seal(key, body, backup._identity(header)))
    return saved


ENTRY = struct.pack(">16sBQI", bytes(16), 1, 1, 3) + b"one"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        struct.pack(">qQI", 0, 1, 1),
        struct.pack(">qQI", 0, 1, 1) + ENTRY[:-1],
        struct.pack(">qQI", 0, 1, 1) + ENTRY + b"x",
        struct.pack(">qQI", 0, 1, 2) + ENTRY + ENTRY,
        struct.pack(">qQI", 0, 0, 1) + ENTRY,
        struct.pack(">qQI", 0, 2**63, 1) + ENTRY,
        struct.pack(">qQI", 2**62, 1, 1) + ENTRY,
        struct.pack(">qQI", -(2**62), 1, 1) + ENTRY,
        struct.pack(">qQI", 0, 1, 2**32 - 1) + ENTRY * 9,
        struct.pack(">qQI", 0, 1, 1) + struct.pack(">16sBQI", bytes(16), 0, 1, 0),
        struct.pack(">qQI", 0, 1, 1) + struct.pack(">16sBQI", bytes(16), 1, 1, 2**20 + 1) + bytes(2**20 + 1),
    ],
)
def test_what_is_no_vault_inside_is_refused_though_the_seal_is_right(saved: Path, elsewhere: Path, body: bytes) -> None:
    refused(elsewhere, written(saved, body))


@pytest.mark.parametrize("kind", [*Kind, 8, 255])
@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b'{"spent":{"x":1},"sets":{}}', b"\xff", b'{"at":1e99}'])
def test_records_that_this_version_cannot_read_are_not_restored(
    saved: Path, elsewhere: Path, kind: int, body: bytes
) -> None:
    record = Record(id=bytes(16), kind=kind, version=1, nonce=b"", body=body)
    strange = Backup(made_at=NOW, kept=Kept(counter=1, records={record.id: record}))
    strange.write(saved, OWN, cost=LEAST)
    with pytest.raises(Malformed):
        restored(elsewhere, saved)
    assert not elsewhere.exists()


@pytest.mark.parametrize("kind", [Kind.SESSION, Kind.COPY])
@pytest.mark.parametrize("since", Since)
def test_a_card_that_lacks_what_it_leads_to_is_not_restored(
    wallet: Wallet, saved: Path, elsewhere: Path, kind: Kind, since: Since
) -> None:
    collected(wallet, PERSOON)
    whole = Backup.read(backed_up(wallet, saved), OWN).kept
    saved.unlink()
    lost = next(name for name, one in whole.records.items() if one.kind == kind)
    left = Kept(counter=whole.counter, records={name: one for name, one in whole.records.items() if name != lost})
    Backup(made_at=NOW, kept=left).write(saved, OWN, cost=LEAST)
    with pytest.raises(Malformed, match="without its session or without one of its copies"):
        restored(elsewhere, saved, since)
    assert not elsewhere.exists()


def test_an_empty_wallet_comes_back_empty(saved: Path, elsewhere: Path) -> None:
    Backup(made_at=NOW, kept=NOTHING).write(saved, OWN, cost=LEAST)
    with restored(elsewhere, saved) as empty:
        assert empty.cards() == ()
        assert empty.history() == ()


def test_nothing_of_a_backup_is_told(wallet: Wallet, saved: Path) -> None:
    collected(wallet, PERSOON)
    told = repr(Backup.read(backed_up(wallet, saved), OWN))
    assert "Berg" not in told
    assert "records" not in told


def test_a_backup_with_the_cost_of_every_day_is_made_and_restored(tmp_path: Path) -> None:
    """In a process of its own, with Argon2id as it is."""
    code = (
        "import sys\nfrom datetime import UTC, datetime\nfrom eigendata.wallet import Since, Wallet\n"
        "folder, at = sys.argv[1], datetime.now(UTC)\n"
        "with Wallet.create(folder + '/a', 'een zin') as wallet: wallet.back_up(folder + '/b', 'een zin', at=at)\n"
        "Wallet.restore(folder + '/c', 'een zin', backup=folder + '/b', since=Since.UNKNOWN, at=at).close()\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    assert struct.unpack(">IQ", (tmp_path / "b").read_bytes()[16:28]) == (3, 256 * 1024**2)
