"""The people of a register, read from a file.

    bytes -> Population -> Person: the register's own record, and every residence, newest first

Four shapes are read: a list of wrappers `{"bsn", "persoon", "verblijfplaatshistorie", "tags"}`, ours and that of the
official test persons; an answer `{"type": "RaadpleegMetBurgerservicenummer", "personen": [...]}`; a list of bare
`Persoon` objects; and one such object. What is kept here: how a history is completed, because a wrapper holds past
residences only and the register's own answer begins with the present one.

A record is not judged here. The official test data breaks its own schema in places, and a real register does too; what
a record means is for `eigendata.registers.brp`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Final

from eigendata import files
from eigendata.encoding import Json, freeze, json_loads
from eigendata.errors import Malformed, within
from eigendata.registers.brp import passes_elfproef

LIMIT: Final = 16 << 20  # bytes of a population file; the 685 official test persons take 3.3 MB
MAX_PEOPLE: Final = 100_000

STORY_BSN: Final = "999900018"
"""Aisha, whose story the demonstration tells: a resident of Boxtel since 2014, with a partner and two children."""

NEIGHBOUR_BSN: Final = "999900134"
"""The man next door, a resident of Boxtel since 1998, whose card must never count as hers."""

_OCCURRENCE: Final = (
    "type",
    "verblijfadres",
    "functieAdres",
    "adresseerbaarObjectIdentificatie",
    "nummeraanduidingIdentificatie",
    "datumVan",
)
"""What a residence in the history has in common with the present one (BRP historie 2.0.0, schema AdresVoorkomen)."""


def is_test_number(bsn: str) -> bool:
    """Tell whether a number lies in the range that is never given to a real person, and passes the elfproef."""
    return bsn.startswith("9999") and passes_elfproef(bsn)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One record.

    Attributes:
        persoon: in the shape of schema `Persoon` of BRP Personen.
        history: every residence, newest first, the present one included; in the shape of BRP historie.
        tags: what is particular about the record, for whoever looks for an example.
    """

    bsn: str = field(repr=False)
    persoon: Mapping[str, Json] = field(repr=False)
    history: tuple[Mapping[str, Json], ...] = field(repr=False)
    tags: tuple[str, ...] = ()


class Population:
    """The people of one register, in the order of the file. Two records may share a number, as they sometimes do."""

    def __init__(self, people: Iterable[Person]) -> None:
        self._people = tuple(people)
        by_number: dict[str, list[Person]] = {}
        for one in self._people:
            by_number.setdefault(one.bsn, []).append(one)
        self._by_number = MappingProxyType(by_number)

    @classmethod
    def loads(cls, data: bytes) -> Population:
        """Read a population from one of the four shapes.

        Raises:
            Malformed: it is none of them.
        """
        value = json_loads(data, limit=LIMIT)
        if isinstance(value, Mapping):
            value = value.get("personen", [value])
        if not isinstance(value, list) or len(value) > MAX_PEOPLE:
            raise Malformed("a population is a list of people")
        people = []
        for number, entry in enumerate(value):
            with within("persoon", number):
                people.append(_person(entry))
        return cls(people)

    @classmethod
    def load(cls, path: Path) -> Population:
        """Read a population from a file.

        Raises:
            Malformed: it is no population.
            Misuse, Unavailable: it cannot be read.
        """
        return cls.loads(files.read(path, "the population file", limit=LIMIT))

    @classmethod
    def shipped(cls) -> Population:
        """Give the test persons that come with this library: invented, every one."""
        return _shipped()

    def __len__(self) -> int:
        return len(self._people)

    def __iter__(self) -> Iterator[Person]:
        return iter(self._people)

    def find(self, bsn: str) -> tuple[Person, ...]:
        """Give the records under a number: one, as a rule; none, or several where a number was given twice."""
        return tuple(self._by_number.get(bsn, ()))

    def tagged(self, *tags: str) -> tuple[Person, ...]:
        """Give the people with all of these tags."""
        return tuple(one for one in self._people if set(tags) <= set(one.tags))


@cache
def _shipped() -> Population:
    return Population.loads((resources.files("eigendata.registers") / "data/population.json").read_bytes())


def _person(entry: Json) -> Person:
    if not isinstance(entry, Mapping):
        raise Malformed("a person is an object")
    wrapped = "persoon" in entry
    persoon = _object(entry["persoon"] if wrapped else entry)
    past: Sequence[Mapping[str, Json]] = ()
    tags: tuple[str, ...] = ()
    if wrapped:
        past = tuple(_object(one) for one in _list(entry.get("verblijfplaatshistorie", ())))
        tags = tuple(str(tag) for tag in _list(entry.get("tags", ())))
    bsn = persoon.get("burgerservicenummer", entry.get("bsn"))
    if not isinstance(bsn, str) or re.fullmatch(r"[0-9]{9}", bsn) is None:
        raise Malformed("a person has a burgerservicenummer of nine digits")
    if entry.get("bsn", bsn) != bsn:
        raise Malformed("the two numbers of one person differ")
    return Person(bsn=bsn, persoon=persoon, history=_complete(persoon, past), tags=tags)


def _complete(persoon: Mapping[str, Json], past: Sequence[Mapping[str, Json]]) -> tuple[Mapping[str, Json], ...]:
    """Put the present residence before the past ones, and end each of those where the next begins."""
    residence = persoon.get("verblijfplaats")
    if not isinstance(residence, Mapping):
        return tuple(past)
    present = {name: residence[name] for name in _OCCURRENCE if name in residence}
    if "gemeenteVanInschrijving" in persoon:
        present["gemeenteVanInschrijving"] = persoon["gemeenteVanInschrijving"]
    whole = [present]
    for one in past:
        if "datumTot" not in one and (until := whole[-1].get("datumVan")) is not None:
            whole.append({**one, "datumTot": until})
        else:
            whole.append(dict(one))
    return tuple(_object(freeze(one)) for one in whole)


def _object(value: Json) -> Mapping[str, Json]:
    frozen = freeze(value)
    if not isinstance(frozen, Mapping):
        raise Malformed("an object was expected")
    return frozen


def _list(value: Json) -> Sequence[Json]:
    if not isinstance(value, list | tuple):
        raise Malformed("a list was expected")
    return value
