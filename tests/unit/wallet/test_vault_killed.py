"""A process that is killed at any moment leaves things as they were or as they became: no third state."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from eigendata.wallet import sealing
from eigendata.wallet.backup import Backup
from eigendata.wallet.sealing import LEAST, Cost
from eigendata.wallet.vault import Vault
from tests.negatives import negative
from tests.traced import ON_LINUX, Work, finishes
from tests.unit.wallet.town import NOW

PASSPHRASE = "vijf woorden die niemand raadt"
CARD = 1
RECORDS = 6

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),  # the test runner's threads
    pytest.mark.skipif(not ON_LINUX, reason="system calls are counted by ptrace"),
]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Derive keys without the cost, which is not what is tried here."""

    def derived(secret: bytes, salt: bytes, cost: Cost) -> bytes:
        return hashlib.blake2b(secret, salt=salt, digest_size=sealing.KEY_SIZE).digest()

    monkeypatch.setattr(sealing, "_derived", derived)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "vault"
    vault = Vault.create(path, PASSPHRASE, cost=LEAST)
    with vault.writing() as writing:
        for _ in range(RECORDS):
            writing.put(CARD, b"0;" * 2000)
    vault.close()
    return path


def bodies(path: Path) -> list[bytes]:
    vault = Vault.open(path, PASSPHRASE)
    try:
        return [record.body for record in vault.records(CARD).values()]
    finally:
        vault.close()


@negative("NEG-STORE-001", "NEG-STORE-007")
def test_a_kill_at_any_system_call_of_a_save_leaves_the_old_or_the_new_state(path: Path) -> None:
    number = 0

    def saving() -> Work:
        opened = Vault.open(path, PASSPHRASE)

        def save() -> None:
            with opened.writing() as writing:
                for named in [*opened.records(CARD)]:
                    writing.put(CARD, b"%d;" % (number + 1) * 2000, id=named)
                writing.remove(writing.put(CARD, b"x"))

        return save

    system_calls = saved = 0
    finished = False
    while not finished:
        finished = finishes(saving, system_calls)
        found = bodies(path)
        assert len(found) == RECORDS
        assert len(set(found)) == 1
        now = int(found[0].split(b";")[0])
        assert now in ((number + 1,) if finished else (number, number + 1))
        saved += now != number
        number = now
        system_calls += 1
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert system_calls > 20
    assert saved > 1  # a kill after the commit, before the end


def leftovers(path: Path, *known: Path) -> list[Path]:
    """Take away what a kill left beside what is known, and give it."""
    left = [one for one in path.parent.iterdir() if one not in (path, *known)]
    for one in left:
        assert one.name.startswith(".unfinished.")
        assert b"0;0;" not in one.read_bytes()
        one.unlink()
    return left


@negative("NEG-STORE-001")
def test_a_kill_at_any_system_call_of_a_backup_leaves_none_or_a_whole_one_and_the_vault(path: Path) -> None:
    saved = path.with_name("backup")
    before, held = path.read_bytes(), set(bodies(path))

    def preparing() -> Work:
        opened = Vault.open(path, PASSPHRASE)
        return lambda: Backup(made_at=NOW, kept=opened.kept()).write(saved, PASSPHRASE, cost=LEAST)

    system_calls = whole = left = 0
    finished = False
    while not finished:
        finished = finishes(preparing, system_calls)
        left += len(leftovers(path, saved))
        if saved.exists():
            assert {one.body for one in Backup.read(saved, PASSPHRASE).kept.records.values()} == held
            saved.unlink()
            whole += 1
        else:
            assert not finished
        assert path.read_bytes() == before
        system_calls += 1
    assert system_calls > 10
    assert whole > 1  # a kill after it appeared, before the end
    assert left > 1  # a kill before it appeared
    assert set(bodies(path)) == held


@negative("NEG-STORE-001")
def test_a_kill_at_any_system_call_of_a_restore_leaves_none_or_a_whole_one_and_the_backup(
    path: Path, tmp_path: Path
) -> None:
    saved, restored = path.with_name("backup"), tmp_path / "restored"
    opened = Vault.open(path, PASSPHRASE)
    Backup(made_at=NOW, kept=opened.kept()).write(saved, PASSPHRASE, cost=LEAST)
    opened.close()
    before, held = saved.read_bytes(), set(bodies(path))

    def restore() -> None:
        kept = Backup.read(saved, PASSPHRASE).kept
        Vault.create(restored, PASSPHRASE, cost=LEAST, kept=kept).close()

    system_calls = whole = 0
    finished = False
    while not finished:
        finished = finishes(lambda: restore, system_calls)
        leftovers(path, saved, restored)
        if restored.exists():
            assert set(bodies(restored)) == held
            restored.unlink()
            whole += 1
        else:
            assert not finished
        assert saved.read_bytes() == before
        system_calls += 1
    assert system_calls > 50
    assert whole > 1
