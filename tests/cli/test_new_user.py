"""What somebody meets who has read nothing but `--help`: odd terminals, slips of the hand, things in the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from eigendata import cli, rehearsal, schemas
from eigendata.crypto.keys import SoftwareKey
from tests.cli.conftest import TYPES, Run

COMMAND = (sys.executable, "-c", "from eigendata.cli import main; main()")


def start(*arguments: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    """Run a command as a process of its own, with nobody at its input and an environment that says nothing else."""
    return subprocess.run(
        (*COMMAND, *arguments),
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )


# -- exit codes -------------------------------------------------------------------------------------------------------


def test_schemas_that_drifted_end_with_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemas, "drift", lambda types: ("persoon.json",))
    assert run("schemas", "--check", code=1) == {"drift": ["persoon.json"]}


def test_a_person_whose_outcome_nobody_explains_ends_the_check_with_one(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    failed = rehearsal.Outcome(place=0, result=rehearsal.Result.FAILED)
    monkeypatch.setattr(rehearsal, "rehearse", lambda population, *, at: (failed,))
    (tmp_path / "people.json").write_text("[]")
    assert run("registers", "check", "people.json", code=1)["failed"] == 1


def test_a_command_that_is_interrupted_is_not_done(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> SoftwareKey:
        raise KeyboardInterrupt

    monkeypatch.setattr(SoftwareKey, "generate", interrupted)
    assert run("keygen", "--out", "key", code=cli.INTERRUPTED)["error"]["message"] == "stopped before it was done"


# -- terminals --------------------------------------------------------------------------------------------------------


def test_a_terminal_that_knows_ascii_only_stops_no_command(tmp_path: Path) -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    plain = start("keygen", "--ca", "--name", "Ångström", "--out", "ca", folder=tmp_path, environment=ascii_only)
    assert plain.returncode == 2
    assert plain.stderr == b"misuse: an argument is not text in the encoding of this terminal\n"
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    plain = start("keygen", "--out", "sleutel-é", folder=tmp_path, environment=ascii_only)
    assert (plain.returncode, plain.stdout) == (0, b"sleutel-?: a private ES256 key, readable by you alone.\n")
    told = start("keygen", "--out", "andere-é", "--json", folder=tmp_path, environment=ascii_only)
    assert json.loads(told.stdout)["file"] == "andere-é"


def test_standard_input_that_is_closed_is_an_empty_one(tmp_path: Path) -> None:
    for arguments in (("inspect", "-", "--json"), ("demo", "--person", "-", "--json")):
        closed = subprocess.run(
            ("/bin/sh", "-c", 'exec "$@" <&-', "sh", *COMMAND, *arguments),
            cwd=tmp_path, capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        assert closed.returncode == 2, closed.stderr
        assert closed.stderr == b""
        assert json.loads(closed.stdout)["error"]["kind"] == "malformed"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no /dev/full")
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_output_that_cannot_be_written_is_said_in_one_line(tmp_path: Path, form: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            (*COMMAND, "keygen", "--out", "key", *form), cwd=tmp_path,
            stdout=full, stderr=subprocess.PIPE, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 3
    assert done.stderr.startswith(b"unavailable: standard output: ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_reader_that_goes_away_is_no_verdict(tmp_path: Path, form: list[str]) -> None:
    near, far = os.pipe()
    os.close(near)
    with open(far, "wb") as gone:
        done = subprocess.run(
            (*COMMAND, "keygen", "--out", "key", *form), cwd=tmp_path,
            stdout=gone, stderr=subprocess.PIPE, timeout=60, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (cli.READER_GONE, b"")


# -- slips of the hand ------------------------------------------------------------------------------------------------


def test_an_argument_that_is_no_text_is_refused_in_words(run: Run) -> None:
    said = run("inspect", "\udcff.json", code=2)
    assert said["error"]["message"] == "an argument is not text in the encoding of this terminal"


def test_an_issuers_certificate_is_no_anchor(run: Run, a_town: Path, tmp_path: Path) -> None:
    chain = str(a_town / "boxtel" / "chain.pem")
    said = run(
        "trust", "add", "--anchor", chain, "--issuer", "https://boxtel.example", "--type", TYPES, "--out", "t.toml",
        code=2,
    )  # fmt: skip
    assert "authority's certificate" in said["error"]["message"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("out", ["note/trust.toml", "x" * 300, ".", "", "/dev/null", "/"])
def test_a_trust_file_that_cannot_be_there_is_refused_and_leaves_nothing(
    run: Run, a_town: Path, tmp_path: Path, out: str
) -> None:
    (tmp_path / "note").write_text("a file, no folder")
    anchor = str(a_town / "ca" / "anchor.pem")
    run("trust", "add", "--anchor", anchor, "--issuer", "https://b.example", "--type", TYPES, "--out", out, code=2)
    assert [one.name for one in tmp_path.iterdir()] == ["note"]
    assert not Path("/dev/null").is_file()


@pytest.mark.parametrize(
    "wrong",
    [
        {"--ca": "nowhere"},
        {"--municipality": "75"},
        {"--municipality": "0757x"},
        {"--san": "boxtel"},
        {"--type": ","},
        {"--name": "two\nlines"},
    ],
    ids=str,
)
def test_an_issuer_that_cannot_be_made_leaves_nothing(
    run: Run, a_town: Path, tmp_path: Path, wrong: dict[str, str]
) -> None:
    stated = {"--ca": str(a_town / "ca"), "--san": "https://b.example", "--municipality": "0757", "--type": TYPES}
    options = [part for option in (stated | wrong).items() for part in option]
    run("keygen", "--issuer-cert", *options, "--out", "b", code=2)
    assert list(tmp_path.iterdir()) == []


def test_an_issuer_is_made_whole_or_not_at_all(run: Run, a_town: Path, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "issuer.toml").write_text("somebody's")
    stated = ("--ca", str(a_town / "ca"), "--san", "https://b.example", "--type", TYPES)
    assert "issuer.toml" in run("keygen", "--issuer-cert", *stated, "--out", "b", code=2)["error"]["message"]
    assert [one.name for one in (tmp_path / "b").iterdir()] == ["issuer.toml"]


def test_a_municipality_that_never_was_is_pointed_out(
    a_town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stated = ("--ca", str(a_town / "ca"), "--san", "https://b.example", "--type", "persoon", "--municipality", "9998")
    assert cli.run(["keygen", "--issuer-cert", *stated, "--out", "b"]) == 0
    assert "9998" in capsys.readouterr().err


def test_help_names_the_types_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["keygen"], ["trust", "add"]):
        assert cli.run([*command, "--help"]) == 0
        shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
        assert all(name in shown for name in TYPES.split(",")), shown
