"""What every answer of the verifier over HTTP has in common: its headers, its errors, how a body is read.

Nothing here knows a check. An error is `application/problem+json` (RFC 9457), and says what is wrong, never a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from eigendata import texts
from eigendata.encoding import Json, json_dumps
from eigendata.errors import Malformed, Reason

T = TypeVar("T")

API_VERSION: Final = "1.0.0"

MAX_BODY: Final = 65_536
"""Bytes of what is posted anywhere but where answers go: conditions, a query, a button."""

HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "form-action 'self' openid4vp:; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""What every answer of the router carries. A page leads to a wallet, to itself and nowhere else."""

_TITLES: Final = {400: "Invalid request", 401: "Not authenticated", 404: "Not found", 409: "Not possible here"}


class Problem(Exception):  # RFC 9457 calls it so; it never leaves the web
    """An error that is answered as one."""

    def __init__(
        self, status: int, detail: str, headers: Mapping[str, str] | None = None, *, reason: Reason | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers
        self.reason = reason

    def response(self) -> Response:
        title = _TITLES.get(self.status) or HTTPStatus(self.status).phrase
        said: dict[str, Json] = {"title": title, "status": self.status, "detail": self.detail}
        if self.reason is not None:
            said["reason"] = str(self.reason)
        headers = {"API-Version": API_VERSION, **(self.headers or {})}
        return reply(json_dumps(said), self.status, kind="application/problem+json", headers=headers)


def reply(content: bytes, status: int = 200, *, kind: str, headers: Mapping[str, str] | None = None) -> Response:
    """Make an answer with the headers that each has."""
    return Response(content, status, media_type=kind, headers={**HEADERS, **(headers or {})})


def leads_to(where: str, headers: Mapping[str, str] | None = None) -> Response:
    """Lead a browser on, by GET."""
    return Response(status_code=303, headers={**HEADERS, "Location": where, **(headers or {})})


async def body_of(request: Request, limit: int = MAX_BODY) -> bytes:
    """Read what was posted, and no more than one piece beyond the limit.

    Raises:
        Problem: it is too large (413).
        Malformed: the connection ended before the body did.
    """
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise Problem(413, f"at most {limit} bytes are read")
    except ClientDisconnect:  # nobody reads this; without it each half body writes a traceback into the log
        raise Malformed("the connection ended before the body did") from None
    return bytes(body)


def bearer_of(headers: Headers) -> str | None:
    """Give the bearer token that a request states once; None where it states none (RFC 6750 section 2.1)."""
    stated = headers.getlist("authorization")
    found = _BEARER.fullmatch(stated[0]) if len(stated) == 1 else None
    return None if found is None else found[1]


async def in_thread(work: Callable[[], T]) -> T:
    """Do what waits for a database beside the loop."""
    return await run_in_threadpool(work)


def language_of(request: Request) -> str:
    """Choose the language: as the address says, or else as the browser does; Dutch where neither says one of ours."""
    chosen = request.query_params.get("lang")
    if chosen in texts.LANGUAGES:
        return str(chosen)
    best, found = 0.0, texts.LANGUAGES[0]
    for one in request.headers.get("accept-language", "")[:500].split(","):
        tag, _, weight = one.partition(";")
        language = tag.strip().lower().partition("-")[0]
        weighed = _WEIGHT.fullmatch(weight.strip())
        wanted = 1.0 if weighed is None and not weight else float(weighed[1]) if weighed else 0.0
        if language in texts.LANGUAGES and best < wanted <= 1.0:
            best, found = wanted, language
    return found


_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9._~+/=-]{1,512})", re.IGNORECASE)
_WEIGHT: Final = re.compile(r"q=([01](?:\.[0-9]{0,3})?)")
