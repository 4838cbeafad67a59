"""The router over real HTTP: it asks, takes an answer once, tells who may know, and shows it on a page."""

from __future__ import annotations

import os
import re
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html.parser import HTMLParser
from itertools import count, pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import FastAPI, Header, HTTPException
from hypothesis import given, settings
from hypothesis import strategies as st

from eigendata import policies, texts
from eigendata.encoding import json_dumps
from eigendata.errors import Malformed, Misuse, Reason, Rejected, Unavailable
from eigendata.model import Advice, Disclosure
from eigendata.openid import vp
from eigendata.query import Request
from eigendata.web import checks
from eigendata.web.checks import ANSWER_WITHIN, AWAITED, KNOWN, SHOWN_FOR, Ended, SqliteChecks, Waiting, opened
from eigendata.web.html import element, render
from eigendata.web.simulator import serving
from eigendata.web.verifier import HEADERS, MAX_BODY, anyone, begin_check, nobody, verifier_router
from tests.world import AISHA, AT, BRAM, HOME, Holder, Resident, World

SITE = "https://woonstichting.example"
URI = f"{SITE}/eigendata/answer"
NAME = "Woonstichting De Linde"
B = policies.load("woningcorporatie/B")
PERMIT = policies.load("omgevingsloket/burger")


@dataclass
class Desk:
    """A service under test, and a browser and a program in front of it."""

    http: httpx.Client
    store: SqliteChecks
    file: Path
    uri: str
    now: datetime = AT
    told: list[tuple[str, Disclosure]] = field(default_factory=list)

    def begin(self, body: Any = None) -> tuple[str, Request]:
        reply = self.http.post("checks", json=body or {})
        assert reply.status_code == 201, reply.text
        said = reply.json()
        return said["id"], vp.parse_request(json_dumps(said["request"]), at=AT)

    def state(self, id: str) -> Any:
        return self.http.get(f"checks/{id}").json()

    def page(self, id: str, language: str = "nl", code: str = "") -> str:
        reply = self.http.get(f"pages/{id}", params={"lang": language, **({"code": code} if code else {})})
        assert reply.status_code == 200
        return reply.text

    def post(self, body: bytes) -> httpx.Response:
        return self.http.post("answer", content=body, headers={"content-type": "application/x-www-form-urlencoded"})


@pytest.fixture(scope="module")
def world() -> World:
    return World.make()


@pytest.fixture(scope="module")
def aisha(world: World) -> Holder:
    return world.holder(AISHA)


@dataclass
class Maker:
    """Includes routers in one application that is served already, each in a place of its own."""

    app: FastAPI
    url: str
    world: World
    folder: Path
    places: Iterator[int]
    clients: ExitStack

    def __call__(self, *, policy: policies.Policy = B, name: str = NAME, **settings: Any) -> Desk:
        place = f"/eigendata{next(self.places)}"
        file = self.folder / f"{place}.db".strip("/")
        http = self.clients.enter_context(httpx.Client(base_url=f"{self.url}{place}/", trust_env=False, timeout=60))
        uri = f"{SITE}{place}/answer"
        made = Desk(http=http, store=SqliteChecks(file, clock=lambda: made.now), file=file, uri=uri)
        router = verifier_router(
            self.world.verifier(f"redirect_uri:{uri}", name=name),
            policy=policy,
            store=made.store,
            **{
                "home": HOME if policy is B else None,
                "on_checked": lambda check, disclosure: made.told.append((check, disclosure)),
                "clock": lambda: made.now,
                **settings,
            },
        )
        self.app.include_router(router, prefix=place)
        return made


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[FastAPI, str, Iterator[int]]]:
    app = FastAPI()
    with serving(app) as url:
        yield app, url, count(1)


@pytest.fixture
def make(served: tuple[FastAPI, str, Iterator[int]], world: World, tmp_path: Path) -> Iterator[Maker]:
    app, url, places = served
    with ExitStack() as clients:
        yield Maker(app=app, url=url, world=world, folder=tmp_path, places=places, clients=clients)


@pytest.fixture
def desk(make: Maker) -> Desk:
    return make()


# -- the whole way ----------------------------------------------------------------------------------------------------


def test_an_answer_becomes_an_advice_and_the_application_is_told_once(desk: Desk, aisha: Holder) -> None:
    check, request = desk.begin()
    assert desk.state(check)["state"] == "waiting"
    reply = desk.post(vp.answer_form(aisha.answer(request), request))
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/json")
    page = desk.uri.replace("answer", f"pages/{check}")
    assert re.fullmatch(re.escape(page) + r"\?code=[\w-]{43}", reply.json()["redirect_uri"])
    assert {"state": "checked", "advice": "voldoet", "rule": "otherwise: voldoet"}.items() <= desk.state(check).items()
    [(told, disclosure)] = desk.told
    assert told == check
    assert disclosure["persoon"].claims["family_name"] == "Zandstra"


def test_the_link_and_the_file_are_the_request(desk: Desk) -> None:
    said = desk.http.post("checks", json={}).json()
    file = desk.http.get(f"checks/{said['id']}/request")
    assert file.headers["content-disposition"] == 'attachment; filename="request.json"'
    from_file = vp.parse_request(file.content, at=AT)
    assert (
        from_file
        == vp.parse_request(said["link"].encode(), at=AT)
        == vp.parse_request(json_dumps(said["request"]), at=AT)
    )
    assert from_file.response_uri == desk.uri


def test_a_browser_alone_can_go_the_whole_way(desk: Desk, aisha: Holder) -> None:
    assert '<form method="post" action="./?lang=nl">' in desk.http.get("", params={"lang": "nl"}).text
    begun = desk.http.post("", params={"lang": "nl"})
    assert begun.status_code == 303
    waiting = desk.http.get(begun.headers["location"])
    links = re.findall(r'href="([^"]+)"', waiting.text)
    file = desk.http.get(httpx.URL(str(waiting.url)).join(next(one for one in links if one.endswith("/request"))))
    request = vp.parse_request(file.content, at=AT)
    assert (
        vp.parse_request(
            next(one for one in links if one.startswith("openid4vp")).replace("&amp;", "&").encode(), at=AT
        )
        == request
    )
    form = re.search(r'<form method="post" action="([^"]+)">', waiting.text)
    assert form is not None
    where = waiting.url.join(form[1])
    pasted = b"\r\n" + vp.answer_file(aisha.answer(request), request) + b"\r\n"
    sent = desk.http.post(where, data={"answer": pasted.decode()})
    assert sent.status_code == 303
    seen = desk.http.get(where.join(sent.headers["location"])).text
    for text in (
        "U voldoet aan de regels.",
        "Zandstra",
        "29 februari 1984",
        "Gemeente Boxtel",
        "Niet gecontroleerd: of",
    ):
        assert text in seen
    assert len(desk.told) == 1


@pytest.mark.parametrize(
    ("who", "advice"),
    [
        (AISHA, Advice.MEETS),
        (BRAM, Advice.DOES_NOT_MEET),
        (AISHA.changed(naam={"geslachtsnaam": "Z", "inOnderzoek": {"voornamen": True}}), Advice.NOT_DERIVABLE),
    ],
)
def test_each_advice_is_told_in_plain_words_and_with_its_reason(
    desk: Desk, world: World, who: Resident, advice: Advice
) -> None:
    check, request = desk.begin()
    assert desk.post(vp.answer_form(world.holder(who).answer(request), request)).status_code == 200
    [(_, disclosure)] = desk.told
    assert disclosure.advice is not None
    for language in texts.LANGUAGES:
        seen = " ".join(shape_and_text(desk.page(check, language))[1].split())
        for sentence in texts.advice(advice, language).split(". "):
            assert sentence.rstrip(".") in seen
        assert B.because(disclosure.advice, language) in seen
        assert texts.say("page.person", language) in seen


def test_a_claim_that_is_left_out_is_said_to_be_missing(desk: Desk, world: World) -> None:
    check, request = desk.begin()
    who = AISHA.changed(naam={"geslachtsnaam": "Z", "inOnderzoek": {"voornamen": True}})
    reply = desk.post(vp.answer_form(world.holder(who).answer(request), request))
    code = httpx.URL(reply.json()["redirect_uri"]).params["code"]
    assert "<dt>Voornamen</dt><dd>staat niet in uw bewijs</dd>" in desk.page(check, code=code)


def test_how_long_something_is_kept_is_told_without_cases_where_there_is_one(make: Maker) -> None:
    kept = "Bewaard in het zaakdossier, zolang de Archiefwet dat voorschrijft."
    assert f"<li>{kept}</li>" in make(policy=PERMIT).http.get("", params={"lang": "nl"}).text


def test_a_wallet_that_says_no_has_answered(desk: Desk) -> None:
    check, request = desk.begin()
    reply = desk.post(urlencode({"error": "access_denied", "state": request.state}).encode())
    assert reply.status_code == 200
    assert "redirect_uri" in reply.json()
    assert desk.state(check)["state"] == "declined"
    assert texts.say("page.declined", "nl") in desk.page(check)
    assert desk.told == []


# -- once -------------------------------------------------------------------------------------------------------------


def test_an_answer_sent_twice_is_refused_like_one_to_a_request_that_never_was(desk: Desk, aisha: Holder) -> None:
    check, request = desk.begin()
    body = vp.answer_form(aisha.answer(request), request)
    assert desk.post(body).status_code == 200
    again = desk.post(body)
    assert desk.state(check)["state"] == "checked"
    never = desk.post(urlencode({"vp_token": "{}", "state": "never"}).encode())
    _, late = desk.begin()
    desk.now += ANSWER_WITHIN
    expired = desk.post(vp.answer_form(aisha.answer(late), late))
    assert again.status_code == never.status_code == expired.status_code == 400
    assert again.content == never.content == expired.content
    assert again.headers.keys() == never.headers.keys()
    assert again.json()["check"] == AWAITED.name
    assert len(desk.told) == 1


def test_of_two_equal_answers_at_once_one_wins(desk: Desk, aisha: Holder) -> None:
    for _ in range(3):
        desk.told.clear()
        _, request = desk.begin()
        body = vp.answer_form(aisha.answer(request), request)
        together = threading.Barrier(6)

        def send(body: bytes = body, together: threading.Barrier = together) -> int:
            together.wait()
            return desk.post(body).status_code

        with ThreadPoolExecutor(6) as pool:
            codes = sorted(one.result() for one in [pool.submit(send) for _ in range(6)])
        assert codes == [200, 400, 400, 400, 400, 400]
        assert len(desk.told) == 1


def test_an_answer_that_fails_ends_its_check(desk: Desk, aisha: Holder) -> None:
    check, request = desk.begin()
    _, other = desk.begin()
    wrong = vp.answer_form(aisha.answer(other), request)
    reply = desk.post(wrong)
    assert (reply.status_code, reply.json()["reason"]) == (400, Reason.KEY_BINDING_INVALID)
    assert desk.state(check) == {
        "state": "refused",
        "reason": "key_binding_invalid",
        "expires_at": desk.state(check)["expires_at"],
    }
    assert texts.reason(Reason.KEY_BINDING_INVALID, "nl") in desk.page(check)
    assert desk.post(vp.answer_form(aisha.answer(request), request)).status_code == 400
    assert desk.told == []


def test_an_answer_that_cannot_be_read_ends_its_check_without_a_reason(desk: Desk) -> None:
    check, request = desk.begin()
    reply = desk.post(urlencode({"vp_token": "[]", "state": request.state}).encode())
    assert (reply.status_code, reply.json()["kind"]) == (400, "malformed")
    assert desk.state(check)["state"] == "refused"
    assert texts.say("page.refused", "en") in desk.page(check, "en")


def test_a_stored_request_leaves_the_store_only_by_being_taken(desk: Desk) -> None:
    check, request = desk.begin()
    assert request.state is not None
    with pytest.raises(Rejected) as foreign:
        desk.store.take(request.state, of="another check")
    assert foreign.value.check is AWAITED
    taken, stored = desk.store.take(request.state, of=check)
    assert taken == check
    assert (stored.query, stored.binding, stored.policy) == (request.query, request.binding, stored.policy)
    assert stored.policy is not None
    assert stored.policy.home == B.conditions(HOME)
    with pytest.raises(Rejected) as gone:
        desk.store.take(request.state)
    assert gone.value.check is AWAITED
    assert desk.state(check)["state"] == "checking"
    assert texts.say("page.checking", "nl") in desk.page(check)
    assert desk.http.get(f"checks/{check}/request").status_code == 404


# -- who sees what ----------------------------------------------------------------------------------------------------


def test_what_was_shown_is_seen_only_with_the_code_of_the_answer(desk: Desk, aisha: Holder) -> None:
    check, request = desk.begin()
    code = httpx.URL(desk.post(vp.answer_form(aisha.answer(request), request)).json()["redirect_uri"]).params["code"]
    assert "Zandstra" in desk.page(check, code=code)
    assert f"&amp;code={code}" in desk.page(check, code=code)  # the other language shows it too
    for wrong in ("", "x", "é", check, code[:-1], "A" * 43, "A" * 5000):
        seen = desk.page(check, code=wrong)
        assert "Zandstra" not in seen
        assert "code=" not in seen
        assert "Achternaam" in seen
    assert "Zandstra" not in desk.http.get(f"checks/{check}", params={"code": code}).text


def test_no_claim_stands_readable_in_the_store(desk: Desk, aisha: Holder) -> None:
    _, request = desk.begin()
    desk.post(vp.answer_form(aisha.answer(request), request))
    stored = desk.file.read_bytes()
    for value in ("Zandstra", "Aisha", "1984"):
        assert value.encode() not in stored
    assert request.binding.nonce.encode() not in stored
    assert desk.file.stat().st_mode & 0o777 == 0o600


def test_a_check_is_gone_when_its_time_has_passed(desk: Desk, aisha: Holder) -> None:
    check, _ = desk.begin()
    desk.now += ANSWER_WITHIN - timedelta(seconds=1)
    assert desk.state(check)["state"] == "waiting"
    desk.now += timedelta(seconds=1)
    unknown = desk.http.get("checks/unknown")
    assert desk.http.get(f"checks/{check}").status_code == unknown.status_code == 404
    assert desk.http.get(f"checks/{check}").content == unknown.content
    assert unknown.json()["check"] == KNOWN.name
    page = desk.http.get(f"pages/{check}")
    assert page.status_code == 404
    assert texts.say("page.gone", "nl") in page.text


def test_an_outcome_is_wiped_when_its_time_has_passed(desk: Desk, aisha: Holder) -> None:
    check, request = desk.begin()
    desk.post(vp.answer_form(aisha.answer(request), request))
    desk.now += SHOWN_FOR
    assert desk.http.get(f"checks/{check}").status_code == 404
    desk.begin()
    with sqlite3.connect(desk.file) as connection:
        assert connection.execute("SELECT count(*) FROM checks").fetchone() == (1,)
    connection.close()


# -- beginning --------------------------------------------------------------------------------------------------------


def test_conditions_are_given_with_each_check_where_only_some_may_begin(make: Maker) -> None:
    def employee(key: str = Header("")) -> None:
        if key != "let me in":
            raise HTTPException(401, headers={"WWW-Authenticate": "ApiKey"})

    desk = make(home=None, may_begin=employee)
    assert desk.http.post("checks", json={"home": HOME}).status_code == 401
    assert desk.http.post("").status_code == 401
    desk.http.headers["key"] = "let me in"
    _, request = desk.begin({"home": HOME})
    _, stored = desk.store.take(request.state or "")
    assert stored.policy is not None
    assert stored.policy.home == B.conditions(HOME)
    assert "<form" not in desk.http.get("").text
    assert desk.http.post("").status_code == 422


def test_an_application_can_begin_every_check_itself(make: Maker, world: World, aisha: Holder) -> None:
    desk = make(home=None, may_begin=nobody)
    assert desk.http.post("checks", json={"home": HOME}).status_code == 403
    for made in (desk, make(policy=PERMIT, may_begin=nobody)):
        assert "<form" not in made.http.get("").text
        assert made.http.post("").status_code == 403
    own = world.verifier(f"redirect_uri:{desk.uri}", name=NAME)
    check = begin_check(own, policy=B, store=desk.store, home=HOME, at=desk.now)
    request = vp.parse_request(desk.http.get(f"checks/{check}/request").content, at=AT)
    assert desk.post(vp.answer_form(aisha.answer(request), request)).status_code == 200
    assert [told for told, _ in desk.told] == [check]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"home": {"household_size": [2, 4]}}, 422),
        ({"home": {"household_size": [4, 2], "binding": True}}, 422),
        ({"home": {"household_size": [2, 4], "binding": True, "more": 1}}, 422),
        ({"home": {"household_size": "<b>", "binding": 1}}, 422),
        ({}, 422),
        ({"home": []}, 400),
        ({"home": {}, "policy": "other"}, 400),
        ([], 400),
    ],
)
def test_conditions_that_the_policy_does_not_take_begin_nothing(make: Maker, body: Any, status: int) -> None:
    desk = make(home=None, may_begin=anyone)
    reply = desk.http.post("checks", json=body)
    assert reply.status_code == status
    assert "<b>" not in reply.text


def test_conditions_that_are_set_cannot_be_chosen(desk: Desk) -> None:
    loose = {"household_size": [0, 99], "binding": False}
    assert desk.http.post("checks", json={"home": loose}).status_code == 422


@pytest.mark.parametrize(
    "headers", [{}, {"content-type": "text/plain"}, {"content-type": "application/x-www-form-urlencoded"}]
)
def test_a_form_from_elsewhere_begins_nothing(desk: Desk, headers: dict[str, str]) -> None:
    assert desk.http.post("checks", content=b"{}", headers=headers).status_code == 400


@pytest.mark.parametrize("data", [b"", b"{", b'{"home":{},"home":{}}', b"\xff", b"[" * 5000])
def test_bytes_that_are_no_json_begin_nothing(desk: Desk, data: bytes) -> None:
    assert desk.http.post("checks", content=data, headers={"content-type": "application/json"}).status_code == 400


def test_a_policy_without_conditions_needs_none(make: Maker, aisha: Holder) -> None:
    desk = make(policy=PERMIT)
    check, request = desk.begin()
    code = httpx.URL(desk.post(vp.answer_form(aisha.answer(request), request)).json()["redirect_uri"]).params["code"]
    assert "Kleine Lindenlaan" in desk.page(check, code=code)


def test_a_router_that_would_let_anyone_choose_the_conditions_is_not_made(world: World, tmp_path: Path) -> None:
    verifier, store = world.verifier(f"redirect_uri:{URI}"), SqliteChecks(tmp_path / "c.db")
    with pytest.raises(Misuse):
        verifier_router(verifier, policy=B, store=store)
    with pytest.raises(Misuse):
        verifier_router(verifier, policy=B, store=store, home={"binding": True})
    with pytest.raises(Misuse):
        verifier_router(world.verifier("redirect_uri:https://a.example/elsewhere"), policy=B, store=store, home=HOME)
    with pytest.raises(Misuse):
        verifier_router(world.verifier(f"redirect_uri:{URI}", name="\u202e"), policy=B, store=store, home=HOME)
    verifier_router(verifier, policy=B, store=store, may_begin=anyone)


def test_too_many_checks_are_unavailable(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "MAX_CHECKS", 2)
    desk.begin()
    desk.begin()
    reply = desk.http.post("checks", json={})
    assert (reply.status_code, reply.json()["kind"]) == (503, "unavailable")
    page = desk.http.post("")
    assert page.status_code == 503
    assert texts.say("page.unavailable", "nl") in page.text
    desk.now += ANSWER_WITHIN
    desk.begin()


# -- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["answer", "checks", "pages/{id}"])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_not_read(desk: Desk, path: str, chunked: bool) -> None:
    check, _ = desk.begin()
    headers = {"content-type": "application/json"}

    def pieces() -> Iterator[bytes]:
        for _ in range(MAX_BODY // 65_536 + 2):
            yield b"a" * 65_536

    reply = desk.http.post(
        path.format(id=check), content=pieces() if chunked else b"a" * (MAX_BODY + 1), headers=headers
    )
    assert reply.status_code == 413
    assert desk.state(check)["state"] == "waiting"


@pytest.mark.parametrize("data", [b"", b"state=", b"vp_token=%7B%7D", b"\xff", b"a=1&a=2", b"{", b"[]", b"state=%00"])
def test_bytes_that_are_no_answer_are_malformed_or_foreign(desk: Desk, data: bytes) -> None:
    reply = desk.post(data)
    assert reply.status_code == 400
    assert reply.json()["error"] == "invalid_request"


@pytest.mark.parametrize("pasted", ["", "{", "hallo", '{"vp_token":{}}', '{"vp_token":{},"state":"foreign"}', "é" * 99])
def test_what_is_no_answer_to_a_page_may_be_pasted_again(desk: Desk, aisha: Holder, pasted: str) -> None:
    check, request = desk.begin()
    reply = desk.http.post(f"pages/{check}", data={"answer": pasted})
    assert reply.status_code == 400
    assert texts.say("page.unreadable", "nl") in reply.text
    assert f'href="{check}?lang=nl"' in reply.text
    good = vp.answer_file(aisha.answer(request), request).decode()
    assert desk.http.post(f"pages/{check}", data={"answer": good}).status_code == 303
    assert desk.state(check)["state"] == "checked"


def test_an_answer_to_one_check_cannot_be_pasted_into_another(desk: Desk, aisha: Holder) -> None:
    one, request = desk.begin()
    other, _ = desk.begin()
    good = vp.answer_file(aisha.answer(request), request).decode()
    assert desk.http.post(f"pages/{other}", data={"answer": good}).status_code == 400
    assert desk.state(one)["state"] == desk.state(other)["state"] == "waiting"
    for unknown in ("unknown", "https:evil.example", "%0d%0aSet-Cookie:x"):
        assert desk.http.post(f"pages/{unknown}", data={"answer": good}).status_code == 404


def test_an_application_that_fails_ends_the_check_as_failed(make: Maker, aisha: Holder) -> None:
    def fail(id: str, disclosure: Disclosure) -> None:
        raise Unavailable("our own register is closed")

    desk = make(on_checked=fail)
    check, request = desk.begin()
    reply = desk.post(vp.answer_form(aisha.answer(request), request))
    assert (reply.status_code, reply.json()["error"]) == (503, "temporarily_unavailable")
    assert desk.state(check)["state"] == "unavailable"
    assert texts.say("page.unavailable", "nl") in desk.page(check)
    other, request = desk.begin()
    good = vp.answer_file(aisha.answer(request), request).decode()
    page = desk.http.post(f"pages/{other}", data={"answer": good})
    assert page.status_code == 503
    assert texts.say("page.unavailable", "nl") in page.text


# -- pages ------------------------------------------------------------------------------------------------------------


class _Shape(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.shape: list[tuple[str, ...]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.shape.append((tag, *(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.shape.append(("/", tag))

    def handle_comment(self, data: str) -> None:
        self.shape.append(("!", data))

    def handle_decl(self, decl: str) -> None:
        self.shape.append(("doctype", decl))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def shape_and_text(page: str) -> tuple[list[tuple[str, ...]], str]:
    parser = _Shape()
    parser.feed(page)
    parser.close()
    return parser.shape, "".join(parser.text)


HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</dd></dl></main><h1>U voldoet niet",
    "<!-- & &lt; &#x3c;b&#x3e; ]]>",
    "\u202egnos\u200b",
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_value_gives_the_same_page_as_any_other(make: Maker, world: World, hostile: str) -> None:
    shapes: list[Any] = []
    for value in ("x", hostile):
        desk = make(name=f"{NAME} {value}" if value.isprintable() else NAME)
        check, request = desk.begin()
        start, waiting = desk.http.get("").text, desk.page(check)
        answer = world.holder(AISHA.changed(naam={"voornamen": value, "geslachtsnaam": value})).answer(request)
        code = httpx.URL(desk.post(vp.answer_form(answer, request)).json()["redirect_uri"]).params["code"]
        ended = desk.page(check, code=code)
        shapes.append([shape_and_text(page)[0] for page in (start, waiting, ended)])
        assert "<script" not in ended
        if value.isprintable():
            assert value in shape_and_text(ended)[1]
        else:
            assert "\u202e" not in ended
    assert shapes[0] == shapes[1]


@given(st.text(max_size=40))
@settings(max_examples=50, deadline=None)
def test_no_text_breaks_out_of_its_element(text: str) -> None:
    shape, said = shape_and_text(render(element("p", text, aria_label=text)))
    assert shape == [("doctype", "doctype html"), ("p", "aria-label"), ("/", "p")]
    assert all(one.isprintable() or one in "\n\N{NO-BREAK SPACE}" for one in said)


@pytest.mark.parametrize(
    "broken",
    [
        lambda: element("script", "x"),
        lambda: element("style", "x"),
        lambda: element("p", onclick="x"),
        lambda: element("p", style="x"),
        lambda: element("meta", "x"),
        *(
            (lambda where=where: element("a", "x", href=where))
            for where in ("javascript:alert(1)", "//evil.example", "https://evil.example", "a:b", "/\\evil", "x\n")
        ),
    ],
)
def test_what_no_page_needs_cannot_be_written(broken: Any) -> None:
    with pytest.raises(Misuse):
        broken()


def test_every_answer_carries_the_headers_that_keep_a_page_to_itself(desk: Desk, aisha: Holder) -> None:
    check, request = desk.begin()
    http = desk.http
    replies = [
        http.get(""),
        http.get("style.css"),
        http.get(f"pages/{check}"),
        http.get(f"checks/{check}"),
        http.get(f"checks/{check}/request"),
        http.get("checks/unknown"),
        http.get("pages/unknown"),
        http.post("checks", json={}),
        http.post("checks", content=b"x"),
        http.post(""),
        http.post(f"pages/{check}", data={"answer": "x"}),
        desk.post(b"x"),
        desk.post(vp.answer_form(aisha.answer(request), request)),
        http.get(f"pages/{check}"),
    ]
    for reply in replies:
        assert {name: reply.headers.get(name) for name in HEADERS} == HEADERS
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy


@pytest.mark.parametrize(
    ("header", "query", "language"),
    [
        (None, None, "nl"),
        ("en", None, "en"),
        ("en-GB,en;q=0.9,nl;q=0.8", None, "en"),
        ("de,nl;q=0.7,en;q=0.3", None, "nl"),
        ("fr, *;q=0.1", None, "nl"),
        ("en;q=nonsense,nl;q=2,en;q=0.1", None, "en"),
        ("en", "nl", "nl"),
        ("nl", "en", "en"),
        ("nl", "xx", "nl"),
    ],
)
def test_a_page_speaks_the_language_that_was_chosen_or_is_read(
    desk: Desk, header: str | None, query: str | None, language: str
) -> None:
    reply = desk.http.get(
        "", params={"lang": query} if query else {}, headers={"accept-language": header} if header else {}
    )
    assert f'<html lang="{language}">' in reply.text
    assert reply.headers["content-language"] == language
    assert texts.say("page.why", language) in reply.text
    assert 'hreflang="en"' in reply.text or 'hreflang="nl"' in reply.text


def test_pages_explain_what_is_asked_and_hold_what_a_screen_reader_needs(desk: Desk) -> None:
    check, _ = desk.begin()
    for language in texts.LANGUAGES:
        for page in (desk.http.get("", params={"lang": language}).text, desk.page(check, language)):
            shape, text = shape_and_text(page)
            tags = [one[0] for one in shape]
            for one in ("html", "title", "header", "nav", "main", "h1"):
                assert tags.count(one) == 1, one
            assert not {"script", "style", "img", "iframe"} & set(tags)
            assert page.count("<label ") == page.count("<textarea ")
            assert page.index('class="skip"') < page.index("<header>")
            assert B.purpose[language] in text
            for basis in B.legal_basis:
                assert basis in text
            explained: Any = policies.explain(B, language)
            for question in explained["questions"]:
                for claim in question["claims"]:
                    assert claim["label"] in text
            for line in policies.kept_lines(B.keep, language):
                assert line in text
            assert texts.say("channel.balie", language) in text
            levels = [int(one[1]) for one in tags if re.fullmatch("h[1-6]", one)]
            assert all(after <= before + 1 for before, after in pairwise(levels))


def test_only_what_is_asked_under_these_conditions_is_explained(make: Maker) -> None:
    desk = make(home={"household_size": [2, 4], "binding": False})
    label = "Zes jaar achter elkaar inwoner"
    assert label not in desk.http.get("", params={"lang": "nl"}).text
    assert label in make().http.get("", params={"lang": "nl"}).text


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_text_stands_out_from_what_is_behind_it(desk: Desk) -> None:
    css = desk.http.get("style.css").text
    named = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", css))
    for front, behind in [("ink", "pale"), ("quiet", "pale"), ("deep", "pale"), ("quiet", None), ("deep", None)]:
        light = _luminance(named[behind]) if behind else 1.0
        assert (light + 0.05) / (_luminance(named[front]) + 0.05) >= 4.5  # WCAG 2.2, 1.4.3
    assert ":focus-visible" in css
    assert "url(" not in css
    assert "@import" not in css


# -- the store --------------------------------------------------------------------------------------------------------


def test_a_file_that_is_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database, and long enough to be looked at" * 100)
    with pytest.raises(Malformed):
        SqliteChecks(tmp_path / "text")
    with pytest.raises(Misuse):
        SqliteChecks(tmp_path / "nowhere" / "checks.db")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Misuse, match="not a regular file"):
        SqliteChecks(tmp_path / "pipe")


def test_a_file_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    store = SqliteChecks(tmp_path / "checks.db")
    (tmp_path / "checks.db").unlink()
    with pytest.raises(Unavailable):
        store.take("state")


def test_a_file_that_others_hold_is_unavailable(desk: Desk, aisha: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "PATIENCE", 0.05)
    check, request = desk.begin()
    body = vp.answer_form(aisha.answer(request), request)
    held = sqlite3.connect(desk.file, isolation_level=None)
    held.execute("BEGIN EXCLUSIVE")
    assert desk.post(body).status_code == 503
    assert desk.http.get(f"pages/{check}").status_code == 503
    held.execute("ROLLBACK")
    held.close()
    assert desk.post(body).status_code == 200  # nothing was taken


def test_a_check_outlives_the_process(tmp_path: Path, world: World) -> None:
    request = world.corporation.ask(B, home=HOME, at=AT)
    check = SqliteChecks(tmp_path / "c.db", clock=lambda: AT).begin(request, shown={"a": 1})
    again = SqliteChecks(tmp_path / "c.db", clock=lambda: AT)
    assert again.look(check) == Waiting(shown={"a": 1}, until=AT + ANSWER_WITHIN)
    assert again.take(request.state or "") == (check, request)
    code = again.conclude(check, {"state": "checked"}, secret=["seen"])
    ended = again.look(check)
    assert isinstance(ended, Ended)
    assert ended.outcome == {"state": "checked"}
    assert opened(check, ended, code) == ["seen"]
    with pytest.raises(Rejected):
        opened("another", ended, code)
    assert "seen" not in repr(ended)
