"""What a wallet keeps, and what it refuses to keep."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.encoding import Json
from eigendata.errors import Check, Declined, Malformed, Misuse, Reason, Rejected, Unavailable
from eigendata.model import UNBOUND, Attribute, ClaimPath, CredentialType, Issuance, Issued, Kind
from eigendata.registers.catalogue import ADRES, BSN, HUISHOUDEN, INWONER, PERSOON
from eigendata.trust import JURISDICTION, Trust
from eigendata.wallet import LEAST, Wallet, bookkeeping, file, receiving
from eigendata.wallet import wallet as wallet_room
from eigendata.wallet.records import Kind as Records
from tests.negatives import negative
from tests.unit.wallet.town import (
    BOB,
    BOXTEL,
    FORMAT,
    NOW,
    TRUST,
    TYPES,
    VUGHT,
    answered,
    asked,
    authentic,
    collected,
    proven,
    request,
)

PASSPHRASE = "vijf woorden die niemand raadt"
LIBRARY = CredentialType(
    id="urn:example:library:1",
    short="library",
    label={"nl": "Bibliotheekpas", "en": "Library card"},
    attributes=(Attribute(path=("shelf",), kind=Kind.TEXT, label={"nl": "Plank", "en": "Shelf"}),),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "aisha.vault"


@pytest.fixture
def wallet(path: Path) -> Iterator[Wallet]:
    with Wallet.create(path, PASSPHRASE, cost=LEAST) as wallet:
        yield wallet


def refused(wallet: Wallet, issuance: Issuance | Issued, check: Check) -> Rejected:
    """Adding fails by this check, and leaves the wallet as it was."""
    before = {card.id for card in wallet.cards()}
    with pytest.raises(Rejected) as caught:
        wallet.add(issuance, trust=TRUST, at=NOW)
    assert caught.value.check is check
    assert {card.id for card in wallet.cards()} == before
    return caught.value


def declined(wallet: Wallet, issuance: Issuance | Issued, at: datetime = NOW) -> Declined:
    """Adding is declined as somebody else's, and leaves the wallet as it was."""
    before = {card.id for card in wallet.cards()}
    with pytest.raises(Declined) as caught:
        wallet.add(issuance, trust=TRUST, at=at)
    assert caught.value.reason is Reason.OTHER_SUBJECT
    assert {card.id for card in wallet.cards()} == before
    return caught.value


def another_key() -> PublicKey:
    return SoftwareKey.generate(Algorithm.ES256).public_key


# -- keys and proofs --------------------------------------------------------------------------------------------------


def test_there_is_a_key_for_every_copy_of_every_type(wallet: Wallet) -> None:
    keys = proven(wallet, BOXTEL.challenge(), copies=4)
    assert len(set(keys)) == len(keys) == 4 * len(TYPES)
    assert len(wallet._vault.records(Records.PENDING_KEY)) == len(keys)


def test_keys_are_in_the_vault_before_their_proofs_leave(
    wallet: Wallet, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "BUSY_TIMEOUT", 0.05)
    with Wallet.open(path, PASSPHRASE) as other:
        with wallet._vault.writing(), pytest.raises(Unavailable):
            other.prove_new_keys(BOXTEL.challenge(), copies=1, at=NOW)
        keys = proven(other, BOXTEL.challenge(PERSOON), copies=1)
    wallet.close()
    with Wallet.open(path, PASSPHRASE) as again:
        again.add(BOXTEL.issue(keys, PERSOON), trust=TRUST, at=NOW)
        assert [card.type for card in again.cards()] == [PERSOON]


def test_a_challenge_that_expired_is_not_answered(wallet: Wallet) -> None:
    with pytest.raises(Rejected) as caught:
        wallet.prove_new_keys(BOXTEL.challenge(expires_at=NOW), copies=1, at=NOW)
    assert caught.value.check is wallet_room.CHALLENGE_FRESH
    assert not wallet._vault.records(Records.PENDING_KEY)


@pytest.mark.parametrize("copies", [0, -1, 101])
def test_copies_are_bounded(wallet: Wallet, copies: int) -> None:
    with pytest.raises(Misuse):
        wallet.prove_new_keys(BOXTEL.challenge(), copies=copies, at=NOW)


def test_types_are_bounded(wallet: Wallet) -> None:
    for types in ((), tuple(f"urn:example:{n}" for n in range(33))):
        with pytest.raises(Misuse):
            wallet.prove_new_keys(replace(BOXTEL.challenge(), types=types), copies=1, at=NOW)


def test_keys_that_nobody_claims_are_forgotten_in_the_end(wallet: Wallet) -> None:
    keys = proven(wallet, BOXTEL.challenge(PERSOON), copies=1)
    later = NOW + bookkeeping.KEY_AGE
    wallet.prove_new_keys(BOXTEL.challenge(PERSOON), copies=1, at=later)
    assert len(wallet._vault.records(Records.PENDING_KEY)) == 2
    wallet.prove_new_keys(BOXTEL.challenge(PERSOON), copies=1, at=later + timedelta(seconds=1))
    assert len(wallet._vault.records(Records.PENDING_KEY)) == 2
    with pytest.raises(Rejected) as caught:
        wallet.add(BOXTEL.issue(keys, PERSOON, at=later), trust=TRUST, at=later)
    assert caught.value.check is receiving.KEYS_OURS


def test_a_moment_without_a_zone_is_refused(wallet: Wallet) -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(Misuse):
        wallet.prove_new_keys(BOXTEL.challenge(), copies=1, at=naive)
    with pytest.raises(Misuse):
        wallet.add(BOXTEL.issue((another_key(),), PERSOON), trust=TRUST, at=naive)


# -- adding -----------------------------------------------------------------------------------------------------------


def test_what_was_added_is_there_after_opening_again(wallet: Wallet, path: Path) -> None:
    collected(wallet, copies=2)
    cards = wallet.cards()
    assert {card.type.id for card in cards} == {one.id for one in TYPES}
    assert {(card.copies, card.issuer.name, card.format) for card in cards} == {(2, "Gemeente Boxtel", FORMAT)}
    assert {card.expires_at for card in cards} == {NOW.replace(hour=0, minute=0) + timedelta(days=14)}
    told = [wallet.show(card) for card in cards]
    wallet.close()
    with Wallet.open(path, PASSPHRASE) as again:
        assert again.cards() == cards
        assert [again.show(card) for card in cards] == told


def test_a_session_may_come_credential_by_credential(wallet: Wallet) -> None:
    keys = proven(wallet, BOXTEL.challenge(), copies=2)
    for issued in BOXTEL.issue(keys).issued:
        (card,) = wallet.add(issued, trust=TRUST, at=NOW)
        assert card.type is issued.type
    asking = request(asked(PERSOON, "set"), asked(INWONER, "set"))
    found = authentic(answered(wallet, asking), asking)
    assert found["persoon"].document["set"] == found["inwoner"].document["set"]


def test_fewer_types_than_were_offered_are_welcome(wallet: Wallet) -> None:
    keys = proven(wallet, BOXTEL.challenge(), copies=1)
    wallet.add(BOXTEL.issue(keys[:2], PERSOON, INWONER), trust=TRUST, at=NOW)
    assert [card.type for card in wallet.cards()] == [INWONER, PERSOON]


def with_another_holder(keys: tuple[PublicKey, ...]) -> Issuance:
    return BOXTEL.issue((*keys[:-1], another_key()), PERSOON, INWONER)


def with_a_copy_that_anyone_may_show(keys: tuple[PublicKey, ...]) -> Issuance:
    attestation = replace(BOXTEL.attestation(INWONER, keys[3], "b", {}, NOW), holder=UNBOUND)
    bearer = Issued(type=INWONER, format=FORMAT, copies=(BOXTEL.sign(attestation),))
    return exchanged(BOXTEL.issue(keys, PERSOON, INWONER, sets=("a", "b")), Issuance(issued=(bearer,)))


def with_one_key_twice(keys: tuple[PublicKey, ...]) -> Issuance:
    return BOXTEL.issue((*keys[:-1], keys[0]), PERSOON, INWONER)


def with_a_copy_that_differs(keys: tuple[PublicKey, ...]) -> Issuance:
    odd = BOXTEL.issue(keys[3:4], INWONER, sets=("b",), changes={"residence_years_min": 40})
    return exchanged(BOXTEL.issue(keys, PERSOON, INWONER, sets=("a", "b")), odd)


def with_a_copy_of_another_day(keys: tuple[PublicKey, ...]) -> Issuance:
    odd = BOXTEL.issue(keys[3:4], INWONER, sets=("b",), at=NOW - timedelta(days=1), changes={"as_of": "2026-05-04"})
    return exchanged(BOXTEL.issue(keys, PERSOON, INWONER, sets=("a", "b")), odd)


def with_ties_in_another_order(keys: tuple[PublicKey, ...]) -> Issuance:
    first = BOXTEL.issue(keys[:2], PERSOON, sets=("a", "b"))
    return joined(first, BOXTEL.issue(keys[2:], INWONER, sets=("b", "a")))


def with_ties_of_another_session(keys: tuple[PublicKey, ...]) -> Issuance:
    return joined(BOXTEL.issue(keys[:2], PERSOON), BOXTEL.issue(keys[2:], INWONER))


def with_one_tie_for_all(keys: tuple[PublicKey, ...]) -> Issuance:
    return BOXTEL.issue(keys, PERSOON, INWONER, sets=("a", "a"))


def with_a_copy_that_is_not_tied(keys: tuple[PublicKey, ...]) -> Issuance:
    odd = BOXTEL.issue(keys[3:4], INWONER, changes={"set": None})
    return exchanged(BOXTEL.issue(keys, PERSOON, INWONER, sets=("a", "b")), odd)


def with_the_neighbours_card(keys: tuple[PublicKey, ...]) -> Issuance:
    first = BOXTEL.issue(keys[:2], PERSOON, sets=("a", "b"))
    return joined(first, BOXTEL.issue(keys[2:], INWONER, sets=("a", "b"), changes=BOB))


def with_a_type_that_was_not_offered(keys: tuple[PublicKey, ...]) -> Issuance:
    return BOXTEL.issue(keys, PERSOON, HUISHOUDEN)


def with_a_type_twice(keys: tuple[PublicKey, ...]) -> Issuance:
    return BOXTEL.issue(keys, PERSOON, PERSOON)


def with_another_municipality(keys: tuple[PublicKey, ...]) -> Issuance:
    return BOXTEL.issue(keys, PERSOON, INWONER, changes={"municipality": {"code": "0865", "name": "Vught"}})


def of_another_issuer(keys: tuple[PublicKey, ...]) -> Issuance:
    return VUGHT.issue(keys, PERSOON, INWONER, changes={"municipality": {"code": "0865", "name": "Vught"}})


def exchanged(issuance: Issuance, odd: Issuance) -> Issuance:
    *rest, last = issuance.issued
    return Issuance(issued=(*rest, replace(last, copies=(*last.copies[:-1], odd.issued[0].copies[-1]))))


def joined(*several: Issuance) -> Issuance:
    return Issuance(issued=tuple(one for issuance in several for one in issuance.issued))


@pytest.mark.parametrize(
    ("make", "check", "reason"),
    [
        (with_another_holder, receiving.KEYS_OURS, Reason.KEY_BINDING_INVALID),
        (with_a_copy_that_anyone_may_show, receiving.KEYS_OURS, Reason.KEY_BINDING_INVALID),
        (with_one_key_twice, receiving.KEYS_DIFFER, Reason.KEY_BINDING_INVALID),
        (with_a_copy_that_differs, receiving.COPIES_AGREE, Reason.DISCLOSURE_INVALID),
        (with_a_copy_of_another_day, receiving.COPIES_AGREE, Reason.DISCLOSURE_INVALID),
        (with_ties_in_another_order, receiving.COPIES_TIED, Reason.DIFFERENT_SUBJECTS),
        (with_ties_of_another_session, receiving.COPIES_TIED, Reason.DIFFERENT_SUBJECTS),
        (with_one_tie_for_all, receiving.COPIES_TIED, Reason.DIFFERENT_SUBJECTS),
        (with_a_copy_that_is_not_tied, receiving.COPIES_TIED, Reason.DIFFERENT_SUBJECTS),
        (with_the_neighbours_card, receiving.ONE_SUBJECT, Reason.DIFFERENT_SUBJECTS),
        (with_a_type_that_was_not_offered, receiving.TYPE_OFFERED, Reason.TYPE_MISMATCH),
        (with_a_type_twice, receiving.TYPE_OFFERED, Reason.TYPE_MISMATCH),
        (with_another_municipality, JURISDICTION, Reason.UNTRUSTED_ISSUER),
        (of_another_issuer, receiving.ISSUER_ASKED, Reason.UNTRUSTED_ISSUER),
    ],
)
def test_one_thing_wrong_and_nothing_is_kept(
    wallet: Wallet, make: Callable[[tuple[PublicKey, ...]], Issuance], check: Check, reason: Reason
) -> None:
    keys = proven(wallet, BOXTEL.challenge(PERSOON, INWONER), copies=2)
    assert refused(wallet, make(keys), check).reason is reason
    wallet.add(BOXTEL.issue(keys, PERSOON, INWONER), trust=TRUST, at=NOW)  # the keys still wait
    assert len(wallet.cards()) == 2


def test_every_check_has_its_case() -> None:
    assert len(set(receiving.CHECKS)) == len(receiving.CHECKS) == 8


def test_a_credential_is_not_kept_twice(wallet: Wallet) -> None:
    keys = proven(wallet, BOXTEL.challenge(PERSOON), copies=2)
    issuance = BOXTEL.issue(keys, PERSOON)
    wallet.add(issuance, trust=TRUST, at=NOW)
    refused(wallet, issuance, receiving.KEYS_OURS)


def test_keys_of_two_sessions_are_not_mixed(wallet: Wallet) -> None:
    first = proven(wallet, BOXTEL.challenge(PERSOON), copies=1)
    second = proven(wallet, BOXTEL.challenge(PERSOON), copies=1)
    refused(wallet, BOXTEL.issue((*first, *second), PERSOON), receiving.KEYS_OURS)


def test_a_later_part_of_a_session_is_tied_to_the_earlier(wallet: Wallet) -> None:
    keys = proven(wallet, BOXTEL.challenge(PERSOON, INWONER), copies=2)
    wallet.add(BOXTEL.issue(keys[:2], PERSOON, sets=("a", "b")), trust=TRUST, at=NOW)
    refused(wallet, BOXTEL.issue(keys[2:], INWONER, sets=("b", "a")), receiving.COPIES_TIED)
    wallet.add(BOXTEL.issue(keys[2:], INWONER, sets=("a", "b")), trust=TRUST, at=NOW)


@negative("NEG-SUBJECT-003")
def test_a_card_of_another_person_is_refused(wallet: Wallet) -> None:
    collected(wallet, PERSOON)
    keys = proven(wallet, BOXTEL.challenge(HUISHOUDEN), copies=1)
    refusal = declined(wallet, BOXTEL.issue(keys, HUISHOUDEN, changes=BOB))
    assert "Bob" not in str(refusal)
    assert "Bakker" not in str(refusal)


@pytest.mark.parametrize("name", ["family_name", "given_name", "birthdate"])
def test_each_of_the_three_claims_tells_persons_apart(wallet: Wallet, name: str) -> None:
    collected(wallet, PERSOON)
    keys = proven(wallet, BOXTEL.challenge(HUISHOUDEN), copies=1)
    declined(wallet, BOXTEL.issue(keys, HUISHOUDEN, changes={name: BOB[name]}))


def test_a_claim_that_is_absent_tells_nobody_apart(wallet: Wallet) -> None:
    collected(wallet, PERSOON)
    keys = proven(wallet, BOXTEL.challenge(HUISHOUDEN), copies=1)
    changes: Mapping[str, Json] = {"birthdate": None, "absent": {"birthdate": True}}
    wallet.add(BOXTEL.issue(keys, HUISHOUDEN, changes=changes), trust=TRUST, at=NOW)


def test_claims_that_break_their_schema_are_refused(wallet: Wallet) -> None:
    keys = proven(wallet, BOXTEL.challenge(HUISHOUDEN), copies=1)
    with pytest.raises(Rejected) as caught:
        wallet.add(BOXTEL.issue(keys, HUISHOUDEN, changes={"household_size": "three"}), trust=TRUST, at=NOW)
    assert caught.value.reason is Reason.SCHEMA_INVALID


def test_an_issuer_who_is_not_trusted_is_refused(wallet: Wallet) -> None:
    keys = proven(wallet, BOXTEL.challenge(PERSOON), copies=1)
    for trust in (Trust(), Trust(issuers={BOXTEL.id: replace(BOXTEL.entry, types=(INWONER.id,))})):
        with pytest.raises(Rejected) as caught:
            wallet.add(BOXTEL.issue(keys, PERSOON), trust=trust, at=NOW)
        assert caught.value.reason is Reason.UNTRUSTED_ISSUER


def test_what_expired_is_refused(wallet: Wallet) -> None:
    keys = proven(wallet, BOXTEL.challenge(PERSOON), copies=1)
    with pytest.raises(Rejected) as caught:
        wallet.add(BOXTEL.issue(keys, PERSOON, at=NOW - timedelta(days=20)), trust=TRUST, at=NOW)
    assert caught.value.reason is Reason.EXPIRED


def test_a_presentation_is_no_credential(wallet: Wallet) -> None:
    collected(wallet, PERSOON)
    asking = request(asked(PERSOON, "family_name"))
    shown = answered(wallet, asking).presentations["persoon"][0]
    with pytest.raises(Malformed):
        wallet.add(Issued(type=PERSOON, format=FORMAT, copies=(shown.token,)), trust=TRUST, at=NOW)


def test_an_error_says_which_copy_it_is_about(wallet: Wallet) -> None:
    keys = proven(wallet, BOXTEL.challenge(PERSOON), copies=2)
    issued = BOXTEL.issue(keys, PERSOON).issued[0]
    broken = replace(issued, copies=(issued.copies[0], b"~"))
    with pytest.raises(Malformed) as caught:
        wallet.add(broken, trust=TRUST, at=NOW)
    assert caught.value.where == ("persoon", 1)


def test_nothing_and_too_much_are_no_session(wallet: Wallet) -> None:
    nothing = Issued(type=PERSOON, format=FORMAT, copies=())
    for issued in (
        Issuance(issued=()),
        nothing,
        Issuance(issued=(nothing,) * 33),
        replace(nothing, copies=(b"x",) * 101),
        replace(nothing, format="mso_mdoc_zk", copies=(b"x",)),
    ):
        with pytest.raises(Misuse):
            wallet.add(issued, trust=TRUST, at=NOW)


@negative("NEG-SDJWTVC-008")
def test_labels_are_our_own_whatever_an_issuer_declares(wallet: Wallet) -> None:
    """A type that calls a citizen number an age is shown by our name for it."""
    keys = proven(wallet, BOXTEL.challenge(BSN), copies=1)
    issuance = BOXTEL.issue(keys, BSN)
    lying = replace(
        issuance.issued[0],
        type=replace(BSN, label={"nl": "Leeftijd", "en": "Age"}, attributes=PERSOON.attributes, by_law_only=False),
    )
    (card,) = wallet.add(lying, trust=TRUST, at=NOW)
    assert card.type is BSN


# -- renewing ---------------------------------------------------------------------------------------------------------


def test_a_newer_session_takes_the_place_of_the_older(wallet: Wallet) -> None:
    collected(wallet, copies=3)
    old = {card.id for card in wallet.cards()}
    answered(wallet, request(asked(PERSOON, "family_name")))
    collected(wallet, copies=2, at=NOW + timedelta(days=2))
    cards = wallet.cards()
    assert len(cards) == len(TYPES)
    assert not old & {card.id for card in cards}
    assert {card.copies for card in cards} == {2}
    assert len(wallet._vault.records(Records.COPY)) == 2 * len(TYPES)
    assert len(wallet._vault.records(Records.SESSION)) == 1
    assert not wallet._vault.records(Records.PENDING_KEY)


def test_a_newer_session_leaves_cards_of_other_types(wallet: Wallet) -> None:
    collected(wallet, PERSOON, INWONER)
    collected(wallet, INWONER, at=NOW + timedelta(days=1))
    assert [(card.type, card.added_at) for card in wallet.cards()] == [
        (INWONER, NOW + timedelta(days=1)),
        (PERSOON, NOW),
    ]
    assert len(wallet._vault.records(Records.SESSION)) == 2


def test_a_register_knows_one_truth_whoever_states_it(wallet: Wallet) -> None:
    collected(wallet, INWONER)
    moved: Mapping[str, Json] = {"municipality": {"code": "0865", "name": "Vught"}}
    collected(wallet, INWONER, town=VUGHT, changes=moved)
    assert [card.issuer.name for card in wallet.cards()] == ["Gemeente Vught"]


def test_two_issuers_of_another_type_do_not_push_each_other_out(wallet: Wallet) -> None:
    for town in (BOXTEL, VUGHT, BOXTEL):
        collected(wallet, LIBRARY, town=town, changes={"shelf": "A3"})
    cards = wallet.cards()
    assert sorted(card.issuer.name for card in cards) == ["Gemeente Boxtel", "Gemeente Vught"]
    assert {card.type.id for card in cards} == {LIBRARY.id}
    assert [(line.path, line.label["nl"], line.value) for line in wallet.show(cards[0]).lines] == [
        (("shelf",), "shelf", "A3")
    ]


def test_copies_that_expired_are_dropped_and_the_card_stays(wallet: Wallet) -> None:
    collected(wallet, PERSOON)
    after = NOW + timedelta(days=14)
    wallet.prove_new_keys(BOXTEL.challenge(), copies=1, at=after)
    (card,) = wallet.cards()
    assert card.copies == 0
    assert not wallet._vault.records(Records.COPY)
    assert {line.path[0] for line in wallet.show(card).lines} >= {"family_name", "birthdate"}


def test_a_card_that_expired_still_says_whose_wallet_it_is(wallet: Wallet) -> None:
    collected(wallet, PERSOON)
    after = NOW + timedelta(days=20)
    keys = proven(wallet, BOXTEL.challenge(PERSOON), copies=1, at=after)
    declined(wallet, BOXTEL.issue(keys, PERSOON, at=after, changes=BOB), at=after)


def test_a_card_is_thrown_away_with_its_copies(wallet: Wallet) -> None:
    collected(wallet, PERSOON, INWONER, copies=2)
    inwoner, persoon = wallet.cards()
    wallet.remove(persoon)
    assert wallet.cards() == (inwoner,)
    assert len(wallet._vault.records(Records.COPY)) == 2
    wallet.remove(inwoner.id)
    assert not wallet._vault.records(Records.SESSION)
    for gone in (persoon, inwoner.id, "none", ""):
        with pytest.raises(Misuse):
            wallet.show(gone)
        with pytest.raises(Misuse):
            wallet.remove(gone)


# -- looking ----------------------------------------------------------------------------------------------------------


def test_a_card_is_shown_in_the_words_of_its_type(wallet: Wallet) -> None:
    collected(wallet, ADRES)
    (card,) = wallet.cards()
    lines = {line.path: line for line in wallet.show(card).lines}
    assert lines[("address", "postal_code")].value == "5281AB"
    assert lines[("address", "postal_code")].label["nl"] == "Postcode"
    assert lines[("absent", "since")].value is True
    assert lines[("set",)].value is None  # each copy has another
    assert not any(line.path[0] in ("iss", "cnf", "vct", "exp") for line in lines.values())
    declared: list[ClaimPath] = [one.path for one in ADRES.attributes]
    assert [declared.index(path) for path in lines] == sorted(declared.index(path) for path in lines)


def test_elements_of_an_array_are_shown_one_by_one(wallet: Wallet) -> None:
    collected(wallet, PERSOON)
    lines = [line for line in wallet.show(wallet.cards()[0]).lines if line.path[0] == "nationalities"]
    assert [(line.path, line.value, line.sensitive) for line in lines] == [
        (("nationalities", 0), "NL", True),
        (("nationalities", 1), "SY", True),
    ]


def test_two_wallets_on_one_file_see_the_same(wallet: Wallet, path: Path) -> None:
    with Wallet.open(path, PASSPHRASE) as other:
        collected(wallet, PERSOON)
        assert other.cards() == wallet.cards()
        collected(other, INWONER)
        assert other.cards() == wallet.cards()
        assert len(wallet.cards()) == 2


def test_the_passphrase_is_changed(wallet: Wallet, path: Path) -> None:
    collected(wallet, PERSOON)
    wallet.change_passphrase("another", cost=LEAST)
    cards = wallet.cards()
    wallet.close()
    with pytest.raises(Rejected) as caught:
        Wallet.open(path, PASSPHRASE)
    assert caught.value.reason is Reason.CANNOT_OPEN
    with Wallet.open(str(path), b"another") as again:
        assert again.cards() == cards


def test_nothing_personal_is_told_by_repr_or_pickle(wallet: Wallet) -> None:
    keys = proven(wallet, BOXTEL.challenge(), copies=1)
    issuance = BOXTEL.issue(keys)
    wallet.add(issuance, trust=TRUST, at=NOW)
    records = [record for kind in Records for record in wallet._vault.records(kind).values()]
    shown = [wallet, wallet.cards(), [wallet.show(card) for card in wallet.cards()], records]
    shown.append(wallet._stored())
    shown.append(receiving.verify_issued(issuance.issued, TRUST, at=NOW))
    text = repr(shown)
    for personal in ("Aisha", "van den Berg", "1990-04-03", "999990639", "Dorpsstraat", "5281AB", "Tilburg"):
        assert personal not in text
    with pytest.raises(Misuse):
        pickle.dumps(wallet)
