"""The questions that are put to the BRP, and what becomes of its answers: against a fetcher that remembers, and over
real HTTP against the simulator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from eigendata.encoding import Json, json_dumps, thaw
from eigendata.errors import Declined, EigendataError, Misuse, Rejected, Unavailable
from eigendata.fetch import NO_REDIRECT, Fetcher, Reply
from eigendata.model import CredentialType
from eigendata.registers import brp
from eigendata.registers.catalogue import ADRES, BSN, CATALOGUE, HUISHOUDEN, INWONER, PERSOON, RELATIVE_FIELDS
from eigendata.registers.client import MAX_RELATIVES, BrpClient
from eigendata.registers.population import STORY_BSN, Population
from eigendata.web.simulator import make_simulator, serving
from tests.negatives import negative
from tests.unit.registers.persons import within

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
ALL = tuple(CATALOGUE.values())


class Remembering(Fetcher):
    """Answers from a list, and remembers what it was asked."""

    def __init__(self, *answers: Json | bytes | Reply | EigendataError) -> None:
        super().__init__()
        self._answers = list(answers)
        self.asked: list[tuple[str, Any, Mapping[str, str]]] = []

    def post_json(self, url: str, body: Json, *, headers: Mapping[str, str] = MappingProxyType({})) -> Reply:
        self.asked.append((url, body, headers))
        answer = self._answers.pop(0)
        if isinstance(answer, EigendataError):
            raise answer
        if isinstance(answer, Reply):
            return answer
        return reply(200, answer if isinstance(answer, bytes) else json_dumps(answer))


def reply(status: int, body: bytes | Any) -> Reply:
    return Reply(status=status, headers={}, body=body if isinstance(body, bytes) else json_dumps(body))


def person(bsn: str = STORY_BSN, **more: Any) -> Any:
    return {"type": "RaadpleegMetBurgerservicenummer", "personen": [{"burgerservicenummer": bsn, **more}]}


def client(fetcher: Fetcher, **more: Any) -> BrpClient:
    return BrpClient("https://register.example/api/", fetcher=fetcher, **more)


# -- the questions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", [PERSOON, BSN, ADRES], ids=lambda one: one.short)
def test_a_type_is_asked_with_exactly_its_own_fields(one: CredentialType) -> None:
    fetcher = Remembering(person())
    client(fetcher).look_up(STORY_BSN, [one], at=AT)
    ((url, question, headers),) = fetcher.asked
    assert url == "https://register.example/api/personen"
    assert question == {
        "type": "RaadpleegMetBurgerservicenummer",
        "burgerservicenummer": [STORY_BSN],
        "fields": list(one.fields),
    }
    assert headers == {"User-Agent": "eigendata"}  # what it is, and not which version of what


def test_several_types_are_asked_in_one_question() -> None:
    fetcher = Remembering(person())
    client(fetcher).look_up(STORY_BSN, [PERSOON, ADRES], at=AT)
    ((_, question, _),) = fetcher.asked
    assert question["fields"] == sorted({*PERSOON.fields, *ADRES.fields})


def test_the_history_is_asked_for_a_resident_alone_and_for_ten_years() -> None:
    fetcher = Remembering(person(), {"verblijfplaatsen": []})
    client(fetcher).look_up(STORY_BSN, [INWONER], at=AT)
    assert fetcher.asked[1][0] == "https://register.example/api/verblijfplaatshistorie"
    assert fetcher.asked[1][1] == {
        "type": "RaadpleegMetPeriode",
        "burgerservicenummer": STORY_BSN,
        "datumVan": "2016-11-23",
        "datumTot": "2026-11-23",
    }


def test_the_history_may_be_somewhere_else() -> None:
    fetcher = Remembering(person(), {"verblijfplaatsen": []})
    client(fetcher, history_url="https://history.example").look_up(STORY_BSN, [INWONER], at=AT)
    assert [url for url, _, _ in fetcher.asked] == [
        "https://register.example/api/personen",
        "https://history.example/verblijfplaatshistorie",
    ]


def _household(children: int) -> Any:
    """Answer about the heroine, with a partner and so many children; and give their numbers."""
    (heroine,) = Population.shipped().find(STORY_BSN)
    numbers = [one.bsn for one in Population.shipped()][: children + 1]
    home: Any = {name: thaw(heroine.persoon[name]) for name in ("verblijfplaats", "gemeenteVanInschrijving")}
    return person(
        **home,
        partners=[{"burgerservicenummer": numbers[0]}],
        kinderen=[{"burgerservicenummer": number} for number in numbers[1:]],
    ), numbers


@pytest.mark.parametrize(("children", "sizes"), [(0, [1]), (19, [20]), (20, [20, 1]), (44, [20, 20, 5])])
def test_relatives_are_asked_for_number_and_address_twenty_at_a_time(children: int, sizes: list[int]) -> None:
    first, numbers = _household(children)
    fetcher = Remembering(first, *[{"type": "RaadpleegMetBurgerservicenummer", "personen": []} for _ in sizes])
    client(fetcher).look_up(STORY_BSN, [HUISHOUDEN], at=AT)
    asked = [question for _, question, _ in fetcher.asked[1:]]
    assert [len(question["burgerservicenummer"]) for question in asked] == sizes
    assert [number for question in asked for number in question["burgerservicenummer"]] == numbers
    assert all(question["fields"] == list(RELATIVE_FIELDS) for question in asked)


def test_a_register_that_names_relatives_without_end_is_not_asked_about_them() -> None:
    first, _ = _household(MAX_RELATIVES)
    fetcher = Remembering(first)
    with pytest.raises(Unavailable, match="relatives"):
        client(fetcher).look_up(STORY_BSN, [HUISHOUDEN], at=AT)
    assert len(fetcher.asked) == 1


def test_nobody_is_asked_about_where_there_are_no_relatives() -> None:
    fetcher = Remembering(person(partners=[], kinderen=[]))
    client(fetcher).look_up(STORY_BSN, [HUISHOUDEN], at=AT)
    assert len(fetcher.asked) == 1


def test_relatives_are_not_asked_for_where_no_type_counts_them() -> None:
    fetcher = Remembering(_household(3)[0])
    client(fetcher).look_up(STORY_BSN, [PERSOON], at=AT)
    assert len(fetcher.asked) == 1


def test_the_key_is_sent_with_every_question_and_shown_nowhere() -> None:
    fetcher = Remembering(_household(1)[0], {"verblijfplaatsen": []}, {"personen": []})
    keyed = client(fetcher, api_key="sleutel")
    keyed.look_up(STORY_BSN, [INWONER, HUISHOUDEN], at=AT)
    assert [headers for _, _, headers in fetcher.asked] == [{"User-Agent": "eigendata", "X-API-KEY": "sleutel"}] * 3
    assert "sleutel" not in repr(keyed)


def test_a_number_is_never_in_a_url() -> None:
    fetcher = Remembering(_household(1)[0], {"verblijfplaatsen": []}, {"personen": []})
    client(fetcher).look_up(STORY_BSN, ALL, at=AT)
    assert not any(any(digit.isdigit() for digit in url) for url, _, _ in fetcher.asked)


def test_a_question_for_nothing_is_not_asked() -> None:
    with pytest.raises(Misuse):
        client(Remembering()).look_up(STORY_BSN, [], at=AT)


@negative("NEG-DATA-001")
@pytest.mark.parametrize("bsn", ["", "12345678", "1234567890", "99990001x", "9999 0018", "９99900018", "999900018\n"])
def test_what_is_no_number_is_not_asked_for(bsn: str) -> None:
    with pytest.raises(Declined) as refusal:
        client(Remembering()).look_up(bsn, ALL, at=AT)
    assert refusal.value.reason == "not_registered"
    assert bsn == "" or bsn not in str(refusal.value)


# -- the answers ------------------------------------------------------------------------------------------------------


def test_somebody_unknown_is_declined() -> None:
    with pytest.raises(Declined) as refusal:
        client(Remembering({"type": "RaadpleegMetBurgerservicenummer", "personen": []})).look_up(
            STORY_BSN, [PERSOON], at=AT
        )
    assert refusal.value.reason == "not_registered"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"personen":1}',
        b'{"personen":[1]}',
        b'{"personen":[],"personen":[]}',
        b"{}",
        b'{"personen":[{"burgerservicenummer":"999900134"}]}',
        b'{"personen":[{"burgerservicenummer":"999900018"},{"burgerservicenummer":"999900018"}]}',
        b"\xff\xfe",
        b" " * ((1 << 20) + 1),
    ],
)
def test_nonsense_counts_as_no_answer(answer: bytes) -> None:
    with pytest.raises(Unavailable) as refusal:
        client(Remembering(answer)).look_up(STORY_BSN, [PERSOON], at=AT)
    assert STORY_BSN not in str(refusal.value)
    assert "999900134" not in str(refusal.value)


@pytest.mark.parametrize("answer", [b"x", b"{}", b'{"verblijfplaatsen":{}}'])
def test_a_nonsensical_history_counts_as_no_answer(answer: bytes) -> None:
    with pytest.raises(Unavailable):
        client(Remembering(person(), answer)).look_up(STORY_BSN, [INWONER], at=AT)


def test_a_nonsensical_second_answer_counts_as_no_answer() -> None:
    with pytest.raises(Unavailable):
        client(Remembering(_household(1)[0], b"{}")).look_up(STORY_BSN, [HUISHOUDEN], at=AT)


@pytest.mark.parametrize(
    ("status", "hint"),
    [(401, "API key"), (403, "authorisation"), (404, "base address"), (429, "too many"), (503, "closed"), (500, "500"),
     (204, "204"), (201, "201"), (999, "999")],
)  # fmt: skip
def test_any_other_status_is_unavailable_with_a_hint(status: int, hint: str) -> None:
    body = {"title": f"nee, {STORY_BSN}", "status": status}
    with pytest.raises(Unavailable, match=hint) as refusal:
        client(Remembering(reply(status, body))).look_up(STORY_BSN, [PERSOON], at=AT)
    assert STORY_BSN not in str(refusal.value)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"invalidParams": [{"name": "fields[3]", "reason": STORY_BSN}, {"name": "type"}]}, "for its fields[3], type"),
        ({"invalidParams": [{"name": "Mardoun"}, {"name": "fields[0]"}]}, "for its fields[0]"),
        ({"invalidParams": [{"name": STORY_BSN}, {"name": f"fields {STORY_BSN}"}, {}, 1]}, "our question"),
        ({"invalidParams": "x"}, "our question"),
        (b"<html>", "our question"),
    ],
)
def test_a_question_that_the_register_refuses_is_our_mistake(body: Any, said: str) -> None:
    with pytest.raises(Misuse) as refusal:
        client(Remembering(reply(400, body))).look_up(STORY_BSN, [PERSOON], at=AT)
    assert str(refusal.value).endswith(said)
    assert STORY_BSN not in str(refusal.value)


@pytest.mark.parametrize("error", [Unavailable("down"), Rejected(NO_REDIRECT)])
def test_what_the_fetcher_says_is_passed_on(error: EigendataError) -> None:
    with pytest.raises(type(error)):
        client(Remembering(error)).look_up(STORY_BSN, [PERSOON], at=AT)


# -- over real HTTP ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def register() -> Iterator[BrpClient]:
    with serving(make_simulator(Population.shipped(), api_key="sleutel", clock=lambda: AT)) as url:
        yield BrpClient(url, api_key="sleutel", fetcher=Fetcher(allow_loopback_http=True))


def test_the_heroine_is_looked_up_whole(register: BrpClient) -> None:
    record = register.look_up(STORY_BSN, ALL, at=AT)
    told = {one.short: record.facts(one, jurisdictions=("0757",), at=AT).claims for one in ALL}
    assert told["persoon"]["given_name"] == "Aisha"
    assert told["persoon"]["name_in_use"] == "A. Mardoun"
    assert told["bsn"]["bsn"] == STORY_BSN
    assert told["adres"]["bag_vbo"]
    assert told["inwoner"]["local_tie_6y"] is True
    assert told["huishouden"]["household_size"] == 4
    assert told["huishouden"]["minors"] == 2


def test_everybody_is_looked_up_or_declined_for_a_reason(register: BrpClient) -> None:
    outcomes: dict[str, int] = {}
    for one in Population.shipped():
        record = register.look_up(one.bsn, ALL, at=AT)
        for kind in ALL:
            try:
                record.facts(kind, jurisdictions=("0757",), at=AT)
                outcome = "issued"
            except Declined as refusal:
                outcome = refusal.reason.value
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
    assert outcomes.keys() == {
        "issued", "not_our_resident", "suspended", "under_guardianship", "minor", "not_at_address",
        "under_investigation", "not_derivable",
    }, outcomes  # fmt: skip


@pytest.mark.parametrize("size", range(1, 8))
def test_a_household_is_counted_as_its_tag_says(register: BrpClient, size: int) -> None:
    for one in Population.shipped().tagged(f"huishouden{size}")[:6]:
        record = register.look_up(one.bsn, [HUISHOUDEN], at=AT)
        try:
            claims = record.facts(HUISHOUDEN, jurisdictions=("0757",), at=AT).claims
        except Declined:
            continue
        assert claims.get("household_size", size) == size


@pytest.mark.parametrize(("tag", "tie"), [("binding_nu", True), ("binding_eerder", True), ("binding_geen", False)])
def test_a_local_tie_is_derived_as_its_tag_says(register: BrpClient, tag: str, tie: bool) -> None:
    for one in Population.shipped().tagged(tag):
        record = register.look_up(one.bsn, [INWONER], at=AT)
        code = str(within(one.persoon, "gemeenteVanInschrijving", "code"))
        claims = record.facts(INWONER, jurisdictions=(code,), at=AT).claims
        assert claims["local_tie_6y"] is tie, one.tags


def test_without_the_key_the_register_is_unavailable() -> None:
    with serving(make_simulator(Population.shipped(), api_key="sleutel")) as url:
        keyless = BrpClient(url, fetcher=Fetcher(allow_loopback_http=True))
        with pytest.raises(Unavailable, match="API key"):
            keyless.look_up(STORY_BSN, [PERSOON], at=AT)


def test_a_register_that_is_gone_is_unavailable() -> None:
    with serving(make_simulator(Population.shipped())) as url:
        pass
    with pytest.raises(Unavailable):
        BrpClient(url, fetcher=Fetcher(allow_loopback_http=True)).look_up(STORY_BSN, [PERSOON], at=AT)


def test_the_register_is_not_reached_where_loopback_is_closed(register: BrpClient) -> None:
    with serving(make_simulator(Population.shipped())) as url, pytest.raises(Rejected):
        BrpClient(url, fetcher=Fetcher()).look_up(STORY_BSN, [PERSOON], at=AT)


def test_our_questions_and_the_registers_fields_agree() -> None:
    assert len(brp.questions(ALL)) <= 130
