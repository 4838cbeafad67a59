"""Questions to the register, taken apart as the register does: each fault named, in the register's own words.

    JSON object -> Lookup | Search | Period      or Refused: the parameters at fault, each with its code

Source: the official `features/bevragen/**/fout-cases.feature` (BRP API Personen 2.7.0) and the validation of
Verblijfplaatshistorie 2.0.0. A fault names a parameter, never its value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, TypeAlias, TypeVar

from eigendata.encoding import Json
from eigendata.registers.fields import MAX_FIELDS, Problem, View, problem

MAX_NUMBERS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidParam:
    """One parameter at fault, as `invalidParams` lists it."""

    name: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The question is not one that the register answers. An answer like any other, so a value and no error."""

    faults: tuple[InvalidParam, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """RaadpleegMetBurgerservicenummer."""

    numbers: tuple[str, ...]
    fields: tuple[str, ...]
    municipality: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """ZoekMetGeslachtsnaamEnGeboortedatum."""

    family_name: str
    birthdate: date
    fields: tuple[str, ...]
    given_names: str | None
    prefix: str | None
    sex: str | None
    municipality: str | None
    dead_too: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """RaadpleegMetPeriode: residences that overlap with the days from `since` up to, not including, `until`.

    RaadpleegMetPeildatum is a period of one day.
    """

    number: str
    since: date
    until: date


PersonQuery: TypeAlias = "Lookup | Search"
Query = TypeVar("Query")

_BSN: Final = r"^[0-9]{9}$"
_MUNICIPALITY: Final = r"^[0-9]{4}$"
_FAMILY_NAME: Final = r"^[a-zA-Z0-9À-ž \.\-\']{1,200}$|^[a-zA-Z0-9À-ž \.\-\']{3,199}\*{1}$"
_GIVEN_NAMES: Final = r"^[a-zA-Z0-9À-ž \.\-\']{1,199}\*{0,1}$"
_PREFIX: Final = r"^[a-zA-Z \']{1,10}$"
_SEX: Final = r"^([Mm]|[Vv]|[Oo])$"


class _Parameters:
    """The parameters of one question; collects every fault before it refuses."""

    def __init__(self, body: Mapping[str, Json], *, known: tuple[str, ...]) -> None:
        self._body = body
        self._faults: list[InvalidParam] = []
        self._unknown = [name for name in body if name not in ("type", *known)]

    def fault(self, name: str, code: str, reason: str) -> None:
        self._faults.append(InvalidParam(name=name, code=code, reason=reason))

    def judged(self, query: Query) -> Query | Refused:
        """Give the question if nothing was at fault."""
        unknown = [
            InvalidParam(name=name, code="unknownParam", reason="Parameter is niet verwacht.") for name in self._unknown
        ]
        faults = (*self._faults, *unknown)
        return Refused(faults=faults) if faults else query

    def text(self, name: str, pattern: str) -> str | None:
        """Take a text that may be left out."""
        if name not in self._body:
            return None
        value = self._body[name]
        if isinstance(value, str) and any(re.fullmatch(one, value) for one in _alternatives(pattern)):
            return value
        self.fault(name, "pattern", f"Waarde voldoet niet aan patroon {pattern}.")
        return None

    def needed(self, name: str, pattern: str) -> str:
        """Take a text that must be there, and be more than nothing."""
        if self._body.get(name, "") in ("", None):
            self.fault(name, "required", "Parameter is verplicht.")
            return ""
        return self.text(name, pattern) or ""

    def day(self, name: str) -> date:
        value = self._body.get(name, "")
        if value in ("", None):
            self.fault(name, "required", "Parameter is verplicht.")
        elif isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                self.fault(name, "date", "Waarde is geen geldige datum.")
        else:
            self.fault(name, "date", "Waarde is geen geldige datum.")
        return date.min

    def flag(self, name: str) -> bool:
        value = self._body.get(name, False)
        if not isinstance(value, bool):
            self.fault(name, "boolean", "Waarde is geen boolean.")
        return value is True

    def texts(self, name: str, most: int, judge: Callable[[str], tuple[str, str] | None]) -> tuple[str, ...]:
        """Take a list of texts; `judge` gives code and reason of what is wrong with one."""
        value = self._body.get(name)
        if value is None:
            self.fault(name, "required", "Parameter is verplicht.")
            return ()
        if not isinstance(value, list):
            self.fault(name, "array", "Parameter is geen array.")
            return ()
        if not value:
            self.fault(name, "minItems", "Array bevat minder dan 1 items.")
        if len(value) > most:
            self.fault(name, "maxItems", f"Array bevat meer dan {most} items.")
            return ()
        for place, one in enumerate(value):
            if wrong := judge(one if isinstance(one, str) else ""):
                self.fault(f"{name}[{place}]", *wrong)
        return tuple(str(one) for one in value)

    def fields(self, view: View) -> tuple[str, ...]:
        def judge(path: str) -> tuple[str, str] | None:
            wrong = problem(path, view)
            if wrong is None:
                return None
            return ("pattern" if wrong is Problem.PATTERN else "fields"), wrong.value

        return self.texts("fields", MAX_FIELDS, judge)


def _alternatives(pattern: str) -> list[str]:
    """Give the alternatives of a pattern without their anchors, for `fullmatch`: `$` would let a newline through."""
    return [one.removeprefix("^").removesuffix("$") for one in pattern.split("|^")]


def _judge_number(value: str) -> tuple[str, str] | None:
    if re.fullmatch("[0-9]{9}", value):
        return None
    return "pattern", f"Waarde voldoet niet aan patroon {_BSN}."


def _wrong_kind(body: Mapping[str, Json], kinds: Iterable[str]) -> Refused | None:
    """Judge the type of a question, before anything else is looked at."""
    if "type" not in body:
        return Refused(faults=(InvalidParam(name="type", code="required", reason="Parameter is verplicht."),))
    kind = body["type"]
    if not isinstance(kind, str) or kind not in kinds:
        return Refused(faults=(InvalidParam(name="type", code="value", reason="Waarde is geen geldig zoek type."),))
    return None


def parse_person_query(body: Mapping[str, Json]) -> PersonQuery | Refused:
    """Take apart what is posted to `/personen`."""
    kinds = ("RaadpleegMetBurgerservicenummer", "ZoekMetGeslachtsnaamEnGeboortedatum")
    if refused := _wrong_kind(body, kinds):
        return refused
    return _lookup(body) if body["type"] == kinds[0] else _search(body)


def _lookup(body: Mapping[str, Json]) -> Lookup | Refused:
    given = _Parameters(body, known=("burgerservicenummer", "fields", "gemeenteVanInschrijving"))
    return given.judged(
        Lookup(
            numbers=given.texts("burgerservicenummer", MAX_NUMBERS, _judge_number),
            municipality=given.text("gemeenteVanInschrijving", _MUNICIPALITY),
            fields=given.fields(View.PERSOON),
        )
    )


def _search(body: Mapping[str, Json]) -> Search | Refused:
    given = _Parameters(
        body,
        known=(
            "geboortedatum", "geslachtsnaam", "geslacht", "voorvoegsel", "voornamen", "inclusiefOverledenPersonen",
            "gemeenteVanInschrijving", "fields",
        ),
    )  # fmt: skip
    return given.judged(
        Search(
            birthdate=given.day("geboortedatum"),
            family_name=given.needed("geslachtsnaam", _FAMILY_NAME),
            given_names=given.text("voornamen", _GIVEN_NAMES),
            prefix=given.text("voorvoegsel", _PREFIX),
            sex=given.text("geslacht", _SEX),
            dead_too=given.flag("inclusiefOverledenPersonen"),
            municipality=given.text("gemeenteVanInschrijving", _MUNICIPALITY),
            fields=given.fields(View.PERSOON_BEPERKT),
        )
    )


def parse_history_query(body: Mapping[str, Json]) -> Period | Refused:
    """Take apart what is posted to `/verblijfplaatshistorie`."""
    kinds = ("RaadpleegMetPeriode", "RaadpleegMetPeildatum")
    if refused := _wrong_kind(body, kinds):
        return refused
    if body["type"] == kinds[1]:
        given = _Parameters(body, known=("burgerservicenummer", "peildatum"))
        number, since = given.needed("burgerservicenummer", _BSN), given.day("peildatum")
        until = since + timedelta(days=1) if since < date.max else since
        return given.judged(Period(number=number, since=since, until=until))
    given = _Parameters(body, known=("burgerservicenummer", "datumVan", "datumTot"))
    number = given.needed("burgerservicenummer", _BSN)
    since, until = given.day("datumVan"), given.day("datumTot")
    if date.min not in (since, until) and until <= since:
        given.fault("datumTot", "date", "datumTot moet na datumVan liggen.")
    return given.judged(Period(number=number, since=since, until=until))
