"""What those who run a service see: lines that nobody can forge, figures of all workers, and nothing of people."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from hypothesis import given as for_all
from hypothesis import strategies as st
from starlette.routing import Route

from eigendata.errors import Unavailable
from eigendata.web.operations import LibraryLog, Log, Metrics, Observed, failed, operations_router
from tests.negatives import negative
from tests.web.asgi import Visitor

SECRET = "Aisha-999990019-geheim"
LOOPBACK = (ip_network("127.0.0.0/8"),)


class Service:
    """A small application below `/base`, with its log and figures."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.log = Log(self.stream)
        self.metrics = Metrics()
        self.well = True
        inner = APIRouter()
        inner.add_api_route("/pages/{page}", lambda page: Response("ok"), methods=["GET"])
        inner.add_api_route("/broken/{page}", self.broken, methods=["GET"])
        inner.routes.append(Route("/plain/{page}/{path:path}", self.plain, methods=["GET"]))
        inner.routes.append(Route("/untold/{page}", self.plain, methods=["GET"]))
        app = FastAPI(openapi_url=None)
        app.add_exception_handler(Exception, failed)
        app.include_router(inner, prefix="/base")
        probes = {"database": self.probe}
        app.include_router(operations_router(self.metrics, probes=probes, metrics_networks=LOOPBACK), prefix="/base")
        observed = Observed(
            app,
            log=self.log,
            metrics=self.metrics,
            base_path="/base",
            patterns=["/plain/{page}/{path}"],
            quiet=("/healthz",),
        )
        self.client = Visitor(observed)

    async def plain(self, request: Request) -> Response:
        return Response("ok")

    def broken(self, page: str) -> Response:
        raise ValueError(f"could not show {page}")

    def probe(self) -> None:
        if not self.well:
            raise Unavailable("the database postgres://user:pw@db does not answer")

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def service() -> Service:
    return Service()


# -- the log ----------------------------------------------------------------------------------------------------------


def test_a_request_is_one_line_with_the_pattern_of_its_path(service: Service) -> None:
    service.client.get(f"/base/pages/{SECRET}?code={SECRET}", headers={"cookie": SECRET, "user-agent": SECRET})
    (line,) = service.lines()
    assert (line["event"], line["method"], line["route"], line["status"]) == ("request", "GET", "/pages/{page}", 200)
    assert SECRET not in service.stream.getvalue()
    assert "127.0.0.1" not in service.stream.getvalue()


def test_a_route_that_does_not_name_its_pattern_is_told_by_a_known_one_or_not_at_all(service: Service) -> None:
    service.client.get(f"/base/plain/{SECRET}/a/{SECRET}/b")
    service.client.get(f"/base/untold/{SECRET}")
    assert [line["route"] for line in service.lines()] == ["/plain/{page}/{path}", "-"]
    assert SECRET not in service.stream.getvalue()


def test_a_path_or_a_method_of_strangers_is_in_no_line_and_no_figure(service: Service) -> None:
    service.client.get(f"/nowhere/{SECRET}")
    service.client.request(SECRET, "/base/pages/a")
    assert [(line["method"], line["route"], line["status"]) for line in service.lines()] == [
        ("GET", "-", 404),
        ("other", "/pages/{page}", 405),
    ]
    assert SECRET.encode() not in service.metrics.page()


def test_an_error_nobody_expected_is_told_without_its_words(service: Service) -> None:
    answer = service.client.get(f"/base/broken/{SECRET}")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert SECRET not in answer.text
    (request,) = service.lines()
    assert (request["route"], request["status"]) == ("/broken/{page}", 500)
    assert SECRET not in service.stream.getvalue()


def test_an_error_is_told_by_its_kind_and_the_places_it_passed() -> None:
    stream = io.StringIO()
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        Log(stream).error("failed", error, desk="wonen")
    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"], line["error"], line["desk"]) == ("failed", "error", "ValueError", "wonen")
    assert [place.split(" ")[1] for place in line["places"]] == [
        "test_an_error_is_told_by_its_kind_and_the_places_it_passed"
    ]
    assert SECRET not in stream.getvalue()


@negative("NEG-LOG-002")
@for_all(text=st.text(max_size=300))
def test_whatever_strangers_wrote_stays_within_one_line_of_ascii(text: str) -> None:
    stream = io.StringIO()
    Log(stream)("refused", claim=text, inside={text: [text, 1, None]})
    written = stream.getvalue()
    assert written.endswith("\n")
    assert written.count("\n") == 1
    assert written.isascii()
    assert written[:-1].isprintable()
    assert json.loads(written)["event"] == "refused"


@negative("NEG-LOG-002")
@pytest.mark.parametrize(
    "text",
    [
        "a\nb",
        "a\r\nb",
        "\x1b[2J",
        "\x9b2J",
        '"}\n{"event":"accepted"}',
        "\u202eabc",
        "\u2028",
        "\x7f",
        "\x00",
        "\ud800",
    ],
    ids=["newline", "crlf", "ansi", "c1", "json", "bidi", "separator", "delete", "nul", "surrogate"],
)
def test_a_line_cannot_be_forged(text: str) -> None:
    stream = io.StringIO()
    Log(stream)("refused", claim=text)
    written = stream.getvalue()
    assert written.count("\n") == 1
    assert written[:-1].isprintable()
    assert json.loads(written)["event"] == "refused"


def test_a_log_that_nobody_reads_stops_nobody() -> None:
    closed = io.StringIO()
    closed.close()
    Log(closed)("request")


def test_what_libraries_log_is_told_by_its_place_alone() -> None:
    stream = io.StringIO()
    handler = LibraryLog(Log(stream))
    logger = logging.Logger("library")
    logger.addHandler(handler)
    try:
        raise ValueError(SECRET)
    except ValueError:
        logger.exception("no room for %s", SECRET)
    logger.info("not told at all")
    (line,) = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (line["event"], line["logger"], line["error"], line["level"]) == (
        "library",
        "library",
        "ValueError",
        "error",
    )
    assert line["place"].startswith("web/test_operations.py:")
    assert SECRET not in stream.getvalue()


# -- health -----------------------------------------------------------------------------------------------------------


def test_a_service_without_its_database_lives_and_is_not_ready(service: Service) -> None:
    assert service.client.get("/base/readyz").json() == {"status": "ok"}
    service.well = False
    lacking = service.client.get("/base/readyz")
    assert lacking.status_code == 503
    assert lacking.json() == {"status": "unavailable", "lacking": ["database"]}
    assert service.client.get("/base/healthz").status_code == 200
    assert [line["route"] for line in service.lines()] == ["/readyz"] * 2


# -- figures ----------------------------------------------------------------------------------------------------------


def test_the_figures_count_requests_by_pattern_and_status(service: Service) -> None:
    for page in range(3):
        service.client.get(f"/base/pages/{page}")
    page_ = service.client.get("/base/metrics")
    assert page_.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'eigendata_requests_total{method="GET",route="/pages/{page}",status="200"} 3.0' in page_.text, page_.text
    assert "eigendata_requests_in_hand 1.0" in page_.text


def test_the_figures_are_for_those_who_run_the_service(service: Service) -> None:
    assert service.client.get("/base/metrics").status_code == 200
    for header in ("Forwarded", "X-Forwarded-For"):
        assert service.client.get("/base/metrics", headers={header: "127.0.0.1"}).status_code == 403
    for address in ("10.0.0.1", "::1", "not an address"):
        elsewhere = Visitor(service.client.app, address=address)
        assert elsewhere.get("/base/metrics").status_code == 403


def test_the_figures_of_all_workers_are_one_sum_also_after_one_died(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from eigendata.web.operations import Metrics\n"
        "metrics = Metrics(Path(sys.argv[1]))\n"
        "children = []\n"
        "for number in (1, 2, 3):\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        metrics.advised.labels('voldoet').inc(number); metrics.in_hand.inc(); os._exit(0)\n"
        "    children.append(child)\n"
        "for child in children: os.waitpid(child, 0)\n"
        "before = metrics.page().decode()\n"
        "assert 'eigendata_advices_total{advice=\"voldoet\"} 6.0' in before, before\n"
        "assert 'eigendata_requests_in_hand 3.0' in before, before\n"
        "metrics.forget(children[0])\n"
        "after = metrics.page().decode()\n"
        "assert 'eigendata_advices_total{advice=\"voldoet\"} 6.0' in after, after\n"
        "assert 'eigendata_requests_in_hand 2.0' in after, after\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program, str(tmp_path)], check=True, timeout=60)
