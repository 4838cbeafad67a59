"""The commands, as a script would use them: files in, files out, exit codes, one JSON object each."""

from __future__ import annotations

import io
import json
import stat
import tomllib
from pathlib import Path

import pytest

from eigendata import cli, status, texts
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.registers.population import STORY_BSN

from .conftest import ISSUER, TYPES, Run

VAULT = ("wallet", "--vault", "v", "--passphrase-file", "passphrase")
URI = "https://corporation.example/answer"
HOME = {"household_size": [1, 9], "binding": True}


def ask(run: Run, *more: str, out: str = "request.json") -> None:
    Path("home.json").write_text(json.dumps(HOME))
    asked = more or ("--policy", "woningcorporatie/B", "--home", "home.json")
    run("request", *asked, "--response-uri", URI, "--out", out)


def answer(run: Run) -> None:
    run(*VAULT, "present", "--request", "request.json", "--out", "answer.json", "--yes")


VERIFY = ("verify", "--request", "request.json", "--trust", "trust.toml", "--in", "answer.json")
WITH_POLICY = ("--policy", "woningcorporatie/B", "--home", "home.json", "--state", "state.db")


def test_a_verified_answer_gives_claims_trail_and_advice(resident: Run) -> None:
    ask(resident)
    answer(resident)
    told = resident(*VERIFY, *WITH_POLICY)
    assert told["advice"]["advice"] == "voldoet"
    assert told["credentials"]["huishouden"][0]["claims"]["household_size"] == 4
    assert told["not_checked"] == [one.name for one in status.CHECKS]


def test_a_second_showing_is_noticed_where_there_is_a_state_file(resident: Run) -> None:
    ask(resident)
    answer(resident)
    resident(*VERIFY, *WITH_POLICY)
    assert resident(*VERIFY, *WITH_POLICY, code=1)["error"]["reason"] == "replay_detected"


def test_without_a_state_file_a_warning_is_printed(resident: Run, capsys: pytest.CaptureFixture[str]) -> None:
    ask(resident)
    answer(resident)
    for _ in range(2):
        assert cli.run([*VERIFY]) == 0
        assert "would not be noticed" in capsys.readouterr().err


def test_what_was_not_checked_is_not_told_as_if_it_were_so(resident: Run, capsys: pytest.CaptureFixture[str]) -> None:
    ask(resident)
    answer(resident)
    assert cli.run([*VERIFY, *WITH_POLICY, "--lang", "en"]) == 0
    told = capsys.readouterr().out
    assert "WITHDRAWAL: Not checked" in told
    assert "not withdrawn" not in told


def test_an_answer_that_does_not_qualify_is_verified_all_the_same(resident: Run) -> None:
    ask(resident)
    answer(resident)
    Path("home.json").write_text(json.dumps({"household_size": [1, 2], "binding": True}))
    told = resident(*VERIFY, *WITH_POLICY)
    assert (told["verified"], told["advice"]["advice"]) == (True, "voldoet_niet")


def test_a_request_that_asks_something_else_than_its_policy_is_rejected(resident: Run) -> None:
    ask(resident)
    request = json.loads(Path("request.json").read_bytes())
    request["dcql_query"]["credentials"] = request["dcql_query"]["credentials"][:2]
    Path("request.json").write_text(json.dumps(request))
    answer(resident)
    assert resident(*VERIFY, *WITH_POLICY, code=1)["error"]["check"]["name"] == "REQUEST_OF_POLICY"


def test_a_plain_query_has_no_advice_and_no_join(resident: Run) -> None:
    query = {
        "credentials": [
            {
                "id": "mine",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": ["urn:eigendata:nl:brp:adres:1"]},
                "claims": [{"path": ["address", "locality"]}],
            }
        ]
    }
    Path("query.json").write_text(json.dumps(query))
    ask(resident, "--dcql", "query.json")
    answer(resident)
    told = resident(*VERIFY)
    assert told["credentials"]["mine"][0]["claims"] == {"address": {"locality": "Boxtel"}}
    assert told["advice"] is None
    assert {"ONE_SET": "not applicable"}.items() <= {step["check"]: step["outcome"] for step in told["trail"]}.items()


def test_the_bsn_stays_with_who_has_no_right_to_it(resident: Run) -> None:
    query = {
        "credentials": [
            {
                "id": "number",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": ["urn:eigendata:nl:brp:bsn:1"]},
                "claims": [{"path": ["bsn"]}],
            }
        ]
    }
    Path("query.json").write_text(json.dumps(query))
    ask(resident, "--dcql", "query.json")
    present = (*VAULT, "present", "--request", "request.json", "--out", "answer.json", "--yes")
    assert resident(*present, code=1)["error"]["reason"] == "over_asked"
    assert not Path("answer.json").exists()


def test_without_agreement_nothing_leaves(resident: Run) -> None:
    ask(resident)
    present = (*VAULT, "present", "--request", "request.json", "--out", "answer.json")
    assert resident(*present, code=1)["error"]["reason"] == "no_consent"
    assert not Path("answer.json").exists()
    assert resident(*VAULT, "history")["history"] == []


def test_a_proposal_says_who_what_why_and_how_long(resident: Run) -> None:
    ask(resident)
    told = resident(*VAULT, "consider", "--request", "request.json")
    assert told["asker"]["proven"] is False
    assert set(told["purpose"]) == {"nl", "en"}
    assert told["keep"]
    assert {one["type"].split(":")[-2] for one in told["offered"]} == {"persoon", "inwoner", "huishouden"}


def test_the_history_holds_what_was_shown_and_no_values(resident: Run) -> None:
    ask(resident)
    answer(resident)
    (line,) = resident(*VAULT, "history")["history"]
    assert line["policy"] == "woningcorporatie/B 2026-01"
    assert "Mardoun" not in json.dumps(line)


def test_the_history_says_how_long_it_is_kept(resident: Run, capsys: pytest.CaptureFixture[str]) -> None:
    ask(resident)
    answer(resident)
    assert cli.run([*VAULT, "history", "--lang", "en"]) == 0
    assert "kept until the auditor" in capsys.readouterr().out


def test_the_passphrase_can_be_changed(resident: Run) -> None:
    Path("new").write_text("een heel andere wachtzin\n")
    resident(*VAULT, "passwd", "--new-passphrase-file", "new")
    assert resident(*VAULT, "list", code=1)["error"]["reason"] == "cannot_open"
    cards = resident("wallet", "--vault", "v", "list", "--passphrase-file", "new")["cards"]
    assert len(cards) == 5


def test_a_backup_brings_a_wallet_to_another_place(resident: Run) -> None:
    made = resident(*VAULT, "backup", "v.backup")
    assert made["cards"] == 5
    assert not made["own_passphrase"]
    assert resident(*VAULT, "backup", "v.backup", code=2)["error"]["kind"] == "misuse"
    there = ("wallet", "--vault", "there", "--passphrase-file", "passphrase")
    restored = resident(*there, "restore", "v.backup")
    assert restored["made_at"] == made["made_at"]
    assert restored["withheld"] == 10
    assert {one["copies"] for one in restored["cards"]} == {0}
    assert restored["cards"] == resident(*there, "list")["cards"]
    assert resident(*there, "restore", "v.backup", code=2)["error"]["kind"] == "misuse"
    moved = resident(
        "wallet", "--vault", "moved", "--passphrase-file", "passphrase", "restore", "v.backup", "--unused-since"
    )
    assert moved["withheld"] == 0
    assert moved["cards"] == resident(*VAULT, "list")["cards"]


def test_a_backup_may_have_words_of_its_own(town: Run) -> None:
    Path("own").write_text("voor bij de familie\n")
    assert town(*VAULT, "backup", "b", "--new-passphrase-file", "own")["own_passphrase"]
    there = ("wallet", "--vault", "there", "--passphrase-file")
    assert town(*there, "passphrase", "restore", "b", code=1)["error"]["reason"] == "cannot_open"
    assert not Path("there").exists()
    town(*there, "own", "restore", "b")
    assert town("wallet", "--vault", "nothing", "backup", "c", code=2)["error"]["kind"] == "misuse"
    assert town("wallet", "--vault", "other", "restore", "nothing", code=2)["error"]["kind"] == "misuse"


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_what_a_restored_wallet_does_not_do_is_told(
    resident: Run, lang: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*arguments: str) -> str:
        assert cli.run([*arguments, "--lang", lang]) == 0
        return capsys.readouterr().out

    out = told(*VAULT, "backup", "b")
    assert texts.say("backup.same", lang) in out
    assert texts.say("backup.after", lang) in out
    Path("own").write_text("voor bij de familie\n")
    assert texts.say("backup.own", lang) in told(*VAULT, "backup", "c", "--new-passphrase-file", "own")
    new = ("--passphrase-file", "passphrase", "restore", "b")
    withheld, unused = texts.say("restore.withheld", lang, when=""), texts.say("restore.unused", lang)
    out = told("wallet", "--vault", "there", *new)
    assert withheld[-60:] in out
    assert unused not in out
    out = told("wallet", "--vault", "moved", *new, "--unused-since")
    assert withheld[-60:] not in out
    assert unused in out


def test_a_card_shows_its_holder_what_it_says(resident: Run) -> None:
    (card,) = resident(*VAULT, "show", "adres")["cards"]
    assert {tuple(one["path"]): one["value"] for one in card["claims"]}["address", "locality"] == "Boxtel"


def test_a_card_can_be_thrown_away(resident: Run) -> None:
    assert len(resident(*VAULT, "remove", "adres")["removed"]) == 1
    assert "adres" not in {one["type"].split(":")[-2] for one in resident(*VAULT, "list")["cards"]}
    assert resident(*VAULT, "remove", "adres", code=2)["error"]["kind"] == "misuse"


def test_a_challenge_is_answered_once(resident: Run, register: str) -> None:
    about = ("--bsn", STORY_BSN, "--registers", register, "--insecure-loopback")
    again = ("issue", "--type", "persoon", *about, "--issuer", "boxtel", "--proofs", "proofs.json", "--copies", "1")
    assert resident(*again, "--out", "again.json", code=1)["error"]["reason"] == "replay_detected"
    assert not Path("again.json").exists()


def test_keys_that_nobody_proved_are_said_to_be_so(
    town: Run, register: str, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = [SoftwareKey.generate(Algorithm.ES256).public_key.jwk() for _ in range(2)]
    Path("keys.json").write_text(json.dumps({"keys": keys}))
    command = ["issue", "--type", "persoon,inwoner", "--bsn", STORY_BSN, "--registers", register, "--issuer", "boxtel"]
    ways = ["--holder-jwk", "keys.json", "--copies", "2", "--out", "issued.json", "--insecure-loopback"]
    assert cli.run([*command, *ways]) == 0
    assert "Nobody proved" in capsys.readouterr().err
    written = json.loads(Path("issued.json").read_bytes())
    assert [len(one["copies"]) for one in written["credentials"]] == [2, 2]


def test_a_single_holder_key_serves_every_copy(town: Run, register: str) -> None:
    Path("key.json").write_text(json.dumps(SoftwareKey.generate(Algorithm.ES256).public_key.jwk()))
    about = ("--bsn", STORY_BSN, "--registers", register, "--insecure-loopback", "--issuer", "boxtel")
    town("issue", "--type", "persoon", *about, "--holder-jwk", "key.json", "--copies", "1", "--out", "issued.json")
    assert json.loads(Path("issued.json").read_bytes())["credentials"]


def test_a_number_that_may_be_somebodys_is_read_from_standard_input_alone(
    town: Run, register: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("key.json").write_text(json.dumps(SoftwareKey.generate(Algorithm.ES256).public_key.jwk()))
    ways = ("--registers", register, "--issuer", "boxtel", "--holder-jwk", "key.json", "--copies", "1", "--out", "i")
    command = ("issue", "--type", "persoon", *ways, "--insecure-loopback", "--bsn")
    assert town(*command, "123456782", code=2)["error"]["kind"] == "misuse"
    monkeypatch.setattr("sys.stdin", io.StringIO("123456782\n"))
    assert town(*command, "-", code=1)["error"]["reason"] == "not_registered"
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{STORY_BSN}\n"))
    town(*command, "-")


def test_a_register_that_is_down_is_said_so_and_nothing_is_written(town: Run) -> None:
    Path("key.json").write_text(json.dumps(SoftwareKey.generate(Algorithm.ES256).public_key.jwk()))
    ways = ("--issuer", "boxtel", "--holder-jwk", "key.json", "--copies", "1", "--out", "issued.json")
    command = ("issue", "--type", "persoon", "--bsn", STORY_BSN, *ways, "--insecure-loopback")
    assert town(*command, "--registers", "http://127.0.0.1:9", code=3)["error"]["kind"] == "unavailable"
    assert not Path("issued.json").exists()


def test_plain_http_is_refused_unless_it_is_switched_on_for_this_machine(town: Run, register: str) -> None:
    Path("key.json").write_text(json.dumps(SoftwareKey.generate(Algorithm.ES256).public_key.jwk()))
    ways = ("--issuer", "boxtel", "--holder-jwk", "key.json", "--copies", "1", "--out", "issued.json")
    command = ("issue", "--type", "persoon", "--bsn", STORY_BSN, "--registers", register, *ways)
    assert town(*command, code=1)["error"]["reason"] == "fetch_blocked"


def test_an_issuer_that_is_not_trusted_gets_nothing_into_a_wallet(resident: Run) -> None:
    Path("empty.toml").write_text("")
    add = (*VAULT, "add", "issued.json", "--trust", "empty.toml")
    assert resident(*add, code=1)["error"]["reason"] == "untrusted_issuer"


def test_a_wrong_passphrase_and_a_damaged_vault_are_one_error(resident: Run) -> None:
    Path("wrong").write_text("niet de wachtzin\n")
    first = resident("wallet", "--vault", "v", "--passphrase-file", "wrong", "list", code=1)["error"]
    data = bytearray(Path("v").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4096] = bytes(4096)
    Path("v").write_bytes(data)
    assert resident(*VAULT, "list", code=1)["error"] == first


def test_keys_are_readable_by_their_owner_alone(town: Run) -> None:
    town("keygen", "--alg", "ES384", "--out", "key.pem")
    for name in ("key.pem", "ca/key.pem", "boxtel/key.pem", "v"):
        assert stat.S_IMODE(Path(name).stat().st_mode) == 0o600
    assert town("keygen", "--out", "key.pem", code=2)["error"]["kind"] == "misuse"


def test_inspect_opens_anything_and_calls_it_unverified(resident: Run) -> None:
    ask(resident)
    answer(resident)
    token = json.loads(Path("issued.json").read_bytes())["credentials"][0]["copies"][0]
    Path("token").write_text(token)
    for name in ("token", "issued.json", "answer.json", "request.json", "proofs.json", "challenge.json"):
        assert resident("inspect", name)["verified"] is False
    inside = resident("inspect", "token")["content"]
    assert inside["header"]["typ"] == "dc+sd-jwt"
    assert any(one[1] == "family_name" for one in inside["disclosures"] if len(one) == 3)


@pytest.mark.parametrize("data", [b"", b"\xff", b"{", b"a.b.c", b"[" * 100_000, b"~~~", b"{}"])
def test_any_bytes_at_all_give_an_error_of_ours_and_an_exit_code(resident: Run, data: bytes) -> None:
    ask(resident)
    Path("hostile").write_bytes(data)
    ends = {
        cli.run(["inspect", "hostile"]),
        cli.run(["verify", "--request", "hostile", "--trust", "trust.toml", "--in", "hostile"]),
        cli.run(["verify", "--request", "request.json", "--trust", "hostile", "--in", "hostile"]),
        cli.run(["verify", "--request", "request.json", "--trust", "trust.toml", "--in", "hostile"]),
        cli.run([*VAULT, "add", "hostile", "--trust", "trust.toml"]),
        cli.run([*VAULT, "consider", "--request", "hostile"]),
        cli.run(["issue", "--challenge", "--issuer", "hostile", "--out", "never"]),
        cli.run(["request", "--dcql", "hostile", "--response-uri", URI, "--out", "never"]),
        cli.run(["registers", "check", "hostile"]),
    }
    assert ends <= {0, 1, 2}


def test_a_command_that_is_not_understood_ends_with_two(run: Run) -> None:
    assert run("keygen", "--nonsense", code=2)["error"]["kind"] == "misuse"
    assert run("wallet", "list", code=2)["error"]["kind"] == "misuse"
    assert run("request", "--response-uri", URI, "--out", "r", code=2)["error"]["kind"] == "misuse"


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    commands = (
        "", "demo", "keygen", "trust", "trust add", "issue", "request", "verify", "inspect", "schemas", "registers",
        "registers serve", "registers check", "wallet", "wallet init", "wallet prove", "wallet add", "wallet list",
        "wallet show", "wallet remove", "wallet consider", "wallet present", "wallet history", "wallet passwd",
    )  # fmt: skip
    for command in commands:
        assert cli.run([*command.split(), "--help"]) == 0
        assert "Usage" in capsys.readouterr().out


def test_the_schemas_are_as_generated(run: Run) -> None:
    assert run("schemas", "--check")["drift"] == []


def test_names_in_the_constants_of_these_tests_are_the_issuers(town: Run) -> None:
    assert ISSUER in Path("trust.toml").read_text()
    assert all(one in Path("boxtel/issuer.toml").read_text() for one in TYPES.split(","))


def test_an_issuer_that_publishes_its_keys_is_trusted_by_its_url_and_nothing_else(run: Run) -> None:
    arguments = (
        "trust",
        "add",
        "--issuer",
        "https://housing.example",
        "--type",
        "com.example.housing",
        "--out",
        "t.toml",
    )
    run(*arguments, code=2)
    assert not Path("t.toml").exists()
    run(*arguments, "--issuer-metadata")
    entry = tomllib.loads(Path("t.toml").read_text())["issuers"]["https://housing.example"]
    assert entry["issuer_metadata"] is True
    assert not entry.keys() & {"anchors", "keys"}


def test_an_issuer_is_not_trusted_in_two_ways_at_once(town: Run) -> None:
    before = Path("trust.toml").read_bytes()
    common = ("--issuer", "https://boxtel.example", "--type", "persoon", "--out", "trust.toml", "--issuer-metadata")
    town("trust", "add", *common, code=2)
    town("trust", "add", *common, "--anchor", "ca/anchor.pem", code=2)
    assert Path("trust.toml").read_bytes() == before


def test_a_folder_of_types_says_nothing_of_our_own_types_and_is_read_whole_or_not_at_all(resident: Run) -> None:
    ask(resident)
    answer(resident)
    Path("types").mkdir()
    spoof = {"vct": "urn:eigendata:nl:brp:inwoner:1", "claims": [{"path": ["resident"], "sd": "never"}]}
    Path("types/inwoner.json").write_text(json.dumps(spoof))
    said = resident(*VERIFY, *WITH_POLICY, "--types", "types")
    assert said["verified"] is True
    Path("types/bad.json").write_text("{}")
    error = resident(*VERIFY, *WITH_POLICY, "--types", "types", code=2)["error"]
    assert error["where"] == ["bad.json"]
