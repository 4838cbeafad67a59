from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from eigendata.encoding import Json
from eigendata.errors import Reason
from eigendata.model import Facts
from eigendata.registers import brp
from eigendata.registers.catalogue import HUISHOUDEN
from tests.unit.registers.persons import AT, CHILD, PARTNER, answer, datum, doubt, facts, home, left_out, person

SECOND_CHILD = "999990044"
COUNTS = {"household_size", "adults", "minors"}


def partner(bsn: str | None = PARTNER, born: str = "1983-01-01", **changes: Json) -> dict[str, Any]:
    return {**({"burgerservicenummer": bsn} if bsn else {}), "geboorte": {"datum": datum(born)}, **changes}


child = partner


def lives(bsn: str, place: Json = None, **changes: Json) -> dict[str, Any]:
    return {
        "burgerservicenummer": bsn,
        "gemeenteVanInschrijving": {"code": "0757"},
        "verblijfplaats": home() if place is None else place,
        **changes,
    }


def household(
    *relatives: Mapping[str, Json],
    partners: list[Json] | None = None,
    children: list[Json] | None = None,
    **changes: Json,
) -> Facts:
    whole = person(partners=partners or [], kinderen=children or [], **changes)
    return facts(HUISHOUDEN, whole, relatives=answer(*relatives))


FAMILY: dict[str, Any] = {
    "partners": [partner()],
    "children": [child(CHILD, "2015-05-05"), child(SECOND_CHILD, "2001")],
}


def test_partner_and_children_at_the_address_are_counted_with_the_holder() -> None:
    found = household(lives(PARTNER), lives(CHILD), lives(SECOND_CHILD), **FAMILY)
    assert found.left_out == ()
    counted = {name: found.claims[name] for name in (*COUNTS, "has_partner", "child_birth_years")}
    assert counted == {
        "household_size": 4,
        "adults": 3,
        "minors": 1,
        "has_partner": True,
        "child_birth_years": (2001, 2015),
    }


def test_who_lives_elsewhere_is_not_counted() -> None:
    found = household(lives(PARTNER, home(14)), lives(CHILD), lives(SECOND_CHILD, home(14)), **FAMILY)
    assert (found.claims["household_size"], found.claims["has_partner"]) == (2, False)
    assert found.claims["child_birth_years"] == (2015,)


def test_who_has_no_partner_and_no_children_lives_alone_without_a_second_question() -> None:
    found = facts(HUISHOUDEN, person(partners=None, kinderen=None))
    assert found.left_out == ()
    assert (found.claims["household_size"], found.claims["has_partner"]) == (1, False)
    assert found.claims["child_birth_years"] == ()


@pytest.mark.parametrize("ended", [{"datum": datum("2020-01-01")}, {"datum": datum("")}])
def test_a_partner_of_a_bond_that_ended_is_neither_asked_nor_counted(ended: Json) -> None:
    former = partner(ontbindingHuwelijkPartnerschap=ended)
    record = brp.parse(answer(person(partners=[former])), at=AT)
    assert brp.relatives(record) == ()
    assert household(partners=[former]).claims["household_size"] == 1


@pytest.mark.parametrize(
    ("ended", "reason"),
    [
        ({"datum": {"type": "Eeuw"}}, Reason.NOT_DERIVABLE),
        ({}, Reason.NOT_DERIVABLE),
        ({"datum": datum("2020-01-01"), "inOnderzoek": doubt("datum")}, Reason.UNDER_INVESTIGATION),
    ],
)
def test_a_bond_that_may_have_ended_makes_the_count_untellable(ended: Json, reason: Reason) -> None:
    found = household(lives(PARTNER), partners=[partner(ontbindingHuwelijkPartnerschap=ended)])
    assert left_out(found) == dict.fromkeys({*COUNTS, "has_partner"}, reason)


@pytest.mark.parametrize(
    "relative", [child(None), child(bsn="123"), child(burgerservicenummer=7), {}, child(CHILD)], ids=str
)
def test_a_child_whose_address_cannot_be_asked_makes_the_count_untellable(relative: Json) -> None:
    found = household(lives(PARTNER), partners=[partner()], children=[relative])
    assert left_out(found) == dict.fromkeys({*COUNTS, "child_birth_years"}, Reason.NOT_DERIVABLE)
    assert found.claims["has_partner"] is True


def test_without_the_second_answer_nothing_is_counted() -> None:
    found = facts(HUISHOUDEN, person(kinderen=[child(CHILD, "2015")]))
    assert left_out(found) == dict.fromkeys({*COUNTS, "child_birth_years"}, Reason.NOT_DERIVABLE)


def test_a_partner_who_cannot_be_placed_leaves_the_children_tellable() -> None:
    found = household(lives(CHILD), partners=[partner(None)], children=[child(CHILD, "2015")])
    assert left_out(found) == dict.fromkeys({*COUNTS, "has_partner"}, Reason.NOT_DERIVABLE)
    assert found.claims["child_birth_years"] == (2015,)


@pytest.mark.parametrize(
    "gone",
    [
        {"opschortingBijhouding": {"reden": {"code": "O"}}},
        {"opschortingBijhouding": {"reden": {"code": "E"}}},
        {"opschortingBijhouding": {"reden": {"code": "R"}}},
        {"verblijfplaats": {"type": "VerblijfplaatsBuitenland"}},
        {"verblijfplaats": home(functieAdres={"code": "B"})},
        {"verblijfplaats": home(indicatieVastgesteldVerblijftNietOpAdres=True, inOnderzoek=doubt("type"))},
    ],
)
def test_who_has_died_left_or_only_receives_mail_there_is_not_counted(gone: dict[str, Json]) -> None:
    found = household(lives(CHILD, **gone), children=[child(CHILD, "2015")])
    assert (found.claims["household_size"], found.claims["child_birth_years"]) == (1, ())


@pytest.mark.parametrize("reason", [{"reden": {"code": "M"}}, {"reden": {"code": "F"}}, {"reden": {"code": "."}}, {}])
def test_a_child_whose_record_was_closed_for_another_cause_may_still_live_here(reason: Json) -> None:
    found = household(lives(CHILD, opschortingBijhouding=reason), children=[child(CHILD, "2015")])
    assert left_out(found) == dict.fromkeys({*COUNTS, "child_birth_years"}, Reason.NOT_DERIVABLE)


def test_a_number_that_stands_for_two_people_places_neither() -> None:
    both = household(lives(CHILD), partners=[partner(CHILD)], children=[child(CHILD, "2015")])
    assert set(left_out(both)) == {*COUNTS, "has_partner", "child_birth_years"}
    former = partner(CHILD, ontbindingHuwelijkPartnerschap={"datum": datum("2020-01-01")})
    assert household(lives(CHILD), partners=[former], children=[child(CHILD, "2015")]).left_out == ()


def test_two_records_under_one_number_place_nobody_and_keep_what_either_asked() -> None:
    secret = lives(CHILD, home(14), geheimhoudingPersoonsgegevens=True)
    for records in ([secret, lives(CHILD)], [lives(CHILD), secret]):
        found = household(*records, lives(PARTNER), partners=[partner()], children=[child(CHILD, "2015")])
        assert left_out(found) == dict.fromkeys({*COUNTS, "has_partner", "child_birth_years"}, Reason.NOT_DERIVABLE)


@pytest.mark.parametrize("place", [{"type": "VerblijfplaatsOnbekend"}, {"type": "Maan"}, {}, home(functieAdres=None)])
def test_a_child_at_an_unknown_place_makes_the_count_untellable(place: Json) -> None:
    found = household(lives(CHILD, place), children=[child(CHILD, "2015")])
    assert left_out(found)["household_size"] is Reason.NOT_DERIVABLE


@pytest.mark.parametrize(
    ("theirs", "same"),
    [
        ({}, True),
        ({"postcode": "5281 ab"}, True),
        ({"huisnummer": 14}, False),
        ({"huisletter": "a"}, False),
        ({"huisnummertoevoeging": "2"}, False),
        ({"aanduidingBijHuisnummer": {"code": "to"}}, False),
        ({"postcode": "5281AC"}, False),
        ({"postcode": ""}, None),
        ({"huisnummer": 0}, None),
        ({"huisletter": ["a"]}, None),
        ({"huisnummertoevoeging": 2}, None),
    ],
)
def test_without_a_dwelling_number_postal_code_and_house_number_decide(
    theirs: dict[str, Json], same: bool | None
) -> None:
    place = home(adresseerbaarObjectIdentificatie=None)
    place["verblijfadres"] = {**place["verblijfadres"], **theirs}
    found = household(lives(CHILD, place), children=[child(CHILD, "2015")])
    if same is None:
        assert left_out(found)["household_size"] is Reason.NOT_DERIVABLE
    else:
        assert found.claims["household_size"] == 1 + same


def test_two_dwellings_with_one_house_number_are_two_homes() -> None:
    upstairs = home(adresseerbaarObjectIdentificatie="0757010000000099")
    found = household(lives(CHILD, upstairs), children=[child(CHILD, "2015")])
    assert found.claims["household_size"] == 1


def test_a_described_place_is_the_same_only_in_the_same_words_and_municipality() -> None:
    boat: dict[str, Any] = {
        "type": "Locatie",
        "functieAdres": {"code": "W"},
        "verblijfadres": {"locatiebeschrijving": "Woonboot bij de sluis"},
    }
    children: list[Json] = [child(CHILD, "2015")]
    same = household(lives(CHILD, boat), children=children, verblijfplaats=boat)
    assert same.claims["household_size"] == 2
    for other in (
        lives(CHILD, {**boat, "verblijfadres": {"locatiebeschrijving": "Woonboot by de sluis"}}),
        lives(CHILD, boat, gemeenteVanInschrijving=None),
        lives(CHILD, boat, inOnderzoek={"gemeenteVanInschrijving": True}),
        lives(CHILD, home(adresseerbaarObjectIdentificatie=None)),
        lives(CHILD, {**boat, "verblijfadres": {}}),
    ):
        found = household(other, children=children, verblijfplaats=boat)
        assert left_out(found)["household_size"] is Reason.NOT_DERIVABLE


def test_nobody_lives_at_one_address_in_two_municipalities() -> None:
    boat: Json = {"type": "Locatie", "functieAdres": {"code": "W"}, "verblijfadres": {"locatiebeschrijving": "Boot"}}
    bare: Json = home(adresseerbaarObjectIdentificatie=None, verblijfadres={})
    children: list[Json] = [child(CHILD, "2015")]

    def size(place: Json, municipality: str) -> Json:
        other = lives(CHILD, place, gemeenteVanInschrijving={"code": municipality})
        found = household(other, children=children, verblijfplaats=boat)
        return left_out(found).get("household_size") or found.claims["household_size"]

    assert (size(boat, "0757"), size(boat, "0796"), size(bare, "0796")) == (2, 1, 1)
    assert size(boat, "0000") is size(bare, "0757") is Reason.NOT_DERIVABLE
    assert size(boat, "0806") == 2  # Liempde, which went up in Boxtel
    contradictory = household(lives(CHILD, gemeenteVanInschrijving={"code": "0796"}), children=children)
    assert left_out(contradictory)["household_size"] is Reason.NOT_DERIVABLE


@pytest.mark.parametrize("unknown", [{}, {"locatiebeschrijving": "."}])
def test_two_described_places_of_which_nothing_is_known_are_not_one(unknown: Json) -> None:
    place: Json = {"type": "Locatie", "functieAdres": {"code": "W"}, "verblijfadres": unknown}
    found = household(lives(CHILD, place), children=[child(CHILD, "2015")], verblijfplaats=place)
    assert left_out(found)["household_size"] is Reason.NOT_DERIVABLE


def test_a_holder_whose_house_number_is_not_known_lives_with_nobody_for_sure() -> None:
    place = home(adresseerbaarObjectIdentificatie=None, verblijfadres={"postcode": "5281AB"})
    found = household(lives(CHILD), children=[child(CHILD, "2015")], verblijfplaats=place)
    assert left_out(found)["household_size"] is Reason.NOT_DERIVABLE


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (home(functieAdres={"code": "B"}), Reason.NOT_DERIVABLE),
        ({"type": "VerblijfplaatsOnbekend"}, Reason.NOT_DERIVABLE),
        (home(type="VerblijfplaatsOnbekend"), Reason.NOT_DERIVABLE),
        (home(inOnderzoek=doubt("type")), Reason.UNDER_INVESTIGATION),
        (home(inOnderzoek=doubt("functieAdres")), Reason.UNDER_INVESTIGATION),
    ],
)
def test_a_holder_without_an_undisputed_home_has_no_household(place: Json, reason: Reason) -> None:
    found = household(verblijfplaats=place)
    assert left_out(found) == dict.fromkeys({*COUNTS, "has_partner", "child_birth_years"}, reason)


def test_a_childs_address_under_investigation_leaves_the_counts_out() -> None:
    place = home(inOnderzoek=doubt("adresseerbaarObjectIdentificatie"))
    found = household(lives(CHILD, place), children=[child(CHILD, "2015")])
    assert left_out(found) == dict.fromkeys({*COUNTS, "child_birth_years"}, Reason.UNDER_INVESTIGATION)


def test_doubt_whether_a_child_lives_where_it_is_registered_leaves_the_counts_out() -> None:
    found = household(lives(CHILD, home(inOnderzoek=doubt("functieAdres"))), children=[child(CHILD, "2015")])
    assert left_out(found) == dict.fromkeys({*COUNTS, "child_birth_years"}, Reason.UNDER_INVESTIGATION)


@pytest.mark.parametrize(("here", "there"), [(None, "0757010000000012"), ("0757010000000012", None), ("0" * 16, "0")])
def test_a_dwelling_number_that_only_one_of_two_has_decides_nothing(here: Json, there: Json) -> None:
    own, theirs = (home(adresseerbaarObjectIdentificatie=number) for number in (here, there))
    found = household(lives(CHILD, theirs), children=[child(CHILD, "2015")], verblijfplaats=own)
    assert found.claims["household_size"] == 2


def test_a_child_under_investigation_leaves_the_counts_out() -> None:
    doubted = child(CHILD, "2015", inOnderzoek=doubt("burgerservicenummer"))
    found = household(lives(CHILD), children=[doubted])
    assert left_out(found) == dict.fromkeys({*COUNTS, "child_birth_years"}, Reason.UNDER_INVESTIGATION)


@pytest.mark.parametrize(
    ("born", "reason"),
    [
        ({"datum": datum("2008")}, Reason.NOT_DERIVABLE),
        ({"datum": datum("")}, Reason.NOT_DERIVABLE),
        ({}, Reason.NOT_DERIVABLE),
        ({"datum": datum("2015-01-01"), "inOnderzoek": doubt("datum")}, Reason.UNDER_INVESTIGATION),
    ],
)
def test_an_age_that_is_not_sure_leaves_the_ages_out_and_the_size_in(born: Json, reason: Reason) -> None:
    found = household(lives(CHILD), children=[child(CHILD, geboorte=born)])
    assert found.claims["household_size"] == 2
    missing = {"adults", "minors"} if born == {"datum": datum("2008")} else {"adults", "minors", "child_birth_years"}
    assert left_out(found) == dict.fromkeys(missing, reason)


@pytest.mark.parametrize("who", ["holder", "partner", "child", "child elsewhere"])
def test_confidentiality_of_anyone_leaves_the_counts_alone(who: str) -> None:
    secret: dict[str, Json] = {"geheimhoudingPersoonsgegevens": True}

    def flag(name: str) -> dict[str, Json]:
        return secret if who == name else {}

    found = household(
        lives(PARTNER, **flag("partner")),
        lives(CHILD, **flag("child")),
        lives(SECOND_CHILD, home(14), **flag("child elsewhere")),
        **FAMILY,
        geheimhoudingPersoonsgegevens=True if who == "holder" else None,
    )
    assert left_out(found) == dict.fromkeys(("has_partner", "child_birth_years"), Reason.NOT_DERIVABLE)
    assert found.claims["household_size"] == 3
    assert "geheimhouding" not in str(found.claims)


@pytest.mark.parametrize("relatives", ["x", [1], {"burgerservicenummer": CHILD}])
def test_children_of_another_shape_make_the_count_untellable(relatives: Json) -> None:
    found = facts(HUISHOUDEN, person(kinderen=relatives))
    assert left_out(found)["household_size"] is Reason.NOT_DERIVABLE


def test_each_relative_is_asked_about_once_and_only_by_a_real_number() -> None:
    whole = person(
        partners=[partner()], kinderen=[child(CHILD), child(CHILD), child(None), child("123456789"), child("x")]
    )
    assert brp.relatives(brp.parse(answer(whole), at=AT)) == (PARTNER, CHILD)


@pytest.mark.parametrize(
    "changes",
    [
        {"verblijfplaats": home(functieAdres={"code": "B"})},
        {"verblijfplaats": home(indicatieVastgesteldVerblijftNietOpAdres=True)},
        {"verblijfplaats": home(inOnderzoek=doubt("type"))},
        {"opschortingBijhouding": {"reden": {"code": "O"}}},
        {"overlijden": {"datum": datum("2020-01-01")}},
        {"kinderen": [child(CHILD, inOnderzoek=doubt("burgerservicenummer"))]},
    ],
)
def test_nobody_is_asked_about_where_nothing_could_be_told(changes: dict[str, Json]) -> None:
    whole = person(**{"kinderen": [child(CHILD)], **changes})
    assert brp.relatives(brp.parse(answer(whole), at=AT)) == ()


def test_the_second_answer_may_come_in_parts() -> None:
    whole = person(partners=[partner()], kinderen=[child(CHILD, "2015")])
    parts: Json = [answer(lives(PARTNER)), answer(lives(CHILD))]
    assert facts(HUISHOUDEN, whole, relatives=parts).claims["household_size"] == 3


def test_nobody_elses_number_or_name_is_told() -> None:
    told = str(household(lives(PARTNER), lives(CHILD), lives(SECOND_CHILD), **FAMILY).claims)
    for bsn in (PARTNER, CHILD, SECOND_CHILD):
        assert bsn not in told
