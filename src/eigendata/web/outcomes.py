"""What a person sees of an answer that was given: the advice and why, what was shown, and what was checked.

    record (of `checking`) + disclosed -> ended_page -> Element

The advice is for whoever has the page. What the claims said is shown only in the browser to which the wallet came back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Final

from eigendata import status, texts
from eigendata.encoding import Json
from eigendata.errors import Outcome
from eigendata.model import Advice, Advised, CredentialType, Kind
from eigendata.policies.rules import ABSENT
from eigendata.web.html import Element, Node, element
from eigendata.web.pages import Asked, Place, again, objects, page, said_day, said_moment

_AS_OF: Final = ("as_of",)


def ended_page(
    asked: Asked, place: Place, record: Mapping[str, Json], disclosed: Json, *, others: bool, until: datetime
) -> Element:
    """Show what came of a party's answer.

    Args:
        record: state, advice, rule, reason, shown and trail, as `checking` keeps them.
        disclosed: what the person showed, for the browser to which the wallet came back; else None.
        others: whether another party has yet to answer.
        until: when the page is wiped.
    """
    match record:
        case {"state": "answered"}:
            title, content = place.say("page.outcome"), _answered(asked, place, record, disclosed)
        case {"state": "declined"}:
            title, content = place.say("page.declined"), (element("p", place.say("page.declined_note")),)
        case {"state": "returning"}:
            title, content = place.say("page.returning"), (element("p", place.say("page.returning_note")),)
        case {"state": "refused", "reason": str(reason)}:
            title = place.say("page.refused")
            content = (element("p", place.say("page.not_used")), element("p", place.say(f"reason.{reason}")))
        case _:
            title, said = place.say("page.refused"), f"{place.say('page.unreadable')}."
            content = (element("p", said), element("p", place.say("page.not_used")))
    done = record.get("state") in ("answered", "returning")
    other = () if asked.policy is None else (element("p", place.say(f"channel.{asked.policy.other_channel}")),)
    return page(
        place,
        title,
        *content,
        *((element("p", place.say("page.others")),) if others else ()),
        *(() if done else (*other, again(place))),
        element(
            "p", place.say("page.wiped", time=said_moment(until, place)), " ", place.say("page.nobody"), class_="quiet"
        ),
    )


def _answered(asked: Asked, place: Place, record: Mapping[str, Json], disclosed: Json) -> tuple[Element, ...]:
    shown = objects(record.get("shown"))
    if isinstance(disclosed, Mapping):
        shown = [given for several in disclosed.values() for given in objects(several)]
    return (
        *_advice(asked, place, record),
        element("p", place.say("page.received", name=place.name)),
        element("p", place.say("page.person"), " ", place.say("page.disagree")),
        element("h2", place.say("page.shown")),
        *(() if isinstance(disclosed, Mapping) else (element("p", place.say("page.shown_only")),)),
        *(_credential(asked, place, one) for one in shown),
        *_waived(place, record),
        _trail(asked, place, record),
    )


def _waived(place: Place, record: Mapping[str, Json]) -> tuple[Element, ...]:
    """Say so where nobody looked whether a proof was withdrawn."""
    names = {one.name for one in status.CHECKS}
    waived = any(
        step["check"] in names and step["outcome"] == Outcome.WAIVED.value for step in objects(record.get("trail"))
    )
    return (element("p", place.say("page.withdrawn"), class_="quiet"),) if waived else ()


def _advice(asked: Asked, place: Place, record: Mapping[str, Json]) -> tuple[Element, ...]:
    match record:
        case {"advice": str(advice), "rule": str(rule)} if asked.policy is not None:
            advised = Advised(advice=Advice(advice), rule=rule)
        case _:  # a plain query has no rules
            return ()
    because = asked.policy.because(advised, place.language)
    first, stop, rest = texts.advice(advised.advice.value, place.language).partition(". ")
    return (
        element(
            "div",
            element("p", element("strong", f"{first}{stop.strip()}")),
            *((element("p", rest),) if rest else ()),
            element("p", place.say("page.because", because=because)),
            class_="advice",
        ),
    )


def _credential(asked: Asked, place: Place, one: Mapping[str, Json]) -> Element:
    declared = asked.types.get(str(one["type"])) or CredentialType.foreign(str(one["type"]))
    label = declared.label[place.language]
    match one:
        case {"claims": claims, "issuer": {"name": str(issuer)}} if isinstance(claims, Mapping):
            told = [_claim(declared, path, value, place) for path, value in _leaves((), claims) if path != _AS_OF]
            given = [place.say("page.given_by", name=issuer)]
            if isinstance(day := claims.get("as_of"), str):
                given.append(place.say("page.as_of", day=_value(day, Kind.DATE, place)))
            source = element("p", f"{'. '.join(given)}.", class_="quiet")
            return element("section", element("h3", label), element("dl", *told), source, class_="card")
        case _:
            names = [element("li", _label(declared, path, place)) for path in _asked(asked, str(one["question"]))]
            return element("section", element("h3", label), element("ul", *names), class_="card")


def _asked(asked: Asked, question: str) -> tuple[tuple[str, ...], ...]:
    """Give the paths of the claims that a question asks."""
    if asked.policy is not None and asked.home is not None:
        return tuple(asked.policy.asked(asked.home).get(question, ()))
    query = None if asked.query is None else asked.query.credential(question)
    return () if query is None else tuple(tuple(str(part) for part in claim.path) for claim in query.claims)


def _claim(declared: CredentialType, path: tuple[str, ...], value: Json, place: Place) -> Element:
    left_out = declared.attribute(path[1:]) if path[0] == ABSENT and value is True else None
    if left_out is not None:
        label, said = left_out.label[place.language], place.say("page.missing")
    else:
        label, said = _label(declared, path, place), _value(value, _kind(declared, path), place)
    return element("div", element("dt", label), element("dd", said))


def _leaves(path: tuple[str, ...], value: Mapping[str, Json]) -> Iterator[tuple[tuple[str, ...], Json]]:
    for name, member in value.items():
        if isinstance(member, Mapping):
            yield from _leaves((*path, name), member)
        else:
            yield (*path, name), member


def _label(declared: CredentialType, path: tuple[str, ...], place: Place) -> str:
    attribute = declared.attribute(path)
    return ".".join(path) if attribute is None else attribute.label[place.language]


def _kind(declared: CredentialType, path: tuple[str, ...]) -> Kind:
    attribute = declared.attribute(path)
    return Kind.TEXT if attribute is None else attribute.kind


def _value(value: Json, kind: Kind, place: Place) -> str:
    """Give a claim's value as people read it."""
    if isinstance(value, bool):
        return place.say("page.yes") if value else place.say("page.no")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_value(one, kind, place) for one in value) or "–"
    if kind is Kind.DATE and isinstance(value, str):
        try:
            return said_day(date.fromisoformat(value), place)
        except ValueError:
            return value
    return "–" if value is None else str(value)


def _trail(asked: Asked, place: Place, record: Mapping[str, Json]) -> Element:
    """Show every check that was taken; in full it is the API's to give."""
    steps = objects(record.get("trail"))
    parts: list[Node] = []
    for where in dict.fromkeys(str(one["place"]) for one in steps):
        declared = asked.types.get(where.partition("/")[0])
        parts.append(element("h3", where if declared is None else declared.label[place.language]))
        for became in _TOLD:
            if told := [_step(one, place) for one in steps if (one["place"], one["outcome"]) == (where, became.value)]:
                parts.append(element("p", element("strong", texts.outcome(became, place.language))))
                parts.append(element("ul", *told, class_="steps"))
    return element(
        "details",
        element("summary", place.say("page.trail")),
        element("p", place.say("page.trail_note", count=len(steps))),
        *parts,
    )


_TOLD: Final = (Outcome.WAIVED, Outcome.PASSED, Outcome.NOT_APPLICABLE)
"""What was not checked comes first: that is what a reader should know."""


def _step(step: Mapping[str, Json], place: Place) -> Element:
    said = texts.sentences(place.language).get(f"check.{step['check']}", "")
    return element("li", said, " ", element("span", f"({step['check']}, {step['clause']})", class_="clause"))
