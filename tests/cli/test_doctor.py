"""`doctor` as people and scripts use it: exit codes, both languages, eighty columns, and no secret is told."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from eigendata import cli
from eigendata.cli import speaking
from tests.unit.formats import forge

from .conftest import Run
from .test_commands import VERIFY, answer, ask

LATER = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
"""When every credential of these tests has ended, and no certificate has."""


def card(name: str = "card") -> str:
    """Take a credential out of what the issuer sent, into a file of its own."""
    issued = json.loads(Path("issued.json").read_bytes())
    token: str = next(one for one in issued["credentials"] if "inwoner" in one["type"])["copies"][0]
    Path(name).write_text(token)
    return token


@pytest.fixture
def printed(resident: Run, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run the doctor for people, and give the exit code and what was printed."""

    def run(*arguments: str) -> tuple[int, str]:
        code = cli.run(["doctor", *arguments])
        captured = capsys.readouterr()
        assert captured.err == ""
        return code, captured.out

    return run


def test_exit_codes_are_those_of_the_other_commands(resident: Run) -> None:
    token = card()
    assert resident("doctor", "card")["verdict"] == "well"
    Path("trust.toml").rename("elsewhere.toml")
    assert resident("doctor", "card", code=3)["not_looked_at"] == ["trust", "withdrawal"]
    assert resident("doctor", "card", "--trust", "elsewhere.toml")["verdict"] == "well"
    late = resident("doctor", "card", "--trust", "elsewhere.toml", "--at", LATER, code=1)
    assert [one["cause"] for one in late["findings"]] == ["ended", "accepted_until"]
    Path("broken").write_text("\n".join(token[start : start + 70] for start in range(0, len(token), 70)))
    assert resident("doctor", "broken", code=2)["findings"][0]["cause"] == "line_breaks"
    assert resident("doctor", "nothing", code=2)["findings"][0]["cause"] == "file_missing"


def test_a_trust_file_beside_the_file_is_found(resident: Run) -> None:
    Path("below").mkdir()
    card("below/card")
    Path("trust.toml").rename("below/trust.toml")
    found = resident("doctor", "below/card")
    assert (found["verdict"], found["trust"]) == ("well", "below/trust.toml")
    Path("below/trust.toml").write_text("[issuers")
    assert resident("doctor", "below/trust.toml", code=2)["findings"][0]["cause"] in ("toml_broken", "text")


def test_each_step_and_remedy_is_told_to_machines_in_both_languages(resident: Run) -> None:
    card()
    told = resident("doctor", "card", "--at", LATER, code=1)
    ended = told["findings"][0]
    assert ended["check"] == {"name": "NOT_EXPIRED", "clause": "RFC 9901 7.1 (6), RFC 7519 4.1.4", "reason": "expired"}
    assert ended["says"].keys() == {"nl", "en"}
    assert {one["role"] for one in ended["remedies"]} == {"resident", "corporation"}
    outcomes = [step["outcome"] for step in told["courses"][0]["steps"]]
    assert outcomes.count("refused") == 1
    assert "not reached" in outcomes
    assert isinstance(ended["filled"]["span"], int)


@pytest.mark.parametrize(("lang", "title"), [("nl", "Wat u nu kunt doen"), ("en", "What you can do now")])
def test_both_languages_are_printed_within_eighty_columns(
    printed: Callable[..., tuple[int, str]], lang: str, title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speaking.console, "width", 80)
    card()
    code, out = printed("card", "--lang", lang, "--at", LATER)
    assert code == 1
    assert title in out
    assert "NOT_EXPIRED, RFC 9901 7.1" in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80
    assert "{" not in out


def test_the_last_thing_that_was_accepted_is_given_as_at_takes_it(resident: Run) -> None:
    card()
    told = resident("doctor", "card", "--at", LATER, code=1)
    accepted = next(one for one in told["findings"] if one["cause"] == "accepted_until")
    use = next(one["says"]["en"] for one in accepted["remedies"])
    moment = use.rpartition(" ")[2].rstrip(".")
    assert resident("doctor", "card", "--at", moment)["verdict"] == "well"


def test_a_moment_that_is_none_is_misuse(resident: Run) -> None:
    card()
    for text in ("yesterday", "2026-13-01", "0001-01-01T00:00:00"):
        assert resident("doctor", "card", "--at", text, code=2)["error"]["kind"] == "misuse"


def test_values_are_told_only_where_they_are_asked_for(resident: Run, printed: Callable[..., tuple[int, str]]) -> None:
    token = card()
    held = resident("doctor", "card", "--show-values")["stated"][0]["values"]
    family = held["family_name"]
    assert family in printed("card", "--lang", "nl", "--show-values")[1]
    Path("changed").write_text(token[:-9] + "AAAA" + token[-5:])
    for file in ("card", "changed", "issued.json"):
        for arguments in ((file, "--lang", "nl"), (file, "--json"), (file, "--at", LATER)):
            assert family not in printed(*arguments)[1]


@pytest.mark.parametrize("file", ["ca/key.pem", "boxtel/key.pem", "boxtel/challenge.key", "passphrase", "v", "boxtel"])
def test_no_secret_is_ever_told(printed: Callable[..., tuple[int, str]], file: str) -> None:
    secrets = ["lang genoeg voor een test"]
    secrets += [line for line in Path("boxtel/key.pem").read_text().splitlines() if "-----" not in line]
    secrets += [line for line in Path("ca/key.pem").read_text().splitlines() if "-----" not in line]
    for arguments in ((file, "--lang", "nl", "--show-values"), (file, "--json", "--show-values")):
        out = printed(*arguments)[1]
        assert not any(one in out for one in secrets)


def test_what_strangers_wrote_reaches_no_terminal(printed: Callable[..., tuple[int, str]]) -> None:
    evil = "\x1b[31m\u202eroot\u3164\x07"
    Path("query.json").write_text(
        json.dumps({"credentials": [{"id": "q", "format": evil, "meta": {}, "claims": [{"path": [evil]}]}]})
    )
    Path(evil).write_text("[issuers.'" + "x\u202e'" + "]\nname = 1\n")
    for arguments in (("query.json",), (evil, "--show-values")):
        code, out = printed(*arguments, "--lang", "nl")
        assert code == 2
        assert all(one.isprintable() or one == "\n" for one in out)
        assert "\u3164" not in out


def test_a_file_may_come_from_standard_input(resident: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    token = card()
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(token.encode())))
    assert resident("doctor", "-")["kind"] == "credential"


def test_an_answer_that_verify_refuses_points_to_the_doctor(resident: Run, capsys: pytest.CaptureFixture[str]) -> None:
    ask(resident)
    answer(resident)
    shutil.copy("request.json", "first.json")
    ask(resident)
    assert cli.run([*VERIFY, "--lang", "nl"]) == 1
    hint = capsys.readouterr().err.splitlines()[-1]
    assert hint.endswith("eigendata doctor answer.json --request request.json --trust trust.toml")
    told = resident(*hint.partition("eigendata ")[2].split(), code=1)
    assert told["findings"][0]["cause"] == "answer_to_other"
    assert resident("doctor", "answer.json", "--request", "first.json", code=3)["findings"] == []
    refused: dict[str, Any] = resident(*VERIFY, code=1)
    assert refused["error"]["check"]["name"] == "STATE_RETURNED"


def test_the_doctor_writes_nothing(resident: Run) -> None:
    card()
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    for file, code in (("card", 0), ("v", 3), ("boxtel", 0), ("trust.toml", 0), ("issued.json", 0)):
        resident("doctor", file, code=code)
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before


def test_no_name_of_a_file_and_no_moment_is_too_much_for_it(
    resident: Run, printed: Callable[..., tuple[int, str]]
) -> None:
    Path("loop").symlink_to("loop")
    for name in ("x" * 300, "x" * 5000, "loop", "loop/below", "card/below"):
        assert resident("doctor", name, code=2)["findings"][0]["cause"] in ("file_missing", "file_loop")
    card()
    for at in ("0001-01-03", "1969-12-31T23:59:59Z", "9999-12-30"):
        assert printed("card", "--at", at, "--lang", "nl")[0] == 1


HOSTILE = ["\x1b[2J", "\u202e", "\u3164", "{claim}", "{", "%s", "\n", "[red]", "ß" * 200]


@pytest.mark.parametrize("evil", HOSTILE, ids=ascii)
def test_whatever_a_token_says_of_itself_is_told_without_harm(
    printed: Callable[..., tuple[int, str]], evil: str
) -> None:
    end = 253_402_300_799  # the last second that has a date
    claims = forge.payload(iss=evil, vct=evil, aud=evil, exp=end, **{evil: evil})
    token = forge.forged(claims, (forge.disclosure("salt", evil, {evil: [evil]}),), header={"kid": evil, "typ": evil})
    for data in (token, forge.forged(claims, header={"kid": evil})):
        Path("evil").write_bytes(data)
        for arguments in (("--lang", "nl"), ("--lang", "en", "--show-values"), ("--json",)):
            code, out = printed("evil", *arguments)
            assert code in (1, 2)
            assert arguments == ("--json",) or all(one.isprintable() or one == "\n" for one in out)


def test_people_are_told_where_it_stands_whom_to_trust(printed: Callable[..., tuple[int, str]]) -> None:
    card()
    assert "staat in trust.toml." in printed("card", "--lang", "nl")[1]
    Path("trust.toml").rename("other.toml")
    assert "read from other.toml." in printed("card", "--trust", "other.toml", "--lang", "en")[1]
    assert ".toml" not in printed("card", "--lang", "en")[1]
