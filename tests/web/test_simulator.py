"""The simulator over real HTTP, against the words of the official features (BRP API Personen 2.7.0)."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from eigendata.encoding import Json, json_dumps
from eigendata.errors import Misuse
from eigendata.registers.catalogue import CATALOGUE, RELATIVE_FIELDS
from eigendata.registers.fields import View, legal, problem
from eigendata.registers.population import NEIGHBOUR_BSN, STORY_BSN, Person, Population
from eigendata.web.simulator import make_simulator, serve, serving
from tests.given import given

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
LOOK_UP = {"type": "RaadpleegMetBurgerservicenummer", "burgerservicenummer": [STORY_BSN], "fields": ["naam"]}
SEARCH = {
    "type": "ZoekMetGeslachtsnaamEnGeboortedatum",
    "geslachtsnaam": "mardoun",
    "geboortedatum": "1989-03-14",
    "fields": ["burgerservicenummer"],
}
PERIOD = {
    "type": "RaadpleegMetPeriode",
    "burgerservicenummer": STORY_BSN,
    "datumVan": "2016-01-01",
    "datumTot": "2026-01-01",
}


PATIENCE = 60.0  # seconds; the machine may be busy


def visiting(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, trust_env=False, timeout=PATIENCE)


@pytest.fixture(scope="module")
def people() -> Population:
    return Population.shipped()


@pytest.fixture(scope="module")
def register(people: Population) -> Iterator[httpx.Client]:
    with (
        serving(make_simulator(people, clock=lambda: AT)) as url,
        visiting(url) as client,
    ):
        yield client


def ask(register: httpx.Client, question: Any, path: str = "/personen") -> Any:
    reply = register.post(path, json=question)
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    return reply.json()


def refused(register: httpx.Client, question: Any, path: str = "/personen") -> list[tuple[str, str, str]]:
    reply = register.post(path, json=question)
    assert reply.status_code == 400
    assert reply.headers["content-type"] == "application/problem+json"
    said = reply.json()
    faults = [(one["name"], one["code"], one["reason"]) for one in said.pop("invalidParams")]
    names = ", ".join(dict.fromkeys(name for name, _, _ in faults))
    assert said == {
        "type": "https://datatracker.ietf.org/doc/html/rfc7231#section-6.5.1",
        "title": "Een of meerdere parameters zijn niet correct.",
        "status": 400,
        "detail": f"De foutieve parameter(s) zijn: {names}.",
        "instance": path,
        "code": "paramsValidation",
    }
    return faults


def person(register: httpx.Client, fields: list[str], bsn: str = STORY_BSN) -> Any:
    (found,) = ask(register, LOOK_UP | {"burgerservicenummer": [bsn], "fields": fields})["personen"]
    return found


def number_of(people: Population, tag: str) -> str:
    return people.tagged(tag)[0].bsn


# -- fields -----------------------------------------------------------------------------------------------------------


def test_the_legal_fields_are_those_of_the_official_lists() -> None:
    for view in View:
        official = given(f"nl-data/brp-personen/fields-{view.value}.csv").read_text().split()[1:]
        assert legal(view) == set(official)
    assert len(legal(View.PERSOON)) == 352


def test_every_question_that_we_ask_is_legal() -> None:
    for one in CATALOGUE.values():
        assert [name for name in one.fields if problem(name, View.PERSOON)] == []
    assert [name for name in RELATIVE_FIELDS if problem(name, View.PERSOON)] == []


def test_only_the_fields_that_were_asked_are_given(register: httpx.Client) -> None:
    assert person(register, ["aNummer"]).keys() == {"aNummer"}
    assert person(register, ["naam.voornamen"]) == {"naam": {"voornamen": "Aisha"}}
    asked = person(register, ["naam.geslachtsnaam", "geboorte.datum", "burgerservicenummer"])
    assert asked == {
        "burgerservicenummer": STORY_BSN,
        "naam": {"geslachtsnaam": "Mardoun"},
        "geboorte": {"datum": {"type": "Datum", "datum": "1989-03-14", "langFormaat": "14 maart 1989"}},
    }


@pytest.mark.parametrize("part", ["", ".type", ".datum", ".langFormaat", ".jaar", ".maand", ".onbekend"])
def test_any_part_of_a_date_gives_the_whole_date(register: httpx.Client, part: str) -> None:
    whole = {"type": "Datum", "datum": "1989-03-14", "langFormaat": "14 maart 1989"}
    assert person(register, [f"geboorte.datum{part}"]) == {"geboorte": {"datum": whole}}


@pytest.mark.parametrize("part", ["", ".code", ".omschrijving"])
def test_any_part_of_a_table_value_gives_the_whole_value(register: httpx.Client, part: str) -> None:
    assert person(register, [f"geslacht{part}"]) == {"geslacht": {"code": "V", "omschrijving": "vrouw"}}


def test_parts_of_people_in_a_list_are_given_for_each(register: httpx.Client) -> None:
    children = person(register, ["kinderen.naam.voornamen", "kinderen.burgerservicenummer"])["kinderen"]
    assert [child["naam"] for child in children] == [{"voornamen": "Noor"}, {"voornamen": "Sami Joris"}]
    assert all(child.keys() == {"naam", "burgerservicenummer"} for child in children)


def test_a_list_without_anyone_is_given_empty(register: httpx.Client) -> None:
    assert person(register, ["kinderen", "partners.naam"], NEIGHBOUR_BSN) == {"kinderen": [], "partners": []}


def test_a_field_without_a_value_is_not_given(register: httpx.Client) -> None:
    assert person(register, ["verblijfstitel", "overlijden.datum"]) == {}
    assert person(register, ["naam.adellijkeTitelPredicaat"]) == {"naam": {}}


def test_the_kind_of_residence_and_nationality_always_comes_along(register: httpx.Client) -> None:
    asked = person(register, ["verblijfplaats.verblijfadres.postcode", "nationaliteiten.redenOpname"])
    assert asked["verblijfplaats"] == {"type": "Adres", "verblijfadres": {"postcode": "5281KV"}}
    assert asked["nationaliteiten"][0].keys() == {"type", "redenOpname"}


def test_a_group_and_a_part_of_it_ask_for_the_group(register: httpx.Client) -> None:
    whole = person(register, ["naam"])
    assert person(register, ["naam", "naam.voornamen"]) == whole
    assert person(register, ["naam.voornamen", "naam"]) == whole


def test_any_part_of_authority_gives_all_of_it(register: httpx.Client, people: Population) -> None:
    number = number_of(people, "GezamenlijkOuderlijkGezag")
    assert person(register, ["gezag.type"], number) == person(register, ["gezag"], number)
    assert len(person(register, ["gezag"], number)["gezag"][0]["ouders"]) == 2


def test_an_alias_gives_no_residence_abroad(register: httpx.Client, people: Population) -> None:
    abroad = number_of(people, "VerblijfplaatsBuitenland")
    assert "verblijfplaats" in person(register, ["verblijfplaats.datumVan"], abroad)
    assert "verblijfplaats" not in person(register, ["verblijfplaatsBinnenland.datumVan"], abroad)
    assert "adresregel1" in person(register, ["adressering"], abroad)["adressering"]
    assert "adresregel1" not in person(register, ["adresseringBinnenland"], abroad)["adressering"]
    assert "aanhef" in person(register, ["adresseringBinnenland"], abroad)["adressering"]
    home = person(register, ["verblijfplaatsBinnenland", "adresseringBinnenland.adresregel1"])
    assert home["verblijfplaats"]["verblijfadres"]["huisnummer"] == 14
    assert home["adressering"] == {"adresregel1": "Zilverspoorlaan 14"}


# -- what comes along -------------------------------------------------------------------------------------------------


def test_secrecy_and_suspension_come_along_whatever_is_asked(register: httpx.Client, people: Population) -> None:
    assert person(register, ["leeftijd"], number_of(people, "geheimhouding"))["geheimhoudingPersoonsgegevens"] is True
    suspended = person(register, ["aNummer"], number_of(people, "opgeschort_E"))
    assert suspended["opschortingBijhouding"]["reden"] == {"code": "E", "omschrijving": "emigratie"}
    assert "verificatie" in person(register, ["aNummer"], next(
        one.bsn for one in people if "verificatie" in one.persoon))  # fmt: skip


def test_doubt_comes_along_with_what_was_asked_and_with_nothing_else(register: httpx.Client) -> None:
    number = next(one.bsn for one in Population.shipped() if "geslachtsnaam" in _marks(one.persoon, "naam"))
    named = person(register, ["naam.geslachtsnaam"], number)["naam"]
    assert named["inOnderzoek"].keys() == {"geslachtsnaam", "datumIngangOnderzoek"}
    assert person(register, ["naam.voornamen"], number)["naam"].keys() == {"voornamen"}


def _marks(record: Any, group: str) -> Any:
    return record.get(group, {}).get("inOnderzoek", {})


def _doubted(record: Mapping[str, Json], field: str) -> bool:
    """Tell whether a person's own fields (not a group's) are under investigation, this one among them."""
    doubted = record.get("inOnderzoek", {})
    assert isinstance(doubted, Mapping)
    return field in doubted


def test_doubt_about_a_root_field_has_its_own_first_day(register: httpx.Client, people: Population) -> None:
    number = next(one.bsn for one in people if _doubted(one.persoon, "burgerservicenummer"))
    asked = person(register, ["geslacht"], number)
    assert asked["inOnderzoek"].keys() == {"geslacht", "datumIngangOnderzoekPersoon"}
    assert "inOnderzoek" not in person(register, ["aNummer"], number)
    number = next(one.bsn for one in people if _doubted(one.persoon, "gemeenteVanInschrijving"))
    asked = person(register, ["gemeenteVanInschrijving.code"], number)
    assert asked["inOnderzoek"].keys() == {"gemeenteVanInschrijving", "datumIngangOnderzoekGemeente"}


def test_who_does_not_live_at_the_address_is_said_with_the_address(register: httpx.Client, people: Population) -> None:
    number = number_of(people, "niet_op_adres")
    asked = person(register, ["verblijfplaats.verblijfadres.huisnummer", "adressering.adresregel1"], number)
    assert asked["verblijfplaats"]["indicatieVastgesteldVerblijftNietOpAdres"] is True
    assert asked["verblijfplaats"]["inOnderzoek"].keys() == {"type", "datumIngangOnderzoek"}
    assert asked["verblijfplaats"]["verblijfadres"]["inOnderzoek"].keys() == {"huisnummer", "datumIngangOnderzoek"}
    assert asked["adressering"]["indicatieVastgesteldVerblijftNietOpAdres"] is True
    assert asked["adressering"]["inOnderzoek"].keys() == {"adresregel1", "datumIngangOnderzoekVerblijfplaats"}
    asked = person(register, ["adressering.aanhef", "burgerservicenummer"], number)
    assert asked["adressering"].keys() == {"aanhef"}


def test_an_rni_participant_comes_along_with_its_category(register: httpx.Client, people: Population) -> None:
    number = number_of(people, "rni")
    assert [one["categorie"] for one in person(register, ["naam"], number)["rni"]] == ["Persoon"]
    assert [one["categorie"] for one in person(register, ["verblijfplaats"], number)["rni"]] == ["Verblijfplaats"]
    assert "rni" not in person(register, ["aNummer"], number)


@pytest.mark.parametrize(("today", "age"), [("2026-03-13", 36), ("2026-03-14", 37), ("2027-03-13", 37)])
def test_an_age_is_that_of_the_day(people: Population, today: str, age: int) -> None:
    clock = datetime.combine(date.fromisoformat(today), datetime.min.time(), UTC).replace(hour=12)
    with (
        serving(make_simulator(people, clock=lambda: clock)) as url,
        visiting(url) as one,
    ):
        assert person(one, ["leeftijd"]) == {"leeftijd": age}


def test_an_age_that_nobody_can_know_is_not_given(register: httpx.Client, people: Population) -> None:
    for tag in ("geboorte_JaarDatum", "geboorte_DatumOnbekend", "overleden"):
        assert "leeftijd" not in person(register, ["leeftijd"], number_of(people, tag))
    assert person(register, ["leeftijd"], number_of(people, "geboorte_JaarMaandDatum"))["leeftijd"] > 18


def test_the_name_for_an_envelope_is_derived_where_the_file_has_none() -> None:
    record: Any = {"burgerservicenummer": STORY_BSN, "naam": {"voornamen": "Aisha", "geslachtsnaam": "Mardoun"}}
    bare = Population.loads(json_dumps([record]))
    with serving(make_simulator(bare)) as url, visiting(url) as one:
        assert person(one, ["adressering"]) == {"adressering": {"aanschrijfwijze": {"naam": "A. Mardoun"}}}
        assert person(one, ["burgerservicenummer"]) == {"burgerservicenummer": STORY_BSN}


# -- who is found -----------------------------------------------------------------------------------------------------


def test_several_people_are_looked_up_at_once_each_of_them_once(register: httpx.Client) -> None:
    numbers = [NEIGHBOUR_BSN, STORY_BSN, NEIGHBOUR_BSN, "999999999"]
    found = ask(register, LOOK_UP | {"burgerservicenummer": numbers, "fields": ["burgerservicenummer"]})
    assert found["type"] == "RaadpleegMetBurgerservicenummer"
    assert [one["burgerservicenummer"] for one in found["personen"]] == [NEIGHBOUR_BSN, STORY_BSN]


def test_whoever_is_not_there_gives_an_empty_answer(register: httpx.Client) -> None:
    assert ask(register, LOOK_UP | {"burgerservicenummer": ["000000012"]})["personen"] == []
    assert ask(register, LOOK_UP | {"gemeenteVanInschrijving": "0344"})["personen"] == []
    assert len(ask(register, LOOK_UP | {"gemeenteVanInschrijving": "0757"})["personen"]) == 1


@pytest.mark.parametrize("reason", ["F", "W"])
def test_a_record_made_in_error_is_never_given(reason: str) -> None:
    record: Any = {"burgerservicenummer": STORY_BSN, "opschortingBijhouding": {"reden": {"code": reason}}}
    wrong = Population.loads(json_dumps([record]))
    with serving(make_simulator(wrong)) as url, visiting(url) as one:
        assert ask(one, LOOK_UP)["personen"] == []
        assert ask(one, PERIOD, "/verblijfplaatshistorie") == {"verblijfplaatsen": []}


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({}, 1),
        ({"geslachtsnaam": "MARD*"}, 1),
        ({"geslachtsnaam": "Mardoen"}, 0),
        ({"geboortedatum": "1989-03-15"}, 0),
        ({"voornamen": "ais*"}, 1),
        ({"voornamen": "Fatima"}, 0),
        ({"geslacht": "v"}, 1),
        ({"geslacht": "M"}, 0),
        ({"voorvoegsel": "van"}, 0),
        ({"gemeenteVanInschrijving": "0757"}, 1),
        ({"gemeenteVanInschrijving": "0344"}, 0),
    ],
)
def test_a_search_finds_by_name_and_birth_date(register: httpx.Client, more: dict[str, str], found: int) -> None:
    answer = ask(register, SEARCH | more)
    assert answer["type"] == "ZoekMetGeslachtsnaamEnGeboortedatum"
    assert answer["personen"] == [{"burgerservicenummer": STORY_BSN}] * found


def test_a_search_finds_the_dead_only_when_asked(register: httpx.Client) -> None:
    dead = SEARCH | {"geslachtsnaam": "Koperwaard", "geboortedatum": "1938-03-30"}
    assert ask(register, dead)["personen"] == []
    (found,) = ask(register, dead | {"inclusiefOverledenPersonen": True})["personen"]
    assert found["opschortingBijhouding"]["reden"]["code"] == "O"


# -- history ----------------------------------------------------------------------------------------------------------


def stays(register: httpx.Client, number: str, since: str, until: str) -> list[Any]:
    question = PERIOD | {"burgerservicenummer": number, "datumVan": since, "datumTot": until}
    found: list[Any] = ask(register, question, "/verblijfplaatshistorie")["verblijfplaatsen"]
    return found


def test_a_history_is_newest_first_and_begins_with_the_present(register: httpx.Client) -> None:
    found = stays(register, STORY_BSN, "2010-01-01", "2026-01-01")
    assert [one["verblijfadres"]["korteStraatnaam"] for one in found] == ["Zilverspoorlaan", "Leemakker", "Wolkenhof"]
    assert [one["gemeenteVanInschrijving"]["code"] for one in found] == ["0757", "0757", "0855"]
    assert "datumTot" not in found[0]
    assert found[1]["datumTot"] == found[0]["datumVan"]


@pytest.mark.parametrize(
    ("since", "until", "count"),
    [
        ("2014-04-29", "2014-05-01", 1),  # the day of moving in is not yet in the period
        ("2014-04-29", "2014-05-02", 2),
        ("2014-05-01", "2014-05-02", 1),  # whoever left that day was not there any more
        ("2018-09-14", "2018-09-16", 2),
        ("1980-01-01", "1989-03-14", 0),
        ("2030-01-01", "2031-01-01", 1),
    ],
)
def test_a_residence_counts_for_each_day_of_it(register: httpx.Client, since: str, until: str, count: int) -> None:
    assert len(stays(register, STORY_BSN, since, until)) == count


@pytest.mark.parametrize(("day", "street"), [("2018-09-14", "Leemakker"), ("2018-09-15", "Zilverspoorlaan")])
def test_a_day_has_one_residence(register: httpx.Client, day: str, street: str) -> None:
    question = {"type": "RaadpleegMetPeildatum", "burgerservicenummer": STORY_BSN, "peildatum": day}
    (found,) = ask(register, question, "/verblijfplaatshistorie")["verblijfplaatsen"]
    assert found["verblijfadres"]["korteStraatnaam"] == street


def test_a_first_day_known_in_part_counts_from_its_first_possible_day(register: httpx.Client) -> None:
    number = next(one.bsn for one in Population.shipped() if "adreshistorie8" in one.tags)
    assert [one["type"] for one in stays(register, number, "1992-01-01", "1993-01-01")] == ["Adres"]
    assert len(stays(register, number, "1992-12-31", "1993-01-02")) == 2  # the year 1993 is all that is known
    everything = stays(register, number, "1900-01-01", "2030-01-01")
    assert [one["type"] for one in everything].count("VerblijfplaatsOnbekend") == 1
    assert len(everything) == 9


def test_a_year_that_no_calendar_has_is_no_first_day() -> None:
    stay: Any = {"type": "Adres", "datumVan": {"type": "JaarDatum", "jaar": 2**53 - 1}}
    one = Person(bsn=STORY_BSN, persoon={"burgerservicenummer": STORY_BSN}, history=(stay,))
    with serving(make_simulator(Population([one]))) as url, visiting(url) as register:
        assert len(stays(register, STORY_BSN, "2010-01-01", "2026-01-01")) == 1


def test_secrecy_and_suspension_come_along_with_a_history(register: httpx.Client, people: Population) -> None:
    number = number_of(people, "geheimhouding")
    answer = ask(register, PERIOD | {"burgerservicenummer": number}, "/verblijfplaatshistorie")
    assert answer["geheimhoudingPersoonsgegevens"] is True
    answer = ask(
        register, PERIOD | {"burgerservicenummer": number_of(people, "opgeschort_E")}, "/verblijfplaatshistorie"
    )
    assert answer["opschortingBijhouding"]["reden"]["code"] == "E"


# -- refusals ---------------------------------------------------------------------------------------------------------

REQUIRED = ("required", "Parameter is verplicht.")
NO_ARRAY = ("array", "Parameter is geen array.")
NO_DATE = ("date", "Waarde is geen geldige datum.")
FEW = ("minItems", "Array bevat minder dan 1 items.")
UNKNOWN = ("unknownParam", "Parameter is niet verwacht.")
KIND = ("value", "Waarde is geen geldig zoek type.")
NOT_THERE = ("fields", "Parameter bevat een niet bestaande veldnaam.")
NOT_ALLOWED = ("fields", "Parameter bevat een niet toegestane veldnaam.")
BSN = ("pattern", "Waarde voldoet niet aan patroon ^[0-9]{9}$.")
PATH = ("pattern", r"Waarde voldoet niet aan patroon ^[a-zA-Z0-9\._]{1,200}$.")
NAME = (
    "pattern",
    r"Waarde voldoet niet aan patroon ^[a-zA-Z0-9À-ž \.\-\']{1,200}$|^[a-zA-Z0-9À-ž \.\-\']{3,199}\*{1}$.",
)
GIVEN = ("pattern", r"Waarde voldoet niet aan patroon ^[a-zA-Z0-9À-ž \.\-\']{1,199}\*{0,1}$.")
CODE = ("pattern", "Waarde voldoet niet aan patroon ^[0-9]{4}$.")

LOOK_UP_FAULTS: list[tuple[dict[str, Any], list[tuple[str, str, str]]]] = [
    ({"fields": None}, [("fields", *REQUIRED)]),
    ({"fields": []}, [("fields", *FEW)]),
    ({"fields": "burgerservicenummer,geslacht"}, [("fields", *NO_ARRAY)]),
    ({"fields": ["naam"] * 131}, [("fields", "maxItems", "Array bevat meer dan 130 items.")]),
    ({"fields": ["a*nummer"]}, [("fields[0]", *PATH)]),
    ({"fields": [""]}, [("fields[0]", *PATH)]),
    ({"fields": [1]}, [("fields[0]", *PATH)]),
    ({"fields": ["naam\n"]}, [("fields[0]", *PATH)]),
    ({"fields": ["b" * 201]}, [("fields[0]", *PATH)]),
    ({"fields": ["anummer"]}, [("fields[0]", *NOT_THERE)]),
    ({"fields": ["naam", "naam.bestaatNiet", "leeftijd.x"]}, [("fields[1]", *NOT_THERE), ("fields[2]", *NOT_THERE)]),
    ({"fields": ["verblijfplaatsBinnenland.verblijfadres.regel1"]}, [("fields[0]", *NOT_THERE)]),
    ({"burgerservicenummer": None}, [("burgerservicenummer", *REQUIRED)]),
    ({"burgerservicenummer": []}, [("burgerservicenummer", *FEW)]),
    ({"burgerservicenummer": "999994086,999994086"}, [("burgerservicenummer", *NO_ARRAY)]),
    ({"burgerservicenummer": ["12345678"]}, [("burgerservicenummer[0]", *BSN)]),
    ({"burgerservicenummer": [123456789]}, [("burgerservicenummer[0]", *BSN)]),
    ({"burgerservicenummer": ["<script>123456789</script>"]}, [("burgerservicenummer[0]", *BSN)]),
    (
        {"burgerservicenummer": ["1234567890", "123456789", "1234567890"]},
        [("burgerservicenummer[0]", *BSN), ("burgerservicenummer[2]", *BSN)],
    ),
    (
        {"burgerservicenummer": ["999999321"] * 21},
        [("burgerservicenummer", "maxItems", "Array bevat meer dan 20 items.")],
    ),
    ({"gemeenteVanInschrijving": "123"}, [("gemeenteVanInschrijving", *CODE)]),
    ({"voornamen": "Pietje"}, [("voornamen", *UNKNOWN)]),
    ({"bestaatNiet": 1, "fields": []}, [("fields", *FEW), ("bestaatNiet", *UNKNOWN)]),
]


@pytest.mark.parametrize(("more", "faults"), LOOK_UP_FAULTS)
def test_a_faulty_look_up_gets_the_official_refusal(
    register: httpx.Client, more: dict[str, Any], faults: list[tuple[str, str, str]]
) -> None:
    question = {name: value for name, value in (LOOK_UP | more).items() if value is not None}
    assert refused(register, question) == faults


@pytest.mark.parametrize(
    "path",
    [
        "geheimhoudingPersoonsgegevens", "opschortingBijhouding", "opschortingBijhouding.reden.omschrijving", "rni",
        "rni.deelnemer.code", "verificatie", "verificatie.datum.datum", "inOnderzoek",
        "inOnderzoek.datumIngangOnderzoekGemeente.langFormaat", "naam.inOnderzoek.voornamen",
        "partners.aangaanHuwelijkPartnerschap.inOnderzoek.datum",
        "adressering.indicatieVastgesteldVerblijftNietOpAdres",
        "verblijfplaats.indicatieVastgesteldVerblijftNietOpAdres",
    ],
)  # fmt: skip
def test_what_comes_along_may_not_be_asked(register: httpx.Client, path: str) -> None:
    assert refused(register, LOOK_UP | {"fields": [path]}) == [("fields[0]", *NOT_ALLOWED)]
    assert refused(register, LOOK_UP | {"fields": ["naam", path]}) == [("fields[1]", *NOT_ALLOWED)]


SEARCH_FAULTS: list[tuple[dict[str, Any], list[tuple[str, str, str]]]] = [
    ({"geboortedatum": None, "geslachtsnaam": None}, [("geboortedatum", *REQUIRED), ("geslachtsnaam", *REQUIRED)]),
    ({"geboortedatum": "", "geslachtsnaam": ""}, [("geboortedatum", *REQUIRED), ("geslachtsnaam", *REQUIRED)]),
    ({"geboortedatum": "19830526"}, [("geboortedatum", *NO_DATE)]),
    ({"geboortedatum": "2019-02-29"}, [("geboortedatum", *NO_DATE)]),
    ({"geboortedatum": 1983}, [("geboortedatum", *NO_DATE)]),
    ({"geslachtsnaam": "*"}, [("geslachtsnaam", *NAME)]),
    ({"geslachtsnaam": "ab*"}, [("geslachtsnaam", *NAME)]),
    ({"geslachtsnaam": "*sen"}, [("geslachtsnaam", *NAME)]),
    ({"geslachtsnaam": "a" * 201}, [("geslachtsnaam", *NAME)]),
    ({"geslachtsnaam": "<script>", "geboortedatum": "x"}, [("geboortedatum", *NO_DATE), ("geslachtsnaam", *NAME)]),
    ({"voornamen": "*iet"}, [("voornamen", *GIVEN)]),
    ({"voorvoegsel": "<b>"}, [("voorvoegsel", "pattern", r"Waarde voldoet niet aan patroon ^[a-zA-Z \']{1,10}$.")]),
    ({"geslacht": "N"}, [("geslacht", "pattern", "Waarde voldoet niet aan patroon ^([Mm]|[Vv]|[Oo])$.")]),
    ({"inclusiefOverledenPersonen": "ja"}, [("inclusiefOverledenPersonen", "boolean", "Waarde is geen boolean.")]),
    ({"gemeenteVanInschrijving": "12345"}, [("gemeenteVanInschrijving", *CODE)]),
    ({"postcode": "1234AB"}, [("postcode", *UNKNOWN)]),
    ({"fields": ["burgerservicenummer", "aNummer"]}, [("fields[1]", *NOT_THERE)]),
    ({"fields": ["geboorte.plaats"]}, [("fields[0]", *NOT_THERE)]),
    ({"fields": ["rni"]}, [("fields[0]", *NOT_ALLOWED)]),
]


@pytest.mark.parametrize(("more", "faults"), SEARCH_FAULTS)
def test_a_faulty_search_gets_the_official_refusal(
    register: httpx.Client, more: dict[str, Any], faults: list[tuple[str, str, str]]
) -> None:
    question = {name: value for name, value in (SEARCH | more).items() if value is not None}
    assert refused(register, question) == faults


HISTORY_FAULTS: list[tuple[dict[str, Any], list[tuple[str, str, str]]]] = [
    ({"burgerservicenummer": None}, [("burgerservicenummer", *REQUIRED)]),
    ({"burgerservicenummer": ""}, [("burgerservicenummer", *REQUIRED)]),
    ({"burgerservicenummer": "1234 6789"}, [("burgerservicenummer", *BSN)]),
    ({"datumVan": ""}, [("datumVan", *REQUIRED)]),
    ({"datumVan": "2019-1-1"}, [("datumVan", *NO_DATE)]),
    ({"datumVan": "0000-00-00"}, [("datumVan", *NO_DATE)]),
    ({"datumTot": None}, [("datumTot", *REQUIRED)]),
    ({"datumTot": "2019-06-31"}, [("datumTot", *NO_DATE)]),
    ({"datumTot": "2016-01-01"}, [("datumTot", "date", "datumTot moet na datumVan liggen.")]),
    ({"peildatum": "2019-01-01", "iets": "geks"}, [("peildatum", *UNKNOWN), ("iets", *UNKNOWN)]),
    ({"fields": ["burgerservicenummer"]}, [("fields", *UNKNOWN)]),
    ({"type": "RaadpleegMetPeildatum"}, [("peildatum", *REQUIRED), ("datumVan", *UNKNOWN), ("datumTot", *UNKNOWN)]),
]


@pytest.mark.parametrize(("more", "faults"), HISTORY_FAULTS)
def test_a_faulty_question_for_history_gets_the_official_refusal(
    register: httpx.Client, more: dict[str, Any], faults: list[tuple[str, str, str]]
) -> None:
    question = {name: value for name, value in (PERIOD | more).items() if value is not None}
    assert refused(register, question, "/verblijfplaatshistorie") == faults


@pytest.mark.parametrize("path", ["/personen", "/verblijfplaatshistorie"])
@pytest.mark.parametrize(
    ("question", "fault"),
    [
        ({}, REQUIRED),
        ({"postcode": "3077AW"}, REQUIRED),
        ({"type": ""}, KIND),
        ({"type": 1}, KIND),
        ({"type": ["RaadpleegMetBurgerservicenummer"]}, KIND),
        ({"type": "OnbekendZoekType"}, KIND),
        ({"type": "raadpleegmetburgerservicenummer"}, KIND),
        ({"type": "ZoekMetPostcodeEnHuisnummer", "postcode": "5281KV", "huisnummer": 14, "fields": ["naam"]}, KIND),
    ],
)
def test_another_type_of_question_gets_the_official_refusal(
    register: httpx.Client, path: str, question: dict[str, Any], fault: tuple[str, str]
) -> None:
    assert refused(register, question, path) == [("type", *fault)]


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b"{", b'{"type":1,"type":2}', b"\xff", b'{"a":NaN}', b" " * 70_000])
def test_a_body_that_is_no_object_is_refused(register: httpx.Client, body: bytes) -> None:
    reply = register.post("/personen", content=body, headers={"content-type": "application/json"})
    assert (reply.status_code, reply.json()["code"]) == (400, "paramsValidation")


@pytest.mark.parametrize("path", ["/haalcentraal/api/brp/personen", "/personen"])
def test_the_official_path_answers_too_and_is_named_in_a_refusal(register: httpx.Client, path: str) -> None:
    assert len(ask(register, LOOK_UP, path)["personen"]) == 1
    assert register.post(path, json={}).json()["instance"] == path


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200), ("application/json; charset=utf-8", 200), ("*/*;charset=UTF-8", 200), ("", 200),
        ("text/html, application/json;q=0.5", 200), ("application/xml", 406), ("application/json; charset=cp1252", 406),
    ],
)  # fmt: skip
def test_the_answer_is_json_or_nothing(register: httpx.Client, accept: str, status: int) -> None:
    reply = register.post("/personen", json=LOOK_UP, headers={"accept": accept})
    assert reply.status_code == status
    if status == 406:
        assert reply.json() | {"instance": ""} == {
            "type": "https://datatracker.ietf.org/doc/html/rfc7231#section-6.5.6",
            "title": "Gevraagde content type wordt niet ondersteund.",
            "status": 406,
            "detail": "Ondersteunde content type: application/json; charset=utf-8.",
            "code": "notAcceptable",
            "instance": "",
        }


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("application/json", 200), ("application/json;charset=Utf-8", 200), ("", 200), ("application/xml", 415),
        ("text/csv", 415), ("application/json; charset=cp1252", 415), ("*/*", 415), ("*/*; charset=utf-8", 415),
    ],
)  # fmt: skip
def test_the_question_is_json_or_nothing(register: httpx.Client, said: str, status: int) -> None:
    reply = register.post("/personen", content=json.dumps(LOOK_UP), headers={"content-type": said})
    assert reply.status_code == status
    if status == 415:
        assert reply.json()["code"] == "unsupportedMediaType"


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_question_is_posted_or_refused(register: httpx.Client, method: str) -> None:
    reply = register.request(method, "/personen")
    assert (reply.status_code, reply.json()["code"]) == (405, "methodNotAllowed")
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/", "/ingezetenen", "/personen/", "/docs", "/openapi.json"])
def test_nothing_else_is_there(register: httpx.Client, path: str) -> None:
    reply = register.post(path, json=LOOK_UP)
    assert (reply.status_code, reply.json()["title"]) == (404, "Opgevraagde resource bestaat niet.")


@pytest.mark.parametrize("headers", [{}, {"X-API-KEY": "fout"}, {"X-API-KEY": ""}, {"X-API-KEY": "sleutels"}])
def test_without_the_key_nothing_is_answered(people: Population, headers: dict[str, str]) -> None:
    with (
        serving(make_simulator(people, api_key="sleutel")) as url,
        visiting(url) as register,
    ):
        for path in ("/personen", "/verblijfplaatshistorie"):
            reply = register.post(path, json=LOOK_UP, headers=headers)
            assert reply.status_code == 401
            assert reply.headers["www-authenticate"]
            assert reply.json() == {
                "type": "https://datatracker.ietf.org/doc/html/rfc7235#section-3.1",
                "title": "Niet correct geauthenticeerd.",
                "status": 401,
                "instance": path,
                "code": "authentication",
            }
        assert register.post("/personen", json=LOOK_UP, headers={"X-API-KEY": "sleutel"}).status_code == 200


def test_a_refusal_never_repeats_a_value(register: httpx.Client) -> None:
    for more in ({"burgerservicenummer": ["99990001x"]}, {"fields": ["geheim.pad"]}, {"gemeenteVanInschrijving": "zz"}):
        text = register.post("/personen", json=LOOK_UP | more).text
        assert "99990001x" not in text
        assert "geheim.pad" not in text
        assert "zz" not in text


# -- serving ----------------------------------------------------------------------------------------------------------


def test_a_served_simulator_is_on_this_machine_alone_and_stops(people: Population) -> None:
    with serving(make_simulator(people)) as url:
        assert url.startswith("http://127.0.0.1:")
        assert httpx.post(f"{url}/personen", json=LOOK_UP, trust_env=False, timeout=PATIENCE).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.post(f"{url}/personen", json=LOOK_UP, trust_env=False)


def test_a_port_that_is_taken_is_refused(people: Population) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Misuse), serving(make_simulator(people), port=port):
            pass
    with pytest.raises(Misuse, match="no port"):
        serve(make_simulator(people), port=70_000, ready=lambda url: None)


def test_the_foreground_says_when_it_is_ready(people: Population, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    answered = threading.Event()

    def ready(url: str) -> None:
        heard.append(url)
        answered.set()

    app = make_simulator(people)
    thread = threading.Thread(target=serve, args=(app,), kwargs={"ready": ready}, daemon=True)
    thread.start()
    assert answered.wait(PATIENCE)
    assert httpx.post(f"{heard[0]}/personen", json=LOOK_UP, trust_env=False, timeout=PATIENCE).status_code == 200


def test_the_official_people_are_served_too() -> None:
    official = Population.load(given("nl-data/brp-personen/personen-hc-all.json"))
    with (
        serving(make_simulator(official, clock=lambda: AT)) as url,
        visiting(url) as register,
    ):
        groups = ["naam", "geboorte", "verblijfplaats", "nationaliteiten", "kinderen", "partners", "leeftijd"]
        numbers = list(dict.fromkeys(one.bsn for one in official))
        found = 0
        for start in range(0, len(numbers), 20):
            question = LOOK_UP | {"burgerservicenummer": numbers[start : start + 20], "fields": groups}
            found += len(ask(register, question)["personen"])
        assert found == 685
        for number in numbers[:60]:
            ask(register, PERIOD | {"burgerservicenummer": number}, "/verblijfplaatshistorie")
