"""What a person sees of a check: who asks what and why, how to answer, and how it stands. In Dutch and in English.

    Desk + Asked + language -> start_page | waiting_page | notice_page -> Element -> html.render
    outcomes.py: what came of an answer

Plain HTML that works without its script; the script (`page.js`) renews the QR code and notices the answer. Nothing
comes from elsewhere. All sentences come from `eigendata.texts` or from the policy; what registers and strangers wrote
goes through `element`, which escapes it. Links are relative, so that the pages work wherever they are included, also
behind a proxy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

import segno

from eigendata import policies, texts
from eigendata.encoding import Json
from eigendata.model import CredentialType, legal_time
from eigendata.policies import Policy
from eigendata.policies.rules import holding
from eigendata.query import Query
from eigendata.web.html import Element, Node, element

LANGUAGE_NAMES: Final = {"nl": "Nederlands", "en": "English"}

QUIET_ZONE: Final = 4
"""Blank modules around a QR code, without which readers do not find it (ISO/IEC 18004 section 9.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a check asks.

    Attributes:
        policy: None for a plain query.
        home: the conditions; None where they are not known yet.
        types: the credential types by their identifiers.
    """

    policy: Policy | None = None
    home: Mapping[str, Json] | None = field(default=None, hash=False)
    query: Query | None = None
    types: Mapping[str, CredentialType] = field(hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page is, as its own links need it.

    Attributes:
        name: who asks.
        root: the way from this page to the start page: empty, or `../`.
        desk: the desk that the start page is of, where there are several.
    """

    language: str
    name: str
    root: str = ""
    desk: str = ""

    def say(self, key: str, **filled: str | int) -> str:
        return texts.say(key, self.language, **filled)

    def query(self, language: str | None = None) -> str:
        return f"?lang={language or self.language}" + (f"&desk={self.desk}" if self.desk else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A party's page while it waits.

    Attributes:
        page: the token in its address.
        link: what a wallet is opened with on another device; None while a wallet has the question already.
        until: until when there can be answered.
    """

    page: str = field(repr=False)
    role: str
    link: str | None = field(repr=False)
    until: datetime


# -- the pages --------------------------------------------------------------------------------------------------------


def start_page(asked: Asked, place: Place) -> Element:
    """Show what is asked and why, and a button to begin."""
    button = element("button", place.say("page.begin"), class_="button")
    return page(
        place,
        place.say("page.asks", name=place.name),
        element("p", place.say("page.lead"), class_="lead"),
        *_explained(asked, place),
        element("form", button, method="post", action=f"./{place.query()}"),
        *_besides(asked, place),
    )


def choice_page(desks: Mapping[str, str], place: Place) -> Element:
    """Let a person choose the desk at which they begin.

    Args:
        desks: id -> name.
    """
    items = [
        element("li", element("a", name, href=f"./?lang={place.language}&desk={desk}")) for desk, name in desks.items()
    ]
    return page(place, place.say("page.choose"), element("ul", *items))


def waiting_page(asked: Asked, waiting: Waiting, place: Place) -> Element:
    """Show what is asked and why, and both ways to answer."""
    role = () if waiting.role == "aanvrager" else (element("p", place.say(f"page.as_{waiting.role}"), class_="lead"),)
    return page(
        place,
        place.say("page.asks", name=place.name),
        *role,
        element("p", place.say("page.lead"), class_="lead"),
        element("h2", place.say("page.answer")),
        element("p", element("strong", place.say("page.not_started")), " ", place.say("page.sent"), class_="warning"),
        element("div", _here(waiting, place), _elsewhere(waiting, place), class_="ways"),
        element("p", place.say("page.until", time=said_moment(waiting.until, place)), class_="quiet"),
        *_explained(asked, place),
        *_besides(asked, place),
        script=True,
    )


def notice_page(place: Place, title: str, *sentences: str) -> Element:
    """Say that something did not work, and what to do next."""
    return page(place, title, *(element("p", one) for one in sentences), again(place))


# -- what every page shares -------------------------------------------------------------------------------------------


def page(place: Place, title: str, *content: Node, script: bool = False) -> Element:
    """Make a page of its content."""
    moving = (element("script", src=f"{place.root}page.js", defer=True),) if script else ()
    return element(
        "html",
        element(
            "head",
            element("meta", charset="utf-8"),
            element("title", f"{title} – {place.name}" if place.name and place.name not in title else title),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("link", rel="stylesheet", href=f"{place.root}style.css"),
            *moving,
        ),
        element(
            "body",
            element("a", place.say("page.skip"), href="#content", class_="skip"),
            element("header", element("p", place.name, class_="name"), _languages(place)),
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


def again(place: Place) -> Element:
    """Lead back to where one begins."""
    return element(
        "p", element("a", place.say("page.again"), href=f"{place.root or './'}{place.query()}", class_="button")
    )


def said_moment(moment: datetime, place: Place) -> str:
    """Give a moment as calendar and clock on the wall show it."""
    local = moment.astimezone(legal_time())
    day = said_day(local.date(), place)
    return place.say("page.moment", day=day, time=local.strftime("%H:%M"))


def said_day(day: date, place: Place) -> str:
    """Give a day in words."""
    return f"{day.day} {place.say(f'month.{day.month}')} {day.year}"


# -- the two ways to answer -------------------------------------------------------------------------------------------


def _here(waiting: Waiting, place: Place) -> Element:
    button = element("button", place.say("page.open"), class_="button")
    return element(
        "section",
        element("h3", place.say("page.here")),
        element("form", button, method="post", action=f"{waiting.page}/wallet{place.query()}"),
        element("p", place.say("page.open_note"), class_="quiet"),
        class_="card",
    )


def _elsewhere(waiting: Waiting, place: Place) -> Element:
    """Show the QR code, or that a wallet has the question. A screen reader hears when the one becomes the other."""
    another = element("button", place.say("page.another"), class_="button second")
    renew = element("form", another, method="post", action=f"{waiting.page}{place.query()}")
    title = element("h3", place.say("page.elsewhere"))
    if waiting.link is None:
        said = element("p", element("strong", place.say("page.in_use")), " ", place.say("page.in_use_note"))
        shown: tuple[Node, ...] = (element("p", place.say("page.in_use_other"), class_="quiet"), renew)
        state = "in_use"
    else:
        said = element("p", place.say("page.scan"))
        shown = (*_code(waiting.link, place), element("noscript", element("p", place.say("page.old_code")), renew))
        state = "waiting"
    live = element("div", said, role="status", aria_live="polite")
    return element("section", title, live, *shown, class_="card", data_page=waiting.page, data_state=state)


def _code(link: str, place: Place) -> tuple[Node, ...]:
    drawn = draw(link)
    told = element("p", place.say("page.no_code"))
    if drawn is not None:
        size, path = drawn
        label = place.say("page.code", name=place.name)
        told = element(
            "svg", element("path", d=path), viewBox=f"0 0 {size} {size}", role="img", aria_label=label, class_="code"
        )
    text = element("textarea", link, id="link", readonly=True, rows="4", spellcheck="false")
    by_link = element(
        "details",
        element("summary", place.say("page.by_link")),
        element("p", place.say("page.by_link_note")),
        element("label", place.say("page.link"), for_="link"),
        text,
    )
    return told, by_link


def draw(link: str) -> tuple[int, str] | None:
    """Draw a link as a QR code: the size of the square, and the path of its dark modules. None where it is too long."""
    try:
        code = segno.make(link, error="l", micro=False, boost_error=False)
    except segno.DataOverflowError:
        return None
    rows = tuple(code.matrix)
    path = "".join(
        f"M{x + QUIET_ZONE} {y + QUIET_ZONE}h{length}v1h-{length}z"
        for y, row in enumerate(rows)
        for x, length in _runs(row)
    )
    return len(rows) + 2 * QUIET_ZONE, path


def _runs(row: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Give where each run of dark modules begins, and how long it is."""
    begins: int | None = None
    for x, dark in enumerate((*row, 0)):
        if dark and begins is None:
            begins = x
        elif not dark and begins is not None:
            yield begins, x - begins
            begins = None


# -- what is asked, and why -------------------------------------------------------------------------------------------


def _explained(asked: Asked, place: Place) -> Iterator[Element]:
    yield element("h2", place.say("page.asked"))
    if asked.policy is None:
        yield from _plain(asked, place)
        return
    policy, home = asked.policy, asked.home
    told = policies.explain(policy, place.language, types=asked.types)
    under = None if home is None else policy.asked(home)
    questions = [one for one in objects(told["questions"]) if under is None or str(one["id"]) in under]
    for question in questions:
        paths = None if under is None else {".".join(path) for path in under[str(question["id"])]}
        yield _question(question, paths, place)
    also = [place.say("page.also"), place.say("page.absent")]
    if len(policy.same_subject) > 1 and len(questions) > 1:
        also.insert(1, place.say("page.tied"))
    yield element("p", " ".join(also), class_="quiet")
    yield element("h2", place.say("page.why"))
    yield element("p", f"{told['purpose']}.")
    yield element("p", place.say("page.law", law=", ".join(policy.legal_basis)), class_="quiet")


def _plain(asked: Asked, place: Place) -> Iterator[Element]:
    """Show what a plain query asks: it says nothing of why."""
    for one in () if asked.query is None else asked.query.credentials:
        for type_id in one.type_ids or (one.format,):
            declared = asked.types.get(type_id) or CredentialType.foreign(type_id)
            lines = [element("li", ".".join(str(part) for part in claim.path)) for claim in one.claims]
            yield element(
                "section", element("h3", declared.label[place.language]), element("ul", *lines), class_="card"
            )
    yield element("p", place.say("page.plain"), class_="quiet")


def _question(question: Mapping[str, Json], paths: set[str] | None, place: Place) -> Element:
    labels = " / ".join(str(one["label"]) for one in objects(question["from"]))
    lines = []
    for claim in objects(question["claims"]):
        name = ".".join(str(part) for part in array(claim["path"]))
        if paths is None or name in paths:
            why = str(claim["why"])
            if paths is not None:  # asked here, so whether it is asked is no question any more
                why = why.removesuffix(f" {place.say('asked.only_if')}")
            lines.append(element("div", element("dt", str(claim["label"])), element("dd", why)))
    return element("section", element("h3", labels), element("dl", *lines), class_="card")


def _besides(asked: Asked, place: Place) -> Iterator[Element]:
    policy, home = asked.policy, asked.home
    if policy is None:
        return
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


# -- reading what was explained and stored ----------------------------------------------------------------------------


def array(value: Json) -> Sequence[Json]:
    """Give an array; an empty one for anything else."""
    return value if isinstance(value, list | tuple) else ()


def objects(value: Json) -> list[Mapping[str, Json]]:
    """Give the objects of an array."""
    return [one for one in array(value) if isinstance(one, Mapping)]
