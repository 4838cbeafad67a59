"""Attacks on the commands: by what is in their files, by where they are told to write, by when they are stopped."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from eigendata import cli
from eigendata.registers.population import STORY_BSN

from .conftest import TYPES, Run

VAULT = ("wallet", "--vault", "v", "--passphrase-file", "passphrase")
URI = "https://corporation.example/answer"
PRESENT = (*VAULT, "present", "--request", "request.json", "--yes")


def ask(run: Run, purpose: dict[str, str] | None = None, **statement: Any) -> None:
    Path("home.json").write_text(json.dumps({"household_size": [1, 9], "binding": True}))
    run(
        "request",
        "--policy",
        "woningcorporatie/B",
        "--home",
        "home.json",
        "--response-uri",
        URI,
        "--out",
        "request.json",
    )
    request = json.loads(Path("request.json").read_bytes())
    request["verifier_info"][0]["data"] |= {**statement, **({} if purpose is None else {"purpose": purpose})}
    Path("request.json").write_text(json.dumps(request))


# -- where to read ----------------------------------------------------------------------------------------------------


def test_a_pipe_without_a_writer_keeps_no_command_waiting(resident: Run) -> None:
    ask(resident)
    os.mkfifo("pipe.toml")
    for arguments in (
        ("verify", "--request", "pipe.toml", "--trust", "trust.toml", "--in", "issued.json"),
        ("verify", "--request", "request.json", "--trust", "pipe.toml", "--in", "issued.json"),
        ("wallet", "--vault", "v", "--passphrase-file", "pipe.toml", "list"),
        ("request", "--policy", "pipe.toml", "--response-uri", URI, "--out", "out"),
    ):
        assert resident(*arguments, code=2)["error"]["kind"] == "misuse"


def test_a_pipe_that_the_shell_opened_is_read(resident: Run) -> None:
    near, far = os.pipe()
    with os.fdopen(near, "rb"), os.fdopen(far, "wb") as writer:
        writer.write(Path("passphrase").read_bytes())
        writer.close()
        assert len(resident("wallet", "--vault", "v", "--passphrase-file", f"/dev/fd/{near}", "list")["cards"]) == 5


# -- where to write ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("out", ["v", "./v", "link", "v-journal", "v-wal", "./v-shm", "here/v-journal"])
def test_an_answer_is_not_written_over_the_vault_or_where_it_would_be_deleted(resident: Run, out: str) -> None:
    ask(resident)
    Path("link").symlink_to("v")
    Path("here").symlink_to(".")
    before = Path("v").read_bytes()
    assert resident(*PRESENT, "--out", out, code=2)["error"]["kind"] == "misuse"
    assert resident(*VAULT, "prove", "--challenge", "challenge.json", "--out", out, code=2)
    assert Path("v").read_bytes() == before
    assert not os.path.lexists(out) or out in ("v", "./v", "link")


@pytest.mark.parametrize("out", ["/", ".", "passphrase/x", "nowhere/x", "/proc/x", "x" * 300])
def test_a_place_where_nothing_can_be_written_is_said_to_be_so_and_leaves_nothing_behind(
    resident: Run, out: str
) -> None:
    ask(resident)
    before = set(Path.cwd().iterdir())
    assert resident(*PRESENT, "--out", out, code=2)["error"]["kind"] == "misuse"
    assert set(Path.cwd().iterdir()) == before


def test_a_pipe_is_written_to_and_stays_a_pipe(resident: Run) -> None:
    ask(resident)
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        resident(*PRESENT, "--out", "pipe")
        assert json.loads(os.read(reader, 65_536))["vp_token"]
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(os.lstat("pipe").st_mode)


def test_a_vault_named_as_state_file_of_a_verifier_opens_afterwards(resident: Run) -> None:
    ask(resident)
    resident(*PRESENT, "--out", "answer.json")
    verify = ("verify", "--request", "request.json", "--trust", "trust.toml", "--in", "answer.json", "--state", "v")
    assert resident(*verify, code=2)["error"]["kind"] == "malformed"
    assert len(resident(*VAULT, "list")["cards"]) == 5


# -- the passphrase ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("within", ["\u2028", "\x0b", "\x0c", "\x1c", "\x85"])
def test_a_passphrase_ends_where_its_line_ends_and_not_before(run: Run, within: str) -> None:
    Path("whole").write_bytes(f"geheim{within}en veel langer\r\nrest".encode())
    Path("part").write_bytes(b"geheim\n")
    run("wallet", "--vault", "v", "init", "--passphrase-file", "whole")
    run("wallet", "--vault", "v", "list", "--passphrase-file", "whole")
    run("wallet", "--vault", "v", "list", "--passphrase-file", "part", code=1)


def test_a_question_for_the_passphrase_is_no_part_of_the_outcome(
    town: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("eigendata.cli.wallet._somebody_is_there", lambda: True)
    monkeypatch.setattr("getpass.getpass", lambda *_: Path("passphrase").read_text().strip())
    assert cli.run(["wallet", "--vault", "v", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"cards": []}


def test_a_vault_of_no_possible_name_is_misuse(run: Run) -> None:
    Path("passphrase").write_text("geheim\n")
    assert run("wallet", "--vault", "x" * 300, "--passphrase-file", "passphrase", "list", code=2)["error"]


# -- the register's turn ----------------------------------------------------------------------------------------------


def test_who_must_try_again_for_the_registers_sake_can_use_the_same_proofs(town: Run, register: str) -> None:
    town("issue", "--challenge", "--issuer", "boxtel", "--out", "challenge.json")
    town(*VAULT, "prove", "--challenge", "challenge.json", "--copies", "1", "--out", "proofs.json")
    shared = (
        "--issuer",
        "boxtel",
        "--insecure-loopback",
        "--proofs",
        "proofs.json",
        "--copies",
        "1",
        "--out",
        "i.json",
    )
    issue = ("issue", "--type", TYPES, *shared)
    town(*issue, "--bsn", STORY_BSN, "--registers", "http://127.0.0.1:1", code=3)
    town(*issue, "--bsn", "999900001", "--registers", register, code=2)
    town(*issue, "--bsn", STORY_BSN, "--registers", register)
    town(*issue, "--bsn", STORY_BSN, "--registers", register, code=1)


@pytest.mark.parametrize("bsn", ["99990010", "999900001", "9999001090", "9999٠٠١٠٩", "9999 0010", "9999"])
def test_no_register_is_asked_about_what_is_no_bsn(town: Run, bsn: str) -> None:
    Path("keys.json").write_text(json.dumps({"keys": []}))
    issue = ("issue", "--type", "persoon", "--issuer", "boxtel", "--holder-jwk", "keys.json", "--out", "i.json")
    said = town(*issue, "--bsn", bsn, "--registers", "http://127.0.0.1:1", "--insecure-loopback", code=2)["error"]
    assert said["kind"] == "malformed"
    assert bsn not in json.dumps(said, ensure_ascii=False)


# -- what a resident sees ---------------------------------------------------------------------------------------------


def test_a_purpose_in_any_language_is_shown(resident: Run, capsys: pytest.CaptureFixture[str]) -> None:
    ask(resident, {"fr": "Vérifier si vous remplissez les conditions"})
    assert cli.run([*VAULT, "consider", "--request", "request.json"]) == 0
    assert "Vérifier" in capsys.readouterr().out


def test_where_an_answer_goes_is_shown_beside_a_name_that_nobody_proved(
    resident: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(resident, name="Belastingdienst")
    assert cli.run([*PRESENT, "--out", "answer.json"]) == 0
    assert URI in capsys.readouterr().out
    assert cli.run([*VAULT, "history"]) == 0
    told = capsys.readouterr().out.splitlines()[0]
    assert URI in told
    assert "NOT PROVEN" in told or "NIET BEWEZEN" in told


def test_a_value_with_line_breaks_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    cli.speaking.line("Name: A\nThe asker is proven\x1b[2K\r\u202e")
    assert capsys.readouterr().out.count("\n") == 1


def test_an_error_that_quotes_what_json_cannot_hold_is_told_all_the_same(resident: Run) -> None:
    Path("odd.toml").write_text('[issuers."a\\u0000b"]\n"c\\u0000d" = 1\n')
    ask(resident)
    said = resident("verify", "--request", "request.json", "--trust", "odd.toml", "--in", "issued.json", code=2)
    assert said["error"]["where"] == ["issuers", "a\ufffdb"]
    assert "c\ufffdd" in said["error"]["message"]
