"""What a request may cost before anybody looks at it: how often, how large, how slow.

    request --> kind and who --> often enough? --> body read, within its size and time --> the application
                                    no: 429          too large: 413, too slow: 408

How often is counted for an address, an API key or a transaction, in the memory of the process that answers: what a
restart forgets is a minute's worth. Addresses and keys are kept as they are for that minute, and written nowhere.

It keeps to itself how the counting is done. What it does not protect against: someone with very many addresses.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from eigendata.errors import Malformed
from eigendata.openid import vp
from eigendata.web.operations import problem
from eigendata.web.replies import API_VERSION, bearer_of
from eigendata.web.settings import Rates

MAX_BODY: Final = 65_536  # bytes of what is posted anywhere but where answers go: conditions, a webhook, a button
MAX_ANSWER: Final = vp.MAX_ANSWER
MAX_KNOWN: Final = 50_000  # addresses, keys and transactions of a kind that are kept: some 10 MB in all
BODY_TIMEOUT: Final = 20.0  # seconds for a whole body: an answer of 12 kB comes through the worst of networks
WINDOW: Final = 60.0  # seconds
_BEGIN: Final = ("/api/checks", "/api/v1/checks")
_OPEN: Final = ("/api/openapi.json", "/api/v1/openapi.json")  # of the API, what is answered without a key
_MAX_ERROR: Final = 8192  # bytes; an answer that says no has three short members


class Buckets:
    """How often each of many may do one thing: `rate` times in a minute, at once or spread over it.

    For each of them one moment is kept: when the last of what was done would be due, were it spread evenly.
    """

    __slots__ = ("_due", "_step")

    def __init__(self, rate: float) -> None:
        self._step = WINDOW / rate if rate else 0.0
        self._due: OrderedDict[str, float] = OrderedDict()

    def wait(self, who: str, now: float, *, spend: bool = True) -> float:
        """Give how long they have to wait, in seconds; 0.0 where they may, which then counts.

        Args:
            spend: whether it counts, or is only asked.
        """
        if not self._step:
            return 0.0
        due = max(self._due.get(who, now), now)
        over = due + self._step - now - WINDOW
        if over > 1e-6:
            return over
        if spend:
            self._due[who] = due + self._step
            self._due.move_to_end(who)
            if len(self._due) > MAX_KNOWN:
                self._due.popitem(last=False)
        return 0.0


@dataclass(frozen=True, slots=True)
class _Counted:
    """A request that was looked at: as what it counts, and for whom."""

    kind: str
    who: str
    key: str | None = None  # an API key's digest


class Guard:
    """Stands before an application and lets through what costs no more than it may."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        rates: Rates,
        base_path: str = "",
        workers: int = 1,
        refused: Callable[[str], object] = lambda kind: None,
        clock: Callable[[], float] = time.monotonic,
        body_timeout: float = BODY_TIMEOUT,
    ) -> None:
        """Guard an application.

        Args:
            base_path: the path below which it lies.
            workers: processes that share the rates.
            refused: hears what was refused: a kind of rate, or `size`, `time`.
        """
        self._app = app
        self._base = base_path
        self._buckets = {name: Buckets(getattr(rates, name) / workers) for name in Rates.__dataclass_fields__}
        self._good: OrderedDict[str, None] = OrderedDict()
        self._refused = refused
        self._clock = clock
        self._body_timeout = body_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        counted = self._counted(scope, headers)
        waits = self._wait(counted, _address(scope))
        if waits:
            await self._refuse(429, counted.kind, scope, receive, send, wait=waits)
            return
        limit = MAX_ANSWER if counted.kind == "answers" else MAX_BODY
        try:
            async with asyncio.timeout(self._body_timeout):
                body, left = await _read(headers, receive, limit)
        except TimeoutError:
            await self._refuse(408, "time", scope, receive, send)
            return
        if body is None:
            await self._refuse(413, "size", scope, receive, send)
            return
        if counted.kind == "answers" and (waits := self._wait_for_errors(body)):
            await self._refuse(429, "errors", scope, receive, send, wait=waits)
            return
        await self._app(scope, _replayed(body, left, receive), self._watched(send, counted, _address(scope)))

    # -- how often ----------------------------------------------------------------------------------------------------

    def _counted(self, scope: Scope, headers: Headers) -> _Counted:
        path = scope["path"].removeprefix(self._base)
        posted = scope["method"] == "POST"
        if path.startswith("/api/") and path not in _OPEN:
            # the key itself, and not how the header spells it: else each spelling would have a rate of its own
            key = sha256((bearer_of(headers) or "").encode()).hexdigest()
            return _Counted("begin" if posted and path in _BEGIN else "api", key, key)
        address = _address(scope)
        if path.startswith("/requests/"):
            return _Counted("fetch", address)
        if path == "/answers":
            return _Counted("answers", address)
        return _Counted("begin" if posted else "pages", address)

    def _wait(self, counted: _Counted, address: str) -> float:
        now = self._clock()
        if counted.key is not None and counted.key not in self._good:
            return self._buckets["keys"].wait(address, now, spend=False)  # spent where the key proves to be none
        return self._buckets[counted.kind].wait(counted.who, now)

    def _wait_for_errors(self, body: bytes) -> float:
        """Count an answer that says no, for the transaction that it names: nobody says no twice.

        One that holds a presentation besides is no such answer, and ends its transaction whatever it says.
        """
        if len(body) > _MAX_ERROR or b"vp_token=" in body or b"response=" in body:
            return 0.0
        try:
            form = vp.read_form(body)
        except Malformed:
            return 0.0
        if "error" not in form or "state" not in form:
            return 0.0
        who = sha256(form["state"].encode("utf-8", "surrogatepass")).hexdigest()
        return self._buckets["errors"].wait(who, self._clock())

    def _watched(self, send: Send, counted: _Counted, address: str) -> Send:
        """Learn from the answer whether the key was one."""
        if counted.key is None:
            return send
        key = counted.key

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                if message["status"] == 401:
                    self._good.pop(key, None)
                    self._buckets["keys"].wait(address, self._clock())
                elif message["status"] < 500 and key not in self._good:
                    self._good[key] = None
                    if len(self._good) > MAX_KNOWN:
                        self._good.popitem(last=False)
            await send(message)

        return sent

    async def _refuse(
        self, status: int, kind: str, scope: Scope, receive: Receive, send: Send, *, wait: float = 0.0
    ) -> None:
        self._refused(kind)
        headers = {"retry-after": str(ceil(wait))} if wait else {"connection": "close"}
        if str(scope["path"]).removeprefix(self._base).startswith("/api/"):
            headers["api-version"] = API_VERSION
        await problem(status, _SAYS[kind], **headers)(scope, receive, send)


_OFTEN: Final = "this was asked more often than it may be; ask again when the seconds of Retry-After have passed"
_SAYS: Final = {
    **dict.fromkeys(Rates.__dataclass_fields__, _OFTEN),
    "size": "what was sent is larger than anything that is read here",
    "time": "what was to be sent did not arrive in time",
}


def _address(scope: Scope) -> str:
    """Give who is at the other side: an IPv4 address, or the /64 of an IPv6 one, for those are given out whole."""
    client = scope.get("client")
    host = str(client[0]) if client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return address.packed[:8].hex()


# -- how large, how slow ----------------------------------------------------------------------------------------------


async def _read(headers: Headers, receive: Receive, limit: int) -> tuple[bytes | None, bool]:
    """Read a body whole, and whether it was: nobody waits for the rest of one that is not. None: it is too large."""
    stated = headers.get("content-length", "0")
    if stated.isdecimal() and len(stated) < 20 and int(stated) > limit:
        return None, False
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":  # the other side went away
            return bytes(body), False
        body += message.get("body", b"")
        if len(body) > limit:
            return None, False
        if not message.get("more_body", False):
            return bytes(body), True


def _replayed(body: bytes, whole: bool, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": not whole}]

    async def again() -> Message:
        if messages:
            return messages.pop()
        return await receive() if whole else {"type": "http.disconnect"}

    return again
