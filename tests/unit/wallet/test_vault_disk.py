"""A disk that is full, fails or may not be written to: the error says so, and nothing that was kept is lost.

As root nothing may be forbidden, so what is about permissions runs as nobody there, in a process of its own.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import hashlib
import os
import re
import resource
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from eigendata import files
from eigendata.errors import Rejected, Unavailable
from eigendata.wallet import file, sealing
from eigendata.wallet.backup import Backup
from eigendata.wallet.sealing import LEAST, Cost
from eigendata.wallet.vault import Vault
from tests.traced import CAN_FAIL_CALLS, LIBC, ON_LINUX, PREAD, Outcome, Work, ended, failing
from tests.unit.wallet.town import NOW

PASSPHRASE = "vijf woorden die niemand raadt"
CARD = 1
OLD, NEW = b"old;" * 1000, b"new;" * 1500
NOBODY = 65534

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Derive keys without the cost, which is not what is tried here."""

    def derived(secret: bytes, salt: bytes, cost: Cost) -> bytes:
        return hashlib.blake2b(secret, salt=salt, digest_size=sealing.KEY_SIZE).digest()

    monkeypatch.setattr(sealing, "_derived", derived)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return filled(tmp_path)


def filled(folder: Path) -> Path:
    """Put a vault of six records and a backup of it into a folder."""
    vault = Vault.create(folder / "vault", PASSPHRASE, cost=LEAST)
    with vault.writing() as writing:
        for _ in range(6):
            writing.put(CARD, OLD)
    backup(vault, folder / "backup")
    vault.close()
    return folder


def save(vault: Vault) -> None:
    with vault.writing() as writing:
        for named in [*vault.records(CARD)]:
            writing.put(CARD, NEW, id=named)


def backup(vault: Vault, path: Path) -> None:
    Backup(made_at=NOW, kept=vault.kept()).write(path, PASSPHRASE, cost=LEAST)


def restore(folder: Path) -> None:
    kept = Backup.read(folder / "backup", PASSPHRASE).kept
    Vault.create(folder / "restored", PASSPHRASE, cost=LEAST, kept=kept).close()


STEPS: tuple[Callable[[Path], None], ...] = (
    lambda folder: save(Vault.open(folder / "vault", PASSPHRASE)),
    lambda folder: backup(Vault.open(folder / "vault", PASSPHRASE), folder / "another"),
    restore,
)


def held(path: Path) -> list[bytes]:
    """Give what a vault holds: all old or all new."""
    vault = Vault.open(path, PASSPHRASE)
    try:
        found = [one.body for one in vault.records(CARD).values()]
    finally:
        vault.close()
    assert found in ([OLD] * 6, [NEW] * 6)
    return found


def require_all_there(folder: Path, *made: str) -> None:
    """Require that what was kept opens, that what was made is whole, and that nothing else is left."""
    assert held(folder / "vault")
    assert len(Backup.read(folder / "backup", PASSPHRASE).kept.records) == 6
    if "restored" in made:
        assert held(folder / "restored")
    if "another" in made:
        assert len(Backup.read(folder / "another", PASSPHRASE).kept.records) == 6
    assert sorted(one.name for one in folder.iterdir()) == sorted(("vault", "backup", *made))


# -- every call, each error -------------------------------------------------------------------------------------------

ERRORS = (errno.ENOSPC, errno.EIO, errno.EINTR, errno.EACCES)


def every_fault(prepare: Callable[[], Work], after: Callable[[Outcome], None]) -> int:
    """Have each call of the work fail once, the errors taking turns, and then look; gives how many calls there are."""
    place = 0
    while True:
        place += 1
        error = ERRORS[place % len(ERRORS)]
        outcome, call = failing(prepare, place, error)
        # SQLite takes a page that the disk cannot read for a damaged one, and so do we
        damaged = (call, error) == (PREAD, errno.EIO) and outcome is Outcome.REJECTED
        assert outcome in (Outcome.DONE, Outcome.UNAVAILABLE) or damaged
        after(outcome)
        if call is None:
            assert outcome is Outcome.DONE
            return place - 1


@pytest.mark.skipif(not CAN_FAIL_CALLS, reason="calls are made to fail by ptrace on x86-64 Linux")
def test_a_save_of_which_a_call_fails_loses_nothing_and_the_vault_goes_on(folder: Path) -> None:
    def saving() -> Work:
        opened = Vault.open(folder / "vault", PASSPHRASE)

        def once_more() -> None:
            try:
                save(opened)
            except (Unavailable, Rejected):
                save(opened)  # the very same vault, when the disk works again
                raise

        return once_more

    def look(outcome: Outcome) -> None:
        assert held(folder / "vault") == [NEW] * 6
        require_all_there(folder)

    assert every_fault(saving, look) > 15


@pytest.mark.skipif(not CAN_FAIL_CALLS, reason="calls are made to fail by ptrace on x86-64 Linux")
def test_opening_while_a_call_fails_changes_nothing(folder: Path) -> None:
    before = (folder / "vault").read_bytes()

    def look(_: Outcome) -> None:
        assert (folder / "vault").read_bytes() == before
        require_all_there(folder)

    assert every_fault(lambda: lambda: Vault.open(folder / "vault", PASSPHRASE).close(), look) > 10


@pytest.mark.skipif(not CAN_FAIL_CALLS, reason="calls are made to fail by ptrace on x86-64 Linux")
def test_a_backup_of_which_a_call_fails_is_none_or_whole(folder: Path) -> None:
    def preparing() -> Work:
        opened = Vault.open(folder / "vault", PASSPHRASE)
        return lambda: backup(opened, folder / "another")

    def look(outcome: Outcome) -> None:
        for left in folder.glob(".unfinished.*"):  # where it was the taking away that failed
            assert outcome is Outcome.DONE
            left.unlink()
        made = ("another",) if outcome is Outcome.DONE else ()
        require_all_there(folder, *made)
        (folder / "another").unlink(missing_ok=True)

    assert every_fault(preparing, look) > 10


@pytest.mark.skipif(not CAN_FAIL_CALLS, reason="calls are made to fail by ptrace on x86-64 Linux")
def test_a_restore_of_which_a_call_fails_is_none_or_whole(folder: Path) -> None:
    def look(outcome: Outcome) -> None:
        for left in folder.glob(".unfinished.*"):
            left.unlink()
        made = ("restored",) if (folder / "restored").exists() else ()
        assert made or outcome is not Outcome.DONE
        require_all_there(folder, *made)
        (folder / "restored").unlink(missing_ok=True)

    assert every_fault(lambda: lambda: restore(folder), look) > 40


# -- little room ------------------------------------------------------------------------------------------------------


def limit_files(room: int) -> None:
    """Let no file grow beyond so many bytes; what Python does with the signal makes it an error of the call."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))


@pytest.mark.parametrize("room", [0, 1, 4096, 8192, 20_000, 28_672])
def test_where_a_file_may_not_grow_nothing_is_lost(folder: Path, room: int) -> None:
    def limited(work: Work) -> Work:
        def run() -> None:
            limit_files(room)
            work()

        return run

    for step in STEPS:
        outcome = ended(limited(functools.partial(step, folder)))
        made = [name for name in ("another", "restored") if (folder / name).exists()]
        assert outcome is (Outcome.DONE if made else Outcome.UNAVAILABLE)
        require_all_there(folder, *made)
        for name in made:
            (folder / name).unlink()
    assert held(folder / "vault") == [OLD] * 6


CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000


def small_disk(at: Path, size: int) -> bool:
    """Put an empty disk of so many bytes at a folder, for this process alone; tell whether that is allowed here."""
    user, group = os.getuid(), os.getgid()
    if LIBC.unshare(CLONE_NEWNS | (CLONE_NEWUSER if user else 0)) != 0:
        return False
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    private = 1 << 18 | 1 << 14  # MS_PRIVATE, MS_REC: nothing of this is seen outside
    if LIBC.mount(b"none", b"/", None, ctypes.c_ulong(private), None) != 0:
        return False
    return bool(LIBC.mount(b"none", bytes(at), b"tmpfs", ctypes.c_ulong(0), b"size=%d" % size) == 0)


@pytest.mark.skipif(not ON_LINUX, reason="a small disk is made by mounting one")
@pytest.mark.parametrize("left", [0, 1, 2, 4, 6, 8, 9, 10, 11, 12, 14])
def test_a_full_disk_loses_nothing(tmp_path: Path, left: int) -> None:
    """With so many pages of it left: a save, a backup and a restore are done, or say that the disk is full."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def work() -> None:
        mounted = small_disk(disk, 64 * 4096)
        filled(disk)
        if mounted:
            fill(disk, left)
        else:
            limit_files(left * 4096)  # where nobody may mount: no file grows, which is refused at the same calls
        for step in STEPS:
            with suppress(DiskFull):
                said_to_be_full(step, disk)
            made = [name for name in ("another", "restored") if (disk / name).exists()]
            require_all_there(disk, *made, *["ballast"] * mounted)

    assert ended(work) is Outcome.DONE


class DiskFull(Exception):
    """A step said that there is no room."""


def said_to_be_full(step: Callable[[Path], None], disk: Path) -> None:
    try:
        step(disk)
    except Unavailable as error:
        if re.search("full|No space left|too large", str(error)):
            raise DiskFull from None
        raise


def fill(disk: Path, left: int) -> None:
    """Leave so many pages of a disk."""
    with (disk / "ballast").open("wb", buffering=0) as ballast:
        with suppress(OSError):
            while ballast.write(bytes(4096)):
                pass
        ballast.truncate(ballast.tell() - left * 4096)


# -- no permission ----------------------------------------------------------------------------------------------------


@pytest.fixture
def anybodys() -> Iterator[Path]:
    """Give a folder that somebody without rights reaches, with a vault and a backup of theirs."""
    with tempfile.TemporaryDirectory() as name:
        folder = filled(Path(name))
        for one in (folder, *folder.iterdir()):
            os.chown(one, *((NOBODY, NOBODY) if os.getuid() == 0 else (-1, -1)))
        yield folder
        folder.chmod(0o700)


def as_nobody(work: Work) -> Outcome:
    """Do the work without root's rights, so that what is forbidden is refused."""

    def run() -> None:
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        work()

    return ended(run)


D, U = Outcome.DONE, Outcome.UNAVAILABLE
FORBIDDEN: dict[str, tuple[str, int, tuple[Outcome, ...]]] = {
    # what is forbidden: on what, by which mode; how looking, saving, backing up and restoring then end
    "writing into the folder": (".", 0o500, (D, U, U, U)),
    "the folder": (".", 0, (U, U, U, U)),
    "writing to the vault": ("vault", 0o400, (D, U, D, D)),
    "the vault": ("vault", 0, (U, U, U, D)),
    "the backup": ("backup", 0, (D, D, D, U)),
}


@pytest.mark.parametrize("forbidden", FORBIDDEN)
def test_what_is_forbidden_is_unavailable_and_nothing_is_lost(anybodys: Path, forbidden: str) -> None:
    name, mode, expected = FORBIDDEN[forbidden]
    (anybodys / name).chmod(mode)

    def look() -> None:
        held(anybodys / "vault")

    found = as_nobody(look), *(as_nobody(functools.partial(step, anybodys)) for step in STEPS)
    anybodys.chmod(0o700)
    for one in anybodys.iterdir():
        one.chmod(0o600)
    assert found == expected
    made = [name for name, outcome in zip(("another", "restored"), expected[2:], strict=True) if outcome is D]
    require_all_there(anybodys, *made)


# -- what is said -----------------------------------------------------------------------------------------------------


def said(work: Callable[[], object]) -> str:
    with pytest.raises(Unavailable) as caught:
        work()
    return str(caught.value)


def test_a_vault_that_another_process_holds_is_said_to_be_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "BUSY_TIMEOUT", 0.05)
    vault = Vault.open(folder / "vault", PASSPHRASE)
    holder = sqlite3.connect(folder / "vault", isolation_level=None)
    try:
        holder.execute("BEGIN EXCLUSIVE")
        for work in (
            lambda: save(vault),
            lambda: Vault.open(folder / "vault", PASSPHRASE),
            lambda: backup(vault, folder / "another"),
        ):
            assert "another process is writing to it" in said(work)
    finally:
        holder.close()
    save(vault)
    vault.close()
    require_all_there(folder)


def test_a_file_that_was_moved_away_is_not_written(folder: Path) -> None:
    vault = Vault.open(folder / "vault", PASSPHRASE)
    (folder / "vault").rename(folder / "elsewhere")
    assert "moved" in said(lambda: save(vault))
    vault.close()
    (folder / "elsewhere").rename(folder / "vault")
    assert held(folder / "vault") == [OLD] * 6
    require_all_there(folder)


@pytest.mark.parametrize("name", ["fsync", "link"])
@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_disk_that_fails_at_the_end_leaves_nothing_half(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, error: int
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(error, os.strerror(error))

    vault = Vault.open(folder / "vault", PASSPHRASE)
    kept = vault.kept()
    monkeypatch.setattr(os, name, fail)
    for work in (
        lambda: Backup(made_at=NOW, kept=kept).write(folder / "another", PASSPHRASE, cost=LEAST),
        lambda: Vault.create(folder / "restored", PASSPHRASE, cost=LEAST, kept=kept),
    ):
        assert os.strerror(error) in said(work)
    vault.close()
    require_all_there(folder)


def test_a_folder_that_cannot_be_written_through_keeps_nothing_that_may_vanish(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    vault = Vault.open(folder / "vault", PASSPHRASE)
    monkeypatch.setattr(files, "_sync_directory", fail)
    assert "Input/output error" in said(lambda: backup(vault, folder / "another"))
    vault.close()
    require_all_there(folder)


@pytest.mark.parametrize("error", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_a_folder_or_file_that_cannot_be_reached_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(error, os.strerror(error))

    vault = Vault.open(folder / "vault", PASSPHRASE)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "lstat", fail)
        for work in (vault.kept, lambda: save(vault), lambda: Vault.open(folder / "vault", PASSPHRASE)):
            assert f"cannot be reached: {os.strerror(error)}" in said(work)
    (folder / "vault-journal").write_bytes(bytes(512))
    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", fail)
        assert f"cannot be reached: {os.strerror(error)}" in said(lambda: Vault.open(folder / "vault", PASSPHRASE))
    (folder / "vault-journal").unlink()
    with monkeypatch.context() as patched:
        patched.setattr(os, "open", fail)
        assert f"cannot be read: {os.strerror(error)}" in said(lambda: Backup.read(folder / "backup", PASSPHRASE))
    vault.close()
    require_all_there(folder)


def test_too_little_memory_for_the_passphrase_is_said() -> None:
    """Argon2id's own memory, in a process that may have less."""
    code = (
        "import resource, sys\nfrom nacl import pwhash\n"
        "from eigendata.errors import Unavailable\nfrom eigendata.wallet import Cost, sealing\n"
        "resource.setrlimit(resource.RLIMIT_AS, (512 << 20, resource.RLIM_INFINITY))\n"
        "try: sealing._derived(b'x', bytes(16), Cost(passes=2, memory=1 << 29))\n"
        "except Unavailable as error: sys.exit(str(error))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.stderr == "there is not enough memory for what the passphrase costs\n"
