"""A backup: all that a vault holds at one moment, sealed into one file that can lie anywhere.

    header   as a vault's: the cost of Argon2id, a salt, and a key of the backup's own, wrapped by the passphrase
    body     sealed with that key over the header: when it was made, the vault's counter, and every record

It keeps to itself how that file is laid out. It has nothing in common with the vault that it was made of: neither its
key, nor necessarily its passphrase. Nothing is read behind the header before the passphrase opened the header, and
nothing is restored before all of it was authenticated. It does not know what became of the vault after it was made.
"""

from __future__ import annotations

import errno
import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from eigendata import files
from eigendata.errors import EigendataError, Misuse, Unavailable
from eigendata.wallet.file import MAX_FILE, new_file, require_free
from eigendata.wallet.sealing import (
    BACKUP,
    HEADER_SIZE,
    KEY_SIZE,
    MODERATE,
    Cost,
    normalised,
    seal,
    unseal,
    unwrap,
    wrap,
)
from eigendata.wallet.vault import MAX_RECORD, MAX_RECORDS, RESERVED, Kept, Record

MAX_COUNTER: Final = 2**62  # far above what a vault is ever written, and room enough to go on
MAX_BACKUP: Final = MAX_FILE  # bytes; every vault fits in one, for its records are smaller than its file

_BEGINNING: Final = struct.Struct(">qQI")  # when it was made (seconds since 1970), the vault's counter, records
_RECORD: Final = struct.Struct(">16sBQI")  # id, kind, version, bytes of body; the body follows


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a vault held at one moment."""

    made_at: datetime
    kept: Kept = field(repr=False)

    def write(self, path: Path, passphrase: bytes | str, *, cost: Cost = MODERATE) -> None:
        """Write it to a new file, readable by its owner alone.

        The file appears under its name when it is whole and on the disk.

        Raises:
            Misuse: there is something at the path already, or the passphrase is empty or too long.
            Unavailable: the file cannot be written; nothing is left of it.
        """
        secret = normalised(passphrase)
        require_free(path)
        key = os.urandom(KEY_SIZE)
        header = wrap(key, secret, cost, layout=BACKUP)
        sealed = seal(key, self._body(), _identity(header))
        with new_file(path, "backup") as (_, handle), os.fdopen(handle, "wb", closefd=False) as file:
            file.write(header)
            file.write(sealed)

    @classmethod
    def read(cls, path: Path, passphrase: bytes | str) -> Backup:
        """Read a backup and authenticate all of it.

        Raises:
            Rejected: the passphrase is wrong, or the file is damaged or none (`cannot_open`).
            Misuse: there is no regular file at the path.
            Unavailable: it cannot be read.
        """
        secret = normalised(passphrase)
        try:
            with files.opened(path) as file:
                size = os.fstat(file.fileno()).st_size
                header = file.read(HEADER_SIZE)
                if len(header) != HEADER_SIZE or size > HEADER_SIZE + MAX_BACKUP:
                    BACKUP.refuse()
                key = unwrap(header, secret, layout=BACKUP)
                sealed = file.read(size)  # what somebody adds meanwhile is read in vain: what is sealed has no more
        except OSError as error:
            raise _unread(error, path) from error
        return _read(unseal(key, sealed, _identity(header), layout=BACKUP))

    def _body(self) -> bytes:
        parts = [_BEGINNING.pack(int(self.made_at.timestamp()), self.kept.counter, len(self.kept.records))]
        for one in self.kept.records.values():
            parts += (_RECORD.pack(one.id, one.kind, one.version, len(one.body)), one.body)
        return b"".join(parts)


def _identity(header: bytes) -> bytes:
    return b"backup" + hashlib.sha256(header).digest()


def _unread(error: OSError, path: Path) -> EigendataError:
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR | errno.ENAMETOOLONG | errno.ELOOP:
            return Misuse(f"there is no backup at {path}")
        case errno.ENXIO:
            return Misuse(f"{path} is not a regular file")
        case _:
            return Unavailable(f"the backup at {path} cannot be read: {error.strerror}")


def _read(body: bytes) -> Backup:
    """Read what was sealed. Whoever sealed it had the passphrase, and may still have written anything at all."""
    try:
        made_at, counter, count = _BEGINNING.unpack_from(body)
        records = {one.id: one for one in _records(body, count)}
        made = datetime.fromtimestamp(made_at, UTC)
    except (struct.error, ValueError, OverflowError, OSError):
        BACKUP.refuse()
    if len(records) != count or counter > MAX_COUNTER or any(one.version > counter for one in records.values()):
        BACKUP.refuse()
    return Backup(made_at=made, kept=Kept(counter=counter, records=records))


def _records(body: bytes, count: int) -> Iterator[Record]:
    if count > MAX_RECORDS + RESERVED:
        raise ValueError("more than a vault holds")
    place = _BEGINNING.size
    for _ in range(count):
        name, kind, version, size = _RECORD.unpack_from(body, place)
        place += _RECORD.size
        content = body[place : place + size]
        place += size
        if len(content) != size or size > MAX_RECORD or not kind:
            raise ValueError("no record of a vault")
        yield Record(id=name, kind=kind, version=version, nonce=b"", body=content)
    if place != len(body):
        raise ValueError("bytes behind the last record")
