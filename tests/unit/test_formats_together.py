"""The roles know no format: what they do with one they do with every other, and with several at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eigendata import policies
from eigendata.errors import Check, Declined, Misuse, Outcome, Reason, Rejected
from eigendata.formats import FORMATS
from eigendata.formats.mdoc import checks as mdoc_checks
from eigendata.model import UNBOUND, Answer, Disclosure, Presentation
from eigendata.query import Request, parse_query
from eigendata.registers.catalogue import ADRES, HUISHOUDEN, INWONER, PERSOON
from eigendata.trust import JURISDICTION
from eigendata.wallet import Wallet
from tests.negatives import negative
from tests.world import AISHA, AT, BRAM, EVERYTHING, FORMAT, GESTEL, HOME, MDOC, Holder, World, dwelling, trust_in

B = policies.load("woningcorporatie/B")


@pytest.fixture(scope="module")
def world() -> World:
    return World.make()


@pytest.fixture(scope="module")
def aisha(world: World) -> Holder:
    return world.holder(AISHA, format=MDOC)


def asked(world: World) -> tuple[Any, Request]:
    """A verifier that reads every format, and what it asks under policy B."""
    verifier = world.verifier(formats=FORMATS)
    return verifier, verifier.ask(B, home=HOME, at=AT)


def told(disclosure: Disclosure) -> Mapping[str, Any]:
    return {question: given[0].claims for question, given in disclosure.credentials.items()}


def test_what_is_disclosed_is_the_same_in_every_format(world: World, aisha: Holder) -> None:
    said = []
    for holder in (world.holder(AISHA), aisha):
        verifier, request = asked(world)
        disclosure = verifier.verify(holder.answer(request), request, at=AT)
        said.append((told(disclosure), disclosure.advice))
    assert said[0] == said[1]
    assert set(said[0][0]) == {"persoon", "inwoner", "huishouden"}


def test_an_answer_may_mix_formats(world: World) -> None:
    """Copies of one number are tied across formats by what they state: names and birth date."""
    holders = {name: world.holder(AISHA, format=name) for name in (FORMAT, MDOC)}
    verifier, request = asked(world)
    whole = {name: holder.answer(request).presentations for name, holder in holders.items()}
    of_question = {name: question.id for question in request.questions for name in question.queries.values()}
    mixed = {
        query: several
        for name, answer in whole.items()
        for query, several in answer.items()
        if (of_question[query] == "persoon") == (name == MDOC)
    }
    disclosure = verifier.verify(Answer(presentations=mixed), request, at=AT)
    alone = asked(world)
    assert told(disclosure) == told(alone[0].verify(holders[MDOC].answer(alone[1]), alone[1], at=AT))
    # collected in two sessions: their numbers differ, and what people are called ties them
    outcomes = {step.check.name: step.outcome for step in disclosure.trail}
    assert outcomes["ONE_NAME_AND_BIRTH"] is Outcome.PASSED
    assert outcomes["ONE_SET"] is not Outcome.PASSED


@negative("NEG-SUBJECT-004")
def test_an_sd_jwt_vc_of_one_and_an_mdoc_of_another_are_no_answer_about_one_person(world: World) -> None:
    holders = {"persoon": world.holder(AISHA), "other": world.holder(BRAM, format=MDOC)}
    verifier, request = asked(world)
    presentations = {}
    for question in request.questions:
        holder = holders.get(question.id, holders["other"])
        query = question.queries[holder.format]
        presentations[query] = holder.answer(request).presentations[query]
    with pytest.raises(Rejected) as rejected:
        verifier.verify(Answer(presentations=presentations), request, at=AT)
    assert rejected.value.reason is Reason.DIFFERENT_SUBJECTS


def plain(type_id: str, *names: str) -> Any:
    claims = [{"path": [type_id, name]} for name in names]
    return parse_query(
        {"credentials": [{"id": "q", "format": MDOC, "meta": {"doctype_value": type_id}, "claims": claims}]}
    )


def test_a_verifier_reads_the_formats_that_it_was_given_and_no_other(world: World) -> None:
    with pytest.raises(Misuse):
        world.verifier().ask_query(plain(PERSOON.id, "family_name"), at=AT)


def test_a_plain_query_is_answered_by_elements_of_a_namespace(world: World, aisha: Holder) -> None:
    verifier = world.verifier(formats=FORMATS)
    request = verifier.ask_query(plain(PERSOON.id, "family_name", "age_over_18"), at=AT)
    disclosure = verifier.verify(aisha.answer(request), request, at=AT)
    assert disclosure["q"].claims == {PERSOON.id: {"family_name": "Zandstra", "age_over_18": True}}


def test_what_was_not_asked_is_noticed(world: World, aisha: Holder) -> None:
    verifier = world.verifier(formats=FORMATS)
    request = verifier.ask_query(plain(PERSOON.id, "family_name"), at=AT)
    more = aisha.show(PERSOON.id, [(PERSOON.id, "family_name"), (PERSOON.id, "birthdate")], request.binding)
    assert refused(verifier, request, q=more).name == "NO_CLAIM_MORE"


def test_what_was_shown_for_one_session_is_nothing_in_another(world: World, aisha: Holder) -> None:
    verifier = world.verifier(formats=FORMATS)
    first, second = (verifier.ask_query(plain(PERSOON.id, "family_name"), at=AT) for _ in range(2))
    (shown,) = aisha.answer(first).presentations["q"]
    assert refused(verifier, second, q=shown) is mdoc_checks.DEVICE_SIGNATURE
    verifier.verify(Answer(presentations={"q": (shown,)}), first, at=AT)
    assert refused(verifier, first, q=shown).reason is Reason.REPLAY_DETECTED


def refused(verifier: Any, request: Request, **shown: Presentation) -> Check:
    with pytest.raises(Rejected) as rejected:
        verifier.verify(Answer(presentations={name: (one,) for name, one in shown.items()}), request, at=AT)
    return rejected.value.check


def test_an_issuer_speaks_for_its_own_municipality_in_every_format(world: World) -> None:
    trust = trust_in((world.boxtel, (GESTEL,)))  # whose residents are not Boxtel's
    holder = world.holder(AISHA, format=MDOC)
    verifier = world.verifier(formats=FORMATS, trust=trust)
    request = verifier.ask_query(plain(INWONER.id, "municipality_code"), at=AT)
    shown = holder.show(INWONER.id, [(INWONER.id, "municipality_code")], request.binding)
    assert refused(verifier, request, q=shown) is JURISDICTION


# -- issuing ----------------------------------------------------------------------------------------------------------


def test_what_an_mdoc_cannot_hold_is_refused_with_its_reason_and_the_rest_is_issued(world: World) -> None:
    issuer = replace(world.boxtel, name="B" * 151)
    with pytest.raises(Declined) as declined:
        Holder(trust=world.trust, format=MDOC).fetch(issuer, AISHA.record())
    assert declined.value.reason is Reason.VALUE_TOO_LONG
    Holder(trust=world.trust).fetch(issuer, AISHA.record())


def test_one_type_that_does_not_fit_holds_up_no_other(world: World) -> None:
    home = dwelling(7, "0757010000000007")
    home["verblijfadres"]["korteStraatnaam"] = home["verblijfadres"]["officieleStraatnaam"] = "Lange " * 26 + "Laan"
    record = AISHA.changed(verblijfplaats=home).record()
    issuance = Holder(trust=world.trust, format=MDOC).fetch(world.boxtel, record)
    assert [one.type for one in issuance.issued] == [one for one in EVERYTHING if one is not ADRES]
    assert (ADRES, Reason.VALUE_TOO_LONG) in [(one.type, one.reason) for one in issuance.refused]
    assert ADRES in [one.type for one in Holder(trust=world.trust).fetch(world.boxtel, record).issued]


# -- a wallet ---------------------------------------------------------------------------------------------------------


def test_a_wallet_keeps_shows_and_a_verifier_reads_an_mdoc(world: World, tmp_path: Path) -> None:
    wallet = Wallet.create(tmp_path / "aisha.vault", "a passphrase of some length")
    challenge = world.boxtel.challenge(at=AT)
    proofs = wallet.prove_new_keys(challenge, copies=2, at=AT)
    issuance = world.boxtel.issue(AISHA.record(), format=MDOC, to=world.boxtel.proven(proofs, at=AT), at=AT)
    wallet.add(issuance, trust=world.trust, at=AT)
    verifier, request = asked(world)
    proposal = wallet.consider(request, at=AT)
    lines = {line.path for one in proposal.offered for line in one.lines}
    assert {("family_name",), ("local_tie_6y",), ("household_size",)} <= lines
    answer = wallet.disclose(proposal.accept(), at=AT)
    disclosure = verifier.verify(answer, request, at=AT)
    assert disclosure["huishouden"].type == HUISHOUDEN
    assert told(disclosure)["persoon"]["family_name"] == "Zandstra"


def test_copies_that_say_different_things_are_not_kept(world: World, tmp_path: Path) -> None:
    wallet = Wallet.create(tmp_path / "aisha.vault", "a passphrase of some length")
    issued = []
    for resident in (AISHA, BRAM):
        challenge = world.boxtel.challenge(at=AT)
        keys = world.boxtel.proven(wallet.prove_new_keys(challenge, copies=1, at=AT), at=AT)
        issuance = world.boxtel.issue(resident.record(), format=MDOC, to=keys, at=AT, types=[PERSOON.id])
        issued.append(issuance.issued[0])
    mixed = replace(issued[0], copies=(*issued[0].copies, *issued[1].copies))
    with pytest.raises(Rejected) as rejected:
        wallet.add(mixed, trust=world.trust, at=AT)
    assert rejected.value.check.name == "COPIES_AGREE"


@negative("NEG-MDOC-027")
def test_a_holder_sees_what_is_said_of_keeping_and_where_nothing_is_said(world: World, tmp_path: Path) -> None:
    wallet = Wallet.create(tmp_path / "aisha.vault", "a passphrase of some length")
    proofs = wallet.prove_new_keys(world.boxtel.challenge(at=AT), copies=1, at=AT)
    wallet.add(
        world.boxtel.issue(AISHA.record(), format=MDOC, to=world.boxtel.proven(proofs, at=AT), at=AT),
        trust=world.trust,
        at=AT,
    )
    said = {"family_name": True, "given_name": False, "birthdate": None}
    claims: list[Any] = [
        {"path": [PERSOON.id, name], **({} if keeps is None else {"intent_to_retain": keeps})}
        for name, keeps in said.items()
    ]
    meta = {"doctype_value": PERSOON.id}
    query = parse_query({"credentials": [{"id": "q", "format": MDOC, "meta": meta, "claims": claims}]})
    assert parse_query(query.to_json()) == query
    proposal = wallet.consider(world.verifier(formats=FORMATS).ask_query(query, at=AT), at=AT)
    (offered,) = proposal.offered
    assert {line.path[0]: line.kept for line in offered.lines} == said
    assert all(line.kept is None for line in offered.besides)


def test_nobody_is_named_where_nothing_binds(world: World, aisha: Holder) -> None:
    verifier = world.verifier(formats=FORMATS)
    request = verifier.ask_query(plain(PERSOON.id, "family_name"), at=AT)
    shown = aisha.show(PERSOON.id, [(PERSOON.id, "family_name")], request.binding)
    unverified = FORMATS[MDOC].parse_presentation(shown.token)
    assert unverified.verify([PERSOON], UNBOUND, trust=world.trust, at=AT).holder is UNBOUND
