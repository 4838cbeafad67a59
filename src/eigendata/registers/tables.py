"""The national code tables of the BRP, as the package carries them.

    registers/data/*.json -> municipality, nationality, country, title

`tools/code_tables.py` writes the files; each states its origin and date. A code that is not in a table gives None: the
register may be newer than we are, and then the claim that needs the code is not derivable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Final, cast

from eigendata.encoding import json_object

RNI: Final = "1999"
"""The register of non-residents. It stands in the table of municipalities and is none."""

UNKNOWN: Final = "0000"
"""The code for what is not known, in every table that has one."""

UNKNOWN_NATIONALITY: Final = "QU"
STATELESS: Final = "QS"
"""What the European PID rulebook writes where no country can be named."""

_TABLE_BYTES: Final = 1 << 20  # the largest is 70 kB


@dataclass(frozen=True, slots=True, kw_only=True)
class Municipality:
    """A row of table 33.

    Attributes:
        successor: the code of the municipality that it went up in.
        until: the day from which it is no longer one.
    """

    code: str
    name: str
    successor: str | None
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """A row of table 34 or 32: a country, or the nationality of one.

    Attributes:
        iso: ISO 3166-1 alpha-2; None where there is no single one.
        without: why there is none, for a code that is in use.
    """

    code: str
    name: str
    until: date | None
    iso: str | None
    without: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """A row of table 38. A predicate (`jonkheer`) stands before the first names, a title (`baron`) behind them."""

    code: str
    name: str
    is_predicate: bool


def _rows(name: str) -> list[Mapping[str, str]]:
    table = json_object((files("eigendata.registers") / "data" / name).read_bytes(), limit=_TABLE_BYTES)
    columns = cast(list[str], table["columns"])
    return [dict(zip(columns, cast(list[str], row), strict=True)) for row in cast(list[object], table["rows"])]


def _date(text: str) -> date | None:
    return date(int(text[:4]), int(text[4:6]), int(text[6:])) if text else None


@cache
def municipalities() -> Mapping[str, Municipality]:
    """Give table 33 by code, those that ended included."""
    return {
        row["code"]: Municipality(
            code=row["code"], name=row["name"], successor=row["successor"] or None, until=_date(row["until"])
        )
        for row in _rows("municipalities.json")
    }


@cache
def _countries(name: str) -> Mapping[str, Country]:
    return {
        row["code"]: Country(
            code=row["code"],
            name=row["name"],
            until=_date(row["until"]),
            iso=row["iso"] or None,
            without=row["without"] or None,
        )
        for row in _rows(name)
    }


def countries() -> Mapping[str, Country]:
    """Give table 34 by code, those that ended included."""
    return _countries("countries.json")


def nationalities() -> Mapping[str, Country]:
    """Give table 32 by code, those that ended included."""
    return _countries("nationalities.json")


@cache
def titles() -> Mapping[str, Title]:
    """Give table 38 by code."""
    return {
        row["code"]: Title(code=row["code"], name=row["name"], is_predicate=row["kind"] == "predicaat")
        for row in _rows("titles.json")
    }


def successor(code: str, *, on: date) -> str:
    """Give the code of the municipality that this one counts as on a day: itself, or where its mergers led by then.

    A municipality that was divided over several has one successor in table 33; `dissolved` tells that it ended.
    """
    seen: set[str] = set()
    table = municipalities()
    while (row := table.get(code)) and row.successor and row.until and row.until <= on and code not in seen:
        seen.add(code)
        code = row.successor
    return code


def is_known(code: str | None) -> bool:
    """Tell whether a code of table 33 is one that we know, and names a place."""
    return code != UNKNOWN and code in municipalities()


def dissolved(code: str, *, by: date) -> date | None:
    """Give the day from which this municipality was no longer one, if that day has come."""
    row = municipalities().get(code)
    return row.until if row and row.until and row.until <= by else None
