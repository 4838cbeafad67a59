"""Dates as the BRP holds them: known, known in part, or unknown. Also ages and years, which only such dates give.

    {"type": "JaarMaandDatum", "jaar": 1980, "maand": 5} -> Datum(1980, 5, None) -> earliest 1 May, latest 31 May

Nothing is guessed. Who needs a date takes the bound that says the least: the latest day for "since", the youngest age.
Years are counted by comparing (month, day): someone born on 29 February then reaches an age on 1 March of a year
without that day, as the BRP itself counts (BRP API Personen 2.7.0, features/bevragen/persoon/leeftijd/overzicht).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from eigendata.encoding import Json


@dataclass(frozen=True, slots=True, repr=False)
class Datum:
    """A date of the register. What is not known is None: the day; the month with it; or all three."""

    year: int | None = None
    month: int | None = None
    day: int | None = None

    @property
    def earliest(self) -> date | None:
        """Give the first day that it can be; None where nothing is known."""
        return None if self.year is None else date(self.year, self.month or 1, self.day or 1)

    @property
    def latest(self) -> date | None:
        """Give the last day that it can be; None where nothing is known."""
        if self.year is None:
            return None
        month = self.month or 12
        return date(self.year, month, self.day or monthrange(self.year, month)[1])

    @property
    def exact(self) -> date | None:
        """Give the day, if all of it is known."""
        return self.earliest if self.day is not None else None


UNKNOWN: Final = Datum()


def read_datum(value: Json) -> Datum | None:
    """Read an `AbstractDatum` of any kind; None for one of a kind, or with a content, that we do not understand."""
    if not isinstance(value, Mapping):
        return None
    match dict(value):
        case {"type": "Datum", "datum": str() as text}:
            try:
                day = date.fromisoformat(text)
            except ValueError:
                return None
            return Datum(day.year, day.month, day.day) if text == day.isoformat() else None
        case {"type": "JaarMaandDatum", "jaar": int() as year, "maand": int() as month}:
            return Datum(int(year), int(month)) if 1 <= year <= 9999 and 1 <= month <= 12 else None
        case {"type": "JaarDatum", "jaar": int() as year}:
            return Datum(int(year)) if 1 <= year <= 9999 else None
        case {"type": "DatumOnbekend"}:
            return UNKNOWN
        case _:
            return None


def years_between(begin: date, end: date) -> int:
    """Give the whole years from one day to another; negative where the other comes first."""
    return end.year - begin.year - int((end.month, end.day) < (begin.month, begin.day))


def years_before(day: date, years: int) -> date:
    """Give the day that lies so many years earlier; 29 February becomes 28 where it is not in that year.

    The begin of the calendar where it would lie before it.
    """
    if day.year <= years:
        return date.min
    last = monthrange(day.year - years, day.month)[1]
    return day.replace(year=day.year - years, day=min(day.day, last))


def of_age(born: Datum, years: int, *, on: date) -> bool | None:
    """Tell whether someone has reached an age; None where the date of birth leaves both possible."""
    if born.earliest is None or born.latest is None:
        return None
    youngest, oldest = years_between(born.latest, on), years_between(born.earliest, on)
    if youngest >= years:
        return True
    return None if oldest >= years else False
