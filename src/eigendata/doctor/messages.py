"""Tokens that somebody sent: one, those of an issuer for a wallet, or a wallet's whole answer.

An answer with its request goes through `Verifier.verify`, whole. Where that refuses, each of its credentials is
examined by itself, so that what is the matter with the second is not hidden by the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Final

from eigendata.doctor import mdocs, tokens, w3c
from eigendata.doctor.explaining import Explaining, nearest
from eigendata.doctor.findings import Cause, Course, Finding, Gap, Kind, Report, Stated, refused, taken
from eigendata.doctor.tokens import FORMAT, AsItSays, Circumstances, Examined, peek
from eigendata.encoding import Json, json_object
from eigendata.errors import Declined, EigendataError, Malformed, Misuse, Rejected, Trail, Unavailable
from eigendata.formats import FORMATS
from eigendata.model import (
    NO_REPLAY_CHECK,
    NO_STATUS_CHECK,
    UNBOUND,
    Answer,
    Binding,
    CredentialType,
    Disclosure,
    Issued,
    Unbound,
)
from eigendata.openid import vp
from eigendata.query import ANSWER_CHECKS, CredentialQuery, Query, Request, require_answered
from eigendata.query.check import COMPLETE
from eigendata.registers.catalogue import CATALOGUE
from eigendata.trust import Trust
from eigendata.verifier import Verifier, answer_trail
from eigendata.wallet import receiving

MAX_TOKENS: Final = 256
"""Tokens of one file that are examined each by itself: ten copies of each of twenty types. The door that takes them all
together judges what is beyond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What is known beside the file.

    Attributes:
        at: the moment for which it is examined; aware.
        request: the bytes of the request that it answers, or of the challenge.
        types: the types that are known, by their identifiers: those that others declare too.
    """

    at: datetime
    trust: Trust | None = None
    request: bytes | None = None
    types: Mapping[str, CredentialType] = field(default_factory=lambda: CATALOGUE)


# -- one token --------------------------------------------------------------------------------------------------------


def token(data: bytes, beside: Beside, *, as_issued: bool) -> Report:
    """Examine one credential or presentation, in either serialization."""
    mdoc = mdocs.taken_for(data)
    whole = w3c.taken_for(json_object(data)) if data[:1] == b"{" else None
    given = mdoc or whole or (FORMAT.from_wire(json_object(data)) if data[:1] == b"{" else data)
    found: tuple[Finding, ...] = ()
    if as_issued and mdoc is None and whole is None and not given.endswith(b"~"):
        found, given = (Finding(cause=Cause.TILDE_MISSING),), given + b"~"
    asked = _request(beside)
    name = w3c.NAME if whole is not None else FORMAT.name if mdoc is None else mdocs.NAME
    one = _examined(given, beside, asked=asked, as_issued=as_issued and asked is None, format=name)
    return Report(
        kind=Kind.CREDENTIAL if as_issued else Kind.PRESENTATION,
        findings=found or one.findings,
        beyond=(*(one.findings if found else ()), *one.beyond),
        courses=(one.course,),
        gaps=_gaps(beside, (one.stated,), shown=not as_issued, asked=asked),
        stated=(one.stated,),
    )


def _request(beside: Beside) -> Request | None:
    if beside.request is None:
        return None
    try:
        return vp.parse_request(beside.request.strip(), at=beside.at, allow_loopback_http=True)
    except (Malformed, Rejected) as error:
        raise Misuse(f"the request beside it cannot be used, examine that first: {error}") from error


def _gaps(beside: Beside, stated: Iterable[Stated], *, shown: bool, asked: Request | None) -> tuple[Gap, ...]:
    said = tuple(stated)
    gaps = [Gap.TRUST] if beside.trust is None else []
    if beside.trust is not None and any(_is_published(one.issuer, beside.trust) for one in said):
        gaps.append(Gap.KEY)
    if beside.trust is None and any(one.type not in beside.types for one in said):
        gaps.append(Gap.TYPE)
    if shown and asked is None:
        gaps.append(Gap.REQUEST)
    if asked is not None and asked.policy is not None:
        gaps.append(Gap.POLICY)
    return (*gaps, Gap.WITHDRAWAL)


def _examined(
    given: bytes,
    beside: Beside,
    *,
    asked: Request | None,
    as_issued: bool,
    query: CredentialQuery | None = None,
    place: tuple[str | int, ...] = (),
    format: str,
) -> Examined:
    """Examine one token of several, or the only one; that it cannot be read is a finding like another."""
    try:
        if format == mdocs.NAME:
            return _judged_mdoc(given, beside, asked=asked, as_issued=as_issued, query=query, place=place)
        if format == w3c.NAME:
            return _judged_whole(given, beside, asked=asked, as_issued=as_issued, query=query, place=place)
        return _judged(given, beside, asked=asked, as_issued=as_issued, query=query, place=place)
    except Malformed as error:
        found = Finding(cause=Cause.TOKEN_DAMAGED, filled={"message": str(error)}, place=place)
        return Examined(course=Course(place=place, steps=()), findings=(found,), stated=Stated(place=place))


def _judged(
    given: bytes,
    beside: Beside,
    *,
    asked: Request | None,
    as_issued: bool,
    query: CredentialQuery | None,
    place: tuple[str | int, ...],
) -> Examined:
    seen = peek(given)
    queries = asked.query.credentials if asked is not None else ()
    if query is None:
        vct = seen.text("vct")
        query = next((one for one in queries if vct in one.type_ids), queries[0] if queries else None)
    binding: Binding | Unbound | None = None
    if not as_issued:
        proven = query is None or query.require_cryptographic_holder_binding
        binding = asked.binding if asked is not None and proven else UNBOUND
    explain = Explaining(trust=beside.trust, types=tuple(beside.types))
    trusted = beside.trust is not None and not _is_published(seen.text("iss"), beside.trust)
    under = Circumstances(
        at=beside.at,
        trust=beside.trust if trusted and beside.trust is not None else AsItSays(seen, signed=True, trust=beside.trust),
        types=_types(seen, query, beside),
        binding=binding,
        query=query,
    )
    return tokens.examine(given, under, explain, place=place)


def _judged_mdoc(
    given: bytes,
    beside: Beside,
    *,
    asked: Request | None,
    as_issued: bool,
    query: CredentialQuery | None,
    place: tuple[str | int, ...],
) -> Examined:
    known = {mdocs.FORMAT.type_id(one): one for one in beside.types.values() if one.exists_in(mdocs.NAME)}
    queries = [one for one in asked.query.credentials if one.format == mdocs.NAME] if asked is not None else []
    doctype = mdocs.doctype(given)
    if query is None:
        query = next((one for one in queries if doctype in one.type_ids), queries[0] if queries else None)
    if query is not None:
        types = tuple(known.get(name) or CredentialType.foreign(name) for name in query.type_ids)
    else:
        types = (CredentialType.foreign(doctype),) if _is_others(doctype, beside) else tuple(known.values())
    binding: Binding | Unbound | None = None
    if not as_issued:
        binding = asked.binding if asked is not None else UNBOUND
    under = mdocs.Circumstances(at=beside.at, trust=beside.trust, types=types, binding=binding, query=query)
    return mdocs.examine(given, under, place=place)


def _judged_whole(
    given: bytes,
    beside: Beside,
    *,
    asked: Request | None,
    as_issued: bool,
    query: CredentialQuery | None,
    place: tuple[str | int, ...],
) -> Examined:
    types = tuple(one for one in beside.types.values() if one.exists_in(w3c.NAME))
    queries = [one for one in asked.query.credentials if one.format == w3c.NAME] if asked is not None else []
    if query is None:
        said = w3c.type_id(given, types)
        query = next((one for one in queries if said in one.type_ids), queries[0] if queries else None)
    if query is not None:
        types = tuple(one for one in types if w3c.FORMAT.type_id(one) in query.type_ids)
    binding: Binding | Unbound | None = None
    if not as_issued:
        binding = asked.binding if asked is not None else UNBOUND
    under = w3c.Circumstances(at=beside.at, trust=beside.trust, types=types, binding=binding, query=query)
    return w3c.examine(given, under, place=place)


def _is_published(issuer: str | None, trust: Trust) -> bool:
    """Tell whether an issuer's keys lie where nobody looks from here."""
    entry = trust.issuers.get(issuer or "")
    return entry is not None and entry.issuer_metadata


def _types(seen: tokens.Peek, query: CredentialQuery | None, beside: Beside) -> tuple[CredentialType, ...]:
    """Give the types that a token may be of: those that were asked, or else those that are known."""
    if query is not None:
        return tuple(beside.types.get(name) or CredentialType.foreign(name) for name in query.type_ids)
    vct = seen.text("vct") or ""
    if _is_others(vct, beside):
        return (CredentialType.foreign(vct),)
    return tuple(beside.types.values())


def _is_others(vct: str, beside: Beside) -> bool:
    """Tell whether a type is one of which only the name is known: the trust file lists it, or there is no such file."""
    if vct in beside.types:
        return False
    if beside.trust is None:
        return nearest(vct, beside.types) is None
    return any(vct in entry.types for entry in beside.trust.issuers.values())


# -- several tokens ---------------------------------------------------------------------------------------------------


def issued(data: bytes, beside: Beside) -> Report:
    """Examine what an issuer sent: each copy, and that all belong together."""
    given = _issued(json_object(data), beside.types)
    copies = ((one, number, copy) for one in given for number, copy in enumerate(one.copies))
    every: list[Examined] = []
    for one, number, copy in islice(copies, MAX_TOKENS):
        place = (one.type.short, number)
        found = _examined(copy, beside, asked=None, as_issued=True, place=place, format=one.format)
        if number == 0 or found.findings:
            every.append(found)
    findings = _distinct(one for each in every for one in each.findings)
    if not findings and beside.trust is not None:
        findings = _together(given, beside.trust, beside)
    return Report(
        kind=Kind.ISSUED,
        findings=findings,
        beyond=_distinct(one for each in every for one in each.beyond),
        courses=_telling(every),
        gaps=_gaps(beside, (each.stated for each in every), shown=False, asked=None),
        stated=tuple(each.stated for each in every if each.course.place[-1] == 0),
    )


def _issued(value: Mapping[str, Json], types: Mapping[str, CredentialType]) -> tuple[Issued, ...]:
    match value:
        case {"credentials": [*members]}:
            return tuple(_copies(member, types) for member in members)
        case _:
            raise Malformed("what an issuer sent holds credentials, each with its type, format and copies")


def _copies(member: Json, types: Mapping[str, CredentialType]) -> Issued:
    match member:
        case {"type": str(type), "format": str(format), "copies": [*copies]} if format in FORMATS:
            known = types.get(type) or CredentialType.foreign(type)
            return Issued(type=known, format=format, copies=tuple(FORMATS[format].from_wire(copy) for copy in copies))
        case _:
            raise Malformed("a credential is written as its type, its format and its copies")


def _together(given: Sequence[Issued], trust: Trust, beside: Beside) -> tuple[Finding, ...]:
    try:
        receiving.verify_issued(given, trust, types=beside.types, at=beside.at)
    except Rejected as error:
        return (Finding(cause=Cause.CHECK, check=error.check, place=error.where),)
    except (Malformed, Misuse) as error:
        return (malformed(error),)
    except Unavailable:
        pass  # the keys of an issuer, which the gaps name
    return ()


def _distinct(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Give each finding once: ten copies with one fault have one fault, and it lies in none of them alone."""
    once: dict[object, Finding] = {}
    for one in findings:
        same = (one.cause, one.check, tuple(sorted((name, str(value)) for name, value in one.filled.items())))
        once[same] = replace(once[same], place=()) if same in once else one
    return tuple(once.values())


def _telling(every: Sequence[Examined]) -> tuple[Course, ...]:
    """Give the courses that say something: those that failed, or else one."""
    failed = tuple(each.course for each in every if each.findings)
    return failed[:1] or tuple(each.course for each in every[:1])


# -- an answer --------------------------------------------------------------------------------------------------------


def answer(data: bytes, beside: Beside) -> Report:
    """Examine an answer: whole, where its request is known, and else each of its presentations."""
    asked = _request(beside)
    if asked is None:
        return _unasked(data, beside)
    try:
        given = vp.parse_answer(data, asked)
    except Rejected as error:
        return _other(data, beside, Finding(cause=Cause.ANSWER_TO_OTHER, check=error.check), asked)
    except Declined:
        return Report(kind=Kind.ANSWER, findings=(Finding(cause=Cause.ANSWER_DECLINED),))
    stated = _stated(given)
    gaps = _gaps(beside, stated, shown=True, asked=asked)
    whole = None if beside.trust is None else _whole(given, asked, beside.trust, beside)
    if isinstance(whole, Disclosure):
        return Report(kind=Kind.ANSWER, courses=_courses(whole), gaps=gaps, stated=stated)
    every = _each(given, beside, asked)
    report = Report(
        kind=Kind.ANSWER,
        findings=_distinct(one for each in every for one in each.findings),
        beyond=_distinct(one for each in every for one in each.beyond),
        courses=tuple(each.course for each in every),
        gaps=gaps,
        stated=stated,
    )
    return _with_whole(report, whole or _unanswered(asked.query, given), asked, given)


def _unanswered(asked: Query, given: Answer) -> Rejected | None:
    """Give why an answer is not complete, where nobody could verify it whole."""
    try:
        require_answered(asked, given.presentations, Trail())
    except Rejected as error:
        return error
    return None


def _with_whole(report: Report, whole: Rejected | None, asked: Request, given: Answer) -> Report:
    """Put why the answer was refused as a whole beside what is the matter with its credentials, in the order met."""
    if whole is None or whole.check in {one.check for one in report.findings}:
        return report
    found = _of_whole(whole, asked, given)
    if whole.check not in answer_trail():  # of one credential, and not met when that was examined by itself
        return replace(report, findings=(*report.findings, found))
    courses = (Course(steps=refused(whole, answer_trail())), *report.courses)
    if whole.check in ANSWER_CHECKS:  # taken before any credential is opened
        return replace(report, findings=(found,), beyond=(*report.findings, *report.beyond), courses=courses)
    return replace(report, findings=(*report.findings, found), courses=courses)


def _whole(given: Answer, asked: Request, trust: Trust, beside: Beside) -> Disclosure | Rejected | None:
    """Verify an answer; None where a presentation cannot be read, or the keys of an issuer could not be had."""
    verifier = Verifier(
        asked.asker.party.id,
        trust=trust,
        status=NO_STATUS_CHECK,
        once=NO_REPLAY_CHECK,
        types=beside.types,
        formats=FORMATS,
    )
    try:
        return verifier.verify(given, replace(asked, policy=None), at=beside.at)
    except Rejected as error:
        return error
    except (Malformed, Unavailable):  # which each of its credentials says by itself, or the gaps name
        return None


def _courses(disclosure: Disclosure) -> tuple[Course, ...]:
    return (
        Course(steps=taken(disclosure.trail)),
        *(
            Course(place=(question, number), steps=taken(one.trail))
            for question, several in disclosure.credentials.items()
            for number, one in enumerate(several)
        ),
    )


def _each(given: Answer, beside: Beside, asked: Request) -> tuple[Examined, ...]:
    return tuple(
        _examined(
            one.token,
            beside,
            asked=asked,
            as_issued=False,
            query=asked.query.credential(name),
            place=(name, number),
            format=one.format,
        )
        for name, several in given.presentations.items()
        for number, one in enumerate(several)
    )


def _stated(given: Answer) -> tuple[Stated, ...]:
    said = []
    for name, several in given.presentations.items():
        for number, one in enumerate(several):
            with suppress(Malformed):
                place = (name, number)
                if one.format == w3c.NAME:
                    said.append(w3c.stated(one.token, place))
                    continue
                mdoc = one.format == mdocs.NAME
                said.append(mdocs.stated(one.token, place) if mdoc else tokens.stated(peek(one.token), place))
    return tuple(said)


def _of_whole(error: Rejected, asked: Request, given: Answer) -> Finding:
    unanswered = [one.id for one in asked.query.credentials if one.id not in given.presentations]
    if error.check is COMPLETE and unanswered:
        return Finding(cause=Cause.QUESTION_OPEN, check=error.check, filled={"question": ", ".join(unanswered)})
    return Finding(cause=Cause.CHECK, check=error.check, place=error.where)


def _unasked(data: bytes, beside: Beside) -> Report:
    """Examine an answer of which the request is not known: each presentation, as if bound to nothing."""
    parameters: Mapping[str, Json] = json_object(data) if data[:1] == b"{" else vp.read_form(data)
    given = parameters.get("vp_token")
    if "error" in parameters:
        return Report(kind=Kind.ANSWER, findings=(Finding(cause=Cause.ANSWER_DECLINED),))
    if isinstance(given, str) and data[:1] != b"{":
        given = json_object(given.encode())
    if not isinstance(given, Mapping):
        raise Malformed("an answer holds a `vp_token`: an object in a file, its JSON in a form")
    each = [
        (name, number, one)
        for name, several in given.items()
        for number, one in enumerate(several if isinstance(several, list | tuple) else (several,))
    ]
    if len(each) > MAX_TOKENS:
        raise Malformed(f"the answer holds {len(each)} presentations; at most {MAX_TOKENS} are looked at")
    every = [_as_given(one, beside, place=(name, number)) for name, number, one in each]
    return Report(
        kind=Kind.ANSWER,
        findings=_distinct(one for each in every for one in each.findings),
        beyond=_distinct(one for each in every for one in each.beyond),
        courses=tuple(each.course for each in every),
        gaps=_gaps(beside, (each.stated for each in every), shown=True, asked=None),
        stated=tuple(each.stated for each in every),
    )


def _as_given(value: Json, beside: Beside, *, place: tuple[str | int, ...]) -> Examined:
    """Examine a presentation of which only the wire form tells what it is."""
    whole = w3c.taken_for(value)
    if whole is not None:
        return _examined(whole, beside, asked=None, as_issued=False, place=place, format=w3c.NAME)
    mdoc = mdocs.taken_for(value.encode()) if isinstance(value, str) else None
    given, name = (FORMAT.from_wire(value), FORMAT.name) if mdoc is None else (mdoc, mdocs.NAME)
    return _examined(given, beside, asked=None, as_issued=False, place=place, format=name)


def _other(data: bytes, beside: Beside, found: Finding, asked: Request) -> Report:
    rest = _unasked(data, replace(beside, request=None))
    return replace(
        rest,
        findings=(found,),
        beyond=(*rest.findings, *rest.beyond),
        gaps=_gaps(beside, rest.stated, shown=True, asked=asked),
    )


def malformed(error: EigendataError) -> Finding:
    """Give what is the matter with what cannot be read, by the words of who tried."""
    message = str(error)
    broken = (("not JSON", Cause.JSON_BROKEN), ("not TOML", Cause.TOML_BROKEN))
    cause = next((cause for words, cause in broken if words in message), Cause.MALFORMED)
    return Finding(cause=cause, filled={"message": message}, place=error.where)
