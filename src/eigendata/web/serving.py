"""An application as a service: what stands around it, and how a process answers for it until it is told to stop.

    shell(application)    security headers > figures and log > limits > the application
    answer(application)   in this process, at a socket that is open: until SIGTERM or SIGINT, then what is in hand

It keeps to itself the server (uvicorn) and how that is made to wait for nobody: the head of a request comes within
`HEAD_TIMEOUT`, whatever came of it, or the connection ends. No TLS here: a proxy does that, and says so by the public
address. Several processes at one socket: `eigendata.web.workers`.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from eigendata.errors import Misuse
from eigendata.web.limits import Guard
from eigendata.web.operations import Log, Metrics, Observed, failed, problem
from eigendata.web.settings import Settings

HEAD_TIMEOUT: Final = 10.0  # seconds for the first line and the headers of a request
SEND_TIMEOUT: Final = 30.0  # seconds for an answer to leave, where the other side does not take it
MAX_HEAD: Final = 16_384  # bytes of them
KEEP_ALIVE: Final = 15  # seconds that a connection without a request is kept
MAX_CONNECTIONS: Final = 2_000  # of one process; whoever comes then is told 503
BACKLOG: Final = 2_048

QUIET: Final = ("/healthz", "/readyz", "/metrics", "/pages/{page}/state")
"""What machines ask every few seconds: counted, and not logged."""

HEADERS: Final = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)
"""What every answer carries, unless it carries one of its own: a page may need its own style and script."""
STRICT_TRANSPORT: Final = ("Strict-Transport-Security", "max-age=31536000")


# -- around the application -------------------------------------------------------------------------------------------


class _Headers:
    """Puts the security headers onto every answer, refusals and errors too."""

    def __init__(self, app: ASGIApp, headers: Sequence[tuple[str, str]]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers:
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, sent)


class _Past:
    """Leads what is posted to some paths past the framework: finding a route through it costs more than a signature."""

    def __init__(self, app: ASGIApp, posted: Mapping[str, ASGIApp]) -> None:
        self._app = app
        self._posted = posted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._posted.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if found is not None:
            scope["endpoint"] = found  # by which the log and the figures know that the path leads somewhere
        await (found or self._app)(scope, receive, send)


def shell(
    app: FastAPI,
    settings: Settings,
    *,
    log: Log,
    metrics: Metrics,
    patterns: Iterable[str] = (),
    posted: Mapping[str, ASGIApp] = MappingProxyType({}),
) -> ASGIApp:
    """Stand around an application what every service has.

    Args:
        patterns: of the paths that are not FastAPI's, for the log and the figures.
        posted: path -> what answers a POST to it, past the framework; it raises nothing.
    """
    app.add_exception_handler(Exception, failed)
    app.add_exception_handler(HTTPException, _refused)
    guarded = Guard(
        _Past(app, posted),
        rates=settings.rates,
        base_path=settings.base_path,
        workers=settings.workers,
        refused=lambda kind: metrics.refused.labels(kind).inc(),
    )
    observed = Observed(guarded, log=log, metrics=metrics, base_path=settings.base_path, patterns=patterns, quiet=QUIET)
    return _Headers(observed, (*HEADERS, STRICT_TRANSPORT) if settings.is_https else HEADERS)


async def _refused(request: Request, error: Exception) -> Response:
    """Answer where nothing is, or not by this method."""
    assert isinstance(error, HTTPException)
    return problem(error.status_code, None, **dict(error.headers or {}))


# -- answering --------------------------------------------------------------------------------------------------------


class _Timed(H11Protocol):
    """Ends a connection on which no whole head of a request comes in time, or whose answer is not taken. Uvicorn itself
    waits for ever, also to close one whose answer has not left."""

    _timer: asyncio.TimerHandle | None = None
    _taken: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)  # whatever does not leave at once pauses the writing
        self._wait()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._taken = self.loop.call_later(SEND_TIMEOUT, self.transport.abort)

    def resume_writing(self) -> None:
        self._take()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        self._wait()  # it is not begun anew by each byte
        super().data_received(data)
        if self._in_hand():
            self._rest()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._in_hand() and self.conn.trailing_data[0]:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        self._take()
        super().connection_lost(exc)

    def _in_hand(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        if self._timer is None and not self._in_hand():
            self._timer = self.loop.call_later(HEAD_TIMEOUT, self._end)

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _take(self) -> None:
        if self._taken is not None:
            self._taken.cancel()
            self._taken = None

    def _end(self) -> None:
        self._timer = None
        if not self._in_hand() and not self.transport.is_closing():
            self.transport.close()


class _Server(uvicorn.Server):
    """Says when it is ready, and takes a signal to stop as what it is: no failure."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], object]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def answer(
    app: ASGIApp,
    listener: socket.socket,
    settings: Settings,
    *,
    ready: Callable[[], object],
    stopping: Callable[[Callable[[], None]], object] = lambda stop: None,
) -> None:
    """Answer at a socket until the process is told to stop; then finish what is in hand.

    Args:
        ready: called once questions are answered.
        stopping: gets what stops the server, once that runs: for who has another reason to.
    """

    def started() -> None:
        stopping(lambda: server.handle_exit(signal.SIGTERM, None))
        ready()

    server = _Server(_config(app, settings), started)
    server.run(sockets=[listener])


def _config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Timed,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        h11_max_incomplete_event_size=MAX_HEAD,
        limit_concurrency=MAX_CONNECTIONS,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=settings.grace,
    )


@contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """Open the socket of a service.

    Raises:
        Misuse: the port cannot be had.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise Misuse(f"port {settings.port} of {settings.host} cannot be had: {error.strerror or error}") from error
    with listener:
        # Head and body of an answer leave at once: else each answer waits 40 ms for the client's acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listener
