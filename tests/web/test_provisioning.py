"""What a service makes at its first start: once, whole, for its owner alone, and never over what is there."""

from __future__ import annotations

import os
import secrets
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import dump_pem_chain, load_pem_chain, make_authority, verify_chain
from eigendata.errors import EigendataError, Malformed, Misuse
from eigendata.web import provisioning
from eigendata.web.provisioning import Access

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOST = "toets.example"
FILES = {".lock", "access.key", "access.pem", "api-key", "ca.key", "ca.pem", "store.key"}


def begun(data: Path, *, at: datetime = AT, host: str = HOST) -> Access:
    with provisioning.alone(data):
        provisioning.store_key(data)
        provisioning.api_key(data, lambda: secrets.token_urlsafe(32))
        return provisioning.access(data, data=data, host=host, name="Woonstichting De Kempen", at=at)


def content(data: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in data.iterdir()}


def test_what_lacks_is_made_for_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    before = os.umask(0)
    try:
        begun(data)
    finally:
        os.umask(before)
    assert {path.name for path in data.iterdir()} == FILES
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in data.iterdir()} == {0o600}


def test_the_certificate_leads_to_the_authority_and_names_the_host(tmp_path: Path) -> None:
    access = begun(tmp_path)
    anchor = load_pem_chain((tmp_path / "ca.pem").read_bytes())
    leaf = verify_chain(access.chain, anchor, at=AT)
    assert leaf.dns_names == (HOST,)
    assert leaf.key == access.key.public_key
    assert anchor[0] not in access.chain


def test_a_second_start_makes_nothing_and_changes_nothing(tmp_path: Path) -> None:
    begun(tmp_path)
    before = content(tmp_path)
    begun(tmp_path, at=AT + timedelta(days=300))
    assert content(tmp_path) == before


@pytest.mark.parametrize("lacking", sorted(FILES - {"access.key", "ca.key"}))
def test_what_lacks_is_made_again_and_all_else_stays(tmp_path: Path, lacking: str) -> None:
    begun(tmp_path)
    before = content(tmp_path)
    (tmp_path / lacking).unlink()
    begun(tmp_path)
    after = content(tmp_path)
    if lacking != "ca.pem":  # a certificate at hand is enough to begin with
        assert after.keys() == before.keys()
    assert {name: data for name, data in after.items() if name != lacking} == {
        name: data for name, data in before.items() if name != lacking
    }


@pytest.mark.parametrize("start", ["ca.key", "ca.key ca.pem", "ca.key ca.pem access.key"])
def test_a_start_that_was_killed_halfway_is_finished_by_the_next(tmp_path: Path, start: str) -> None:
    begun(tmp_path / "whole")
    half = tmp_path / "half"
    half.mkdir(mode=0o700)
    kept = {name: (tmp_path / "whole" / name).read_bytes() for name in start.split()}
    for name, data in kept.items():
        (half / name).write_bytes(data)
        (half / name).chmod(0o600)
    access = begun(half)
    assert kept.items() <= content(half).items()
    verify_chain(access.chain, load_pem_chain((half / "ca.pem").read_bytes()), at=AT)


def test_processes_that_start_together_make_one_set(tmp_path: Path) -> None:
    program = (
        "import sys; from datetime import UTC, datetime; from pathlib import Path\n"
        "from tests.web.test_provisioning import begun\n"
        "sys.stdin.readline()\n"
        "print(begun(Path(sys.argv[1])).chain[0].hex())\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "data")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parents[2],
        )
        for _ in range(4)
    ]
    for one in started:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    told = [one.communicate(timeout=60)[0] for one in started]
    assert [one.returncode for one in started] == [0] * 4
    assert len(set(told)) == 1
    assert told[0].strip()


# -- what nobody can mend by making something -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda data: (data / "access.key").unlink(), "without its key access.key"),
        (lambda data: (data / "access.key").chmod(0o640), "can be read by others"),
        (lambda data: (data / "store.key").chmod(0o604), "can be read by others"),
        (lambda data: (data / "api-key").chmod(0o644), "can be read by others"),
        (lambda data: (data / "store.key").write_bytes(b"short"), "holds 32 octets"),
        (lambda data: (data / "api-key").write_bytes(b"short\n"), "holds one API key"),
        (lambda data: (data / "api-key").write_bytes(b"two keys of more than thirty-two characters\n"), "one API key"),
        (lambda data: (data / "access.pem").write_bytes(b"nothing"), "access.pem"),
        (lambda data: (data / "access.pem").write_bytes((data / "ca.pem").read_bytes()), "is not the one that"),
    ],
)
def test_files_that_do_not_fit_stop_the_start_with_a_sentence(tmp_path: Path, change: object, says: str) -> None:
    begun(tmp_path)
    assert callable(change)
    change(tmp_path)
    before = content(tmp_path)
    with pytest.raises((Misuse, Malformed)) as stopped:
        begun(tmp_path)
    assert says in str(stopped.value)
    assert content(tmp_path) == before


def test_a_certificate_of_another_host_is_not_replaced_unasked(tmp_path: Path) -> None:
    begun(tmp_path)
    with pytest.raises(Misuse, match=r"is for toets\.example, and the public_url names elders\.example"):
        begun(tmp_path, host="elders.example")


def test_a_certificate_that_ended_is_renewed_under_the_same_key_and_authority(tmp_path: Path) -> None:
    first = begun(tmp_path)
    later = first.until + timedelta(days=2)
    second = begun(tmp_path, at=later)
    assert second.key.public_key == first.key.public_key
    assert second.until > later
    verify_chain(second.chain, load_pem_chain((tmp_path / "ca.pem").read_bytes()), at=later)


def test_a_certificate_of_others_that_ended_stops_the_start(tmp_path: Path) -> None:
    first = begun(tmp_path)
    other = SoftwareKey.generate(Algorithm.ES256)
    (tmp_path / "ca.pem").write_bytes(dump_pem_chain((make_authority("Another", other, at=AT),)))
    with pytest.raises(Misuse, match="not now"):
        begun(tmp_path, at=first.until + timedelta(days=2))


def test_a_folder_that_cannot_be_made_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misuse, match="data folder"):
        begun(tmp_path / "file" / "data")


def test_no_key_is_in_a_repr_or_an_error(tmp_path: Path) -> None:
    access = begun(tmp_path)
    key = (tmp_path / "api-key").read_text().strip()
    assert "PRIVATE" not in repr(access)
    (tmp_path / "api-key").write_text(f"{key} {key}\n")
    with pytest.raises(EigendataError) as stopped:
        begun(tmp_path)
    assert key not in str(stopped.value)
