from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from eigendata.encoding import Json
from eigendata.errors import Misuse
from eigendata.model import legal_day
from eigendata.registers.brp.dates import Datum, of_age, read_datum, years_before, years_between
from tests.unit.registers.persons import datum


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        ("1980-05-17", date(1980, 5, 17), date(1980, 5, 17)),
        ("1980-02", date(1980, 2, 1), date(1980, 2, 29)),
        ("1980", date(1980, 1, 1), date(1980, 12, 31)),
        ("", None, None),
    ],
)
def test_a_date_has_the_bounds_of_what_is_known_of_it(text: str, earliest: date | None, latest: date | None) -> None:
    read = read_datum(datum(text))
    assert read is not None
    assert (read.earliest, read.latest) == (earliest, latest)
    assert read.exact == (earliest if len(text) == 10 else None)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "1980-05-17",
        [],
        {},
        {"type": "Datum"},
        {"type": "Datum", "datum": "1980-02-30"},
        {"type": "Datum", "datum": "19800517"},
        {"type": "Datum", "datum": 19800517},
        {"type": "Eeuw", "eeuw": 20},
        {"type": "JaarDatum", "jaar": 0},
        {"type": "JaarDatum", "jaar": "1980"},
        {"type": "JaarMaandDatum", "jaar": 1980, "maand": 13},
        {"type": "JaarMaandDatum", "jaar": 10000, "maand": 1},
        {"type": ["Datum"], "datum": "1980-05-17"},
    ],
)
def test_a_date_that_we_do_not_understand_is_no_date(value: Json) -> None:
    assert read_datum(value) is None


@pytest.mark.parametrize(
    ("on", "age"),
    [
        (date(2016, 2, 28), 19),
        (date(2016, 2, 29), 20),
        (date(2017, 2, 28), 20),
        (date(2017, 3, 1), 21),
    ],
)
def test_who_is_born_on_29_february_comes_of_age_on_1_march(on: date, age: int) -> None:
    assert years_between(date(1996, 2, 29), on) == age


def test_a_birthday_begins_at_midnight_in_the_netherlands() -> None:
    born = Datum(2008, 7, 1)
    before = datetime(2026, 6, 30, 21, 59, 59, tzinfo=UTC)  # 23:59:59 in summer
    after = datetime(2026, 6, 30, 22, 0, 0, tzinfo=UTC)
    assert of_age(born, 18, on=legal_day(before)) is False
    assert of_age(born, 18, on=legal_day(after)) is True
    assert legal_day(datetime(2026, 12, 31, 23, 0, tzinfo=UTC)) == date(2027, 1, 1)  # 00:00 in winter


def test_an_age_is_told_only_where_every_day_that_it_can_be_agrees() -> None:
    on = date(2026, 11, 23)
    assert of_age(Datum(2007), 18, on=on) is True
    assert of_age(Datum(2008), 18, on=on) is None
    assert of_age(Datum(2009), 18, on=on) is False
    assert of_age(Datum(2008, 11), 18, on=on) is None
    assert of_age(Datum(2008, 10), 18, on=on) is True
    assert of_age(Datum(2008, 12), 18, on=on) is False
    assert of_age(Datum(), 18, on=on) is None


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(Misuse):
        legal_day(datetime(2026, 1, 1))  # noqa: DTZ001


def test_years_before_a_leap_day_end_in_february() -> None:
    assert years_before(date(2024, 2, 29), 10) == date(2014, 2, 28)
    assert years_before(date(5, 1, 1), 10) == date.min
