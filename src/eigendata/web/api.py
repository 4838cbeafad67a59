"""The API of the desks: their own systems begin checks, and see what came of them.

    POST   /api/checks                                begins a check
    GET    /api/checks                                the desk's checks, newest first
    GET    /api/checks/{id}                           how one stands, with what was disclosed
    DELETE /api/checks/{id}                           wipes it
    POST   /api/checks/{id}/parties/{role}/requests   asks a party anew
    POST   /api/webhooks                              is told of it when a party is done; GET lists, DELETE removes
    GET    /api/openapi.json                          all of this, for programs

Everything below `/api/v1` too, which is what the document names. Who calls has a key of one desk, and sees the checks
of that desk alone: those of another are as unknown as those that never were. What is posted is judged by the document.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from eigendata.encoding import Json, b64_encode, json_dumps, json_loads
from eigendata.errors import Declined, Malformed, Misuse, Rejected, Unavailable
from eigendata.openid.client_id import Prefix
from eigendata.query import Query, parse_query
from eigendata.store.records import API_KEY
from eigendata.web import openapi
from eigendata.web.checking import ROLES, Checking
from eigendata.web.openapi import MAX_PAGE
from eigendata.web.replies import API_VERSION, Problem, bearer_of, body_of, in_thread, reply
from eigendata.web.views import Asking, CheckView, PartyView

PLACES: Final = ("/api/v1", "/api")
"""Where the API is: under its version, as the design rules have it, and without for as long as there is one."""

_ID: Final = re.compile(r"[A-Za-z0-9_-]{43,64}")
_AFTER: Final = re.compile(r"[A-Za-z0-9_-]{1,500}")
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_SECRET_SIZE: Final = 32  # octets, as Standard Webhooks has it: 24 to 64
_VERSION: Final = {"API-Version": API_VERSION}
_NO_KEY: Final = {"WWW-Authenticate": "Bearer"}

_Work = Callable[[Request, str], Awaitable[Response]]


def api_routes(checking: Checking) -> list[BaseRoute]:
    """Give the routes of the API."""
    api = _Api(checking)
    paths: dict[str, dict[str, _Work]] = {
        "/checks": {"POST": api.begin, "GET": api.list},
        "/checks/{id}": {"GET": api.look, "DELETE": api.remove},
        "/checks/{id}/parties/{role}/requests": {"POST": api.ask},
        "/webhooks": {"POST": api.add_webhook, "GET": api.list_webhooks},
        "/webhooks/{id}": {"DELETE": api.remove_webhook},
    }
    routes: list[BaseRoute] = []
    for place in PLACES:
        routes.append(Route(f"{place}/openapi.json", api.document, methods=["GET"]))
        routes.extend(Route(place + path, _Methods(checking, works)) for path, works in paths.items())
        routes.append(Route(place + "/{path:path}", _Methods(checking, {})))
    return routes


class _Methods:
    """One path: who calls, which method, and errors as problems. Without methods there is nothing there."""

    def __init__(self, checking: Checking, works: Mapping[str, _Work]) -> None:
        self._checking = checking
        self._works = works
        self._allowed = {"Allow": ", ".join(sorted(works))}

    async def __call__(self, scope: object, receive: object, send: object) -> None:
        request = Request(scope, receive)  # type: ignore[arg-type]
        try:
            response = await self._response(request)
        except Problem as problem:
            response = problem.response()
        await response(scope, receive, send)  # type: ignore[arg-type]

    async def _response(self, request: Request) -> Response:
        try:
            # before all else: any answer but 401 shows that the key is one, and how often is counted by it (`limits`)
            desk = await in_thread(lambda: self._desk(request))
            return await self._work(request)(request, desk)
        except Malformed as error:
            raise Problem(400, str(error)) from error
        except Misuse as error:
            raise Problem(409, error.message) from error
        except Declined as error:
            raise Problem(409, error.message, reason=error.reason) from error
        except Rejected as error:
            if error.check is API_KEY:
                raise Problem(401, "a key of a desk is needed, as a bearer token", _NO_KEY) from error
            raise Problem(404, "the desk has no such thing (any more)") from error
        except Unavailable as error:
            raise Problem(503, "this cannot be done now") from error

    def _work(self, request: Request) -> _Work:
        if not self._works:
            raise Problem(404, "there is nothing here")
        if request.method not in self._works:
            raise Problem(405, "not a method of this path", self._allowed)
        return self._works[request.method]

    def _desk(self, request: Request) -> str:
        key = bearer_of(request.headers)
        desk = None if key is None else self._checking.store.keys.desk(key)
        if desk is None or desk not in self._checking.desks:  # or a desk that this process does not have
            raise Rejected(API_KEY)
        return desk


class _Api:
    def __init__(self, checking: Checking) -> None:
        self._checking = checking

    async def document(self, request: Request) -> Response:
        described = json_dumps(openapi.document(self._checking.public_url))
        return reply(described, kind="application/json", headers={**_VERSION, **_FOR_ALL})

    async def begin(self, request: Request, desk: str) -> Response:
        order = _read("CheckOrder", request, await body_of(request))
        begun, askings = await in_thread(lambda: self._begin(desk, order))
        said: dict[str, Json] = {
            "id": begun.id,
            "state": begun.state,
            "expires_at": moment(begun.expires_at),
            "parties": [
                {"role": one.role, "state": one.state, "page": self._page(one), **_link(asking)}
                for one, asking in zip(begun.parties, askings, strict=True)
            ],
        }
        return _json(said, 201, {"Location": f"{self._base(request)}/checks/{begun.id}"})

    def _begin(self, desk: str, order: Mapping[str, Json]) -> tuple[CheckView, list[Asking]]:
        home, parties, mode, client_id = (order.get(name) for name in ("home", "parties", "mode", "client_id"))
        begun = self._checking.begin(
            desk,
            policy=str(order["policy"]) if "policy" in order else None,
            query=_query(order["dcql"]) if "dcql" in order else None,
            home=home if isinstance(home, Mapping) else None,
            roles=[str(one) for one in parties] if isinstance(parties, list) else ROLES[:1],
            sealed=None if mode is None else mode == "direct_post.jwt",
            prefix=None if client_id is None else Prefix(str(client_id)),
        )
        return begun, [self._checking.ask(begun, one.role) for one in begun.parties]

    async def list(self, request: Request, desk: str) -> Response:
        after, limit = _paging(request)
        try:
            checks, more = await in_thread(lambda: self._checking.list(desk, after=after, limit=limit))
        except Malformed as error:
            raise Problem(404, "the desk has no such part of its list") from error
        said: dict[str, Json] = {"checks": [self._check(one) for one in checks]}
        if more is not None:
            said["next"] = f"{self._base(request)}/checks?after={more}&limit={limit}"
        return _json(said)

    async def look(self, request: Request, desk: str) -> Response:
        check = _id(request)
        return _json(self._check(await in_thread(lambda: self._checking.look(desk, check))))

    async def remove(self, request: Request, desk: str) -> Response:
        check = _id(request)
        await in_thread(lambda: self._checking.remove(desk, check))
        return reply(b"", 204, kind="application/json", headers=_VERSION)

    async def ask(self, request: Request, desk: str) -> Response:
        check, role, body = _id(request), request.path_params["role"], await body_of(request)
        if body:
            _read("Ask", request, body)
        asking = await in_thread(lambda: self._checking.ask(self._checking.look(desk, check), role))
        return _json({**_link(asking), "expires_at": moment(asking.fetch_until)}, 201)

    async def add_webhook(self, request: Request, desk: str) -> Response:
        order = _read("WebhookOrder", request, await body_of(request))
        url, key = _target(str(order["url"]), self._checking.public_url), secrets.token_bytes(_SECRET_SIZE)
        made = await in_thread(lambda: self._checking.store.webhooks.add(desk, url, secret=key))
        # the secret as Standard Webhooks writes it, this once
        return _json({"id": made.id, "url": made.url, "secret": f"whsec_{b64_encode(key)}"}, 201)

    async def list_webhooks(self, request: Request, desk: str) -> Response:
        found = await in_thread(lambda: self._checking.store.webhooks.list(desk))
        return _json({"webhooks": [{"id": one.id, "url": one.url} for one in found]})

    async def remove_webhook(self, request: Request, desk: str) -> Response:
        which = str(request.path_params["id"])
        await in_thread(lambda: self._checking.store.webhooks.remove(which, desk=desk))
        return reply(b"", 204, kind="application/json", headers=_VERSION)

    # -- how it is said -----------------------------------------------------------------------------------------------

    def _base(self, request: Request) -> str:
        return self._checking.public_url + (PLACES[0] if "/api/v1/" in request.url.path else PLACES[1])

    def _page(self, one: PartyView) -> str:
        return f"{self._checking.public_url}/pages/{one.page}"

    def _check(self, check: CheckView) -> dict[str, Json]:
        decided = {} if check.decided_by is None else check.decided_by.record
        asked = check.order.asked
        return {
            "id": check.id,
            "state": check.state,
            "policy": None if isinstance(asked, Query) else asked.id,
            "advice": None if check.advice is None else str(check.advice),
            "rule": decided.get("rule"),
            "reason": decided.get("reason"),
            "began_at": moment(check.made_at),
            "expires_at": moment(check.expires_at),
            "wiped_at": moment(check.until),
            "parties": [self._party(one) for one in check.parties],
        }

    def _party(self, one: PartyView) -> dict[str, Json]:
        return {
            "role": one.role,
            "state": one.state,
            "page": self._page(one),
            "advice": None if one.advice is None else str(one.advice),
            "rule": one.record.get("rule"),
            "reason": one.record.get("reason"),
            "disclosed": None if one.disclosed is None else dict(one.disclosed),
            "kept_until": None if one.disclosed is None or one.keep_until is None else moment(one.keep_until),
            "trail": one.record.get("trail", []),
        }


_FOR_ALL: Final = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""The document may be read by any page; there is nothing in it that is not public."""


def moment(at: datetime) -> str:
    """Write a moment as the API gives it (RFC 3339), in UTC and whole seconds."""
    return at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _json(said: Mapping[str, Json], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return reply(json_dumps(said), status, kind="application/json", headers={**_VERSION, **(headers or {})})


def _link(asking: Asking) -> dict[str, Json]:
    uri: dict[str, Json] = {} if asking.request_uri is None else {"request_uri": asking.request_uri}
    return {"link": asking.link, **uri}


def _read(schema: str, request: Request, body: bytes) -> Mapping[str, Json]:
    kind, _, _ = request.headers.get("content-type", "").partition(";")
    if kind.strip().lower() != "application/json":
        raise Malformed("the body is application/json")
    value = json_loads(body)
    openapi.require(schema, value)
    return value if isinstance(value, Mapping) else {}


def _query(value: Json) -> Query:
    """Read a query that has the shape that the document asks; what contradicts itself cannot be asked.

    Raises:
        Misuse: it is no query of DCQL.
    """
    try:
        return parse_query(value)
    except Malformed as error:
        raise Misuse(f"dcql: {error}") from error


def _target(url: str, public_url: str) -> str:
    """Judge where events are to go: by https; without it to this machine alone, where the service is so reached too.

    Raises:
        Misuse: it is no such address.
    """
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that there is not
        named = False
    plain = named and parts.scheme == "http" and public_url.startswith("http:") and parts.hostname in _LOOPBACK
    if not named or (parts.scheme != "https" and not plain):
        raise Misuse("events go to an https address")
    return url


def _id(request: Request) -> str:
    stated = str(request.path_params["id"])
    if _ID.fullmatch(stated) is None:
        raise Problem(404, "the desk has no such thing (any more)")
    return stated


def _paging(request: Request) -> tuple[str | None, int]:
    stated = request.query_params.multi_items()
    named = dict(stated)
    if len(named) != len(stated) or not named.keys() <= {"after", "limit"}:
        raise Malformed("the query may hold `after` and `limit`, each once")
    after, limit = named.get("after"), named.get("limit", "50")
    if after is not None and _AFTER.fullmatch(after) is None:
        raise Malformed("`after` is as `next` of the part before has it")
    if re.fullmatch("[0-9]{1,3}", limit, re.ASCII) is None or not 0 < int(limit) <= MAX_PAGE:
        raise Malformed(f"`limit` is from 1 to {MAX_PAGE}")
    return after, int(limit)
