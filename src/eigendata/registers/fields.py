"""What BRP Personen may be asked, and what of a person it gives.

    "geboorte.datum.jaar" -> may it be asked? -> the whole of geboorte.datum, and what comes along unasked

The register enforces data minimisation at the source: it gives the fields that were asked and no other, with five
exceptions that come along whenever they apply (BRP API Personen 2.7.0, `features/bevragen/`): `inOnderzoek` of what was
asked, `geheimhoudingPersoonsgegevens`, `opschortingBijhouding`, `rni` of what was asked, and `verificatie`. Those may
not be asked for. Pure functions over the register's own JSON: the simulator uses them, and tests of the questions that
we ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Final, TypeAlias

from eigendata.encoding import Json, json_object

Tree: TypeAlias = "Mapping[str, Tree | str]"
Asked: TypeAlias = "dict[str, Asked | None]"
"""What was asked of a group: each name, and what of it; None is all of it."""

PATTERN: Final = r"^[a-zA-Z0-9\._]{1,200}$"
MAX_FIELDS: Final = 130

_PARTS: Final = {
    "date": ("langFormaat", "type", "datum", "onbekend", "jaar", "maand"),
    "code": ("code", "omschrijving"),
    "title": ("code", "omschrijving", "soort"),
}
_UNASKED: Final = (
    "inOnderzoek",
    "geheimhoudingPersoonsgegevens",
    "opschortingBijhouding",
    "rni",
    "verificatie",
    "indicatieVastgesteldVerblijftNietOpAdres",
)
_NOT_AT_ADDRESS: Final = "indicatieVastgesteldVerblijftNietOpAdres"
_LISTS: Final = ("gezag", "kinderen", "nationaliteiten", "ouders", "partners")
"""Given as an empty list where the person has none (`lege-waarden.feature`)."""
_IN_NETHERLANDS: Final = ("Adres", "Locatie")
_LINES: Final = ("adresregel1", "adresregel2", "adresregel3", "land")

_RNI_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "Persoon": ("burgerservicenummer", "geboorte", "geslacht", "leeftijd", "naam"),
    "Nationaliteit": ("nationaliteiten",),
    "Overlijden": ("overlijden",),
    "Verblijfplaats": ("verblijfplaats", "adressering", "immigratie", "gemeenteVanInschrijving"),
}
"""Which fields belong to the category of which an RNI participant is named."""

_SINCE: Final[Mapping[str, tuple[str, ...]]] = {
    "datumIngangOnderzoekPersoon": (
        "burgerservicenummer", "geslacht", "leeftijd", "aanhef", "aanschrijfwijze", "gebruikInLopendeTekst",
    ),
    "datumIngangOnderzoekPartner": ("aanhef", "aanschrijfwijze", "gebruikInLopendeTekst"),
    "datumIngangOnderzoekVerblijfplaats": _LINES,
    "datumIngangOnderzoekGemeente": ("gemeenteVanInschrijving", "datumInschrijvingInGemeente"),
    "datumIngangOnderzoekGezag": ("indicatieCurateleRegister", "indicatieGezagMinderjarige"),
}  # fmt: skip
"""Which marks an investigation's first day belongs to, where a group has several such days."""


class Problem(StrEnum):
    """Why a field may not be asked, as the register says it (`fields-fout-cases.feature`)."""

    PATTERN = f"Waarde voldoet niet aan patroon {PATTERN}."
    UNKNOWN = "Parameter bevat een niet bestaande veldnaam."
    UNASKED = "Parameter bevat een niet toegestane veldnaam."


class View(StrEnum):
    """Whose fields: of a person who is looked up, or of one who is searched for."""

    PERSOON = "Persoon"
    PERSOON_BEPERKT = "PersoonBeperkt"


@cache
def legal(view: View) -> frozenset[str]:
    """Give every path that may be asked."""
    return frozenset(_spell(_tree(view)))


@cache
def _tree(view: View) -> Tree:
    trees = json_object((resources.files("eigendata.registers") / "data/brp_fields.json").read_bytes())
    return _as_tree(trees[view.value])


def _as_tree(value: Json) -> Tree:
    assert isinstance(value, Mapping)
    return {name: below if isinstance(below, str) else _as_tree(below) for name, below in value.items()}


def _spell(tree: Tree, prefix: str = "") -> Iterator[str]:
    for name, below in tree.items():
        path = prefix + name
        yield path
        if isinstance(below, Mapping):
            yield from _spell(below, f"{path}.")
        else:
            yield from (f"{path}.{part}" for part in _PARTS.get(below, ()))


def problem(path: str, view: View) -> Problem | None:
    """Say why a field may not be asked, or give None where it may."""
    if re.fullmatch(PATTERN[1:-1], path) is None:
        return Problem.PATTERN
    if path in legal(view):
        return None
    return Problem.UNASKED if any(part in _UNASKED for part in path.split(".")) else Problem.UNKNOWN


def select(person: Mapping[str, Json], paths: Iterable[str], view: View) -> dict[str, Json]:
    """Give what the register answers about a person when these fields are asked.

    Args:
        person: the whole person, in the shape of schema `Persoon`.
        paths: fields of which `problem` says nothing.
    """
    asked = _asked(paths, view, in_netherlands=_lives_in_netherlands(person))
    answer = _select(person, asked)
    for name in _LISTS:
        if name in asked:
            answer.setdefault(name, [])
    for name in ("geheimhoudingPersoonsgegevens", "opschortingBijhouding", "verificatie"):
        if person.get(name):
            answer[name] = person[name]
    if participants := _participants(person, asked):
        answer["rni"] = participants
    return answer


def _lives_in_netherlands(person: Mapping[str, Json]) -> bool:
    residence = person.get("verblijfplaats")
    return isinstance(residence, Mapping) and residence.get("type") in _IN_NETHERLANDS


def _asked(paths: Iterable[str], view: View, *, in_netherlands: bool) -> Asked:
    """Put paths together in one tree; a part of a date or of a table value asks for all of it."""
    asked: Asked = {}
    tree = _tree(view)
    for path in paths:
        names = path.split(".")
        below: Tree | str = tree
        depth = 0
        while depth < len(names) and isinstance(below, Mapping):
            below = below[names[depth]]
            depth += 1
        for said in _unfold(names[:depth], tree, in_netherlands=in_netherlands):
            _add(asked, said)
    return asked


def _unfold(names: list[str], tree: Tree, *, in_netherlands: bool) -> Iterator[list[str]]:
    """Say what an alias stands for: the same group, without what lies abroad."""
    match names:
        case ["gezag", *_]:
            yield ["gezag"]  # any part of it asks for all of it
        case ["verblijfplaatsBinnenland", *rest]:
            if in_netherlands:
                yield ["verblijfplaats", *rest]
        case ["adresseringBinnenland"]:
            parts = tree["adresseringBinnenland"]
            for part in parts:
                yield from _unfold(["adresseringBinnenland", part], tree, in_netherlands=in_netherlands)
        case ["adresseringBinnenland", *rest]:
            if in_netherlands or rest[0] not in _LINES:
                yield ["adressering", *rest]
        case _:
            yield names


def _add(asked: Asked, names: list[str]) -> None:
    node = asked
    for name in names[:-1]:
        below = node.setdefault(name, {})
        if below is None:  # all of it was asked already
            return
        node = below
    node[names[-1]] = None


def _select(group: Mapping[str, Json], asked: Asked) -> dict[str, Json]:
    answer: dict[str, Json] = {}
    if "type" in group:
        answer["type"] = group["type"]  # which kind it is comes with any part of it
    for name, below in asked.items():
        if name not in group:
            continue
        value = group[name]
        if below is None:
            answer[name] = value
        elif isinstance(value, Mapping):
            answer[name] = _select(value, below)
        elif isinstance(value, list | tuple):
            answer[name] = [_select(one, below) for one in value if isinstance(one, Mapping)]
    if _NOT_AT_ADDRESS in group and ("type" in group or any(name in asked for name in _LINES)):
        answer[_NOT_AT_ADDRESS] = group[_NOT_AT_ADDRESS]
    if marks := _marks(group.get("inOnderzoek"), asked):
        answer["inOnderzoek"] = marks
    return answer


def _marks(marks: Json, asked: Asked) -> dict[str, Json]:
    """Give the marks of an investigation that are about what was asked, and since when."""
    if not isinstance(marks, Mapping):
        return {}
    about = {name: True for name, mark in marks.items() if mark is True and (name in asked or name == "type")}
    if not about:
        return {}
    dates = {
        name: value
        for name, value in marks.items()
        if name.startswith("datumIngangOnderzoek")
        and (name not in _SINCE or any(mark in about for mark in _SINCE[name]))
    }
    return {**about, **dates}


def _participants(person: Mapping[str, Json], asked: Asked) -> list[Json]:
    entries = person.get("rni")
    if not isinstance(entries, list | tuple):
        return []
    return [
        one
        for one in entries
        if isinstance(one, Mapping) and any(name in asked for name in _RNI_PARTS.get(str(one.get("categorie")), ()))
    ]
