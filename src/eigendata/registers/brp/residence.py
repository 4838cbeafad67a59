"""Inwonerschap: resident of the municipality, since when at the latest, and the local tie of six years.

The local tie (Huisvestingswet 2014, article 14): resident without interruption for at least six years now, or for at
least six years without interruption within the ten years before now. Three sources tell of it: the day of registration
in the municipality; the stays of the history; and table 33, by which a municipality that was merged away counts as its
successor.

A stay counts in one of two ways, and only as far as the record goes:

    surely here       from the latest day it can have begun to the earliest day it can have ended
    surely elsewhere  likewise, in another municipality or abroad

Six years of "surely here" on end is a tie. No six years on end that are free of "surely elsewhere" is none. Anything
between is not derivable: the applicant goes to the counter, and nobody guesses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from eigendata.errors import Reason
from eigendata.registers import tables
from eigendata.registers.brp.address import tell_municipality
from eigendata.registers.brp.dates import today, years_before, years_between
from eigendata.registers.brp.reading import Gegeven
from eigendata.registers.brp.record import Persoonslijst, Verblijf
from eigendata.registers.brp.telling import Telling, first_reason

TIE_YEARS: Final = 6
LOOK_BACK_YEARS: Final = 10

CURRENT: Final = "current"
PAST: Final = "past10"

_IN_NETHERLANDS: Final = ("Adres", "Locatie")
_ABROAD: Final = ("VerblijfplaatsBuitenland", "VerblijfplaatsOnbekend")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Days in a row; `end` is the first day that is no longer of it."""

    begin: date
    end: date

    @property
    def makes_a_tie(self) -> bool:
        return years_between(self.begin, self.end) >= TIE_YEARS


def tell_inwoner(telling: Telling, person: Persoonslijst, *, municipality: str) -> None:
    """Whether and how long someone is a resident, as of the day on which the register answered."""
    telling.tell("resident", person.gemeente.code.read(lambda _: True))
    tell_municipality(telling, person.gemeente, municipality=municipality)
    doubt = _doubt(person)
    here = None if doubt else _current_span(person)
    unknown = doubt or Reason.NOT_DERIVABLE
    telling.tell("resident_since_year", Gegeven(value=here.begin.year) if here else unknown)
    telling.tell("residence_years_min", Gegeven(value=years_between(here.begin, here.end)) if here else unknown)
    tie = doubt or local_tie(person)
    telling.tell("local_tie_6y", tie if isinstance(tie, Reason) else Gegeven(value=tie is not None))
    telling.tell("local_tie_basis", Gegeven(value=tie) if tie and not isinstance(tie, Reason) else None)


def local_tie(person: Persoonslijst) -> str | Reason | None:
    """Give the ground of the local tie; None: there is none; or the reason why the record does not tell."""
    now = today(person.peildatum)
    window = Span(years_before(now, LOOK_BACK_YEARS), now)
    here = surely_here(person)
    if any(span.end >= now and span.makes_a_tie for span in here):
        return CURRENT
    if any(span.makes_a_tie for span in _clipped(here, window)):
        return PAST
    possible = _possible_runs(person, window)
    if not any(span.makes_a_tie for span in possible):
        return None
    stays = person.historie or ()
    disputed = any(field.in_onderzoek for one in stays for field in (one.soort, one.gemeente, one.van, one.tot))
    return Reason.UNDER_INVESTIGATION if disputed else Reason.NOT_DERIVABLE


def surely_here(person: Persoonslijst) -> tuple[Span, ...]:
    """Give the spans in which the record shows someone to be a resident of the municipality where they are now."""
    now = today(person.peildatum)
    own = _own(person)
    if own is None:
        return ()
    stays = [one for one in person.historie or () if _municipality(one, now) == own]
    spans = [_sure_span(one, lasts_until=now if _still_lasts(one, person) else None) for one in stays]
    registered = person.inschrijving_in_gemeente
    if registered.left_out is None and registered.value and registered.value.latest:
        spans.append(Span(min(registered.value.latest, now), now))
    return _merged(span for span in spans if span)


def surely_elsewhere(person: Persoonslijst) -> tuple[Span, ...]:
    """Give the spans in which the record shows someone to have lived in another municipality, or abroad."""
    now = today(person.peildatum)
    own = _own(person)
    spans = [_sure_span(one, lasts_until=None) for one in person.historie or () if _is_elsewhere(one, own, now)]
    return _merged(span for span in spans if span)


# -- parts of the rule ------------------------------------------------------------------------------------------------


def _doubt(person: Persoonslijst) -> Reason | None:
    """Give why nothing is told of how long, if that is so: where and since when are the two facts it rests on."""
    if person.gemeente.code.left_out:
        return person.gemeente.code.left_out
    return Reason.UNDER_INVESTIGATION if person.inschrijving_in_gemeente.in_onderzoek else None


def _own(person: Persoonslijst) -> str | None:
    code = person.gemeente.code
    return None if code.left_out or code.value is None else tables.successor(code.value, on=today(person.peildatum))


def _current_span(person: Persoonslijst) -> Span | None:
    now = today(person.peildatum)
    return next((span for span in surely_here(person) if span.end >= now), None)


def _still_lasts(stay: Verblijf, person: Persoonslijst) -> bool:
    """Tell whether a stay is where someone lives now: the one stay in the history that has no end."""
    open_ended = [one for one in person.historie or () if one.tot.value is None]
    return len(open_ended) == 1 and stay is open_ended[0] and stay.tot.readable


def _municipality(stay: Verblijf, now: date) -> str | None:
    """Give the municipality of a stay in the Netherlands, as what it counts today."""
    if first_reason(stay.soort, stay.gemeente) or stay.soort.value not in _IN_NETHERLANDS:
        return None
    return None if stay.gemeente.value is None else tables.successor(stay.gemeente.value, on=now)


def _is_elsewhere(stay: Verblijf, own: str | None, now: date) -> bool:
    """Tell whether a stay is surely not in the own municipality.

    A municipality that ended may have been divided over several; table 33 names one. Whoever stayed until it ended may
    have come to another by that, their own included, so such a stay proves nothing.
    """
    if stay.soort.left_out is None and stay.soort.value in _ABROAD:
        return True
    place = _municipality(stay, now)
    if place is None or own is None or place == own or stay.gemeente.value is None:
        return False
    ended = tables.dissolved(stay.gemeente.value, by=now)
    latest_end = stay.tot.value.latest if stay.tot.value else None
    return ended is None or (latest_end is not None and latest_end < ended)


def _sure_span(stay: Verblijf, *, lasts_until: date | None) -> Span | None:
    """Give the days that a stay surely covers; None where it may cover none.

    Args:
        lasts_until: the end of a stay that has none of its own, where that means that it still lasts.
    """
    begin = stay.van.value.latest if stay.van.value and not stay.van.left_out else None
    end = stay.tot.value.earliest if stay.tot.value else lasts_until
    if begin is None or end is None or stay.tot.doubted or begin >= end:
        return None
    return Span(begin, end)


def _possible_runs(person: Persoonslijst, window: Span) -> Sequence[Span]:
    """Give the longest spans on end in which the record does not rule residence out: those that last until now, and
    of all what lies in the window.

    Registration began anew on the day of registration: residence does not run on across that day, unless it was the
    day on which a municipality ended.
    """
    now = window.end
    elsewhere = surely_elsewhere(person)
    registered = person.inschrijving_in_gemeente
    first, last = (registered.value.earliest, registered.value.latest) if registered.value else (None, None)
    if first is None or last is None or not registered.readable or _a_municipality_ended(first, last):
        runs = _without(Span(date.min, now), elsewhere)
    else:
        here = _without(Span(min(first, now), now), elsewhere)
        runs = (*here, *_without(Span(date.min, min(last, now)), elsewhere))
    return (*(run for run in runs if run.end >= now), *_clipped(runs, window))


def _a_municipality_ended(first: date, last: date) -> bool:
    return any(one.until and first <= one.until <= last for one in tables.municipalities().values())


# -- spans ------------------------------------------------------------------------------------------------------------


def _merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Put spans that touch or overlap together."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.begin <= merged[-1].end:
            merged[-1] = Span(merged[-1].begin, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)


def _clipped(spans: Iterable[Span], window: Span) -> tuple[Span, ...]:
    """Give what of spans lies in a window."""
    cut = (Span(max(span.begin, window.begin), min(span.end, window.end)) for span in spans)
    return tuple(span for span in cut if span.begin < span.end)


def _without(whole: Span, holes: Iterable[Span]) -> tuple[Span, ...]:
    """Give what is left of a span beside the holes in it."""
    left: list[Span] = []
    begin = whole.begin
    for hole in _clipped(holes, whole):
        if begin < hole.begin:
            left.append(Span(begin, hole.begin))
        begin = max(begin, hole.end)
    if begin < whole.end:
        left.append(Span(begin, whole.end))
    return tuple(left)
