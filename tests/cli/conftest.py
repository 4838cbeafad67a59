"""One municipality, one resident and one corporation, made and run with commands alone."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from eigendata import cli
from eigendata.registers.population import STORY_BSN, Population
from eigendata.web import simulator

Run = Callable[..., dict[str, Any]]
ISSUER = "https://boxtel.example"
TYPES = "persoon,adres,inwoner,huishouden,bsn"


@pytest.fixture(scope="session")
def register() -> Iterator[str]:
    with simulator.serving(simulator.make_simulator(Population.shipped())) as url:
        yield url


def _made(folder: Path, *arguments: str) -> None:
    """Run one command to set something up, in a folder."""
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
        assert cli.run([*arguments, "--json"]) == 0, arguments


@pytest.fixture(scope="session")
def a_town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, an issuer, a trust file, a vault and its passphrase; made once, and copied for each test."""
    folder = tmp_path_factory.mktemp("town")
    (folder / "passphrase").write_text("lang genoeg voor een test\n")
    names = ("--san", ISSUER, "--municipality", "0757", "--name", "Gemeente Boxtel")
    trusted = ("--issuer", ISSUER, "--type", TYPES, "--municipality", "0757", "--name", "Gemeente Boxtel")
    _made(folder, "keygen", "--ca", "--name", "Test Root", "--out", "ca")
    _made(folder, "keygen", "--issuer-cert", "--ca", "ca", *names, "--type", TYPES, "--out", "boxtel")
    _made(folder, "trust", "add", "--anchor", "ca/anchor.pem", *trusted, "--out", "trust.toml")
    _made(folder, "wallet", "--vault", "v", "init", "--passphrase-file", "passphrase")
    return folder


@pytest.fixture(scope="session")
def a_resident(a_town: Path, register: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, with the resident's cards in the vault."""
    folder = tmp_path_factory.mktemp("resident") / "copy"
    shutil.copytree(a_town, folder)
    vault = ("wallet", "--vault", "v", "--passphrase-file", "passphrase")
    about = ("--bsn", STORY_BSN, "--registers", register, "--insecure-loopback", "--issuer", "boxtel")
    keys = ("--proofs", "proofs.json", "--copies", "2")
    _made(folder, "issue", "--challenge", "--issuer", "boxtel", "--out", "challenge.json")
    _made(folder, *vault, "prove", "--challenge", "challenge.json", "--copies", "2", "--out", "proofs.json")
    _made(folder, "issue", "--type", TYPES, *about, *keys, "--out", "issued.json")
    _made(folder, *vault, "add", "issued.json", "--trust", "trust.toml")
    return folder


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run one command with --json in an empty folder, require its exit code, and give what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, code: int = 0) -> dict[str, Any]:
        got = cli.run([*arguments, "--json"])
        printed = capsys.readouterr()
        assert got == code, printed
        said = json.loads(printed.out.splitlines()[-1])
        assert isinstance(said, dict)
        return said

    return run


@pytest.fixture
def town(run: Run, a_town: Path) -> Run:
    """`run`, in a folder of its own with the town in it."""
    shutil.copytree(a_town, Path.cwd(), dirs_exist_ok=True)
    return run


@pytest.fixture
def resident(run: Run, a_resident: Path) -> Run:
    """`run`, in a folder of its own with the town and the resident's cards in it."""
    shutil.copytree(a_resident, Path.cwd(), dirs_exist_ok=True)
    return run
