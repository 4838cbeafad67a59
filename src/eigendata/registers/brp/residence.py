"""Inwonerschap: resident of the municipality, since when at the latest, and the local tie of six years.

The local tie (Huisvestingswet 2014, article 14): resident without interruption for at least six years now, or for at
least six years without interruption within the ten years before now. Three sources tell of it: the day of registration
in the municipality; the stays of the history; and table 33, by which a municipality that was merged away counts as its
successor.

A stay counts in one of two ways, and only as far as the record goes:

    surely here       from the latest day it can have begun to the earliest day it can have ended
    surely elsewhere  likewise, in another municipality or abroad

Six years of "surely here" on end is a tie. No six years on end that are free of "surely elsewhere" is none. Anything
between is not derivable: the applicant goes to the counter, and nobody guesses. Days that the record places both here
and elsewhere are surely neither, and days to come do not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from eigendata.errors import Reason
from eigendata.model import legal_day
from eigendata.registers import tables
from eigendata.registers.brp.address import tell_municipality
from eigendata.registers.brp.dates import Datum, years_before, years_between
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
    disputed = _run_on_is_disputed(person)
    here = None if doubt or disputed else _current_span(person)
    unknown = doubt or (Reason.UNDER_INVESTIGATION if disputed else Reason.NOT_DERIVABLE)
    telling.tell("resident_since_year", Gegeven(value=here.begin.year) if here else unknown)
    telling.tell("residence_years_min", Gegeven(value=years_between(here.begin, here.end)) if here else unknown)
    tie = doubt or local_tie(person)
    telling.tell("local_tie_6y", tie if isinstance(tie, Reason) else Gegeven(value=tie is not None))
    telling.tell("local_tie_basis", Gegeven(value=tie) if tie and not isinstance(tie, Reason) else None)


def local_tie(person: Persoonslijst) -> str | Reason | None:
    """Give the ground of the local tie; None: there is none; or the reason why the record does not tell."""
    now = legal_day(person.peildatum)
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
    """Give the spans in which the record shows someone to be a resident of the municipality where they are now.

    Registration begins on its day: what the stays show before it is a span of its own.
    """
    begun, told = _may_have_begun_anew(person), _told_here(person)
    parts = told if begun is None else tuple(part for span in told for part in _parted(span, begun))
    return _outside(parts, _told_elsewhere(person))


def surely_elsewhere(person: Persoonslijst) -> tuple[Span, ...]:
    """Give the spans in which the record shows someone to have lived in another municipality, or abroad."""
    return _outside(_told_elsewhere(person), _told_here(person))


# -- parts of the rule ------------------------------------------------------------------------------------------------


def _told_here(person: Persoonslijst) -> tuple[Span, ...]:
    now, own = legal_day(person.peildatum), _own(person)
    stays = [one for one in person.historie or () if _municipality(one, now) == own]
    spans = [_sure_span(one, now=now, lasts=_still_lasts(one, person)) for one in stays]
    if registered := _bounds(person.inschrijving_in_gemeente):
        spans.append(Span(min(registered.end, now), now))
    return _merged(span for span in spans if span)


def _told_elsewhere(person: Persoonslijst) -> tuple[Span, ...]:
    now, own = legal_day(person.peildatum), _own(person)
    spans = [_sure_span(one, now=now) for one in person.historie or () if _is_elsewhere(one, own, now)]
    return _merged(span for span in spans if span)


def _begun_anew(person: Persoonslijst) -> Span | None:
    """Give the first and the last day on which registration can have begun; None where it may only have gone on.

    Everyone of a municipality that goes up in another is registered there on that day; and who moved there before from
    a part that counts as the same today was registered on the day of the move. Their residence runs on.
    """
    registered = _bounds(person.inschrijving_in_gemeente)
    if registered is None or _a_municipality_ended(registered.begin, registered.end):
        return None
    return None if _moved_within(person) else registered


def _may_have_begun_anew(person: Persoonslijst) -> Span | None:
    """Give the same, and None only where it surely went on.

    A date that is known in part may be the day on which a municipality ended, and may be another.
    """
    registered = _bounds(person.inschrijving_in_gemeente)
    if registered is not None and registered.begin < registered.end and not _moved_within(person):
        return registered
    return _begun_anew(person)


def _run_on_is_disputed(person: Persoonslijst) -> bool:
    """Tell whether an investigation leaves open from which day residence runs on to the day of registration."""
    stays = person.historie or ()
    if any(one.gemeente.in_onderzoek or one.soort.in_onderzoek for one in stays):
        return True
    return _begun_anew(person) is None and any(one.van.in_onderzoek or one.tot.in_onderzoek for one in stays)


def _moved_within(person: Persoonslijst) -> bool:
    """Tell whether someone moved between parts of what is one municipality today."""
    now, own, code = legal_day(person.peildatum), _own(person), person.gemeente.code.value
    return any(_municipality(one, now) == own and one.gemeente.value != code for one in person.historie or ())


def _doubt(person: Persoonslijst) -> Reason | None:
    """Give why nothing is told of how long, if that is so: where and since when are the two facts it rests on."""
    if person.gemeente.code.left_out:
        return person.gemeente.code.left_out
    return Reason.UNDER_INVESTIGATION if person.inschrijving_in_gemeente.in_onderzoek else None


def _own(person: Persoonslijst) -> str:
    """Give the municipality where someone is registered, as what it counts today."""
    return tables.successor(person.gemeente.code.value or "", on=legal_day(person.peildatum))


def _current_span(person: Persoonslijst) -> Span | None:
    now = legal_day(person.peildatum)
    return next((span for span in surely_here(person) if span.end >= now), None)


def _bounds(found: Gegeven[Datum]) -> Span | None:
    """Give the first and the last day that a date can be, if something of it is known and undisputed."""
    if found.left_out or found.value is None or found.value.earliest is None or found.value.latest is None:
        return None
    return Span(found.value.earliest, found.value.latest)


def _still_lasts(stay: Verblijf, person: Persoonslijst) -> bool:
    """Tell whether a stay is where someone lives now: the one stay of the history that has no end.

    A stay whose missing end is in doubt, or cannot be read, may be that one too.
    """
    without_end = [one for one in person.historie or () if one.tot.value is None]
    return without_end == [stay] and stay.tot.left_out is Reason.NOT_RECORDED


def _municipality(stay: Verblijf, now: date) -> str | None:
    """Give the municipality of a stay in the Netherlands, as what it counts today."""
    if first_reason(stay.soort, stay.gemeente) or stay.soort.value not in _IN_NETHERLANDS:
        return None
    return tables.successor(stay.gemeente.value or "", on=now)


def _is_elsewhere(stay: Verblijf, own: str, now: date) -> bool:
    """Tell whether a stay is surely not in the own municipality.

    A municipality that ended may have been divided over several; table 33 names one. Whoever stayed until it ended may
    have come to another by that, their own included, so such a stay proves nothing. Nor does a code that our table 33
    lacks, of the stay or of where they live now: the register may be newer than we are, and know of a later merger.
    """
    if stay.soort.value in _ABROAD:
        return not stay.soort.in_onderzoek
    if _municipality(stay, now) in (None, own) or not (tables.is_known(stay.gemeente.value) and tables.is_known(own)):
        return False
    dissolved = tables.dissolved(stay.gemeente.value or "", by=now)
    ended = _bounds(stay.tot)
    return dissolved is None or (ended is not None and ended.end < dissolved)


def _sure_span(stay: Verblijf, *, now: date, lasts: bool = False) -> Span | None:
    """Give the days until now that a stay surely covers; None where it may cover none.

    Args:
        lasts: that it has no end means that it still lasts.
    """
    begun, ended = _bounds(stay.van), _bounds(stay.tot)
    end = min(ended.begin, now) if ended else now if lasts else None
    return Span(begun.end, end) if begun and end and begun.end < end else None


def _possible_runs(person: Persoonslijst, window: Span) -> Sequence[Span]:
    """Give the longest spans on end in the window in which the record does not rule residence out.

    Registration began anew on the day of registration: residence does not run on across that day, unless the stays say
    that it does. A tie that holds now lies in the window too, so there is no need to look further.
    """
    begun = _begun_anew(person)
    if begun is None or any(len(_parted(span, begun)) > 1 for span in _told_here(person)):
        pieces: Sequence[Span] = (window,)
    else:
        pieces = _clipped((Span(begun.begin, window.end), Span(window.begin, begun.end)), window)
    elsewhere = surely_elsewhere(person)
    return tuple(run for piece in pieces for run in _without(piece, elsewhere))


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


def _parted(span: Span, begun: Span) -> tuple[Span, ...]:
    """Part a span that runs on across the day on which something began: before it can have, and after it must have."""
    if not span.begin < begun.begin < span.end:
        return (span,)
    return (Span(span.begin, begun.begin), Span(min(begun.end, span.end), span.end))


def _outside(spans: Iterable[Span], others: Sequence[Span]) -> tuple[Span, ...]:
    return tuple(left for span in spans for left in _without(span, others))


def _without(whole: Span, holes: Iterable[Span]) -> tuple[Span, ...]:
    """Give what is left of a span beside the holes in it, which come in order and do not touch."""
    left: list[Span] = []
    begin = whole.begin
    for hole in _clipped(holes, whole):
        left.append(Span(begin, hole.begin))
        begin = hole.end
    return (*left, Span(begin, whole.end))
