"""W3C credentials by commands alone: a controller's key, cards that are shown whole, and who takes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eigendata import cli
from eigendata.registers.population import STORY_BSN

from .conftest import ISSUER, TYPES, Run

VAULT = ("wallet", "--vault", "v", "--passphrase-file", "passphrase")
URI = "https://corporation.example/answer"
FORM = ("--format", "ldp_vc")
WHOLE = ("--policy", "demo/hele-kaart")
VERIFY = ("verify", "--request", "request.json", "--trust", "trust.toml", "--in", "answer.json")
TRUSTED = ("--issuer", ISSUER, "--type", TYPES, "--municipality", "0757", "--name", "Gemeente Boxtel")


def collect(run: Run, register: str) -> None:
    made = run("keygen", "--controller", "--out", "boxtel")
    assert made == {"made": "controller", "folder": "boxtel", "controller": "did:web:boxtel.example"}
    anchored = ("--anchor", "ca/anchor.pem", *TRUSTED)
    run("trust", "add", *anchored, "--document", "boxtel/did.json", "--out", "trust.toml")
    run("issue", "--challenge", *FORM, "--issuer", "boxtel", "--out", "challenge.json")
    run(*VAULT, "prove", "--challenge", "challenge.json", "--copies", "2", "--out", "proofs.json")
    about = ("--bsn", STORY_BSN, "--registers", register, "--insecure-loopback", "--issuer", "boxtel")
    run("issue", "--type", TYPES, *FORM, *about, "--proofs", "proofs.json", "--copies", "2", "--out", "issued.json")
    added = run(*VAULT, "add", "issued.json", "--trust", "trust.toml")["added"]
    assert {one["format"] for one in added} == {"ldp_vc"}


def test_a_card_is_shown_whole_where_a_policy_takes_it_so_and_its_holder_is_told(town: Run, register: str) -> None:
    collect(town, register)
    Path("home.json").write_text("{}")
    town("request", *WHOLE, "--home", "home.json", *FORM, "--response-uri", URI, "--out", "request.json")
    (offered,) = town(*VAULT, "consider", "--request", "request.json")["offered"]
    assert offered["whole"] is True
    assert ["resident_since_year"] in [line["path"] for line in offered["besides"]]
    town(*VAULT, "present", "--request", "request.json", "--out", "answer.json", "--yes")
    (shown,) = json.loads(Path("answer.json").read_bytes())["vp_token"].values()
    assert shown[0]["verifiableCredential"][0]["issuer"] == "did:web:boxtel.example"
    told = town(*VERIFY, *WHOLE, "--home", "home.json")
    assert told["advice"]["advice"] == "voldoet"
    assert "resident_since_year" not in told["credentials"]["inwoner"][0]["claims"]


def test_a_policy_that_forbids_more_than_it_asks_asks_nothing_in_such_a_form(town: Run) -> None:
    Path("home.json").write_text(json.dumps({"household_size": [1, 9], "binding": True}))
    policy = ("--policy", "woningcorporatie/B", "--home", "home.json")
    said = town("request", *policy, *FORM, "--response-uri", URI, "--out", "request.json", code=1)
    assert said["error"]["reason"] == "over_asked"
    assert not Path("request.json").exists()


def test_the_wallet_says_in_words_that_a_card_is_shown_whole(
    town: Run, register: str, capsys: pytest.CaptureFixture[str]
) -> None:
    collect(town, register)
    Path("home.json").write_text("{}")
    town("request", *WHOLE, "--home", "home.json", *FORM, "--response-uri", URI, "--out", "request.json")
    capsys.readouterr()
    for language, said in (("nl", "kunt u niets weglaten"), ("en", "cannot leave anything out")):
        assert cli.run([*VAULT, "consider", "--request", "request.json", "--lang", language]) == 0
        assert said in " ".join(capsys.readouterr().out.split())


def test_a_controller_is_named_or_pinned_and_found_in_one_way(town: Run) -> None:
    for wrong in ((), ("--issuer-metadata", "--controller", "did:web:boxtel.example")):
        town("trust", "add", *TRUSTED, *wrong, "--out", "other.toml", code=2)
    town("trust", "add", *TRUSTED, "--controller", "did:web:boxtel.example", "--out", "other.toml")
    assert 'controllers = ["did:web:boxtel.example"]' in Path("other.toml").read_text()
    town("keygen", "--controller", "--document-signer", "--out", "boxtel", code=2)
    made = town("keygen", "--controller", "--san", "did:web:boxtel.example:issuers:1", "--out", "boxtel")
    assert made["controller"] == "did:web:boxtel.example:issuers:1"
