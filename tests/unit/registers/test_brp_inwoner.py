from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from eigendata.encoding import Json
from eigendata.errors import Reason
from eigendata.registers import brp
from eigendata.registers.catalogue import CATALOGUE, HUISHOUDEN, INWONER, PERSOON
from tests.unit.registers.persons import AT, datum, doubt, facts, left_out, person

BOXTEL, HAAREN, LIEMPDE, OISTERWIJK, DEN_BOSCH = "0757", "0788", "0806", "0824", "0796"


def stay(municipality: str | None, begin: str, end: str | None = None, kind: str = "Adres", **changes: Json) -> Json:
    whole: dict[str, Any] = {"type": kind, "datumVan": datum(begin)}
    if end is not None:
        whole["datumTot"] = datum(end)
    if municipality is not None:
        whole["gemeenteVanInschrijving"] = {"code": municipality}
    return {**whole, **changes}


def history(*stays: Json) -> dict[str, Json]:
    return {"verblijfplaatsen": list(stays)}


def _tie(registered: str, *stays: Json, **changes: Json) -> tuple[Json, Json] | Reason:
    since: Json = datum(registered)
    found = facts(INWONER, person(datumInschrijvingInGemeente=since, **changes), history=history(*stays))
    reason = left_out(found).get("local_tie_6y")
    return reason or (found.claims["local_tie_6y"], found.claims.get("local_tie_basis"))


def test_a_complete_record_gives_every_claim_of_the_type() -> None:
    assert facts(INWONER).claims == {
        "family_name": "van den Bőssche-Ĳzer",
        "given_name": "Aïcha Zoë",
        "birthdate": "1985-06-15",
        "resident": True,
        "municipality": {"code": "0757", "name": "Boxtel"},
        "resident_since_year": 2012,
        "residence_years_min": 14,
        "local_tie_6y": True,
        "local_tie_basis": "current",
    }


@pytest.mark.parametrize(
    ("registered", "tie"),
    [("2020-11-23", (True, "current")), ("2020-11-24", (False, None)), ("2020-10", (True, "current"))],
)
def test_six_years_are_six_whole_years(registered: str, tie: object) -> None:
    assert _tie(registered) == tie


@pytest.mark.parametrize(
    ("registered", "since", "years"),
    [("2012-04", 2012, 14), ("2012", 2012, 13), ("2026", 2026, 0), ("2020-02-29", 2020, 6)],
)
def test_a_partial_date_gives_the_fewest_years(registered: str, since: int, years: int) -> None:
    found = facts(INWONER, person(datumInschrijvingInGemeente=datum(registered)))
    assert (found.claims["resident_since_year"], found.claims["residence_years_min"]) == (since, years)


@pytest.mark.parametrize(
    ("registered", "reason"),
    [
        (None, Reason.NOT_DERIVABLE),
        (datum(""), Reason.NOT_DERIVABLE),
        ({"type": "Eeuw"}, Reason.NOT_DERIVABLE),
    ],
)
def test_an_unknown_date_of_registration_tells_nothing_of_how_long(registered: Json, reason: Reason) -> None:
    found = facts(INWONER, person(datumInschrijvingInGemeente=registered))
    assert found.claims["resident"] is True
    assert left_out(found) == dict.fromkeys(("resident_since_year", "residence_years_min", "local_tie_6y"), reason)


def test_years_count_to_the_day_of_the_answer_not_of_the_issuing() -> None:
    record = brp.parse(
        {"personen": [person(datumInschrijvingInGemeente=datum("2020-11-24"))]},
        history=history(stay(DEN_BOSCH, "2000-01-01", "2020-11-24")),
        at=AT,
    )
    later = record.facts(INWONER, jurisdictions=("0757",), at=datetime(2026, 11, 25, tzinfo=UTC))
    assert later.claims["local_tie_6y"] is False
    assert later.claims["residence_years_min"] == 5
    assert later.as_of == AT


def test_who_came_from_elsewhere_less_than_six_years_ago_has_no_tie() -> None:
    assert _tie("2022-01-15", stay(BOXTEL, "2022-01-15"), stay(DEN_BOSCH, "2010-01-01", "2022-01-15")) == (False, None)


@pytest.mark.parametrize("kind", ["VerblijfplaatsBuitenland", "VerblijfplaatsOnbekend"])
@pytest.mark.parametrize("municipality", [BOXTEL, "1999", None])
def test_who_came_from_abroad_less_than_six_years_ago_has_no_tie(kind: str, municipality: str | None) -> None:
    """Whatever municipality a stay abroad names: the last one where someone was registered, or the RNI."""
    assert _tie("2024-01-15", stay(municipality, "2001-01-01", "2024-01-15", kind=kind)) == (False, None)


def test_a_stay_abroad_that_is_doubted_rules_nothing_out() -> None:
    doubted = stay("1999", "2001-01-01", "2024-01-15", kind="VerblijfplaatsBuitenland", inOnderzoek=doubt("type"))
    assert _tie("2024-01-15", doubted) is Reason.UNDER_INVESTIGATION


def test_a_stay_abroad_without_an_end_rules_nothing_out() -> None:
    assert _tie("2024-01-15", stay("1999", "2001-01-01", kind="VerblijfplaatsBuitenland")) is Reason.NOT_DERIVABLE


@pytest.mark.parametrize("kind", ["Maan", "", "adres"])
def test_a_stay_of_an_unknown_kind_supports_nothing_and_rules_nothing_out(kind: str) -> None:
    away = stay(DEN_BOSCH, "2024-01-01", "2025-01-01")
    assert _tie("2025-01-01", away, stay(BOXTEL, "2010-01-01", "2024-01-01", kind=kind)) is Reason.NOT_DERIVABLE
    assert _tie("2025-01-01", away, stay(DEN_BOSCH, "2010-01-01", "2024-01-01", kind=kind)) is Reason.NOT_DERIVABLE


@pytest.mark.parametrize(
    ("begin", "end"),
    [("", "2024-01-01"), ("2010-01-01", ""), ("2024-01-01", "2010-01-01"), ("2014", "2014")],
)
def test_a_stay_that_may_cover_no_day_supports_nothing(begin: str, end: str) -> None:
    away = stay(DEN_BOSCH, "2024-01-01", "2025-01-01")
    assert _tie("2025-01-01", away, stay(BOXTEL, begin, end)) is Reason.NOT_DERIVABLE


@pytest.mark.parametrize("end", [{"type": "Eeuw"}, "2024-01-01", {"type": "DatumOnbekend", "onbekend": True}])
def test_a_stay_with_an_end_that_cannot_be_read_does_not_last_until_now(end: Json) -> None:
    found = facts(
        INWONER,
        person(datumInschrijvingInGemeente=datum("")),
        history=history(stay(BOXTEL, "2010-01-01", datumTot=end)),
    )
    assert left_out(found)["residence_years_min"] is Reason.NOT_DERIVABLE


def test_six_years_within_the_last_ten_are_a_tie() -> None:
    stays = (
        stay(BOXTEL, "2025-02-01"),
        stay(DEN_BOSCH, "2023-06-01", "2025-02-01"),
        stay(BOXTEL, "2005-01-01", "2023-06-01"),
    )
    assert _tie("2025-02-01", *stays) == (True, "past10")


@pytest.mark.parametrize(
    ("left", "tie"),
    [
        ("2022-11-23", (True, "past10")),
        ("2022-11-22", (False, None)),
        ("2023", (True, "past10")),
        ("2022", Reason.NOT_DERIVABLE),  # surely here until January, surely elsewhere from the end of December
    ],
)
def test_only_the_last_ten_years_count(left: str, tie: object) -> None:
    assert _tie("2025-02-01", stay(DEN_BOSCH, left, "2025-02-01"), stay(BOXTEL, "1990-01-01", left)) == tie


def test_an_interruption_of_one_day_breaks_the_six_years() -> None:
    stays = (
        stay(BOXTEL, "2019-05-02", "2024-01-01"),
        stay(DEN_BOSCH, "2019-05-01", "2019-05-02"),
        stay(BOXTEL, "2016-01-01", "2019-05-01"),
        stay(DEN_BOSCH, "2024-01-01", "2025-01-01"),
    )
    assert _tie("2025-01-01", *stays) == (False, None)


def test_moving_within_the_municipality_breaks_nothing() -> None:
    stays = (
        stay(DEN_BOSCH, "2024-01-01", "2025-01-01"),
        stay(BOXTEL, "2019-05-01", "2024-01-01"),
        stay(BOXTEL, "2016-01-01", "2019-05-01"),
    )
    assert _tie("2025-01-01", *stays) == (True, "past10")


def test_a_gap_in_the_history_is_neither_here_nor_elsewhere() -> None:
    stays = (stay(DEN_BOSCH, "2024-01-01", "2025-01-01"), stay(BOXTEL, "2020-01-01", "2024-01-01"))
    assert _tie("2025-01-01", *stays) is Reason.NOT_DERIVABLE


def test_days_to_come_do_not_count() -> None:
    elsewhere = stay(DEN_BOSCH, "2010-01-01", "2024-01-01")
    announced = (stay(BOXTEL, "2027-01-01", "2034-01-01"), stay(BOXTEL, "2024-01-01", "2031-01-01"), elsewhere)
    found = facts(INWONER, person(datumInschrijvingInGemeente=datum("2024-01-01")), history=history(*announced))
    assert found.claims["residence_years_min"] == 2
    assert _tie("2024-01-01", *announced) == (False, None)


def test_days_in_two_municipalities_are_surely_in_neither() -> None:
    both = (stay(BOXTEL, "2010-01-01", "2023-06-01"), stay(DEN_BOSCH, "2019-01-01", "2024-01-01"))
    assert _tie("2024-01-01", *both) is Reason.NOT_DERIVABLE
    found = facts(
        INWONER,
        person(datumInschrijvingInGemeente=datum("2012-01-01")),
        history=history(stay(DEN_BOSCH, "2018-01-01", "2021-01-01")),
    )
    assert found.claims["residence_years_min"] == 5
    assert left_out(found) == {"local_tie_6y": Reason.NOT_DERIVABLE}


def test_residence_is_not_told_from_before_the_day_of_registration() -> None:
    """Registered anew where the stays run on: whether anything came between is not ours to say."""
    anew = (stay(BOXTEL, "2022-01-15"), stay(BOXTEL, "2012-01-01", "2022-01-15"))
    found = facts(INWONER, person(datumInschrijvingInGemeente=datum("2022-01-15")), history=history(*anew))
    assert (found.claims["resident_since_year"], found.claims["residence_years_min"]) == (2022, 4)
    assert left_out(found) == {"local_tie_6y": Reason.NOT_DERIVABLE}


def test_a_month_of_registration_in_which_a_municipality_ended_does_not_make_residence_run_on() -> None:
    """It may be the day of a merger, on which residence runs on, and may be another day of that month."""
    found = facts(
        INWONER, person(datumInschrijvingInGemeente=datum("2021-01")), history=history(stay(BOXTEL, "2012-01-01"))
    )
    assert (found.claims["resident_since_year"], found.claims["residence_years_min"]) == (2021, 5)
    assert left_out(found) == {"local_tie_6y": Reason.NOT_DERIVABLE}


@pytest.mark.parametrize("field", ["datumVan", "datumTot", "gemeenteVanInschrijving", "type"])
def test_a_stay_in_doubt_leaves_out_since_when_where_residence_may_run_on(field: str) -> None:
    doubted = stay(BOXTEL, "2012-01-01", "2021-01-01", inOnderzoek=doubt(field))
    found = facts(
        INWONER,
        person(datumInschrijvingInGemeente=datum("2021-01-01")),
        history=history(stay(BOXTEL, "2021-01-01"), doubted),
    )
    assert (
        left_out(found).items()
        >= {
            "resident_since_year": Reason.UNDER_INVESTIGATION,
            "residence_years_min": Reason.UNDER_INVESTIGATION,
        }.items()
    )


@pytest.mark.parametrize("code", ["0000", "2345"])
def test_a_municipality_that_we_do_not_know_is_not_surely_elsewhere(code: str) -> None:
    assert _tie("2024-01-15", stay(code, "2010-01-01", "2024-01-15")) is Reason.NOT_DERIVABLE


def test_a_resident_of_a_municipality_newer_than_our_table_may_have_come_with_a_merger() -> None:
    newer: dict[str, Json] = {"gemeenteVanInschrijving": {"code": "2345", "omschrijving": "Groot-Boxtel"}}
    whole = person(datumInschrijvingInGemeente=datum("2026-01-01"), **newer)
    stays = history(stay("2345", "2026-01-01"), stay(BOXTEL, "2001-01-01", "2026-01-01"))
    assert left_out(facts(INWONER, whole, history=stays, jurisdictions=("2345",))) == {
        "local_tie_6y": Reason.NOT_DERIVABLE
    }


@pytest.mark.parametrize(("begin", "tie"), [("2010-01-01", (True, "current")), ("", Reason.NOT_DERIVABLE)])
def test_a_move_to_where_ones_municipality_went_up_later_breaks_nothing(begin: str, tie: object) -> None:
    moved: Json = {"code": OISTERWIJK, "omschrijving": "Oisterwijk"}
    whole = person(datumInschrijvingInGemeente=datum("2020-12-01"), gemeenteVanInschrijving=moved)
    stays = history(stay(OISTERWIJK, "2020-12-01"), stay(HAAREN, begin, "2020-12-01"))
    found = facts(INWONER, whole, history=stays, jurisdictions=(OISTERWIJK,))
    told = (found.claims.get("local_tie_6y"), found.claims.get("local_tie_basis"))
    assert left_out(found).get("local_tie_6y", told) == tie


def test_without_a_history_less_than_four_years_may_hide_a_tie_and_more_may_not() -> None:
    assert _tie("2023-05-05") is Reason.NOT_DERIVABLE
    assert _tie("2022-05-05") == (False, None)  # four and a half years here leave less than six before


def test_a_municipality_merged_away_counts_as_its_successor() -> None:
    """Someone of Haaren, whose part of it went to Oisterwijk: registered there on the day of the merger."""
    moved: dict[str, Json] = {"gemeenteVanInschrijving": {"code": OISTERWIJK, "omschrijving": "Oisterwijk"}}
    whole = person(datumInschrijvingInGemeente=datum("2021-01-01"), **moved)
    stays = history(stay(OISTERWIJK, "2021-01-01"), stay(HAAREN, "2009-08-01", "2021-01-01"))
    found = facts(INWONER, whole, history=stays, jurisdictions=(OISTERWIJK,))
    assert found.claims["resident_since_year"] == 2009
    assert found.claims["residence_years_min"] == 17
    assert (found.claims["local_tie_6y"], found.claims["local_tie_basis"]) == (True, "current")


def test_a_municipality_that_was_divided_proves_nothing_for_another_part_of_it() -> None:
    """Part of Haaren went to Boxtel, where table 33 names Oisterwijk: the register does not tell which part."""
    until_the_end = stay(HAAREN, "2009-08-01", "2021-01-01")
    assert _tie("2021-01-01", until_the_end) is Reason.NOT_DERIVABLE
    assert _tie("2021-01-01", stay(HAAREN, "2009-08-01", "2020")) is Reason.NOT_DERIVABLE
    assert _tie("2021-01-01", stay(HAAREN, "2009-08-01", "2021")) is Reason.NOT_DERIVABLE
    left_before = (stay(HAAREN, "2009-08-01", "2020-12-31"), stay(DEN_BOSCH, "2020-12-31", "2021-01-01"))
    assert _tie("2021-01-01", *left_before) == (False, None)


@pytest.mark.parametrize(
    ("end", "tie"),
    [
        ("2022-12-31", (False, None)),
        ("2023-01-01", Reason.NOT_DERIVABLE),
        ("2023", Reason.NOT_DERIVABLE),
        (None, Reason.NOT_DERIVABLE),
    ],
)
def test_a_municipality_that_ended_is_elsewhere_only_for_who_left_before(end: str | None, tie: object) -> None:
    brielle, away = stay("0501", "2005-01-01", end), stay(DEN_BOSCH, "2023-02-01", "2025-02-01")
    assert _tie("2025-02-01", away, brielle) == tie


def test_a_stay_under_investigation_supports_nothing_and_rules_nothing_out() -> None:
    elsewhere = (stay(DEN_BOSCH, "2024-01-01", "2025-01-01"),)
    assert _tie("2025-01-01", *elsewhere, stay(BOXTEL, "2010-01-01", "2024-01-01")) == (True, "past10")
    doubted = stay(BOXTEL, "2010-01-01", "2024-01-01", inOnderzoek=doubt("datumVan"))
    assert _tie("2025-01-01", *elsewhere, doubted) is Reason.UNDER_INVESTIGATION
    away = stay(DEN_BOSCH, "2010-01-01", "2024-01-01", inOnderzoek=doubt("gemeenteVanInschrijving"))
    assert _tie("2025-01-01", *elsewhere, away) is Reason.UNDER_INVESTIGATION


@pytest.mark.parametrize("field", ["datumInschrijvingInGemeente", "gemeenteVanInschrijving"])
def test_a_registration_under_investigation_leaves_out_how_long(field: str) -> None:
    flags: Json = {field: True, "datumIngangOnderzoekGemeente": datum("2026-01-01")}
    found = facts(INWONER, person(inOnderzoek=flags))
    claims = {"resident_since_year", "residence_years_min", "local_tie_6y"}
    if field == "gemeenteVanInschrijving":
        claims |= {"resident", "municipality.code", "municipality.name"}
    assert left_out(found) == dict.fromkeys(claims, Reason.UNDER_INVESTIGATION)
    assert "local_tie_basis" not in found.claims


def test_stays_without_municipality_or_end_support_nothing_and_rule_nothing_out() -> None:
    """The shape of a list of past addresses: where they begin, and neither where they end nor in which municipality."""
    bare: Json = [stay(None, "2018-01-01"), stay(None, "2003-01-01")]
    found = facts(INWONER, person(datumInschrijvingInGemeente=datum("2023-05-05")), history=bare)
    assert left_out(found) == {"local_tie_6y": Reason.NOT_DERIVABLE}


def test_only_the_one_stay_without_an_end_still_lasts() -> None:
    unknown: Json = datum("")
    one = history(stay(BOXTEL, "2010-01-01"))
    assert facts(INWONER, person(datumInschrijvingInGemeente=unknown), history=one).claims["residence_years_min"] == 16
    two = history(stay(BOXTEL, "2010-01-01"), stay(BOXTEL, "2000-01-01"))
    assert "residence_years_min" not in facts(INWONER, person(datumInschrijvingInGemeente=unknown), history=two).claims


def test_a_second_stay_without_an_end_that_is_in_doubt_still_leaves_open_which_one_lasts() -> None:
    in_doubt: Json = {"datumTot": True, "datumIngangOnderzoek": datum("2026-01-01")}
    open_too = stay(BOXTEL, "2000-01-01")
    assert isinstance(open_too, dict)
    two = history(stay(BOXTEL, "2010-01-01"), open_too | {"inOnderzoek": in_doubt})
    found = facts(INWONER, person(datumInschrijvingInGemeente=datum("")), history=two)
    assert "residence_years_min" not in found.claims
    assert "local_tie_6y" not in found.claims


def test_only_residents_need_the_history_and_only_households_the_second_question() -> None:
    assert [one.short for one in CATALOGUE.values() if brp.asks_history([one])] == ["inwoner"]
    assert [one.short for one in CATALOGUE.values() if brp.asks_relatives([one])] == ["huishouden"]
    assert brp.asks_history([PERSOON, INWONER])
    assert not brp.asks_history([PERSOON, HUISHOUDEN])
    begin, end = brp.history_period(AT)
    assert (begin.isoformat(), end.isoformat()) == ("2016-11-23", "2026-11-23")
