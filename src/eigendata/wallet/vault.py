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

from eigendata.errors import Misuse, Unavailable
from eigendata.wallet.file import Hold, close, connect, database_errors, sync_directory
from eigendata.wallet.sealing import (
    HEADER_SIZE,
    KEY_SIZE,
    MIB,
    MODERATE,
    NONCE_SIZE,
    Cost,
    decrypt,
    encrypt,
    normalised,
    refuse,
    seal,
    unseal,
    unwrap,
    wrap,
)

MAX_RECORD: Final = 1 * MIB  # bytes of one record
MAX_RECORDS: Final = 50_000  # the manifest is written whole at each change

_COUNTER: Final = struct.Struct(">Q")
_ENTRY: Final = struct.Struct(">16sBQ24s")  # id, kind, version, nonce
_ID_SIZE: Final = 16
_LONGEST: Final = MAX_RECORDS * _ENTRY.size + MAX_RECORD  # bytes of a value: the manifest is the largest

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
        self._counter = 0
        self._records: dict[bytes, Record] = {}

    @classmethod
    def create(cls, path: Path, passphrase: bytes | str, *, cost: Cost = MODERATE) -> Vault:
        """Make a new vault, readable by its owner alone, and open it.

        The file appears under its name when it is whole, so a kill leaves no half of one.

        Raises:
            Misuse: there is something at the path already, or the passphrase is empty or too long.
            Unavailable: the file cannot be written.
        """
        secret = normalised(passphrase)
        data_key = os.urandom(KEY_SIZE)
        header = wrap(data_key, secret, cost)
        if not path.name or "\0" in path.name:
            raise Misuse(f"{str(path)!r} is no name for a file")
        unfinished = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
        try:
            _write_first(unfinished, header, seal(data_key, _COUNTER.pack(0), _manifest_identity(header)))
            os.link(unfinished, path, follow_symlinks=False)
            sync_directory(path.parent)
        except FileExistsError:
            raise Misuse(f"there is already a file at {path}") from None
        except FileNotFoundError:
            raise Misuse(f"there is no folder {path.parent}") from None
        except OSError as error:
            raise Unavailable(f"a vault cannot be written at {path}: {error.strerror}") from error
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
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
        with self._lock:
            self._require_open()
            self._refresh()
            records = self._records  # replaced as a whole when it changes, never edited
        return tuple(
            MappingProxyType({name: one for name, one in records.items() if one.kind == kind}) for kind in kinds
        )

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
            self._writing = True
            try:
                with database_errors():
                    self._database.execute("BEGIN IMMEDIATE")
                self._refresh()
                writing = Writing(self._records)
                yield writing
                self._commit(writing)
            finally:
                self._writing = False
                if self._database.in_transaction:
                    with suppress(sqlite3.Error):
                        self._database.execute("ROLLBACK")

    def _commit(self, writing: Writing) -> None:
        if not writing.staged:
            return
        counter = self._counter + 1
        records = dict(self._records)
        with database_errors():
            for name, staged in writing.staged.items():
                if staged is None:
                    del records[name]
                    self._database.execute("DELETE FROM record WHERE id = ?", (name,))
                    continue
                kind, body = staged
                nonce = os.urandom(NONCE_SIZE)
                records[name] = Record(id=name, kind=kind, version=counter, nonce=nonce, body=body)
                sealed = encrypt(self._data_key, nonce, body, _record_identity(name, kind, counter))
                self._database.execute("INSERT OR REPLACE INTO record VALUES (?, ?)", (name, sealed))
            if len(records) > MAX_RECORDS:
                raise Misuse("the vault is full")
            manifest = seal(self._data_key, _manifest(counter, records), _manifest_identity(self._header))
            self._database.execute("UPDATE vault SET manifest = ?", (manifest,))
            self._conclude(self._header, counter, records)

    def _conclude(self, header: bytes, counter: int, records: dict[bytes, Record]) -> None:
        # What is in memory counts as unread until it agrees with the file again: an interrupt between the two, or a
        # commit that neither failed nor succeeded, would else have the next manifest leave out what was written.
        seen, self._seen = self._seen, -1
        self._database.execute("COMMIT")
        self._header, self._counter, self._records = header, counter, records
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
            counter = self._counter + 1
            manifest = seal(self._data_key, _manifest(counter, self._records), _manifest_identity(header))
            self._database.execute("UPDATE vault SET header = ?, manifest = ?", (header, manifest))
            self._conclude(header, counter, self._records)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._data_key = b""
            self._records = {}
            self._database.close()
            self._hold.let_go()

    def _refresh(self) -> None:
        with database_errors():
            if self._database.in_transaction:
                self._load()
                return
            if self._database.execute("PRAGMA data_version").fetchone()[0] == self._seen:
                return
            self._database.execute("BEGIN")
            try:
                self._load()
            finally:
                self._database.execute("ROLLBACK")

    def _load(self) -> None:
        header = _read_header(self._database)  # takes the lock under which all the rest is read
        seen = self._database.execute("PRAGMA data_version").fetchone()[0]
        if seen == self._seen:
            return
        row = self._database.execute("SELECT manifest FROM vault").fetchone()
        counter, entries = _read_manifest(unseal(self._data_key, row[0], _manifest_identity(header)))
        if counter < self._counter:
            refuse()
        records = {}
        for name, sealed in self._database.execute("SELECT id, sealed FROM record"):
            known = self._records.get(name)
            record = entries.pop(name, None)
            if record is None or not isinstance(sealed, bytes):
                refuse()
            if known is not None and known.nonce == record.nonce:
                records[name] = known
                continue
            body = decrypt(self._data_key, record.nonce, sealed, _record_identity(name, record.kind, record.version))
            records[name] = replace(record, body=body)
        if entries:
            refuse()
        self._header, self._counter, self._records, self._seen = header, counter, records, seen

    def _require_open(self) -> None:
        if self._closed:
            raise Misuse("the vault is closed")
        if os.getpid() != self._process:
            raise Misuse("a vault is not carried over a fork: open it in the process that uses it")

    def __repr__(self) -> str:
        return f"<Vault of {len(self._records)} records>"

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


def _manifest(counter: int, records: Mapping[bytes, Record]) -> bytes:
    entries = (_ENTRY.pack(one.id, one.kind, one.version, one.nonce) for one in records.values())
    return _COUNTER.pack(counter) + b"".join(entries)


def _read_manifest(manifest: bytes) -> tuple[int, dict[bytes, Record]]:
    (counter,) = _COUNTER.unpack_from(manifest)
    return counter, {
        name: Record(id=name, kind=kind, version=version, nonce=nonce, body=b"")
        for name, kind, version, nonce in _ENTRY.iter_unpack(manifest[_COUNTER.size :])
    }


# -- what the file holds -----------------------------------------------------------------------------------------------


def _write_first(path: Path, header: bytes, manifest: bytes) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW, 0o600))
    with database_errors(), closing(connect(path, longest=_LONGEST)) as database:
        database.execute("BEGIN IMMEDIATE")
        for _, statement in _SCHEMA:
            database.execute(statement)
        database.execute("INSERT INTO vault VALUES (0, ?, ?)", (header, manifest))
        database.execute("COMMIT")


def _read_header(database: sqlite3.Connection) -> bytes:
    # A trigger or view of someone else's would run beside our statements: the schema is ours to the letter.
    schema = database.execute("SELECT name, sql FROM sqlite_master ORDER BY rowid").fetchmany(len(_SCHEMA) + 1)
    if schema != [(name.encode(), sql.encode()) for name, sql in _SCHEMA]:
        refuse()
    rows = database.execute("SELECT header FROM vault").fetchmany(2)
    if len(rows) != 1 or not isinstance(rows[0][0], bytes) or len(rows[0][0]) != HEADER_SIZE:
        refuse()
    header: bytes = rows[0][0]
    return header
