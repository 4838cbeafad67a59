"""What is posted stays in the vault as it was written, until somebody took it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from eigendata.encoding import json_dumps
from eigendata.errors import Declined, Misuse, Reason
from eigendata.model import Answer
from eigendata.query import Request
from eigendata.registers.catalogue import PERSOON
from eigendata.wallet import LEAST, Consent, Delivery, Since, Wallet, bookkeeping
from tests.unit.wallet.town import NOW, asked, collected, request

PASSPHRASE = "vijf woorden die niemand raadt"
ASKED = request(asked(PERSOON, "family_name"))
written: list[bytes] = []


def write(answer: Answer, to: Request) -> bytes:
    """Write an answer as no second time: the number of calls goes with it."""
    written.append(json_dumps([len(written), to.binding.nonce, sorted(answer.presentations)]))
    return written[-1]


@pytest.fixture
def wallet(tmp_path: Path) -> Iterator[Wallet]:
    written.clear()
    with Wallet.create(tmp_path / "aisha.vault", PASSPHRASE, cost=LEAST) as wallet:
        collected(wallet, PERSOON, copies=2)
        yield wallet


def agreed(wallet: Wallet, asking: Request = ASKED) -> Consent:
    return wallet.consider(asking, at=NOW).accept()


def enclosed(wallet: Wallet, asking: Request = ASKED) -> Delivery:
    return wallet.enclose(agreed(wallet, asking), write=write, at=NOW)


def test_what_is_posted_is_written_once_for_one_consent(wallet: Wallet) -> None:
    first, second = enclosed(wallet), enclosed(wallet)
    assert first == second
    assert len(written) == 1
    assert (first.to, first.form, first.asker) == (ASKED.response_uri, written[0], ASKED.asker.party)
    assert wallet.deliveries(at=NOW) == (first,)
    assert [one.copies for one in wallet.cards()] == [1]
    assert len(wallet.history()) == 1


def test_what_is_posted_holds_the_answer_that_is_disclosed(wallet: Wallet) -> None:
    kept: list[Answer] = []

    def keep(answer: Answer, to: Request) -> bytes:
        kept.append(answer)
        return b"form"

    wallet.enclose(agreed(wallet), write=keep, at=NOW)
    assert kept == [wallet.disclose(agreed(wallet), at=NOW)]


def test_nothing_is_spent_where_it_cannot_be_written(wallet: Wallet) -> None:
    def refuse(answer: Answer, to: Request) -> bytes:
        raise Misuse("no key to encrypt to")

    with pytest.raises(Misuse):
        wallet.enclose(agreed(wallet), write=refuse, at=NOW)
    assert wallet.deliveries(at=NOW) == ()
    assert wallet.history() == ()
    assert [one.copies for one in wallet.cards()] == [2]


def test_deliveries_are_kept_in_order_and_each_goes_when_it_was_taken(wallet: Wallet) -> None:
    other = request(asked(PERSOON, "given_name"), verifier="https://webwinkel.example/answer")
    first, second = enclosed(wallet), enclosed(wallet, other)
    assert wallet.deliveries(at=NOW) == (first, second)
    wallet.delivered(first)
    wallet.delivered(first)
    assert wallet.deliveries(at=NOW) == (second,)


def test_a_delivery_is_forgotten_after_its_time(wallet: Wallet) -> None:
    enclosed(wallet)
    collected(wallet, PERSOON, at=NOW + bookkeeping.ANSWER_AGE)
    assert len(wallet.deliveries(at=NOW)) == 1
    collected(wallet, PERSOON, at=NOW + bookkeeping.ANSWER_AGE * 2)
    assert wallet.deliveries(at=NOW) == ()


def test_what_was_agreed_to_long_ago_is_not_sent_again_though_it_is_there_still(wallet: Wallet) -> None:
    waiting, end = enclosed(wallet), NOW + bookkeeping.ANSWER_AGE
    assert wallet.deliveries(at=end) == (waiting,)
    assert wallet.deliveries(at=end + timedelta(seconds=1)) == ()


def test_a_delivery_is_in_a_backup(wallet: Wallet, tmp_path: Path) -> None:
    waiting = enclosed(wallet)
    wallet.back_up(tmp_path / "backup", PASSPHRASE, at=NOW)
    restored = Wallet.restore(
        tmp_path / "restored", PASSPHRASE, backup=tmp_path / "backup", since=Since.UNKNOWN, at=NOW, cost=LEAST
    )
    with restored as again:
        assert again.deliveries(at=NOW) == (waiting,)


def test_what_is_posted_is_not_in_a_representation(wallet: Wallet) -> None:
    assert "persoon" not in repr(enclosed(wallet))


def test_an_expired_card_is_not_enclosed(wallet: Wallet) -> None:
    consent = agreed(wallet)
    with pytest.raises(Declined) as declined:
        wallet.enclose(consent, write=write, at=NOW + PERSOON.validity * 2)
    assert declined.value.reason is Reason.NOTHING_FITS
    assert written == []
