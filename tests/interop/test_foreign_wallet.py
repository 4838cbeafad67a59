"""OpenID4VP 1.0 with @openid4vc/openid4vp as the wallet: it reads every request of ours, and we accept what it answers.

Its presentations are made by @sd-jwt/sd-jwt-vc and @owf/mdoc. Then one thing at a time is wrong in what it answers, and
we refuse that, by the check that is there for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlencode

import pytest

from eigendata import policies
from eigendata.encoding import thaw
from eigendata.model import Advice, Disclosure
from tests.interop.mdocs import Oracles
from tests.interop.oracles import Refused
from tests.interop.tampered import TAMPERED
from tests.interop.town import ANSWERS, CLIENTS, REQUESTS, SIGNED, Asked, Desk, holder
from tests.interop.wallets import ForeignWallet, Order, Resolved
from tests.world import FORMAT, HOME, MDOC

WALLET_NONCE: Final = "qPmxiNFCR3QTm19POc8u"
SEALED: Final[Mapping[str, dict[str, Any]]] = {
    "A128GCM": {"enc": "A128GCM"},
    "A256GCM": {"enc": "A256GCM"},
    "with a nonce of its own": {"enc": "A256GCM", "apu": "of-the-wallet"},
}


@pytest.fixture(scope="module")
def wallet(oracle: Oracles) -> ForeignWallet:
    return ForeignWallet.of(oracle, holder(FORMAT), holder(MDOC))


def resolved(wallet: ForeignWallet, asked: Asked) -> Resolved:
    return wallet.resolve(asked.link(), lambda _: asked.object())


def body(order: Order) -> str:
    assert (order.method, order.url) == ("POST", ANSWERS)
    assert order.headers["content-type"] == "application/x-www-form-urlencoded"
    assert order.body is not None
    return order.body


def claims(disclosure: Disclosure) -> Any:
    return {name: thaw(given[0].claims) for name, given in disclosure.credentials.items()}


EXPECTED: Final = {
    "person": {"family_name": "Zandstra", "birthdate": "1984-02-29"},
    "household": {"urn:eigendata:nl:brp:huishouden:1": {"household_size": 2}},
}


# -- what is good ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", CLIENTS)
def test_a_foreign_wallet_reads_who_asks_where_to_and_what(wallet: ForeignWallet, prefix: str) -> None:
    asked = Desk(prefix=prefix).ask()
    ordered: list[Order] = []

    def fetch(order: Order) -> str:
        ordered.append(order)
        return asked.object()

    read = wallet.resolve(asked.link(), fetch)
    assert [(one.method, one.url) for one in ordered] == [("GET", REQUESTS)] * (prefix in SIGNED)
    assert all("application/oauth-authz-req+jwt" in one.headers["accept"] for one in ordered)
    assert (read.client["prefix"], read.client["effective"]) == (prefix, CLIENTS[prefix])
    assert read.version == 100  # of the versions that the library tells apart: 1.0
    assert asked.one_time is not None
    assert read.session() == {
        "clientId": CLIENTS[prefix],
        "nonce": asked.request.binding.nonce,
        "responseUri": ANSWERS,
        "jwkThumbprint": asked.one_time.public_key.thumbprint().hex(),
    }


@pytest.mark.parametrize("prefix", SIGNED)
def test_a_request_is_read_by_value_and_after_a_post_with_the_wallets_nonce(wallet: ForeignWallet, prefix: str) -> None:
    asked = Desk(prefix=prefix).ask()
    by_value = {"client_id": asked.client_id, "request": asked.object()}
    assert wallet.resolve(_link(by_value)).parameters["nonce"] == asked.request.binding.nonce

    def fetch(order: Order) -> str:
        assert (order.method, order.url) == ("POST", REQUESTS)
        assert order.headers["content-type"] == "application/x-www-form-urlencoded"
        (sent,) = parse_qs(order.body)["wallet_nonce"]
        return asked.object(sent)

    read = wallet.resolve(asked.link(post=True), fetch, nonce=WALLET_NONCE)
    assert read.parameters["wallet_nonce"] == WALLET_NONCE
    assert claims(asked.read(body(wallet.answer(read, wallet.show(read))))) == EXPECTED


@pytest.mark.parametrize("how", SEALED)
@pytest.mark.parametrize("prefix", CLIENTS)
def test_what_a_foreign_wallet_seals_is_accepted(wallet: ForeignWallet, prefix: str, how: str) -> None:
    asked = Desk(prefix=prefix).ask()
    read = resolved(wallet, asked)
    assert claims(asked.read(body(wallet.answer(read, wallet.show(read), **SEALED[how])))) == EXPECTED


@pytest.mark.parametrize("prefix", CLIENTS)
def test_what_a_foreign_wallet_posts_openly_is_accepted(wallet: ForeignWallet, prefix: str) -> None:
    asked = Desk(prefix=prefix).ask(sealed=False)
    read = resolved(wallet, asked)
    assert claims(asked.read(body(wallet.answer(read, wallet.show(read))))) == EXPECTED


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "open"])
def test_what_a_wallet_says_beside_its_answer_and_nobody_knows_is_ignored(wallet: ForeignWallet, sealed: bool) -> None:
    """OpenID4VP 1.0 8.1 and 8.2; wallets of drafts still send some of this."""
    asked = Desk(prefix="x509_hash").ask(sealed=sealed)
    read = resolved(wallet, asked)
    beside = {"iss": "https://wallet.example", "something_else": "a", "expires_in": 5}
    assert claims(asked.read(body(wallet.answer(read, wallet.show(read), more=beside)))) == EXPECTED


@pytest.mark.parametrize("formats", [(FORMAT,), (MDOC,), (FORMAT, MDOC)], ids="+".join)
def test_a_foreign_wallet_answers_a_policy_in_the_formats_that_it_has(
    oracle: Oracles, formats: tuple[str, ...]
) -> None:
    """With both formats it has the person in one and the rest in the other, as credential sets allow."""
    of_each = [holder(one) for one in formats]
    wallet = ForeignWallet.of(oracle, *of_each)
    if len(formats) == 2:
        wallet = wallet.holding(*(one for one in wallet.cards if (one.format == FORMAT) == (":persoon:" in one.type)))
    policy = policies.load("woningcorporatie/B")
    asked = Desk(prefix="x509_hash").ask(policy=policy, home=HOME)
    read = resolved(wallet, asked)
    tokens = wallet.show(read)
    assert {asked.request.query.credential(one).format for one in tokens} == set(formats)  # type: ignore[union-attr]
    disclosure = asked.read(body(wallet.answer(read, tokens)))
    assert disclosure.advice is not None
    assert disclosure.advice.advice is Advice.MEETS


# -- what is wrong -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", TAMPERED)
def test_what_a_foreign_wallet_tampers_with_is_refused(wallet: ForeignWallet, case: str) -> None:
    one = TAMPERED[case]
    asked = Desk(prefix="x509_hash").ask(sealed=one.sealed)
    assert asked.refusal(one.make(wallet, resolved(wallet, asked))) == one.refused_by
    read = resolved(wallet, asked)
    assert asked.refusal(body(wallet.answer(read, wallet.show(read)))) == ""


def test_the_same_answer_is_accepted_once(wallet: ForeignWallet) -> None:
    asked = Desk(prefix="x509_hash").ask()
    read = resolved(wallet, asked)
    posted = body(wallet.answer(read, wallet.show(read)))
    assert asked.refusal(posted) == ""
    assert asked.refusal(posted) == "ONCE"
    assert asked.refusal(body(wallet.answer(read, wallet.show(read)))) == "ONCE"


def test_what_was_shown_to_one_request_answers_no_other(wallet: ForeignWallet) -> None:
    desk = Desk(prefix="x509_hash")
    first, second = desk.ask(sealed=False), desk.ask(sealed=False)
    tokens = wallet.show(resolved(wallet, first))
    read = resolved(wallet, second)
    assert second.refusal(body(wallet.answer(read, tokens))) == "KB_NONCE"
    household = {**wallet.show(read), "household": tokens["household"]}
    assert second.refusal(body(wallet.answer(read, household))) == "DEVICE_SIGNATURE"


def test_what_was_shown_under_one_name_is_not_accepted_under_another(wallet: ForeignWallet) -> None:
    """The verifier itself asks under two names: proofs are bound to the one that asked (OpenID4VP 1.0 14.8)."""
    first, second = (Desk(prefix=one).ask(sealed=False) for one in ("x509_hash", "x509_san_dns"))
    read = resolved(wallet, second)
    under_the_other = Resolved(
        parameters={**read.parameters, "client_id": first.client_id}, client=read.client, version=read.version
    )
    assert second.refusal(body(wallet.answer(read, wallet.show(under_the_other)))) == "KB_AUDIENCE"


def test_a_sealed_answer_to_a_request_that_names_no_key_is_refused(wallet: ForeignWallet) -> None:
    sealed, opened = (Desk(prefix="x509_hash").ask(sealed=one) for one in (True, False))
    read = resolved(wallet, sealed)
    assert opened.refusal(body(wallet.answer(read, wallet.show(read)))) == "ANSWER_SEALED"


# -- what a foreign wallet refuses of ours -----------------------------------------------------------------------------


def test_a_foreign_wallet_refuses_our_request_after_it_was_changed(wallet: ForeignWallet) -> None:
    asked = Desk(prefix="x509_hash").ask()
    head, payload, signature = asked.object().split(".")
    _, of_another, and_its_signature = Desk(prefix="x509_hash").ask().object().split(".")

    def refusal(changed: str) -> str:
        with pytest.raises(Refused) as refused:
            wallet.resolve(asked.link(), lambda _: changed)
        return str(refused.value)

    assert "Error during verification of jwt" in refusal(f"{head}.{of_another}.{signature}")
    assert "Error during verification of jwt" in refusal(f"{head}.{payload}.{and_its_signature}")


def _link(parameters: Mapping[str, str]) -> str:
    return "openid4vp://?" + urlencode(parameters, quote_via=quote)
