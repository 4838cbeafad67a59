"""The whole line, from the register's answer to the corporation's advice, with nothing between but bytes.

register answer -> issue -> wallet -> request -> consider -> accept -> disclose -> answer -> verify -> advice
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from eigendata import policies
from eigendata.errors import Reason, Rejected
from eigendata.issuer import Issuer, create_authority, create_issuer
from eigendata.model import NO_STATUS_CHECK, Advice, Disclosure
from eigendata.once import SqliteOnce
from eigendata.openid import vp
from eigendata.proofs import Challenge
from eigendata.registers.catalogue import CATALOGUE
from eigendata.trust import Trust, add_issuer
from eigendata.verifier import Verifier
from eigendata.wallet import LEAST, Wallet
from tests.world import AISHA, AT, BOXTEL, BRAM, CORPORATION, FORMAT, HOME, OTHER_VERIFIER, Resident

COPIES = 3
PASSPHRASE = "een lange zin die niemand raadt"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, an issuer and a trust file, as the command line makes them."""
    folder = tmp_path_factory.mktemp("town")
    create_authority(folder / "ca", name="Een eigen autoriteit", at=AT)
    create_issuer(
        folder / "boxtel",
        authority=folder / "ca",
        id="https://boxtel.example",
        name=None,
        municipality=BOXTEL,
        types=tuple(CATALOGUE),
        at=AT,
    )
    add_issuer(
        folder / "trust.toml",
        anchor_pem=(folder / "ca" / "anchor.pem").read_bytes(),
        issuer="https://boxtel.example",
        name="Gemeente Boxtel",
        types=tuple(CATALOGUE),
        municipalities=(BOXTEL,),
    )
    return folder


@pytest.fixture(scope="module")
def trust(town: Path) -> Trust:
    return Trust.load(town / "trust.toml")


def filled(town: Path, trust: Trust, path: Path, resident: Resident) -> Wallet:
    """Give a wallet with everything that the municipality issues about someone."""
    issuer = Issuer.open(town / "boxtel")
    wallet = Wallet.create(path, PASSPHRASE, cost=LEAST)
    challenge = Challenge.from_json(issuer.challenge(at=AT).to_json())
    proofs = wallet.prove_new_keys(challenge, copies=COPIES, at=AT)
    wallet.add(
        issuer.issue(resident.record(), format=FORMAT, to=issuer.proven(proofs, at=AT), at=AT), trust=trust, at=AT
    )
    return wallet


@pytest.fixture(scope="module")
def aisha(town: Path, trust: Trust, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wallet]:
    with filled(town, trust, tmp_path_factory.mktemp("aisha") / "vault", AISHA) as wallet:
        yield wallet


@pytest.fixture
def corporation(trust: Trust, tmp_path: Path) -> Verifier:
    return Verifier(CORPORATION, trust=trust, status=NO_STATUS_CHECK, once=SqliteOnce(tmp_path / "once.sqlite"))


def told(wallet: Wallet, verifier: Verifier, policy: str = "woningcorporatie/B", **home: Any) -> Disclosure:
    """Ask and answer, with bytes between the two."""
    request = verifier.ask(policies.load(policy), home=home or HOME, at=AT)
    received = vp.parse_request(vp.write_request(request), at=AT)
    answer = wallet.disclose(wallet.consider(received, at=AT).accept(), at=AT)
    returned = vp.parse_answer(vp.answer_form(answer, received), request)
    return verifier.verify(returned, request, at=AT)


def test_the_story_runs_from_the_register_to_the_advice(aisha: Wallet, corporation: Verifier) -> None:
    assert {card.type.short for card in aisha.cards()} == {"persoon", "bsn", "adres", "inwoner", "huishouden"}
    disclosure = told(aisha, corporation)
    assert disclosure["persoon"].claims["family_name"] == "Zandstra"
    assert disclosure["inwoner"].claims["local_tie_6y"] is True
    assert disclosure["huishouden"].claims["household_size"] == 2
    assert disclosure.advice is not None
    assert disclosure.advice.advice is Advice.MEETS


def test_the_wallet_shows_who_asks_as_not_proven_and_that_nothing_is_over_asked(
    aisha: Wallet, corporation: Verifier
) -> None:
    request = corporation.ask(policies.load("woningcorporatie/B"), home=HOME, at=AT)
    proposal = aisha.consider(vp.parse_request(vp.write_request(request), at=AT), at=AT)
    assert not proposal.asker.proven
    assert proposal.asker.party.id == CORPORATION
    assert not proposal.over_asked


@pytest.mark.parametrize(
    ("policy", "home"),
    [
        ("woningcorporatie/A", {"municipalities": [BOXTEL]}),
        ("woningcorporatie/B", dict(HOME)),
        ("woningcorporatie/B", {**HOME, "binding": False}),
        ("omgevingsloket/burger", {}),
    ],
)
def test_every_shipped_policy_is_answered_and_advises(
    town: Path, trust: Trust, tmp_path: Path, corporation: Verifier, policy: str, home: dict[str, Any]
) -> None:
    with filled(town, trust, tmp_path / "vault", AISHA) as wallet:
        request = corporation.ask(policies.load(policy), home=home, at=AT)
        received = vp.parse_request(vp.write_request(request), at=AT)
        answer = wallet.disclose(wallet.consider(received, at=AT).accept(), at=AT)
        disclosure = corporation.verify(vp.parse_answer(vp.answer_file(answer), request), request, at=AT)
    assert disclosure.advice is not None
    assert disclosure.advice.advice is Advice.MEETS


def test_two_verifiers_never_see_one_copy_and_one_verifier_sees_the_same(
    aisha: Wallet, corporation: Verifier, trust: Trust, tmp_path: Path
) -> None:
    other = Verifier(OTHER_VERIFIER, trust=trust, status=NO_STATUS_CHECK, once=SqliteOnce(tmp_path / "other.sqlite"))
    seen = []
    for verifier in (corporation, other, corporation):
        request = verifier.ask(policies.load("woningcorporatie/B"), home=HOME, at=AT)
        answer = aisha.disclose(aisha.consider(request, at=AT).accept(), at=AT)
        verifier.verify(answer, request, at=AT)
        seen.append({given[0].token.split(b"~")[0] for given in answer.presentations.values()})
    assert seen[0] == seen[2]
    assert not seen[0] & seen[1]


def test_a_neighbours_wallet_cannot_lend_a_card(
    town: Path, trust: Trust, tmp_path: Path, aisha: Wallet, corporation: Verifier
) -> None:
    request = corporation.ask(policies.load("woningcorporatie/B"), home=HOME, at=AT)
    honest = aisha.disclose(aisha.consider(request, at=AT).accept(), at=AT)
    with filled(town, trust, tmp_path / "vault", BRAM) as neighbour:
        lent = neighbour.disclose(neighbour.consider(request, at=AT).accept(), at=AT)
    mixed = replace(honest, presentations={**honest.presentations, "huishouden": lent.presentations["huishouden"]})
    with pytest.raises(Rejected) as caught:
        corporation.verify(mixed, request, at=AT)
    assert caught.value.reason is Reason.DIFFERENT_SUBJECTS


def test_a_stored_request_and_another_process_give_the_same_verdict_once(
    aisha: Wallet, trust: Trust, tmp_path: Path
) -> None:
    state = tmp_path / "once.sqlite"
    one, other = (Verifier(CORPORATION, trust=trust, status=NO_STATUS_CHECK, once=SqliteOnce(state)) for _ in range(2))
    request = one.ask(policies.load("woningcorporatie/B"), home=HOME, at=AT)
    answer = aisha.disclose(aisha.consider(request, at=AT).accept(), at=AT)
    stored = type(request).from_json(request.to_json())
    other.verify(answer, stored, at=AT + timedelta(seconds=20))
    with pytest.raises(Rejected) as caught:
        one.verify(answer, request, at=AT + timedelta(seconds=21))
    assert caught.value.reason is Reason.REPLAY_DETECTED
