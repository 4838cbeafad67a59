from __future__ import annotations

import unicodedata
from typing import Any

import pytest

from eigendata.encoding import Json
from eigendata.errors import Reason
from eigendata.registers.catalogue import ADRES, BSN, PERSOON
from tests.unit.registers import persons
from tests.unit.registers.persons import datum, doubt, facts, home, left_out, person, within


def _naam(**changes: Any) -> dict[str, Any]:
    naam = {**person()["naam"], **changes}
    return {name: value for name, value in naam.items() if value is not None}


def test_a_complete_record_gives_every_claim_of_the_type() -> None:
    assert facts(PERSOON).claims == {
        "family_name": "van den Bőssche-Ĳzer",
        "given_name": "Aïcha Zoë",
        "birthdate": "1985-06-15",
        "name_in_use": "A.Z. van den Bőssche-Ĳzer",
        "place_of_birth": "Boxtel",
        "nationalities": ("NL",),
        "age_over_12": True,
        "age_over_16": True,
        "age_over_18": True,
        "age_over_21": True,
        "age_over_65": False,
    }


@pytest.mark.parametrize(
    "name",
    [
        "<Onbekend> & </Onbemind>",
        'Rente @ 100% "Onbemind"',
        "%im ;soms genaamd Kim | Jim",
        "Vųlĸovā",
        "Bronwaßer",
        " leading and trailing ",
        "'; DROP TABLE--",
        "\u202egnirts",
        "x" * 5000,
        "e\u0301",
    ],
)
def test_a_name_keeps_every_character(name: str) -> None:
    found = facts(PERSOON, person(naam=_naam(voornamen=name, voorvoegsel=None, geslachtsnaam=name)))
    assert found.claims["given_name"] == name
    assert found.claims["family_name"] == name


def test_a_composed_character_is_not_taken_apart() -> None:
    name = facts(PERSOON).claims["family_name"]
    assert isinstance(name, str)
    assert name == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    ("naam", "claim"),
    [
        (_naam(geslachtsnaam="."), "family_name"),
        (_naam(geslachtsnaam=None), "family_name"),
        (_naam(geslachtsnaam="  "), "family_name"),
        (_naam(voornamen=None), "given_name"),
        (_naam(voornamen="."), "given_name"),
    ],
)
def test_a_name_that_is_not_known_is_absent(naam: Json, claim: str) -> None:
    found = facts(PERSOON, person(naam=naam))
    assert left_out(found) == {claim: Reason.NOT_RECORDED}
    assert found.claims["absent"] == {claim: True}


@pytest.mark.parametrize(
    ("naam", "claim"),
    [
        (_naam(geslachtsnaam=["Boer"]), "family_name"),
        (_naam(voorvoegsel={"nl": "van"}), "family_name"),
        (_naam(voornamen=7), "given_name"),
    ],
)
def test_a_name_of_another_shape_is_not_derivable(naam: Json, claim: str) -> None:
    assert left_out(facts(PERSOON, person(naam=naam))) == {claim: Reason.NOT_DERIVABLE}


@pytest.mark.parametrize(
    ("born", "told", "missing"),
    [
        ("1985-06", {"birth_year_month": "1985-06"}, {"birthdate"}),
        ("1985", {"birth_year": 1985}, {"birthdate"}),
        ("0985", {"birth_year": 985}, {"birthdate"}),
        ("1961-11", {"birth_year_month": "1961-11"}, {"birthdate", "age_over_65"}),
        ("1961", {"birth_year": 1961}, {"birthdate", "age_over_65"}),
        ("2005", {"birth_year": 2005}, {"birthdate", "age_over_21"}),
    ],
)
def test_a_partial_birth_date_gives_what_is_known(born: str, told: dict[str, Json], missing: set[str]) -> None:
    found = facts(PERSOON, person(geboorte={**person()["geboorte"], "datum": datum(born)}))
    assert {name: found.claims[name] for name in told} == told
    assert {"birth_year", "birth_year_month"} & set(found.claims) == set(told)
    assert left_out(found) == dict.fromkeys(missing, Reason.NOT_DERIVABLE)


@pytest.mark.parametrize("born", ["1985-06-15", "1985-06", "1985"])
def test_a_birth_date_under_investigation_tells_neither_year_nor_age(born: str) -> None:
    found = facts(PERSOON, person(geboorte={"datum": datum(born), "inOnderzoek": doubt("datum")}))
    assert not [name for name in found.claims if name.startswith(("birth", "age_over"))]


def _nationality(*kinds: str) -> list[dict[str, Any]]:
    return [
        {"type": "Nationaliteit", "nationaliteit": {"code": one}} if one.isdigit() else {"type": one} for one in kinds
    ]


@pytest.mark.parametrize(
    ("recorded", "told"),
    [
        (["0001"], ("NL",)),
        (["0001", "0057"], ("NL", "FR")),
        (["0060", "0083"], ("GB",)),
        (["Staatloos"], ("QS",)),
        (["0499"], Reason.NOT_DERIVABLE),
        (["NationaliteitOnbekend"], ("QU",)),
        (["VastgesteldNietNederlander"], ("QU",)),
        (["VastgesteldNietNederlander", "0052"], ("BE",)),
        (["BehandeldAlsNederlander"], Reason.NOT_DERIVABLE),
        (["BehandeldAlsNederlander", "0313"], ("ID",)),
        (["0065"], Reason.NOT_DERIVABLE),
        (["0001", "9876"], Reason.NOT_DERIVABLE),
        (["Wereldburger"], Reason.NOT_DERIVABLE),
        (["0086"], ("MK",)),
    ],
)
def test_nationalities_are_told_all_or_not(recorded: list[str], told: tuple[str, ...] | Reason) -> None:
    found = facts(PERSOON, person(nationaliteiten=_nationality(*recorded)))
    if isinstance(told, Reason):
        assert left_out(found) == {"nationalities": told}
    else:
        assert found.claims["nationalities"] == told


@pytest.mark.parametrize(
    ("recorded", "reason"),
    [
        (None, Reason.NOT_RECORDED),
        ([], Reason.NOT_RECORDED),
        ("Nederlandse", Reason.NOT_DERIVABLE),
        ([1], Reason.NOT_DERIVABLE),
        ([{}], Reason.NOT_DERIVABLE),
        ([{"type": "Nationaliteit"}], Reason.NOT_DERIVABLE),
        ([{"type": 1}], Reason.NOT_DERIVABLE),
    ],
)
def test_nationalities_that_cannot_be_read_are_absent(recorded: Json, reason: Reason) -> None:
    assert left_out(facts(PERSOON, person(nationaliteiten=recorded))) == {"nationalities": reason}


def test_one_doubted_nationality_leaves_them_all_out() -> None:
    both = _nationality("0001", "0057")
    both[1]["inOnderzoek"] = doubt("nationaliteit")
    assert left_out(facts(PERSOON, person(nationaliteiten=both))) == {"nationalities": Reason.UNDER_INVESTIGATION}


@pytest.mark.parametrize(
    ("changes", "claims"),
    [
        ({"naam": _naam(inOnderzoek=doubt("voornamen"))}, {"given_name", "name_in_use"}),
        ({"naam": _naam(inOnderzoek=doubt("voorvoegsel"))}, {"family_name", "name_in_use"}),
        ({"naam": _naam(inOnderzoek=doubt("geslachtsnaam"))}, {"family_name", "name_in_use"}),
        ({"naam": _naam(inOnderzoek=doubt("adellijkeTitelPredicaat"))}, set()),
        ({"naam": _naam(inOnderzoek=doubt())}, {"family_name", "given_name", "name_in_use"}),
        ({"naam": _naam(inOnderzoek=True)}, {"family_name", "given_name", "name_in_use"}),
        ({"naam": _naam(inOnderzoek=doubt() | {"voornamen": False})}, {"family_name", "given_name", "name_in_use"}),
        ({"geboorte": {**person()["geboorte"], "inOnderzoek": doubt("plaats")}}, {"place_of_birth"}),
        ({"geboorte": {**person()["geboorte"], "inOnderzoek": doubt("land")}}, set()),
        (
            {"adressering": {**person()["adressering"], "inOnderzoek": {"aanschrijfwijze": True}}},
            {"name_in_use"},
        ),
        (
            {
                "adressering": {
                    **person()["adressering"],
                    "inOnderzoek": {"datumIngangOnderzoekPartner": datum("2026-01-01")},
                }
            },
            {"name_in_use"},
        ),
        ({"inOnderzoek": {"burgerservicenummer": True, "datumIngangOnderzoekPersoon": datum("2026")}}, set()),
    ],
)
def test_a_field_under_investigation_leaves_out_the_claims_that_use_it(changes: Any, claims: set[str]) -> None:
    found = facts(PERSOON, person(**changes))
    assert left_out(found) == dict.fromkeys(claims, Reason.UNDER_INVESTIGATION)
    assert found.claims.get("absent", {}) == dict.fromkeys(claims, True)


def test_the_number_is_told_only_if_it_is_one_and_is_not_doubted() -> None:
    assert facts(BSN).claims["bsn"] == persons.BSN
    wrong: Json = "999990018"
    assert left_out(facts(BSN, person(burgerservicenummer=wrong))) == {"bsn": Reason.NOT_DERIVABLE}
    doubted: Json = {"burgerservicenummer": True, "datumIngangOnderzoekPersoon": datum("2026-01-01")}
    assert left_out(facts(BSN, person(inOnderzoek=doubted))) == {"bsn": Reason.UNDER_INVESTIGATION}
    assert left_out(facts(BSN, person(burgerservicenummer=None))) == {"bsn": Reason.NOT_RECORDED}


def test_a_complete_address_gives_every_claim_of_the_type() -> None:
    assert facts(ADRES).claims == {
        "family_name": "van den Bőssche-Ĳzer",
        "given_name": "Aïcha Zoë",
        "birthdate": "1985-06-15",
        "address": {
            "street_address": "Prins Bernhardstraat",
            "house_number": "12",
            "postal_code": "5281AB",
            "locality": "Liempde",
            "country": "NL",
        },
        "bag_vbo": "0757010000000012",
        "bag_num": "0757200000000012",
        "municipality": {"code": "0757", "name": "Boxtel"},
        "since": "2015-03-01",
        "kind": "woon",
    }


def _at(**address: Json) -> dict[str, Any]:
    whole = home()
    parts = {**whole["verblijfadres"], **address}
    return {**whole, "verblijfadres": {name: value for name, value in parts.items() if value is not None}}


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"huisnummer": 88}, "88"),
        ({"huisnummer": 103, "huisletter": "c"}, "103 c"),
        ({"huisnummer": 35, "huisnummertoevoeging": "III"}, "35 III"),
        ({"huisnummer": 9, "huisnummertoevoeging": "2"}, "9-2"),
        ({"huisnummer": 555, "huisletter": "B", "huisnummertoevoeging": "73c"}, "555 B73c"),
        ({"huisnummer": 15201, "aanduidingBijHuisnummer": {"code": "by"}}, "bij 15201"),
        ({"huisnummer": 3, "huisletter": "B", "aanduidingBijHuisnummer": {"code": "to"}}, "t/o 3 B"),
    ],
)
def test_a_house_number_is_written_as_in_the_registers_own_address_line(parts: dict[str, Json], told: str) -> None:
    claims = facts(ADRES, person(verblijfplaats=_at(**parts))).claims
    assert within(claims, "address", "house_number") == told


@pytest.mark.parametrize(
    ("parts", "missing", "reason"),
    [
        ({"huisnummer": 0}, "address.house_number", Reason.NOT_RECORDED),
        ({"huisnummer": "12"}, "address.house_number", Reason.NOT_DERIVABLE),
        ({"huisnummer": True}, "address.house_number", Reason.NOT_DERIVABLE),
        ({"huisnummer": -1}, "address.house_number", Reason.NOT_DERIVABLE),
        ({"huisletter": 7}, "address.house_number", Reason.NOT_DERIVABLE),
        ({"woonplaats": 7}, "address.locality", Reason.NOT_DERIVABLE),
        ({"officieleStraatnaam": None, "korteStraatnaam": 7}, "address.street_address", Reason.NOT_DERIVABLE),
        ({"officieleStraatnaam": 7, "korteStraatnaam": None}, "address.street_address", Reason.NOT_DERIVABLE),
        ({"aanduidingBijHuisnummer": {"code": "xx"}}, "address.house_number", Reason.NOT_DERIVABLE),
        ({"postcode": None}, "address.postal_code", Reason.NOT_RECORDED),
        ({"postcode": "5281 ABC"}, "address.postal_code", Reason.NOT_DERIVABLE),
        ({"officieleStraatnaam": ".", "korteStraatnaam": "."}, "address.street_address", Reason.NOT_RECORDED),
    ],
)
def test_an_address_with_a_part_that_is_not_told_is_absent(
    parts: dict[str, Json], missing: str, reason: Reason
) -> None:
    found = facts(ADRES, person(verblijfplaats=_at(**parts)))
    assert left_out(found) == {missing: reason}
    assert found.claims["absent"] == {"address": True}


@pytest.mark.parametrize("full", [None, ".", 7])
def test_a_street_without_its_full_name_is_told_by_its_short_one(full: Json) -> None:
    found = facts(ADRES, person(verblijfplaats=_at(officieleStraatnaam=full)))
    assert within(found.claims, "address", "street_address") == "Pr Bernhardstr"


@pytest.mark.parametrize("town", [None, "."])
def test_an_address_without_a_town_lies_in_the_municipality_by_name(town: Json) -> None:
    found = facts(ADRES, person(verblijfplaats=_at(woonplaats=town)))
    assert within(found.claims, "address", "locality") == "Boxtel"


def test_a_town_keeps_the_name_of_the_municipality_that_went_up_in_another() -> None:
    whole = person(
        gemeenteVanInschrijving={"code": "0530", "omschrijving": "Hellevoetsluis"}, verblijfplaats=_at(woonplaats=None)
    )
    found = facts(ADRES, whole, jurisdictions=("1992",))
    assert within(found.claims, "address", "locality") == "Hellevoetsluis"
    assert within(found.claims, "municipality", "name") == "Voorne aan Zee"


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ({"code": "0757", "omschrijving": "Boxtel"}, "Boxtel"),
        ({"omschrijving": "Paramaribo"}, "Paramaribo"),
        ({"omschrijving": "Onbekend"}, "Onbekend"),  # a place abroad of that name, for all we know
        ({"code": "0000", "omschrijving": "Onbekend"}, Reason.NOT_RECORDED),
        ({"code": "0000"}, Reason.NOT_RECORDED),
    ],
)
def test_a_place_of_birth_that_is_not_known_has_no_name(place: Json, told: object) -> None:
    found = facts(PERSOON, person(geboorte={**person()["geboorte"], "plaats": place}))
    assert left_out(found).get("place_of_birth", found.claims.get("place_of_birth")) == told


def test_a_place_without_a_street_is_told_by_its_description() -> None:
    boat: Json = {
        "type": "Locatie",
        "verblijfadres": {"locatiebeschrijving": "Woonboot bij de sluis"},
        "functieAdres": {"code": "W"},
        "datumVan": datum("2015-03"),
    }
    found = facts(ADRES, person(verblijfplaats=boat))
    assert found.claims["address"] == {
        "street_address": "Woonboot bij de sluis",
        "locality": "Boxtel",
        "country": "NL",
    }
    assert found.claims["since"] == "2015-03-31"
    assert set(left_out(found)) == {"address.house_number", "address.postal_code", "bag_vbo", "bag_num"}
    assert set(left_out(found).values()) == {Reason.NOT_RECORDED}


def test_a_place_abroad_gives_its_country_and_no_address() -> None:
    abroad: Json = {
        "type": "VerblijfplaatsBuitenland",
        "verblijfadres": {"regel1": "Rue du pomme 26", "regel2": "Bruxelles", "land": {"code": "5010"}},
        "datumVan": datum("2015"),
    }
    found = facts(ADRES, person(verblijfplaats=abroad))
    assert found.claims["address"] == {"country": "BE"}
    assert found.claims["since"] == "2015-12-31"
    assert left_out(found)["address.street_address"] is Reason.NOT_DERIVABLE


@pytest.mark.parametrize(
    "place", [None, {"type": "VerblijfplaatsOnbekend", "datumVan": datum("")}, {"type": "Maan"}, []]
)
def test_an_unknown_place_gives_no_address_and_still_a_municipality(place: Json) -> None:
    found = facts(ADRES, person(verblijfplaats=place))
    assert "address" not in found.claims
    assert found.claims["municipality"] == {"code": "0757", "name": "Boxtel"}
    assert found.claims["absent"] == dict.fromkeys(("address", "bag_vbo", "bag_num", "since", "kind"), True)


def test_since_is_the_latest_day_it_can_be_and_never_tomorrow() -> None:
    assert facts(ADRES, person(verblijfplaats=home(datumVan=datum("2015")))).claims["since"] == "2015-12-31"
    assert facts(ADRES, person(verblijfplaats=home(datumVan=datum("2026")))).claims["since"] == "2026-11-23"
    unknown = facts(ADRES, person(verblijfplaats=home(datumVan=datum(""))))
    assert left_out(unknown) == {"since": Reason.NOT_DERIVABLE}


def test_an_address_for_mail_says_so() -> None:
    assert facts(ADRES, person(verblijfplaats=home(functieAdres={"code": "B"}))).claims["kind"] == "brief"
    odd = facts(ADRES, person(verblijfplaats=home(functieAdres={"code": "X"})))
    assert left_out(odd) == {"kind": Reason.NOT_DERIVABLE}


@pytest.mark.parametrize("number", ["0" * 16, None])
def test_a_number_of_zeroes_is_no_number(number: Json) -> None:
    found = facts(ADRES, person(verblijfplaats=home(adresseerbaarObjectIdentificatie=number)))
    assert left_out(found) == {"bag_vbo": Reason.NOT_RECORDED}


def test_a_number_of_another_shape_is_not_derivable() -> None:
    found = facts(ADRES, person(verblijfplaats=home(nummeraanduidingIdentificatie="0757")))
    assert left_out(found) == {"bag_num": Reason.NOT_DERIVABLE}


PLACE = {
    *(f"address.{part}" for part in ("street_address", "house_number", "postal_code", "locality", "country")),
    "bag_vbo",
    "bag_num",
}


@pytest.mark.parametrize(
    ("level", "field", "claims"),
    [
        ("verblijfadres", "huisnummer", PLACE),
        ("verblijfadres", "postcode", PLACE),
        ("verblijfadres", "korteStraatnaam", PLACE),
        ("verblijfplaats", "type", PLACE),
        ("verblijfplaats", "adresseerbaarObjectIdentificatie", PLACE),
        ("verblijfplaats", "datumVan", {"since"}),
        ("verblijfplaats", "functieAdres", {"kind"}),
        ("persoon", "gemeenteVanInschrijving", {"municipality.code", "municipality.name"}),
    ],
)
def test_doubt_about_one_part_of_a_place_leaves_the_place_out(level: str, field: str, claims: set[str]) -> None:
    whole = person()
    {
        "persoon": whole,
        "verblijfplaats": whole["verblijfplaats"],
        "verblijfadres": whole["verblijfplaats"]["verblijfadres"],
    }[level]["inOnderzoek"] = doubt(field)
    assert left_out(facts(ADRES, whole)) == dict.fromkeys(claims, Reason.UNDER_INVESTIGATION)
