"""Say what is particular about a record of the test population, read from the record itself."""

from __future__ import annotations

import json
from collections.abc import Iterator

from population_shape import Record, Value


def tags_of(person: Record, past: list[Value]) -> Iterator[str]:
    """Say what is particular about a record, read from the record itself."""
    name, birthday, home = (_group(person, key) for key in ("naam", "geboorte", "verblijfplaats"))
    text = json.dumps(person, ensure_ascii=False)
    yield f"naamgebruik_{_group(name, 'aanduidingNaamgebruik')['code']}"
    yield from (tag for tag, there in _flags(person, name, text).items() if there)
    if (kind := _group(birthday, "datum")["type"]) != "Datum":
        yield f"geboorte_{kind}"
    if home["type"] != "Adres":
        yield str(home["type"])
    elif _group(home, "functieAdres")["code"] == "B":
        yield "briefadres"
    if "opschortingBijhouding" in person:
        yield f"opgeschort_{_group(_group(person, 'opschortingBijhouding'), 'reden')['code']}"
    kinds = [_as_group(one)["type"] for one in _items(person, "nationaliteiten")]
    yield from (str(one) for one in kinds if one != "Nationaliteit")
    if len(kinds) > 1:
        yield "meerdereNationaliteiten"
    yield from (str(_as_group(one)["type"]) for one in _items(person, "gezag"))
    if children := _items(person, "kinderen"):
        yield f"kinderen{len(children)}"
    if past:
        yield f"adreshistorie{len(past)}"
    yield from _doubts(person, name, birthday, home)


def _flags(person: Record, name: Record, text: str) -> dict[str, bool]:
    letters = "".join(str(name.get(part, "")) for part in ("voornamen", "geslachtsnaam"))
    return {
        "geheimhouding": "geheimhoudingPersoonsgegevens" in person,
        "overleden": "overlijden" in person,
        "curatele": "indicatieCurateleRegister" in person,
        "verblijfstitel": "verblijfstitel" in person,
        "rni": "rni" in person,
        "partner": "partners" in person,
        "adellijkeTitel": '"soort": "titel"' in json.dumps(name),
        "predicaat": '"soort": "predicaat"' in json.dumps(name),
        "puntnaam": name.get("geslachtsnaam") == ".",
        "mononiem": "voornamen" not in name or "geslachtsnaam" not in name,
        "diacrieten": not letters.isascii(),
        "langeNaam": len(str(name.get("volledigeNaam", ""))) > 150,
        "bag": "nummeraanduidingIdentificatie" in text,
    }


def _doubts(person: Record, name: Record, birthday: Record, home: Record) -> Iterator[str]:
    marked = {
        "persoon": any("inOnderzoek" in group for group in (person, name, birthday)),
        "adres": "inOnderzoek" in json.dumps(home),
        "nationaliteit": "inOnderzoek" in json.dumps(person["nationaliteiten"]),
        "relatie": "inOnderzoek" in json.dumps([person.get("partners"), person.get("kinderen")]),
    }
    yield from (f"inOnderzoek_{what}" for what, there in marked.items() if there)
    if any(marked.values()):
        yield "inOnderzoek"


def _as_group(item: Value) -> Record:
    assert isinstance(item, dict)
    return item


def _group(record: Record, name: str) -> Record:
    return _as_group(record[name])


def _items(record: Record, name: str) -> list[Value]:
    items = record.get(name, [])
    assert isinstance(items, list)
    return items
