"""Asking and answering over HTTP, with commands alone: what is sent, what is said, and what a verifier never hears."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eigendata import cli
from eigendata.crypto.x509 import dump_pem_chain
from eigendata.encoding import json_dumps
from eigendata.trust import Trust
from tests.negatives import negative
from tests.unit.openid.desk import API_KEY, HOME, HOST, NAME, Access, Desk, Reply, a_desk

from .conftest import Run

VAULT = ("wallet", "--vault", "v", "--passphrase-file", "passphrase")
KNOWING = ("--trust", "trust.toml", "--insecure-loopback")
POLICY = "woningcorporatie/B"
ACCESS = Access(at=datetime.now(UTC))


@pytest.fixture(scope="module")
def desk_of_module(a_resident: Path) -> Iterator[Desk]:
    trust = Trust.load(a_resident / "trust.toml")
    with a_desk(access=ACCESS, trust=trust, clock=lambda: datetime.now(UTC)) as desk:
        yield desk


@pytest.fixture
def desk(desk_of_module: Desk) -> Desk:
    one = desk_of_module
    one.changes, one.replies, one.redirect_uri, one.gone = {}, [], None, False
    one.seen.clear()
    one.disclosures.clear()
    return one


@pytest.fixture
def resident(resident: Run) -> Run:
    """The resident, who knows the desk."""
    Path("access.pem").write_bytes(dump_pem_chain([ACCESS.root]))
    known = ("--verifier", HOST, "--name", NAME, "--anchor", "access.pem")
    resident("trust", "add", *known, "--out", "trust.toml")
    return resident


def present(link: str, *more: str) -> tuple[str, ...]:
    return (*VAULT, "present", "--request", link, *KNOWING, *more)


# -- answering --------------------------------------------------------------------------------------------------------


def test_a_link_is_answered_and_says_who_asked_and_what_was_shown(resident: Run, desk: Desk) -> None:
    said = resident(*present(desk.ask(POLICY), "--yes"))
    assert said["asker"] == {"id": HOST, "name": NAME, "proven": True}
    assert (said["sent_to"], said["redirect_uri"]) == (f"{desk.url}/answers", None)
    assert said["use"] == "within"
    (disclosure,) = desk.disclosures
    assert disclosure.advice is not None
    assert resident(*VAULT, "history")["history"][0]["asker"]["proven"]


@pytest.mark.parametrize("post", [True, False], ids=["post", "get"])
def test_a_link_may_stand_in_a_file(resident: Run, desk: Desk, post: bool) -> None:
    Path("link").write_text(desk.ask(POLICY, post=post) + "\n")
    assert resident(*present("link", "--yes", "--profile", "haip-1.0"))["sent_to"]
    assert len(desk.disclosures) == 1


def test_the_page_to_go_on_at_is_said(resident: Run, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.redirect_uri = f"{desk.url}/pages/1?response_code=abc"
    assert resident(*present(desk.ask(POLICY), "--yes"))["redirect_uri"] == desk.redirect_uri
    assert cli.run([*present(desk.ask(POLICY), "--yes", "--lang", "nl")]) == 0
    assert desk.redirect_uri in capsys.readouterr().out


@negative("NEG-VP-WALLET-025")
@pytest.mark.parametrize(("lang", "warning"), [("nl", "Kreeg u deze link van een ander?"), ("en", "somebody sent you")])
def test_who_asks_why_and_a_warning_stand_before_the_question(
    resident: Run,
    desk: Desk,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    lang: str,
    warning: str,
) -> None:
    seen: list[str] = []

    def asked(*_: object, **__: object) -> bool:
        seen.append(capsys.readouterr().out)
        return False

    monkeypatch.setattr("typer.confirm", asked)
    assert cli.run([*present(desk.ask(POLICY), "--lang", lang)]) == 1
    (shown,) = seen
    assert NAME in shown
    assert warning in shown
    assert desk.request.purpose[lang] in shown
    assert desk.posted() == []


def test_an_answer_may_still_be_written_to_a_file(resident: Run, desk: Desk) -> None:
    resident(*present(desk.ask(POLICY), "--yes", "--out", "answer"))
    assert desk.posted() == []
    assert desk._take(Path("answer").read_bytes()).status == 200
    assert len(desk.disclosures) == 1


def test_considering_fetches_and_posts_nothing(resident: Run, desk: Desk) -> None:
    said = resident(*VAULT, "consider", "--request", desk.ask(POLICY), *KNOWING)
    assert said["asker"]["proven"]
    assert desk.posted() == []


# -- what is refused --------------------------------------------------------------------------------------------------


@negative("NEG-VP-WALLET-003")
def test_a_verifier_is_not_told_that_its_request_was_refused(resident: Run, desk: Desk) -> None:
    link = desk.ask(POLICY)
    desk.changes = {"nonce": None}
    assert resident(*present(link, "--yes"), code=2)["error"]["kind"] == "malformed"
    assert desk.posted() == []
    assert resident(*VAULT, "history")["history"] == []


def test_who_is_not_in_the_trust_file_has_not_proven_to_ask(
    resident: Run, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    link = desk.ask(POLICY)
    asked = (*VAULT, "present", "--request", link, "--insecure-loopback", "--yes")
    assert resident(*asked, code=1)["error"]["reason"] == "request_invalid"
    assert cli.run([*asked]) == 1
    assert "--trust" in capsys.readouterr().err
    assert desk.posted() == []


def test_plain_http_is_for_this_machine_and_only_where_that_was_switched_on(resident: Run, desk: Desk) -> None:
    asked = (*VAULT, "present", "--request", desk.ask(POLICY), "--trust", "trust.toml", "--yes")
    assert resident(*asked, code=2)["error"]["kind"] == "malformed"
    assert desk.seen == []


@negative("NEG-VP-WALLET-022")
@pytest.mark.parametrize("uri", ["javascript:alert(1)", "data:text/html,x", "https://elsewhere.example/"])
def test_a_page_elsewhere_is_not_said(resident: Run, desk: Desk, uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    desk.replies = [Reply(200, json_dumps({"redirect_uri": uri}))]
    assert cli.run([*present(desk.ask(POLICY), "--yes")]) in (1, 2)
    assert uri not in "".join(capsys.readouterr())
    assert resident(*VAULT, "resend", "--insecure-loopback")["deliveries"] == []


@negative("NEG-VP-WALLET-007")
def test_with_json_nothing_leaves_unless_that_was_agreed_to(resident: Run, desk: Desk) -> None:
    assert resident(*present(desk.ask(POLICY)), code=1)["error"]["reason"] == "no_consent"
    assert desk.posted() == []


@pytest.mark.parametrize("more", [("--decline", "--yes"), ("--decline", "--out", "x"), ("--yes", "--profile", "x")])
def test_what_cannot_be_meant_is_misuse(resident: Run, desk: Desk, more: tuple[str, ...]) -> None:
    assert resident(*present(desk.ask(POLICY), *more), code=2)["error"]["kind"] == "misuse"
    assert desk.posted() == []


@negative("NEG-VP-WALLET-021")
def test_declining_says_so_and_nothing_else(resident: Run, desk: Desk) -> None:
    assert resident(*present(desk.ask(POLICY), "--decline")) == {"declined": True}
    (form,) = desk.posted()
    assert form == f"error=access_denied&state={desk.request.state}".encode()
    assert resident(*VAULT, "history")["history"] == []


# -- sent again -------------------------------------------------------------------------------------------------------


def test_what_did_not_arrive_is_sent_again_as_it_was(
    resident: Run, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.replies = [Reply(503, b""), Reply(503, b"")]
    assert cli.run([*present(desk.ask(POLICY), "--yes", "--lang", "en")]) == 3
    assert "wallet resend" in capsys.readouterr().err
    again = (*VAULT, "resend", "--insecure-loopback")
    (waiting,) = resident(*again, code=3)["deliveries"]
    assert (waiting["arrived"], waiting["asker"]) == (False, NAME)
    (arrived,) = resident(*again)["deliveries"]
    assert arrived["arrived"]
    assert len(desk.posted()) == 3
    assert len(set(desk.posted())) == 1
    assert len(desk.disclosures) == 1
    assert resident(*again)["deliveries"] == []


def test_what_was_refused_when_sent_again_is_said_and_forgotten(
    resident: Run, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.replies = [Reply(500, b""), Reply(400, b"{}")]
    resident(*present(desk.ask(POLICY), "--yes"), code=3)
    assert cli.run([*VAULT, "resend", "--insecure-loopback", "--lang", "en"]) == 1
    assert NAME in capsys.readouterr().out
    assert cli.run([*VAULT, "resend", "--insecure-loopback", "--lang", "en"]) == 0
    assert "Nothing waits" in capsys.readouterr().out


# -- asking -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def key() -> Path:
    Path("api-key").write_text(API_KEY + "\n")
    return Path("api-key")


def test_a_service_is_asked_and_gives_a_link_that_is_answered(resident: Run, desk: Desk, key: Path) -> None:
    Path("home.json").write_bytes(json_dumps(HOME))
    asked = ("--policy", POLICY, "--home", "home.json", "--mode", "direct_post.jwt", "--client-id", "x509_hash")
    begun = resident("request", *asked, "--server", desk.url, "--api-key-file", str(key), "--out", "link")
    assert begun["id"] == "c-1"
    assert Path("link").read_text() == begun["link"] + "\n"
    (seen,) = desk.seen
    assert json.loads(seen.body) == {
        "policy": POLICY,
        "home": dict(HOME),
        "mode": "direct_post.jwt",
        "client_id": "x509_hash",
    }
    assert resident(*present("link", "--yes"))["sent_to"]
    assert len(desk.disclosures) == 1


def test_a_query_of_ones_own_goes_to_the_service_as_it_is(run: Run, desk: Desk, key: Path) -> None:
    query = {"credentials": [{"id": "a", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:x"]}}]}
    Path("query.json").write_text(json.dumps(query))
    desk.replies = [Reply(400, b'{"title":"Bad Request","detail":"nobody asks that here"}')]
    service = ("--server", desk.url + "/", "--api-key-file", str(key))
    refused = run("request", "--dcql", "query.json", *service, code=2)
    assert "nobody asks that here" in refused["error"]["message"]
    assert json.loads(desk.seen[0].body) == {"dcql": query}


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(401, b"{}"), 2),
        (Reply(404, b"<html>"), 2),
        (Reply(409, b'{"title":"Not possible here","detail":"it asks too much","reason":"over_asked"}'), 1),
        (Reply(429, b"{}"), 3),
        (Reply(503, b"{}"), 3),
        (Reply(200, b"{}"), 3),
        (Reply(201, b"{}"), 3),
        (Reply(201, b'{"id":"1","parties":[{"link":"javascript:alert(1)","page":"x"}]}'), 3),
        (Reply(201, b'{"id":"1","parties":[]}'), 3),
        (Reply(307, b"", {"Location": "http://127.0.0.1:1/"}), 1),
    ],
    ids=["key", "address", "over-asked", "busy", "closed", "status", "empty", "link", "parties", "redirect"],
)
def test_a_service_that_does_not_begin_a_check_gives_no_link(
    run: Run, desk: Desk, key: Path, reply: Reply, code: int
) -> None:
    desk.replies = [reply]
    run("request", "--policy", POLICY, "--server", desk.url, "--api-key-file", str(key), code=code)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--policy", POLICY),
        ("--policy", POLICY, "--response-uri", "https://x.example/a"),
        ("--policy", POLICY, "--response-uri", "https://x.example/a", "--out", "o", "--mode", "direct_post"),
        ("--policy", POLICY, "--response-uri", "https://x.example/a", "--server", "https://x.example"),
        ("--policy", POLICY, "--server", "https://x.example"),
        ("--policy", POLICY, "--server", "https://x.example", "--api-key-file", "none"),
        ("--policy", POLICY, "--server", "https://x.example", "--api-key-file", "empty"),
        ("--policy", POLICY, "--server", "https://x.example", "--api-key-file", "api-key", "--name", "x"),
        ("--policy", POLICY, "--dcql", "x", "--server", "https://x.example", "--api-key-file", "api-key"),
    ],
    ids=lambda arguments: "-".join(one.strip("-")[:8] for one in arguments if one.startswith("--")) or "nothing",
)
def test_half_of_what_a_request_needs_is_misuse(run: Run, key: Path, arguments: tuple[str, ...]) -> None:
    Path("empty").write_text("\n")
    run("request", *arguments, code=2)


def test_no_api_key_leaves_this_machine_without_tls(run: Run, key: Path) -> None:
    service = ("--server", "http://192.0.2.1", "--api-key-file", str(key))
    assert run("request", "--policy", POLICY, *service, code=1)["error"]["reason"] == "fetch_blocked"
