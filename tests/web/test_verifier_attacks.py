"""What somebody does to the router who wants it to fall over, to talk too much, or to let others wait."""

from __future__ import annotations

import logging
import socket
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, HTTPException

from eigendata import policies
from eigendata.encoding import json_dumps
from eigendata.openid import vp
from eigendata.query import Request
from eigendata.web.checks import _COUNT, _FORGET, SqliteChecks
from eigendata.web.html import visible
from eigendata.web.simulator import serving
from eigendata.web.verifier import HEADERS, begin_check, verifier_router
from tests.world import AISHA, AT, HOME, World

URI = "https://woonstichting.example/eigendata/answer"
B = policies.load("woningcorporatie/B")
FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass
class Target:
    """A service that is attacked, and the file of its checks."""

    http: httpx.Client
    port: int
    file: Path

    def begin(self) -> tuple[str, Request]:
        said = self.http.post("eigendata/checks", json={}).json()
        return said["id"], vp.parse_request(json_dumps(said["request"]), at=AT)


@pytest.fixture(scope="module")
def world() -> World:
    return World.make()


def _closed() -> None:
    raise HTTPException(403, headers={"Retry-After": "60"})


@pytest.fixture
def target(world: World, tmp_path: Path) -> Iterator[Target]:
    def clock() -> datetime:
        return AT

    file = tmp_path / "checks.db"
    verifier, store = world.verifier(f"redirect_uri:{URI}"), SqliteChecks(file, clock=clock)
    app = FastAPI()
    for place, guard in (("/eigendata", None), ("/guarded", _closed)):
        router = verifier_router(verifier, policy=B, store=store, home=HOME, may_begin=guard, clock=clock)
        app.include_router(router, prefix=place)
    with serving(app) as url, httpx.Client(base_url=url, trust_env=False, timeout=60) as http:
        yield Target(http=http, port=httpx.URL(url).port or 0, file=file)


def test_a_file_that_becomes_something_else_while_it_is_used_is_unavailable(target: Target, world: World) -> None:
    check, request = target.begin()
    answer = world.holder(AISHA).answer(request)
    target.file.write_bytes(b"x" * 8192)
    replies = (
        target.http.post("eigendata/checks", json={}),
        target.http.post("eigendata/"),
        target.http.get(f"eigendata/checks/{check}"),
        target.http.get(f"eigendata/checks/{check}/request"),
        target.http.get(f"eigendata/pages/{check}"),
        target.http.post(f"eigendata/pages/{check}", data={"answer": vp.answer_file(answer, request).decode()}),
        target.http.post("eigendata/answer", content=vp.answer_form(answer, request), headers=FORM),
    )
    for reply in replies:
        assert reply.status_code == 503
        assert {name: reply.headers.get(name) for name in HEADERS} == HEADERS
        assert str(target.file) not in reply.text


@pytest.mark.parametrize("place", ["answer", "checks", "pages/{}"])
def test_a_connection_that_ends_within_its_body_writes_no_traceback(
    target: Target, caplog: pytest.LogCaptureFixture, place: str
) -> None:
    check, _ = target.begin()
    with caplog.at_level(logging.ERROR), socket.create_connection(("127.0.0.1", target.port)) as half:
        path = f"/eigendata/{place.format(check)}"
        half.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc".encode())
        time.sleep(0.1)
        half.close()
        time.sleep(0.2)
        assert target.http.get(f"eigendata/checks/{check}").json()["state"] == "waiting"
    assert caplog.records == []


def test_what_a_guard_refuses_carries_the_headers_too(target: Target) -> None:
    for place in ("guarded/", "guarded/checks"):
        reply = target.http.post(place, json={})
        assert reply.status_code == 403
        assert reply.headers["retry-after"] == "60"
        assert {name: reply.headers.get(name) for name in HEADERS} == HEADERS


def test_to_begin_a_check_does_not_read_all_others(world: World, tmp_path: Path) -> None:
    file = tmp_path / "checks.db"
    store = SqliteChecks(file, clock=lambda: AT)
    begin_check(world.verifier(f"redirect_uri:{URI}"), policy=B, store=store, home=HOME, at=AT)
    with sqlite3.connect(file) as connection:
        for statement, values in (*((one, (0,)) for one in _FORGET), (_COUNT, ())):
            plan = " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values))
            assert "USING" in plan
            assert "INDEX" in plan
    connection.close()


@pytest.mark.parametrize("blank", "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u200b\u2066\u202e\ufeff\x00\x7f")
def test_a_character_of_which_nothing_is_seen_is_seen_to_be_there(blank: str) -> None:
    assert visible(f"a{blank}b") == "a\ufffdb"
