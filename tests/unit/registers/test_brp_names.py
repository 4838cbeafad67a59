"""The names as the register composes them; the tables stand in its own features (aanschrijfwijze, voorletters)."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from eigendata.registers.brp.names import aanschrijfwijze, joined, voorletters


def _person(
    use: str,
    *,
    first: str | None,
    prefix: str | None = None,
    name: str | None,
    sex: str = "M",
    title: str | None = None,
    partner: dict[str, Any] | None = None,
    ended: bool = False,
) -> dict[str, Any]:
    naam: dict[str, Any] = {"voornamen": first, "voorvoegsel": prefix, "geslachtsnaam": name}
    naam = {field: value for field, value in naam.items() if value is not None}
    naam["aanduidingNaamgebruik"] = {"code": use}
    if title:
        naam["adellijkeTitelPredicaat"] = {"code": title}
    bond: dict[str, Any] = {"naam": partner}
    if ended:
        bond["ontbindingHuwelijkPartnerschap"] = {"datum": {"type": "DatumOnbekend", "onbekend": True}}
    return {"naam": naam, "geslacht": {"code": sex}, "partners": [bond] if partner else []}


DE_BOER = {"voorvoegsel": "de", "geslachtsnaam": "Boer"}
GROENLO = {"geslachtsnaam": "Groenlo"}
BARON = {"voorvoegsel": "van den", "geslachtsnaam": "Aedel", "adellijkeTitelPredicaat": {"code": "B"}}


@pytest.mark.parametrize(
    ("first", "initials"),
    [
        ("Henk", "H."),
        ("Johan Frank Robert", "J.F.R."),
        ("Theo Philip IJsbrand", "T.P.I."),
        ("Anne-Fleur Belle", "A.B."),
        ("Suzie Q", "S.Q"),
        ("A", "A"),
        ("J P", "J P"),
        ("Özil Ünal", "Ö.Ü."),
    ],
)
def test_initials_are_one_letter_for_each_first_name(first: str, initials: str) -> None:
    assert voorletters(first) == initials


@pytest.mark.parametrize(
    ("use", "written"),
    [("E", "G. van Velzen"), ("P", "G. Groenlo"), ("V", "G. Groenlo-van Velzen"), ("N", "G. van Velzen-Groenlo")],
)
def test_a_name_is_used_as_its_bearer_chose(use: str, written: str) -> None:
    assert aanschrijfwijze(_person(use, first="Geraldine", prefix="van", name="Velzen", partner=GROENLO)) == written


@pytest.mark.parametrize(
    ("use", "written"),
    [
        ("E", "J.A. barones van den Aedel"),
        ("P", "J.A. de Boer"),
        ("V", "J.A. de Boer-barones van den Aedel"),
        ("N", "J.A. barones van den Aedel-de Boer"),
    ],
)
def test_a_title_stands_before_its_own_surname(use: str, written: str) -> None:
    lady = _person(use, first="Jo Anne", prefix="van den", name="Aedel", sex="V", title="BS", partner=DE_BOER)
    assert aanschrijfwijze(lady) == written


@pytest.mark.parametrize(
    ("use", "written"),
    [
        ("E", "Jonkheer J.A. van den Aedel"),
        ("P", "J.A. de Boer"),
        ("V", "J.A. de Boer-jonkheer van den Aedel"),
        ("N", "Jonkheer J.A. van den Aedel-de Boer"),
    ],
)
def test_a_predicate_stands_before_the_initials(use: str, written: str) -> None:
    squire = _person(use, first="James Antoine", prefix="van den", name="Aedel", title="JH", partner=DE_BOER)
    assert aanschrijfwijze(squire) == written


def test_a_woman_with_a_partner_bears_no_predicate_and_has_it_back_after() -> None:
    lady = partial(_person, first="Jeanne Anne", prefix="van den", name="Aedel", sex="V", title="JV")
    assert aanschrijfwijze(lady("E", partner=DE_BOER)) == "J.A. van den Aedel"
    assert aanschrijfwijze(lady("E", partner=DE_BOER, ended=True)) == "Jonkvrouw J.A. van den Aedel"
    assert aanschrijfwijze(lady("V", partner=DE_BOER, ended=True)) == "J.A. de Boer-van den Aedel"


@pytest.mark.parametrize(
    ("sex", "use", "written"),
    [
        ("V", "P", "A. barones van den Aedel"),
        ("V", "V", "A. barones van den Aedel-de Boer"),
        ("V", "N", "A. de Boer-barones van den Aedel"),
        ("V", "E", "A. de Boer"),
        ("M", "P", "A. van den Aedel"),
    ],
)
def test_a_woman_may_bear_her_partners_title(sex: str, use: str, written: str) -> None:
    bearer = _person(use, first="Anne-Fleur", prefix="de", name="Boer", sex=sex, partner=BARON)
    assert aanschrijfwijze(bearer) == written


@pytest.mark.parametrize(
    ("title", "sex", "written"),
    [
        ("JH", "V", "Jonkvrouw A. van den Aedel"),
        ("JV", "M", "Jonkheer A. van den Aedel"),
        ("GI", "M", "A. graaf van den Aedel"),
        ("P", "V", "A. prinses van den Aedel"),
        ("R", "M", "A. ridder van den Aedel"),
        ("R", "V", "A. van den Aedel"),
        ("R", "O", "A. van den Aedel"),
        ("JV", "O", "A. van den Aedel"),
        ("PS", "O", "A. van den Aedel"),
    ],
)
def test_a_title_has_the_form_of_its_bearers_sex_or_is_not_borne(title: str, sex: str, written: str) -> None:
    assert aanschrijfwijze(_person("E", first="Anne", prefix="van den", name="Aedel", sex=sex, title=title)) == written


def test_a_point_is_no_name() -> None:
    assert aanschrijfwijze(_person("E", first="Ali bin Mohammed", name=".")) is None
    assert aanschrijfwijze(_person("E", first="Ali", name=None)) is None
    assert aanschrijfwijze(_person("P", first="Ali", name=".", partner=DE_BOER)) == "A. de Boer"
    assert aanschrijfwijze(_person("P", first="Fred", name="Groenen", partner={"geslachtsnaam": "."})) == "F. Groenen"


def test_of_two_partners_the_first_one_married_gives_the_name() -> None:
    whole = _person("N", first="Ferdinand Cornelis", name="Groen", partner={"geslachtsnaam": "Geel"})
    whole["partners"] = [
        {"naam": {"geslachtsnaam": "Roodt"}, "aangaanHuwelijkPartnerschap": {"datum": _day("1961-08-31")}},
        {"naam": {"geslachtsnaam": "Geel"}, "aangaanHuwelijkPartnerschap": {"datum": _day("1958-04-01")}},
    ]
    assert aanschrijfwijze(whole) == "F.C. Groen-Geel"


def test_who_has_no_first_names_is_written_by_surname_with_a_capital() -> None:
    assert aanschrijfwijze(_person("E", first=None, prefix="de", name="Boer")) == "De Boer"


def test_a_surname_keeps_what_stands_before_it_letter_for_letter() -> None:
    assert joined("'s-", "Gravenmade") == "'s- Gravenmade"
    assert joined(None, "Ĳzer") == "Ĳzer"


def _day(text: str) -> dict[str, Any]:
    return {"type": "Datum", "datum": text}
