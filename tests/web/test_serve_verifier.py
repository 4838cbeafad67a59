"""`eigendata serve verifier` as anybody starts it: what it makes, refuses and answers, and how it stops."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from standardwebhooks import Webhook

from eigendata.cli import run
from eigendata.crypto.x509 import load_pem_chain, read_leaf, verify_chain
from tests.web.running import EIGENDATA, FORM, PATIENCE, Service, resident, running

API_EXAMPLES = os.environ.get("EIGENDATA_API_EXAMPLES", "10")
"""Examples of each operation and phase; `make api-fuzz` tries more."""


def ended(service: Service, client: httpx.Client, check: str) -> str:
    reply = service.api(client, "GET", f"checks/{check}")
    assert reply.status_code == 200
    return str(reply.json()["state"])


@pytest.mark.parametrize("workers", [1, 2])
def test_a_check_goes_from_its_beginning_to_its_advice(tmp_path: Path, workers: int) -> None:
    with running(tmp_path, "--workers", str(workers)) as service, service.client() as client:
        begun = service.begin(client)
        body = service.written(begun["parties"][0]["link"])
        first = client.post("/answers", content=body, headers=FORM)
        assert (first.status_code, first.content) == (200, b"{}")
        again = client.post("/answers", content=body, headers=FORM)
        assert again.status_code == 400
        said = service.api(client, "GET", f"checks/{begun['id']}").json()
        assert (said["state"], said["advice"]) == ("answered", "voldoet")
        figures = client.get("/metrics").text
        assert 'eigendata_requests_total{method="POST",route="/answers",status="200"} 1.0' in figures
        assert 'eigendata_advices_total{advice="voldoet"} 1.0' in figures
        assert service.stop() == 0
    secrets = [begun["id"], service.key, begun["parties"][0]["page"].rpartition("/")[2], "Mardoun", "127.0.0.1"]
    assert not [one for one in secrets if one in service.log()]
    lines = [json.loads(line) for line in service.log().splitlines()]
    assert [line["status"] for line in lines if line.get("route") == "/answers"] == [200, 400]
    assert [line["event"] for line in lines if line["event"] != "request"] == ["ready", "stopped"]


def test_the_first_start_makes_what_lacks_and_the_second_finds_it(tmp_path: Path) -> None:
    with running(tmp_path) as service, service.client() as client:
        begun = service.begin(client)
        made = {path.name: path.read_bytes() for path in service.data.iterdir() if "sqlite" not in path.name}
        assert {"ca.pem", "access.pem", "access.key", "api-key", "store.key"} <= made.keys()
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in service.data.iterdir()}
        assert {mode for name, mode in modes.items() if name != "eigendata.toml"} == {0o600}
        assert read_leaf(load_pem_chain(made["access.pem"])[0]).dns_names == ("127.0.0.1",)
        assert service.stop() == 0
        service.start()
        assert ended(service, client, begun["id"]) == "waiting"
        after = {path.name: path.read_bytes() for path in service.data.iterdir() if "sqlite" not in path.name}
        assert after == made
        assert service.stop() == 0


def test_what_it_signs_with_leads_to_its_authority(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        chain = load_pem_chain((service.data / "access.pem").read_bytes())
        verify_chain(chain, load_pem_chain((service.data / "ca.pem").read_bytes()), at=datetime.now(UTC))
        assert service.stop() == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_what_was_answered_before_it_stopped_is_there_when_it_starts_again(tmp_path: Path, workers: int) -> None:
    accepted: list[str] = []
    count = 60

    def answer(part: list[tuple[str, bytes]]) -> None:
        with service.client() as own:
            for check, body in part:
                try:
                    if own.post("/answers", content=body, headers=FORM).status_code == 200:
                        accepted.append(check)
                except httpx.HTTPError:
                    return

    with running(tmp_path, "--workers", str(workers)) as service, service.client() as client:
        begun = [service.begin(client) for _ in range(count)]
        bodies = [(one["id"], service.written(one["parties"][0]["link"])) for one in begun]
        answering = [threading.Thread(target=answer, args=(bodies[place::4],)) for place in range(4)]
        for one in answering:
            one.start()
        while len(accepted) < 5:
            assert any(one.is_alive() for one in answering)
        assert service.stop() == 0
        for one in answering:
            one.join(PATIENCE)
        service.start()
        with service.client() as later:
            states = {check: ended(service, later, check) for check, _ in bodies}
        assert accepted
        assert {states[check] for check in accepted} == {"answered"}
        assert service.stop(signal.SIGINT) == 0


def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    """What the document allows is accepted, what it forbids is refused, and every answer is one that it names."""
    with running(tmp_path) as service:
        found = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", f"{service.url}/api/openapi.json"),
                *("-H", f"Authorization: Bearer {service.key}", "--max-examples", API_EXAMPLES),
                *("--seed", "1", "--generation-database", "none", "--no-color"),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=300 + 10 * int(API_EXAMPLES),
            check=False,
        )
        assert service.stop() == 0
    assert found.returncode == 0, found.stdout[-4000:] + found.stderr[-1000:]
    assert re.search("Operations: +8 selected / 8 total", found.stdout)
    assert '"status":500' not in service.log()


def test_a_webhook_is_told_of_a_check_and_of_nothing_that_was_shown(tmp_path: Path) -> None:
    came: list[tuple[dict[str, str], bytes]] = []
    arrived = threading.Event()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            came.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()
            arrived.set()

        def log_message(self, format: str, *args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as receiver, running(tmp_path, "--workers", "2") as service:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        with service.client() as client:
            hook = f"http://127.0.0.1:{receiver.server_port}/hook"
            secret = service.api(client, "POST", "webhooks", json={"url": hook}).json()["secret"]
            begun = service.begin(client)
            body = service.written(begun["parties"][0]["link"])
            assert client.post("/answers", content=body, headers=FORM).status_code == 200
            assert arrived.wait(PATIENCE)
        assert service.stop() == 0
        receiver.shutdown()
    ((headers, sent),) = came
    told = Webhook(secret).verify(sent, headers)
    assert told["type"] == "check.concluded"
    assert told["data"] == {"id": begun["id"], "role": "aanvrager", "state": "answered"}


# -- what stops a start -----------------------------------------------------------------------------------------------


def refused(folder: Path, *options: str) -> str:
    done = subprocess.run(
        [EIGENDATA, "serve", "verifier", *options], capture_output=True, text=True, cwd=folder, timeout=PATIENCE
    )
    assert done.returncode in (1, 2, 3), done.stdout
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("--trust trust.toml --public-url https://a.example", "the setting data must be said"),
        ("--data d --public-url https://a.example", "the setting trust must be said"),
        ("--data d --trust none.toml --public-url https://a.example", "none.toml"),
        ("--data d --trust trust.toml --public-url http://a.example", "this machine alone"),
        ("--data d --trust trust.toml --public-url http://127.0.0.1:1", "--insecure-loopback"),
        ("--data d --trust trust.toml --public-url https://a.example --database mysql://a", "postgresql+psycopg://"),
        ("--data d --trust trust.toml --public-url https://a.example --database nothing", "URL of a database"),
        ("--data trust.toml --trust trust.toml --public-url https://a.example", "something at trust.toml already"),
        ("--data desk --trust trust.toml --public-url https://a.example", "no policy of this name is shipped"),
        ("--data lost --trust trust.toml --public-url https://a.example", "is no API key of this database"),
    ],
    ids=["data", "trust", "no-trust", "http", "loopback", "mysql", "database", "folder", "policy", "api-key"],
)
def test_a_start_that_would_go_wrong_is_refused_with_a_sentence(tmp_path: Path, options: str, says: str) -> None:
    (tmp_path / "trust.toml").write_text(resident()[1])
    for name in ("desk", "lost"):
        (tmp_path / name).mkdir()
    (tmp_path / "desk" / "eigendata.toml").write_text("[[desks]]\nid = 'a'\nname = 'A'\npolicies = ['none/such']\n")
    (tmp_path / "lost" / "api-key").write_text("k" * 43 + "\n")
    (tmp_path / "lost" / "api-key").chmod(0o600)
    assert says in refused(tmp_path, *options.split())


def test_a_port_that_is_taken_and_a_password_are_not_told(tmp_path: Path) -> None:
    (tmp_path / "trust.toml").write_text(resident()[1])
    said = refused(
        tmp_path, *["--data", "d", "--trust", "trust.toml", "--public-url", "https://a.example", "--database"],
        "postgresql+psycopg://desk:geheim@127.0.0.1:1/desk",
    )  # fmt: skip
    assert "unavailable" in said
    assert "geheim" not in said


def test_every_option_is_a_setting_by_the_same_name() -> None:
    assert run(["serve", "verifier", "--help"]) == 0
