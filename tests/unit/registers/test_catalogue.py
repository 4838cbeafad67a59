from __future__ import annotations

import csv
import re

import pytest

from eigendata.errors import Misuse
from eigendata.model import CredentialType, Kind, Presence
from eigendata.registers import brp
from eigendata.registers.catalogue import ADRES, BSN, CATALOGUE, HUISHOUDEN, INWONER, PERSOON, RELATIVE_FIELDS, by_name
from tests.given import given

TYPES = tuple(CATALOGUE.values())
GATED = ("geboorte.datum", "gemeenteVanInschrijving.code", "indicatieCurateleRegister", "overlijden.datum")
SUBJECT = ("naam.geslachtsnaam", "naam.voornamen", "naam.voorvoegsel")
COME_UNASKED = ("inOnderzoek", "geheimhoudingPersoonsgegevens", "opschortingBijhouding", "rni", "verificatie")

# The whole question of each type, written out: a field that is added to one is added here, and seen.
ASKED = {
    PERSOON.id: {
        *GATED,
        *SUBJECT,
        "adressering.aanschrijfwijze.naam",
        "geboorte.plaats.omschrijving",
        "nationaliteiten.nationaliteit.code",
        "nationaliteiten.type",
    },
    BSN.id: {*GATED, *SUBJECT, "burgerservicenummer"},
    ADRES.id: {
        *GATED,
        *SUBJECT,
        "gemeenteVanInschrijving.omschrijving",
        "verblijfplaats.adresseerbaarObjectIdentificatie",
        "verblijfplaats.datumVan",
        "verblijfplaats.functieAdres.code",
        "verblijfplaats.nummeraanduidingIdentificatie",
        "verblijfplaats.type",
        "verblijfplaats.verblijfadres.aanduidingBijHuisnummer.code",
        "verblijfplaats.verblijfadres.huisletter",
        "verblijfplaats.verblijfadres.huisnummer",
        "verblijfplaats.verblijfadres.huisnummertoevoeging",
        "verblijfplaats.verblijfadres.korteStraatnaam",
        "verblijfplaats.verblijfadres.land.code",
        "verblijfplaats.verblijfadres.locatiebeschrijving",
        "verblijfplaats.verblijfadres.officieleStraatnaam",
        "verblijfplaats.verblijfadres.postcode",
        "verblijfplaats.verblijfadres.woonplaats",
    },
    INWONER.id: {*GATED, *SUBJECT, "gemeenteVanInschrijving.omschrijving", "datumInschrijvingInGemeente"},
    HUISHOUDEN.id: {
        *GATED,
        *SUBJECT,
        "kinderen.burgerservicenummer",
        "kinderen.geboorte.datum",
        "partners.burgerservicenummer",
        "partners.geboorte.datum",
        "partners.ontbindingHuwelijkPartnerschap.datum",
        "verblijfplaats.adresseerbaarObjectIdentificatie",
        "verblijfplaats.functieAdres.code",
        "verblijfplaats.type",
        "verblijfplaats.verblijfadres.aanduidingBijHuisnummer.code",
        "verblijfplaats.verblijfadres.huisletter",
        "verblijfplaats.verblijfadres.huisnummer",
        "verblijfplaats.verblijfadres.huisnummertoevoeging",
        "verblijfplaats.verblijfadres.locatiebeschrijving",
        "verblijfplaats.verblijfadres.postcode",
    },
}

pytestmark = pytest.mark.filterwarnings("error")


@pytest.mark.parametrize("type", TYPES, ids=lambda one: one.short)
def test_a_type_asks_the_register_for_exactly_its_own_fields(type: CredentialType) -> None:
    assert set(brp.questions([type])) == ASKED[type.id]


def test_types_asked_together_ask_no_more_than_each_apart() -> None:
    assert set(brp.questions(TYPES)) == set().union(*ASKED.values())
    assert list(brp.questions(TYPES)) == sorted(brp.questions(TYPES))
    assert len(brp.questions(TYPES)) <= 130


def test_every_field_that_is_asked_may_be_asked() -> None:
    with given("nl-data/brp-personen/fields-Persoon.csv").open(encoding="utf-8") as rows:
        legal = {row["pad"] for row in csv.DictReader(rows)}
    asked = {*brp.questions(TYPES), *RELATIVE_FIELDS}
    assert asked <= legal


def test_what_comes_unasked_is_never_asked() -> None:
    for path in (*brp.questions(TYPES), *RELATIVE_FIELDS):
        assert not set(path.split(".")) & set(COME_UNASKED)


def test_the_second_question_asks_for_addresses_and_numbers_alone() -> None:
    assert all(
        path == "burgerservicenummer" or path.startswith(("verblijfplaats.", "gemeenteVanInschrijving."))
        for path in RELATIVE_FIELDS
    )


@pytest.mark.parametrize("type", TYPES, ids=lambda one: one.short)
def test_a_type_is_named_and_labelled_for_people(type: CredentialType) -> None:
    assert re.fullmatch(rf"urn:eigendata:nl:brp:{type.short}:1", type.id)
    for label in (type.label, *(one.label for one in type.attributes)):
        assert set(label) >= {"nl", "en"}
        assert all(text.strip() for text in label.values())
    assert len({one.path for one in type.attributes}) == len(type.attributes)


@pytest.mark.parametrize("type", TYPES, ids=lambda one: one.short)
def test_each_promised_claim_has_one_absent_sibling_and_no_other_claim_has(type: CredentialType) -> None:
    promised = {one.path[0] for one in type.attributes if one.presence is Presence.PROMISED}
    absent = [one for one in type.attributes if one.path[0] == "absent"]
    assert {one.path for one in absent} == {("absent", name) for name in promised}
    assert len(absent) == len(promised)
    assert all(one.kind is Kind.BOOLEAN and one.presence is Presence.OPTIONAL and not one.source for one in absent)


@pytest.mark.parametrize("type", TYPES, ids=lambda one: one.short)
def test_every_claim_of_the_register_says_where_it_comes_from(type: CredentialType) -> None:
    ours = {"set", "absent"}
    for one in type.attributes:
        assert bool(one.source) != (one.presence is Presence.ALWAYS or one.path[0] in ours)


@pytest.mark.parametrize("type", TYPES, ids=lambda one: one.short)
def test_every_type_carries_what_ties_two_credentials_to_one_person(type: CredentialType) -> None:
    for path in (("family_name",), ("given_name",), ("birthdate",), ("set",)):
        assert type.attribute(path) is not None


def test_the_number_is_shown_only_where_a_law_says_so() -> None:
    assert [one.short for one in TYPES if one.by_law_only] == ["bsn"]
    assert [one.short for one in TYPES if one.attribute(("bsn",))] == ["bsn"]


def test_a_type_that_names_a_municipality_may_only_name_the_issuers_own() -> None:
    for one in TYPES:
        names_one = one.attribute(("municipality", "code")) is not None
        assert one.jurisdiction == (("municipality", "code") if names_one else None)


def test_a_type_is_found_by_either_name_and_an_unknown_one_is_refused() -> None:
    assert by_name("inwoner") is INWONER
    assert by_name("urn:eigendata:nl:brp:inwoner:1") is INWONER
    assert by_name("brp:inwoner:1") is INWONER
    with pytest.raises(Misuse):
        by_name("woonhistorie")
