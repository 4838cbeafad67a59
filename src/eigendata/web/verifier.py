"""The verifier over HTTP, for an application of one's own or for the service: one router for all its desks.

    checking = Checking([Desk.make("desk", public_url=url, once=store.once, ...)], store=store, public_url=url)
    app.include_router(verifier_router(checking), prefix="/check")        # url ends with /check then

    GET|POST /requests/{id}          the request that a wallet fetches
    POST     /answers                where the wallets of every desk answer (OpenID4VP 1.0 section 8.2)
    GET      /                       where residents begin, at a desk that lets them; POST begins
    GET      /pages/{page}           what a party sees; POST asks for a new QR code without a script
    POST     /pages/{page}/wallet    opens the wallet on the same device, for the session of this browser
    GET      /pages/{page}/state     how it stands, and POST /pages/{page}/code a new QR code: for the page's script
    /api...                          the desks' own systems (`web.api`)

Who has the address of a page sees how it stands; what was disclosed is seen in the browser to which the wallet came
back, and by the desk. An answer to a request that is unknown, too old, taken, answered or another's is refused by one
status, one body and the same work. Claims are in no URL and no log; ids and codes are in addresses: an access log that
writes whole paths holds them for as long as they work.

What this does not do: bound how often somebody comes (the service does), or show that who scans a code is who began.
The page warns; on one device the session settles it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from importlib.resources import files
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from eigendata.encoding import Json, json_dumps
from eigendata.errors import EigendataError, Malformed, Misuse, Rejected, Unavailable
from eigendata.openid import vp
from eigendata.openid.request_object import TYP
from eigendata.store.records import AWAITED, RESPONSE_CODE
from eigendata.web import outcomes, pages
from eigendata.web.api import api_routes
from eigendata.web.checking import Checking, new_session
from eigendata.web.html import Element, render
from eigendata.web.pages import Asked, Place
from eigendata.web.replies import HEADERS, Problem, body_of, in_thread, language_of, leads_to, reply
from eigendata.web.views import VisitView

ANSWERS_INLINE: Final = False
"""Whether an answer is verified on the loop that read it, not in a thread of a pool: the one place of this choice.
Threads share one sync of the disk, and wait for it beside the loop."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43,64}")
_MAX_NONCE: Final = 512  # characters of a wallet's nonce

_Seen = Callable[[Request], Awaitable[Response]]


def verifier_router(checking: Checking, *, answers_inline: bool = ANSWERS_INLINE) -> APIRouter:
    """Make the router of the desks of a `Checking`.

    Include it in an application at the path of `checking.public_url`.

    Args:
        answers_inline: see `ANSWERS_INLINE`.
    """
    wallet, person = _Wallet(checking), _Person(checking)
    routes: list[BaseRoute] = [
        Route("/answers", _Answers(checking, inline=answers_inline), methods=["POST"]),
        Route("/requests/{id}", wallet.request, methods=["GET", "POST"]),
        Route("/pages/{page}", person.shown(person.page), methods=["GET"]),
        Route("/pages/{page}", person.shown(person.renew), methods=["POST"]),
        Route("/pages/{page}/wallet", person.shown(person.open_wallet), methods=["POST"]),
        Route("/pages/{page}/state", _for_script(person.state), methods=["GET"]),
        Route("/pages/{page}/code", _for_script(person.code), methods=["POST"]),
        Route("/style.css", _file("page.css", "text/css"), methods=["GET"]),
        Route("/page.js", _file("page.js", "text/javascript"), methods=["GET"]),
        Route("/", person.shown(person.start), methods=["GET"]),
        Route("/", person.shown(person.begin), methods=["POST"]),
        *api_routes(checking),
    ]
    router = APIRouter(redirect_slashes=False)
    router.routes.extend(routes)
    return router


def answers_endpoint(checking: Checking) -> ASGIApp:
    """Give what answers at `/answers` alone, for a service that leads there by itself."""
    return _Answers(checking, inline=ANSWERS_INLINE)


# -- the wallet's answer ----------------------------------------------------------------------------------------------


class _Answers:
    """Where answers come. It stands below the framework: what it costs is what verifying costs."""

    def __init__(self, checking: Checking, *, inline: bool) -> None:
        self._checking = checking
        self._inline = inline

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _whole(receive, vp.MAX_ANSWER)
        if body is None:
            return  # nobody is there any more
        status, said = (413, _REFUSED) if len(body) > vp.MAX_ANSWER else await self._taken(body)
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [*_RAW, (b"content-length", b"%d" % len(said))],
            }
        )
        await send({"type": "http.response.body", "body": said})

    async def _taken(self, body: bytes) -> tuple[int, bytes]:
        return self._answer(body) if self._inline else await in_thread(lambda: self._answer(body))

    def _answer(self, body: bytes) -> tuple[int, bytes]:
        try:
            answered = self._checking.answer(body)
        except Unavailable:
            return 503, _UNAVAILABLE
        except Rejected as error:
            if error.check is AWAITED:
                return 400, _REFUSED
            return 400, json_dumps({"error": "invalid_request", "error_description": str(error.reason)})
        except Malformed:
            return 400, json_dumps({"error": "invalid_request", "error_description": "malformed"})
        if answered.redirect_uri is None:
            return 200, b"{}"
        return 200, json_dumps({"redirect_uri": answered.redirect_uri})


async def _whole(receive: Receive, limit: int) -> bytes | None:
    """Read a body, and no more than one piece beyond the limit; None where the connection ended before it did."""
    message = await receive()
    if not message.get("more_body"):
        return message["body"] if message["type"] == "http.request" else None
    body = bytearray(message["body"])
    while message.get("more_body") and len(body) <= limit:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message["body"]
    return bytes(body)


_RAW: Final = [(b"content-type", b"application/json")] + [
    (name.lower().encode(), value.encode()) for name, value in HEADERS.items()
]
_REFUSED: Final = json_dumps({"error": "invalid_request"})
_UNAVAILABLE: Final = json_dumps({"error": "temporarily_unavailable"})


# -- the wallet's question --------------------------------------------------------------------------------------------


class _Wallet:
    def __init__(self, checking: Checking) -> None:
        self._checking = checking

    async def request(self, request: Request) -> Response:
        """Give a request object; by POST with the wallet's nonce in it (OpenID4VP 1.0 section 5.10)."""
        try:
            nonce = _wallet_nonce(await body_of(request)) if request.method == "POST" else None
            which = request.path_params["id"]
            signed = await in_thread(lambda: self._checking.request_object(which, wallet_nonce=nonce))
        except Problem as problem:
            return problem.response()
        except Malformed as error:
            return Problem(400, str(error)).response()
        except Rejected:
            return Problem(404, "no request waits here").response()
        except Unavailable:
            return Problem(503, "this cannot be done now").response()
        return reply(signed, kind=f"application/{TYP}")


def _wallet_nonce(body: bytes) -> str | None:
    nonce = vp.read_form(body).get("wallet_nonce")  # all else is not for us to know: the wallet's kind, its keys
    if nonce is not None and not 0 < len(nonce) <= _MAX_NONCE:
        raise Malformed(f"`wallet_nonce` is a text of 1 to {_MAX_NONCE} characters")
    return nonce


# -- the person's pages -----------------------------------------------------------------------------------------------


class _Person:
    def __init__(self, checking: Checking) -> None:
        self._checking = checking
        secure = checking.public_url.startswith("https:")
        self._cookie = "__Host-eigendata" if secure else "eigendata"
        self._attributes = "; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")

    async def start(self, request: Request) -> Response:
        open_to = {one.id: one for one in self._checking.desks.values() if one.residents is not None}
        chosen = _chosen(request, tuple(open_to))
        if chosen is None:
            place = self._anywhere(request)
            if not open_to:
                return _html(
                    pages.notice_page(place, place.say("page.nothing"), place.say("page.nothing_note")), place, 404
                )
            return _html(pages.choice_page({one.id: one.name for one in open_to.values()}, place), place)
        desk = open_to[chosen]
        policy = desk.policies[desk.residents or ""]
        asked = Asked(policy=policy, home=desk.homes.get(policy.id, {}), types=desk.verifiers[desk.prefix].types)
        place = self._start_place(request, chosen, several=len(open_to) > 1)
        return _html(pages.start_page(asked, place), place)

    async def begin(self, request: Request) -> Response:
        open_to = {one.id: one for one in self._checking.desks.values() if one.residents is not None}
        chosen = _chosen(request, tuple(open_to))
        if chosen is None:
            raise Rejected(AWAITED)
        begun = await in_thread(lambda: self._checking.begin(chosen, policy=open_to[chosen].residents))
        return leads_to(f"pages/{begun.parties[0].page}?lang={language_of(request)}")

    async def page(self, request: Request) -> Response:
        page, session = _page(request), self._session(request)
        if "response_code" in request.query_params:
            return await self._back(request, page, session)
        visit = await in_thread(lambda: self._checking.visit(page, session=session))
        place = self._place(request, visit)
        asked = self._asked(visit)
        if visit.party.state != "waiting":
            return _html(self._ended(visit, asked, place), place)
        link = None
        if not visit.in_use or "new" in request.query_params:
            link = (await in_thread(lambda: self._checking.ask(visit.check, visit.party.role))).link
        waiting = pages.Waiting(page=page, role=visit.party.role, link=link, until=visit.check.expires_at)
        return _html(pages.waiting_page(asked, waiting, place), place)

    async def renew(self, request: Request) -> Response:
        return leads_to(f"{_page(request)}?lang={language_of(request)}&new=1")

    async def open_wallet(self, request: Request) -> Response:
        """Ask on the same device: the answer counts in the browser that holds the session of this moment."""
        page, session = _page(request), self._session(request) or new_session()
        visit = await in_thread(lambda: self._checking.visit(page, session=session))
        asking = await in_thread(lambda: self._checking.ask(visit.check, visit.party.role, session=session))
        return leads_to(asking.link, {"Set-Cookie": f"{self._cookie}={session}{self._attributes}"})

    async def state(self, request: Request) -> Mapping[str, Json]:
        page, session = _page(request), self._session(request)
        visit = await in_thread(lambda: self._checking.visit(page, session=session))
        in_use = visit.party.state == "waiting" and visit.in_use
        return {"state": "in_use" if in_use else visit.party.state}

    async def code(self, request: Request) -> Mapping[str, Json]:
        page, session = _page(request), self._session(request)
        visit = await in_thread(lambda: self._checking.visit(page, session=session))
        asking = await in_thread(lambda: self._checking.ask(visit.check, visit.party.role))
        size, path = pages.draw(asking.link) or (0, None)
        return {"link": asking.link, "size": size, "path": path}

    async def _back(self, request: Request, page: str, session: str | None) -> Response:
        """Take the browser that a wallet sent back: its code works once, in the session that began, and then is gone
        from the address too."""
        code = request.query_params["response_code"]
        try:
            if session is None or _TOKEN.fullmatch(code) is None:
                raise Rejected(RESPONSE_CODE)
            await in_thread(lambda: self._checking.redeem(page, code, session=session))
        except Rejected:
            visit = await in_thread(lambda: self._checking.visit(page, session=None))
            place = self._place(request, visit)
            said = pages.notice_page(place, place.say("page.not_returned"), place.say("page.not_returned_note"))
            return _html(said, place, 403)
        return leads_to(f"{page}?lang={language_of(request)}")

    def shown(self, seen: _Seen) -> _Seen:
        """Say on a page what did not work, where a program would get JSON."""

        async def said(request: Request) -> Response:
            try:
                return await seen(request)
            except EigendataError as error:
                place, gone = self._anywhere(request), isinstance(error, Rejected | Misuse)
                what = "gone" if gone else "unavailable"
                page = pages.notice_page(place, place.say(f"page.{what}"), place.say(f"page.{what}_note"))
                return _html(page, place, 404 if gone else 503)

        return said

    def _anywhere(self, request: Request) -> Place:
        """Give a place of no desk, or of the only one that there is."""
        names = [one.name for one in self._checking.desks.values()]
        root = "" if "page" not in request.path_params else "../" * (1 + request.url.path.endswith("/wallet"))
        return Place(language=language_of(request), name=names[0] if len(names) == 1 else "", root=root)

    def _ended(self, visit: VisitView, asked: Asked, place: Place) -> Element:
        party = visit.party
        record = {**party.record, "state": party.state}
        others = any(one.state in ("waiting", "returning") for one in visit.check.parties if one.role != party.role)
        disclosed = None if party.disclosed is None else dict(party.disclosed)
        return outcomes.ended_page(asked, place, record, disclosed, others=others, until=visit.until)

    def _asked(self, visit: VisitView) -> Asked:
        desk, asked = self._checking.desks[visit.check.desk], visit.check.order.asked
        policy, query = self._checking.asked_on(visit.check)
        home = None if policy is None else getattr(asked, "home", None)
        return Asked(policy=policy, query=query, home=home, types=desk.verifiers[desk.prefix].types)

    def _session(self, request: Request) -> str | None:
        try:
            held = SimpleCookie(request.headers.get("cookie", "")[:4096]).get(self._cookie)
        except CookieError:
            return None
        return held.value if held is not None and _TOKEN.fullmatch(held.value) else None

    def _place(self, request: Request, visit: VisitView) -> Place:
        return Place(language=language_of(request), name=self._checking.desks[visit.check.desk].name, root="../")

    def _start_place(self, request: Request, desk: str, *, several: bool) -> Place:
        name = self._checking.desks[desk].name
        return Place(language=language_of(request), name=name, desk=desk if several else "")


def _chosen(request: Request, open_to: tuple[str, ...]) -> str | None:
    stated = request.query_params.get("desk")
    if stated is None and len(open_to) == 1:
        return open_to[0]
    return stated if stated in open_to else None


def _page(request: Request) -> str:
    page = str(request.path_params["page"])
    if _TOKEN.fullmatch(page) is None:
        raise Rejected(AWAITED)
    return page


def _html(page: Element, place: Place, status: int = 200) -> Response:
    headers = {"Content-Language": place.language, "Vary": "Accept-Language, Cookie"}
    return reply(render(page).encode(), status, kind="text/html; charset=utf-8", headers=headers)


def _for_script(seen: Callable[[Request], Awaitable[Mapping[str, Json]]]) -> _Seen:
    async def said(request: Request) -> Response:
        try:
            return reply(json_dumps(await seen(request)), kind="application/json")
        except Rejected:
            return Problem(404, "this page is not here any more").response()
        except Unavailable:
            return Problem(503, "this cannot be done now").response()

    return said


def _file(name: str, kind: str) -> _Seen:
    async def given(request: Request) -> Response:
        return reply(files("eigendata.web").joinpath(name).read_bytes(), kind=f"{kind}; charset=utf-8")

    return given
