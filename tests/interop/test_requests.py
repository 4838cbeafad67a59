"""Requests of OpenID4VP as two wallets read them: ours, and that of @openid4vc/openid4vp.

Where it differs from ours, the case stands in `protocol_deviations.py` by name, and in docs/explanation/peers.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import pytest

from tests.interop.broken_requests import BROKEN, NONCE_OF_WALLET, UNUSUAL, Asking
from tests.interop.deviations import of, rows
from tests.interop.mdocs import Oracles
from tests.interop.oracles import Refused
from tests.interop.protocol_deviations import OPENID4VP, REQUESTS_ACCEPTED, REQUESTS_REFUSED
from tests.interop.town import Desk, holder
from tests.interop.wallets import ForeignWallet, Order
from tests.world import FORMAT, MDOC

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "peers.md"


@pytest.fixture(scope="module")
def wallet(oracle: Oracles) -> ForeignWallet:
    return ForeignWallet.of(oracle, holder(FORMAT), holder(MDOC))


def refusal(wallet: ForeignWallet, one: Asking) -> str:
    """Give the words in which the library refuses a request, until it has made an answer; empty: it accepts."""
    try:
        read = wallet.resolve(one.link, lambda _: one.object or "", nonce=one.posted)
        if "dcql_query" in read.parameters:
            wallet.answer(read, wallet.show(read))
    except Refused as refused:
        return str(refused)
    return ""


_WORDS: Final[Mapping[str, str]] = {
    "REQUEST_SIGNATURE": "Error during verification of jwt",
    "REQUEST_CERTIFICATE": "client_id does not match|san dns names",
    "REQUEST_CLIENT": "client_id does not match",
    "CLIENT_PREFIX": "Unsupported client_id|signer method",
    "REQUEST_RESPONSE_HOST": "fully qualified domain name",
    "OWN_RESPONSE_URI": "MUST match the response_uri",
    "UNSIGNED_BY_VALUE": "requires a signed JAR|signer method",
    "REQUEST_KEY_NAMED": "signer method",
    "REQUEST_TYP": "typ header",
    "REQUEST_IN_TIME": "'exp' is in the past|'nbf' is in the future",
    "REQUEST_WALLET_NONCE": "wallet_nonce",
    "Malformed": "MUST be|Missing|[Mm]ust be|cannot both|Could not parse|ValiError|DcqlError|Exactly one|schema",
}
"""By what we refuse -> what the library's refusal speaks of."""


@pytest.mark.parametrize("case", BROKEN)
def test_a_request_that_breaks_a_rule_is_refused_by_us_and_by_them_but_for_the_named(
    wallet: ForeignWallet, case: str
) -> None:
    make, by_us = BROKEN[case]
    one = make()
    assert one.refusal() == by_us
    said = refusal(wallet, one)
    assert bool(said) is not (OPENID4VP.name in of(REQUESTS_ACCEPTED, case))
    assert not said or re.search(_WORDS[by_us], said)


@pytest.mark.parametrize("case", UNUSUAL)
def test_a_request_that_is_unusual_is_read_by_us_and_by_them_but_for_the_named(
    wallet: ForeignWallet, case: str
) -> None:
    one = UNUSUAL[case]()
    assert one.refusal() == ""
    said = refusal(wallet, one)
    words = [deviation.words[OPENID4VP.name] for deviation in REQUESTS_REFUSED if case in deviation.cases]
    assert bool(said) is bool(words)
    assert all(re.search(one, said) for one in words)


def test_the_library_posts_no_nonce_and_its_metadata_under_no_name(wallet: ForeignWallet) -> None:
    """OpenID4VP 1.0 5.10 has `wallet_nonce` and `wallet_metadata`; the library wants the nonce back all the same."""
    asked = Desk(prefix="x509_hash").ask()
    ordered: list[Order] = []

    def fetch(order: Order) -> str:
        ordered.append(order)
        return asked.object(NONCE_OF_WALLET)

    metadata: dict[str, Any] = {"vp_formats_supported": {"dc+sd-jwt": {}}}
    read = wallet.resolve(asked.link(post=True), fetch, nonce=NONCE_OF_WALLET, metadata=metadata, posts_its_nonce=False)
    (order,) = ordered
    assert order.method == "POST"
    assert parse_qs(order.body) == {"vp_formats_supported": ['{"dc+sd-jwt":{}}']}
    assert read.parameters["wallet_nonce"] == NONCE_OF_WALLET


# -- the tables --------------------------------------------------------------------------------------------------------


def test_every_case_of_the_tables_is_tried() -> None:
    assert {case for one in REQUESTS_ACCEPTED for case in one.cases} <= BROKEN.keys()
    assert {case for one in REQUESTS_REFUSED for case in one.cases} <= UNUSUAL.keys()


def test_the_page_about_the_peers_holds_the_tables() -> None:
    page = PAGE.read_text("utf-8")
    assert rows(REQUESTS_ACCEPTED, "who accepts") in page
    assert rows(REQUESTS_REFUSED, "who refuses") in page
