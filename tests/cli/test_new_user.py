"""What somebody meets who has read nothing but `--help`: odd terminals, slips of the hand, things in the way."""

from __future__ import annotations

import io
import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from eigendata import cli, policies, rehearsal, schemas, story
from eigendata.cli import speaking
from eigendata.cli.registers import tell
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import Json, json_dumps
from eigendata.registers.population import STORY_BSN
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


AT_A_TERMINAL = """
import fcntl, os, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from eigendata.cli import main
main()
"""


CTRL_C = b"\x03"


def ended(command: subprocess.Popen[bytes], terminal: int, *, again: bytes) -> int:
    """Wait for the end of a command, and press a key again each second, as a person does who sees nothing happen.

    A signal that comes between the writing of the question and the call that waits for its answer is noticed only when
    that call ends (a race of every Python program): the second press ends it.
    """
    for _ in range(60):
        try:
            return command.wait(timeout=1)
        except subprocess.TimeoutExpired:
            os.write(terminal, again)
    return command.wait(timeout=0)


def at_a_terminal(*arguments: str, folder: Path, typed: list[tuple[bytes, bytes]], out: Path) -> tuple[int, bytes]:
    """Run a command at a terminal of its own, type each answer once its question stands there, and read along."""
    master, slave = os.openpty()
    with out.open("wb") as file:
        command = subprocess.Popen(
            (sys.executable, "-c", AT_A_TERMINAL, *arguments), cwd=folder, stdin=slave, stdout=file, stderr=slave
        )
    os.close(slave)
    shown = b""
    try:
        for question, answer in typed:
            while question not in shown:
                assert select.select([master], [], [], 60)[0], shown
                shown += os.read(master, 4096)
            os.write(master, answer)
            shown = shown.partition(question)[2]
        code = ended(command, master, again=typed[-1][1] if typed[-1][1] == CTRL_C else b"")
    finally:
        command.kill()  # one that still waits to be answered would wait for ever
        command.wait()
        os.close(master)
    return code, shown


def test_a_passphrase_is_asked_at_the_terminal_and_shown_nowhere(tmp_path: Path) -> None:
    out, word = tmp_path / "out", b"lang genoeg\n"
    new = [(b"New passphrase: ", word), (b"Repeat for confirmation: ", word)]
    code, shown = at_a_terminal("wallet", "--vault", "v", "init", "--json", folder=tmp_path, typed=new, out=out)
    assert (code, json.loads(out.read_bytes())) == (0, {"vault": "v"})
    assert b"genoeg" not in shown
    known = [(b"Passphrase: ", word)]
    code, _ = at_a_terminal("wallet", "--vault", "v", "list", "--json", folder=tmp_path, typed=known, out=out)
    assert (code, json.loads(out.read_bytes())) == (0, {"cards": []})


def test_ctrl_c_at_the_passphrase_ends_in_words(tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, _ = at_a_terminal(
        "wallet", "--vault", "v", "init", "--json", folder=tmp_path, typed=[(b"New passphrase: ", CTRL_C)], out=out
    )
    assert (code, json.loads(out.read_bytes())["error"]["message"]) == (2, "no passphrase was given")
    assert not (tmp_path / "v").exists()


def test_without_a_terminal_the_passphrase_is_not_asked_for(a_town: Path) -> None:
    alone = subprocess.run(
        (*COMMAND, "wallet", "--vault", "v", "list", "--json"), cwd=a_town, stdin=subprocess.DEVNULL,
        capture_output=True, timeout=60, check=False, start_new_session=True,
    )  # fmt: skip
    assert (alone.returncode, alone.stderr) == (2, b"")
    assert "--passphrase-file" in json.loads(alone.stdout)["error"]["message"]


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_ctrl_c_is_how_a_served_register_ends(tmp_path: Path, form: list[str]) -> None:
    serving = subprocess.Popen(
        (*COMMAND, "registers", "serve", "--port", "0", *form), cwd=tmp_path,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert serving.stdout is not None
    ready = serving.stdout.readline().decode()
    assert (json.loads(ready)["ready"] if form else ready.removeprefix("READY ")).startswith("http://127.0.0.1:")
    serving.send_signal(signal.SIGINT)
    rest, said = serving.communicate(timeout=60)
    assert (serving.returncode, rest, said) == (0, b"", b"")


# -- plain words ------------------------------------------------------------------------------------------------------

VAULT = ("wallet", "--vault", "v", "--passphrase-file", "passphrase")


@pytest.mark.parametrize("option", [["--lang", "nl"], ["--lang=nl"]])
def test_a_refusal_is_told_in_the_language_that_was_asked_for(
    town: Run, capsys: pytest.CaptureFixture[str], option: list[str]
) -> None:
    Path("wrong").write_text("een andere wachtzin\n")
    assert cli.run(["wallet", "--vault", "v", "--passphrase-file", "wrong", "list", *option]) == 1
    assert "De kluis of de reservekopie gaat niet open" in capsys.readouterr().err


def test_a_history_of_nothing_says_so(town: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([*VAULT, "history", "--lang", "nl"]) == 0
    assert capsys.readouterr().out == "Er is nog niets getoond.\n"


def _request() -> None:
    Path("home.json").write_text(json.dumps({"household_size": [1, 9], "binding": True}))
    asked = ("--policy", "woningcorporatie/B", "--home", "home.json", "--response-uri", "https://corporation.example/a")
    assert cli.run(["request", *asked, "--out", "request.json"]) == 0


def test_a_history_names_claims_as_people_do(resident: Run, capsys: pytest.CaptureFixture[str]) -> None:
    _request()
    assert cli.run([*VAULT, "present", "--request", "request.json", "--out", "answer.json", "--yes"]) == 0
    assert cli.run(["verify", "--request", "request.json", "--trust", "trust.toml", "--in", "answer.json"]) == 0
    capsys.readouterr()
    assert cli.run([*VAULT, "history", "--lang", "nl"]) == 0
    told = capsys.readouterr().out
    assert "Achternaam, Voornamen, Geboortedatum" in told
    assert "family_name" not in told


def test_an_answer_is_told_in_the_order_of_the_card(resident: Run, capsys: pytest.CaptureFixture[str]) -> None:
    _request()
    for _ in range(3):
        assert cli.run([*VAULT, "present", "--request", "request.json", "--out", "answer.json", "--yes"]) == 0
        capsys.readouterr()
        verify = ["verify", "--request", "request.json", "--trust", "trust.toml", "--in", "answer.json", "--lang", "en"]
        assert cli.run(verify) == 0
        labels = [line.split(":")[0].strip() for line in capsys.readouterr().out.split("inwoner")[0].splitlines()[1:]]
        assert [one for one in labels if one in {"Family name", "First names", "Date of birth"}] == [
            "Family name", "First names", "Date of birth",
        ]  # fmt: skip


@pytest.mark.parametrize("how", ["nobody answers", "json"])
def test_who_does_not_answer_has_not_agreed(
    resident: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    _request()
    capsys.readouterr()
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    form = ["--json"] if how == "json" else []
    assert cli.run([*VAULT, "present", "--request", "request.json", "--out", "answer.json", *form]) == 1
    assert not Path("answer.json").exists()
    told = capsys.readouterr()
    assert ("--yes" in json.loads(told.out)["error"]["message"]) if form else ("did not agree" in told.err)


def test_a_jwk_set_says_how_many_copies_there_are(town: Run, register: str, capsys: pytest.CaptureFixture[str]) -> None:
    keys: list[Json] = [SoftwareKey.generate(Algorithm.ES256).public_key.jwk() for _ in range(3)]
    Path("keys.json").write_bytes(json_dumps({"keys": keys}))
    about = ("--bsn", STORY_BSN, "--registers", register, "--issuer", "boxtel", "--holder-jwk", "keys.json")
    town("issue", "--type", "persoon", *about, "--insecure-loopback", "--out", "issued.json")
    assert len(json.loads(Path("issued.json").read_bytes())["credentials"][0]["copies"]) == 3
    assert Path("issued.json").stat().st_mode & 0o077 == 0


def test_plain_http_without_its_switch_is_pointed_out(
    town: Run, register: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("key.json").write_bytes(json_dumps(SoftwareKey.generate(Algorithm.ES256).public_key.jwk()))
    about = ["--bsn", STORY_BSN, "--registers", register, "--issuer", "boxtel", "--holder-jwk", "key.json"]
    assert cli.run(["issue", "--type", "persoon", *about, "--out", "issued.json"]) == 1
    assert "--insecure-loopback" in capsys.readouterr().err
    assert not Path("issued.json").exists()


def test_a_narrow_terminal_hides_nothing_of_a_reason(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speaking.console, "_width", 30)
    left = rehearsal.Left(type="huishouden", claim="child_birth_years", reason="not_derivable")
    tell((rehearsal.Outcome(place=0, result=rehearsal.Result.PARTLY, left=(left,)),), speaking.Language.EN)
    assert "…" not in capsys.readouterr().out


def test_missing_conditions_say_where_they_belong(run: Run) -> None:
    asked = ("--policy", "woningcorporatie/B", "--response-uri", "https://corporation.example/a", "--out", "r.json")
    assert "--home" in run("request", *asked, code=2)["error"]["message"]


def test_what_a_person_says_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    for text in (":warning: [/] [bold]x[/bold] \\[y]", "[link=https://x.example]a[/link]"):
        speaking.line(text)
        assert capsys.readouterr().out == text + "\n"
    table = rehearsal.Outcome(
        place=0, result=rehearsal.Result.FAILED, left=(rehearsal.Left(type="", claim="", reason="[/x] \x1b[2J :x:"),)
    )
    tell((table,), speaking.Language.EN)
    told = capsys.readouterr().out
    assert "[/x]" in told
    assert "\x1b[2J" not in told


def test_a_demo_in_which_an_attack_succeeds_does_not_end_well(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def told(**_: object) -> list[story.Scene]:
        return [story.Scene(name="attacks", title="", lines=(), seconds=0, data={"replay": outcome})]

    monkeypatch.setattr(story, "tell", told)
    outcome: dict[str, Json] = {"refused": True, "reason": "replay_detected"}
    run("demo")
    outcome = {"refused": False}
    run("demo", code=1)


def test_help_says_what_the_exit_codes_mean_and_which_policies_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--help"]) == 0
    assert "1 rejected or declined" in capsys.readouterr().out
    for command in ("request", "verify"):
        assert cli.run([command, "--help"]) == 0
        shown = "".join(capsys.readouterr().out.replace("│", "").split())
        assert all(name in shown for name in policies.shipped()), shown


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


@pytest.mark.parametrize("out", ["note/trust.toml", "x" * 300, ".", "", "pipe", "/"])
def test_a_trust_file_that_cannot_be_there_is_refused_and_leaves_nothing(
    run: Run, a_town: Path, tmp_path: Path, out: str
) -> None:
    (tmp_path / "note").write_text("a file, no folder")
    os.mkfifo(tmp_path / "pipe")
    anchor = str(a_town / "ca" / "anchor.pem")
    run("trust", "add", "--anchor", anchor, "--issuer", "https://b.example", "--type", TYPES, "--out", out, code=2)
    assert {one.name for one in tmp_path.iterdir()} == {"note", "pipe"}
    assert (tmp_path / "pipe").is_fifo()


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
