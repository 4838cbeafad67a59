"""Whole files: whatever lies at a path, nobody waits for it, reads without end, or finds half of what was written."""

from __future__ import annotations

import errno
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eigendata import files
from eigendata.errors import EigendataError, Malformed, Misuse, Unavailable
from tests.traced import ON_LINUX, Outcome, ended, finishes

SECRET = b"999990019"

Read = Callable[..., bytes]
Write = Callable[..., None]
reading = pytest.mark.parametrize("read", [files.read, files.read_private])
writing = pytest.mark.parametrize("write", [files.write, files.write_new])


def failing_with(error: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(error, os.strerror(error))

    return fail


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "folder" / "file"
    path.parent.mkdir()
    path.touch(0o600)
    path.write_bytes(SECRET)
    return path


@pytest.fixture
def umask() -> Iterator[Callable[[int], int]]:
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def said(error: type[EigendataError], work: Callable[[], object]) -> str:
    with pytest.raises(error) as caught:
        work()
    assert type(caught.value) is error
    assert SECRET.decode() not in str(caught.value)
    return str(caught.value)


# -- reading ----------------------------------------------------------------------------------------------------------


@reading
def test_a_file_is_read_to_its_limit_and_not_a_byte_further(read: Read, path: Path) -> None:
    assert read(path, limit=len(SECRET)) == SECRET
    assert said(Malformed, lambda: read(path, "the list", limit=8)) == f"the list {path} is larger than 8 bytes"
    path.write_bytes(b"")
    assert read(path, limit=0) == b""


@reading
def test_what_is_no_file_is_not_waited_for(read: Read, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "to the pipe").symlink_to("pipe")
    for other in (tmp_path, tmp_path / "pipe", tmp_path / "to the pipe", Path("/dev/zero"), Path("/dev/tty")):
        assert str(other) in said(Misuse, lambda: read(other, limit=10))  # noqa: B023  # used at once


@reading
def test_what_is_not_there_is_misuse(read: Read, path: Path) -> None:
    (path.parent / "loop").symlink_to("loop")
    for name in ("none", "file/below", "loop", "x" * 300, "nul\0", "\ud800"):
        assert "cannot be read" in said(Misuse, lambda: read(path.parent / name, limit=10))  # noqa: B023


@reading
def test_a_link_to_a_file_is_read_as_the_file(read: Read, path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to(path)
    assert read(link, limit=100) == SECRET


@reading
def test_a_file_of_any_size_costs_no_more_than_its_limit(read: Read, path: Path) -> None:
    os.truncate(path, 1 << 40)  # a hole of a tebibyte

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, resource.RLIM_INFINITY))
        read(path, limit=1000)

    assert ended(bounded) is Outcome.MALFORMED


@reading
def test_a_file_that_grows_while_it_is_read_is_read_to_the_limit(
    read: Read, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = os.fstat

    def grown(handle: int) -> os.stat_result:
        found = looked(handle)
        with path.open("ab") as file:
            file.write(b"more")
        return found

    monkeypatch.setattr(os, "fstat", grown)
    whole = read(path, limit=1000)
    assert whole.startswith(SECRET)
    assert len(whole) > len(SECRET)
    assert "larger" in said(Malformed, lambda: read(path, limit=len(whole) + 4))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this machine has no /proc")
def test_a_file_that_states_no_size_is_read_whole() -> None:
    assert files.read(Path("/proc/self/status"), limit=100_000).endswith(b"\n")
    assert "larger" in said(Malformed, lambda: files.read(Path("/proc/self/status"), limit=100))


@reading
@pytest.mark.parametrize(
    ("error", "kind"),
    [(errno.EACCES, Misuse), (errno.EPERM, Misuse), (errno.EIO, Unavailable), (errno.EMFILE, Unavailable)],
)
def test_what_may_not_be_read_is_misuse_and_a_disk_that_fails_passes(
    read: Read, path: Path, monkeypatch: pytest.MonkeyPatch, error: int, kind: type[EigendataError]
) -> None:
    monkeypatch.setattr(os, "open", failing_with(error))
    told = said(kind, lambda: read(path, "the list", limit=10))
    assert told == f"the list {path} cannot be read: {os.strerror(error)}"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o777])
def test_a_private_file_that_others_can_use_is_not_read(path: Path, mode: int) -> None:
    path.chmod(mode)
    assert files.read(path, limit=100) == SECRET
    assert "0600" in said(Misuse, lambda: files.read_private(path, limit=100))


# -- writing ----------------------------------------------------------------------------------------------------------


def test_a_file_takes_the_place_of_the_one_that_is_there(path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to(path)
    files.write(link, b"new")
    assert (path.read_bytes(), link.read_bytes(), link.is_symlink()) == (SECRET, b"new", False)
    files.write(path, b"newer")
    assert path.read_bytes() == b"newer"
    assert sorted(one.name for one in path.parent.iterdir()) == ["file", "link"]


def test_a_new_file_takes_the_place_of_nothing(path: Path) -> None:
    (path.parent / "folder").mkdir()
    (path.parent / "link").symlink_to("nowhere")
    os.mkfifo(path.parent / "pipe")
    before = sorted(path.parent.iterdir())
    for one in before:
        assert "something at" in said(Misuse, lambda: files.write_new(one, b"new"))  # noqa: B023
    assert sorted(path.parent.iterdir()) == before
    assert path.read_bytes() == SECRET


@pytest.mark.parametrize("plant", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_stays_what_it_is(tmp_path: Path, plant: Callable[[Path], None]) -> None:
    plant(tmp_path / "it")
    (tmp_path / "link").symlink_to("it")
    kind = stat.S_IFMT((tmp_path / "it").stat().st_mode)
    for name in ("it", "link"):
        assert "cannot be written" in said(Misuse, lambda: files.write(tmp_path / name, b"new"))  # noqa: B023
    assert stat.S_IFMT((tmp_path / "it").stat().st_mode) == kind
    assert sorted(one.name for one in tmp_path.iterdir()) == ["it", "link"]


@writing
@pytest.mark.parametrize("name", ["", ".", "/", "nowhere/x", "file/x", "x" * 300, "a\0b"])
def test_where_no_file_can_be_nothing_is_left(
    write: Write, path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    said(Misuse, lambda: write(Path(name), b"new"))
    assert list(path.parent.iterdir()) == [path]


@writing
def test_a_file_has_the_mode_that_was_given(write: Write, tmp_path: Path, umask: Callable[[int], int]) -> None:
    for number, (mask, mode, made) in enumerate(
        [
            (0o022, files.SHARED, 0o644),
            (0o077, files.SHARED, 0o600),
            (0o000, files.PRIVATE, 0o600),
            (0o022, files.PRIVATE, 0o600),
        ]
    ):
        umask(mask)
        write(tmp_path / str(number), b"new", mode=mode)
        assert stat.S_IMODE((tmp_path / str(number)).stat().st_mode) == made


def test_a_new_private_file_is_its_owners_whatever_the_umask(tmp_path: Path, umask: Callable[[int], int]) -> None:
    umask(0o777)
    files.write_new(tmp_path / "new", b"new", mode=files.PRIVATE)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600


@writing
@pytest.mark.parametrize("call", ["fsync", "replace", "link"])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_disk_that_fails_leaves_the_old_and_nothing_else(
    write: Write, path: Path, monkeypatch: pytest.MonkeyPatch, call: str, error: int
) -> None:
    target = path if write is files.write else path.with_name("new")
    if write is files.write and call == "link":
        call = "open"
    if write is files.write_new and call == "replace":  # asked for where a disk has no links
        monkeypatch.setattr(os, "link", failing_with(errno.EPERM))
    monkeypatch.setattr(Path if call == "replace" else os, call, failing_with(error))
    told = said(Unavailable, lambda: write(target, b"new", "the list"))
    assert told == f"the list {target} cannot be written: {os.strerror(error)}"
    assert (list(path.parent.iterdir()), path.read_bytes()) == ([path], SECRET)


@writing
def test_where_a_file_may_not_grow_the_old_one_stays(write: Write, path: Path) -> None:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        write(path if write is files.write else path.with_name("new"), bytes(100_000))

    assert ended(limited) is Outcome.UNAVAILABLE
    assert (list(path.parent.iterdir()), path.read_bytes()) == ([path], SECRET)


def test_a_name_that_would_not_last_is_taken_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_sync_directory", failing_with(errno.EIO))
    said(Unavailable, lambda: files.write_new(path.with_name("new"), b"new"))
    assert list(path.parent.iterdir()) == [path]


def test_where_a_disk_has_no_links_a_new_file_takes_the_place_of_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", failing_with(errno.EPERM))
    files.write_new(path.with_name("new"), b"new")
    assert path.with_name("new").read_bytes() == b"new"
    assert "something at" in said(Misuse, lambda: files.write_new(path, b"new"))
    assert path.read_bytes() == SECRET


def test_what_somebody_put_in_its_place_is_no_new_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def swapped(beside: Path, new: Path, **how: bool) -> None:
        beside.unlink()
        beside.symlink_to(path)
        link(beside, new, **how)

    monkeypatch.setattr(os, "link", swapped)
    assert "in its place" in said(Unavailable, lambda: files.write_new(path.with_name("new"), b"new"))
    assert (list(path.parent.iterdir()), path.read_bytes()) == ([path], SECRET)


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.skipif(not ON_LINUX, reason="system calls are counted by ptrace")
@writing
def test_a_kill_leaves_the_old_or_the_new_and_at_most_an_unfinished_file(write: Write, path: Path) -> None:
    target = path if write is files.write else path.with_name("new")
    old = {SECRET} if write is files.write else {None}
    seen = set()
    for calls in range(1000):
        finished = finishes(lambda: lambda: write(target, b"new" * 5000), calls)
        found = target.read_bytes() if target.exists() else None
        assert found in old | {b"new" * 5000}
        assert not finished or found == b"new" * 5000
        seen.add(found)
        for left in set(path.parent.iterdir()) - {path, target}:
            assert left.name.startswith(".unfinished.")
            left.unlink()
        if finished:
            break
        path.write_bytes(SECRET)
        if target != path:
            target.unlink(missing_ok=True)
    assert seen == old | {b"new" * 5000}
    assert calls > 5


# -- databases --------------------------------------------------------------------------------------------------------


def test_a_file_of_a_database_is_made_for_its_owner_and_left_alone_where_it_is(
    tmp_path: Path, umask: Callable[[int], int]
) -> None:
    umask(0)
    path = tmp_path / "state"
    files.make_private(path)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"", 0o600)
    path.write_bytes(SECRET)
    path.chmod(0o640)
    files.make_private(path)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (SECRET, 0o640)


def test_what_is_no_file_is_no_database(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", ".", "none/x", "nul\0"):
        with pytest.raises(OSError, match=r"."):
            files.make_private(tmp_path / name)
    assert [one.name for one in tmp_path.iterdir()] == ["pipe"]


def test_the_room_loads_next_to_nothing() -> None:
    program = "import sys; before = set(sys.modules); import eigendata.files; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {name for name in done.stdout.split() if name.startswith("eigendata")} == {
        *("eigendata", "eigendata.errors", "eigendata.files", "eigendata.late")
    }
