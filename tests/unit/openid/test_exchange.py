"""A wallet over HTTP: whom it speaks to, what it says, and what it does with what comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from eigendata.encoding import json_dumps
from eigendata.errors import Declined, Malformed, Rejected, Unavailable
from eigendata.fetch import NO_REDIRECT, Fetcher
from eigendata.openid import exchange, vp
from eigendata.openid.haip import HAIP_1_0, HAIP_REFERENCE, HAIP_SEALED
from eigendata.query import Query, Request, parse_query
from eigendata.registers.catalogue import BSN, PERSOON
from eigendata.wallet import LEAST, Wallet, bookkeeping
from tests.negatives import negative
from tests.unit.openid.desk import KNOWN, NAME, Desk, Reply, a_desk
from tests.unit.wallet.town import NOW, asked, collected

PASSPHRASE = "vijf woorden die niemand raadt"
QUERY: Query = parse_query({"credentials": [asked(PERSOON, "family_name")]})
FETCHER = Fetcher(allow_loopback_http=True, timeout=60.0, read_timeout=30.0)


@pytest.fixture(scope="module")
def desk_of_module() -> Iterator[Desk]:
    with a_desk() as desk:
        yield desk


@pytest.fixture
def desk(desk_of_module: Desk) -> Desk:
    one = desk_of_module
    one.changes, one.replies, one.redirect_uri, one.gone = {}, [], None, False
    one.seen.clear()
    one.disclosures.clear()
    return one


@pytest.fixture
def wallet(tmp_path: Path) -> Iterator[Wallet]:
    with Wallet.create(tmp_path / "aisha.vault", PASSPHRASE, cost=LEAST) as wallet:
        collected(wallet, PERSOON)
        yield wallet


def received(link: str, **changes: Any) -> Request:
    told: dict[str, Any] = {"fetcher": FETCHER, "trust": KNOWN, "profile": None, "at": NOW, **changes}
    return exchange.receive(link.encode(), **told)


def answered(wallet: Wallet, request: Request) -> exchange.Outcome:
    consent = wallet.consider(request, at=NOW).accept()
    return exchange.answer(wallet, consent, fetcher=FETCHER, at=NOW)


# -- a request that is fetched ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("post", [True, False], ids=["post", "get"])
@pytest.mark.parametrize("profile", [None, HAIP_1_0], ids=["openid4vp", "haip"])
def test_a_link_leads_to_a_request_by_who_proves_to_ask(desk: Desk, wallet: Wallet, post: bool, profile: Any) -> None:
    request = received(desk.ask(QUERY, post=post), profile=profile)
    assert (request.asker.party.name, request.asker.proven) == (NAME, True)
    assert [one.method for one in desk.seen] == ["POST" if post else "GET"]
    assert answered(wallet, request) == exchange.Outcome(redirect_uri=None)
    (disclosure,) = desk.disclosures
    assert disclosure["persoon"].claims == {"family_name": "van den Berg"}


def test_an_answer_that_is_not_sealed_is_posted_in_the_open(wallet: Wallet) -> None:
    with a_desk(sealed=False) as desk:
        answered(wallet, received(desk.ask(QUERY)))
    assert len(desk.disclosures) == 1
    assert vp.read_form(desk.posted()[0]).keys() == {"vp_token", "state"}


def test_each_fetch_has_a_nonce_of_its_own(desk: Desk) -> None:
    link = desk.ask(QUERY)
    assert received(link) == received(link)
    nonces = [vp.read_form(one.body)["wallet_nonce"] for one in desk.seen]
    assert len(set(nonces)) == 2
    assert all(len(one) >= 43 for one in nonces)


def test_a_request_by_value_is_answered_without_fetching_anything(wallet: Wallet) -> None:
    with a_desk(sealed=False) as desk:
        request = received(desk.by_value(QUERY))
        assert desk.seen == []
        answered(wallet, request)
    assert len(desk.disclosures) == 1


def test_a_request_that_is_gone_can_be_asked_anew(desk: Desk) -> None:
    link = desk.ask(QUERY)
    desk.gone = True
    with pytest.raises(Unavailable, match="404"):
        received(link)


def test_this_machine_is_not_asked_without_tls_unless_that_was_switched_on(desk: Desk) -> None:
    with pytest.raises(Malformed, match="https"):
        received(desk.ask(QUERY), fetcher=Fetcher())
    assert desk.seen == []


def test_a_profile_is_held_before_anything_is_fetched(desk: Desk) -> None:
    with pytest.raises(Rejected) as refused:
        received(desk.by_value(QUERY), profile=HAIP_1_0)
    assert refused.value.check is HAIP_REFERENCE
    assert desk.seen == []


@negative("NEG-VP-WALLET-018")
def test_a_profile_that_wants_answers_sealed_refuses_others(wallet: Wallet) -> None:
    with a_desk(sealed=False) as desk:
        with pytest.raises(Rejected) as refused:
            received(desk.ask(QUERY), profile=HAIP_1_0)
        assert desk.posted() == []
    assert refused.value.check is HAIP_SEALED


# -- a request that is refused ----------------------------------------------------------------------------------------


@negative("NEG-VP-WALLET-001", "NEG-VP-WALLET-003", "NEG-VP-WALLET-009", "NEG-VP-WALLET-010", "NEG-VP-WALLET-015")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nonce", None),
        ("nonce", "short"),
        ("client_id", "x509_hash:" + "A" * 43),
        ("redirect_uri", "https://eik.example/elsewhere"),
        ("transaction_data", ["eyJ0eXBlIjoieCJ9"]),
        ("response_uri", "https://elsewhere.example@127.0.0.1/answers"),
        ("response_mode", "fragment"),
    ],
    ids=["no-nonce", "short-nonce", "client", "redirect", "transaction-data", "user-in-uri", "mode"],
)
def test_a_verifier_hears_nothing_of_a_request_that_is_refused(desk: Desk, name: str, value: Any) -> None:
    link = desk.ask(QUERY)
    desk.changes = {name: value}
    with pytest.raises((Malformed, Rejected)):
        received(link)
    assert desk.posted() == []
    assert len(desk.seen) == 1


@negative("NEG-VP-WALLET-007")
def test_nothing_leaves_before_its_holder_agrees(desk: Desk, wallet: Wallet) -> None:
    wallet.consider(received(desk.ask(QUERY)), at=NOW)
    assert desk.posted() == []
    assert wallet.deliveries(at=NOW) == ()


@negative("NEG-VP-WALLET-021")
def test_a_verifier_hears_the_same_whatever_the_reason_is_that_there_is_no_answer(desk: Desk, wallet: Wallet) -> None:
    held = received(desk.ask(QUERY))
    assert wallet.consider(held, at=NOW).offered
    exchange.decline(held, fetcher=FETCHER)
    missing = received(desk.ask(parse_query({"credentials": [asked(BSN, "bsn")]})))
    with pytest.raises(Declined):
        wallet.consider(missing, at=NOW)
    exchange.decline(missing, fetcher=FETCHER)
    forms = [vp.read_form(one) for one in desk.posted()]
    assert [one | {"state": ""} for one in forms] == [{"error": "access_denied", "state": ""}] * 2


# -- on its way -------------------------------------------------------------------------------------------------------


@negative("NEG-VP-WALLET-023")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_an_answer_is_never_sent_on_to_where_a_server_points(desk: Desk, wallet: Wallet, status: int) -> None:
    with a_desk() as elsewhere:
        desk.replies = [Reply(status, b"", {"Location": f"{elsewhere.url}/answers"})]
        with pytest.raises(Rejected) as refused:
            answered(wallet, received(desk.ask(QUERY)))
        assert elsewhere.seen == []
    assert refused.value.check is NO_REDIRECT
    assert len(desk.posted()) == 1
    assert len(wallet.deliveries(at=NOW)) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_what_did_not_arrive_is_sent_again_byte_for_byte(desk: Desk, wallet: Wallet, status: int) -> None:
    copies = [one.copies for one in wallet.cards()]
    desk.replies = [Reply(status, b"")]
    with pytest.raises(Unavailable):
        answered(wallet, received(desk.ask(QUERY)))
    (waiting,) = wallet.deliveries(at=NOW)
    assert (waiting.to, waiting.asker.name) == (desk.request.response_uri, NAME)
    exchange.deliver(wallet, waiting, fetcher=FETCHER)
    first, second = desk.posted()
    assert first == second
    assert len(desk.disclosures) == 1
    assert wallet.deliveries(at=NOW) == ()
    assert [one.copies for one in wallet.cards()] == [one - 1 for one in copies]


def test_who_agrees_again_sends_the_very_same(desk: Desk, wallet: Wallet) -> None:
    link = desk.ask(QUERY)
    desk.replies = [Reply(503, b"")]
    with pytest.raises(Unavailable):
        answered(wallet, received(link))
    answered(wallet, received(link))  # fetched anew, and the same question
    assert len(set(desk.posted())) == 1
    assert len(desk.posted()) == 2


def test_what_waits_is_there_after_the_wallet_was_closed(desk: Desk, wallet: Wallet, tmp_path: Path) -> None:
    desk.replies = [Reply(500, b"")]
    with pytest.raises(Unavailable):
        answered(wallet, received(desk.ask(QUERY)))
    wallet.close()
    with Wallet.open(tmp_path / "aisha.vault", PASSPHRASE) as again:
        (waiting,) = again.deliveries(at=NOW)
        exchange.deliver(again, waiting, fetcher=FETCHER)
    assert len(set(desk.posted())) == 1


def test_what_was_refused_is_not_sent_again(desk: Desk, wallet: Wallet) -> None:
    desk.replies = [Reply(400, b'{"error":"invalid_request"}')]
    with pytest.raises(Rejected) as refused:
        answered(wallet, received(desk.ask(QUERY)))
    assert refused.value.check is exchange.ANSWER_TAKEN
    assert wallet.deliveries(at=NOW) == ()


def test_what_waits_is_forgotten_in_time(desk: Desk, wallet: Wallet) -> None:
    desk.replies = [Reply(500, b"")]
    with pytest.raises(Unavailable):
        answered(wallet, received(desk.ask(QUERY)))
    collected(wallet, PERSOON, at=NOW + bookkeeping.ANSWER_AGE)
    assert len(wallet.deliveries(at=NOW)) == 1
    collected(wallet, PERSOON, at=NOW + bookkeeping.ANSWER_AGE * 2)
    assert wallet.deliveries(at=NOW) == ()


# -- what comes back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/pages/1?response_code=abc", "/pages/1#response_code=abc", "/"])
def test_the_page_to_go_on_at_is_given(desk: Desk, wallet: Wallet, path: str) -> None:
    desk.redirect_uri = desk.url + path
    assert answered(wallet, received(desk.ask(QUERY))).redirect_uri == desk.redirect_uri


@negative("NEG-VP-WALLET-022")
@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "http://elsewhere.example/pages/1",
        "https://elsewhere.example/pages/1",
        "https://127.0.0.1.elsewhere.example/",
        "https://127.0.0.1@elsewhere.example/",
        "https://elsewhere.example#@127.0.0.1/",
        "//127.0.0.1/pages/1",
        "/pages/1",
        "file:///etc/passwd",
        "openid4vp://127.0.0.1/?client_id=x",
        "https://127.0.0.1/a b",
        "https://127.0.0.1/#a\nb",
        "https://127.0.0.1/\u202egpj",
        "https://127.0.0.1/" + "a" * 2048,
        "",
        7,
        ["https://127.0.0.1/"],
    ],
    ids=lambda uri: str(uri)[:24].encode("unicode_escape").decode(),
)
def test_a_page_elsewhere_is_never_gone_to(desk: Desk, wallet: Wallet, uri: Any) -> None:
    desk.replies = [Reply(200, json_dumps({"redirect_uri": uri}))]
    with pytest.raises((Malformed, Rejected)) as refused:
        answered(wallet, received(desk.ask(QUERY)))
    assert not isinstance(refused.value, Rejected) or refused.value.check is exchange.OWN_REDIRECT
    assert wallet.deliveries(at=NOW) == ()  # it was taken: it is not sent again


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"a":1,"a":2}', b"<html>"])
def test_what_comes_back_is_json_or_nothing(desk: Desk, wallet: Wallet, body: bytes) -> None:
    desk.replies = [Reply(200, body)]
    with pytest.raises(Malformed):
        answered(wallet, received(desk.ask(QUERY)))


def test_what_is_not_known_in_it_is_passed_over(desk: Desk, wallet: Wallet) -> None:
    desk.replies = [Reply(200, b'{"presentation_during_issuance_session":"x"}')]
    assert answered(wallet, received(desk.ask(QUERY))).redirect_uri is None


# -- privacy ----------------------------------------------------------------------------------------------------------


@negative("NEG-PRIVACY-005")
def test_a_verifier_hears_nothing_by_which_it_could_know_one_wallet_from_another(desk: Desk, tmp_path: Path) -> None:
    heard: list[dict[str, str]] = []
    for name in ("aisha", "bob"):
        with Wallet.create(tmp_path / f"{name}.vault", PASSPHRASE, cost=LEAST) as wallet:
            collected(wallet, PERSOON)
            desk.replies = [Reply(400, b"{}")]
            with pytest.raises(Rejected):
                answered(wallet, received(desk.ask(QUERY)))
        heard += [{name: value for name, value in one.headers.items() if name != "content-length"} for one in desk.seen]
        desk.seen.clear()
    assert heard[:2] == heard[2:]
    assert not {"user-agent", "accept-language", "cookie", "referer", "from", "via"} & {*heard[0], *heard[1]}
