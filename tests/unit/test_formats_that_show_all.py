"""A format in which nothing can be withheld: who takes its cards, what their holder is told, and what ties them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eigendata import did, policies
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.errors import Declined, Misuse, Outcome, Reason, Rejected
from eigendata.formats import FORMATS
from eigendata.formats.di import contexts
from eigendata.formats.di.proofs import EDDSA_JCS_2022
from eigendata.issuer import Issuer
from eigendata.model import Answer, Method, Presence, Presentation, Seal
from eigendata.policies import read_policy, read_uses
from eigendata.query import parse_query
from eigendata.registers.catalogue import CATALOGUE, HUISHOUDEN, INWONER, PERSOON
from eigendata.trust import Trust
from eigendata.wallet import Wallet
from eigendata.wallet.receiving import KEYS_OURS
from tests.world import AISHA, AT, BRAM, FORMAT, HOME, Resident, World

WHOLE = "ldp_vc"
TYPES = [PERSOON.id, INWONER.id, HUISHOUDEN.id]
B, CARD = policies.load("woningcorporatie/B"), policies.load("demo/hele-kaart")
CONTROLLER = "did:web:boxtel.example"
KEY = SoftwareKey.generate(Algorithm.EDDSA)

USES = read_uses(
    b"""
[uses.both]
label = { nl = "Beide", en = "Both" }
identify.persoon = ["family_name", "given_name", "birthdate"]
identify.inwoner = ["family_name", "given_name", "birthdate"]
may.inwoner = [
  "resident", "municipality", "resident_since_year", "residence_years_min", "local_tie_6y", "local_tie_basis",
]
""",
    types=CATALOGUE,
)
BOTH = read_policy(
    b"""
id = "test/both"
version = "1"
use = "both"
legal_basis = ["AVG 6(1)(b)"]
other_channel = "balie"
same_subject = ["persoon", "inwoner"]
purpose = { nl = "Waarom", en = "Why" }
keep = { otherwise = "0 days" }
home = {}

[[questions]]
id = "persoon"
types = ["persoon"]
ask = ["family_name"]
identify = true

[[questions]]
id = "inwoner"
types = ["inwoner"]
ask = ["resident"]
whole = true

[[rules]]
absent = "any"
advice = "niet_af_te_leiden"
because = { nl = "a", en = "a" }

[[rules]]
claim = "inwoner.resident"
is = false
advice = "voldoet_niet"
because = { nl = "b", en = "b" }

[[rules]]
otherwise = true
advice = "voldoet"
because = { nl = "c", en = "c" }
""",
    uses=USES,
)


@pytest.fixture(scope="module")
def world() -> World:
    """The world, in which Boxtel signs W3C credentials too, and is trusted to."""
    made = World.make()
    method = f"{CONTROLLER}#key-1"
    seal = Seal(signer=KEY, origin=Method(controller=CONTROLLER, id=method, issuer=made.boxtel.id))
    document = did.write_document(CONTROLLER, method, KEY.public_key).decode()
    entry = replace(made.trust.issuers[made.boxtel.id], controllers=(CONTROLLER,), documents={CONTROLLER: document})
    trust = replace(made.trust, issuers={**made.trust.issuers, made.boxtel.id: entry})
    return replace(made, boxtel=replace(made.boxtel, seals={**made.boxtel.seals, WHOLE: seal}), trust=trust)


@pytest.fixture
def wallet(tmp_path: Path) -> Wallet:
    return Wallet.create(tmp_path / "aisha.vault", "a passphrase of some length")


def collect(issuer: Issuer, trust: Trust, wallet: Wallet, *formats: str, of: Resident = AISHA) -> None:
    challenge = issuer.challenge(at=AT, formats=formats)
    keys = issuer.proven(wallet.prove_new_keys(challenge, copies=2, at=AT), at=AT)
    wallet.add(issuer.issue(of.record(), format=formats, to=keys, at=AT, types=TYPES, copies=2), trust=trust, at=AT)


def ask(world: World, policy: Any, home: Any, *formats: str) -> tuple[Any, Any]:
    verifier = world.verifier(formats={name: FORMATS[name] for name in formats}, policies=(BOTH,))
    return verifier, verifier.ask(policy, home=home, at=AT)


def test_a_wallet_makes_keys_of_the_kind_that_each_format_takes(world: World, wallet: Wallet) -> None:
    collect(world.boxtel, world.trust, wallet, FORMAT, WHOLE)
    assert sorted({card.format for card in wallet.cards()}) == [FORMAT, WHOLE]
    assert {card.copies for card in wallet.cards()} == {2}


def test_a_card_that_is_shown_whole_answers_a_policy_that_takes_it_so(world: World, wallet: Wallet) -> None:
    collect(world.boxtel, world.trust, wallet, WHOLE)
    verifier, request = ask(world, CARD, {}, WHOLE)
    proposal = wallet.consider(request, at=AT)
    (offered,) = proposal.offered
    assert offered.whole
    said = {line.path for line in (*offered.lines, *offered.besides)}
    declared = {one.path for one in INWONER.attributes if one.presence is Presence.PROMISED}
    assert declared <= said | {("absent", path[0]) for path in declared}
    disclosure = verifier.verify(wallet.disclose(proposal.accept(), at=AT), request, at=AT)
    assert set(disclosure["inwoner"].claims) == {"resident", "family_name", "given_name", "birthdate", "as_of"}


def test_a_card_of_which_claims_can_be_withheld_is_not_said_to_be_shown_whole(world: World, wallet: Wallet) -> None:
    collect(world.boxtel, world.trust, wallet, FORMAT)
    _, request = ask(world, CARD, {}, FORMAT)
    (offered,) = wallet.consider(request, at=AT).offered
    assert not offered.whole


def test_a_policy_that_forbids_more_than_it_asks_takes_no_card_that_is_shown_whole(
    world: World, wallet: Wallet
) -> None:
    with pytest.raises(Declined) as declined:
        ask(world, B, HOME, WHOLE)
    assert declined.value.reason is Reason.OVER_ASKED
    # nor where it was asked in another format and comes in this one all the same
    collect(world.boxtel, world.trust, wallet, WHOLE)
    verifier, request = ask(world, B, HOME, FORMAT, WHOLE)
    assert {one.format for one in request.query.credentials} == {FORMAT}
    with pytest.raises(Declined) as nothing:
        wallet.consider(request, at=AT)
    assert nothing.value.reason is Reason.NOTHING_FITS
    token = Presentation(format=WHOLE, token=b"{}")
    with pytest.raises(Rejected) as rejected:
        verifier.verify(Answer(presentations={one.id: (token,) for one in request.query.credentials}), request, at=AT)
    assert rejected.value.check.name == "FORMAT_ASKED"


def test_an_answer_that_mixes_it_with_another_format_is_of_one_person(world: World, wallet: Wallet) -> None:
    collect(world.boxtel, world.trust, wallet, FORMAT, WHOLE)
    verifier, request = ask(world, BOTH, {}, WHOLE, FORMAT)
    asked = {one.id: one.format for one in request.query.credentials}
    assert sorted(asked.values()) == [FORMAT, FORMAT, WHOLE]  # who the person is, only where the rest is withheld
    answer = wallet.disclose(wallet.consider(request, at=AT).accept(), at=AT)
    assert sorted(asked[query] for query in answer.presentations) == [FORMAT, WHOLE]
    disclosure = verifier.verify(answer, request, at=AT)
    assert {step.check.name: step.outcome for step in disclosure.trail}["ONE_SET"] is Outcome.PASSED


def test_two_persons_in_one_answer_are_told_apart_in_it_too(world: World, wallet: Wallet, tmp_path: Path) -> None:
    collect(world.boxtel, world.trust, wallet, FORMAT, WHOLE)
    other = Wallet.create(tmp_path / "bram.vault", "a passphrase of some length")
    collect(world.boxtel, world.trust, other, FORMAT, WHOLE, of=BRAM)
    verifier, request = ask(world, BOTH, {}, WHOLE, FORMAT)
    own, others = (one.disclose(one.consider(request, at=AT).accept(), at=AT).presentations for one in (wallet, other))
    whole = next(query for query, (shown,) in own.items() if shown.format == WHOLE)
    with pytest.raises(Rejected) as rejected:
        verifier.verify(Answer(presentations={**own, whole: others[whole]}), request, at=AT)
    assert rejected.value.reason is Reason.DIFFERENT_SUBJECTS


def test_a_plain_query_is_answered_with_the_whole_card_and_only_what_was_asked_is_kept(
    world: World, wallet: Wallet
) -> None:
    collect(world.boxtel, world.trust, wallet, WHOLE)
    asked: dict[str, Any] = {"id": "a", "format": WHOLE, "meta": {"type_values": [[INWONER.id]]}}
    claims = [{"path": ["credentialSubject", "resident"]}]
    verifier = world.verifier(formats={WHOLE: FORMATS[WHOLE]})
    request = verifier.ask_query(parse_query({"credentials": [{**asked, "claims": claims}]}), at=AT)
    disclosure = verifier.verify(wallet.disclose(wallet.consider(request, at=AT).accept(), at=AT), request, at=AT)
    assert disclosure["a"].claims == {"credentialSubject": {"resident": True}}


def test_a_card_for_a_key_with_which_it_could_never_be_shown_is_not_kept(world: World, wallet: Wallet) -> None:
    """An issuer may name another of the keys that the wallet proved: one for a format with another algorithm."""
    challenge = world.boxtel.challenge(at=AT, formats=(FORMAT, WHOLE))
    keys = world.boxtel.proven(wallet.prove_new_keys(challenge, copies=1, at=AT), at=AT)
    both = (FORMAT, WHOLE)
    issuance = world.boxtel.issue(AISHA.record(), format=both, to=keys, at=AT, types=[INWONER.id], copies=1)
    issued = next(one for one in issuance.issued if one.format == WHOLE)
    other = next(one.key for one in keys if one.key.algorithm is Algorithm.ES256)
    document = json.loads(issued.copies[0])
    stated = {name: value for name, value in document.pop("proof").items() if name in ("verificationMethod", "created")}
    document["credentialSubject"]["id"] = did.key_did(other)
    proof = EDDSA_JCS_2022.prove(document, {**stated, "proofPurpose": did.ASSERTION}, KEY, contexts.known(INWONER))
    token = json.dumps({**document, "proof": proof}).encode()
    assert FORMATS[WHOLE].parse_credential(token).verify([INWONER], trust=world.trust, at=AT).holder == other
    with pytest.raises(Rejected) as rejected:
        wallet.add(replace(issued, copies=(token,)), trust=world.trust, at=AT)
    assert rejected.value.check is KEYS_OURS
    assert wallet.cards() == ()


def test_formats_are_issued_in_any_order_to_the_keys_that_were_proven_for_them(world: World, wallet: Wallet) -> None:
    challenge = world.boxtel.challenge(at=AT, formats=(FORMAT, WHOLE))
    keys = world.boxtel.proven(wallet.prove_new_keys(challenge, copies=2, at=AT), at=AT)
    issuance = world.boxtel.issue(AISHA.record(), format=(WHOLE, FORMAT), to=keys, at=AT, types=TYPES, copies=2)
    assert len(wallet.add(issuance, trust=world.trust, at=AT)) == 2 * len(TYPES)


def test_an_issuer_says_which_kind_of_key_is_lacking(world: World, wallet: Wallet) -> None:
    keys = world.boxtel.proven(wallet.prove_new_keys(world.boxtel.challenge(at=AT), copies=1, at=AT), at=AT)
    with pytest.raises(Misuse, match="ldp_vc takes keys of EdDSA"):
        world.boxtel.issue(AISHA.record(), format=WHOLE, to=keys, at=AT, types=TYPES, copies=1)
