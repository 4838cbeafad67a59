"""mdocs by commands alone: keys and certificates, both formats in one session, a request that takes either."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eigendata import cli
from eigendata.registers.population import STORY_BSN
from tests.negatives import negative

from .conftest import ISSUER, TYPES, Run

VAULT = ("wallet", "--vault", "v", "--passphrase-file", "passphrase")
URI = "https://corporation.example/answer"
BOTH = "dc+sd-jwt,mso_mdoc"
VERIFY = ("verify", "--request", "request.json", "--trust", "trust.toml", "--in", "answer.json")
POLICY = ("--policy", "woningcorporatie/B", "--home", "home.json")


def sign_documents(run: Run) -> None:
    """Give the town's issuer a document signer below an authority of its own, and trust that."""
    run("keygen", "--iaca", "--name", "Gemeente Boxtel", "--san", ISSUER, "--out", "iaca")
    made = run("keygen", "--document-signer", "--iaca", "iaca", "--out", "boxtel")
    assert made == {"made": "document signer", "folder": "boxtel", "issuer": ISSUER}
    trusted = ("--issuer", ISSUER, "--type", TYPES, "--municipality", "0757", "--name", "Gemeente Boxtel")
    run("trust", "add", "--anchor", "iaca/anchor.pem", *trusted, "--out", "trust.toml")


def collect(run: Run, register: str, formats: str) -> list[tuple[str, str]]:
    sign_documents(run)
    run("issue", "--challenge", "--format", formats, "--issuer", "boxtel", "--out", "challenge.json")
    run(*VAULT, "prove", "--challenge", "challenge.json", "--copies", "2", "--out", "proofs.json")
    about = ("--bsn", STORY_BSN, "--registers", register, "--insecure-loopback", "--issuer", "boxtel")
    keys = ("--proofs", "proofs.json", "--copies", "2")
    run("issue", "--type", TYPES, "--format", formats, *about, *keys, "--out", "issued.json")
    added = run(*VAULT, "add", "issued.json", "--trust", "trust.toml")["added"]
    return [(one["type"].split(":")[-2], one["format"]) for one in added]


def ask(run: Run, formats: str) -> None:
    Path("home.json").write_text(json.dumps({"household_size": [1, 9], "binding": True}))
    run("request", *POLICY, "--format", formats, "--response-uri", URI, "--out", "request.json")


def test_the_whole_line_in_mdoc(town: Run, register: str) -> None:
    assert {form for _, form in collect(town, register, "mso_mdoc")} == {"mso_mdoc"}
    ask(town, "mso_mdoc")
    assert town(*VAULT, "consider", "--request", "request.json")["use"] == "within"
    town(*VAULT, "present", "--request", "request.json", "--out", "answer.json", "--yes")
    told = town(*VERIFY, *POLICY, "--state", "state.db")
    assert told["advice"]["advice"] == "voldoet"
    assert told["credentials"]["huishouden"][0]["claims"]["household_size"] == 4
    assert town(*VERIFY, *POLICY, "--state", "state.db", code=1)["error"]["reason"] == "replay_detected"
    shown = town(*VAULT, "show", "inwoner")["cards"]
    assert {"municipality_code"} <= {".".join(line["path"]) for card in shown for line in card["claims"]} | {
        "municipality_code"
    }


def test_both_formats_of_one_session_answer_a_request_for_either(town: Run, register: str) -> None:
    added = collect(town, register, BOTH)
    assert sorted(added) == sorted((name, form) for name in TYPES.split(",") for form in BOTH.split(","))
    for formats, shown in (("mso_mdoc,dc+sd-jwt", "mso_mdoc"), (BOTH, "dc+sd-jwt")):
        ask(town, formats)
        asked = json.loads(Path("request.json").read_bytes())["dcql_query"]
        assert {one["format"] for one in asked["credentials"]} == set(BOTH.split(","))
        town(*VAULT, "present", "--request", "request.json", "--out", "answer.json", "--yes")
        answered = json.loads(Path("answer.json").read_bytes())["vp_token"]
        assert {one["format"] for one in asked["credentials"] if one["id"] in answered} == {shown}
        town(*VERIFY, *POLICY)


def test_without_a_document_signer_or_with_another_name_nothing_is_issued_in_mdoc(town: Run, register: str) -> None:
    Path("holder.jwk").write_text('{"kty":"EC","crv":"P-256","x":"x","y":"y"}')
    about = ("--bsn", STORY_BSN, "--registers", register, "--insecure-loopback", "--issuer", "boxtel", "--type", TYPES)
    for formats in ("mso_mdoc", "mdoc", "", ","):
        said = town("issue", *about, "--format", formats, "--proofs", "holder.jwk", "--out", "never", code=2)
        assert said["error"]["kind"] in ("misuse", "malformed")
    assert town("request", *POLICY, "--format", "x", "--response-uri", URI, "--out", "never", code=2)
    assert not Path("never").exists()


def test_one_thing_is_made_at_a_time(town: Run) -> None:
    for arguments in (
        ("--document-signer",),
        ("--document-signer", "--iaca"),
        ("--iaca", "--name", "B"),
        ("--iaca", "--san", ISSUER),
        ("--iaca", "ca", "--name", "B", "--san", ISSUER),
        ("--document-signer", "--iaca", "ca", "--issuer-cert"),
        ("--document-signer", "--iaca", "ca", "--ca"),
    ):
        assert town("keygen", *arguments, "--out", "never", code=2)["error"]["kind"] == "misuse"
    assert not Path("never").exists()


def test_trust_in_an_authority_of_ones_own_is_said(town: Run) -> None:
    about = ("--issuer", "https://foreign.example", "--type", "eu.europa.ec.eudi.pid.1", "--name", "Elsewhere")
    town("trust", "add", "--anchor", "ca/anchor.pem", "--iaca", *about, "--out", "others.toml")
    assert "iaca = true" in Path("others.toml").read_text()


def test_inspect_shows_what_an_mdoc_holds_and_calls_it_unverified(town: Run, register: str) -> None:
    collect(town, register, "mso_mdoc")
    issued = town("inspect", "issued.json")
    assert issued["verified"] is False
    copy = issued["content"]["credentials"][0]["copies"][0]
    assert copy["issuerAuth"]["payload"]["docType"].startswith("urn:eigendata:nl:brp:")
    token = json.loads(Path("issued.json").read_bytes())["credentials"][0]["copies"][0]
    Path("token").write_text(token + "\n")
    assert town("inspect", "token")["content"] == copy
    ask(town, "mso_mdoc")
    town(*VAULT, "present", "--request", "request.json", "--out", "answer.json", "--yes")
    (first, *_) = town("inspect", "answer.json")["content"]["vp_token"].values()
    assert "deviceSignature" in first[0]["documents"][0]["deviceSigned"]["deviceAuth"]


def test_two_sides_of_a_session_are_compared(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    believed = {"client_id": f"redirect_uri:{URI}", "nonce": "n", "response_uri": URI}
    Path("verifier.json").write_text(json.dumps(believed))
    Path("wallet.json").write_text(json.dumps({**believed, "client_id": URI}))
    told = run("inspect", "verifier.json", "--transcript", "wallet.json", code=1)
    assert told["same"] is False
    assert [(one["member"], one["why"]) for one in told["differences"]] == [("clientId", "prefix")]
    assert run("inspect", "verifier.json", "--transcript", "verifier.json")["same"] is True
    Path("log.json").write_text(json.dumps({"session_transcript": told["sides"][1]["transcript"]}))
    told = run("inspect", "verifier.json", "--transcript", "log.json", code=1)
    assert [one["why"] for one in told["differences"]] == ["prefix"]
    assert cli.run(["inspect", "verifier.json", "--transcript", "wallet.json", "--lang", "nl"]) == 1
    printed = capsys.readouterr().out
    assert "OpenID4VPHandoverInfo = [" in printed
    assert "voorvoegsel" in printed
    Path("none.json").write_text("{}")
    assert run("inspect", "verifier.json", "--transcript", "none.json", code=2)["error"]["where"] == ["none.json"]


@negative("NEG-MDOC-027")
@pytest.mark.parametrize(
    ("said", "told"), [(True, "Zij zeggen dit te bewaren: Achternaam"), (None, "Zij zeggen niet"), (False, None)]
)
def test_what_is_said_of_keeping_stands_on_the_screen_before_anybody_agrees(
    said: bool | None, told: str | None, town: Run, register: str, capsys: pytest.CaptureFixture[str]
) -> None:
    collect(town, register, "mso_mdoc")
    claim = {"path": ["urn:eigendata:nl:brp:persoon:1", "family_name"]}
    query = {
        "id": "q",
        "format": "mso_mdoc",
        "meta": {"doctype_value": "urn:eigendata:nl:brp:persoon:1"},
        "claims": [claim if said is None else {**claim, "intent_to_retain": said}],
    }
    Path("query.json").write_text(json.dumps({"credentials": [query]}))
    town("request", "--dcql", "query.json", "--response-uri", URI, "--out", "request.json")
    (offered,) = town(*VAULT, "consider", "--request", "request.json")["offered"]
    assert [line["kept"] for line in offered["shown"]] == [said]
    assert cli.run([*VAULT, "consider", "--request", "request.json", "--lang", "nl"]) == 0
    printed = capsys.readouterr().out
    assert (told in printed) if told else ("bewaren" not in printed)
