"""A register of persons to practise with: BRP Personen and BRP historie over real HTTP, over invented people.

    POST /personen                  RaadpleegMetBurgerservicenummer, ZoekMetGeslachtsnaamEnGeboortedatum
    POST /verblijfplaatshistorie    RaadpleegMetPeriode, RaadpleegMetPeildatum

It answers as the official interface does (BRP API Personen 2.7.0, Verblijfplaatshistorie 2.0.0), faults included, so
that a client that works here asks no more than it may. It is no register: it keeps no log, knows no authorisation by
field, and other types of question get the official 400. Served under the official paths too
(`/haalcentraal/api/brp/personen`, `/haalcentraal/api/brphistorie/verblijfplaatshistorie`).
"""

from __future__ import annotations

import hmac
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Final

import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from eigendata.encoding import Json, json_dumps, json_object
from eigendata.errors import Malformed, Misuse, Unavailable
from eigendata.model import legal_day
from eigendata.registers.brp import aanschrijfwijze
from eigendata.registers.fields import View, select
from eigendata.registers.population import Person, Population
from eigendata.web.register_query import Lookup, Period, Refused, Search, parse_history_query, parse_person_query

MAX_QUESTION: Final = 65_536  # bytes; 130 fields of 200 characters are 26 kB
START_TIMEOUT: Final = 10.0  # seconds
LOOPBACK: Final = "127.0.0.1"
_NEVER_GIVEN: Final = ("F", "W")  # a record that was made in error, or wiped

_RFC: Final = "https://datatracker.ietf.org/doc/html/"
_JSON: Final = "application/json; charset=utf-8"
_ONLY_JSON: Final = f"Ondersteunde content type: {_JSON}."

Clock = Callable[[], datetime]
Answer = dict[str, Json]


def make_simulator(
    population: Population, *, api_key: str | None = None, clock: Clock = lambda: datetime.now(UTC)
) -> FastAPI:
    """Make the application that answers for these people.

    Args:
        api_key: what `X-API-KEY` must say; where None, it is not looked at.
        clock: the moment on whose Dutch day `leeftijd` counts.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)

    async def persons(request: Request) -> Response:
        return await _answer(request, api_key, lambda body: _persons(population, body, clock))

    async def history(request: Request) -> Response:
        return await _answer(request, api_key, lambda body: _history(population, body))

    async def refuse(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return _refusal(request, _METHOD if error.status_code == 405 else _NOWHERE)

    for prefix in ("", "/haalcentraal/api/brp"):
        app.add_api_route(f"{prefix}/personen", persons, methods=["POST"])
    for prefix in ("", "/haalcentraal/api/brphistorie"):
        app.add_api_route(f"{prefix}/verblijfplaatshistorie", history, methods=["POST"])
    app.add_exception_handler(HTTPException, refuse)
    return app


# -- HTTP -------------------------------------------------------------------------------------------------------------

Problem = tuple[int, str, str, str, str | None]  # status, type, title, code, detail

_UNAUTHENTICATED: Final[Problem] = (
    401, "rfc7235#section-3.1", "Niet correct geauthenticeerd.", "authentication", None,
)  # fmt: skip
_NOWHERE: Final[Problem] = (404, "rfc7231#section-6.5.4", "Opgevraagde resource bestaat niet.", "notFound", None)
_METHOD: Final[Problem] = (
    405, "rfc7231#section-6.5.5", "Gebruikte bevragingsmethode is niet toegestaan.", "methodNotAllowed", None,
)  # fmt: skip
_NOT_ACCEPTABLE: Final[Problem] = (
    406, "rfc7231#section-6.5.6", "Gevraagde content type wordt niet ondersteund.", "notAcceptable", _ONLY_JSON,
)  # fmt: skip
_UNSUPPORTED: Final[Problem] = (
    415, "rfc7231#section-6.5.13", "Media Type wordt niet ondersteund.", "unsupportedMediaType", _ONLY_JSON,
)  # fmt: skip
_NO_JSON: Final[Problem] = (
    400, "rfc7231#section-6.5.1", "De vraag is geen geldige JSON.", "paramsValidation", None,
)  # fmt: skip


async def _answer(
    request: Request, api_key: str | None, ask: Callable[[Mapping[str, Json]], Answer | Refused]
) -> Response:
    """Guard one question, ask it, and write the answer."""
    if api_key is not None and not hmac.compare_digest(request.headers.get("x-api-key", "").encode(), api_key.encode()):
        return _refusal(request, _UNAUTHENTICATED, headers={"WWW-Authenticate": "ApiKey"})
    if not _speaks_json(request.headers.get("accept", ""), wildcard=True):
        return _refusal(request, _NOT_ACCEPTABLE)
    if not _speaks_json(request.headers.get("content-type", ""), wildcard=False):
        return _refusal(request, _UNSUPPORTED)
    try:
        body = json_object(await _body(request), limit=MAX_QUESTION)
    except Malformed:
        return _refusal(request, _NO_JSON)
    match ask(body):
        case Refused(faults=faults):
            return _refusal(request, _faulty(faults), params=[asdict(fault) for fault in faults])
        case answer:
            return Response(json_dumps(answer), media_type=_JSON)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_QUESTION:
            raise Malformed(f"the question is larger than {MAX_QUESTION} bytes")
    return bytes(body)


def _speaks_json(header: str, *, wildcard: bool) -> bool:
    """Judge `Accept` or `Content-Type`: JSON in UTF-8 or nothing said; `*/*` where a wildcard makes sense."""
    accepted = ("application/json", "application/problem+json", *(("*/*", "application/*") if wildcard else ()))
    for one in header.lower().split(",") if header.strip() else ["application/json"]:
        media_type, *parameters = (part.strip() for part in one.split(";"))
        charsets = [text.removeprefix("charset=") for text in parameters if text.startswith("charset=")]
        if media_type in accepted and all(charset == "utf-8" for charset in charsets):
            return True
    return False


def _faulty(faults: Sequence[object]) -> Problem:
    names = ", ".join(dict.fromkeys(str(getattr(fault, "name", "")) for fault in faults))
    title = "Een of meerdere parameters zijn niet correct."
    return 400, "rfc7231#section-6.5.1", title, "paramsValidation", f"De foutieve parameter(s) zijn: {names}."


def _refusal(
    request: Request, problem: Problem, *, params: Sequence[Json] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """Write a Foutbericht (RFC 7807), as the official interface words it."""
    status, kind, title, code, detail = problem
    said: Answer = {"type": _RFC + kind, "title": title, "status": status}
    if detail is not None:
        said["detail"] = detail
    said |= {"instance": request.url.path, "code": code}
    if params:
        said["invalidParams"] = list(params)
    return Response(
        json_dumps(said), status_code=status, media_type="application/problem+json", headers=dict(headers or {})
    )


# -- persons ----------------------------------------------------------------------------------------------------------


def _persons(population: Population, body: Mapping[str, Json], clock: Clock) -> Answer | Refused:
    match parse_person_query(body):
        case Refused() as refused:
            return refused
        case Lookup() as lookup:
            found = [one for number in dict.fromkeys(lookup.numbers) for one in population.find(number)]
            kept = [one for one in found if _given(one) and _in_municipality(one, lookup.municipality)]
            fields, view = lookup.fields, View.PERSOON
        case Search() as search:
            kept = [one for one in population if _given(one) and _matches(one, search)]
            fields, view = search.fields, View.PERSOON_BEPERKT
    today = legal_day(clock())
    return {
        "type": body["type"],
        "personen": [select(_derived(one.persoon, today), fields, view) for one in kept],
    }


def _given(one: Person) -> bool:
    return _at(one.persoon, "opschortingBijhouding", "reden", "code") not in _NEVER_GIVEN


def _in_municipality(one: Person, code: str | None) -> bool:
    return code is None or _at(one.persoon, "gemeenteVanInschrijving", "code") == code


def _matches(one: Person, search: Search) -> bool:
    person = one.persoon
    return (
        _at(person, "geboorte", "datum", "datum") == search.birthdate.isoformat()
        and _like(_at(person, "naam", "geslachtsnaam"), search.family_name)
        and _like(_at(person, "naam", "voornamen"), search.given_names)
        and _like(_at(person, "naam", "voorvoegsel"), search.prefix)
        and _like(_at(person, "geslacht", "code"), search.sex)
        and _in_municipality(one, search.municipality)
        and (search.dead_too or "overlijden" not in person)
    )


def _like(value: Json, wanted: str | None) -> bool:
    """Compare without regard to case; a star at the end stands for anything."""
    if wanted is None:
        return True
    if not isinstance(value, str):
        return False
    if wanted.endswith("*"):
        return value.casefold().startswith(wanted[:-1].casefold())
    return value.casefold() == wanted.casefold()


def _at(value: Json, *names: str) -> Json:
    for name in names:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _derived(person: Mapping[str, Json], today: date) -> Mapping[str, Json]:
    """Add what the register keeps nowhere and derives for each answer: the age, and the name for an envelope."""
    aged = _with_age(person, today)
    if _at(aged, "adressering", "aanschrijfwijze") is not None or (written := aanschrijfwijze(aged)) is None:
        return aged
    known = aged.get("adressering")
    addressing = {**(known if isinstance(known, Mapping) else {}), "aanschrijfwijze": {"naam": written}}
    return {**aged, "adressering": addressing}


def _with_age(person: Mapping[str, Json], today: date) -> Mapping[str, Json]:
    """Add `leeftijd`, where the register can know it and the person lives (`leeftijd/overzicht.feature`)."""
    born = _at(person, "geboorte", "datum")
    if "overlijden" in person or not isinstance(born, Mapping):
        return {name: value for name, value in person.items() if name != "leeftijd"}
    match born:
        case {"type": "Datum", "datum": str(text)} if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            year, month, day = (int(part) for part in text.split("-"))
        case {"type": "JaarMaandDatum", "jaar": int(year), "maand": int(month)} if month != today.month:
            day = 1  # in the month of birth itself nobody can tell
        case _:
            return person
    return {**person, "leeftijd": today.year - year - ((today.month, today.day) < (month, day))}


# -- history ----------------------------------------------------------------------------------------------------------


def _history(population: Population, body: Mapping[str, Json]) -> Answer | Refused:
    match parse_history_query(body):
        case Refused() as refused:
            return refused
        case Period() as period:
            pass
    found = [one for one in population.find(period.number) if _given(one)]
    if not found:
        return {"verblijfplaatsen": []}
    one = found[0]
    answer: Answer = {"verblijfplaatsen": list(_within(one.history, period))}
    for name in ("geheimhoudingPersoonsgegevens", "opschortingBijhouding"):
        if one.persoon.get(name):
            answer[name] = one.persoon[name]
    return answer


def _within(history: Sequence[Mapping[str, Json]], period: Period) -> Iterator[Mapping[str, Json]]:
    """Give the residences of a period, newest first (`periode-filtering*.feature`).

    Where a first day is known in part, the first day that it may be counts.
    """
    for place, stay in enumerate(history):
        begins = _first_day(stay.get("datumVan"))
        before = _first_day(history[place + 1].get("datumVan")) if place + 1 < len(history) else None
        if before is not None and not _whole(stay.get("datumVan")):
            # On the day that they surely moved to the one before, they did not live here.
            begins = max(begins or date.min, before + timedelta(days=1))
        ends = _first_day(stay.get("datumTot"))
        if (begins is None or begins < period.until) and (ends is None or ends > period.since):
            yield stay


def _whole(value: Json) -> bool:
    return _at(value, "type") == "Datum"


def _first_day(value: Json) -> date | None:
    """Give the first day that a date, whole or in part, may stand for."""
    match value:
        case {"type": "Datum", "datum": str(text)} if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            year, month, day = (int(part) for part in text.split("-"))
        case {"type": "JaarMaandDatum", "jaar": int(year), "maand": int(month)}:
            day = 1
        case {"type": "JaarDatum", "jaar": int(year)}:
            month = day = 1
        case _:
            return None
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):  # official test data holds a 31 February; a file may hold any year at all
        return None


# -- serving ----------------------------------------------------------------------------------------------------------


class _Server(uvicorn.Server):
    """Says when it is ready, and leaves the process's signals alone in a thread, where it may not set them."""

    def __init__(self, app: FastAPI, ready: Callable[[], object]) -> None:
        # No access log: the address of a client and the time of a question are nobody's business here.
        super().__init__(uvicorn.Config(app, log_config=None, access_log=False, server_header=False, lifespan="off"))
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def serve(app: FastAPI, *, port: int = 0, host: str = LOOPBACK, ready: Callable[[str], object]) -> None:
    """Serve in the foreground until the process is told to stop; `ready` hears the URL once questions are answered.

    Raises:
        Misuse: the port cannot be had.
    """
    with _listening(host, port) as listener:
        url = _url(host, listener)
        _Server(app, lambda: ready(url)).run(sockets=[listener])


@contextmanager
def serving(app: FastAPI, *, port: int = 0, host: str = LOOPBACK) -> Iterator[str]:
    """Serve from a thread while the block runs, and give the URL.

    Raises:
        Misuse: the port cannot be had.
        Unavailable: the server does not start.
    """
    with _listening(host, port) as listener:
        started = threading.Event()
        server = _Server(app, started.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True, name="simulator")
        thread.start()
        try:
            if not started.wait(START_TIMEOUT):
                raise Unavailable("the simulator did not start")
            yield _url(host, listener)
        finally:
            server.should_exit = True
            thread.join(START_TIMEOUT)


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    if not 0 <= port <= 65_535:
        raise Misuse(f"{port} is no port")
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise Misuse(f"port {port} of {host} cannot be had") from error
    with listener:
        # Head and body of an answer leave at once: else each answer waits 40 ms for the client's acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listener


def _url(host: str, listener: socket.socket) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
