"""A file whole: how it is read, and how it is written, so that nobody waits for it and nobody finds half of it.

    read, read_private    a regular file up to a limit: whoever opens a pipe or a device may wait for its other side
    write, write_new      a file beside it, onto the disk, then its name: over what is there, or never over anything
    opened, new, make_private    the same for whoever looks into a file or fills it otherwise; they raise `OSError`

It keeps to itself what goes wrong between a path and a disk. What is wrong with the path is the caller's mistake
(`Misuse`), what is wrong with the disk passes (`Unavailable`). A message names the path and the system's word, never
what is in the file.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from eigendata.errors import Malformed, Misuse, Unavailable

PRIVATE: Final = 0o600
"""The mode of a file for its owner alone."""
SHARED: Final = 0o644

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_PLACE: Final = frozenset(
    {
        *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENXIO, errno.ENAMETOOLONG, errno.ELOOP),
        *(errno.EACCES, errno.EPERM, errno.EROFS),
    }
)
"""What is wrong with the path that was given; all else is the disk's."""
_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})  # of a disk without links


@contextmanager
def faults(what: str, path: Path, done: str) -> Iterator[None]:
    """Give what the system says of a path as one of ours: `the trust file t.toml cannot be read: Is a directory`.

    Raises:
        Misuse: the path leads to nothing that is of use, or to something where there should be nothing.
        Unavailable: the disk is full or fails.
    """
    try:
        yield
    except FileExistsError as error:
        raise Misuse(f"there is something at {path} already; nothing is overwritten") from error
    except OSError as error:
        said = f"{what} {path} cannot be {done}: {error.strerror}"
        raise (Misuse(said) if error.errno in _NO_PLACE else Unavailable(said)) from error


# -- reading ----------------------------------------------------------------------------------------------------------


def read(path: Path, what: str = "the file", *, limit: int) -> bytes:
    """Read a file of at most `limit` bytes.

    Raises:
        Misuse: there is no regular file, or it may not be read.
        Malformed: it is larger.
        Unavailable: the disk fails.
    """
    with faults(what, path, "read"), opened(path) as file:
        return _within(limit, file, what, path)


def read_private(path: Path, what: str = "the file", *, limit: int) -> bytes:
    """Read a file that nobody but its owner may read or write.

    Raises:
        Misuse, Malformed, Unavailable: as `read`.
        Misuse: others may.
    """
    with faults(what, path, "read"), opened(path) as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise Misuse(f"{what} {path} can be read by others than its owner: make it mode 0600")
        return _within(limit, file, what, path)


def opened(path: Path) -> BinaryIO:
    """Open a regular file to read it. Nothing else that may lie there is waited for.

    Raises:
        OSError: there is none (`ENOENT`), also for what is no name; it is no regular file (`ENXIO`); or something else.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except ValueError:
        raise OSError(errno.ENOENT, "it is no name for a file") from None
    if stat.S_ISREG(os.fstat(handle).st_mode):
        return os.fdopen(handle, "rb")
    os.close(handle)
    raise OSError(errno.ENXIO, "it is not a regular file")


def _within(limit: int, file: BinaryIO, what: str, path: Path) -> bytes:
    size = os.fstat(file.fileno()).st_size
    data = b""
    if size <= limit:
        data = file.read(size + 1)
        if len(data) > size:  # it grows, or is of a kind that states no size
            data += file.read(limit + 1 - len(data))
    if max(size, len(data)) > limit:
        raise Malformed(f"{what} {path} is larger than {limit} bytes")
    return data


# -- writing ----------------------------------------------------------------------------------------------------------


def write(path: Path, data: bytes, what: str = "the file", *, mode: int = SHARED) -> None:
    """Write a file whole, in the place of the one that is there, or leave that as it is.

    A link is replaced, not written through. A kill may leave the unfinished file, `.unfinished.*`, beside it.

    Raises:
        Misuse: no file can be there, or something else than a file is.
        Unavailable: the disk is full or fails.
    """
    with faults(what, path, "written"):
        if os.path.exists(path) and not path.is_file():
            raise OSError(errno.ENXIO, "there is something else than a file")
        with _unfinished(path, mode) as (beside, handle):
            _fill(handle, data)
            os.fsync(handle)
            beside.replace(path)


def write_new(path: Path, data: bytes, what: str = "the file", *, mode: int = SHARED) -> None:
    """Write a file whole where nothing is, or nothing at all. One for its owner alone is so whatever the umask left.

    Raises:
        Misuse: there is something already, a link to nowhere too, or no file can be there.
        Unavailable: the disk is full or fails.
    """
    with faults(what, path, "written"), new(path, mode=mode) as (_, handle):
        if mode == PRIVATE:
            os.fchmod(handle, mode)
        _fill(handle, data)


@contextmanager
def new(path: Path, *, mode: int = PRIVATE) -> Iterator[tuple[Path, int]]:
    """Give a name and a handle to make a file by; it appears as `path` once it is whole, never over something else.

    A kill leaves nothing at `path`, or all of it; it may leave the unfinished file, `.unfinished.*`, beside it.

    Raises:
        OSError: the file cannot be made; nothing is left of it.
    """
    appeared = False
    try:
        with _unfinished(path, mode) as (beside, handle):
            yield beside, handle
            os.fsync(handle)
            _appear(beside, path)
            appeared = True
            if not os.path.samestat(os.fstat(handle), path.lstat()):  # while it is open, no other gets its number
                raise OSError(errno.ESTALE, "somebody put another file in its place")
        _sync_directory(path.parent)
    except OSError:
        if appeared:
            with suppress(OSError):
                path.unlink()
        raise


def make_private(path: Path) -> None:
    """Make an empty file for its owner alone, unless there is a file; a database would make one that others can read.

    A file that is there is not opened: to close it again would drop the locks that this process has on it.

    Raises:
        OSError: it cannot be made, or something else is there.
    """
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, _NEW, PRIVATE))
        regular = stat.S_ISREG(path.stat().st_mode)
    except ValueError:
        raise OSError(errno.ENOENT, "it is no name for a file") from None
    if not regular:
        raise OSError(errno.ENXIO, "it is not a regular file")


@contextmanager
def _unfinished(path: Path, mode: int) -> Iterator[tuple[Path, int]]:
    if not path.name or "\0" in path.name:
        raise OSError(errno.ENOENT, "it is no name for a file")
    beside = path.with_name(f".unfinished.{os.urandom(8).hex()}")
    try:
        handle = os.open(beside, _NEW, mode)
        try:
            yield beside, handle
        finally:
            os.close(handle)
    finally:
        with suppress(OSError):  # it is there only where something went wrong, or somebody pressed Ctrl-C
            beside.unlink()


def _fill(handle: int, data: bytes) -> None:
    with os.fdopen(handle, "wb", closefd=False) as file:
        file.write(data)


def _appear(unfinished: Path, path: Path) -> None:
    try:
        os.link(unfinished, path, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A stick or a network drive without links: the name is taken first, so that nothing is written over.
        os.close(os.open(path, _NEW, PRIVATE))
        try:
            unfinished.replace(path)
        except OSError:
            path.unlink()
            raise


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
