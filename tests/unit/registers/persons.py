"""Invented answers of the register, for the tests of what is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from eigendata.encoding import Json
from eigendata.errors import Reason
from eigendata.model import CredentialType, Facts
from eigendata.registers import brp

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
BOXTEL = ("0757",)

BSN = "999990019"
PARTNER = "999990020"
CHILD = "999990032"

Person = dict[str, Any]


def datum(text: str) -> Person:
    """Give a date of the register: `1980-05-01`, `1980-05`, `1980`, or an empty text where nothing is known."""
    parts = [int(part) for part in text.split("-")] if text else []
    match parts:
        case [_, _, _]:
            return {"type": "Datum", "datum": text, "langFormaat": "-"}
        case [year, month]:
            return {"type": "JaarMaandDatum", "jaar": year, "maand": month, "langFormaat": "-"}
        case [year]:
            return {"type": "JaarDatum", "jaar": year, "langFormaat": "-"}
        case _:
            return {"type": "DatumOnbekend", "onbekend": True, "langFormaat": "onbekend"}


def home(number: int = 12, **changes: Json) -> Person:
    return {
        "type": "Adres",
        "verblijfadres": {
            "officieleStraatnaam": "Prins Bernhardstraat",
            "korteStraatnaam": "Pr Bernhardstr",
            "huisnummer": number,
            "postcode": "5281AB",
            "woonplaats": "Liempde",
        },
        "functieAdres": {"code": "W", "omschrijving": "woonadres"},
        "adresseerbaarObjectIdentificatie": f"075701000000{number:04}",
        "nummeraanduidingIdentificatie": f"075720000000{number:04}",
        "datumVan": datum("2015-03-01"),
        **changes,
    }


def person(**changes: Json) -> Person:
    """Give an adult resident of Boxtel, complete; a change of None takes a field away."""
    whole: Person = {
        "burgerservicenummer": BSN,
        "naam": {
            "voornamen": "Aïcha Zoë",
            "voorvoegsel": "van den",
            "geslachtsnaam": "Bőssche-Ĳzer",
            "aanduidingNaamgebruik": {"code": "E", "omschrijving": "eigen geslachtsnaam"},
        },
        "geslacht": {"code": "V", "omschrijving": "vrouw"},
        "adressering": {"aanschrijfwijze": {"naam": "A.Z. van den Bőssche-Ĳzer"}},
        "geboorte": {
            "datum": datum("1985-06-15"),
            "plaats": {"code": "0757", "omschrijving": "Boxtel"},
            "land": {"code": "6030", "omschrijving": "Nederland"},
        },
        "nationaliteiten": [
            {"type": "Nationaliteit", "nationaliteit": {"code": "0001", "omschrijving": "Nederlandse"}},
        ],
        "gemeenteVanInschrijving": {"code": "0757", "omschrijving": "Boxtel"},
        "datumInschrijvingInGemeente": datum("2012-04-01"),
        "verblijfplaats": home(),
        "partners": [],
        "kinderen": [],
        **changes,
    }
    return {name: deepcopy(value) for name, value in whole.items() if value is not None}


def answer(*persons: Mapping[str, Json]) -> dict[str, Json]:
    return {"type": "RaadpleegMetBurgerservicenummer", "personen": list(persons)}


def facts(
    type: CredentialType,
    whole: Mapping[str, Json] | None = None,
    *,
    history: Json = None,
    relatives: Json = None,
    jurisdictions: tuple[str, ...] = BOXTEL,
    at: datetime = AT,
) -> Facts:
    record = brp.parse(answer(whole or person()), history=history, relatives=relatives, at=at)
    return record.facts(type, jurisdictions=jurisdictions, at=at)


def within(value: Json, *names: str) -> Json:
    """Give what lies in a group of fields or of claims, one name below the other."""
    for name in names:
        assert isinstance(value, Mapping)
        value = value[name]
    return value


def left_out(found: Facts) -> dict[str, Reason]:
    return {".".join(one.claim): one.reason for one in found.left_out if one.claim}


def doubt(*fields: str) -> dict[str, Json]:
    """Give an `inOnderzoek` of these fields."""
    flags: dict[str, Json] = dict.fromkeys(fields, True)
    return {**flags, "datumIngangOnderzoek": datum("2026-01-01")}
