"""The file of a vault as the system and SQLite know it: how it is reached, held, opened and made.

It keeps to itself what goes wrong between a process and a disk. What passes, a lock or a full disk, is `Unavailable`;
what is wrong in the file itself does not open; a path that names no file of ours is the caller's mistake.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import threading
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Final

from eigendata import files
from eigendata.errors import EigendataError, Misuse, Unavailable
from eigendata.wallet.sealing import MIB, VAULT

MAX_FILE: Final = 512 * MIB  # bytes; far above any wallet, so that opening has a bound
BUSY_TIMEOUT: Final = 5.0  # seconds to wait for another process that is writing

_FILE_HEAD: Final = b"SQLite format 3\0"
_PAGE: Final = 4096  # bytes of a page
_BESIDE: Final = ("-journal", "-wal")  # where SQLite puts files, and reads what it finds
# What ends the journal of a change to several databases, before which stands the name of another file: SQLite deletes
# that file, whatever it is, when it finds such a journal. A vault's changes are of one database.
_OF_SEVERAL: Final = bytes.fromhex("d9d505f920a163d7")
_ROLLBACK_JOURNAL: Final = b"\x01\x01"  # read and write version; another would have other files beside this one
# What another process or the disk does, against what is wrong in the file itself.
_PASSING: Final = {
    sqlite3.SQLITE_BUSY: "another process is writing to it",
    sqlite3.SQLITE_LOCKED: "another process is writing to it",
    sqlite3.SQLITE_PROTOCOL: "another process is writing to it",
    sqlite3.SQLITE_FULL: "the disk is full, or it has grown as large as a vault may be",
    sqlite3.SQLITE_IOERR: "the disk is full, or fails",
    sqlite3.SQLITE_CANTOPEN: "the file, or its folder, cannot be opened",
    sqlite3.SQLITE_READONLY: "the file, its folder or its disk may not be written to, or the file was moved",
    sqlite3.SQLITE_PERM: "the file may not be opened",
    sqlite3.SQLITE_NOMEM: "there is not enough memory",
    sqlite3.SQLITE_INTERRUPT: "it was interrupted",
}


class Hold:
    """Counts a vault's file among those that this process has open, once it is found to be one.

    Where a process closes any handle on a file, POSIX takes away every lock that it has on it, also those under which
    SQLite is writing. So a file is looked into by ourselves only while no vault of this process is open on it.
    """

    _counted: ClassVar[Counter[tuple[int, int]]] = Counter()
    _counting: ClassVar[threading.RLock] = threading.RLock()  # the collector lets go at any line

    def __init__(self, path: Path) -> None:
        found = private_file(path)
        file = (found.st_dev, found.st_ino)
        with self._counting:
            if not self._counted[file]:
                _require_head(path)
            self._counted[file] += 1
        self._path = path
        self.let_go: Final = weakref.finalize(self, self._let_go, file)

    def look(self) -> None:
        """Look again, before SQLite does, whether somebody put something beside the file.

        Raises:
            Misuse: somebody did.
            Unavailable: the folder cannot be reached.
        """
        try:
            _require_nothing_planted(self._path)
        except OSError as error:
            raise Unavailable(f"the vault at {self._path} cannot be reached: {error.strerror}") from error

    @classmethod
    def _let_go(cls, file: tuple[int, int]) -> None:
        with cls._counting:
            cls._counted[file] -= 1
            if not cls._counted[file]:
                del cls._counted[file]


def private_file(path: Path) -> os.stat_result:
    try:
        found = path.lstat()
        _require_nothing_planted(path)
    except FileNotFoundError:
        raise Misuse(f"there is no vault at {path}") from None
    except ValueError:
        raise Misuse(f"{str(path)!r} is no name for a file") from None
    except OSError as error:
        raise Unavailable(f"the vault at {path} cannot be reached: {error.strerror}") from error
    if not stat.S_ISREG(found.st_mode):
        raise Misuse(f"{path} is not a regular file")
    if found.st_mode & 0o077:
        raise Misuse(f"others may read or write {path}: make it mode 0600, and ask yourself who did")
    if found.st_size > MAX_FILE:
        VAULT.refuse()
    return found


def _require_nothing_planted(path: Path) -> None:
    for suffix in _BESIDE:
        beside = path.with_name(path.name + suffix)
        try:
            if not stat.S_ISREG(beside.lstat().st_mode):  # SQLite waits for ever on a pipe in the place of its journal
                raise Misuse(f"{beside} is not a regular file: somebody put it beside the vault")
            with beside.open("rb") as file:
                file.seek(-len(_OF_SEVERAL), os.SEEK_END)
                if file.read() == _OF_SEVERAL:
                    raise Misuse(f"{beside} is no journal of a vault: somebody put it there to have a file deleted")
        except FileNotFoundError:
            continue
        except OSError as error:
            if error.errno != errno.EINVAL:  # shorter than that
                raise


def _require_head(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(len(_FILE_HEAD) + 4)
    except OSError as error:
        raise Unavailable(f"the vault at {path} cannot be read: {error.strerror}") from error
    if not head.startswith(_FILE_HEAD) or head[-2:] != _ROLLBACK_JOURNAL:
        VAULT.refuse()


def close(database: sqlite3.Connection, process: int) -> None:
    if process == os.getpid():  # closed in a child, it would take away the locks of its parent
        database.close()


def connect(path: Path, *, longest: int) -> sqlite3.Connection:
    """Open a database; no value in it is longer than `longest` bytes."""
    database = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_TIMEOUT,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        database.text_factory = bytes
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, longest)
        for setting in (
            f"page_size = {_PAGE}",  # of a new file
            "trusted_schema = OFF",
            "cell_size_check = ON",
            # nothing is written beside the file and its journal, and both hold sealed bytes only
            "temp_store = MEMORY",
            "journal_mode = DELETE",
            "synchronous = EXTRA",  # FULL, and the directory after the journal is gone: what returned is durable
            "secure_delete = ON",
            f"max_page_count = {MAX_FILE // _PAGE}",  # what could not be opened again is not written
        ):
            database.execute(f"PRAGMA {setting}")
    except BaseException:
        database.close()
        raise
    return database


@contextmanager
def new_file(path: Path, what: str) -> Iterator[tuple[Path, int]]:
    """Give a name and a handle to make a file by (`files.new`); what a kill leaves beside it is as sealed as the whole.

    Raises:
        Misuse: there is something at the path already, or it names no file in a folder.
        Unavailable: the file cannot be written; nothing is left of it.
    """
    require_free(path)
    try:
        with files.new(path) as made:
            yield made
    except OSError as error:
        raise _unwritten(error, path, what) from error


def _unwritten(error: OSError, path: Path, what: str) -> EigendataError:
    match error.errno:
        case errno.EEXIST:
            return Misuse(f"there is already something at {path}")
        case errno.ENOENT | errno.ENOTDIR:
            return Misuse(f"there is no folder {path.parent}")
        case errno.ENAMETOOLONG:
            return Misuse(f"{str(path)!r} is too long a name for a file")
        case _:
            return Unavailable(f"the {what} cannot be written at {path}: {error.strerror}")


def require_free(path: Path) -> None:
    """Require that a path names a file that is not there; `new_file` settles it, this comes before long work.

    Raises:
        Misuse: it does not.
    """
    if not path.name or "\0" in path.name:
        raise Misuse(f"{str(path)!r} is no name for a file")
    if path.name.endswith(_BESIDE):  # beside a vault of that name SQLite would delete it
        raise Misuse(f"{path} has a name that is kept for what a vault writes beside itself: take another")
    if os.path.lexists(path):
        raise Misuse(f"there is already something at {path}")


def require_elsewhere(path: Path, vault: Path) -> None:
    """Require that something to be written is neither over a vault nor where SQLite would delete it, or believe it.

    Raises:
        Misuse: it does.
    """
    for suffix in ("", *_BESIDE, "-shm"):
        if os.path.realpath(path) == os.path.realpath(f"{vault}{suffix}"):
            raise Misuse(f"{path} is the vault itself, or kept for what it writes beside itself: take another name")


def require_alone(path: Path) -> None:
    """Require that nothing lies where a new vault has its journal: SQLite would take it for one, and delete it.

    Raises:
        Misuse: something does.
    """
    for suffix in _BESIDE:
        beside = path.with_name(path.name + suffix)
        if os.path.lexists(beside):
            raise Misuse(f"{beside} is in the way of a new vault at {path}, which would delete it: take another name")


@contextmanager
def database_errors() -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError:
        VAULT.refuse()  # SQLite's own words about a damaged schema, in which it quotes the damage
    except sqlite3.Error as error:
        passing = _PASSING.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        if passing is None:
            VAULT.refuse()
        raise Unavailable(f"the vault cannot be used now: {passing}") from error
