from __future__ import annotations

from datetime import UTC, datetime

import pytest

from eigendata.encoding import Json
from eigendata.errors import Declined, Malformed, Misuse, Reason
from eigendata.model import CredentialType
from eigendata.registers import brp
from eigendata.registers.brp.parsing import LIST_LIMIT
from eigendata.registers.catalogue import ADRES, CATALOGUE, HUISHOUDEN, PERSOON
from tests.negatives import negative
from tests.unit.registers.persons import AT, BSN, answer, datum, doubt, facts, home, left_out, person

TYPES = tuple(CATALOGUE.values())

every_type = pytest.mark.parametrize("type", TYPES, ids=lambda one: one.short)


def _refused(type: CredentialType, **changes: Json) -> Reason:
    with pytest.raises(Declined) as caught:
        facts(type, person(**changes))
    return caught.value.reason


@every_type
def test_a_resident_of_age_passes_every_gate(type: CredentialType) -> None:
    assert facts(type, person()).left_out == ()


@every_type
@pytest.mark.parametrize(
    "municipality", [None, {}, {"code": "0796"}, {"code": "1999"}, {"code": 757}, "0757", {"omschrijving": "Boxtel"}]
)
def test_an_issuer_speaks_for_its_own_residents_only(type: CredentialType, municipality: Json) -> None:
    assert _refused(type, gemeenteVanInschrijving=municipality) is Reason.NOT_OUR_RESIDENT


def test_a_non_resident_is_nobodys_even_if_an_issuer_claims_the_register_of_them() -> None:
    whole = person(gemeenteVanInschrijving={"code": "1999", "omschrijving": "Registratie Niet Ingezetenen (RNI)"})
    with pytest.raises(Declined) as caught:
        facts(PERSOON, whole, jurisdictions=("1999", "0757"))
    assert caught.value.reason is Reason.NOT_OUR_RESIDENT


def test_a_resident_of_a_municipality_merged_away_is_its_successors() -> None:
    liempde = person(gemeenteVanInschrijving={"code": "0806", "omschrijving": "Liempde"})
    assert facts(ADRES, liempde).claims["municipality"] == {"code": "0757", "name": "Boxtel"}
    own = facts(ADRES, liempde, jurisdictions=("0806",))
    assert own.claims["municipality"] == {"code": "0806", "name": "Liempde"}


@every_type
@pytest.mark.parametrize(
    "suspension",
    [*({"reden": {"code": code}, "datum": datum("2020-01-01")} for code in "OEMRFW.?"), {}, {"reden": "onbekend"}, "O"],
)
def test_a_suspended_record_supports_nothing_whatever_the_reason(type: CredentialType, suspension: Json) -> None:
    assert _refused(type, opschortingBijhouding=suspension) is Reason.SUSPENDED


@negative("NEG-DATA-003")
@every_type
@pytest.mark.parametrize("death", [{"datum": datum("2020-01-01")}, {"datum": datum("")}, {}])
def test_a_death_counts_even_where_the_record_is_still_kept_up(type: CredentialType, death: Json) -> None:
    assert _refused(type, overlijden=death) is Reason.SUSPENDED


def test_a_suspension_told_by_the_history_alone_counts() -> None:
    history: Json = {"verblijfplaatsen": [], "opschortingBijhouding": {"reden": {"code": "E"}}}
    with pytest.raises(Declined) as caught:
        facts(PERSOON, history=history)
    assert caught.value.reason is Reason.SUSPENDED


@negative("NEG-DATA-003")
@every_type
def test_who_is_under_guardianship_does_not_act_alone(type: CredentialType) -> None:
    assert _refused(type, indicatieCurateleRegister=True) is Reason.UNDER_GUARDIANSHIP
    assert _refused(type, indicatieCurateleRegister="ja") is Reason.UNDER_GUARDIANSHIP
    assert facts(type, person(indicatieCurateleRegister=False)).left_out == ()


def test_a_guardianship_under_investigation_closes_the_gate() -> None:
    investigated: Json = {"indicatieCurateleRegister": True, "datumIngangOnderzoekGezag": datum("2026-01-01")}
    assert _refused(PERSOON, inOnderzoek=investigated) is Reason.UNDER_INVESTIGATION
    begun: Json = {"datumIngangOnderzoekGezag": datum("2026-01-01")}
    assert _refused(PERSOON, inOnderzoek=begun) is Reason.UNDER_INVESTIGATION


@negative("NEG-DATA-003")
@every_type
@pytest.mark.parametrize("born", ["2008-11-24", "2008-12", "2009", "2030-01-01"])
def test_who_is_under_18_does_not_act_alone(type: CredentialType, born: str) -> None:
    assert _refused(type, geboorte={"datum": datum(born)}) is Reason.MINOR


@every_type
@pytest.mark.parametrize("born", ["2008-11", "2008"])
def test_who_may_be_under_18_is_refused_and_not_called_a_child(type: CredentialType, born: str) -> None:
    assert _refused(type, geboorte={"datum": datum(born)}) is Reason.NOT_DERIVABLE


@pytest.mark.parametrize("born", ["2008-11-23", "2008-10", "2007"])
def test_who_is_18_on_the_day_of_issuing_acts_alone(born: str) -> None:
    assert facts(PERSOON, person(geboorte={"datum": datum(born)})).claims["age_over_18"] is True


def test_eighteen_begins_at_midnight_in_the_netherlands() -> None:
    child = person(geboorte={"datum": datum("2008-07-01")})
    with pytest.raises(Declined):
        facts(PERSOON, child, at=datetime(2026, 6, 30, 21, 59, tzinfo=UTC))
    assert facts(PERSOON, child, at=datetime(2026, 6, 30, 22, 0, tzinfo=UTC)).claims["age_over_18"] is True


@pytest.mark.parametrize("born", [None, {}, {"datum": datum("")}, {"datum": {"type": "Eeuw"}}, "1985"])
def test_an_age_that_is_not_told_keeps_the_gate_closed(born: Json) -> None:
    assert _refused(PERSOON, geboorte=born) is Reason.NOT_DERIVABLE


def test_a_birth_date_under_investigation_is_left_out_and_closes_no_gate() -> None:
    found = facts(PERSOON, person(geboorte={"datum": datum("1985-06-15"), "inOnderzoek": doubt("datum")}))
    assert left_out(found)["birthdate"] is Reason.UNDER_INVESTIGATION
    assert left_out(found)["age_over_65"] is Reason.UNDER_INVESTIGATION
    assert "birthdate" not in found.claims


def test_who_does_not_live_at_their_address_gets_no_address() -> None:
    flagged: Json = home(indicatieVastgesteldVerblijftNietOpAdres=True)
    assert _refused(ADRES, verblijfplaats=flagged) is Reason.NOT_AT_ADDRESS
    addressed: Json = {"indicatieVastgesteldVerblijftNietOpAdres": True}
    assert _refused(ADRES, adressering=addressed) is Reason.NOT_AT_ADDRESS
    assert facts(PERSOON, person(verblijfplaats=flagged)).left_out == ()
    assert left_out(facts(HUISHOUDEN, person(verblijfplaats=flagged)))["household_size"] is Reason.NOT_AT_ADDRESS


def test_nobody_by_that_number_is_not_registered() -> None:
    with pytest.raises(Declined) as caught:
        brp.parse(answer(), bsn=BSN, at=AT)
    assert caught.value.reason is Reason.NOT_REGISTERED


@pytest.mark.parametrize(
    "reply",
    [b"", b"[]", b"null", b'{"personen": {}}', b'{"personen": [1]}', b'{"personen": null}', b'{"title": "fout"}', b"{"],
)
def test_an_answer_of_another_shape_is_malformed(reply: bytes) -> None:
    with pytest.raises(Malformed):
        brp.parse(reply, at=AT)


@pytest.mark.parametrize("reply", [b"", b"null", b'{"personen": {}}', b"[[]]", b'{"verblijfplaatsen": [1]}'])
def test_a_second_answer_of_another_shape_is_malformed(reply: bytes) -> None:
    with pytest.raises(Malformed):
        brp.parse(answer(person()), relatives=reply, at=AT)
    with pytest.raises(Malformed):
        brp.parse(answer(person()), history=reply, at=AT)


def test_a_list_is_read_up_to_a_length_that_no_life_has() -> None:
    stays: list[Json] = [{"type": "Adres"}] * LIST_LIMIT
    brp.parse(answer(person()), history=stays, at=AT)
    with pytest.raises(Malformed, match="verblijfplaatsen"):
        brp.parse(answer(person()), history=[*stays, {}], at=AT)
    with pytest.raises(Malformed, match="personen"):
        brp.parse(answer(person()), relatives={"personen": [{}] * (LIST_LIMIT + 1)}, at=AT)


def test_an_answer_about_someone_else_is_malformed() -> None:
    with pytest.raises(Malformed):
        brp.parse(answer(person()), bsn="999990032", at=AT)
    with pytest.raises(Malformed):
        brp.parse(answer(person(), person()), at=AT)
    other = person(burgerservicenummer="999990032")
    assert brp.parse(answer(other, person()), bsn=BSN, at=AT).bsn == BSN


def test_a_record_speaks_only_of_the_types_it_was_asked_for() -> None:
    record = brp.parse(answer(person()), types=[PERSOON], at=AT)
    assert record.types == (PERSOON,)
    with pytest.raises(Misuse):
        record.facts(ADRES, jurisdictions=("0757",), at=AT)


def test_a_record_shows_nobody_in_its_repr() -> None:
    record = brp.parse(answer(person()), at=AT)
    shown = f"{record!r} {record.person!r} {record.facts(PERSOON, jurisdictions=('0757',), at=AT)!r}"
    for value in (BSN, "Aïcha", "Bőssche", "1985", "Prins"):
        assert value not in shown
