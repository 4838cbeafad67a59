"""Laws of the register of persons: a credential never says more than the record holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigendata.encoding import Json
from eigendata.errors import Declined, EigendataError, Reason
from eigendata.model import CredentialType, Facts, Presence, legal_day
from eigendata.registers import brp
from eigendata.registers.brp.dates import Datum, years_before, years_between
from eigendata.registers.catalogue import CATALOGUE, INWONER, RELATIVE_FIELDS
from eigendata.registers.fields import View, select
from tests.unit.registers.persons import AT, BOXTEL, CHILD, PARTNER, answer, datum, home, person

TYPES = tuple(CATALOGUE.values())
ON = legal_day(AT)

every_type = pytest.mark.parametrize("type", TYPES, ids=lambda one: one.short)
few = settings(max_examples=60, deadline=None)


# -- records ----------------------------------------------------------------------------------------------------------

days = st.dates(min_value=date(1930, 1, 1), max_value=ON)
texts = st.one_of(st.sampled_from(["Jan", ".", "", "van", "Ĳ"]), st.text(max_size=8))


def shorter(text: str) -> list[str]:
    """Give a date and what is left of it when the day, the month and the year are forgotten in turn."""
    return [text, text[:7], text[:4], ""]


dates = st.builds(lambda day, kept: datum(shorter(day.isoformat())[kept]), days, st.integers(0, 3))
municipalities = st.sampled_from(["0757", "0757", "0806", "0788", "0796", "1999"])

stays = st.builds(
    lambda code, begin, end, kind: {
        "type": kind,
        "gemeenteVanInschrijving": {"code": code},
        "datumVan": begin,
        **({"datumTot": end} if end else {}),
    },
    municipalities,
    dates,
    st.none() | dates,
    st.sampled_from(["Adres", "Adres", "Locatie", "VerblijfplaatsBuitenland"]),
)

places = st.one_of(
    st.builds(home, st.integers(1, 3), datumVan=dates, functieAdres=st.sampled_from([{"code": "W"}, {"code": "B"}])),
    st.just(
        {"type": "Locatie", "verblijfadres": {"locatiebeschrijving": "Boot"}, "functieAdres": {"code": "W"}},
    ),
    st.just({"type": "VerblijfplaatsBuitenland", "verblijfadres": {"land": {"code": "5010"}, "regel1": "x"}}),
    st.just({"type": "VerblijfplaatsOnbekend"}),
)
relatives = st.builds(lambda bsn, born: {"burgerservicenummer": bsn, "geboorte": {"datum": born}}, st.none(), dates)


def _relative(bsn: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    one = st.builds(lambda born: {"burgerservicenummer": bsn, "geboorte": {"datum": born}}, dates)
    return st.lists(one, max_size=1)


people = st.builds(
    person,
    geboorte=st.builds(lambda born: {"datum": born, "plaats": {"omschrijving": "Thann"}}, dates),
    naam=st.fixed_dictionaries({}, optional={"voornamen": texts, "voorvoegsel": texts, "geslachtsnaam": texts}),
    nationaliteiten=st.lists(
        st.sampled_from(
            [
                {"type": "Nationaliteit", "nationaliteit": {"code": "0001"}},
                {"type": "Nationaliteit", "nationaliteit": {"code": "0065"}},
                {"type": "Staatloos"},
                {"type": "BehandeldAlsNederlander"},
                {"type": "Marsbewoner"},
            ]
        ),
        max_size=2,
    ),
    datumInschrijvingInGemeente=dates,
    verblijfplaats=places,
    partners=_relative(PARTNER),
    kinderen=_relative(CHILD),
)
households = st.lists(
    st.builds(
        lambda bsn, place: {"burgerservicenummer": bsn, "verblijfplaats": place},
        st.sampled_from([PARTNER, CHILD]),
        places,
    ),
    max_size=2,
    unique_by=lambda one: str(one["burgerservicenummer"]),
)
histories = st.lists(stays, max_size=4)

Answers = tuple[Mapping[str, Json], Sequence[Json], Sequence[Mapping[str, Json]]]
answers: st.SearchStrategy[Answers] = st.tuples(people, histories, households)


def _record(answers: Answers) -> brp.BrpRecord:
    whole, history, residents = answers
    return brp.parse(answer(whole), history={"verblijfplaatsen": history}, relatives=answer(*residents), at=AT)


def _told(type: CredentialType, answers: Answers) -> Facts | Reason:
    try:
        return _record(answers).facts(type, jurisdictions=BOXTEL, at=AT)
    except Declined as refusal:
        return refusal.reason


def _paths(claims: Mapping[str, Json], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    for name, value in claims.items():
        if isinstance(value, Mapping):
            yield from _paths(value, (*above, name))
        else:
            yield (*above, name), value


def _claims(told: Facts | Reason) -> dict[tuple[str, ...], Json]:
    if isinstance(told, Reason):
        return {}
    return {path: value for path, value in _paths(told.claims) if path[0] != "absent"}


def _number(value: Json) -> int:
    assert isinstance(value, int)
    return value


# -- laws -------------------------------------------------------------------------------------------------------------


@every_type
@few
@given(answers)
def test_every_promised_claim_is_told_or_left_out_with_its_reason(type: CredentialType, answers: Answers) -> None:
    told = _told(type, answers)
    if isinstance(told, Reason):
        return
    claims, missing = _claims(told), {one.claim for one in told.left_out}
    for attribute in type.attributes:
        if attribute.presence is Presence.PROMISED:
            assert (attribute.path in claims) != (attribute.path in missing)
    assert set(claims) <= {attribute.path for attribute in type.attributes}
    absent = told.claims.get("absent", {})
    assert absent == {one.claim[0]: True for one in told.left_out if one.claim}


@every_type
@few
@given(answers)
def test_facts_use_only_the_fields_that_are_asked(type: CredentialType, answers: Answers) -> None:
    whole, history, residents = answers
    asked = select(whole, brp.questions([type]), View.PERSOON)
    asked_of_others = [select(one, RELATIVE_FIELDS, View.PERSOON) for one in residents]
    assert _told(type, (asked, history, asked_of_others)) == _told(type, answers)


def _forget(group: Mapping[str, Json]) -> Mapping[str, Json]:
    """Give the same fields with every whole date known to the month only."""
    if group.get("type") == "Datum":
        return datum(str(group["datum"])[:7])
    return {name: _forget_in(member) for name, member in group.items()}


def _forget_in(value: Json) -> Json:
    if isinstance(value, Mapping):
        return _forget(value)
    return [_forget_in(one) for one in value] if isinstance(value, list) else value


@every_type
@few
@given(answers)
def test_knowing_less_of_a_date_never_says_more(type: CredentialType, answers: Answers) -> None:
    whole, history, residents = answers
    less = (_forget(whole), [_forget_in(one) for one in history], [_forget(one) for one in residents])
    before, after = _told(type, answers), _told(type, less)
    if isinstance(before, Reason):
        assert isinstance(after, Reason)
        return
    known = _claims(before)
    for path, value in _claims(after).items():
        match path[-1]:
            case "since" | "resident_since_year":
                assert str(value) >= str(known[path])
            case "residence_years_min":
                assert _number(value) <= _number(known[path])
            case "birth_year_month":
                assert str(known.get(("birthdate",), value)).startswith(str(value))
            case "local_tie_basis":
                assert known[("local_tie_6y",)] is True
            case _:
                assert known[path] == value


def _groups(value: Json) -> Iterator[dict[str, Any]]:
    """Give every group of fields in an answer that may have an investigation of its own."""
    if isinstance(value, dict):
        if not {"type", "langFormaat"} <= set(value) and "code" not in value:
            yield value
        for member in value.values():
            yield from _groups(member)
    elif isinstance(value, list):
        for one in value:
            yield from _groups(one)


@every_type
@few
@given(answers, st.data())
def test_an_investigation_never_adds_a_claim_and_never_changes_one(
    type: CredentialType, answers: Answers, data: st.DataObject
) -> None:
    doubted = deepcopy(answers)
    groups = [one for part in doubted for one in _groups(part) if set(one) - {"inOnderzoek"}]
    for group in data.draw(st.lists(st.sampled_from(groups), min_size=1, max_size=3, unique_by=id)):
        fields = data.draw(st.lists(st.sampled_from(sorted(set(group) - {"inOnderzoek"})), max_size=2))
        began: dict[str, Json] = {"datumIngangOnderzoek": datum("2026-01-01")}
        group["inOnderzoek"] = began | dict.fromkeys(fields, True)
    before, after = _claims(_told(type, answers)), _claims(_told(type, doubted))
    assert {path: before.get(path) for path in after} == after


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[tuple[str, date, date]], dict[str, Any], list[Json]]:
    """Give where someone really lived, day by day, and what a register that forgets tells of it."""
    begun = sorted(draw(st.lists(st.dates(date(2006, 1, 1), ON), min_size=1, max_size=6, unique=True)))
    codes = [draw(st.sampled_from(["0757", "0796", "abroad"])) for _ in begun[1:]] + ["0757"]
    life = list(zip(codes, begun, [*begun[1:], ON + timedelta(days=1)], strict=True))
    registered = begun[-1]
    for code, begin, _ in reversed(life):
        if code != "0757":
            break
        registered = begin

    def told(day: date) -> Json:
        return datum(shorter(day.isoformat())[draw(st.sampled_from([0, 0, 0, 1, 2, 3]))])

    history: list[Json] = []
    for code, begin, end in reversed(life):
        if draw(st.sampled_from([True, True, True, False])):
            stay: dict[str, Json] = {"type": "Adres" if code != "abroad" else "VerblijfplaatsBuitenland"}
            stay |= {"datumVan": told(begin), "gemeenteVanInschrijving": {"code": code if code != "abroad" else "1999"}}
            history.append(stay if end > ON else {**stay, "datumTot": told(end)})
    return life, person(datumInschrijvingInGemeente=told(registered)), history


def _really(life: list[tuple[str, date, date]]) -> tuple[bool, int]:
    """Give, from someone's life, whether they have the tie and since how many years they are here."""
    runs: list[tuple[date, date]] = []
    for code, begin, end in life:
        if code == "0757":
            runs = [*runs[:-1], (runs[-1][0], end)] if runs and runs[-1][1] == begin else [*runs, (begin, end)]
    opens = years_before(ON, 10)
    now = years_between(runs[-1][0], ON)
    past = any(years_between(max(begin, opens), min(end, ON)) >= 6 for begin, end in runs if end > opens)
    return now >= 6 or past, now


@settings(max_examples=400, deadline=None)
@given(lives())
def test_whatever_is_told_of_residence_is_true_of_the_life(lived: Any) -> None:
    life, whole, history = lived
    tie, years = _really(life)
    record = brp.parse(answer(whole), history={"verblijfplaatsen": history}, at=AT)
    told = record.facts(INWONER, jurisdictions=BOXTEL, at=AT).claims
    assert told.get("local_tie_6y", tie) is tie
    assert _number(told.get("residence_years_min", 0)) <= years
    assert _number(told.get("resident_since_year", ON.year)) >= ON.year - years - 1


@few
@given(days, st.integers(0, 3))
def test_a_date_lies_between_its_bounds(day: date, kept: int) -> None:
    text = shorter(day.isoformat())[kept]
    known = Datum(*(int(part) for part in text.split("-"))) if text else Datum()
    if known.earliest is None or known.latest is None:
        assert not text
        return
    assert known.earliest <= day <= known.latest
    assert known.latest - known.earliest < timedelta(days=366)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "datum", "jaar", "maand", "code", "omschrijving", "inOnderzoek", "verblijfadres", "naam"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_json_in_any_field_gives_facts_or_one_of_the_five_errors(data: st.DataObject) -> None:
    whole = person()
    for name in data.draw(st.lists(st.sampled_from([*whole, "inOnderzoek", "opschortingBijhouding"]), max_size=4)):
        whole[name] = data.draw(json_values)
    history, residents = data.draw(json_values), data.draw(json_values)
    try:
        record = brp.parse({"personen": [whole]}, history=history, relatives=residents, at=AT)
    except EigendataError:
        record = brp.parse({"personen": [whole]}, at=AT)
    for one in TYPES:
        with suppress(Declined):
            record.facts(one, jurisdictions=BOXTEL, at=AT)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_give_a_record_or_one_of_the_five_errors(data: bytes) -> None:
    for reply in (data, b'{"personen": [' + data + b"]}"):
        try:
            brp.parse(reply, at=AT)
        except EigendataError:
            continue
