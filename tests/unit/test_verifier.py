"""The verifier uses a whole answer or nothing of it. Every rule has a case here that breaks only that rule."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from eigendata import policies, status, verifier
from eigendata.channel import openid4vp_redirect
from eigendata.crypto.jwe import Recipient, write_recipient
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.errors import Check, Declined, Malformed, Misuse, Outcome, Reason, Rejected, Unavailable
from eigendata.formats import FORMATS
from eigendata.model import (
    NO_REPLAY_CHECK,
    Advice,
    Answer,
    Attestation,
    CredentialType,
    Disclosed,
    Disclosure,
    Holding,
    Named,
    Party,
    Presentation,
    Seal,
    TrustedIssuer,
)
from eigendata.once import TAKEN, MemoryOnce
from eigendata.policies.same_subject import ONE_NAME_AND_BIRTH, ONE_SET
from eigendata.query import ANSWER_CHECKS, Encryption, PolicyReference, Query, Request, parse_query
from eigendata.query.check import ASKED, CLAIMS_THERE, COMPLETE, COUNTED, NO_CLAIM_MORE, VALUES_MATCH
from eigendata.registers.catalogue import ADRES, BSN, CATALOGUE, HUISHOUDEN, INWONER, PERSOON
from eigendata.trust import ISSUER_KNOWN, JURISDICTION
from eigendata.verifier import FORMAT_ASKED, REQUEST_OF_POLICY, REQUEST_OURS, Verifier
from tests.negatives import negative
from tests.world import (
    AISHA,
    AT,
    BOXTEL,
    BRAM,
    CORPORATION,
    FORMAT,
    GESTEL,
    HOME,
    OTHER_VERIFIER,
    TODAY,
    Holder,
    World,
    trust_in,
)

B = policies.load("woningcorporatie/B")


@pytest.fixture(scope="module")
def world() -> World:
    return World.make()


@pytest.fixture(scope="module")
def aisha(world: World) -> Holder:
    return world.holder(AISHA)


@pytest.fixture(scope="module")
def bram(world: World) -> Holder:
    return world.holder(BRAM)


@pytest.fixture
def request_b(world: World) -> Request:
    return world.corporation.ask(B, home=HOME, at=AT)


def of_format(name: str) -> Check:
    return next(one for one in FORMATS[FORMAT].checks if one.name == name)


def rejected(check: Check, by: Verifier, answer: Answer, request: Request, **more: Any) -> Rejected:
    with pytest.raises(Rejected) as caught:
        by.verify(answer, request, **{"at": AT, **more})
    assert caught.value.check is check
    return caught.value


def swapped(answer: Answer, **presentations: Presentation | tuple[Presentation, ...]) -> Answer:
    given = {name: one if isinstance(one, tuple) else (one,) for name, one in presentations.items()}
    return Answer(presentations={**answer.presentations, **given})


def plain(*credentials: Mapping[str, Any], **more: Any) -> Query:
    """Give a plain query: for each credential its id, type and paths, and whatever else."""
    asked = [
        {
            "id": one["id"],
            "format": FORMAT,
            "meta": {"vct_values": [one["type"]]},
            **{name: value for name, value in one.items() if name not in ("id", "type", "paths")},
            **({"claims": [{"path": list(path)} for path in one["paths"]]} if "paths" in one else {}),
        }
        for one in credentials
    ]
    return parse_query({"credentials": asked, **more})


# -- asking -----------------------------------------------------------------------------------------------------------


def test_a_request_carries_who_asks_why_and_how_long_it_is_kept(world: World, request_b: Request) -> None:
    assert request_b.asker.party.id == request_b.binding.audience == CORPORATION
    assert not request_b.asker.proven
    assert request_b.response_uri == "https://woonstichting.example/answer"
    assert request_b.purpose == B.purpose
    assert request_b.legal_basis == B.legal_basis
    assert request_b.keep == B.keep
    assert request_b.policy == PolicyReference(id=B.id, version=B.version, use=B.use, home=B.conditions(HOME))
    assert [one.id for one in request_b.questions] == ["persoon", "inwoner", "huishouden"]


def test_no_two_requests_share_a_nonce_or_a_state(world: World) -> None:
    requests = [world.corporation.ask(B, home=HOME, at=AT) for _ in range(50)]
    secrets = {one.binding.nonce for one in requests} | {str(one.state) for one in requests}
    assert len(secrets) == 100
    assert {len(one) for one in secrets} == {43}


def test_a_plain_query_has_a_question_for_each_credential_query(world: World) -> None:
    query = plain({"id": "a", "type": PERSOON.id, "paths": [("family_name",)]}, {"id": "b", "type": "urn:other:1"})
    request = world.corporation.ask_query(query, at=AT)
    assert request.policy is None
    assert request.purpose == {}
    assert [(one.id, one.type, one.paths) for one in request.questions] == [
        ("a", PERSOON.id, (("family_name",),)),
        ("b", "urn:other:1", ()),
    ]


def test_who_has_no_name_is_called_by_the_host_of_its_address(world: World) -> None:
    assert world.verifier().ask(B, home=HOME, at=AT).asker.party.name == "woonstichting.example"
    assert world.corporation.ask(B, home=HOME, at=AT).asker.party.name == "Woonstichting De Linde"


def test_compiled_policies_take_a_bounded_place(world: World) -> None:
    one = world.verifier()
    for most in range(2, 2 + verifier.MAX_COMPILED + 3):
        one.ask(B, home={"household_size": [1, most], "binding": True}, at=AT)
    assert len(one._compiled) <= verifier.MAX_COMPILED


def test_a_request_that_was_stored_is_answered_like_the_one_that_was_made(
    world: World, aisha: Holder, request_b: Request
) -> None:
    stored = Request.from_json(request_b.to_json())
    assert world.corporation.verify(aisha.answer(stored), stored, at=AT).advice


def test_a_policy_that_the_verifier_does_not_know_is_refused_when_it_asks(world: World) -> None:
    own = replace(B, version="2027-01")
    with pytest.raises(Misuse):
        world.corporation.ask(own, home=HOME, at=AT)
    with pytest.raises(Misuse):
        world.corporation.ask(replace(B, purpose={"nl": "iets anders", "en": "else"}), home=HOME, at=AT)
    assert world.verifier(policies=(own,)).ask(own, home=HOME, at=AT).policy == PolicyReference(
        id=own.id, version="2027-01", use=own.use, home=own.conditions(HOME)
    )


def test_conditions_that_the_policy_does_not_know_are_refused(world: World) -> None:
    for home in ({}, {**HOME, "rent": 700}, {**HOME, "binding": 1}):
        with pytest.raises(Misuse):
            world.corporation.ask(B, home=home, at=AT)


def test_a_format_that_the_verifier_cannot_read_is_refused(world: World) -> None:
    query = parse_query(
        {"credentials": [{"id": "mdl", "format": "mso_mdoc", "meta": {"doctype_value": "org.iso.18013.5.1.mDL"}}]}
    )
    with pytest.raises(Misuse):
        world.corporation.ask_query(query, at=AT)


def test_a_naive_moment_is_refused(world: World, aisha: Holder, request_b: Request) -> None:
    naive = AT.replace(tzinfo=None)
    with pytest.raises(Misuse):
        world.corporation.ask(B, home=HOME, at=naive)
    with pytest.raises(Misuse):
        world.corporation.ask_query(request_b.query, at=naive)
    with pytest.raises(Misuse):
        world.corporation.verify(aisha.answer(request_b), request_b, at=naive)


@pytest.mark.parametrize(
    "client_id",
    [
        "https://woonstichting.example/answer",
        "redirect_uri:",
        "redirect_uri:/answer",
        "redirect_uri:http://woonstichting.example/answer",
        "redirect_uri:https://woonstichting.example/answer#x",
        "redirect_uri:https://[woonstichting/answer",
        "x509_san_dns:woonstichting.example",
        "",
    ],
)
def test_a_client_identifier_of_another_kind_is_refused(world: World, client_id: str) -> None:
    with pytest.raises(Misuse):
        world.verifier(client_id)


def test_a_verifier_that_signs_says_where_its_answers_go(world: World) -> None:
    signing = replace(
        world.corporation, client_id="x509_san_dns:woonstichting.example", answer_uri="https://a.example/x"
    )
    asked = signing.ask(B, home=HOME, at=AT)
    assert (asked.binding.audience, asked.response_uri) == ("x509_san_dns:woonstichting.example", "https://a.example/x")
    for changes in ({"answer_uri": None}, {"answer_uri": "http://a.example/x"}, {"client_id": CORPORATION}):
        with pytest.raises(Misuse):
            replace(signing, **changes)


def test_a_sealed_answer_is_bound_to_the_key_that_opens_it(world: World) -> None:
    key = SoftwareKey.generate(Algorithm.ES256).public_key
    sealed = Encryption(jwk=write_recipient(Recipient(key, "once")), encryptions=("A128GCM",))
    asked = world.corporation.ask(B, home=HOME, at=AT, encryption=sealed)
    assert asked.encryption == sealed
    assert asked.binding == openid4vp_redirect(
        client_id=CORPORATION,
        nonce=asked.binding.nonce,
        response_uri=asked.response_uri,
        encryption_key=key.thumbprint(),
    )
    with pytest.raises(Misuse):
        world.corporation.ask(B, home=HOME, at=AT, encryption=replace(sealed, jwk={**sealed.jwk, "alg": "dir"}))


def test_plain_http_is_for_this_machine_alone(world: World) -> None:
    assert world.verifier("redirect_uri:http://127.0.0.1:8080/answer").response_uri == "http://127.0.0.1:8080/answer"


def test_withdrawal_and_replay_have_no_default(world: World) -> None:
    with pytest.raises(TypeError):
        Verifier(CORPORATION, trust=world.trust)  # type: ignore[call-arg]
    with pytest.raises(Misuse):
        Verifier(CORPORATION, trust=world.trust, status="later", once=MemoryOnce())  # type: ignore[arg-type]


# -- a good answer ----------------------------------------------------------------------------------------------------


def test_a_good_answer_gives_what_was_asked_and_the_advice(world: World, aisha: Holder, request_b: Request) -> None:
    disclosure = world.corporation.verify(aisha.answer(request_b), request_b, at=AT)
    assert disclosure["persoon"].claims == {
        "family_name": "Zandstra",
        "given_name": "Aisha",
        "birthdate": "1984-02-29",
        "as_of": "2026-05-04",
    }
    assert disclosure["inwoner"].claims == {"local_tie_6y": True, "as_of": "2026-05-04"}
    assert disclosure["huishouden"].claims == {"household_size": 2, "as_of": "2026-05-04"}
    assert disclosure["inwoner"].issuer.name == "Gemeente Boxtel"
    assert disclosure["inwoner"].type is INWONER
    assert disclosure.advice is not None
    assert disclosure.advice.advice is Advice.MEETS


def test_the_trail_of_a_good_answer_is_every_check_in_its_order(
    world: World, aisha: Holder, request_b: Request
) -> None:
    disclosure = world.corporation.verify(aisha.answer(request_b), request_b, at=AT)
    assert tuple(step.check for step in disclosure.trail) == verifier.answer_trail()
    for given in disclosure.credentials.values():
        assert tuple(step.check for step in given[0].trail) == verifier.credential_trail(FORMATS[FORMAT])


def outcomes(disclosure: Disclosure, outcome: Outcome) -> list[Check]:
    trails = [disclosure.trail, *(one.trail for given in disclosure.credentials.values() for one in given)]
    return [step.check for trail in trails for step in trail if step.outcome is outcome]


def test_the_trail_says_that_withdrawal_was_not_looked_up(world: World, aisha: Holder, request_b: Request) -> None:
    disclosure = world.corporation.verify(aisha.answer(request_b), request_b, at=AT)
    assert outcomes(disclosure, Outcome.WAIVED) == [*status.CHECKS] * 3


def test_the_trail_says_that_a_second_showing_would_not_be_noticed(world: World, aisha: Holder) -> None:
    careless = world.verifier(once=NO_REPLAY_CHECK)
    request = careless.ask(B, home=HOME, at=AT)
    answer = aisha.answer(request)
    for _ in range(2):
        assert TAKEN in outcomes(careless.verify(answer, request, at=AT), Outcome.WAIVED)


def test_only_what_may_be_used_is_given_and_set_is_not(world: World, aisha: Holder, request_b: Request) -> None:
    disclosure = world.corporation.verify(aisha.answer(request_b), request_b, at=AT)
    for given in disclosure.credentials.values():
        assert not {"set", "iss", "cnf", "vct", "exp", "issuing_authority"} & set(given[0].claims)


@negative("NEG-API-001")
def test_a_disclosure_cannot_be_built_edited_or_misread(world: World, aisha: Holder, request_b: Request) -> None:
    disclosure = world.corporation.verify(aisha.answer(request_b), request_b, at=AT)
    with pytest.raises(dataclasses.FrozenInstanceError):
        disclosure.advice = None  # type: ignore[misc]
    with pytest.raises(TypeError):
        disclosure.credentials["persoon"] = ()  # type: ignore[index]
    with pytest.raises(TypeError):
        disclosure["persoon"].claims["family_name"] = "Verwey"  # type: ignore[index]
    with pytest.raises((TypeError, ValueError)):
        replace(disclosure["persoon"], claims={})  # type: ignore[call-arg]
    with pytest.raises(Misuse):
        Disclosed(type=PERSOON, issuer=disclosure["persoon"].issuer, claims={}, trail=(), witness="seen")  # type: ignore[arg-type]
    with pytest.raises(Misuse):
        disclosure["income"]
    with pytest.raises(Misuse, match="neither true nor false"):
        bool(disclosure)
    assert "Zandstra" not in repr(disclosure)


def test_an_absence_counts_and_nobody_falls_out_unseen(world: World) -> None:
    stays = ({**AISHA.stays[0], "datumVan": {"type": "DatumOnbekend", "onbekend": True, "langFormaat": "onbekend"}},)
    unknown = {"type": "DatumOnbekend", "onbekend": True, "langFormaat": "onbekend"}
    holder = world.holder(replace(AISHA.changed(datumInschrijvingInGemeente=unknown), stays=stays))
    request = world.corporation.ask(B, home=HOME, at=AT)
    disclosure = world.corporation.verify(holder.answer(request), request, at=AT)
    assert disclosure["inwoner"].claims == {"absent": {"local_tie_6y": True}, "as_of": "2026-05-04"}
    assert disclosure.advice is not None
    assert disclosure.advice.advice is Advice.NOT_DERIVABLE


def test_a_household_that_does_not_fit_is_verified_and_advised_against(
    world: World, bram: Holder, request_b: Request
) -> None:
    advice = world.corporation.verify(bram.answer(request_b), request_b, at=AT).advice
    assert advice is not None
    assert (advice.advice, "household_size" in advice.rule) == (Advice.DOES_NOT_MEET, True)


def test_a_source_that_is_too_old_gives_no_refusal_but_no_answer(world: World) -> None:
    late = AT + timedelta(days=13)
    record = AISHA.record(at=AT - timedelta(days=2))
    holder = Holder(trust=world.trust)
    holder.fetch(world.boxtel, record)
    request = world.corporation.ask(B, home=HOME, at=late)
    advice = world.corporation.verify(holder.answer(request, at=late), request, at=late).advice
    assert advice is not None
    assert advice.advice is Advice.NOT_DERIVABLE


# -- attacks ----------------------------------------------------------------------------------------------------------


def test_the_same_answer_is_not_accepted_twice(world: World, aisha: Holder, request_b: Request) -> None:
    answer = aisha.answer(request_b)
    world.corporation.verify(answer, request_b, at=AT)
    assert rejected(TAKEN, world.corporation, answer, request_b).reason is Reason.REPLAY_DETECTED


@negative("NEG-ECDSA-003")
def test_a_request_is_not_answered_twice_not_even_anew(world: World, aisha: Holder, request_b: Request) -> None:
    world.corporation.verify(aisha.answer(request_b), request_b, at=AT)
    for later in (timedelta(minutes=6), timedelta(days=13)):
        again = aisha.answer(request_b, k=1, at=AT + later)
        rejected(TAKEN, world.corporation, again, request_b, at=AT + later)


def test_an_answer_that_failed_does_not_use_up_the_request(world: World, aisha: Holder, request_b: Request) -> None:
    honest = aisha.answer(request_b)
    swindle = swapped(honest, inwoner=aisha.show(INWONER.id, [("resident",)], request_b.binding))
    rejected(CLAIMS_THERE, world.corporation, swindle, request_b)
    assert world.corporation.verify(honest, request_b, at=AT).credentials


def test_an_answer_for_another_verifier_is_rejected(world: World, aisha: Holder) -> None:
    shop = world.verifier(OTHER_VERIFIER)
    theirs = shop.ask(B, home=HOME, at=AT)
    answer = aisha.answer(theirs)
    rejected(REQUEST_OURS, world.corporation, answer, theirs)
    ours = world.corporation.ask(B, home=HOME, at=AT)
    binding = openid4vp_redirect(client_id=CORPORATION, nonce=theirs.binding.nonce, response_uri=ours.response_uri)
    same_nonce = replace(ours, binding=binding)
    error = rejected(of_format("KB_AUDIENCE"), world.corporation, answer, same_nonce)
    assert (error.reason, error.where) == (Reason.KEY_BINDING_INVALID, ("persoon", 0))


def test_an_answer_to_another_request_is_rejected(world: World, aisha: Holder, request_b: Request) -> None:
    other = world.corporation.ask(B, home=HOME, at=AT)
    rejected(of_format("KB_NONCE"), world.corporation, aisha.answer(other), request_b)


@pytest.mark.parametrize("question", ["persoon", "inwoner", "huishouden"])
def test_one_presentation_of_another_session_sinks_the_whole_answer(
    world: World, aisha: Holder, request_b: Request, question: str
) -> None:
    other = world.corporation.ask(B, home=HOME, at=AT)
    mixed = swapped(aisha.answer(request_b), **{question: aisha.answer(other).presentations[question]})
    error = rejected(of_format("KB_NONCE"), world.corporation, mixed, request_b)
    assert error.where == (question, 0)


@pytest.mark.parametrize(
    "change",
    [
        lambda request: replace(request, binding=replace(request.binding, audience=OTHER_VERIFIER)),
        lambda request: replace(request, binding=replace(request.binding, transcript=b"of another session")),
        lambda request: replace(request, response_uri="https://webwinkel.example/answer"),
        lambda request: replace(
            request, asker=replace(request.asker, party=replace(request.asker.party, id=OTHER_VERIFIER))
        ),
    ],
)
def test_a_request_of_someone_else_is_not_ours_to_verify(
    world: World, aisha: Holder, request_b: Request, change: Callable[[Request], Request]
) -> None:
    assert rejected(REQUEST_OURS, world.corporation, aisha.answer(request_b), change(request_b)).trail == ()


def test_a_request_that_asks_else_than_its_policy_is_rejected(world: World, aisha: Holder, request_b: Request) -> None:
    more = plain({"id": "bsn", "type": BSN.id, "paths": [("bsn",)]})
    for query in (more, world.corporation.ask(B, home={**HOME, "binding": False}, at=AT).query):
        asked = replace(request_b, query=query)
        rejected(REQUEST_OF_POLICY, world.corporation, aisha.answer(asked), asked)


def test_a_request_under_other_conditions_than_it_states_is_rejected(
    world: World, aisha: Holder, request_b: Request
) -> None:
    assert request_b.policy is not None
    stated = replace(request_b, policy=replace(request_b.policy, home={**HOME, "binding": False}))
    rejected(REQUEST_OF_POLICY, world.corporation, aisha.answer(request_b), stated)


def test_what_a_request_says_of_its_own_questions_is_not_believed(
    world: World, aisha: Holder, request_b: Request
) -> None:
    for questions in ((), tuple(replace(one, id="x", paths=(("set",),)) for one in request_b.questions)):
        request = replace(
            world.corporation.ask(B, home=HOME, at=AT),
            questions=questions,
        )
        disclosure = world.corporation.verify(aisha.answer(request), request, at=AT)
        assert set(disclosure.credentials) == {"persoon", "inwoner", "huishouden"}
        assert "set" not in disclosure["persoon"].claims


def test_a_policy_that_is_not_known_here_is_a_misuse(world: World, aisha: Holder, request_b: Request) -> None:
    for name, version in (("../../etc/passwd.toml", "1"), (B.id, "1999-01")):
        asked = replace(request_b, policy=PolicyReference(id=name, version=version))
        with pytest.raises(Misuse):
            world.corporation.verify(aisha.answer(request_b), asked, at=AT)


@pytest.mark.parametrize("question", ["persoon", "inwoner", "huishouden"])
def test_a_missing_credential_is_rejected(world: World, aisha: Holder, request_b: Request, question: str) -> None:
    given = {name: one for name, one in aisha.answer(request_b).presentations.items() if name != question}
    rejected(COMPLETE, world.corporation, Answer(presentations=given), request_b)


def test_an_empty_answer_is_rejected(world: World, request_b: Request) -> None:
    rejected(COMPLETE, world.corporation, Answer(presentations={}), request_b)


def test_a_credential_that_was_not_asked_is_rejected(world: World, aisha: Holder, request_b: Request) -> None:
    more = aisha.show(ADRES.id, [("address",)], request_b.binding)
    rejected(ASKED, world.corporation, swapped(aisha.answer(request_b), adres=more), request_b)


def test_two_credentials_where_one_was_asked_are_rejected(world: World, aisha: Holder, request_b: Request) -> None:
    answer = aisha.answer(request_b)
    twice = answer.presentations["inwoner"] * 2
    rejected(COUNTED, world.corporation, swapped(answer, inwoner=twice), request_b)
    rejected(COUNTED, world.corporation, swapped(answer, inwoner=()), request_b)


def test_a_credential_of_another_type_is_rejected(world: World, aisha: Holder, request_b: Request) -> None:
    wrong = aisha.show(PERSOON.id, [("family_name",)], request_b.binding)
    error = rejected(of_format("VCT"), world.corporation, swapped(aisha.answer(request_b), inwoner=wrong), request_b)
    assert error.where == ("inwoner", 0)


def test_a_credential_in_another_format_is_rejected(world: World, aisha: Holder, request_b: Request) -> None:
    answer = aisha.answer(request_b)
    other = replace(answer.presentations["inwoner"][0], format="mso_mdoc")
    rejected(FORMAT_ASKED, world.corporation, swapped(answer, inwoner=other), request_b)


def test_bytes_that_are_no_presentation_are_malformed(world: World, aisha: Holder, request_b: Request) -> None:
    for token in (b"", b"\xff", b"a.b.c~", b"{}"):
        nonsense = swapped(aisha.answer(request_b), huishouden=Presentation(format=FORMAT, token=token))
        with pytest.raises(Malformed) as caught:
            world.corporation.verify(nonsense, request_b, at=AT)
        assert caught.value.where[:2] == ("huishouden", 0)


def test_a_withheld_claim_is_noticed(world: World, bram: Holder, request_b: Request) -> None:
    """He withholds that he lives alone."""
    answer = swapped(bram.answer(request_b), huishouden=bram.show(HUISHOUDEN.id, [("set",)], request_b.binding))
    error = rejected(CLAIMS_THERE, world.corporation, answer, request_b)
    assert (error.reason, error.where) == (Reason.QUERY_NOT_SATISFIED, ("huishouden", 0))


def test_a_withheld_set_is_noticed(world: World, aisha: Holder, request_b: Request) -> None:
    shown = aisha.show(HUISHOUDEN.id, [("household_size",)], request_b.binding)
    rejected(CLAIMS_THERE, world.corporation, swapped(aisha.answer(request_b), huishouden=shown), request_b)


def test_a_disclosure_taken_out_or_swapped_on_the_way_is_noticed(
    world: World, aisha: Holder, bram: Holder, request_b: Request
) -> None:
    answer = aisha.answer(request_b)
    token = answer.presentations["huishouden"][0].token
    theirs = bram.answer(request_b).presentations["huishouden"][0].token
    jwt, *disclosures, proof = token.split(b"~")
    without = b"~".join((jwt, *disclosures[1:], proof))
    with_theirs = b"~".join((jwt, theirs.split(b"~")[1], *disclosures[1:], proof))
    for changed in (without, with_theirs):
        presentation = Presentation(format=FORMAT, token=changed)
        with pytest.raises(Rejected) as caught:
            world.corporation.verify(swapped(answer, huishouden=presentation), request_b, at=AT)
        assert caught.value.where == ("huishouden", 0)


def test_a_presentation_without_a_proof_of_its_holder_is_rejected(
    world: World, aisha: Holder, request_b: Request
) -> None:
    answer = aisha.answer(request_b)
    token = answer.presentations["inwoner"][0].token
    bare = Presentation(format=FORMAT, token=token[: token.rindex(b"~") + 1])
    rejected(of_format("KB_PRESENT"), world.corporation, swapped(answer, inwoner=bare), request_b)


def test_a_claim_too_many_is_rejected(world: World, aisha: Holder, request_b: Request) -> None:
    paths = [*(one for one in request_b.questions[1].paths if one[0] not in ("absent", "as_of")), ("resident",)]
    shown = aisha.show(INWONER.id, paths, request_b.binding)
    error = rejected(NO_CLAIM_MORE, world.corporation, swapped(aisha.answer(request_b), inwoner=shown), request_b)
    assert (error.reason, error.where) == (Reason.QUERY_NOT_SATISFIED, ("inwoner", 0))


@negative("NEG-SUBJECT-001")
@pytest.mark.parametrize("question", ["persoon", "inwoner", "huishouden"])
def test_someone_elses_card_beside_ones_own_is_rejected(
    world: World, aisha: Holder, bram: Holder, request_b: Request, question: str
) -> None:
    borrowed = bram.answer(request_b).presentations[question]
    mixed = swapped(aisha.answer(request_b), **{question: borrowed})
    assert rejected(ONE_NAME_AND_BIRTH, world.corporation, mixed, request_b).reason is Reason.DIFFERENT_SUBJECTS


@negative("NEG-SUBJECT-001")
def test_someone_elses_card_is_noticed_where_nobody_is_named(world: World, aisha: Holder, bram: Holder) -> None:
    request = world.corporation.ask(policies.load("woningcorporatie/A"), home={"municipalities": [BOXTEL]}, at=AT)
    honest = aisha.answer(request)
    borrowed = bram.answer(request).presentations["inwoner"]
    assert rejected(ONE_SET, world.corporation, swapped(honest, inwoner=borrowed), request).where == ()
    assert world.corporation.verify(honest, request, at=AT).credentials


@negative("NEG-SUBJECT-002")
def test_ones_own_cards_of_two_copies_are_two_sets(world: World, aisha: Holder) -> None:
    request = world.corporation.ask(policies.load("woningcorporatie/A"), home={"municipalities": [BOXTEL]}, at=AT)
    mixed = swapped(aisha.answer(request, k=0), inwoner=aisha.answer(request, k=1).presentations["inwoner"])
    rejected(ONE_SET, world.corporation, mixed, request)


def test_copies_that_a_foreign_wallet_mixed_are_joined_by_name_and_birth(
    world: World, aisha: Holder, request_b: Request
) -> None:
    mixed = swapped(aisha.answer(request_b, k=0), inwoner=aisha.answer(request_b, k=1).presentations["inwoner"])
    disclosure = world.corporation.verify(mixed, request_b, at=AT)
    passed = [step.check for step in disclosure.trail if step.outcome is Outcome.PASSED]
    assert ONE_NAME_AND_BIRTH in passed
    assert ONE_SET not in passed


# -- who issued it ----------------------------------------------------------------------------------------------------


def test_a_municipality_speaks_for_its_own_residents_alone(world: World) -> None:
    """Gestel signs that someone lives in Boxtel."""
    swindler = replace(world.gestel, jurisdictions=(BOXTEL,))
    holder = world.holder(AISHA, issuer=swindler)
    request = world.corporation.ask(policies.load("woningcorporatie/A"), home={"municipalities": [BOXTEL]}, at=AT)
    error = rejected(JURISDICTION, world.corporation, holder.answer(request), request)
    assert (error.reason, error.where) == (Reason.UNTRUSTED_ISSUER, ("inwoner", 0))
    honest = world.verifier(trust=trust_in((world.gestel, (GESTEL, BOXTEL))))
    again = honest.ask(policies.load("woningcorporatie/A"), home={"municipalities": [BOXTEL]}, at=AT)
    assert honest.verify(holder.answer(again), again, at=AT).credentials


@negative("NEG-TRUST-003")
def test_an_issuer_that_was_taken_out_of_the_trust_file_is_not_believed(world: World, aisha: Holder) -> None:
    stricter = world.verifier(trust=trust_in((world.gestel, (GESTEL,))))
    request = stricter.ask(B, home=HOME, at=AT)
    rejected(ISSUER_KNOWN, stricter, aisha.answer(request), request)


def test_a_credential_that_expired_is_rejected(world: World, aisha: Holder) -> None:
    late = AT + timedelta(days=14)
    request = world.corporation.ask(B, home=HOME, at=late)
    fresh = world.holder(AISHA, at=late)
    old = Answer(
        presentations={
            name: tuple(
                aisha.show(
                    question.type,
                    [path for path in question.paths if path[0] not in ("absent", "as_of")],
                    request.binding,
                )
                for question in request.questions
                if question.id == name
            )
            for name in ("persoon", "inwoner", "huishouden")
        }
    )
    assert world.corporation.verify(fresh.answer(request, at=late), request, at=late).credentials
    rejected(of_format("NOT_EXPIRED"), world.corporation, old, request, at=late)


# -- plain queries ----------------------------------------------------------------------------------------------------


def test_a_plain_query_gives_what_it_asked_and_no_advice(world: World, aisha: Holder) -> None:
    query = plain(
        {"id": "wie", "type": PERSOON.id, "paths": [("family_name",), ("nationalities", None)]},
        {"id": "waar", "type": ADRES.id, "paths": [("address", "postal_code"), ("municipality",)]},
        {"id": "kaart", "type": BSN.id},
    )
    request = world.corporation.ask_query(query, at=AT)
    disclosure = world.corporation.verify(aisha.answer(request), request, at=AT)
    assert disclosure["wie"].claims == {"family_name": "Zandstra", "nationalities": ("NL",)}
    assert disclosure["waar"].claims == {
        "address": {"postal_code": "5281AB"},
        "municipality": {"code": "0757", "name": "Boxtel"},
    }
    assert disclosure["kaart"].claims == {}
    assert disclosure.advice is None


def test_the_trail_of_a_plain_query_says_that_nothing_was_joined(world: World, aisha: Holder, bram: Holder) -> None:
    two = plain(
        {"id": "a", "type": PERSOON.id, "paths": [("family_name",)]},
        {"id": "b", "type": PERSOON.id, "paths": [("family_name",)]},
    )
    request = world.corporation.ask_query(two, at=AT)
    mixed = swapped(aisha.answer(request), b=bram.answer(request).presentations["b"])
    disclosure = world.corporation.verify(mixed, request, at=AT)
    assert [step.check for step in disclosure.trail if step.outcome is Outcome.WAIVED] == list(policies.JOIN_CHECKS)
    assert tuple(step.check for step in disclosure.trail) == verifier.answer_trail()
    one = world.corporation.ask_query(plain({"id": "a", "type": PERSOON.id}), at=AT)
    alone = world.corporation.verify(aisha.answer(one), one, at=AT)
    assert Outcome.WAIVED not in [step.outcome for step in alone.trail]


def test_values_are_checked_by_type_and_value(world: World, aisha: Holder) -> None:
    for value, fits in ((True, True), (False, False), ("true", False), (1, False)):
        query = parse_query(
            {
                "credentials": [
                    {
                        "id": "a",
                        "format": FORMAT,
                        "meta": {"vct_values": [PERSOON.id]},
                        "claims": [{"path": ["age_over_18"], "values": [value]}],
                    }
                ]
            }
        )
        request = world.corporation.ask_query(query, at=AT)
        answer = Answer(presentations={"a": (aisha.show(PERSOON.id, [("age_over_18",)], request.binding),)})
        if fits:
            assert world.corporation.verify(answer, request, at=AT).credentials
        else:
            rejected(VALUES_MATCH, world.corporation, answer, request)


def test_several_credentials_for_one_query_come_in_the_order_of_the_answer(
    world: World, aisha: Holder, bram: Holder
) -> None:
    query = plain({"id": "a", "type": PERSOON.id, "paths": [("given_name",)], "multiple": True})
    request = world.corporation.ask_query(query, at=AT)
    both = swapped(
        Answer(presentations={}),
        a=(*bram.answer(request).presentations["a"], *aisha.answer(request).presentations["a"]),
    )
    disclosure = world.corporation.verify(both, request, at=AT)
    assert [one.claims["given_name"] for one in disclosure.credentials["a"]] == ["Bram", "Aisha"]
    with pytest.raises(Misuse):
        disclosure["a"]


def test_one_presentation_may_answer_two_queries_with_the_claims_of_both(world: World, aisha: Holder) -> None:
    query = plain(
        {"id": "a", "type": PERSOON.id, "paths": [("given_name",)]},
        {"id": "b", "type": PERSOON.id, "paths": [("family_name",)]},
    )
    request = world.corporation.ask_query(query, at=AT)
    shown = aisha.show(PERSOON.id, [("given_name",), ("family_name",)], request.binding)
    disclosure = world.corporation.verify(swapped(Answer(presentations={}), a=shown, b=shown), request, at=AT)
    assert (disclosure["a"].claims, disclosure["b"].claims) == ({"given_name": "Aisha"}, {"family_name": "Zandstra"})
    again = world.corporation.ask_query(query, at=AT)
    both = aisha.show(PERSOON.id, [("given_name",), ("family_name",)], again.binding)
    honest = aisha.answer(again)
    rejected(NO_CLAIM_MORE, world.corporation, swapped(honest, a=both), again)


def test_a_type_that_is_not_known_here_is_taken_as_its_tokens_have_it(world: World, aisha: Holder) -> None:
    stranger = world.verifier(types={})
    request = stranger.ask_query(plain({"id": "a", "type": PERSOON.id, "paths": [("given_name",)]}), at=AT)
    disclosure = stranger.verify(aisha.answer(request), request, at=AT)
    assert disclosure["a"].type.id == PERSOON.id
    assert disclosure["a"].type.attributes == ()
    assert disclosure["a"].claims == {"given_name": "Aisha"}


class University:
    """A trust source that knows one issuer of a type that nobody here declared."""

    key = SoftwareKey.generate(Algorithm.ES256)

    def issuer(self, origin: object, type: CredentialType, /, *, at: object) -> TrustedIssuer:
        return TrustedIssuer(party=Party(id="https://uni.example", name="Universiteit"), key=self.key.public_key)


def test_of_an_array_of_objects_only_the_asked_members_are_given(world: World) -> None:
    holder, diploma = SoftwareKey.generate(Algorithm.ES256), CredentialType.foreign("urn:example:diplomas")
    sd_jwt = FORMATS[FORMAT]
    attestation = Attestation(
        type=diploma,
        issuer="https://uni.example",
        claims={"diplomas": ({"title": "BSc", "grade": 8}, {"title": "MSc", "grade": 6}), "name": "Aisha"},
        holder=holder.public_key,
        issued_at=TODAY,
        expires_at=TODAY + timedelta(days=14),
    )
    token = sd_jwt.issue(attestation, Seal(signer=University.key, origin=Named(issuer="https://uni.example")))
    one = world.verifier(trust=University())
    request = one.ask_query(
        plain(
            {"id": "a", "type": diploma.id, "paths": [("diplomas", None, "title")]},
            {"id": "b", "type": diploma.id, "paths": [("diplomas", 1, "grade")]},
        ),
        at=AT,
    )
    paths = [("diplomas", 0, "title"), ("diplomas", 1, "title"), ("diplomas", 1, "grade")]
    shown = sd_jwt.present(token, diploma, paths, Holding(key=holder, binding=request.binding), at=AT)
    both = (Presentation(format=FORMAT, token=shown),)
    disclosure = one.verify(Answer(presentations={"a": both, "b": both}), request, at=AT)
    assert disclosure["a"].claims == {"diplomas": ({"title": "BSc"}, {"title": "MSc"})}
    assert disclosure["b"].claims == {"diplomas": ({}, {"grade": 6})}


def test_a_type_that_was_not_asked_does_not_answer(world: World, aisha: Holder) -> None:
    query = parse_query(
        {
            "credentials": [
                {"id": "a", "format": FORMAT, "meta": {"vct_values": [PERSOON.id, ADRES.id]}},
            ]
        }
    )
    for type_id, fits in ((PERSOON.id, True), (ADRES.id, True), (INWONER.id, False)):
        request = world.corporation.ask_query(query, at=AT)
        answer = Answer(presentations={"a": (aisha.show(type_id, [], request.binding),)})
        if fits:
            assert world.corporation.verify(answer, request, at=AT)["a"].type is CATALOGUE[type_id]
        else:
            rejected(of_format("VCT"), world.corporation, answer, request)


def test_without_a_holders_proof_only_where_the_query_says_so(world: World, aisha: Holder) -> None:
    query = plain({"id": "a", "type": PERSOON.id, "require_cryptographic_holder_binding": False})
    request = world.corporation.ask_query(query, at=AT)
    token = aisha.show(PERSOON.id, [], request.binding).token
    bare = Presentation(format=FORMAT, token=token[: token.rindex(b"~") + 1])
    assert world.corporation.verify(Answer(presentations={"a": (bare,)}), request, at=AT).credentials


def test_credential_sets_may_leave_questions_unanswered(world: World, aisha: Holder) -> None:
    query = plain(
        {"id": "a", "type": PERSOON.id, "paths": [("given_name",)]},
        {"id": "b", "type": ADRES.id, "paths": [("since",)]},
        credential_sets=[{"options": [["a"], ["b"]]}],
    )
    request = world.corporation.ask_query(query, at=AT)
    disclosure = world.corporation.verify(aisha.answer(request), request, at=AT)
    assert set(disclosure.credentials) == {"a"}


# -- memory -----------------------------------------------------------------------------------------------------------


class Gone:
    """A memory that does not answer."""

    def take(self, kind: str, value: str, until: object) -> None:
        raise Unavailable("the memory does not answer")


def test_a_memory_that_does_not_answer_never_counts_as_unused(world: World, aisha: Holder) -> None:
    lost = world.verifier(once=Gone())
    request = lost.ask(B, home=HOME, at=AT)
    with pytest.raises(Unavailable):
        lost.verify(aisha.answer(request), request, at=AT)


class Noting:
    """A memory that notes what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, object]] = []

    def take(self, kind: str, value: str, until: object) -> None:
        self.told.append((kind, value, until))


def test_a_nonce_is_remembered_for_as_long_as_anything_in_its_answer_lives(world: World, aisha: Holder) -> None:
    noting = Noting()
    careful = world.verifier(once=noting)
    request = careful.ask(B, home=HOME, at=AT)
    careful.verify(aisha.answer(request), request, at=AT)
    assert noting.told == [("nonce", request.binding.nonce, AT + verifier.NONCE_MEMORY)]


def test_the_rules_of_this_room_have_a_clause_and_a_reason() -> None:
    own = {REQUEST_OURS, REQUEST_OF_POLICY, FORMAT_ASKED}
    assert set(verifier.CHECKS) == own
    assert all(check.clause and check.rule for check in own)
    assert set(ANSWER_CHECKS) < set(verifier.answer_trail())


# -- asking again, and whose credentials ------------------------------------------------------------------------------


def test_a_request_of_which_the_secrets_were_kept_is_the_same_again(world: World) -> None:
    asked = world.corporation.ask(B, home=HOME, at=AT)
    assert asked.policy is not None
    assert asked.state is not None
    again = world.corporation.recall(asked.policy, nonce=asked.binding.nonce, state=asked.state, encryption=None)
    assert again == asked
    plain = world.corporation.ask_query(asked.query, at=AT)
    assert plain.state is not None
    secrets = {"nonce": plain.binding.nonce, "state": plain.state}
    assert world.corporation.recall(plain.query, **secrets, encryption=None) == plain
    unknown = replace(asked.policy, version="1999-12")
    with pytest.raises(Misuse):
        world.corporation.recall(unknown, **secrets, encryption=None)


def test_the_authorities_that_are_named_limit_the_wallet_and_not_the_verifier(world: World, aisha: Holder) -> None:
    """OpenID4VP 1.0 section 14.9: what is named in the query is never relied on."""
    persoon, key_ids = "urn:eigendata:nl:brp:persoon:1", aisha.authentic("urn:eigendata:nl:brp:persoon:1").issuer
    naming = world.verifier(authorities={FORMAT: {persoon: key_ids.authority_key_ids}})
    asked = naming.ask(B, home=HOME, at=AT)
    limited = {one.meta["vct_values"][0]: one.trusted_authorities for one in asked.query.credentials}  # type: ignore[index]
    assert limited[persoon][0].key_ids == set(key_ids.authority_key_ids)
    assert all(not several for name, several in limited.items() if name != persoon)
    answer = aisha.answer(asked)
    other = world.verifier(authorities={FORMAT: {persoon: (b"another authority",)}})
    assert other.verify(answer, asked, at=AT).advice is not None  # the trust file was read anew since it was asked
    with pytest.raises(Declined):
        aisha.answer(other.ask(B, home=HOME, at=AT))
    many = world.verifier(authorities={FORMAT: {persoon: tuple(bytes([one]) for one in range(101))}})
    assert not any(one.trusted_authorities for one in many.ask(B, home=HOME, at=AT).query.credentials)
