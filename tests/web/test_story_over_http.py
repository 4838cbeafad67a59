"""The demo over HTTP: register, verifier service and wallet on loopback, in every format; and every attack fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from eigendata import cli, story
from eigendata.fetch import Fetcher
from eigendata.registers.population import STORY_BSN, Population
from eigendata.story import Scene, served
from eigendata.web.calling import Service

NOW = datetime.now(UTC)
WHOLE = ["register", "issue", "wallet", "consent", "answer", "verify", "advice", "attacks"]


def tell(folder: Path, telling: str, **how: Any) -> dict[str, Scene]:
    scenes = story.tell(
        folder=folder, clock=lambda: NOW, language="nl", telling=telling, counters=served.over_http, **how
    )
    return {scene.name: scene for scene in scenes}


@pytest.fixture(scope="module", params=list(story.TELLINGS))
def telling(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def told(telling: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scene]:
    return tell(tmp_path_factory.mktemp("story"), telling)


def test_the_story_has_every_scene(told: dict[str, Scene], telling: str) -> None:
    assert list(told) == (WHOLE if telling != "ldp_vc" else [*WHOLE[:3], "not_asked", *WHOLE[3:]])


def test_it_is_told_as_it_is_in_one_process(told: dict[str, Scene], telling: str, tmp_path: Path) -> None:
    here = {one.name: one for one in story.tell(folder=tmp_path, clock=lambda: NOW, language="nl", telling=telling)}
    assert told["issue"].data["refused"] == here["issue"].data["refused"]
    assert told["verify"].data["disclosed"] == here["verify"].data["disclosed"]
    assert told["advice"].data == here["advice"].data
    assert told["answer"].data["not_disclosed"] == here["answer"].data["not_disclosed"]
    assert taken(told) == taken(here)
    assert (told["consent"].data["proven"], here["consent"].data["proven"]) == (True, False)


def taken(told: dict[str, Scene]) -> dict[str, list[str]]:
    """Give the checks that were taken, place by place."""
    trail = told["verify"].data["trail"]
    assert isinstance(trail, dict)
    return {place: [step["check"] for step in steps] for place, steps in trail.items()}


def test_who_asks_is_proven_and_the_links_are_told(told: dict[str, Scene]) -> None:
    said = "\n".join(line.text for line in told["consent"].lines)
    link, page = str(told["consent"].data["link"]), str(told["consent"].data["page"])
    assert served.HOST in said
    assert link.startswith("openid4vp://?client_id=x509_hash")
    assert link in said
    assert page in said


ON_A_SHOWN_CARD = {
    "swapped": "disclosure_invalid",
    "withheld": "query_not_satisfied",
    "household": "different_subjects",
}
ON_A_WHOLE_CARD = {"swapped_card": "signature_invalid", "withheld_card": "signature_invalid"}


def test_every_attack_fails_for_the_rule_that_it_breaks(told: dict[str, Scene], telling: str) -> None:
    attacks = told["attacks"].data
    assert {name: one["reason"] for name, one in attacks.items() if isinstance(one, dict)} == {
        "replay": "nonce_invalid",  # as any answer to what nobody asked: it is not told apart
        "other_verifier": "key_binding_invalid",
        **(ON_A_WHOLE_CARD if telling == "ldp_vc" else ON_A_SHOWN_CARD),
        "vault": "cannot_open",
    }
    assert attacks["replay"] == {"refused": True, "reason": "nonce_invalid", "check": "ANSWER_TAKEN"}


def test_a_closed_gate_ends_the_story_with_its_reason(tmp_path: Path) -> None:
    person = Population.shipped().tagged("opgeschort_E")[0]
    scenes = tell(tmp_path, "dc+sd-jwt", bsn=person.bsn)
    assert [*scenes][-1] == "declined"


def test_the_command_goes_over_http_where_it_can(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["demo", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["consent"]["link"]
    assert cli.run(["demo", "--json", "--in-process"]) == 0
    assert "link" not in json.loads(capsys.readouterr().out)["consent"]


def test_the_command_stays_in_one_process_without_the_service(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eigendata.cli.telling.find_spec", lambda name: None)
    assert cli.run(["demo", "--json"]) == 0
    assert "link" not in json.loads(capsys.readouterr().out)["consent"]
    assert cli.run(["demo", "--serve"]) == 2
    assert "eigendata[server]" in capsys.readouterr().err


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminated"])
def test_what_is_left_running_is_answered_by_commands_and_goes_when_it_is_stopped(
    tmp_path: Path, stop: signal.Signals
) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", "from eigendata.cli import main; main()"]
    process = subprocess.Popen(
        [*command, "demo", "--serve", "--json"], stdout=subprocess.PIPE, env=environment, text=True
    )
    try:
        assert process.stdout is not None
        there = json.loads(process.stdout.readline())
        asked = ("--policy", there["policy"], "--server", there["service"], "--api-key-file", there["api_key_file"])
        link = str(tmp_path / "link")
        assert cli.run(["request", *asked, "--out", link, "--json"]) == 0
        vault = ("wallet", "--vault", there["vault"], "--passphrase-file", there["passphrase_file"])
        answer = ("present", "--request", link, "--trust", there["trust"], "--insecure-loopback", "--yes", "--json")
        assert cli.run([*vault, *answer]) == 0
    finally:
        process.send_signal(stop)
        process.send_signal(stop)  # as `make` does, and whoever is impatient
        assert process.wait(timeout=30) == 0
        process.stdout.close()  # type: ignore[union-attr]
    assert list(tmp_path.glob("eigendata-demo-*")) == []


def test_residents_begin_at_the_page_that_is_named(tmp_path: Path) -> None:
    people, formats = Population.shipped(), ("dc+sd-jwt",)
    with served.standing(tmp_path, clock=lambda: NOW, bsn=STORY_BSN, population=people, formats=formats) as there:
        fetcher = Fetcher(allow_loopback_http=True)
        page = fetcher.get(there.page, accept=("text/html",))
        assert page.status == 200
        assert b'method="post"' in page.body
        service = Service(there.service, there.api_key.read_text().strip(), fetcher=fetcher)
        begun = service.begin({"policy": there.policy})
        assert service.look(begun.id)["state"] == "waiting"
