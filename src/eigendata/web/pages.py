"""What a person sees of a check: who asks what and why, how to answer, and what came of it. In Dutch and in English.

    Desk + language -> start_page | waiting_page | ended_page | notice_page -> Element -> html.render

Plain HTML without scripts and without anything from elsewhere. All sentences come from `eigendata.texts` or from the
policy; what registers and strangers wrote goes through `element`, which escapes it. Links are relative, so that the
pages work wherever they are included, also behind a proxy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from eigendata import policies, texts
from eigendata.encoding import Json
from eigendata.errors import Outcome
from eigendata.model import Advice, Advised, CredentialType, Kind, legal_time
from eigendata.policies import Policy
from eigendata.policies.rules import ABSENT, holding
from eigendata.web.html import Element, Node, element

LANGUAGE_NAMES: Final = {"nl": "Nederlands", "en": "English"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who asks, and by which policy: the same on every page.

    Attributes:
        response_uri: where answers go.
    """

    name: str
    policy: Policy
    types: Mapping[str, CredentialType]
    response_uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page is, as its own links need it.

    Attributes:
        root: the way from this page to the start page: empty, or `../`.
        code: what the page was asked with, where it was right.
    """

    language: str
    root: str = ""
    code: str = ""

    def say(self, key: str, **filled: str | int) -> str:
        return texts.say(key, self.language, **filled)

    def query(self, language: str | None = None) -> str:
        return f"?lang={language or self.language}" + (f"&code={self.code}" if self.code else "")


# -- the pages --------------------------------------------------------------------------------------------------------


def start_page(desk: Desk, place: Place, *, home: Mapping[str, Json] | None, may_begin: bool) -> Element:
    """Show what is asked and why, and a button to begin; `home` where everybody's conditions are the same."""
    begin: Node = element("p", place.say("page.elsewhere", name=desk.name))
    if may_begin:
        button = element("button", place.say("page.begin"), class_="button")
        begin = element("form", button, method="post", action=f"./{place.query()}")
    return _page(
        desk,
        place,
        place.say("page.asks", name=desk.name),
        element("p", place.say("page.lead"), class_="lead"),
        *_asked(desk, place, home),
        begin,
        *_besides(desk, place, home),
    )


def waiting_page(desk: Desk, place: Place, *, id: str, link: str, home: Mapping[str, Json], until: datetime) -> Element:
    """Show what is asked and why, and every way to answer."""
    return _page(
        desk,
        place,
        place.say("page.asks", name=desk.name),
        element("p", place.say("page.lead"), class_="lead"),
        *_asked(desk, place, home),
        element("h2", place.say("page.answer")),
        element("a", place.say("page.open"), href=link, class_="button"),
        element("p", place.say("page.open_note"), class_="quiet"),
        element("p", place.say("page.until", time=_clock(until))),
        element("p", place.say("page.arrived")),
        element("a", place.say("page.look"), href=place.query(), class_="button second"),
        _by_file(desk, place, id),
        *_besides(desk, place, home),
    )


def ended_page(
    desk: Desk, place: Place, outcome: Mapping[str, Json] | None, shown: Json, *, until: datetime
) -> Element:
    """Show what came of an answer.

    Args:
        outcome: as the service stored it; None while the answer is being verified.
        shown: what the person showed, for who gave the answer; else None.
    """
    if outcome is None:
        return _page(
            desk,
            place,
            place.say("page.checking"),
            element("p", place.say("page.checking_note")),
            element("a", place.say("page.look_again"), href=place.query(), class_="button second"),
            _again(place),
        )
    match outcome:
        case {"state": "checked"}:
            title, content = place.say("page.outcome"), _checked(desk, place, outcome, shown)
        case {"state": "declined"}:
            title, content = place.say("page.declined"), (element("p", place.say("page.declined_note")),)
        case {"state": "refused", "reason": str(reason)}:
            title = place.say("page.refused")
            content = (
                element("p", place.say("page.not_used")),
                element("p", place.say(f"reason.{reason}")),
            )
        case {"state": "refused"}:
            title, said = place.say("page.refused"), f"{place.say('page.unreadable')}."
            content = (element("p", said), element("p", place.say("page.not_used")))
        case _:
            title, content = place.say("page.unavailable"), (element("p", place.say("page.unavailable_note")),)
    other = texts.say(f"channel.{desk.policy.other_channel}", place.language)
    return _page(
        desk,
        place,
        title,
        *content,
        *(() if outcome.get("state") == "checked" else (element("p", other), _again(place))),
        element("p", place.say("page.wiped", time=_clock(until)), " ", place.say("page.nobody"), class_="quiet"),
    )


def notice_page(desk: Desk, place: Place, title: str, *sentences: str, back: str | None = None) -> Element:
    """Say that something did not work, and what to do next: back to a page, or begin again."""
    go: Node = _again(place)
    if back is not None:
        go = element("a", place.say("page.back"), href=back, class_="button second")
    return _page(desk, place, title, *(element("p", one) for one in sentences), go)


# -- what every page shares -------------------------------------------------------------------------------------------


def _page(desk: Desk, place: Place, title: str, *content: Node) -> Element:
    return element(
        "html",
        element(
            "head",
            element("meta", charset="utf-8"),
            element("title", title if desk.name in title else f"{title} – {desk.name}"),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("link", rel="stylesheet", href=f"{place.root}style.css"),
        ),
        element(
            "body",
            element("a", place.say("page.skip"), href="#content", class_="skip"),
            element("header", element("p", desk.name, class_="name"), _languages(place)),
            element("main", element("h1", title), *content, id="content"),
        ),
        lang=place.language,
    )


def _languages(place: Place) -> Element:
    items = [
        element("li", element("strong", LANGUAGE_NAMES[one], lang=one, aria_current="true"))
        if one == place.language
        else element("li", element("a", LANGUAGE_NAMES[one], href=place.query(one), lang=one, hreflang=one))
        for one in texts.LANGUAGES
    ]
    return element("nav", element("ul", *items), aria_label=place.say("page.languages"))


def _again(place: Place) -> Element:
    where = f"{place.root or './'}?lang={place.language}"
    return element("p", element("a", place.say("page.again"), href=where, class_="button"))


def _clock(moment: datetime) -> str:
    return moment.astimezone(legal_time()).strftime("%H:%M")


# -- what is asked, and why -------------------------------------------------------------------------------------------


def _asked(desk: Desk, place: Place, home: Mapping[str, Json] | None) -> Iterator[Element]:
    """Explain the policy: under these conditions, or whatever it may ask under any."""
    explained = policies.explain(desk.policy, place.language, types=desk.types)
    asked = None if home is None else desk.policy.asked(home)
    yield element("h2", place.say("page.asked"))
    questions = [one for one in _objects(explained["questions"]) if asked is None or str(one["id"]) in asked]
    for question in questions:
        paths = None if asked is None else {".".join(path) for path in asked[str(question["id"])]}
        yield _question(question, paths, place)
    also = [place.say("page.also"), place.say("page.absent")]
    if len(desk.policy.same_subject) > 1 and len(questions) > 1:
        also.insert(1, place.say("page.tied"))
    yield element("p", " ".join(also), class_="quiet")
    yield element("h2", place.say("page.why"))
    yield element("p", f"{explained['purpose']}.")
    law = ", ".join(desk.policy.legal_basis)
    yield element("p", place.say("page.law", law=law), class_="quiet")


def _question(question: Mapping[str, Json], paths: set[str] | None, place: Place) -> Element:
    labels = " / ".join(str(one["label"]) for one in _objects(question["from"]))
    lines = []
    for claim in _objects(question["claims"]):
        name = ".".join(str(part) for part in _list(claim["path"]))
        if paths is None or name in paths:
            why = str(claim["why"])
            if paths is not None:  # asked here, so whether it is asked is no question any more
                why = why.removesuffix(f" {place.say('asked.only_if')}")
            lines.append(element("div", element("dt", str(claim["label"])), element("dd", why)))
    return element("section", element("h3", labels), element("dl", *lines), class_="card")


def _besides(desk: Desk, place: Place, home: Mapping[str, Json] | None) -> Iterator[Element]:
    policy = desk.policy
    yield element("h2", place.say("page.keep"))
    lines = policies.kept_lines(policy.keep, place.language)
    if len(policy.keep) == 1:  # there are no other cases to set it apart from
        (term,) = policy.keep.values()
        kept = policies.kept(term, place.language)
        lines = (f"{kept[:1].upper()}{kept[1:]}.",)
    yield element("ul", *(element("li", line) for line in lines))
    rules = policy.rules if home is None else policy.rules_where(holding(policy.home, policy.conditions(home)))
    yield element(
        "details",
        element("summary", place.say("page.rules")),
        element("p", place.say("page.rules_order"), " ", place.say("page.person")),
        element(
            "ol",
            *(
                element(
                    "li",
                    element("strong", rule.because[place.language]),
                    " ",
                    texts.advice(rule.advice.value, place.language),
                )
                for rule in rules
            ),
        ),
    )
    yield element("h2", place.say("page.other"))
    yield element("p", place.say(f"channel.{policy.other_channel}"))


def _by_file(desk: Desk, place: Place, id: str) -> Element:
    loopback = " --insecure-loopback" if desk.response_uri.startswith("http:") else ""
    command = f"eigendata wallet --vault my.vault present \\\n  --request request.json --out answer.json{loopback}"
    file = element("a", place.say("page.save"), href=f"{place.root}checks/{id}/request", download="request.json")
    return element(
        "details",
        element("summary", place.say("page.by_file")),
        element("p", place.say("page.by_file_note")),
        element(
            "ol",
            element("li", place.say("page.step_save"), " ", file),
            element("li", place.say("page.step_run"), element("code", command, class_="line")),
            element("li", place.say("page.step_paste"), _paste(place, id)),
        ),
    )


def _paste(place: Place, id: str) -> Element:
    return element(
        "form",
        element("label", place.say("page.paste"), for_="answer"),
        element(
            "textarea", id="answer", name="answer", rows="8", required=True, spellcheck="false", autocomplete="off"
        ),
        element("button", place.say("page.send"), class_="button"),
        method="post",
        action=f"{id}{place.query()}",
    )


# -- what came of it --------------------------------------------------------------------------------------------------


def _checked(desk: Desk, place: Place, outcome: Mapping[str, Json], shown: Json) -> tuple[Element, ...]:
    advised = Advised(advice=Advice(str(outcome["advice"])), rule=str(outcome["rule"]))
    because = desk.policy.because(advised, place.language)
    credentials = _objects(shown if shown is not None else outcome["asked"])
    first, stop, rest = texts.advice(advised.advice.value, place.language).partition(". ")
    return (
        element(
            "div",
            element("p", element("strong", f"{first}{stop.strip()}")),
            *((element("p", rest),) if rest else ()),
            element("p", place.say("page.because", because=because)),
            class_="advice",
        ),
        element("p", place.say("page.received", name=desk.name)),
        element("p", place.say("page.person"), " ", place.say("page.disagree")),
        element("h2", place.say("page.shown")),
        *(() if shown is not None else (element("p", place.say("page.shown_only")),)),
        *(_credential(desk, place, one) for one in credentials),
        element("p", place.say("page.withdrawn"), class_="quiet"),
        _trail(desk, place, outcome),
    )


def _credential(desk: Desk, place: Place, one: Mapping[str, Json]) -> Element:
    declared = desk.types.get(str(one["type"])) or CredentialType.foreign(str(one["type"]))
    label = declared.label[place.language]
    match one:
        case {"claims": claims, "issuer": str(issuer)} if isinstance(claims, Mapping):
            told = [_claim(declared, path, value, place) for path, value in _leaves((), claims) if path != _AS_OF]
            given = [place.say("page.given_by", name=issuer)]
            if isinstance(day := claims.get("as_of"), str):
                given.append(place.say("page.as_of", day=_value(day, Kind.DATE, place)))
            source = element("p", f"{'. '.join(given)}.", class_="quiet")
            return element("section", element("h3", label), element("dl", *told), source, class_="card")
        case {"paths": paths}:
            names = [
                element("li", _label(declared, tuple(str(part) for part in _list(path)), place))
                for path in _list(paths)
            ]
            return element("section", element("h3", label), element("ul", *names), class_="card")
        case _:
            return element("section", element("h3", label), class_="card")


_AS_OF: Final = ("as_of",)


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
            day = date.fromisoformat(value)
        except ValueError:
            return value
        month = place.say(f"month.{day.month}")
        return f"{day.day} {month} {day.year}"
    return "–" if value is None else str(value)


def _trail(desk: Desk, place: Place, outcome: Mapping[str, Json]) -> Element:
    parts: list[Node] = []
    count = 0
    for part in _objects(outcome["trail"]):
        steps = _objects(part["steps"])
        count += len(steps)
        declared = desk.types.get(str(part["type"]))
        if declared is not None:
            parts.append(element("h3", declared.label[place.language]))
        for became in _TOLD:
            if told := [_step(one) for one in steps if one["outcome"] == became.value]:
                parts.append(element("p", element("strong", texts.outcome(became, place.language))))
                parts.append(element("ul", *told, class_="steps", lang="en"))
    return element(
        "details",
        element("summary", place.say("page.trail")),
        element("p", place.say("page.trail_note", count=count)),
        *parts,
    )


_TOLD: Final = (Outcome.WAIVED, Outcome.PASSED, Outcome.NOT_APPLICABLE)
"""What was not checked comes first: that is what a reader should know."""


def _step(step: Mapping[str, Json]) -> Element:
    return element(
        "li", str(step["rule"]), " ", element("span", f"({step['check']}, {step['clause']})", class_="clause")
    )


# -- reading what was explained and stored ----------------------------------------------------------------------------


def _list(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list | tuple) else ()


def _objects(value: Json) -> list[Mapping[str, Json]]:
    return [one for one in _list(value) if isinstance(one, Mapping)]
