"""The vault: one encrypted file that keeps records, and does not know what they say.

    passphrase -> Argon2id -> key-encryption key -> data key -> manifest -> records

It keeps to itself how the file is laid out and what makes an edit of it noticed. Nothing in the file decides anything:
there is no flag, no counter of attempts and no copy of the passphrase, only sealed bytes. A wrong passphrase and a
damaged file are one error, because telling them apart tells an attacker something.

    header    cost of Argon2id, salt, and the data key wrapped; all of it authenticated by the wrapping
    manifest  sealed over the header: how often the vault was written, and of each record its id, kind, version, nonce
    record    sealed over its id, kind and version; without the manifest's nonce it is noise, so a record that was
              lost, added, swapped, or put back as it once was, is noticed

It does not notice that the whole file was replaced by an older copy of itself while it was closed.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import struct
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final, NoReturn

from eigendata.errors import Misuse
from eigendata.wallet.file import Hold, close, connect, database_errors, new_file, require_alone, require_free
from eigendata.wallet.sealing import (
    HEADER_SIZE,
    KEY_SIZE,
    MIB,
    MODERATE,
    NONCE_SIZE,
    VAULT,
    Cost,
    decrypt,
    encrypt,
    normalised,
    seal,
    unseal,
    unwrap,
    wrap,
)

MAX_RECORD: Final = 1 * MIB  # bytes of one record
MAX_RECORDS: Final = 50_000  # the manifest is written whole at each change
RESERVED: Final = 1_000  # records beyond, of what a restore notes down: a full vault is restored too

_COUNTER: Final = struct.Struct(">Q")
_ENTRY: Final = struct.Struct(">16sBQ24s")  # id, kind, version, nonce
_ID_SIZE: Final = 16
_LONGEST: Final = (MAX_RECORDS + RESERVED) * _ENTRY.size + MAX_RECORD  # bytes of a value: the manifest is the largest

_SCHEMA: Final = (
    ("vault", "CREATE TABLE vault (id INTEGER PRIMARY KEY, header BLOB NOT NULL, manifest BLOB NOT NULL)"),
    ("record", "CREATE TABLE record (id BLOB PRIMARY KEY, sealed BLOB NOT NULL) WITHOUT ROWID"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record as it stands. `version` is the vault's counter at the time that it was written."""

    id: bytes
    kind: int
    version: int
    nonce: bytes = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """All that a vault holds, as it stood at one moment; `counter` is how often it was written."""

    counter: int
    records: Mapping[bytes, Record] = field(repr=False)

    def after(self, writing: Writing, *, reserved: int = 0) -> Kept:
        """Give what it holds once a transaction is done. What takes away more than it adds is done in a full one too.

        Args:
            reserved: how many records more than a vault holds it may come to.

        Raises:
            Misuse: it would be more than that.
        """
        counter, records = self.counter + 1, dict(self.records)
        for name, staged in writing.staged.items():
            if staged is None:
                del records[name]
                continue
            kind, body = staged
            records[name] = Record(id=name, kind=kind, version=counter, nonce=os.urandom(NONCE_SIZE), body=body)
        if len(records) > max(MAX_RECORDS + reserved, len(self.records)):
            raise Misuse("the vault is full")
        return Kept(counter=counter, records=records)


NOTHING: Final = Kept(counter=0, records=MappingProxyType({}))


class Vault:
    """An open vault. Its records are in memory, and are read again when another process has written."""

    def __init__(self, database: sqlite3.Connection, header: bytes, data_key: bytes, hold: Hold) -> None:
        self._hold = hold
        self._database = database
        weakref.finalize(self, close, database, os.getpid())
        self._header = header
        self._data_key = data_key
        self._process = os.getpid()
        self._lock = threading.RLock()
        self._writing = False
        self._closed = False
        self._seen = -1  # SQLite's data_version at the last reading
        self._kept = NOTHING

    @classmethod
    def create(cls, path: Path, passphrase: bytes | str, *, cost: Cost = MODERATE, kept: Kept = NOTHING) -> Vault:
        """Make a new vault, readable by its owner alone, and open it.

        The file appears under its name when it is whole, so a kill leaves no half of one.

        Args:
            kept: what it holds from the beginning.

        Raises:
            Misuse: there is something at the path already, or the passphrase is empty or too long.
            Unavailable: the file cannot be written.
        """
        secret = normalised(passphrase)
        require_free(path)
        require_alone(path)
        data_key = os.urandom(KEY_SIZE)
        header = wrap(data_key, secret, cost)
        with new_file(path, "vault") as (unfinished, _):
            _write_first(unfinished, header, data_key, kept)
        return cls._opened(path, header, data_key, Hold(path))

    @classmethod
    def open(cls, path: Path, passphrase: bytes | str) -> Vault:
        """Open a vault and authenticate every record of it.

        Raises:
            Rejected: the passphrase is wrong or the file is damaged; which of the two is not said (`cannot_open`).
            Misuse: there is no regular file at the path, or others than its owner may read it.
            Unavailable: another process keeps it locked.
        """
        secret = normalised(passphrase)
        hold = Hold(path)
        with database_errors(), closing(connect(path, longest=_LONGEST)) as database:
            header = _read_header(database)
        return cls._opened(path, header, unwrap(header, secret), hold)

    @classmethod
    def _opened(cls, path: Path, header: bytes, data_key: bytes, hold: Hold) -> Vault:
        with database_errors():
            database = connect(path, longest=_LONGEST)
        vault = cls(database, header, data_key, hold)
        try:
            vault._refresh()
        except BaseException:
            database.close()
            raise
        return vault

    # -- reading and writing ------------------------------------------------------------------------------------------

    def records(self, kind: int) -> Mapping[bytes, Record]:
        """Give the records of one kind by their id, as last committed by any process."""
        return self.snapshot(kind)[0]

    def snapshot(self, *kinds: int) -> tuple[Mapping[bytes, Record], ...]:
        """Give the records of several kinds as they stood together, at one moment."""
        records = self.kept().records
        return tuple(
            MappingProxyType({name: one for name, one in records.items() if one.kind == kind}) for kind in kinds
        )

    def kept(self) -> Kept:
        """Give all that is in it, as it stood at one moment."""
        with self._lock:
            self._require_open()
            self._refresh()
            return self._kept  # replaced as a whole when it changes, never edited

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """Open the one transaction there is: all of what is put and removed in it becomes true, or nothing.

        Raises:
            Unavailable: another process is writing, or the disk refuses.
            Misuse: a transaction is open already.
        """
        with self._lock:
            self._require_open()
            if self._writing:
                raise Misuse("one transaction of a vault at a time")
            self._hold.look()
            self._writing = True
            try:
                with database_errors():
                    self._database.execute("BEGIN IMMEDIATE")
                self._refresh()
                writing = Writing(self._kept.records)
                yield writing
                self._commit(writing)
            finally:
                self._writing = False
                self._roll_back()

    def _roll_back(self) -> None:
        # After some errors SQLite did so itself. What went wrong is told by the error that is on its way.
        if self._database.in_transaction:
            with suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")

    def _commit(self, writing: Writing) -> None:
        if not writing.staged:
            return
        kept = self._kept.after(writing)
        with database_errors():
            for name in writing.staged:
                record = kept.records.get(name)
                if record is None:
                    self._database.execute("DELETE FROM record WHERE id = ?", (name,))
                else:
                    _write_record(self._database, record, self._data_key)
            manifest = seal(self._data_key, _manifest(kept), _manifest_identity(self._header))
            self._database.execute("UPDATE vault SET manifest = ?", (manifest,))
            self._conclude(self._header, kept)

    def _conclude(self, header: bytes, kept: Kept) -> None:
        # What is in memory counts as unread until it agrees with the file again: an interrupt between the two, or a
        # commit that neither failed nor succeeded, would else have the next manifest leave out what was written.
        seen, self._seen = self._seen, -1
        self._database.execute("COMMIT")
        self._header, self._kept = header, kept
        self._seen = seen

    def change_passphrase(self, passphrase: bytes | str, *, cost: Cost = MODERATE) -> None:
        """Wrap the data key anew, in one transaction; the records stay as they are.

        Who copied the file before, and knows the passphrase of then, can still open that copy.

        Raises:
            Misuse: the passphrase is empty or too long.
            Unavailable: another process is writing, or the disk refuses.
        """
        header = wrap(self._data_key, normalised(passphrase), cost)
        with self.writing(), database_errors():
            kept = self._kept.after(Writing(self._kept.records))
            manifest = seal(self._data_key, _manifest(kept), _manifest_identity(header))
            self._database.execute("UPDATE vault SET header = ?, manifest = ?", (header, manifest))
            self._conclude(header, kept)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._data_key = b""
            self._kept = NOTHING
            self._database.close()
            self._hold.let_go()

    def _refresh(self) -> None:
        with database_errors():
            if self._database.in_transaction:
                self._load()
                return
            self._hold.look()
            if self._database.execute("PRAGMA data_version").fetchone()[0] == self._seen:
                return
            self._database.execute("BEGIN")
            try:
                self._load()
            finally:
                self._roll_back()

    def _load(self) -> None:
        header = _read_header(self._database)  # takes the lock under which all the rest is read
        seen = self._database.execute("PRAGMA data_version").fetchone()[0]
        if seen == self._seen:
            return
        row = self._database.execute("SELECT manifest FROM vault").fetchone()
        counter, entries = _read_manifest(unseal(self._data_key, row[0], _manifest_identity(header)))
        if counter < self._kept.counter:
            VAULT.refuse()
        records = {}
        for name, sealed in self._database.execute("SELECT id, sealed FROM record"):
            known = self._kept.records.get(name)
            record = entries.pop(name, None)
            if record is None or not isinstance(sealed, bytes):
                VAULT.refuse()
            if known is not None and known.nonce == record.nonce:
                records[name] = known
                continue
            body = decrypt(self._data_key, record.nonce, sealed, _record_identity(name, record.kind, record.version))
            records[name] = replace(record, body=body)
        if entries:
            VAULT.refuse()
        self._header, self._kept, self._seen = header, Kept(counter=counter, records=records), seen

    def _require_open(self) -> None:
        if self._closed:
            raise Misuse("the vault is closed")
        if os.getpid() != self._process:
            raise Misuse("a vault is not carried over a fork: open it in the process that uses it")

    def __repr__(self) -> str:
        return f"<Vault of {len(self._kept.records)} records>"

    def __reduce__(self) -> NoReturn:
        raise Misuse("a vault is not pickled")


class Writing:
    """What one transaction has put and removed so far."""

    def __init__(self, records: Mapping[bytes, Record]) -> None:
        self._records = records
        self.staged: dict[bytes, tuple[int, bytes] | None] = {}

    def records(self, kind: int) -> dict[bytes, bytes]:
        """Give the bodies of one kind by their id, as this transaction sees them."""
        found = {name: one.body for name, one in self._records.items() if one.kind == kind}
        for name, staged in self.staged.items():
            if staged is not None and staged[0] == kind:
                found[name] = staged[1]
            else:
                found.pop(name, None)
        return found

    def put(self, kind: int, body: bytes, *, id: bytes | None = None) -> bytes:
        """Add a record, or replace the one with this id; gives its id."""
        if len(body) > MAX_RECORD:
            raise Misuse(f"a record of a vault holds at most {MAX_RECORD} bytes")
        named = os.urandom(_ID_SIZE) if id is None else id
        if len(named) != _ID_SIZE or not 0 < kind < 256:
            raise Misuse("a record has an id of 16 bytes and a kind of one")
        self.staged[named] = (kind, body)
        return named

    def remove(self, id: bytes) -> None:
        if id in self._records:
            self.staged[id] = None
            return
        if self.staged.pop(id, None) is None:
            raise Misuse("there is no such record to remove")

    def __repr__(self) -> str:
        return f"<Writing of {len(self.staged)} records>"


# -- the manifest -----------------------------------------------------------------------------------------------------


def _record_identity(id: bytes, kind: int, version: int) -> bytes:
    return b"record" + id + bytes((kind,)) + _COUNTER.pack(version)


def _manifest_identity(header: bytes) -> bytes:
    return b"manifest" + hashlib.sha256(header).digest()


def _manifest(kept: Kept) -> bytes:
    entries = (_ENTRY.pack(one.id, one.kind, one.version, one.nonce) for one in kept.records.values())
    return _COUNTER.pack(kept.counter) + b"".join(entries)


def _read_manifest(manifest: bytes) -> tuple[int, dict[bytes, Record]]:
    (counter,) = _COUNTER.unpack_from(manifest)
    return counter, {
        name: Record(id=name, kind=kind, version=version, nonce=nonce, body=b"")
        for name, kind, version, nonce in _ENTRY.iter_unpack(manifest[_COUNTER.size :])
    }


# -- what the file holds -----------------------------------------------------------------------------------------------


def _write_first(path: Path, header: bytes, data_key: bytes, kept: Kept) -> None:
    records = {name: replace(one, nonce=os.urandom(NONCE_SIZE)) for name, one in kept.records.items()}
    manifest = _manifest(replace(kept, records=records))
    with database_errors(), closing(connect(path, longest=_LONGEST)) as database:
        database.execute("BEGIN IMMEDIATE")
        for _, statement in _SCHEMA:
            database.execute(statement)
        for record in records.values():
            _write_record(database, record, data_key)
        sealed = seal(data_key, manifest, _manifest_identity(header))
        database.execute("INSERT INTO vault VALUES (0, ?, ?)", (header, sealed))
        database.execute("COMMIT")


def _write_record(database: sqlite3.Connection, record: Record, data_key: bytes) -> None:
    identity = _record_identity(record.id, record.kind, record.version)
    sealed = encrypt(data_key, record.nonce, record.body, identity)
    database.execute("INSERT OR REPLACE INTO record VALUES (?, ?)", (record.id, sealed))


def _read_header(database: sqlite3.Connection) -> bytes:
    # A trigger or view of someone else's would run beside our statements: the schema is ours to the letter.
    schema = database.execute("SELECT name, sql FROM sqlite_master ORDER BY rowid").fetchmany(len(_SCHEMA) + 1)
    if schema != [(name.encode(), sql.encode()) for name, sql in _SCHEMA]:
        VAULT.refuse()
    rows = database.execute("SELECT header FROM vault").fetchmany(2)
    if len(rows) != 1 or not isinstance(rows[0][0], bytes) or len(rows[0][0]) != HEADER_SIZE:
        VAULT.refuse()
    header: bytes = rows[0][0]
    return header
