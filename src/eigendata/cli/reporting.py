"""How a report of the doctor is told: for people in lines that fit their screen, for machines as one object."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from eigendata import texts
from eigendata.cli import speaking
from eigendata.cli.speaking import Language
from eigendata.cli.verifying import shown
from eigendata.doctor.findings import (
    Became,
    Cause,
    Course,
    Filled,
    Finding,
    Kind,
    Report,
    Role,
    Stated,
    Taken,
    Verdict,
    remedies,
    shown_path,
)
from eigendata.encoding import Json, thaw
from eigendata.errors import Check
from eigendata.model import ClaimPath, legal_time
from eigendata.registers.catalogue import CATALOGUE

WIDEST: Final = 96
"""Columns; longer lines are hard to read."""

_CODES: Final[Mapping[Verdict, int]] = {
    Verdict.WELL: 0,
    Verdict.REFUSED: 1,
    Verdict.UNREADABLE: 2,
    Verdict.INCOMPLETE: 3,
}
_STYLES: Final[Mapping[Verdict, str]] = {
    Verdict.WELL: "bold green",
    Verdict.REFUSED: "bold red",
    Verdict.UNREADABLE: "bold red",
    Verdict.INCOMPLETE: "bold yellow",
}
_MARKS: Final[Mapping[Became, tuple[str, str | None]]] = {
    Became.PASSED: ("✓", "green"),
    Became.REFUSED: ("✗", "bold red"),
    Became.NOT_REACHED: ("·", "dim"),
    Became.NOT_APPLICABLE: ("–", "dim"),
    Became.WAIVED: ("–", "yellow"),
    Became.NOT_LOOKED_AT: ("?", "yellow"),
}


_NOTES: Final = frozenset((Cause.ACCEPTED_UNTIL, Cause.ACCEPTED_FROM))
"""What is no fault, and says more of one."""


def exit_code(verdict: Verdict) -> int:
    """Give the exit code of a verdict, as the other commands have it; 3 where not everything could be looked at."""
    return _CODES[verdict]


# -- for machines -----------------------------------------------------------------------------------------------------


def report_object(report: Report, file: str, trust: Path | None, *, show_values: bool) -> dict[str, Json]:
    """Give a report as one JSON object; sentences in each language, values of claims only where they are asked for."""
    return {
        "file": file,
        "trust": None if trust is None else str(trust),
        "kind": str(report.kind),
        "verdict": str(report.verdict),
        "findings": [_finding_object(one) for one in report.findings],
        "beyond": [_finding_object(one) for one in report.beyond],
        "courses": [
            {
                "place": one.place,
                "steps": [
                    {"check": step.check.name, "clause": step.check.clause, "outcome": str(step.became)}
                    for step in one.steps
                ],
            }
            for one in report.courses
        ],
        "not_looked_at": [str(gap) for gap in report.gaps],
        "stated": [_stated_object(one, show_values=show_values) for one in report.stated],
    }


def _finding_object(one: Finding) -> dict[str, Json]:
    said: dict[str, Json] = {
        "cause": str(one.cause),
        "certain": one.certain,
        "place": one.place,
        "filled": {name: _plain(value) for name, value in one.filled.items()},
        "says": {language: _says(one, language) for language in texts.LANGUAGES},
        "remedies": [
            {"role": str(role), "says": {language: _filled(key, one, language) for language in texts.LANGUAGES}}
            for role, key in remedies(one, "en")
        ],
    }
    if one.check is not None:
        said["check"] = {"name": one.check.name, "clause": one.check.clause, "reason": str(one.check.reason)}
    return said


def _stated_object(one: Stated, *, show_values: bool) -> dict[str, Json]:
    said: dict[str, Json] = {
        "place": one.place,
        "type": one.type,
        "issuer": one.issuer,
        **{
            name: None if value is None else value.isoformat()
            for name, value in (
                ("issued_at", one.issued_at),
                ("expires_at", one.expires_at),
                ("shown_at", one.proven_at),
            )
        },
        "claims": [shown_path(path) for path in one.claims],
    }
    return said | ({"values": thaw(one.values)} if show_values else {})


def _plain(value: Filled) -> Json:
    if isinstance(value, datetime):
        return value.isoformat()
    return int(value.total_seconds()) if isinstance(value, timedelta) else value


# -- for people -------------------------------------------------------------------------------------------------------


def tell_report(report: Report, file: str, trust: Path | None, lang: Language, *, show_values: bool) -> None:
    """Print a report: the steps, what is wrong, and last of all, where it stays in sight, what to do now."""
    speaking.line(f"{file}: {texts.say(f'kind.{report.kind.value}', lang)}", "bold")
    if trust is not None and report.verdict is not Verdict.UNREADABLE:
        _paragraph(texts.say("doctor.trust", lang, file=str(trust)), style="dim")
    for one in (one for one in report.stated if one.type is not None):
        _tell_stated(one, lang, show_values=show_values)
    if report.is_mended and report.courses:
        speaking.line()
        _paragraph(texts.say("doctor.mended", lang), style="yellow")
    for course in (one for one in report.courses if one.steps):
        _tell_course(course, lang)
    speaking.line()
    if report.kind is not Kind.PRIVATE_KEY:  # that it cannot be read is not what is the matter with it
        _paragraph(texts.say(f"verdict.{report.verdict.value}", lang), style=_STYLES[report.verdict])
    _tell_findings(report.findings, texts.say("doctor.wrong", lang), lang)
    if report.beyond:
        _tell_findings(
            report.beyond, texts.say("doctor.beyond", lang), lang, note=texts.say("doctor.beyond_note", lang)
        )
    if report.gaps and (report.courses or report.verdict is not Verdict.UNREADABLE):
        _heading(texts.say("doctor.gaps", lang))
        for gap in report.gaps:
            _paragraph(texts.say(f"gap.{gap.value}", lang), "– ", style="yellow")
    _tell_remedies(report, lang)


def _tell_stated(one: Stated, lang: Language, *, show_values: bool) -> None:
    _heading(texts.say("doctor.states", lang))
    if one.place:
        _paragraph(texts.say("doctor.place", lang, place=_place(one.place)))
    for key, value in (("type", one.type), ("issuer", one.issuer)):
        if value is not None:
            _paragraph(texts.say(f"doctor.{key}", lang, **{key: value}))
    for key, at in (("issued_at", one.issued_at), ("expires_at", one.expires_at), ("proven_at", one.proven_at)):
        if at is not None:
            _paragraph(texts.say(f"doctor.{key}", lang, moment=_moment(at, lang)))
    labels = _labels(one, lang)
    names = ", ".join(labels[path] for path in one.claims) or texts.say("doctor.none", lang)
    _paragraph(texts.say("doctor.claims", lang, claims=names))
    if not show_values:
        _paragraph(texts.say("doctor.values_note", lang), style="dim")
        return
    for name, held in one.values.items():
        _paragraph(texts.say("doctor.value", lang, claim=name, value=shown(held)), "  ")


def _labels(one: Stated, lang: Language) -> dict[ClaimPath, str]:
    """Give what people call each claim; where nobody declared it, its own name."""
    declared = CATALOGUE.get(one.type or "")
    known = {each.path[-1]: each.label[lang] for each in reversed(declared.attributes)} if declared is not None else {}
    return {path: known.get(str(path[-1]), shown_path(path)) for path in one.claims}


def _tell_course(course: Course, lang: Language) -> None:
    """Print what was taken in its order, and what was not below it: between the others it would read as a finding."""
    _heading(
        texts.say("doctor.steps_of", lang, place=_place(course.place))
        if course.place
        else texts.say("doctor.steps", lang)
    )
    for step in course.steps:
        if step.became in (Became.PASSED, Became.REFUSED):
            _tell_step(step, lang)
    for became in (Became.NOT_REACHED, Became.NOT_LOOKED_AT, Became.WAIVED, Became.NOT_APPLICABLE):
        if left := [step for step in course.steps if step.became is became]:
            _paragraph(texts.say(f"became.{became.value}", lang))
            for step in left:
                _tell_step(step, lang)


def _tell_step(step: Taken, lang: Language) -> None:
    mark, style = _MARKS[step.became]
    failed = texts.say("doctor.failed", lang) + " " if step.became is Became.REFUSED else ""
    _paragraph(
        f"{failed}{_in_plain_words(step.check, lang)} ({step.check.name}, {step.check.clause})", f"{mark} ", style=style
    )


def _in_plain_words(check: Check, lang: Language) -> str:
    """Give what a check means; for a check of who embeds the library, its own rule."""
    return texts.sentences(lang).get(f"check.{check.name}", check.rule)


def _tell_findings(findings: Iterable[Finding], title: str, lang: Language, *, note: str = "") -> None:
    told = list(findings)
    if not told:
        return
    _heading(title)
    if note:
        _paragraph(note, style="dim")
    before: Check | None = None
    for one in told:
        _paragraph(_says(one, lang), "  " if one.cause in _NOTES else "✗ " if one.certain else "? ")
        if "message" in one.filled:
            _paragraph(texts.say("doctor.technical", lang, message=str(one.filled["message"])), "  ", style="dim")
        if one.check is not None and one.check is not before:
            _paragraph(_rule(one, lang), "  ", style="dim")
        before = one.check


def _rule(one: Finding, lang: Language) -> str:
    assert one.check is not None
    rule = _in_plain_words(one.check, lang)
    return texts.say("doctor.rule", lang, rule=rule, check=one.check.name, clause=one.check.clause)


def _tell_remedies(report: Report, lang: Language) -> None:
    """Print who can do what about what decides; what is only supposed is left for when it is so."""
    told: dict[str, list[str]] = {}
    for one in report.findings:
        for role, key in remedies(one, lang):
            sentences = told.setdefault(texts.say(f"role.{role.value}", lang), [])
            said = _filled(key, one, lang)
            if said not in sentences:
                sentences.append(said)
    if not told:
        return
    _heading(texts.say("doctor.todo", lang))
    for role_ in Role:
        name = texts.say(f"role.{role_.value}", lang)
        for sentence in told.get(name, ()):
            _paragraph(f"{name}: {sentence}", "→ ")


def _says(one: Finding, language: str) -> str:
    """Give what is the matter, in plain words; for a check of which no more is known, what its reason says."""
    if one.cause is Cause.CHECK and one.check is not None:
        said = texts.reason(one.check.reason, language)
    else:
        said = _filled(f"cause.{one.cause.value}", one, language)
    if not one.certain:
        said = texts.say("doctor.likely", language, cause=said[0].lower() + said[1:])
    return f"{texts.say('doctor.place', language, place=_place(one.place))} {said}" if one.place else said


def _filled(key: str, one: Finding, language: str) -> str:
    return texts.say(key, language, **_written(one.filled, language))


def _written(filled: Mapping[str, Filled], language: str) -> dict[str, str]:
    """Write what takes the place of names in braces; of a moment also as `--at` takes it."""
    written: dict[str, str] = {}
    for name, value in filled.items():
        if isinstance(value, datetime):
            written[name] = _moment(value, language)
            written[f"{name}_iso"] = _civil(value).isoformat(timespec="seconds")
        elif isinstance(value, timedelta):
            written[name] = _span(value, language)
        else:
            written[name] = str(value)
    return written


def _moment(at: datetime, language: str) -> str:
    there = _civil(at)
    month = texts.say(f"month.{there.month}", language)
    return texts.say("span.moment", language, day=there.day, month=month, year=there.year, time=there.strftime("%H:%M"))


def _civil(at: datetime) -> datetime:
    """Give a moment in Dutch time; the last hours of all time as they are, for there they have no name."""
    try:
        return at.astimezone(legal_time())
    except OverflowError:
        return at


def _span(span: timedelta, language: str) -> str:
    minutes = round(span / timedelta(minutes=1))
    for unit, units, size in (("day", "days", 1440), ("hour", "hours", 60), ("minute", "minutes", 1)):
        if minutes >= size * (2 if size > 1 else 1) or minutes == size:
            count = round(minutes / size)
            return texts.say(f"span.{unit}" if count == 1 else f"span.{units}", language, count=count)
    return texts.say("span.seconds", language)


def _place(place: tuple[str | int, ...]) -> str:
    return "/".join(map(str, place))


def _heading(text: str) -> None:
    speaking.line()
    speaking.line(text, "bold")


def _paragraph(text: str, mark: str = "", *, style: str | None = None) -> None:
    """Print a text in lines that fit the terminal, those after the first below the first."""
    indent = "  "
    wrapped = textwrap.wrap(
        speaking.printable(text),
        width=min(speaking.console.width, WIDEST),
        initial_indent=indent + mark,
        subsequent_indent=indent + " " * len(mark),
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in wrapped:
        speaking.line(line, style)
