"""What those who run a service see of it: whether it lives, whether it is ready, its figures and its log.

    GET /healthz   200 while the process answers at all
    GET /readyz    200 while it can do its work, 503 else, with the name of what lacks
    GET /metrics   figures for Prometheus, of all workers together

Neither figures nor log know people: of a request they hold the pattern of its path, never the path itself, for ids,
codes and states are in paths; no query, no header, no address, no claim. Of an error they hold its kind and the places
in the code that it passed, never its message: libraries put values into those. A line of the log is one JSON object in
ASCII; what strangers wrote cannot end it, begin another, or steer a terminal.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from fastapi import APIRouter, Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from eigendata.encoding import Json, json_dumps
from eigendata.errors import Unavailable
from eigendata.fetch import Network
from eigendata.texts import visible

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

MAX_TEXT: Final = 200  # characters of one text in a line of the log
MAX_FRAMES: Final = 20
METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
SECONDS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Upper bounds of the histogram of how long answers take: to verify one takes a few milliseconds."""
_MULTIPROCESS: Final = "PROMETHEUS_MULTIPROC_DIR"

Clock = Callable[[], datetime]


class Level(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


# -- the log ----------------------------------------------------------------------------------------------------------


class Log:
    """Writes one line for each event. Safe for threads, and for processes that share the stream."""

    def __init__(self, stream: TextIO | None = None, *, clock: Clock = lambda: datetime.now(UTC)) -> None:
        """Write to a stream; to standard error where None."""
        self._stream = stream
        self._clock = clock

    def __call__(self, event: str, /, *, level: Level = Level.INFO, **facts: Json) -> None:
        """Write that something happened.

        Args:
            event: a name of ours.
            facts: names of ours, and values that tell of no person.
        """
        said = {
            "at": self._clock().isoformat(timespec="milliseconds"),
            "level": level.value,
            "event": event,
            "process": os.getpid(),
            **{name: _plain(value) for name, value in facts.items()},
        }
        line = json.dumps(said, ensure_ascii=True, separators=(",", ":")) + "\n"
        stream = self._stream or sys.stderr
        try:
            stream.write(line)  # in one piece: what others write comes before it or after
            stream.flush()
        except (OSError, ValueError):  # nobody reads on: no reason to stop answering
            return

    def error(self, event: str, error: BaseException, /, **facts: Json) -> None:
        """Write that something went wrong: the kind of error, and where."""
        self(event, level=Level.ERROR, error=type(error).__name__, places=_places(error), **facts)


def _plain(value: Json) -> Json:
    match value:
        case str():
            return visible(value[:MAX_TEXT])
        case Mapping():
            return {visible(str(name)[:MAX_TEXT]): _plain(one) for name, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value[:MAX_FRAMES]]
        case _:
            return value


def _places(error: BaseException) -> list[Json]:
    """Give the last places that an error passed: file, line and function, never what was in a variable."""
    frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
    return [f"{_module(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _module(filename: str) -> str:
    return "/".join(Path(filename).parts[-2:])


class LibraryLog(logging.Handler):
    """Writes what libraries log as lines of ours: who said it and where in their code, for their words hold values."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        level = Level.ERROR if record.levelno >= logging.ERROR else Level.WARNING
        facts: dict[str, Json] = {"logger": record.name, "place": f"{_module(record.pathname)}:{record.lineno}"}
        if record.exc_info is not None and record.exc_info[1] is not None:
            facts |= {"error": type(record.exc_info[1]).__name__, "places": _places(record.exc_info[1])}
        self._log("library", level=level, **facts)

    def attach(self) -> None:
        """Take the place of every handler of the process."""
        root = logging.getLogger()
        root.handlers[:] = [self]
        root.setLevel(logging.WARNING)
        for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
            logger = logging.getLogger(name)
            logger.handlers.clear()
            logger.propagate = True
            logger.setLevel(logging.WARNING)


# -- figures ----------------------------------------------------------------------------------------------------------


class Metrics:
    """The figures of this process; with a folder, of all processes that have the same one."""

    def __init__(self, folder: Path | None = None) -> None:
        """Begin to count.

        Args:
            folder: where each process keeps its figures, so that any of them can give the sum. The library chooses
                between the two ways when it is loaded, so that this must come before anything else loads it.
        """
        if folder is not None:
            os.environ[_MULTIPROCESS] = str(folder)
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._folder = folder
        registry = self._registry = CollectorRegistry()
        self.requests = Counter(
            "eigendata_requests", "Requests answered.", ("method", "route", "status"), registry=registry
        )
        self.seconds = Histogram(
            "eigendata_request_seconds", "Seconds to answer.", ("route",), buckets=SECONDS, registry=registry
        )
        self.in_hand = Gauge(
            "eigendata_requests_in_hand", "Requests being answered.", multiprocess_mode="livesum", registry=registry
        )
        self.refused = Counter(
            "eigendata_requests_refused", "Requests refused before they were looked at.", ("limit",), registry=registry
        )
        self.advised = Counter(
            "eigendata_advices", "Answers that were believed, by what was advised.", ("advice",), registry=registry
        )
        self.webhooks = Counter(
            "eigendata_webhook_attempts", "Attempts to deliver an event, by their outcome.", ("outcome",),
            registry=registry,
        )  # fmt: skip
        self.purged = Counter("eigendata_purges", "Times that what had ended was removed.", registry=registry)
        self.certificate = Gauge(
            "eigendata_certificate_ends_seconds", "When a desk's certificate ends, as a Unix time.", ("desk",),
            multiprocess_mode="mostrecent", registry=registry,
        )  # fmt: skip

    def page(self) -> bytes:
        """Write the figures in the text format of Prometheus."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        registry: CollectorRegistry = self._registry
        if self._folder is not None:
            registry = CollectorRegistry()
            MultiProcessCollector(registry, str(self._folder))  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def forget(self, process: int) -> None:
        """Forget what a process that ended had in hand; what it counted stays."""
        if self._folder is not None:
            from prometheus_client.multiprocess import mark_process_dead

            mark_process_dead(process, str(self._folder))  # type: ignore[no-untyped-call]


MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Observed:
    """An application of which every request is counted, and written as one line of the log."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        log: Log,
        metrics: Metrics,
        base_path: str = "",
        patterns: Iterable[str] = (),
        quiet: Sequence[str] = (),
    ) -> None:
        """Observe an application.

        Args:
            base_path: the path below which it lies; patterns are told without it.
            patterns: of the paths of routes that do not name theirs themselves.
            quiet: patterns of paths that get no line: what machines ask every few seconds.
        """
        self._app = app
        self._log = log
        self._metrics = metrics
        self._base = base_path
        self._patterns = frozenset(patterns)
        self._quiet = frozenset(quiet)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500  # where nothing is answered at all

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        begun = time.perf_counter()
        self._metrics.in_hand.inc()
        try:
            await self._app(scope, receive, sent)
        finally:  # an error that nobody expected goes on to the server, which logs it
            self._metrics.in_hand.dec()
            took = time.perf_counter() - begun
            where = self._route(scope)
            method = scope["method"] if scope["method"] in METHODS else "other"
            self._metrics.requests.labels(method, where, str(status)).inc()
            self._metrics.seconds.labels(where).observe(took)
            if where not in self._quiet:
                self._log("request", method=method, route=where, status=status, ms=round(took * 1000, 1))

    def _route(self, scope: Scope) -> str:
        """Give the pattern of the path that was asked, such as `/pages/{page}`; `-` for one that leads nowhere."""
        found = getattr(scope.get("route"), "path", None)
        if isinstance(found, str):
            return found.removeprefix(self._base)
        path = str(scope["path"]).removeprefix(self._base)
        for name, value in scope.get("path_params", {}).items():
            path = path.replace(str(value), f"{{{name}}}", 1)
        return path if "endpoint" in scope and path in self._patterns else "-"


async def failed(request: Request, error: Exception) -> Response:
    """Answer where nobody expected an error; a handler for the application. Nothing of the error is told."""
    return problem(500)


def problem(status: int, detail: str | None = None, **headers: str) -> Response:
    """Write an answer of an error as RFC 9457 has it."""
    said: dict[str, Json] = {"type": "about:blank", "status": status, "title": HTTPStatus(status).phrase}
    if detail is not None:
        said["detail"] = detail
    return Response(json_dumps(said), status, media_type="application/problem+json", headers=headers)


# -- the three addresses ----------------------------------------------------------------------------------------------

Probe = Callable[[], object]
"""Returns where something is as it should be, and raises `Unavailable` where it is not."""


def operations_router(
    metrics: Metrics, *, probes: Mapping[str, Probe], metrics_networks: Sequence[Network]
) -> APIRouter:
    """Make the router of what those who run a service ask it.

    Args:
        probes: what must be well for the service to do its work, by the name that `/readyz` gives it.
        metrics_networks: who may read the figures.
    """
    router = APIRouter()

    async def alive() -> Response:
        return _said("ok", 200)

    def ready() -> Response:
        lacking = []
        for name, probe in probes.items():
            try:
                probe()
            except Unavailable:
                lacking.append(name)
        return _said("ok", 200) if not lacking else _said("unavailable", 503, lacking)

    def figures(request: Request) -> Response:
        if not _may_read(request, metrics_networks):
            return problem(403, "the figures are not for this address")
        return Response(metrics.page(), media_type=MEDIA_TYPE)

    router.add_api_route("/healthz", alive, methods=["GET"], tags=["operations"], responses=_ALIVE)
    router.add_api_route("/readyz", ready, methods=["GET"], tags=["operations"], responses=_READY)
    router.add_api_route("/metrics", figures, methods=["GET"], tags=["operations"], responses=_FIGURES)
    return router


def _said(status: str, code: int, lacking: Sequence[str] = ()) -> Response:
    said: dict[str, Json] = {"status": status, **({"lacking": list(lacking)} if lacking else {})}
    return Response(json_dumps(said), code, media_type="application/json", headers={"Cache-Control": "no-store"})


def _may_read(request: Request, networks: Sequence[Network]) -> bool:
    """Tell whether who asks is in a network, by the connection itself: nobody's word for it counts."""
    if any(name in request.headers for name in ("forwarded", "x-forwarded-for")) or request.client is None:
        return False
    try:
        address = ip_address(request.client.host)
    except ValueError:
        return False
    return any(address in network for network in networks if network.version == address.version)


_STATUS: Final[dict[str, Json]] = {
    "type": "object",
    "properties": {
        "status": {"enum": ["ok", "unavailable"]},
        "lacking": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["status"],
    "additionalProperties": False,
}


def _answers(description: str) -> dict[str, Json]:
    return {"description": description, "content": {"application/json": {"schema": _STATUS}}}


_ALIVE: Final[dict[int | str, dict[str, object]]] = {200: {**_answers("The process answers.")}}
_READY: Final[dict[int | str, dict[str, object]]] = {
    200: {**_answers("It can do its work.")},
    503: {**_answers("Something that it needs lacks; `lacking` names it.")},
}
_FIGURES: Final[dict[int | str, dict[str, object]]] = {
    200: {"description": "Figures in the text format of Prometheus.", "content": {"text/plain": {}}},
    403: {"description": "From this address the figures may not be read.", "content": {"application/problem+json": {}}},
}
