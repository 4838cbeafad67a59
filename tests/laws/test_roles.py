"""What holds of issuer and verifier whatever the other side does: laws over mixtures, subsets, moments and damage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigendata import policies, proofs
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import b64url_decode, b64url_encode
from eigendata.errors import Declined, EigendataError, Malformed, Rejected
from eigendata.model import NO_REPLAY_CHECK, Answer, ClaimPath, Disclosure, Presentation
from eigendata.query import Request
from eigendata.registers.catalogue import CATALOGUE, HUISHOUDEN
from eigendata.verifier import Verifier
from tests.world import AISHA, AT, BOXTEL, BRAM, FORMAT, HOME, TODAY, Holder, World, municipality

FEW = settings(max_examples=40, deadline=None)
MORE = settings(max_examples=100, deadline=None)

# mutable things are made once; a verifier without a memory lets one request be answered in many ways


@cache
def world() -> World:
    return World.make()


@cache
def corporation() -> Verifier:
    return world().verifier(once=NO_REPLAY_CHECK)


@cache
def holder(name: str) -> Holder:
    return world().holder({"aisha": AISHA, "bram": BRAM}[name])


@cache
def asked(policy: str) -> Request:
    home: Mapping[str, Any] = {"municipalities": [BOXTEL]} if policy.endswith("/A") else HOME
    return corporation().ask(policies.load(policy), home=home, at=AT)


@cache
def answered(policy: str, name: str, k: int) -> Answer:
    return holder(name).answer(asked(policy), k=k)


def verified(answer: Answer, request: Request) -> Disclosure | None:
    try:
        return corporation().verify(answer, request, at=AT)
    except Rejected:
        return None


# -- one person -------------------------------------------------------------------------------------------------------

COPIES = st.tuples(st.sampled_from(["aisha", "bram"]), st.integers(0, 1))


@FEW
@given(person=COPIES, residence=COPIES)
def test_where_nobody_is_named_only_copies_of_one_number_of_one_person_add_up(
    person: tuple[str, int], residence: tuple[str, int]
) -> None:
    policy = "woningcorporatie/A"
    mixed = Answer(
        presentations={
            "persoon": answered(policy, *person).presentations["persoon"],
            "inwoner": answered(policy, *residence).presentations["inwoner"],
        }
    )
    assert (verified(mixed, asked(policy)) is not None) == (person == residence)


@FEW
@given(st.lists(COPIES, min_size=3, max_size=3))
def test_where_people_are_named_only_cards_of_one_person_add_up(copies: list[tuple[str, int]]) -> None:
    policy = "woningcorporatie/B"
    questions = ("persoon", "inwoner", "huishouden")
    mixed = Answer(
        presentations={
            question: answered(policy, *copy).presentations[question]
            for question, copy in zip(questions, copies, strict=True)
        }
    )
    one_person = len({name for name, _ in copies}) == 1
    assert (verified(mixed, asked(policy)) is not None) == one_person


# -- all that was asked, and nothing more -----------------------------------------------------------------------------


def shown_paths() -> list[ClaimPath]:
    return [path for path in holder("aisha").authentic(HUISHOUDEN.id).revealed if "absent" not in path]


@MORE
@given(st.data())
def test_an_answer_is_accepted_only_if_it_shows_all_that_was_asked_and_nothing_more(data: st.DataObject) -> None:
    request = asked("woningcorporatie/B")
    wanted = {("household_size",), ("family_name",), ("given_name",), ("birthdate",), ("set",)}
    every = shown_paths()
    beside = data.draw(st.sets(st.sampled_from(every), max_size=3))
    paths = wanted ^ beside if data.draw(st.booleans()) else wanted
    shown = holder("aisha").show(HUISHOUDEN.id, sorted(paths, key=str), request.binding)
    honest = answered("woningcorporatie/B", "aisha", 0).presentations
    answer = Answer(presentations={**honest, "huishouden": (shown,)})
    assert (verified(answer, request) is not None) == (paths == wanted)


@FEW
@given(st.sets(st.sampled_from(["persoon", "inwoner", "huishouden"])), st.booleans())
def test_an_answer_is_accepted_only_if_it_is_complete(questions: set[str], more: bool) -> None:
    request = asked("woningcorporatie/B")
    honest = answered("woningcorporatie/B", "aisha", 0).presentations
    given_ = {name: one for name, one in honest.items() if name in questions}
    if more:
        given_["adres"] = honest["inwoner"]
    assert (verified(Answer(presentations=given_), request) is not None) == (len(questions) == 3 and not more)


# -- damage -----------------------------------------------------------------------------------------------------------


@MORE
@given(st.data())
def test_a_changed_byte_is_never_accepted(data: st.DataObject) -> None:
    request = asked("woningcorporatie/B")
    honest = answered("woningcorporatie/B", "aisha", 0).presentations
    question = data.draw(st.sampled_from(sorted(honest)))
    token = bytearray(honest[question][0].token)
    place = data.draw(st.integers(0, len(token) - 1))
    token[place] ^= data.draw(st.integers(1, 255))
    damaged = Presentation(format=FORMAT, token=bytes(token))
    with pytest.raises((Malformed, Rejected)):
        corporation().verify(Answer(presentations={**honest, question: (damaged,)}), request, at=AT)


@MORE
@given(st.data())
def test_parts_moved_taken_out_or_doubled_are_never_accepted(data: st.DataObject) -> None:
    request = asked("woningcorporatie/B")
    honest = answered("woningcorporatie/B", "aisha", 0).presentations
    parts = honest["persoon"][0].token.split(b"~")
    moved = data.draw(st.lists(st.sampled_from(parts), min_size=1, max_size=len(parts) + 2).filter(parts.__ne__))
    damaged = Presentation(format=FORMAT, token=b"~".join(moved))
    with pytest.raises((Malformed, Rejected)):
        corporation().verify(Answer(presentations={**honest, "persoon": (damaged,)}), request, at=AT)


@MORE
@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_bytes_at_all_give_one_of_the_five_errors(token: bytes) -> None:
    request = asked("woningcorporatie/B")
    honest = answered("woningcorporatie/B", "aisha", 0).presentations
    nonsense = Answer(presentations={**honest, "persoon": (Presentation(format=FORMAT, token=token),)})
    with pytest.raises(EigendataError):
        corporation().verify(nonsense, request, at=AT)
    with pytest.raises(EigendataError):
        world().boxtel.proven((token,), at=AT)


# -- time -------------------------------------------------------------------------------------------------------------


@FEW
@given(st.integers(-3 * 86_400, 20 * 86_400))
def test_credentials_and_proofs_are_accepted_in_one_interval(seconds: int) -> None:
    """Shown at one moment, looked at at another: 300 seconds after, 60 before, and within the fourteen days."""
    request = asked("woningcorporatie/B")
    shown = AT + timedelta(seconds=seconds)
    if TODAY <= shown < TODAY + timedelta(days=14):
        presented = holder("aisha").answer(request, at=shown)
        for drift in (-61, -60, 0, 300, 301):
            looked_at = shown + timedelta(seconds=drift)
            credential_in_time = TODAY - timedelta(seconds=60) <= looked_at < TODAY + timedelta(days=14)
            try:
                corporation().verify(presented, request, at=looked_at)
                accepted = True
            except Rejected:
                accepted = False
            assert accepted == (credential_in_time and -60 <= drift <= 300)
    else:
        with pytest.raises(Rejected):
            corporation().verify(answered("woningcorporatie/B", "aisha", 0), request, at=shown)


# -- issuing ----------------------------------------------------------------------------------------------------------


@FEW
@given(st.data())
def test_a_nonce_that_was_changed_is_never_the_issuers(data: st.DataObject) -> None:
    issuer = world().boxtel
    octets = bytearray(b64url_decode(issuer.challenge(at=AT).nonce))
    octets[data.draw(st.integers(0, len(octets) - 1))] ^= data.draw(st.integers(1, 255))
    challenge = replace(issuer.challenge(at=AT), nonce=b64url_encode(bytes(octets)))
    proof = proofs.prove(challenge, [SoftwareKey.generate(Algorithm.ES256)], at=AT)
    with pytest.raises(Rejected):
        issuer.proven(proof, at=AT)


@settings(max_examples=25, deadline=None)
@given(types=st.sets(st.sampled_from(sorted(CATALOGUE)), min_size=1), copies=st.integers(1, 4), spare=st.integers(0, 3))
def test_every_copy_has_a_key_of_its_own_and_every_number_one_set(types: set[str], copies: int, spare: int) -> None:
    issuer = municipality("https://boxtel.example", "Gemeente Boxtel", BOXTEL)
    keys = [SoftwareKey.generate(Algorithm.ES256) for _ in range(copies * len(types) + spare)]
    to = issuer.proven(proofs.prove(issuer.challenge(at=AT), keys, at=AT), at=AT)
    issuance = issuer.issue(AISHA.record(), format=FORMAT, to=to, at=AT, types=tuple(types), copies=copies)
    receiver = Holder(trust=world().trust, cards={one.type.id: one.copies for one in issuance.issued})
    opened = {(type_id, k): receiver.authentic(type_id, k) for type_id in types for k in range(copies)}
    assert len({one.holder for one in opened.values()}) == copies * len(types)
    sets = [{opened[type_id, k].document["set"] for type_id in types} for k in range(copies)]
    assert all(len(one) == 1 for one in sets)
    assert len(set[object]().union(*sets)) == copies


@FEW
@given(st.sampled_from(["gemeenteVanInschrijving", "geboorte", "naam", "verblijfplaats", "nationaliteiten"]), st.data())
def test_whatever_the_register_leaves_out_is_refused_or_told_as_absent(member: str, data: st.DataObject) -> None:
    """An answer with a hole gives a refusal or a whole attestation, never a broken one: every promise is kept."""
    value: Any = data.draw(st.sampled_from([None, {}, [], "", 7, {"inOnderzoek": True}]))
    record_of = AISHA.changed(**{member: value})
    receiver = Holder(trust=world().trust)
    issuer = municipality("https://boxtel.example", "Gemeente Boxtel", BOXTEL)
    try:
        receiver.fetch(issuer, record_of.record(), copies=1)
    except Declined:
        assert receiver.cards == {}
        return
    except Malformed:
        return
    for type_id in receiver.cards:
        document = receiver.authentic(type_id).document
        absent = document.get("absent", {})
        assert isinstance(absent, Mapping)
        for one in CATALOGUE[type_id].attributes:
            if one.presence == "promised" and len(one.path) == 1:
                assert (one.path[0] in document) != (absent.get(one.path[0]) is True)
