"""A wallet under attack: what is asked to learn more than is agreed to, and answers that are taken elsewhere."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from eigendata.crypto.access import make_access_certificate
from eigendata.crypto.jwe import ContentEncryption, Recipient, decrypt, encrypt, parse_jwe
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import Json, b64url_encode, json_object
from eigendata.errors import Declined, EigendataError, Malformed, Reason, Rejected, Trail
from eigendata.openid import vp
from eigendata.openid.client_id import of_certificate
from eigendata.openid.request_object import parse_request_object, sign_request_object
from eigendata.query import Request
from eigendata.registers.catalogue import PERSOON
from eigendata.wallet import LEAST, Wallet
from tests.negatives import negative
from tests.unit.openid.corporation import (
    CLIENTS,
    HOST,
    KNOWN,
    NAME,
    ONCE,
    ROOT,
    ROOT_KEY,
    URI,
    Asked,
    believed,
    sent,
    to_seal,
)
from tests.unit.wallet.town import NOW, asked, collected

QUERY: Mapping[str, Json] = {"credentials": [asked(PERSOON, "family_name")]}


@pytest.fixture
def wallet(tmp_path: Path) -> Iterator[Wallet]:
    with Wallet.create(tmp_path / "vault", "een lange zin voor een test", cost=LEAST) as wallet:
        collected(wallet)
        yield wallet


# -- what a request could find out ------------------------------------------------------------------------------------


def valued(*values: Json) -> dict[str, Json]:
    return {"credentials": [{**asked(PERSOON), "claims": [{"path": ["birthdate"], "values": list(values)}]}]}


def days(count: int, *, beside: str) -> list[Json]:
    every = (f"{year}-{month:02}-{day:02}" for year in range(1950, 2020) for month in range(1, 13) for day in (1, 2))
    return [day for day, _ in zip((one for one in every if one != beside), range(count), strict=False)]


@negative("NEG-VP-WALLET-020")
def test_a_list_of_every_birth_date_is_no_question() -> None:
    with pytest.raises(Malformed):
        Asked(query=valued(*days(1000, beside=""))).received()
    Asked(query=valued(*days(100, beside=""))).received()


@negative("NEG-VP-WALLET-020", "NEG-VP-WALLET-021")
def test_what_did_not_match_is_told_to_nobody(wallet: Wallet, tmp_path: Path) -> None:
    """No card at all, a card that says another thing, and a person who says no: the verifier hears the same of each."""
    matching = Asked(query=valued("1990-04-03")).received()
    wallet.consider(matching, at=NOW, verifiers=KNOWN)  # and to say yes is up to a person
    told = set()
    with Wallet.create(tmp_path / "empty", "een lange zin voor een test", cost=LEAST) as empty:
        for one, asking in ((empty, matching), (wallet, Asked(query=valued("1990-04-04")).received())):
            with pytest.raises(Declined) as caught:
                one.consider(asking, at=NOW, verifiers=KNOWN)
            told.add((caught.value.reason, str(caught.value), vp.error_form("access_denied", asking)))
    assert {reason for reason, _, _ in told} == {Reason.NOTHING_FITS}
    assert len(told) == 1
    assert {form for _, _, form in told} == {vp.error_form("access_denied", matching)}


@negative("NEG-VP-WALLET-020")
@pytest.mark.cost
@pytest.mark.parametrize("last", ["1990-04-03", "0"], ids=["fits", "fits not"])
def test_as_many_values_as_there_may_be_cost_next_to_nothing_whether_one_fits_or_none(
    last: str, wallet: Wallet
) -> None:
    request = Asked(query=valued(*days(99, beside="1990-04-03"), last)).received()
    spent = []
    for _ in range(10):
        began = time.process_time()
        with contextlib.suppress(Declined):
            wallet.consider(request, at=NOW, verifiers=KNOWN)
        spent.append(time.process_time() - began)
    assert min(spent) < 0.02


# -- copies, and who sees them ----------------------------------------------------------------------------------------


@negative("NEG-VP-WALLET-024")
def test_a_verifier_sees_the_same_copy_whatever_it_calls_itself_and_another_one_never(wallet: Wallet) -> None:
    renewed_key = SoftwareKey.generate(Algorithm.ES256)
    renewed = make_access_certificate(
        renewed_key.public_key, name=NAME, dns_names=[HOST], authority=ROOT, authority_key=ROOT_KEY, at=NOW
    )
    client = str(of_certificate(renewed))
    token = sign_request_object(
        {**Asked(query=QUERY).parameters(), "client_id": client},
        renewed_key,
        chain=[renewed],
        wallet_nonce=None,
        at=NOW,
    )
    invitation = vp.parse_invitation(vp.reference_link(client, URI, post=False).encode())
    of_renewed = invitation.receive(token, trust=KNOWN, wallet_nonce=None, at=NOW)
    seen = [holder(wallet, Asked(query=QUERY, client=client).received()) for client in ("hash", "name", "did")]
    seen.append(holder(wallet, of_renewed))
    assert seen[0] == seen[1] == seen[3]
    assert seen[2] != seen[0]  # another entry of the trust file: whether it is the same one is not known
    unsigned = Asked(query=QUERY, client="unsigned").received()
    assert holder(wallet, unsigned) not in seen
    with pytest.raises(Declined) as caught:  # there were three copies, and none is shown to a fourth
        sent(wallet, replace(unsigned, asker=replace(unsigned.asker, party=replace(unsigned.asker.party, id="fourth"))))
    assert caught.value.reason is Reason.NOTHING_FITS


def holder(wallet: Wallet, request: Request) -> object:
    return believed(sent(wallet, request), request)["persoon"].holder


# -- answers that are taken elsewhere ---------------------------------------------------------------------------------


def test_an_answer_to_one_request_verifies_for_no_other(wallet: Wallet) -> None:
    """Law 9: for verifier A and transaction T, and for no (B, T), (A, T') or (B, T')."""
    asking = [
        Asked(query=QUERY, client=client, keys=keys, changes={"nonce": nonce * 32}).received()
        for client in ("hash", "name", "unsigned")
        for keys in ((), (to_seal(),))
        for nonce in "ab"
    ]
    forms = [sent(wallet, request) for request in asking]
    for mine, form in enumerate(forms):
        assert believed(form, asking[mine])
        for other, request in enumerate(asking):
            if other != mine:
                with pytest.raises(Rejected) as caught:
                    believed(form, request)
                assert caught.value.reason in (Reason.KEY_BINDING_INVALID, Reason.REQUEST_INVALID)


def test_an_answer_is_sealed_to_the_key_of_its_request_alone(wallet: Wallet) -> None:
    request = Asked(query=QUERY).received()
    form = sent(wallet, request)
    another = SoftwareKey.generate(Algorithm.ES256)
    with pytest.raises(Rejected) as caught:
        vp.parse_answer(form, request, key=another)
    assert caught.value.reason is Reason.REQUEST_INVALID
    for spoiled in (form.replace(b"response=", b"vp_token="), form + b"&vp_token=%7B%7D", form + b"&response=x"):
        with pytest.raises((Malformed, Rejected)):
            vp.parse_answer(spoiled, request, key=ONCE)


# -- what is kept, logged and shown -----------------------------------------------------------------------------------


def test_nothing_on_the_way_tells_what_is_asked_or_answered(wallet: Wallet) -> None:
    """Law 12: what a log would get of a request and its answer holds no claim, nonce, state or key."""
    asking = Asked(query=QUERY, changes={"state": "state-of-this-one"})
    invitation = vp.parse_invitation(asking.link())
    request = asking.received()
    answer = wallet.disclose(wallet.consider(request, at=NOW, verifiers=KNOWN).accept(), at=NOW)
    form = vp.answer_form(answer, request)
    token = parse_jwe(vp.read_form(form)["response"].encode())
    unread = parse_request_object(asking.object())
    read = unread.verify(CLIENTS["hash"], trust=KNOWN, wallet_nonce=None, at=NOW)
    shown = " ".join(map(repr, (invitation, unread, read, request, answer, token)))
    for secret in ("van den Berg", "state-of-this-one", request.binding.nonce, "eyJhbGciOi"):
        assert secret not in shown
    for unverified in (unread, invitation):
        assert "family_name" not in repr(unverified)
    for error in refusals():
        assert not any(part in str(error) for part in (request.binding.nonce, "van den Berg", "eyJ", HOST))


def refusals() -> Iterator[EigendataError]:
    """What goes wrong with requests and answers, each with something personal or secret in it."""
    spoiled: tuple[Mapping[str, Json], ...] = (
        {"nonce": "van den Berg"},
        {"state": "van den Berg"},
        {"response_uri": "http://van den Berg"},
        {"client_metadata": "van den Berg"},
        {"dcql_query": {"credentials": [{"id": "van den Berg"}]}},
        {"transaction_data": ["van den Berg"]},
        {"verifier_info": [{"format": "van den Berg"}]},
        {"response_mode": "van den Berg"},
        {"aud": "van den Berg"},
    )
    for changes in spoiled:
        try:
            Asked(query=QUERY, changes=changes).received()
        except EigendataError as error:
            yield error
    request = Asked(query=QUERY, keys=(), changes={"state": "s" * 32}).received()
    for form in (b"vp_token=van+den+Berg&state=" + b"s" * 32, b"vp_token=%7B%22van den Berg", b"state=van+den+Berg"):
        try:
            vp.parse_answer(form, request)
        except EigendataError as error:
            yield error


# -- sealed answers of others -----------------------------------------------------------------------------------------

SPEC_KEY = "Et-3ce0omz8_TuZ96Df9lp0GAaaDoUnDe6X-CRO7Aww"
SPEC_TOKEN = (
    "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTEyOEdDTSIsImtpZCI6ImFjIiwiZXBrIjp7Imt0eSI6IkVDIiwieCI6Im5ubVZwbTNWM2piaGNhZlFhUkJr"
    "U1ZOSGx3Wkh3dC05ck9wSnVmeVlJdWsiLCJ5IjoicjRmakRxd0p5czlxVU9QLV9iM21SNVNaRy0tQ3dPMm1pYzVWU05UWU45ZyIsImNydiI6IlAtMjU2"
    "In19..uAYcHRUSSn2X0WPX.yVzlGSYG4qbg0bq18JcUiDRw56yVnbKR8E7S7YlEtzT00RqE3Pw5oTpUG3hdLN4taHZ9gC1kwak8JOnJgQ.1wR024_3-q"
    "tAlx1oFIUpQQ"
)


def test_the_sealed_answer_of_the_specification_opens() -> None:
    """OpenID4VP 1.0 section 8.3."""
    from eigendata.encoding import b64url_decode

    key = SoftwareKey.from_secret(Algorithm.ES256, b64url_decode(SPEC_KEY))
    assert b64url_encode(b64url_decode(key.public_key.jwk()["x"])) == "YO4epjifD-KWeq1sL2tNmm36BhXnkJ0He-WqMYrp9Fk"
    opened = decrypt(parse_jwe(SPEC_TOKEN.encode()), key, kid="ac", encryptions=tuple(ContentEncryption), trail=Trail())
    assert json_object(opened) == {"vp_token": {"example_credential_id": ["eyJhb...YMetA"]}}


@negative("NEG-JWE-006")
def test_what_a_wallet_states_as_the_parties_changes_nothing_but_the_key(wallet: Wallet) -> None:
    """`apu` and `apv` are part of the key's derivation and of nothing else: nonce and audience bind the session."""
    request = Asked(query=QUERY).received()
    payload = vp.answer_file(wallet.disclose(wallet.consider(request, at=NOW).accept(), at=NOW), request)
    assert request.encryption is not None
    to = Recipient(ONCE.public_key, "once")
    for party_u, party_v in ((b"wallet", b""), (b"", b"verifier"), (b"\x00" * 64, b"another request's nonce")):
        token = encrypt(payload, to, encryption=ContentEncryption.A256GCM, party_u=party_u, party_v=party_v)
        assert believed(b"response=" + token, request)
