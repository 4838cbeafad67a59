"""A process that is killed at any moment of a save leaves the vault as it was or as it became: no third state."""

from __future__ import annotations

import ctypes
import hashlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from eigendata.wallet import sealing
from eigendata.wallet.sealing import LEAST, Cost
from eigendata.wallet.vault import Vault
from tests.given import lacking
from tests.negatives import negative

PASSPHRASE = "vijf woorden die niemand raadt"
CARD = 1
RECORDS = 6
TRACEME, SYSCALL = 0, 24  # requests of ptrace(2)
LIBC = ctypes.CDLL(None)


def quickly_derived(secret: bytes, salt: bytes, cost: Cost) -> bytes:
    """Stand in for Argon2id, whose slowness is not what is tried here."""
    return hashlib.blake2b(secret, salt=salt, digest_size=sealing.KEY_SIZE).digest()


def finishes(work: Callable[[], Callable[[], None]], system_calls: int) -> bool:
    """Run the work in a process that is killed after so many system calls; tell whether it came to its end before."""
    child = os.fork()
    if child == 0:
        try:
            begun = work()
            if LIBC.ptrace(TRACEME, 0, None, None) != 0:
                os._exit(3)
            os.kill(os.getpid(), signal.SIGSTOP)
            begun()
            os._exit(0)
        finally:
            os._exit(2)
    _, status = os.waitpid(child, 0)
    for _ in range(2 * system_calls):  # it stops where a call begins and where it ends
        if not os.WIFSTOPPED(status):
            break
        LIBC.ptrace(SYSCALL, child, None, None)
        _, status = os.waitpid(child, 0)
    if os.WIFSTOPPED(status):
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return False
    if os.WEXITSTATUS(status) == 3:
        lacking("tracing a process of one's own")
    assert os.WEXITSTATUS(status) == 0
    return True


@negative("NEG-STORE-001", "NEG-STORE-007")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")  # the test runner's own threads
@pytest.mark.skipif(sys.platform != "linux", reason="system calls are counted by ptrace")
def test_a_kill_at_any_system_call_of_a_save_leaves_the_old_or_the_new_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "_derived", quickly_derived)
    path = tmp_path / "vault"
    vault = Vault.create(path, PASSPHRASE, cost=LEAST)
    with vault.writing() as writing:
        for _ in range(RECORDS):
            writing.put(CARD, b"0;" * 2000)
    vault.close()
    number = 0

    def saving() -> Callable[[], None]:
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
        vault = Vault.open(path, PASSPHRASE)
        found = [record.body for record in vault.records(CARD).values()]
        vault.close()
        assert len(found) == RECORDS
        assert len(set(found)) == 1
        now = int(found[0].split(b";")[0])
        assert now in ((number + 1,) if finished else (number, number + 1))
        saved += now != number
        number = now
        system_calls += 1
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    assert system_calls > 20
    assert saved > 1  # a kill after the commit, before the end
