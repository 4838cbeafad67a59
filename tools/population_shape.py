"""The words in which the cast of the test population is written: a person, a place, a date, a mark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Value: TypeAlias = "bool | int | str | list[Value] | Mapping[str, Value]"
Record: TypeAlias = "dict[str, Value]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """An address in the Netherlands, by municipality code. `kind` B is a postal address."""

    municipality: str
    street: str
    number: int
    postcode: str
    town: str
    letter: str = ""
    addition: str = ""
    sign: str = ""
    bag: bool = True
    kind: str = "W"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place without an address: a caravan, a boat."""

    municipality: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Abroad:
    """An address elsewhere; without a country, nobody knows where."""

    country: str = ""
    lines: tuple[str, ...] = ()
    municipality: str = "1999"


Place: TypeAlias = "Home | Spot | Abroad"


@dataclass(slots=True, kw_only=True)
class Soul:
    """One person of the cast."""

    key: str
    sex: str
    born: str
    given: str = ""
    family: str = ""
    prefix: str = ""
    title: str = ""
    use: str = "E"
    birthplace: str = "0757"
    country: str = "6030"
    nationalities: tuple[str, ...] = ("0001",)
    stays: tuple[tuple[Place, str], ...] = ()
    registered: str | None = None
    partner: str = ""
    former: str = ""
    wed: str = "2012-06-08"
    parted: str = ""
    bond: str = "H"
    children: tuple[str, ...] = ()
    extra: Mapping[str, Value] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


def boxtel(street: str, number: int, postcode: str = "5281KV", **more: str | bool) -> Home:
    return _home("0757", "Boxtel", street, number, postcode, more)


def _home(code: str, town: str, street: str, number: int, postcode: str, more: Mapping[str, str | bool]) -> Home:
    return Home(
        municipality=code,
        street=street,
        number=number,
        postcode=postcode,
        town=str(more.get("town", town)),
        letter=str(more.get("letter", "")),
        addition=str(more.get("addition", "")),
        sign=str(more.get("sign", "")),
        bag=bool(more.get("bag", True)),
        kind=str(more.get("kind", "W")),
    )


def elsewhere(code: str, town: str, street: str, number: int, postcode: str, **more: str | bool) -> Home:
    return _home(code, town, street, number, postcode, more)


def marks(since: str, *names: str) -> dict[str, Value]:
    """Mark fields of a group as being under investigation."""
    return {**dict.fromkeys(names, True), "datumIngangOnderzoek": date(since)}


MONTHS = (
    "januari", "februari", "maart", "april", "mei", "juni",
    "juli", "augustus", "september", "oktober", "november", "december",
)  # fmt: skip


def date(text: str) -> dict[str, Value]:
    """Write a date, whole or partial, as the register does."""
    parts = [int(part) for part in text.split("-") if part]
    match parts:
        case [year, month, day]:
            return {"type": "Datum", "datum": text, "langFormaat": f"{day} {MONTHS[month - 1]} {year}"}
        case [year, month]:
            spelled = f"{MONTHS[month - 1]} {year}"
            return {"type": "JaarMaandDatum", "jaar": year, "maand": month, "langFormaat": spelled}
        case [year]:
            return {"type": "JaarDatum", "jaar": year, "langFormaat": str(year)}
        case _:
            return {"type": "DatumOnbekend", "onbekend": True, "langFormaat": "onbekend"}


def suspended(code: str, since: str) -> dict[str, Value]:
    texts = {
        "O": "overlijden", "E": "emigratie", "M": "ministerieel besluit", "R": "pl is aangelegd in de rni",
        ".": "onbekend",
    }  # fmt: skip
    return {"opschortingBijhouding": {"reden": {"code": code, "omschrijving": texts[code]}, "datum": date(since)}}


def died(on: str, place: str = "Boxtel") -> dict[str, Value]:
    where = {"land": {"code": "6030", "omschrijving": "Nederland"}, "plaats": {"code": "0757", "omschrijving": place}}
    return {"overlijden": {"datum": date(on), **where}, **suspended("O", on)}


def permit(code: str, text: str, since: str, until: str = "") -> dict[str, Value]:
    stated: dict[str, Value] = {"aanduiding": {"code": code, "omschrijving": text}, "datumIngang": date(since)}
    return {"verblijfstitel": {**stated, **({"datumEinde": date(until)} if until else {})}}


def part(of: Mapping[str, Value], name: str) -> Mapping[str, Value]:
    value = of[name]
    assert isinstance(value, Mapping)
    return value
