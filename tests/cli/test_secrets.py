"""What is secret or personal does not come by a way that others can read along."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from eigendata import cli
from tests.cli.conftest import Run
from tests.negatives import negative

WORD = "lang genoeg voor een test"


def options(command: Any) -> Iterator[Any]:
    yield from command.params
    for one in getattr(command, "commands", {}).values():
        yield from options(one)


@negative("NEG-STORE-016")
def test_no_option_and_no_variable_takes_a_passphrase() -> None:
    taken = list(options(typer.main.get_command(cli.app)))
    assert {one.name for one in taken if "pass" in str(one.name)} == {"passphrase_file", "new_passphrase_file"}
    assert [one.name for one in taken if one.envvar] == []


@negative("NEG-STORE-016")
def test_a_passphrase_as_an_argument_or_in_a_variable_opens_nothing(
    town: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("PASSPHRASE", "EIGENDATA_PASSPHRASE", "EIGENDATA_VAULT_PASSPHRASE"):
        monkeypatch.setenv(name, WORD)
    for arguments in (
        ("list",),
        ("list", "--passphrase", WORD),
        ("list", "--passphrase-file", WORD),
        ("list", WORD),
    ):
        assert cli.run(["wallet", "--vault", "v", *arguments, "--json"]) == 2
        said = capsys.readouterr()
        assert WORD not in said.err
        assert json.loads(said.out)["error"]["kind"] == "misuse"


@negative("NEG-DATA-001")
@pytest.mark.parametrize("bsn", ["999900001", "99990010", "9999001090", "000000000", "", "9999٠٠١٠٩"])
def test_what_is_no_bsn_is_malformed_and_not_repeated(town: Run, bsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("keys.json").write_text(json.dumps({"keys": []}))
    issue = ("issue", "--type", "persoon", "--issuer", "boxtel", "--holder-jwk", "keys.json", "--out", "i.json")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{bsn}\n"))
    said = town(*issue, "--bsn", "-", "--registers", "http://127.0.0.1:1", "--insecure-loopback", code=2)
    assert said["error"]["kind"] == "malformed"
    assert not re.search("[0-9]{8}", json.dumps(said))
