"""The small beginning of a verifier service: a router for someone else's application.

    app.include_router(verifier_router(corporation, policy=policy, store=store, home=home), prefix="/eigendata")

    GET  /                      the page that says who asks what and why; POST begins a check and leads to its page
    GET  /pages/{id}            the page of one check; POST takes an answer that was pasted into it
    POST /checks                begins a check: {"home": {...}} -> 201 {"id", "link", "request", "page", "expires_at"}
    GET  /checks/{id}           how it stands: {"state", "advice", "rule", "reason", "expires_at"}
    GET  /checks/{id}/request   the request, as the file that a wallet reads
    POST /answer                where a wallet posts its answer (OpenID4VP 1.0 section 8.2); the verifier's response URI

Who has the id of a check can see how it stands. What a person showed is seen only by who gave the answer: the reply to
it holds a code that the id does not give (section 14.2), and the application gets it by `on_checked`. Claims are in no
URL, no JSON and no log. An answer that fails ends its check, so that nobody can go on trying.

Endpoints are plain functions; FastAPI runs each in a thread, `on_checked` too. What this does not do: prove to the
wallet who asks, encrypt the answer, limit how often someone begins, or notice that one person begins a check and gets
another to answer it: the first then learns the advice, though never what was shown. An access log that writes whole
addresses holds ids and codes for as long as they work, half an hour: switch it off, or leave out the query.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import wraps
from importlib.resources import files
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from eigendata import texts
from eigendata.encoding import Json, json_dumps, json_object, thaw
from eigendata.errors import Declined, EigendataError, Malformed, Misuse, Rejected, Step, Unavailable
from eigendata.model import Disclosure
from eigendata.openid import vp
from eigendata.policies import Policy
from eigendata.query import Request as Asked
from eigendata.verifier import Verifier
from eigendata.web import pages
from eigendata.web.checks import KNOWN, Clock, Ended, SqliteChecks, Waiting, opened
from eigendata.web.html import Element, render
from eigendata.web.pages import Desk, Place

MAX_BODY: Final = vp.MAX_ANSWER
"""Bytes of what is posted. An answer is the largest; one of three credentials is some 12 kB."""

MAX_CONDITIONS: Final = 65_536
"""Bytes of the conditions of one check."""

STATUS: Final[Mapping[type[EigendataError], int]] = {
    Malformed: 400,
    Rejected: 400,
    Declined: 403,
    Misuse: 422,
    Unavailable: 503,
}
"""What each kind of error is over HTTP."""

HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""What every answer of the router carries."""

OnChecked = Callable[[str, Disclosure], object]


def anyone() -> None:
    """Stand where a guard would, for a caller who accepts that anybody begins a check under conditions of their own."""


def nobody() -> None:
    """Stand where a guard would, for an application that begins every check itself, by `begin_check`."""
    raise HTTPException(403)


def begin_check(
    verifier: Verifier, *, policy: Policy, store: SqliteChecks, home: Mapping[str, Json], at: datetime
) -> str:
    """Begin a check from one's own program, and give its id: its page is `pages/{id}` below the router.

    So the application chooses the conditions, and knows what the check is about when `on_checked` names it.

    Raises:
        Misuse: the conditions are not what the policy needs, or no wallet could accept the request.
        Unavailable: too many checks wait, or the store cannot be used now.
    """
    asked = verifier.ask(policy, home=home, at=at)
    shown: Json = {
        "link": vp.request_link(asked),
        "request": vp.request_parameters(asked),
        "home": thaw(policy.conditions(home)),
    }
    return store.begin(asked, shown=shown)


def verifier_router(
    verifier: Verifier,
    *,
    policy: Policy,
    store: SqliteChecks,
    home: Mapping[str, Json] | None = None,
    may_begin: Callable[..., object] | None = None,
    on_checked: OnChecked | None = None,
    clock: Clock = lambda: datetime.now(UTC),
) -> APIRouter:
    """Make the router of one verifier and one policy.

    Args:
        verifier: its response URI ends with `/answer`: the address at which this router is included.
        store: where checks wait; each router has a file of its own.
        home: the conditions of every check; where None, whoever begins a check gives them with it.
        may_begin: a FastAPI dependency that refuses who may not begin a check, by raising `HTTPException`.
        on_checked: called once with the id of a check and what was disclosed, in the thread of the answer. If it
            raises, the check ends as failed.
        clock: gives aware moments.

    Raises:
        Misuse: the response URI is not this router's; the conditions are not what the policy needs; no wallet could
            accept the request; or anyone at all could choose the conditions: pass `home`, or a
            guard as `may_begin`, such as `nobody` or (so that a reader sees it) `anyone`.
    """
    if not verifier.response_uri.endswith("/answer"):
        raise Misuse("answers are taken at `/answer`: the verifier's response URI ends with it")
    if home is not None:
        home = policy.conditions(home)
    elif not policy.home:
        home = {}
    elif may_begin is None:
        raise Misuse("whoever begins a check could choose its conditions: pass `home`, or `may_begin`")
    if home is not None:
        vp.request_parameters(verifier.ask(policy, home=home, at=clock()))  # refused now, and not when somebody begins
    desk = Desk(
        name=verifier.name or verifier.response_uri.split("/")[2],
        policy=policy,
        types=verifier.types,
        response_uri=verifier.response_uri,
    )
    service = _Service(
        verifier=verifier,
        desk=desk,
        store=store,
        home=home,
        by_page=home is not None and may_begin is not nobody,
        on_checked=on_checked,
        clock=clock,
    )
    guards = () if may_begin is None else (Depends(may_begin),)
    router = APIRouter(route_class=_Route)
    router.add_api_route("/", service.start, methods=["GET"], include_in_schema=False)
    router.add_api_route("/", service.begin_page, methods=["POST"], dependencies=guards, include_in_schema=False)
    router.add_api_route("/style.css", _style, methods=["GET"], include_in_schema=False)
    router.add_api_route("/pages/{id}", service.page, methods=["GET"], include_in_schema=False)
    router.add_api_route("/pages/{id}", service.paste, methods=["POST"], include_in_schema=False)
    router.add_api_route("/checks", service.begin, methods=["POST"], status_code=201, dependencies=guards)
    router.add_api_route("/checks/{id}", service.check, methods=["GET"])
    router.add_api_route("/checks/{id}/request", service.request, methods=["GET"])
    router.add_api_route("/answer", service.answer, methods=["POST"])
    return router


# -- HTTP -------------------------------------------------------------------------------------------------------------


class _Route(APIRoute):
    """Gives every answer its headers, and turns the five errors into answers without a value in them."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                response = await handle(request)
            except EigendataError as error:
                response = _refusal(error)
            except HTTPException as error:  # of a guard: the application writes this answer
                error.headers = {**(error.headers or {}), **HEADERS}
                raise
            response.headers.update(HEADERS)
            return response

        return handled


async def _read_body(request: Request) -> bytes:
    """Read what was posted, and never more than one piece beyond `MAX_BODY`: who uses it refuses what is larger."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                break
    except ClientDisconnect:  # nobody reads this; without it each half body writes a traceback into the log
        raise Malformed("the connection ended before the body did") from None
    return bytes(body[: MAX_BODY + 1])


Body = Annotated[bytes, Depends(_read_body)]


def _json(value: Mapping[str, Json], status: int = 200, *, headers: Mapping[str, str] | None = None) -> Response:
    return Response(json_dumps(value), status, media_type="application/json", headers=dict(headers or {}))


def _refusal(error: EigendataError) -> Response:
    said: dict[str, Json] = {"error": _OAUTH.get(type(error), "invalid_request"), "kind": type(error).__name__.lower()}
    if isinstance(error, Misuse | Malformed):
        said["error_description"] = error.message  # names what is wrong, never a value
    if isinstance(error, Rejected | Declined):
        said["reason"] = str(error.reason)
        said["says"] = {language: texts.reason(error.reason, language) for language in texts.LANGUAGES}
    if isinstance(error, Rejected):
        said["check"] = error.check.name
    return _json(said, _status(error))


_OAUTH: Final[Mapping[type[EigendataError], str]] = {
    Declined: "access_denied",
    Unavailable: "temporarily_unavailable",
}


def _status(error: EigendataError) -> int:
    if isinstance(error, Rejected) and error.check is KNOWN:
        return 404
    return STATUS[type(error)]


def _require_size(body: bytes) -> Response | None:
    if len(body) <= MAX_BODY:
        return None
    return _json({"error": "invalid_request", "kind": "malformed", "error_description": "this is too large"}, 413)


def _html(page: Element, place: Place, status: int = 200) -> Response:
    headers = {"Content-Language": place.language, "Vary": "Accept-Language"}
    return Response(render(page), status, media_type="text/html", headers=headers)


def _leads_to(where: str) -> Response:
    return Response(status_code=303, headers={"Location": where})


def _style() -> Response:
    return Response(files("eigendata.web").joinpath("page.css").read_bytes(), media_type="text/css")


def _language(request: Request, chosen: str | None) -> str:
    """Choose the language: as the address says, or else as the browser does; Dutch where neither says one of ours."""
    if chosen in texts.LANGUAGES:
        return str(chosen)
    best, found = 0.0, texts.LANGUAGES[0]
    for one in request.headers.get("accept-language", "")[:500].split(","):
        tag, _, weight = one.partition(";")
        language = tag.strip().lower().partition("-")[0]
        try:
            wanted = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        if language in texts.LANGUAGES and best < wanted <= 1.0:
            best, found = wanted, language
    return found


def _place(request: Request) -> Place:
    language = _language(request, request.query_params.get("lang"))
    return Place(language=language, root="../" if "id" in request.path_params else "")


def _on_a_page(endpoint: Callable[..., Response]) -> Callable[..., Response]:
    """Say on a page that something of ours failed, where a program would get JSON."""

    @wraps(endpoint)
    def said(self: _Service, request: Request, **named: object) -> Response:
        try:
            return endpoint(self, request, **named)
        except EigendataError as error:
            return self._notice(_place(request), "page.unavailable", "page.unavailable_note", _status(error))

    return said


# -- the service ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Service:
    verifier: Verifier
    desk: Desk
    store: SqliteChecks
    home: Mapping[str, Json] | None
    by_page: bool
    on_checked: OnChecked | None
    clock: Clock

    # -- pages --------------------------------------------------------------------------------------------------------

    @_on_a_page
    def start(self, request: Request) -> Response:
        place = _place(request)
        return _html(pages.start_page(self.desk, place, home=self.home, may_begin=self.by_page), place)

    @_on_a_page
    def begin_page(self, request: Request) -> Response:
        place = _place(request)
        if self.home is None:
            return self._notice(place, "page.cannot", "page.elsewhere", 422)
        check = self._begin(self.home)
        return _leads_to(f"pages/{check}{place.query()}")

    @_on_a_page
    def page(self, request: Request, id: str, code: str = "") -> Response:
        place = _place(request)
        try:
            check = self.store.look(id)
        except Rejected:
            return self._notice(place, "page.gone", "page.gone_note", 404)
        if isinstance(check, Waiting):
            link, _, home = _stored(check)
            return _html(pages.waiting_page(self.desk, place, id=id, link=link, home=home, until=check.until), place)
        shown: Json = None
        if code:
            try:
                shown = opened(id, check, code)
                place = replace(place, code=code)
            except Rejected:
                shown = None
        outcome = check.outcome if isinstance(check.outcome, Mapping) else None
        return _html(pages.ended_page(self.desk, place, outcome, shown, until=check.until), place)

    @_on_a_page
    def paste(self, request: Request, id: str, body: Body) -> Response:
        """Take an answer that was pasted into the page of its check."""
        place = _place(request)
        if len(body) > MAX_BODY:
            return self._notice(place, "page.too_large", "page.too_large_note", 413)
        try:
            back = f"{self._known(id)}{place.query()}"
        except Rejected:
            return self._notice(place, "page.gone", "page.gone_note", 404)
        try:
            answer = vp.read_form(body).get("answer", "").strip().encode()
            _, code = self._answered(answer, vp.answered_state(answer), of=id)
            back += f"&code={code}"
        except (Malformed, Rejected):
            if isinstance(self.store.look(id), Waiting):  # what was pasted was no answer to this check
                return self._notice(place, "page.unreadable", "page.unreadable_note", 400, back=back)
        return _leads_to(back)

    def _known(self, id: str) -> str:
        self.store.look(id)
        return id

    def _notice(self, place: Place, title: str, sentence: str, status: int, *, back: str | None = None) -> Response:
        said = place.say(sentence, name=self.desk.name)
        return _html(pages.notice_page(self.desk, place, place.say(title), said, back=back), place, status)

    # -- for programs -------------------------------------------------------------------------------------------------

    def begin(self, request: Request, body: Body) -> Response:
        if (refused := _require_size(body)) is not None:
            return refused
        # a page elsewhere can post a form unasked, but never this
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Malformed("a check begins with JSON")
        match json_object(body, limit=MAX_CONDITIONS):
            case {"home": home, **others} if isinstance(home, Mapping) and not others:
                if self.home is not None:
                    raise Misuse("the conditions of these checks are set already")
            case {**nothing} if not nothing:
                home = self.home or {}
            case _:
                raise Malformed("a check begins with an object that holds `home`, an object, or nothing")
        check = self._begin(home)
        begun = self.store.look(check)
        link, asked, _ = _stored(begun)
        until = begun.until.isoformat()
        return _json({"id": check, "link": link, "request": asked, "page": f"pages/{check}", "expires_at": until}, 201)

    def check(self, id: str) -> Response:
        check = self.store.look(id)
        said: dict[str, Json] = {"state": "waiting"}
        if isinstance(check, Ended):
            outcome = check.outcome if isinstance(check.outcome, Mapping) else {"state": "checking"}
            said = {name: outcome[name] for name in ("state", "advice", "rule", "reason") if name in outcome}
        return _json({**said, "expires_at": check.until.isoformat()})

    def request(self, id: str) -> Response:
        check = self.store.look(id)
        _, request, _ = _stored(check)
        return _json(request, headers={"Content-Disposition": 'attachment; filename="request.json"'})

    def answer(self, body: Body) -> Response:
        """Take the answer that a wallet posts, and lead its person to the page of the check."""
        if (refused := _require_size(body)) is not None:
            return refused
        check, code = self._answered(body, vp.answered_state(body))
        base = self.verifier.response_uri.removesuffix("/answer")
        return _json({"redirect_uri": f"{base}/pages/{check}?code={code}"})

    # -- what both do -------------------------------------------------------------------------------------------------

    def _begin(self, home: Mapping[str, Json]) -> str:
        return begin_check(self.verifier, policy=self.desk.policy, store=self.store, home=home, at=self.clock())

    def _answered(self, data: bytes, state: str, *, of: str | None = None) -> tuple[str, str]:
        """Take the request that waits for this answer, once, and end its check, whatever the answer is worth.

        Returns:
            The id of the check, and the code under which the person sees what they showed. A wallet that says no has
            answered too.
        """
        check, asked = self.store.take(state, of=of)
        outcome: dict[str, Json] = {"state": "unavailable"}
        shown: Json = None
        try:
            try:
                disclosure = self.verifier.verify(vp.parse_answer(data, asked), asked, at=self.clock())
            except Declined:
                outcome = {"state": "declined"}
            except Malformed:
                outcome = {"state": "refused"}
                raise
            except Rejected as error:
                outcome = {"state": "refused", "reason": str(error.reason)}
                raise
            else:
                if self.on_checked is not None:
                    self.on_checked(check, disclosure)
                outcome, shown = self._outcome(asked, disclosure), _shown(disclosure)
        finally:
            code = self.store.conclude(check, outcome, secret=shown)
        return check, code

    def _outcome(self, asked: Asked, disclosure: Disclosure) -> dict[str, Json]:
        """Give what can be seen without the code: the advice, what was asked, and the checks."""
        assert disclosure.advice is not None
        assert asked.policy is not None
        paths = self.desk.policy.asked(asked.policy.home)
        credentials = [(name, one) for name, given in disclosure.credentials.items() for one in given]
        return {
            "state": "checked",
            "advice": disclosure.advice.advice.value,
            "rule": disclosure.advice.rule,
            "asked": [
                {"type": one.type.id, "paths": [list(path) for path in paths[name]]} for name, one in credentials
            ],
            "trail": [
                *({"type": one.type.id, "steps": _steps(one.trail)} for _, one in credentials),
                {"type": "", "steps": _steps(disclosure.trail)},
            ],
        }


def _stored(check: Waiting | Ended) -> tuple[str, Mapping[str, Json], Mapping[str, Json]]:
    """Give the link, the request and the conditions of a check that waits."""
    match check:
        case Waiting(shown={"link": str(link), "request": request, "home": home}):
            assert isinstance(request, Mapping)
            assert isinstance(home, Mapping)
            return link, request, home
        case _:
            raise Rejected(KNOWN)


def _shown(disclosure: Disclosure) -> Json:
    return [
        {"type": one.type.id, "issuer": one.issuer.name, "claims": thaw(one.claims)}
        for given in disclosure.credentials.values()
        for one in given
    ]


def _steps(trail: Sequence[Step]) -> list[Json]:
    return [
        {
            "check": step.check.name,
            "clause": step.check.clause,
            "rule": step.check.rule,
            "outcome": step.outcome.value,
        }
        for step in trail
    ]
