"""One session in several formats: copies of one number are of one person, whatever format they are in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eigendata import policies, proofs
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import freeze
from eigendata.errors import Declined, Malformed, Misuse, Outcome, Reason, Rejected
from eigendata.formats import FORMATS
from eigendata.formats.protocol import canonical
from eigendata.model import Answer, Disclosure, Issuance, Presentation
from eigendata.proofs import Challenge
from eigendata.query import Request
from eigendata.registers.catalogue import CATALOGUE, HUISHOUDEN, INWONER, PERSOON, SET
from eigendata.wallet import Wallet
from eigendata.wallet.consent import Proposal
from tests.negatives import negative
from tests.world import AISHA, AT, BRAM, FORMAT, HOME, MDOC, Holder, Resident, World

B = policies.load("woningcorporatie/B")
BOTH = (FORMAT, MDOC)
TYPES = [PERSOON.id, INWONER.id, HUISHOUDEN.id]


@pytest.fixture(scope="module")
def world() -> World:
    return World.make()


@pytest.fixture
def wallet(tmp_path: Path) -> Wallet:
    return Wallet.create(tmp_path / "aisha.vault", "a passphrase of some length")


def issue(world: World, wallet: Wallet, resident: Resident = AISHA, *, copies: int = 2) -> Issuance:
    challenge = world.boxtel.challenge(at=AT, formats=BOTH)
    keys = world.boxtel.proven(wallet.prove_new_keys(challenge, copies=copies, at=AT), at=AT)
    return world.boxtel.issue(resident.record(), format=BOTH, to=keys, at=AT, types=TYPES, copies=copies)


def ask(world: World, *formats: str) -> tuple[Any, Request]:
    verifier = world.verifier(formats={name: FORMATS[name] for name in formats or BOTH})
    return verifier, verifier.ask(B, home=HOME, at=AT)


def sets(world: World, issuance: Issuance) -> set[tuple[Any, ...]]:
    """The `set` of copy 0, 1, ... of each credential."""
    found = set()
    for one in issuance.issued:
        form, several = FORMATS[one.format], []
        for copy in one.copies:
            authentic = form.parse_credential(copy).verify([one.type], trust=world.trust, at=AT)
            several.append(canonical(form, one.type, authentic.document, [SET.path])["set"])
        found.add(tuple(several))
    return found


def test_copies_of_one_number_carry_the_same_set_in_every_format_and_others_another(
    world: World, wallet: Wallet
) -> None:
    issuance = issue(world, wallet)
    assert [(one.type.id, one.format) for one in issuance.issued] == [(one, name) for one in TYPES for name in BOTH]
    (ties,) = sets(world, issuance)
    assert len(set(ties)) == 2


def test_no_key_is_shared_between_formats(world: World, wallet: Wallet) -> None:
    issuance = issue(world, wallet)
    holders = [
        FORMATS[one.format].parse_credential(copy).verify([one.type], trust=world.trust, at=AT).holder
        for one in issuance.issued
        for copy in one.copies
    ]
    assert len(set(holders)) == len(holders) == 2 * 3 * 2


def test_too_few_keys_for_two_formats_are_too_few(world: World, wallet: Wallet) -> None:
    keys = world.boxtel.proven(wallet.prove_new_keys(world.boxtel.challenge(at=AT), copies=1, at=AT), at=AT)
    assert len(keys) == len(world.boxtel.types)
    with pytest.raises(Misuse):
        world.boxtel.issue(AISHA.record(), format=BOTH, to=keys, at=AT, types=TYPES, copies=1)


def test_an_issuer_issues_in_no_format_that_it_has_no_key_for(world: World, wallet: Wallet) -> None:
    one = replace(world.boxtel, seals={FORMAT: world.boxtel.seals[FORMAT]})
    keys = one.proven(wallet.prove_new_keys(one.challenge(at=AT), copies=2, at=AT), at=AT)
    for formats in ((MDOC,), BOTH, ()):
        with pytest.raises(Misuse):
            one.issue(AISHA.record(), format=formats, to=keys, at=AT)


# -- a wallet ---------------------------------------------------------------------------------------------------------


def kept(world: World, wallet: Wallet, **how: Any) -> Issuance:
    issuance = issue(world, wallet, **how)
    wallet.add(issuance, trust=world.trust, at=AT)
    return issuance


def mixed(wallet: Wallet, request: Request) -> Proposal:
    """Who they are in an mdoc, and the rest in SD-JWT: the options of the request that say so."""
    proposal = wallet.consider(request, at=AT)
    formats = {one.id: one.format for one in request.query.credentials}
    options = {}
    for choice in proposal.choices:
        for place, queries in choice.options.items():
            of_person = any(PERSOON.id in one.type_ids for one in request.query.credentials if one.id in queries)
            if {formats[name] for name in queries} == {MDOC if of_person else FORMAT}:
                options[choice.place] = place
    return proposal.choosing(options=options)


def test_an_answer_of_two_formats_shows_one_person_by_one_set(world: World, wallet: Wallet) -> None:
    kept(world, wallet)
    verifier, request = ask(world)
    answer = wallet.disclose(mixed(wallet, request).accept(), at=AT)
    assert {one.format for several in answer.presentations.values() for one in several} == set(BOTH)
    disclosure = verifier.verify(answer, request, at=AT)
    outcomes = {step.check.name: step.outcome for step in disclosure.trail}
    assert outcomes["ONE_SET"] is Outcome.PASSED
    assert told(disclosure)["persoon"]["family_name"] == "Zandstra"


def told(disclosure: Disclosure) -> Mapping[str, Any]:
    return {question: given[0].claims for question, given in disclosure.credentials.items()}


def test_a_number_is_spent_in_every_format_at_once(world: World, wallet: Wallet) -> None:
    """Who saw a copy in one format sees that number in the other, and nobody else ever does."""
    kept(world, wallet, copies=2)
    for client, left in (("https://a.example/", 1), ("https://b.example/", 0)):
        verifier = world.verifier(f"redirect_uri:{client}", formats={MDOC: FORMATS[MDOC]})
        wallet.disclose(wallet.consider(verifier.ask(B, home=HOME, at=AT), at=AT).accept(), at=AT)
        assert {card.copies for card in wallet.cards()} == {left}
    again = world.verifier("redirect_uri:https://a.example/").ask(B, home=HOME, at=AT)
    proposal = wallet.consider(again, at=AT)
    assert proposal.known
    wallet.disclose(proposal.accept(), at=AT)
    with pytest.raises(Declined):
        wallet.consider(world.verifier("redirect_uri:https://c.example/").ask(B, home=HOME, at=AT), at=AT).accept()


def test_copies_of_both_formats_are_reserved_together_or_not_at_all(
    world: World, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(world, wallet, copies=1)
    _, request = ask(world)
    consent = mixed(wallet, request).accept()

    def broken(*_: Any, **__: Any) -> bytes:
        raise Misuse("this format cannot show anything today")

    with monkeypatch.context() as patched:
        patched.setattr(type(FORMATS[FORMAT]), "present", broken)
        with pytest.raises(Misuse):
            wallet.disclose(consent, at=AT)
    assert {card.copies for card in wallet.cards()} == {1}
    assert wallet.history() == ()
    assert wallet.disclose(consent, at=AT) == wallet.disclose(consent, at=AT)


def test_a_request_for_either_format_is_answered_with_what_there_is(world: World, wallet: Wallet) -> None:
    kept(world, wallet)
    for formats, shown in (((MDOC,), MDOC), ((FORMAT,), FORMAT), ((MDOC, FORMAT), MDOC), (BOTH, FORMAT)):
        verifier, request = ask(world, *formats)
        answer = wallet.disclose(wallet.consider(request, at=AT).accept(), at=AT)
        assert {one.format for several in answer.presentations.values() for one in several} == {shown}
        verifier.verify(answer, request, at=AT)


def test_a_type_comes_once_in_a_format(world: World, wallet: Wallet) -> None:
    issuance = issue(world, wallet)
    twice = replace(issuance, issued=(*issuance.issued, issuance.issued[0]))
    with pytest.raises(Rejected):
        wallet.add(twice, trust=world.trust, at=AT)
    assert wallet.cards() == ()
    wallet.add(issuance, trust=world.trust, at=AT)


def test_formats_of_two_sessions_are_not_tied(world: World, wallet: Wallet) -> None:
    one, other = issue(world, wallet), issue(world, wallet)
    crossed = replace(one, issued=(*one.issued[:1], *other.issued[1:2]))
    with pytest.raises(Rejected) as rejected:
        wallet.add(crossed, trust=world.trust, at=AT)
    assert rejected.value.check.name in {"COPIES_TIED", "KEYS_OURS"}


def other_in_mdoc(patched: pytest.MonkeyPatch) -> None:
    """Let the issuer say another size of the household in its mdocs."""
    real = type(FORMATS[MDOC]).issue

    def otherwise(self: Any, attestation: Any, seal: Any, /) -> bytes:
        claims = dict(attestation.claims)
        if attestation.type.id == HUISHOUDEN.id:
            claims["household_size"] += 2
        return real(self, replace(attestation, claims=freeze(claims)), seal)

    patched.setattr(type(FORMATS[MDOC]), "issue", otherwise)


def test_a_card_that_says_another_thing_in_its_second_format_is_not_kept(
    world: World, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        other_in_mdoc(patched)
        issuance = issue(world, wallet)
    with pytest.raises(Rejected) as rejected:
        wallet.add(issuance, trust=world.trust, at=AT)
    assert rejected.value.check.name == "FORMATS_AGREE"
    assert wallet.cards() == ()


def test_nor_one_that_comes_later_of_the_same_session(
    world: World, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        other_in_mdoc(patched)
        issuance = issue(world, wallet)
    for name in BOTH:
        part = replace(issuance, issued=tuple(one for one in issuance.issued if one.format == name))
        if name == FORMAT:
            wallet.add(part, trust=world.trust, at=AT)
            continue
        with pytest.raises(Rejected) as rejected:
            wallet.add(part, trust=world.trust, at=AT)
        assert rejected.value.check.name == "FORMATS_AGREE"
    assert {card.format for card in wallet.cards()} == {FORMAT}


# -- two persons ------------------------------------------------------------------------------------------------------


@negative("NEG-SUBJECT-004")
@pytest.mark.parametrize("formats", [BOTH, (MDOC, FORMAT)])
def test_cards_of_two_people_in_two_formats_are_no_answer_about_one(world: World, formats: tuple[str, str]) -> None:
    aisha, bram = (world.holder(who, format=name) for who, name in zip((AISHA, BRAM), formats, strict=True))
    verifier, request = ask(world)
    presentations: dict[str, tuple[Presentation, ...]] = {}
    for question in request.questions:
        holder: Holder = aisha if question.id == "persoon" else bram
        query = question.queries[holder.format]
        presentations[query] = holder.answer(request).presentations[query]
    with pytest.raises(Rejected) as rejected:
        verifier.verify(Answer(presentations=presentations), request, at=AT)
    assert rejected.value.reason is Reason.DIFFERENT_SUBJECTS


def test_copies_of_one_number_are_tied_by_it_and_of_two_numbers_only_by_what_people_are_called(world: World) -> None:
    challenge = world.boxtel.challenge(at=AT, formats=BOTH)
    keys = [SoftwareKey.generate(Algorithm.ES256) for _ in range(2 * challenge.credentials)]
    to = world.boxtel.proven(proofs.prove(challenge, keys, at=AT), at=AT)
    issuance = world.boxtel.issue(AISHA.record(), format=BOTH, to=to, at=AT)
    holders = {name: Holder(trust=world.trust, format=name) for name in BOTH}
    for name, holder in holders.items():
        holder.keys |= {key.public_key: key for key in keys}
        holder.cards |= {one.type.id: one.copies for one in issuance.issued if one.format == name}
    for number in (0, 1):
        verifier, request = ask(world)
        presentations = {}
        for question in request.questions:
            name, k = (MDOC, 0) if question.id == "persoon" else (FORMAT, number)
            query = question.queries[name]
            presentations[query] = holders[name].answer(request, k=k).presentations[query]
        answer = Answer(presentations=presentations)
        outcomes = {one.check.name: one.outcome for one in verifier.verify(answer, request, at=AT).trail}
        assert (outcomes["ONE_SET"] is Outcome.PASSED) is (number == 0)
        assert (outcomes["ONE_NAME_AND_BIRTH"] is Outcome.PASSED) is (number == 1)


# -- the challenge ----------------------------------------------------------------------------------------------------


def test_a_challenge_says_in_which_formats(world: World) -> None:
    challenge = world.boxtel.challenge(at=AT, formats=BOTH)
    assert challenge.credentials == 2 * len(CATALOGUE)
    assert Challenge.from_json(challenge.to_json()) == challenge
    plain = world.boxtel.challenge(at=AT)
    assert (plain.formats, plain.credentials) == ((), len(CATALOGUE))
    older = {name: value for name, value in plain.to_json().items() if name != "formats"}
    assert Challenge.from_json(older) == plain
    for formats in ("mso_mdoc", [1], {"mso_mdoc": 1}, None, ["x" * 5000], [str(number) for number in range(99)]):
        with pytest.raises(Malformed):
            Challenge.from_json({**plain.to_json(), "formats": formats})
