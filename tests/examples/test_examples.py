"""Each example runs as its docstring says, in a process of its own, and is short enough to read in one sitting."""

from __future__ import annotations

import html
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from eigendata import Request, Wallet, vp
from eigendata.cli import run as run_command
from tests.given import ROOT

EXAMPLES = ROOT / "examples"
PASSPHRASE = "oefenen"
PATIENCE = 60.0  # seconds; the machine may be busy


def run(name: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / name, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@contextmanager
def served(name: str, folder: Path) -> Iterator[tuple[httpx.Client, subprocess.Popen[str]]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, str(EXAMPLES / name), str(folder), "--port", str(port)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process,
        httpx.Client(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, follow_redirects=True, timeout=PATIENCE
        ) as browser,
    ):
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"open http://127.0.0.1:{port}/\n"
            deadline = time.monotonic() + PATIENCE
            while True:
                try:
                    browser.get("/")
                    break
                except httpx.ConnectError:
                    assert time.monotonic() < deadline, "the example does not answer"
                    time.sleep(0.05)
            yield browser, process
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def pilot(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("examples") / "pilot"
    return folder, run("municipality.py", folder)


def asked(page: httpx.Response) -> Request:
    """Take the request from the link on a page."""
    return vp.parse_request(linked(page).encode(), at=datetime.now(UTC), allow_loopback_http=True)


def linked(page: httpx.Response) -> str:
    link = re.search(r"<textarea [^>]*>([^<]+)</textarea>", page.text)
    assert link is not None
    return html.unescape(link[1])


def answered(vault: Path, request: Request) -> bytes:
    now = datetime.now(UTC)
    with Wallet.open(vault, PASSPHRASE) as wallet:
        return vp.answer_form(wallet.disclose(wallet.consider(request, at=now).accept(), at=now), request)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_an_example_is_short_and_says_how_to_run_it(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) <= 80
    assert lines[0].startswith('"""')
    assert f"    python examples/{path.name}" in "\n".join(lines[:12])
    # only public doors: no name that is a room's own
    assert not re.search(r"import .*\b_[a-z]|\._[a-z]", "\n".join(lines))


def test_there_are_four() -> None:
    names = {path.name for path in EXAMPLES.glob("*.py")}
    assert names == {"embed.py", "municipality.py", "corporation.py", "permit_desk.py"}


def test_embed_issues_shows_and_verifies() -> None:
    told = run("embed.py")
    for line in (
        "issued: persoon",
        "'age_over_18': True",
        "advice: voldoet",
        "again: This answer has been used before",
    ):
        assert line in told
    assert "Zandstra" not in told  # her name never left the wallet


def test_municipality_says_what_it_issued_and_what_it_refused(pilot: tuple[Path, str]) -> None:
    folder, told = pilot
    family, doubt, elsewhere = told.split("resident ")[1:]
    assert family.count("issued ") == 5
    assert "refused" not in family
    assert "refused  persoon.birthdate" in doubt
    assert "You are not registered in this municipality" in elsewhere
    assert (folder / "trust.toml").exists()


def test_corporation_asks_checks_and_hears_the_advice(pilot: tuple[Path, str]) -> None:
    folder, _ = pilot
    with served("corporation.py", folder) as (browser, process):
        start = browser.get("/", headers={"accept-language": "nl"})
        assert "Woonstichting De Eik vraagt u iets" in start.text
        waiting = browser.post(start.url.join("./"), params={"lang": "nl"})
        request = asked(waiting)
        body = answered(folder / "999900018.vault", request)
        reply = browser.post(request.response_uri, content=body)
        assert reply.status_code == 200
        assert reply.json() == {}
        outcome = browser.get(waiting.url)
        assert "De uitkomst" in outcome.text
        assert "Mardoun" not in outcome.text  # that is for the corporation, and for the wallet's own device
        assert browser.post(request.response_uri, content=body).status_code == 400
        assert process.stdout is not None
        assert process.stdout.readline().startswith("a check was answered: ")


def test_corporation_is_answered_by_the_command_line(
    pilot: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = pilot
    with served("corporation.py", folder) as (browser, _):
        waiting = browser.post("/check/", params={"lang": "en"})
        monkeypatch.chdir(tmp_path)
        Path("request.link").write_text(linked(waiting))
        Path("phrase").write_text(PASSPHRASE)
        vault, files = str(folder / "999900018.vault"), ("--request", "request.link", "--out", "answer.json")
        options = (*files, "--insecure-loopback", "--passphrase-file", "phrase", "--yes")
        assert run_command(["wallet", "--vault", vault, "present", *options]) == 0, capsys.readouterr()
        sent = browser.post("/check/answers", content=Path("answer.json").read_bytes())
        assert (sent.status_code, sent.json()) == (200, {})
        assert "The outcome" in browser.get(waiting.url).text


def test_permit_desk_files_the_applicant_under_the_application(pilot: tuple[Path, str]) -> None:
    folder, _ = pilot
    with served("permit_desk.py", folder) as (browser, process):
        assert "Z-2026-0018" in browser.get("/").text
        assert browser.post("/applications/other").status_code == 404
        assert browser.post("/check/api/checks", json={}).status_code == 401
        assert browser.post("/check/").status_code == 404
        request = asked(browser.post("/applications/Z-2026-0018"))
        assert (
            browser.post(request.response_uri, content=answered(folder / "999900018.vault", request)).status_code == 200
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "Z-2026-0018: the applicant is known\n"
    file = folder / "Z-2026-0018.json"
    assert file.stat().st_mode & 0o777 == 0o600
    applicant = json.loads(file.read_text())
    assert set(applicant) == {"persoon", "adres"}
    assert not {"birthdate", "bsn", "set"} & {*applicant["persoon"], *applicant["adres"]}
