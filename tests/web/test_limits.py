"""What a request may cost before anybody looks at it: how often, how large, how slow."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from hypothesis import given as for_all
from hypothesis import strategies as st

from eigendata.web import limits
from eigendata.web.limits import MAX_ANSWER, MAX_BODY, WINDOW, Buckets, Guard
from eigendata.web.replies import API_VERSION
from eigendata.web.settings import Rates
from tests.negatives import negative
from tests.web.asgi import Visitor
from tests.web.site import Site

KEY = {"authorization": "Bearer good"}
FREE = dict.fromkeys(Rates.__dataclass_fields__, 0)


class Service:
    """An application that knows one key and answers every post with its length, behind a guard."""

    def __init__(self, *, base: str = "", workers: int = 1, **rates: int) -> None:
        self.now = 1000.0
        self.refused: list[str] = []
        app = FastAPI(openapi_url=None)

        async def any_(request: Request) -> Response:
            if request.url.path.startswith(f"{base}/api/") and request.headers.get("authorization") != "Bearer good":
                return Response(status_code=401)
            return Response(str(len(await request.body())))

        app.add_api_route("/{path:path}", any_, methods=["GET", "POST", "DELETE"])
        self.guard = Guard(
            app,
            rates=Rates(**{**FREE, **rates}),
            base_path=base,
            workers=workers,
            refused=self.refused.append,
            clock=lambda: self.now,
            body_timeout=0.2,
        )
        self.at("192.0.2.1")

    def at(self, address: str) -> Visitor:
        self.visitor = Visitor(self.guard, address=address)
        return self.visitor

    def post(self, path: str, body: Any = b"", **headers: str) -> int:
        return self.visitor.post(path, content=body, headers=headers).status_code

    def get(self, path: str, **headers: str) -> int:
        return self.visitor.get(path, headers=headers).status_code


# -- how often --------------------------------------------------------------------------------------------------------


@for_all(
    rate=st.integers(1, 20),
    steps=st.lists(st.floats(0, 30, allow_nan=False), min_size=1, max_size=80),
)
def test_in_no_window_more_is_done_than_twice_the_rate_and_who_waits_may(rate: int, steps: list[float]) -> None:
    buckets, now, done = Buckets(rate), 0.0, []
    for step in steps:
        now += step
        wait = buckets.wait("one", now)
        if wait:
            assert wait <= WINDOW
            now += wait + 1e-3
            assert buckets.wait("one", now) == 0.0
        done.append(now)
    for begin in done:
        assert sum(begin <= one < begin + WINDOW for one in done) <= 2 * rate


def test_a_rate_is_spent_at_once_and_comes_back_evenly() -> None:
    service = Service(answers=3)
    assert [service.post("/answers") for _ in range(4)] == [200, 200, 200, 429]
    service.now += WINDOW / 3
    assert [service.post("/answers") for _ in range(2)] == [200, 429]
    service.now += WINDOW
    assert [service.post("/answers") for _ in range(4)] == [200, 200, 200, 429]
    assert service.refused == ["answers"] * 3


def test_who_asks_too_often_is_told_when_to_ask_again() -> None:
    service = Service(fetch=2)
    for _ in range(2):
        service.get("/requests/a")
    answer = service.visitor.get("/requests/a")
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "Too Many Requests"
    service.now += int(answer.headers["retry-after"])
    assert service.get("/requests/a") == 200


@pytest.mark.parametrize(
    ("kind", "method", "path"),
    [
        ("fetch", "GET", "/requests/abc"),
        ("fetch", "POST", "/requests/abc"),
        ("answers", "POST", "/answers"),
        ("pages", "GET", "/pages/abc"),
        ("pages", "GET", "/pages/abc/state"),
        ("pages", "GET", "/"),
        ("pages", "GET", "/nowhere"),
        ("begin", "POST", "/"),
        ("begin", "POST", "/pages/abc"),
        ("api", "GET", "/api/checks"),
        ("api", "DELETE", "/api/checks/abc"),
        ("begin", "POST", "/api/checks"),
        ("begin", "POST", "/api/v1/checks"),
        ("api", "POST", "/api/v1/checks/abc/parties/partner/requests"),
    ],
)
@pytest.mark.parametrize("base", ["", "/eigen"])
def test_each_kind_of_request_has_a_rate_of_its_own(kind: str, method: str, path: str, base: str) -> None:
    service = Service(base=base, **{kind: 1})
    asked = [service.visitor.request(method, f"{base}{path}", headers=KEY).status_code for _ in range(3)]
    # a key is not known until it was answered for once
    assert asked == ([200, 200, 429] if path.startswith("/api/") else [200, 429, 429])
    others = Service(base=base, **{name: 1 for name in FREE if name not in (kind, "keys")})
    assert {others.visitor.request(method, f"{base}{path}", headers=KEY).status_code for _ in range(3)} == {200}


def test_an_address_is_counted_for_itself_and_a_whole_network_of_ipv6_as_one() -> None:
    service = Service(pages=1)
    statuses = []
    for address in ("192.0.2.1", "192.0.2.2", "::ffff:192.0.2.1", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"):
        service.at(address)
        statuses.append(service.get("/"))
    assert statuses == [200, 200, 429, 200, 429, 200]


def test_a_key_is_counted_wherever_it_is_used_from() -> None:
    service = Service(begin=2)
    statuses = []
    for number in range(4):
        service.at(f"192.0.2.{number}")
        statuses.append(service.post("/api/checks", **KEY))
    assert statuses == [200, 200, 200, 429]  # the first makes it known


def test_who_guesses_keys_is_stopped_and_who_has_one_is_not() -> None:
    service = Service(keys=3)
    assert service.get("/api/checks", **KEY) == 200
    guesses = [service.get("/api/checks", authorization=f"Bearer {number}") for number in range(5)]
    assert guesses == [401, 401, 401, 429, 429]
    assert service.get("/api/checks", **KEY) == 200
    service.at("192.0.2.2")
    assert service.get("/api/checks", authorization="Bearer 9") == 401


def guarded(site: Site, address: str = "192.0.2.1", **rates: int) -> Visitor:
    """Give a verifier behind a guard."""
    return Visitor(Guard(site.app, rates=Rates(**{**FREE, **rates}), base_path="/check"), address=address)


def test_a_key_has_one_rate_however_its_header_spells_it(site: Site) -> None:
    visitor = guarded(site, api=2)
    spelt = [f"{'Bearer' if one % 2 else 'bEARER'}{' ' * (one + 1)}{site.keys['desk']}" for one in range(6)]
    statuses = [visitor.get("/check/api/checks", headers={"authorization": one}).status_code for one in spelt]
    assert statuses == [200, 200, 200, 429, 429, 429]  # the first makes the key known


@pytest.mark.parametrize(("method", "path"), [("GET", "nothing"), ("PUT", "checks"), ("GET", "v1/checks/a/b/c")])
def test_what_is_no_key_is_counted_by_its_address_wherever_it_knocks(site: Site, method: str, path: str) -> None:
    visitor = guarded(site, keys=2)
    guesses = [{"authorization": f"Bearer {one}"} for one in range(4)]
    statuses = [visitor.request(method, f"/check/api/{path}", headers=one).status_code for one in guesses]
    assert statuses == [401, 401, 429, 429]


def test_the_document_of_the_api_makes_no_key_known_and_is_counted_by_the_address(site: Site) -> None:
    visitor = guarded(site, pages=4, keys=1)
    guesses = [{"authorization": f"Bearer {one}"} for one in range(4)]
    assert [visitor.get("/check/api/openapi.json", headers=one).status_code for one in guesses] == [200] * 4
    assert [visitor.get("/check/api/checks", headers=one).status_code for one in guesses] == [401, 429, 429, 429]
    assert visitor.get("/check/api/v1/openapi.json").status_code == 429
    visitor = Visitor(visitor.app, address="192.0.2.2")
    assert visitor.get("/check/api/openapi.json").status_code == 200


def test_a_refusal_of_the_api_has_its_version_as_its_answers_have() -> None:
    service = Service(base="/eigen", api=1, pages=1)
    for path, version in (("/eigen/api/checks", API_VERSION), ("/eigen/", None)):
        for _ in range(3):
            answer = service.visitor.get(path, headers=KEY)
        assert answer.status_code == 429
        assert answer.headers.get("api-version") == version


def test_workers_share_a_rate() -> None:
    service = Service(workers=2, pages=4)
    assert [service.get("/") for _ in range(3)] == [200, 200, 429]


def test_strangers_without_end_take_no_memory_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_KNOWN", 10)
    buckets = Buckets(1)
    for number in range(100):
        assert buckets.wait(str(number), 0.0) == 0.0
    assert len(buckets._due) == 10


@negative("NEG-VP-VERIFIER-009")
@pytest.mark.parametrize("form", ["error=access_denied&state=abc", "state=abc&%65rror=access_denied"])
def test_a_no_for_one_transaction_is_not_said_without_end_whoever_says_it(form: str) -> None:
    service = Service(errors=2)
    statuses = []
    for number in range(4):
        service.at(f"192.0.2.{number}")
        statuses.append(service.post("/answers", form))
    assert statuses == [200, 200, 429, 429]
    assert service.post("/answers", form.replace("abc", "abd")) == 200
    assert service.post("/answers", "vp_token=a&state=abc") == 200
    assert service.refused == ["errors"] * 2


# -- how large, how slow ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "most"), [("/answers", MAX_ANSWER), ("/api/checks", MAX_BODY), ("/pages/a", MAX_BODY)]
)
def test_a_body_is_read_up_to_its_size_and_no_further(path: str, most: int) -> None:
    service = Service()
    assert service.visitor.post(path, content=b"a" * most, headers=KEY).text == str(most)
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 65_536
            yield b"a" * 65_536

    for body in (b"a" * (most + 1), endless()):
        answer = service.visitor.post(path, content=body, headers=KEY)
        assert answer.status_code == 413
        assert answer.headers["connection"] == "close"
    assert taken <= most + 2 * 65_536
    assert service.refused == ["size"] * 2


def test_a_length_that_is_no_number_opens_nothing() -> None:
    service = Service()
    for length in ("-1", "9" * 30, "1e3", ""):
        answer = asyncio.run(_asked(service.guard, {"content-length": length}, [b"abc"]))
        assert answer[0]["status"] == 200


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    service = Service()

    async def slow() -> AsyncIterator[bytes]:
        while True:
            yield b"a"
            await asyncio.sleep(0.05)

    answer = service.visitor.post("/answers", content=slow())
    assert answer.status_code == 408
    assert answer.headers["connection"] == "close"
    assert service.refused == ["time"]


def test_a_body_that_breaks_off_is_not_taken_for_whole() -> None:
    seen: list[bool] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        first = await receive()
        seen.append(first["more_body"])
        assert (await receive())["type"] == "http.disconnect"

    guard = Guard(app, rates=Rates(**FREE))
    messages = iter([{"type": "http.request", "body": b"half", "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        raise AssertionError("nobody is there any more")

    asyncio.run(guard(_scope({}), receive, send))
    assert seen == [True]


def test_nothing_but_http_comes_through() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("reached")

    asyncio.run(Guard(app, rates=Rates())({"type": "websocket"}, None, None))  # type: ignore[arg-type]


def _scope(headers: dict[str, str]) -> dict[str, Any]:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {
        "type": "http",
        "method": "POST",
        "path": "/answers",
        "headers": raw,
        "client": ("192.0.2.1", 1),
        "query_string": b"",
    }


async def _asked(guard: Guard, headers: dict[str, str], parts: list[bytes]) -> list[Any]:
    told: list[Any] = []
    messages = iter([{"type": "http.request", "body": part, "more_body": part is not parts[-1]} for part in parts])

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        told.append(message)

    await guard(_scope(headers), receive, send)
    return told


def test_a_refusal_names_nobody() -> None:
    service = Service(answers=1)
    secret = "Aisha-geheim"
    bodies = [
        service.visitor.post(f"/answers?x={secret}", content=secret, headers={"x": secret}).text for _ in range(2)
    ]
    assert secret not in bodies[1]
    assert json.loads(bodies[1])["status"] == 429
    assert isinstance(service.visitor.get("/"), httpx.Response)
