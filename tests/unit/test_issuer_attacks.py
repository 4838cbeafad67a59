"""Attacks on an issuer's memory and folder: files that are something else, a disk that is full, names that are none."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.errors import Malformed, Misuse, Rejected, Unavailable
from eigendata.issuer import create_authority, create_issuer
from eigendata.model import CredentialType, Facts
from eigendata.once import SqliteOnce
from eigendata.registers.catalogue import BSN, PERSOON
from eigendata.wallet import LEAST, Wallet
from tests.world import AISHA, AT, FORMAT, Holder, World

NOW = datetime(2026, 5, 4, 14, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=9000)


# -- the memory of what was used --------------------------------------------------------------------------------------


def test_a_vault_that_is_named_as_a_state_file_is_left_as_it_is(tmp_path: Path) -> None:
    vault = tmp_path / "aisha.vault"
    Wallet.create(vault, "een lange zin", cost=LEAST).close()
    before = vault.read_bytes()
    with pytest.raises(Malformed):
        SqliteOnce(vault)
    assert vault.read_bytes() == before
    Wallet.open(vault, "een lange zin").close()


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE once (kind, digest, until)",
        "CREATE TABLE of_another (kind); CREATE VIEW once AS SELECT * FROM of_another",
        "CREATE TABLE of_another (kind)",
    ],
)
def test_a_state_file_that_would_take_a_value_twice_is_refused(tmp_path: Path, script: str) -> None:
    with closing(sqlite3.connect(tmp_path / "state")) as database:
        database.executescript(script)
    with pytest.raises(Malformed):
        SqliteOnce(tmp_path / "state")


def test_a_state_file_with_a_trigger_that_forgets_is_refused(tmp_path: Path) -> None:
    once = SqliteOnce(tmp_path / "state")
    once.take("nonce", "one", LATER)
    once.close()
    with closing(sqlite3.connect(tmp_path / "state")) as database:
        database.execute("CREATE TRIGGER forget AFTER INSERT ON once BEGIN DELETE FROM once; END")
    with pytest.raises(Malformed):
        SqliteOnce(tmp_path / "state")


def test_a_state_file_of_our_own_is_opened_again(tmp_path: Path) -> None:
    first, again = SqliteOnce(tmp_path / "state"), SqliteOnce(tmp_path / "state")
    first.take("nonce", "one", LATER)
    with pytest.raises(Rejected):
        again.take("nonce", "one", LATER)


def test_a_damaged_state_file_is_malformed_whatever_the_damage(tmp_path: Path) -> None:
    SqliteOnce(tmp_path / "state").close()
    data = (tmp_path / "state").read_bytes()
    place = data.index(b"CREATE TABLE once")
    for end in range(place, place + len(b"CREATE TABLE once (kind"), 3):
        (tmp_path / "state").write_bytes(data[:end] + b"\xa8" + data[end + 1 :])
        with pytest.raises(Malformed):
            SqliteOnce(tmp_path / "state")


def test_a_path_with_a_nul_is_misuse() -> None:
    with pytest.raises(Misuse):
        SqliteOnce("a\0b")


# -- the record -------------------------------------------------------------------------------------------------------


class TellsOfAnother:
    """A record that is asked about one type, and tells of one that its issuer may not issue."""

    types = (PERSOON,)

    def facts(self, type: CredentialType, /, *, jurisdictions: tuple[str, ...], at: datetime) -> Facts:
        return AISHA.record(at=at).facts(BSN, jurisdictions=jurisdictions, at=at)


def test_nothing_is_signed_but_what_was_asked_of_the_record() -> None:
    world = World.make()
    issuer = replace(world.boxtel, types=(PERSOON,))
    holder = Holder(trust=world.trust)
    to = issuer.proven(holder.prove(issuer, 1), at=AT)
    with pytest.raises(Misuse, match="told of bsn"):
        issuer.issue(TellsOfAnother(), format=FORMAT, to=to, at=AT)


# -- the folder -------------------------------------------------------------------------------------------------------


def full(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let the disk be full once so much is on it for good: of each new file its content, then its name."""
    fsync = os.fsync
    done: list[int] = []

    def refuse(descriptor: int) -> None:
        if len(done) == after:
            raise OSError(28, "No space left on device")
        done.append(descriptor)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)


def a_key(folder: Path) -> None:
    SoftwareKey.generate(Algorithm.ES256).save(folder / "key.pem")


def an_authority(folder: Path) -> None:
    create_authority(folder, name="Root", at=NOW)


@pytest.mark.parametrize(
    ("make", "after", "written"),
    [(a_key, 0, 0), (a_key, 1, 0), (an_authority, 0, 0), (an_authority, 2, 1), (an_authority, 3, 1)],
)
def test_on_a_full_disk_there_is_a_whole_file_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], after: int, written: int
) -> None:
    full(monkeypatch, after)
    with pytest.raises(Unavailable, match="No space left"):
        make(tmp_path)
    assert len(list(tmp_path.iterdir())) == written


@pytest.mark.parametrize(
    "stated",
    [
        {"id": 'x"y'},
        {"id": "http://boxtel.example"},
        {"id": "https://boxtel.example/ "},
        {"types": ()},
        {"municipality": "99999"},
        {"municipality": "٠٧٥٧"},
    ],
)
def test_what_cannot_be_an_issuer_is_not_made(tmp_path: Path, stated: dict[str, str | tuple[str, ...]]) -> None:
    create_authority(tmp_path / "ca", name="Root", at=NOW)
    said = {"id": "https://boxtel.example", "name": None, "municipality": "0757", "types": (PERSOON.id,), **stated}
    with pytest.raises(Misuse):
        create_issuer(tmp_path / "boxtel", authority=tmp_path / "ca", at=NOW, **said)  # type: ignore[arg-type]
    assert not (tmp_path / "boxtel").exists()
