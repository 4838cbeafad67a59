"""Laws of the vault: whatever is done to its bytes, it gives what was kept or does not open."""

from __future__ import annotations

import hashlib
import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eigendata.errors import Rejected
from eigendata.wallet import backup, sealing
from eigendata.wallet.backup import Backup
from eigendata.wallet.sealing import BACKUP, HEADER_SIZE, LEAST, Cost, seal, wrap
from eigendata.wallet.vault import Kept, Record, Vault
from tests.negatives import negative

PASSPHRASE = "vijf woorden die niemand raadt"
KINDS = (1, 2, 3)
AT = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)
LAW = settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Derive keys without the cost, which is not what these laws are about."""

    def derived(secret: bytes, salt: bytes, cost: Cost) -> bytes:
        return hashlib.sha256(secret + salt + str(cost).encode()).digest()

    monkeypatch.setattr(sealing, "_derived", derived)


@pytest.fixture
def whole(tmp_path: Path) -> tuple[bytes, dict[int, set[bytes]]]:
    path = tmp_path / "whole"
    vault = Vault.create(path, PASSPHRASE, cost=LEAST)
    with vault.writing() as writing:
        for n in range(20):
            writing.put(KINDS[n % 3], b"kept %d" % n * 60)
    kept = contents(vault)
    vault.close()
    return path.read_bytes(), kept


def contents(vault: Vault) -> dict[int, set[bytes]]:
    return {kind: {record.body for record in vault.records(kind).values()} for kind in KINDS}


def opens_to(data: bytes, path: Path) -> dict[int, set[bytes]] | None:
    for old in path.parent.glob(f"{path.name}*"):
        old.unlink()
    path.write_bytes(data)
    path.chmod(0o600)
    return opened(path)


def opened(path: Path) -> dict[int, set[bytes]] | None:
    try:
        vault = Vault.open(path, PASSPHRASE)
    except Rejected:
        return None
    try:
        return contents(vault)
    finally:
        vault.close()


@given(position=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@LAW
def test_a_flipped_bit_gives_what_was_kept_or_does_not_open(
    whole: tuple[bytes, dict[int, set[bytes]]], tmp_path: Path, position: float, bit: int
) -> None:
    data, kept = bytearray(whole[0]), whole[1]
    data[int(position * len(data))] ^= 1 << bit
    assert opens_to(bytes(data), tmp_path / "edited") in (None, kept)


def test_every_bit_of_the_databases_own_head_gives_what_was_kept_or_does_not_open(
    whole: tuple[bytes, dict[int, set[bytes]]], tmp_path: Path
) -> None:
    for bit in range(8 * 108):
        data = bytearray(whole[0])
        data[bit // 8] ^= 1 << bit % 8
        assert opens_to(bytes(data), tmp_path / "edited") in (None, whole[1])


@negative("NEG-STORE-011")
@given(length=st.floats(0, 1, exclude_max=True))
@LAW
def test_a_file_cut_short_does_not_open(
    whole: tuple[bytes, dict[int, set[bytes]]], tmp_path: Path, length: float
) -> None:
    data, _ = whole
    assert opens_to(data[: int(length * len(data))], tmp_path / "edited") is None


@negative("NEG-STORE-011")
@given(tail=st.binary(min_size=1, max_size=9000))
@LAW
def test_bytes_behind_the_file_change_nothing(
    whole: tuple[bytes, dict[int, set[bytes]]], tmp_path: Path, tail: bytes
) -> None:
    data, kept = whole
    assert opens_to(data + tail, tmp_path / "edited") in (None, kept)


@given(data=st.binary(max_size=4096))
@LAW
def test_any_bytes_at_all_do_not_open(tmp_path: Path, data: bytes) -> None:
    assert opens_to(data, tmp_path / "edited") is None


# -- a journal beside it ----------------------------------------------------------------------------------------------


@pytest.fixture
def hot(tmp_path: Path) -> tuple[bytes, bytes, dict[int, set[bytes]]]:
    """A file with half a change in it, the journal that undoes the change, and what was kept before."""
    path = tmp_path / "hot"
    vault = Vault.create(path, PASSPHRASE, cost=LEAST)
    with vault.writing() as writing:
        for n in range(20):
            writing.put(KINDS[n % 3], b"kept %d" % n * 60)
    kept = contents(vault)
    found: list[bytes] = []

    def look(statement: str) -> None:
        if statement == "COMMIT":
            found.extend((path.read_bytes(), path.with_name("hot-journal").read_bytes()))

    with vault.writing() as writing:
        for kind in KINDS:
            for named in vault.records(kind):
                writing.put(kind, b"new" * 90, id=named)
        vault._database.set_trace_callback(look)
        vault._database.execute("PRAGMA cache_size = 1")  # so that half of it is on the disk before it is done
    vault.close()
    return found[0], found[1], kept


def opens_with(data: bytes, journal: bytes, path: Path) -> dict[int, set[bytes]] | None:
    for old in path.parent.glob(f"{path.name}*"):
        old.unlink()
    path.with_name(f"{path.name}-journal").write_bytes(journal)
    path.write_bytes(data)
    path.chmod(0o600)
    return opened(path)


def test_half_a_change_is_undone_by_its_journal_and_does_not_open_without(
    hot: tuple[bytes, bytes, dict[int, set[bytes]]], tmp_path: Path
) -> None:
    data, journal, kept = hot
    assert opens_with(data, journal, tmp_path / "edited") == kept
    assert opens_to(data, tmp_path / "edited") is None


@given(position=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), inside=st.booleans())
@LAW
def test_a_flipped_bit_in_the_journal_gives_what_was_kept_or_does_not_open(
    hot: tuple[bytes, bytes, dict[int, set[bytes]]], tmp_path: Path, position: float, bit: int, inside: bool
) -> None:
    data, journal, kept = hot
    edited = bytearray(journal)
    edited[int(position * (len(edited) if inside else 28))] ^= 1 << bit  # its head decides the most
    assert opens_with(data, bytes(edited), tmp_path / "edited") in (None, kept)


@negative("NEG-STORE-011")
@given(length=st.floats(0, 1, exclude_max=True), tail=st.binary(max_size=600))
@LAW
def test_a_journal_cut_short_or_with_bytes_behind_it_gives_what_was_kept_or_does_not_open(
    hot: tuple[bytes, bytes, dict[int, set[bytes]]], tmp_path: Path, length: float, tail: bytes
) -> None:
    data, journal, kept = hot
    assert opens_with(data, journal + tail, tmp_path / "edited") in (None, kept)
    assert opens_with(data, journal[: int(length * len(journal))], tmp_path / "edited") in (None, kept)


@given(suffix=st.sampled_from(["-journal", "-wal", "-shm"]), beside=st.binary(max_size=2000))
@LAW
def test_no_bytes_beside_a_vault_change_what_is_read(
    whole: tuple[bytes, dict[int, set[bytes]]], tmp_path: Path, suffix: str, beside: bytes
) -> None:
    path = tmp_path / "edited"
    for old in path.parent.glob(f"{path.name}*"):
        old.unlink()
    path.with_name(f"{path.name}{suffix}").write_bytes(beside)
    path.write_bytes(whole[0])
    path.chmod(0o600)
    assert opened(path) in (None, whole[1])


# -- a backup ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def saved(whole: tuple[bytes, dict[int, set[bytes]]], tmp_path: Path) -> bytes:
    vault = Vault.open(tmp_path / "whole", PASSPHRASE)
    Backup(made_at=AT, kept=vault.kept()).write(tmp_path / "saved", PASSPHRASE, cost=LEAST)
    vault.close()
    return (tmp_path / "saved").read_bytes()


def brings_back(data: bytes, path: Path) -> Backup | None:
    path.write_bytes(data)
    try:
        return Backup.read(path, PASSPHRASE)
    except Rejected:
        return None


@given(position=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), inside=st.booleans())
@LAW
def test_a_backup_with_a_flipped_bit_does_not_open(
    saved: bytes, tmp_path: Path, position: float, bit: int, inside: bool
) -> None:
    edited = bytearray(saved)
    edited[int(position * (len(edited) if inside else HEADER_SIZE + 24))] ^= 1 << bit
    assert brings_back(bytes(edited), tmp_path / "edited") is None


@negative("NEG-STORE-011")
@given(length=st.floats(0, 1, exclude_max=True), tail=st.binary(min_size=1, max_size=600))
@LAW
def test_a_backup_cut_short_or_with_bytes_behind_it_does_not_open(
    saved: bytes, tmp_path: Path, length: float, tail: bytes
) -> None:
    assert brings_back(saved[: int(length * len(saved))], tmp_path / "edited") is None
    assert brings_back(saved + tail, tmp_path / "edited") is None


@given(data=st.binary(max_size=4096), begins=st.booleans())
@LAW
def test_any_bytes_at_all_are_no_backup(tmp_path: Path, data: bytes, begins: bool) -> None:
    assert brings_back(BACKUP.magic * begins + data, tmp_path / "edited") is None


@given(body=st.binary(max_size=300), count=st.integers(0, 3))
@LAW
def test_any_body_under_the_right_seal_is_refused_or_is_one_of_ours(tmp_path: Path, body: bytes, count: int) -> None:
    """Whoever knows the passphrase may have written anything."""
    key = bytes(32)
    header = wrap(key, PASSPHRASE.encode(), LEAST, layout=BACKUP)
    for inside in (body, struct.pack(">qQI", 0, 9, count) + body):
        sealed = seal(key, inside, backup._identity(header))
        found = brings_back(header + sealed, tmp_path / "edited")
        assert found is None or found._body() == inside


@given(
    records=st.lists(
        st.builds(
            Record,
            id=st.binary(min_size=16, max_size=16),
            kind=st.integers(1, 255),
            version=st.integers(0, 99),
            nonce=st.just(b""),
            body=st.binary(max_size=200),
        ),
        unique_by=lambda one: one.id,
    ),
    counter=st.integers(99, 2**62),
)
@LAW
def test_what_is_backed_up_comes_back_the_same(tmp_path: Path, records: list[Record], counter: int) -> None:
    one = Backup(made_at=AT, kept=Kept(counter=counter, records={record.id: record for record in records}))
    (tmp_path / "made").unlink(missing_ok=True)
    one.write(tmp_path / "made", PASSPHRASE, cost=LEAST)
    assert Backup.read(tmp_path / "made", PASSPHRASE) == one


@given(
    steps=st.lists(
        st.lists(st.tuples(st.sampled_from(["put", "replace", "remove"]), st.sampled_from(KINDS), st.binary())),
        max_size=6,
    )
)
@settings(LAW, max_examples=30)
def test_the_file_holds_what_a_plain_dict_would(tmp_path: Path, steps: list[list[tuple[str, int, bytes]]]) -> None:
    path = tmp_path / "model"
    path.unlink(missing_ok=True)
    vault = Vault.create(path, PASSPHRASE, cost=LEAST)
    model: dict[bytes, tuple[int, bytes]] = {}
    for step in steps:
        with vault.writing() as writing:
            for verb, kind, body in step:
                if verb == "put" or not model:
                    model[writing.put(kind, body)] = (kind, body)
                elif verb == "replace":
                    named = next(iter(model))
                    model[writing.put(kind, body, id=named)] = (kind, body)
                else:
                    named, _ = model.popitem()
                    writing.remove(named)
    vault.close()
    vault = Vault.open(path, PASSPHRASE)
    found = {named: (kind, one.body) for kind in KINDS for named, one in vault.records(kind).items()}
    vault.close()
    assert found == model
