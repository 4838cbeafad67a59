from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from importlib.resources import files

import pytest

from eigendata.registers import tables
from tests.given import given

TODAY = date(2026, 11, 23)
OFFICIAL = {"nationalities.json": 32, "municipalities.json": 33, "countries.json": 34, "titles.json": 38}


def _official(number: int) -> list[list[str]]:
    (path,) = given("nl-data/brp-personen/landelijke-tabellen").glob(f"Tabel{number}*.csv")
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-16"))))[1:]


def test_every_current_country_maps_to_iso_or_says_why_not() -> None:
    current = [one for one in tables.countries().values() if one.until is None]
    assert len(current) > 200
    for one in current:
        assert (one.iso is None) != (one.without is None), one.code
    assert {one.code for one in current if one.iso is None} == {"0000", "8034", "9999"}


def test_every_current_nationality_maps_to_iso_or_says_why_not() -> None:
    current = [one for one in tables.nationalities().values() if one.until is None]
    assert len(current) > 190
    for one in current:
        assert (one.iso is None) != (one.without is None), one.code
    assert {one.code: one.without for one in current if one.iso is None} == {
        "0000": "QU: unknown",
        "0499": "QS: stateless",
    }


def test_iso_codes_are_two_capitals_and_countries_agree_with_nationalities() -> None:
    countries = {one.iso for one in tables.countries().values() if one.iso}
    nationalities = {one.iso for one in tables.nationalities().values() if one.iso}
    assert all(re.fullmatch("[A-Z]{2}", iso) for iso in countries | nationalities)
    assert nationalities <= countries


@pytest.mark.parametrize(
    ("code", "iso"), [("6030", "NL"), ("9089", "DE"), ("6069", "CD"), ("9008", "CG"), ("7040", "GN"), ("5106", "BQ")]
)
def test_countries_that_are_easily_mistaken_are_not(code: str, iso: str) -> None:
    assert tables.countries()[code].iso == iso


@pytest.mark.parametrize(
    ("code", "iso"), [("0136", "NE"), ("0137", "NG"), ("0207", "DO"), ("0448", "DM"), ("0110", "CG"), ("0451", "CD")]
)
def test_nationalities_that_are_easily_mistaken_are_not(code: str, iso: str) -> None:
    assert tables.nationalities()[code].iso == iso


@pytest.mark.parametrize("code", ["0065", "0075", "0078", "0453"])
def test_the_nationality_of_a_state_that_fell_apart_maps_to_none(code: str) -> None:
    assert tables.nationalities()[code].iso is None


def test_a_municipality_counts_as_its_successor_from_the_day_it_ended() -> None:
    assert tables.successor("0806", on=date(1995, 12, 31)) == "0806"  # Liempde
    assert tables.successor("0806", on=date(1996, 1, 1)) == "0757"  # went up in Boxtel
    assert tables.successor("0757", on=TODAY) == "0757"
    assert tables.successor("0621", on=TODAY) == "1992"  # Vierpolders, Brielle, Voorne aan Zee
    assert tables.successor("4711", on=TODAY) == "4711"
    assert tables.dissolved("0806", by=TODAY) == date(1996, 1, 1)
    assert tables.dissolved("0806", by=date(1995, 12, 31)) is None
    assert tables.dissolved("0757", by=TODAY) is None


def test_every_merger_leads_to_a_municipality_that_exists() -> None:
    for code, row in tables.municipalities().items():
        last = tables.successor(code, on=TODAY)
        assert last in tables.municipalities()
        assert row.successor is None or tables.municipalities()[last].successor is None


def test_there_are_342_municipalities() -> None:
    current = {code for code, row in tables.municipalities().items() if row.until is None}
    assert len(current - {"0000", tables.RNI}) == 342


def test_titles_and_predicates_are_told_apart() -> None:
    assert {code for code, title in tables.titles().items() if title.is_predicate} == {"JH", "JV"}
    assert tables.titles()["BS"].name == "barones"


@pytest.mark.parametrize("name", sorted(OFFICIAL))
def test_the_tables_hold_what_the_official_ones_hold(name: str) -> None:
    ours = json.loads((files("eigendata.registers") / "data" / name).read_text(encoding="utf-8"))
    assert ours["origin"]
    assert date.fromisoformat(ours["date"])
    by_code = {row[0]: row for row in ours["rows"]}
    added = {"1992": "Voorne aan Zee"} if name == "municipalities.json" else {}
    rows = _official(OFFICIAL[name])
    assert {row[0]: row[1] for row in rows} | added == {code: row[1] for code, row in by_code.items()}
    merged_later = {"0501", "0530", "0614"}
    for row in rows:
        if row[0] not in merged_later:
            width = 4 if name in ("nationalities.json", "countries.json") else len(row)
            assert by_code[row[0]][:width] == row[:width]
