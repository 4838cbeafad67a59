"""Laws of the vault: whatever is done to its bytes, it gives what was kept or does not open."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eigendata.errors import Rejected
from eigendata.wallet import sealing
from eigendata.wallet.sealing import LEAST, Cost
from eigendata.wallet.vault import Vault
from tests.negatives import negative

PASSPHRASE = "vijf woorden die niemand raadt"
KINDS = (1, 2, 3)
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
