"""What a request costs, and what leaves."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from eigendata.crypto.keys import PublicKey
from eigendata.encoding import Json
from eigendata.errors import Check, Declined, Misuse, Reason, Rejected, Unavailable
from eigendata.model import Answer, Presence, Presentation
from eigendata.query import PolicyReference, Request, parse_query
from eigendata.registers.catalogue import ADRES, BSN, HUISHOUDEN, INWONER, PERSOON
from eigendata.wallet import LEAST, Consent, Use, Wallet, Why, bookkeeping, file, showing
from eigendata.wallet import vault as vault_room
from eigendata.wallet.records import Kind as Records
from tests.negatives import negative
from tests.unit.wallet.town import (
    BOXTEL,
    NOW,
    TRUST,
    TYPES,
    answered,
    asked,
    authentic,
    collected,
    proven,
    request,
)

PASSPHRASE = "vijf woorden die niemand raadt"
BESIDES = tuple(one.path for one in PERSOON.attributes if one.presence is Presence.ALWAYS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "aisha.vault"


@pytest.fixture
def wallet(path: Path) -> Iterator[Wallet]:
    with Wallet.create(path, PASSPHRASE, cost=LEAST) as wallet:
        yield wallet


def declined(reason: Reason, wallet: Wallet, asking: Request) -> Declined:
    with pytest.raises(Declined) as caught:
        answered(wallet, asking)
    assert caught.value.reason is reason
    return caught.value


def holder(answer: Answer, asking: Request, query: str = "persoon") -> PublicKey:
    key = authentic(answer, asking)[query].holder
    assert isinstance(key, PublicKey)
    return key


def tokens(answer: Answer) -> list[bytes]:
    return [one.token for several in answer.presentations.values() for one in several]


# -- considering ------------------------------------------------------------------------------------------------------


def test_considering_spends_and_writes_nothing(wallet: Wallet, path: Path) -> None:
    collected(wallet)
    before, cards = path.read_bytes(), wallet.cards()
    for _ in range(3):
        wallet.consider(request(asked(PERSOON, "family_name")), at=NOW).accept()
    assert path.read_bytes() == before
    assert wallet.cards() == cards
    assert wallet.history() == ()


def test_a_proposal_says_who_what_why_and_how_long(wallet: Wallet) -> None:
    collected(wallet)
    asking = request(asked(PERSOON, "family_name", "nationalities.*"), asked(INWONER, "local_tie_6y"))
    proposal = wallet.consider(asking, at=NOW)
    assert proposal.asker == asking.asker
    assert not proposal.asker.proven
    assert proposal.purpose["nl"] == "Bepalen of u in aanmerking komt"
    assert proposal.legal_basis == ("AVG 6(1)(b)",)
    assert proposal.keep == {"voldoet": "until audit", "otherwise": "0 days"}
    assert proposal.use is Use.UNKNOWN
    persoon, inwoner = proposal.offered
    assert [(line.path, line.label["nl"], line.value, line.sensitive) for line in persoon.lines] == [
        (("family_name",), "Achternaam", "van den Berg", False),
        (("nationalities", 0), "Nationaliteiten", "NL", True),
        (("nationalities", 1), "Nationaliteiten", "SY", True),
    ]
    assert [line.path for line in inwoner.lines] == [("local_tie_6y",)]
    assert (persoon.type, persoon.issuer.name) == (PERSOON, "Gemeente Boxtel")
    assert (proposal.known, proposal.copies_left) == (False, 3)


def test_a_proposal_says_what_is_visible_though_nobody_asked(wallet: Wallet) -> None:
    collected(wallet)
    proposal = wallet.consider(request(asked(PERSOON, "family_name", "as_of")), at=NOW)
    assert [line.path for line in proposal.offered[0].besides] == [path for path in BESIDES if path != ("as_of",)]
    assert {line.path: line.value for line in proposal.offered[0].lines} == {
        ("family_name",): "van den Berg",
        ("as_of",): "2026-05-04",
    }


def test_what_a_proposal_says_is_what_the_verifier_sees(wallet: Wallet) -> None:
    collected(wallet)
    asking = request(asked(PERSOON, "birthdate"), asked(ADRES, "address"), asked(HUISHOUDEN))
    proposal = wallet.consider(asking, at=NOW)
    found = authentic(wallet.disclose(proposal.accept(), at=NOW), asking)
    for one in proposal.offered:
        seen: dict[str, object] = {}
        for line in (*one.lines, *one.besides):
            inner: dict[str, object] = seen
            for name in line.path[:-1]:
                inner = cast("dict[str, object]", inner.setdefault(str(name), {}))
            inner[str(line.path[-1])] = line.value
        document = found[one.query].document
        technical = {"iss", "vct", "vct#integrity", "iat", "nbf", "exp", "cnf"}
        assert {name: document[name] for name in document.keys() - technical} == seen


def test_a_request_that_nothing_answers_is_declined(wallet: Wallet) -> None:
    collected(wallet, INWONER)
    declined(Reason.NOTHING_FITS, wallet, request(asked(PERSOON, "family_name")))
    declined(Reason.NOTHING_FITS, wallet, request(asked(INWONER, "family_name", "favourite_colour")))


def test_cards_that_expired_answer_nothing(wallet: Wallet) -> None:
    collected(wallet, PERSOON)
    asking = request(asked(PERSOON, "family_name"))
    consent = wallet.consider(asking, at=NOW).accept()
    after = NOW.replace(hour=0, minute=0) + timedelta(days=14)
    wallet.consider(asking, at=after - timedelta(seconds=1))
    with pytest.raises(Declined):
        wallet.consider(asking, at=after)
    with pytest.raises(Declined):
        wallet.disclose(consent, at=after)
    assert wallet.history() == ()


def test_a_moment_without_a_zone_is_refused(wallet: Wallet) -> None:
    collected(wallet, PERSOON)
    asking = request(asked(PERSOON, "family_name"))
    consent = wallet.consider(asking, at=NOW).accept()
    with pytest.raises(Misuse):
        wallet.consider(asking, at=NOW.replace(tzinfo=None))
    with pytest.raises(Misuse):
        wallet.disclose(consent, at=NOW.replace(tzinfo=None))


# -- over-asking ------------------------------------------------------------------------------------------------------


def test_what_a_purpose_does_not_need_is_over_asked(wallet: Wallet) -> None:
    collected(wallet)
    asking = request(
        asked(PERSOON, "family_name", "nationalities.*"), asked(ADRES, "address"), policy="woningcorporatie/B"
    )
    proposal = wallet.consider(asking, at=NOW)
    assert proposal.use is Use.OUTSIDE
    assert [(one.query, one.path, one.why) for one in proposal.over_asked] == [
        ("persoon", ("nationalities", None), Why.OUTSIDE_USE),
        ("adres", None, Why.OUTSIDE_USE),
    ]
    assert "van den Berg" not in str(declined(Reason.OVER_ASKED, wallet, asking))
    assert wallet.history() == ()


def test_what_a_purpose_needs_is_not_over_asked(wallet: Wallet) -> None:
    collected(wallet)
    asking = request(
        asked(PERSOON, "family_name", "given_name", "birthdate"),
        asked(INWONER, "local_tie_6y"),
        policy="woningcorporatie/B",
    )
    proposal = wallet.consider(asking, at=NOW)
    assert proposal.use is Use.WITHIN
    assert proposal.over_asked == ()
    answered(wallet, asking)


def test_a_policy_of_ones_own_is_judged_by_the_use_that_it_declares(wallet: Wallet) -> None:
    collected(wallet)
    asking = request(asked(PERSOON, "nationalities.*"), policy="eigen/B")
    assert wallet.consider(asking, at=NOW).use is Use.UNKNOWN
    declared = PolicyReference(id="eigen/B", version="1", use="woningcorporatie/B")
    assert wallet.consider(replace(asking, policy=declared), at=NOW).use is Use.OUTSIDE


@dataclass(frozen=True)
class Lawful:
    entitled: tuple[str, ...]

    def verifier(self, id: str, /) -> Lawful:
        if id != "redirect_uri:https://woonstichting.example/answer":
            raise Rejected(Check(name="X", clause="x", reason=Reason.REQUEST_INVALID, rule="x"))
        return self


@pytest.mark.parametrize(
    ("proven", "entitled", "verifier", "fine"),
    [
        (True, (BSN.id,), "https://woonstichting.example/answer", True),
        (False, (BSN.id,), "https://woonstichting.example/answer", False),
        (True, (PERSOON.id,), "https://woonstichting.example/answer", False),
        (True, (BSN.id,), "https://elsewhere.example/answer", False),
    ],
)
def test_what_is_shown_by_law_goes_to_whom_the_law_names(
    wallet: Wallet, proven: bool, entitled: tuple[str, ...], verifier: str, fine: bool
) -> None:
    collected(wallet)
    asking = request(asked(BSN, "bsn"), proven=proven, verifier=verifier)
    proposal = wallet.consider(asking, at=NOW, verifiers=Lawful(entitled))
    assert [one.why for one in proposal.over_asked] == ([] if fine else [Why.BY_LAW_ONLY])
    if fine:
        found = authentic(wallet.disclose(proposal.accept(), at=NOW), asking)
        assert found["bsn"].document["bsn"] == "999990639"
    else:
        with pytest.raises(Declined) as caught:
            proposal.accept()
        assert caught.value.reason is Reason.OVER_ASKED


def test_without_knowing_verifiers_nobody_is_entitled(wallet: Wallet) -> None:
    collected(wallet)
    declined(Reason.OVER_ASKED, wallet, request(asked(BSN, "bsn"), proven=True))


def test_what_is_shown_by_law_is_not_slipped_in_as_an_alternative(wallet: Wallet) -> None:
    collected(wallet)
    either = asked(PERSOON, "family_name", meta={"vct_values": [PERSOON.id, BSN.id]})
    declined(Reason.OVER_ASKED, wallet, request(either))
    optional = request(
        asked(PERSOON, "family_name"),
        asked(BSN, "bsn"),
        sets=[{"options": [["persoon"]]}, {"options": [["bsn"]], "required": False}],
    )
    declined(Reason.OVER_ASKED, wallet, optional)


# -- consent ----------------------------------------------------------------------------------------------------------


@negative("NEG-VP-WALLET-007")
def test_a_consent_is_made_by_accepting_alone(wallet: Wallet) -> None:
    collected(wallet, PERSOON, BSN)
    proposal = wallet.consider(request(asked(BSN, "bsn")), at=NOW)
    with pytest.raises(Misuse):
        Consent(proposal=proposal, made="accepted")  # type: ignore[arg-type]
    fine = wallet.consider(request(asked(PERSOON, "family_name")), at=NOW).accept()
    with pytest.raises((ValueError, TypeError), match="made"):  # which of the two differs by Python version
        replace(fine, proposal=proposal)  # type: ignore[call-arg]
    with pytest.raises((ValueError, TypeError), match="made"):  # which of the two differs by Python version
        replace(proposal, over_asked=())  # type: ignore[call-arg]
    with pytest.raises(Misuse):
        replace(proposal, over_asked=(), made="proposed")  # type: ignore[arg-type]


def test_what_is_not_asked_does_not_leave_in_any_spelling(wallet: Wallet) -> None:
    collected(wallet)
    asking = request(asked(PERSOON, "age_over_18"), asked(INWONER, "resident"))
    for token in tokens(answered(wallet, asking)):
        decoded = [base64.urlsafe_b64decode(part + b"===") for part in token.replace(b".", b"~").split(b"~")]
        for data in (token, *decoded):
            for secret in (b"Berg", b"Aisha", b"1990-04-03", b"Tilburg", b"5281AB", b"2014"):
                assert secret not in data
                assert secret.hex().encode() not in data
                assert secret.decode().encode("utf-16-le") not in data


def test_nothing_personal_is_told_by_repr(wallet: Wallet) -> None:
    collected(wallet)
    asking = request(asked(PERSOON, "family_name", "birthdate"), asked(ADRES, "address"))
    proposal = wallet.consider(asking, at=NOW)
    consent = proposal.accept()
    answer = wallet.disclose(consent, at=NOW)
    kept = [record for kind in Records for record in wallet._vault.records(kind).values()]
    text = repr([proposal, consent, answer, wallet.history(), kept])
    for personal in ("van den Berg", "Aisha", "1990-04-03", "Dorpsstraat", "5281AB"):
        assert personal not in text
        assert base64.urlsafe_b64encode(personal.encode()).rstrip(b"=").decode() not in text


# -- copies -----------------------------------------------------------------------------------------------------------


def test_a_verifier_sees_the_same_copy_again_and_another_sees_another(wallet: Wallet) -> None:
    collected(wallet)
    seen: dict[str, PublicKey] = {}
    for verifier in ("https://a.example", "https://b.example", "https://a.example", "https://b.example"):
        asking = request(asked(PERSOON, "family_name"), verifier=verifier)
        assert wallet.consider(asking, at=NOW).known is (verifier in seen)
        key = holder(answered(wallet, asking), asking)
        assert seen.setdefault(verifier, key) == key
    assert len(set(seen.values())) == 2


def test_all_that_one_verifier_sees_is_tied_together(wallet: Wallet) -> None:
    collected(wallet)
    answered(wallet, request(asked(PERSOON, "family_name"), verifier="https://first.example"))
    asking = request(*(asked(one, "set") for one in (PERSOON, INWONER, HUISHOUDEN)))
    found = authentic(answered(wallet, asking), asking)
    later = request(asked(ADRES, "set"))
    found |= authentic(answered(wallet, later), later)
    assert len({one.document["set"] for one in found.values()}) == 1
    assert len({one.holder for one in found.values()}) == 4


@negative("NEG-VP-WALLET-024")
def test_when_copies_run_out_nothing_is_used_twice(wallet: Wallet) -> None:
    collected(wallet, copies=2)
    consent = wallet.consider(request(asked(PERSOON, "family_name"), verifier="https://c.example"), at=NOW).accept()
    for verifier in ("https://a.example", "https://b.example"):
        answered(wallet, request(asked(PERSOON, "family_name"), verifier=verifier))
    assert {card.copies for card in wallet.cards()} == {0}
    late = request(asked(INWONER, "resident"), verifier="https://d.example")
    assert wallet.consider(late, at=NOW).copies_left == 0
    assert "collect them anew" in str(declined(Reason.NOTHING_FITS, wallet, late))
    with pytest.raises(Declined) as caught:
        wallet.disclose(consent, at=NOW)
    assert caught.value.reason is Reason.NOTHING_FITS
    answered(wallet, request(asked(INWONER, "resident"), verifier="https://a.example"))
    assert len(wallet.history()) == 3


def test_a_number_needs_a_copy_of_every_card_that_is_shown(wallet: Wallet) -> None:
    """Where one type came in fewer copies, the numbers beyond them are for requests without it."""
    keys = proven(wallet, BOXTEL.challenge(PERSOON, INWONER), copies=2)
    wallet.add(BOXTEL.issue(keys[:2], PERSOON, sets=("a", "b")), trust=TRUST, at=NOW)
    wallet.add(BOXTEL.issue(keys[2:3], INWONER, sets=("a",)), trust=TRUST, at=NOW)
    answered(wallet, request(asked(PERSOON, "family_name"), verifier="https://a.example"))
    both = request(asked(PERSOON, "family_name"), asked(INWONER, "resident"), verifier="https://b.example")
    declined(Reason.NOTHING_FITS, wallet, both)
    answered(wallet, request(asked(PERSOON, "family_name"), verifier="https://b.example"))


def test_two_wallets_on_one_file_never_show_one_copy_to_two(wallet: Wallet, path: Path) -> None:
    collected(wallet)
    askings = [request(asked(PERSOON, "family_name"), verifier=f"https://{name}.example") for name in "abc"]
    with Wallet.open(path, PASSPHRASE) as other:
        consents = [
            one.consider(asking, at=NOW).accept() for one, asking in zip((wallet, other, wallet), askings, strict=True)
        ]
        answers = [one.disclose(consent, at=NOW) for one, consent in zip((other, wallet, other), consents, strict=True)]
    assert len({holder(answer, asking) for answer, asking in zip(answers, askings, strict=True)}) == 3


def test_two_questions_on_one_card_are_answered_with_one_number(wallet: Wallet) -> None:
    collected(wallet)
    asking = request(asked(PERSOON, "family_name"), asked(PERSOON, "age_over_18", id="age"))
    found = authentic(answered(wallet, asking), asking)
    assert found["persoon"].holder == found["age"].holder
    assert {card.copies for card in wallet.cards()} == {2}


# -- delivery ---------------------------------------------------------------------------------------------------------


def test_an_answer_that_did_not_arrive_is_sent_again_byte_for_byte(wallet: Wallet, path: Path) -> None:
    collected(wallet)
    asking = request(asked(PERSOON, "family_name"), asked(INWONER, "resident"))
    first = answered(wallet, asking)
    assert answered(wallet, asking, at=NOW + timedelta(minutes=5)) == first
    wallet.close()
    with Wallet.open(path, PASSPHRASE) as again:
        assert again.disclose(again.consider(asking, at=NOW).accept(), at=NOW) == first
        assert len(again.history()) == 1


def test_an_answer_is_kept_no_longer_than_it_serves(wallet: Wallet) -> None:
    collected(wallet)
    asking = request(asked(PERSOON, "family_name"))
    first = answered(wallet, asking)
    last = NOW + bookkeeping.ANSWER_AGE
    assert answered(wallet, asking, at=last) == first
    assert answered(wallet, asking, at=last + timedelta(seconds=1)) != first
    assert len(wallet._vault.records(Records.SENT)) == 1


@pytest.mark.parametrize(
    "other",
    [
        request(asked(PERSOON, "given_name"), nonce="n"),
        request(asked(PERSOON, "family_name"), nonce="m"),
        request(asked(PERSOON, "family_name"), nonce="n", verifier="https://other.example"),
    ],
)
def test_an_answer_is_sent_again_for_the_very_same_request_only(wallet: Wallet, other: Request) -> None:
    collected(wallet)
    asking = request(asked(PERSOON, "family_name"), nonce="n")
    first = answered(wallet, asking)
    second = answered(wallet, other)
    assert second != first
    authentic(second, other)
    assert answered(wallet, asking) == first


def test_where_the_vault_is_locked_nothing_is_spent(
    wallet: Wallet, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "BUSY_TIMEOUT", 0.05)
    collected(wallet)
    with Wallet.open(path, PASSPHRASE) as other:
        consent = other.consider(request(asked(PERSOON, "family_name")), at=NOW).accept()
        with wallet._vault.writing(), pytest.raises(Unavailable):
            other.disclose(consent, at=NOW)
        assert {card.copies for card in other.cards()} == {3}
        assert other.history() == ()
        other.disclose(consent, at=NOW)


def test_an_answer_that_cannot_be_made_spends_nothing(wallet: Wallet, monkeypatch: pytest.MonkeyPatch) -> None:
    collected(wallet)
    consent = wallet.consider(request(asked(PERSOON, "family_name"), asked(INWONER, "resident")), at=NOW).accept()
    made: list[Presentation] = []
    present = showing._present

    def fail(*arguments: Any) -> Presentation:
        if made:
            raise Misuse("no more")
        made.append(present(*arguments))
        return made[0]

    monkeypatch.setattr(showing, "_present", fail)
    with pytest.raises(Misuse):
        wallet.disclose(consent, at=NOW)
    monkeypatch.undo()
    assert {card.copies for card in wallet.cards()} == {3}
    assert wallet.history() == ()
    assert not wallet._vault.records(Records.SENT)


def test_a_card_that_was_replaced_since_is_not_shown(wallet: Wallet) -> None:
    collected(wallet)
    consent = wallet.consider(request(asked(PERSOON, "family_name")), at=NOW).accept()
    collected(wallet, at=NOW + timedelta(hours=1))
    with pytest.raises(Declined) as caught:
        wallet.disclose(consent, at=NOW + timedelta(hours=1))
    assert caught.value.reason is Reason.NOTHING_FITS


# -- choosing ---------------------------------------------------------------------------------------------------------

EITHER = [{"options": [["persoon"], ["inwoner"]]}, {"options": [["adres"]], "required": False}]


def choosing(wallet: Wallet) -> Request:
    collected(wallet)
    return request(
        asked(PERSOON, "family_name"),
        asked(INWONER, "family_name"),
        asked(ADRES, "family_name"),
        sets=cast("Sequence[dict[str, Json]]", EITHER),
    )


def test_the_least_is_chosen_and_the_rest_is_offered(wallet: Wallet) -> None:
    proposal = wallet.consider(choosing(wallet), at=NOW)
    assert [one.query for one in proposal.offered] == ["persoon"]
    first, second = proposal.choices
    assert (first.place, first.required, dict(first.options), first.chosen) == (
        0,
        True,
        {0: ("persoon",), 1: ("inwoner",)},
        0,
    )
    assert (second.place, second.required, dict(second.options), second.chosen) == (1, False, {0: ("adres",)}, None)


def test_the_holder_chooses_otherwise(wallet: Wallet) -> None:
    asking = choosing(wallet)
    proposal = wallet.consider(asking, at=NOW).choosing(options={0: 1, 1: 0})
    assert [one.query for one in proposal.offered] == ["inwoner", "adres"]
    assert [one.chosen for one in proposal.choices] == [1, 0]
    found = authentic(wallet.disclose(proposal.accept(), at=NOW), asking)
    assert found.keys() == {"inwoner", "adres"}
    for wrong in ({0: 2}, {5: 0}):
        with pytest.raises(Misuse):
            proposal.choosing(options=wrong)


def test_choosing_does_not_undo_over_asking(wallet: Wallet) -> None:
    collected(wallet)
    asking = request(asked(PERSOON, "family_name"), asked(BSN, "bsn"), sets=[{"options": [["bsn"], ["persoon"]]}])
    proposal = wallet.consider(asking, at=NOW).choosing(options={0: 1})
    assert [one.query for one in proposal.offered] == ["persoon"]
    with pytest.raises(Declined):
        proposal.accept()


def test_a_request_without_alternatives_leaves_no_choice(wallet: Wallet) -> None:
    collected(wallet)
    assert wallet.consider(request(asked(PERSOON, "family_name")), at=NOW).choices == ()


def test_among_claim_sets_the_verifiers_first_is_chosen_and_the_holder_may_choose_another(wallet: Wallet) -> None:
    collected(wallet)
    claims: list[Json] = [
        {"id": "date", "path": ["birthdate"]},
        {"id": "age", "path": ["age_over_18"]},
        {"id": "none", "path": ["absent", "birthdate"]},
    ]
    asking = request(asked(PERSOON, claims=claims, claim_sets=[["date"], ["age"], ["none"]]))
    proposal = wallet.consider(asking, at=NOW)
    assert [line.path for line in proposal.offered[0].lines] == [("birthdate",)]
    younger = proposal.choosing(claim_sets={"persoon": 1})
    assert [line.path for line in younger.offered[0].lines] == [("age_over_18",)]
    found = authentic(wallet.disclose(younger.accept(), at=NOW), asking)
    assert "birthdate" not in found["persoon"].document
    for wrong in ({"persoon": 2}, {"persoon": 7}, {"inwoner": 0}):
        with pytest.raises(Misuse):
            proposal.choosing(claim_sets=wrong)


def test_a_card_is_chosen_by_name(wallet: Wallet) -> None:
    collected(wallet, PERSOON, INWONER)
    asking = request(asked(PERSOON, "family_name", meta={"vct_values": [PERSOON.id, INWONER.id]}))
    proposal = wallet.consider(asking, at=NOW)
    for card in wallet.cards():
        assert proposal.choosing(cards={"persoon": (card.id,)}).offered[0].type is card.type
    with pytest.raises(Misuse):
        proposal.choosing(cards={"persoon": tuple(card.id for card in wallet.cards())})
    with pytest.raises(Misuse):
        proposal.choosing(cards={"persoon": ("none",)})


def test_several_cards_answer_a_question_that_allows_several(wallet: Wallet) -> None:
    collected(wallet, PERSOON, INWONER)
    asking = request(asked(PERSOON, "family_name", meta={"vct_values": [PERSOON.id, INWONER.id]}, multiple=True))
    both = tuple(card.id for card in wallet.cards())
    answer = wallet.disclose(wallet.consider(asking, at=NOW).choosing(cards={"persoon": both}).accept(), at=NOW)
    assert len(answer.presentations["persoon"]) == 2


def test_cards_of_one_session_are_preferred(wallet: Wallet) -> None:
    """A newer card of another session would be taken for another person's."""
    collected(wallet, PERSOON, INWONER)
    collected(wallet, ADRES, HUISHOUDEN, at=NOW + timedelta(hours=1))
    either = asked(PERSOON, "family_name", "set", id="who", meta={"vct_values": [HUISHOUDEN.id, PERSOON.id]})
    asking = request(either, asked(INWONER, "resident", "set"))
    proposal = wallet.consider(asking, at=NOW + timedelta(hours=1))
    assert [one.type for one in proposal.offered] == [PERSOON, INWONER]
    alone = wallet.consider(request(either), at=NOW + timedelta(hours=1))
    assert [one.type for one in alone.offered] == [HUISHOUDEN]


def test_cards_that_would_be_taken_for_two_persons_are_not_shown(wallet: Wallet) -> None:
    collected(wallet, PERSOON, INWONER)
    collected(wallet, INWONER, at=NOW + timedelta(hours=1))
    later = NOW + timedelta(hours=1)
    with pytest.raises(Declined) as caught:
        wallet.consider(request(asked(PERSOON, "set"), asked(INWONER, "set")), at=later)
    assert caught.value.reason is Reason.NOTHING_FITS
    three = ("family_name", "given_name", "birthdate")
    wallet.consider(request(asked(PERSOON, "set", *three), asked(INWONER, "set", *three)), at=later)
    wallet.consider(request(asked(PERSOON, "family_name"), asked(INWONER, "resident")), at=later)
    with pytest.raises(Declined):
        wallet.consider(request(asked(PERSOON, "set", *three), asked(INWONER, "set", *three[1:])), at=later)


def test_cards_of_two_sessions_each_keep_their_own_numbers(wallet: Wallet) -> None:
    collected(wallet, PERSOON, INWONER, copies=2)
    collected(wallet, INWONER, copies=1, at=NOW + timedelta(hours=1))
    at = NOW + timedelta(hours=1)
    both = request(asked(PERSOON, "family_name"), asked(INWONER, "resident"), verifier="https://a.example")
    assert wallet.consider(both, at=at).copies_left == 1
    answered(wallet, both, at=at)
    again = request(asked(PERSOON, "family_name"), asked(INWONER, "resident"), verifier="https://b.example")
    assert wallet.consider(again, at=at).copies_left == 0
    with pytest.raises(Declined):
        wallet.consider(again, at=at).accept()
    answered(wallet, request(asked(PERSOON, "family_name"), verifier="https://b.example"), at=at)


def test_a_verifier_who_saw_one_session_can_be_shown_another(wallet: Wallet) -> None:
    collected(wallet, PERSOON, copies=1)
    collected(wallet, INWONER, copies=1, at=NOW + timedelta(hours=1))
    at = NOW + timedelta(hours=1)
    answered(wallet, request(asked(PERSOON, "family_name"), verifier="https://a.example"), at=at)
    both = (asked(PERSOON, "family_name"), asked(INWONER, "resident"))
    assert wallet.consider(request(*both, verifier="https://a.example"), at=at).copies_left == 0
    with pytest.raises(Declined):
        wallet.consider(request(*both, verifier="https://b.example"), at=at).accept()
    answered(wallet, request(*both, verifier="https://a.example"), at=at)


def test_where_all_is_optional_nothing_leaves_until_it_is_chosen(wallet: Wallet) -> None:
    collected(wallet)
    asking = request(asked(PERSOON, "family_name"), sets=[{"options": [["persoon"]], "required": False}])
    proposal = wallet.consider(asking, at=NOW)
    assert proposal.offered == ()
    with pytest.raises(Declined) as caught:
        proposal.accept()
    assert caught.value.reason is Reason.NOTHING_FITS
    wallet.disclose(proposal.choosing(options={0: 0}).accept(), at=NOW)


@negative("NEG-LOG-002")
def test_names_that_a_stranger_chose_stay_on_one_line(wallet: Wallet) -> None:
    collected(wallet)
    asking = request(asked(PERSOON, "family_name"), asked(PERSOON, "a\n\x1b[2Jb", id="x"), policy="woningcorporatie/B")
    optional = replace(
        asking, query=parse_query({**asking.query.to_json(), "credential_sets": [{"options": [["persoon"]]}]})
    )
    assert str(declined(Reason.OVER_ASKED, wallet, optional)).isprintable()


# -- history ----------------------------------------------------------------------------------------------------------


def test_the_history_says_what_was_shown_to_whom_when_why_and_until_when(wallet: Wallet, path: Path) -> None:
    collected(wallet)
    for hours, keep in enumerate(({"voldoet": "30 days", "otherwise": "0 days"}, {"otherwise": "until audit"}, {})):
        asking = request(asked(PERSOON, "family_name"), policy="woningcorporatie/B", keep=keep)
        answered(wallet, asking, at=NOW + timedelta(hours=hours))
    lines = wallet.history()
    assert [one.at for one in lines] == [NOW + timedelta(hours=hours) for hours in range(3)]
    assert [one.until for one in lines] == [NOW + timedelta(days=30), None, None]
    first = lines[0]
    assert (first.asker.name, first.proven) == ("Woonstichting", False)
    assert first.asker.id == "redirect_uri:https://woonstichting.example/answer"
    assert first.purpose["en"] == "To see whether you qualify"
    assert (first.legal_basis, first.policy) == (("AVG 6(1)(b)",), "woningcorporatie/B 2026-01")
    (shown,) = first.credentials
    assert (shown.type, shown.label["nl"], shown.issuer.name) == (PERSOON.id, "Persoon", "Gemeente Boxtel")
    assert shown.paths == (("family_name",), *BESIDES)
    wallet.close()
    with Wallet.open(path, PASSPHRASE) as again:
        assert again.history() == lines


def test_the_history_stays_when_the_cards_are_gone(wallet: Wallet) -> None:
    collected(wallet, PERSOON)
    answered(wallet, request(asked(PERSOON, "family_name")))
    wallet.remove(wallet.cards()[0])
    assert len(wallet.history()) == 1


def test_no_value_is_in_the_history(wallet: Wallet) -> None:
    collected(wallet)
    answered(wallet, request(asked(PERSOON, "family_name", "birthdate"), asked(ADRES, "address")))
    for record in wallet._vault.records(Records.SHOWN).values():
        for value in (b"Berg", b"1990", b"Dorpsstraat", b"Aisha"):
            assert value not in record.body


def test_a_request_of_any_length_leaves_a_line(wallet: Wallet) -> None:
    collected(wallet)
    asking = replace(request(asked(PERSOON, "family_name")), purpose={"nl": "x" * vault_room.MAX_RECORD})
    answered(wallet, asking)
    assert [one.asker.name for one in wallet.history()] == ["Woonstichting"]


@pytest.mark.cost
def test_a_thousand_lines_and_cards_are_listed_from_memory(wallet: Wallet) -> None:
    collected(wallet)
    answered(wallet, request(asked(PERSOON, "family_name")))
    with wallet._vault.writing() as writing:
        for kind in (Records.SHOWN, Records.HOLDING):
            (body, *_) = writing.records(kind).values()
            for _ in range(1000):
                writing.put(kind, body)
    assert len(wallet.cards()) == 1000 + len(TYPES)
    assert len(wallet.history()) == 1001
    spent = []
    for _ in range(3):
        began = time.process_time()
        wallet.cards()
        wallet.history()
        spent.append(time.process_time() - began)
    assert min(spent) < 0.02
