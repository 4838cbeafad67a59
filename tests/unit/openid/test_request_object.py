"""A signed request: nothing of it counts before it is known who signed it, for whom, when and in answer to what."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigendata.crypto.access import make_access_certificate
from eigendata.crypto.jose import sign_jws
from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.crypto.x509 import Leaf, make_authority, verify_chain
from eigendata.encoding import Json, json_dumps
from eigendata.errors import Check, Malformed, Misuse, Outcome, Reason, Rejected
from eigendata.model import Party
from eigendata.openid import request_object
from eigendata.openid.client_id import ClientId, Prefix, of_certificate, of_dns_name, parse_client_id
from eigendata.openid.request_object import (
    AUDIENCE,
    CHECKS,
    LIFETIME,
    MAX_REQUEST_OBJECT,
    TYP,
    SignedRequest,
    parse_request_object,
    sign_request_object,
)
from tests.negatives import negative

NOW = datetime(2026, 11, 23, 11, tzinfo=UTC)
MOMENT = int(NOW.timestamp())
ROOT_KEY = SoftwareKey.generate(Algorithm.ES256)
ROOT = make_authority("Access certificates", ROOT_KEY, at=NOW)
KEY = SoftwareKey.generate(Algorithm.ES256)
OTHERS_KEY = SoftwareKey.generate(Algorithm.ES256)
HOST = "wonen.corporation.example"
LEAF = make_access_certificate(
    KEY.public_key, name="Woonstichting", dns_names=[HOST], authority=ROOT, authority_key=ROOT_KEY, at=NOW
)
OTHERS_LEAF = make_access_certificate(
    OTHERS_KEY.public_key, name="Other", dns_names=["other.example"], authority=ROOT, authority_key=ROOT_KEY, at=NOW
)
PARTY = Party(id=HOST, name="Woonstichting de Wijk")
DID = "did:web:corporation.example"
BY_HASH, BY_NAME = of_certificate(LEAF), of_dns_name(HOST)
BY_DID = ClientId(prefix=Prefix.DECENTRALIZED_IDENTIFIER, name=DID)
METHOD = f"{DID}#key-1"
NONCE = "the wallet's own"


class Known:
    """A trust source that knows one authority and one DID."""

    def certified_verifier(self, chain: Sequence[bytes], /, *, named: str | None, at: datetime) -> tuple[Party, Leaf]:
        leaf = verify_chain(tuple(chain), (ROOT,), at=at)
        assert named in (None, HOST)
        return replace(PARTY, id=leaf.dns_names[0]), leaf

    def did_verifier(self, controller: str, method: str, /, *, at: datetime) -> tuple[Party, PublicKey]:
        assert (controller, method) == (DID, METHOD)
        return Party(id=DID, name=PARTY.name), KEY.public_key


def parameters(client: ClientId = BY_HASH) -> dict[str, Json]:
    return {"client_id": str(client), "response_uri": f"https://{HOST}/answer", "nonce": "n-0S6"}


def signed(client: ClientId = BY_HASH, *, wallet_nonce: str | None = None, at: datetime = NOW) -> bytes:
    how: dict[str, Any] = {"method": METHOD} if client == BY_DID else {"chain": [LEAF]}
    return sign_request_object(parameters(client), KEY, wallet_nonce=wallet_nonce, at=at, **how)


def forged(
    header: Mapping[str, Any] | None = None,
    claims: Mapping[str, Any] | None = None,
    *,
    client: ClientId = BY_HASH,
    key: SoftwareKey = KEY,
) -> bytes:
    """One that is good but for what is said here; None takes a member out."""
    good_header = {"typ": TYP, "x5c": [base64.b64encode(LEAF).decode()]}
    good_claims = {**parameters(client), "aud": AUDIENCE, "iat": MOMENT, "exp": MOMENT + 60}
    return sign_jws(_changed(good_header, header), json_dumps(_changed(good_claims, claims)), key)


def _changed(good: Mapping[str, Any], changes: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in {**good, **(changes or {})}.items() if value is not None}


def verified(token: bytes, client: ClientId = BY_HASH, **more: Any) -> SignedRequest:
    given: dict[str, Any] = {"trust": Known(), "wallet_nonce": None, "at": NOW, **more}
    return parse_request_object(token).verify(client, **given)


@pytest.mark.parametrize("client", [BY_HASH, BY_NAME, BY_DID], ids=["hash", "name", "did"])
def test_what_a_verifier_signs_a_wallet_believes(client: ClientId) -> None:
    read = verified(signed(client), client)
    assert read.client_id == client
    assert read.asker.name == PARTY.name
    assert {name: read.parameters[name] for name in parameters(client)} == parameters(client)
    assert [step.check for step in read.trail] == list(CHECKS)
    skipped = {step.check.name for step in read.trail if step.outcome is not Outcome.PASSED}
    of_host, of_did = {"REQUEST_RESPONSE_HOST"}, {"REQUEST_CERTIFICATE", "REQUEST_RESPONSE_HOST"}
    assert skipped == {BY_HASH: of_host, BY_NAME: set(), BY_DID: of_did}[client]


OTHERS = {"x5c": [base64.b64encode(OTHERS_LEAF).decode()]}
BREAKS: list[tuple[str, bytes, ClientId]] = [
    # NEG-VP-WALLET-015
    ("REQUEST_TYP", forged({"typ": None}), BY_HASH),
    ("REQUEST_TYP", forged({"typ": "JWT"}), BY_HASH),
    ("REQUEST_TYP", forged({"typ": "oauth-authz-req"}), BY_HASH),
    ("REQUEST_SIGNABLE", forged(), parse_client_id(f"redirect_uri:https://{HOST}/answer")),
    ("REQUEST_KEY_NAMED", forged({"x5c": None, "kid": METHOD}), BY_HASH),
    ("REQUEST_KEY_NAMED", forged({"x5c": None, "jwk": dict(KEY.public_key.jwk())}), BY_HASH),
    ("REQUEST_KEY_NAMED", forged({"kid": METHOD}, client=BY_DID), BY_DID),  # both ways at once
    ("REQUEST_KEY_NAMED", forged({"x5c": None}, client=BY_DID), BY_DID),
    ("REQUEST_KEY_NAMED", forged({"x5c": None, "kid": DID}, client=BY_DID), BY_DID),
    ("REQUEST_KEY_NAMED", forged({"x5c": None, "kid": "key-1"}, client=BY_DID), BY_DID),
    ("REQUEST_KEY_NAMED", forged({"x5c": None, "kid": "did:web:other.example#key-1"}, client=BY_DID), BY_DID),
    ("REQUEST_KEY_NAMED", forged({"x5c": None, "kid": 7}, client=BY_DID), BY_DID),
    # NEG-VP-WALLET-005: the certificate of another, rightly signed with the other's key
    ("REQUEST_CERTIFICATE", forged(OTHERS, key=OTHERS_KEY), BY_HASH),
    ("REQUEST_CERTIFICATE", forged(OTHERS, client=BY_NAME, key=OTHERS_KEY), BY_NAME),
    ("REQUEST_CERTIFICATE", forged(client=of_dns_name("example.example")), of_dns_name("example.example")),
    ("REQUEST_SIGNATURE", forged(key=OTHERS_KEY), BY_HASH),
    ("REQUEST_SIGNATURE", forged({"x5c": None, "kid": "#key-1"}, client=BY_DID, key=OTHERS_KEY), BY_DID),
    # NEG-VP-WALLET-002
    ("REQUEST_CLIENT", forged(client=BY_NAME), BY_HASH),
    ("REQUEST_CLIENT", forged(claims={"client_id": BY_HASH.name}), BY_HASH),
    ("REQUEST_CLIENT", forged(claims={"client_id": None, "iss": str(BY_HASH)}), BY_HASH),
    ("REQUEST_AUDIENCE", forged(claims={"aud": None}), BY_HASH),
    ("REQUEST_AUDIENCE", forged(claims={"aud": "https://self-issued.me/v2/"}), BY_HASH),
    ("REQUEST_AUDIENCE", forged(claims={"aud": [AUDIENCE, "https://other.example"]}), BY_HASH),
    ("REQUEST_IN_TIME", forged(claims={"exp": MOMENT}), BY_HASH),
    ("REQUEST_IN_TIME", forged(claims={"exp": MOMENT - 0.5}), BY_HASH),
    ("REQUEST_IN_TIME", forged(claims={"iat": MOMENT + 60.5}), BY_HASH),
    ("REQUEST_IN_TIME", forged(claims={"iat": MOMENT + 61}), BY_HASH),
    ("REQUEST_IN_TIME", forged(claims={"nbf": MOMENT + 61}), BY_HASH),
    # NEG-VP-WALLET-004
    ("REQUEST_RESPONSE_HOST", forged(claims={"response_uri": "https://x.example/"}, client=BY_NAME), BY_NAME),
    ("REQUEST_RESPONSE_HOST", forged(claims={"response_uri": f"https://{HOST}.x.example/"}, client=BY_NAME), BY_NAME),
    ("REQUEST_RESPONSE_HOST", forged(claims={"response_uri": "https://[::1/"}, client=BY_NAME), BY_NAME),
    ("REQUEST_RESPONSE_HOST", forged(claims={"response_uri": 7}, client=BY_NAME), BY_NAME),
]


@negative("NEG-VP-WALLET-001", "NEG-VP-WALLET-002", "NEG-VP-WALLET-004", "NEG-VP-WALLET-005", "NEG-VP-WALLET-015")
@pytest.mark.parametrize(("name", "token", "client"), BREAKS, ids=[name for name, _, _ in BREAKS])
def test_what_breaks_one_check_is_rejected_by_it_after_all_before_it_held(
    name: str, token: bytes, client: ClientId
) -> None:
    check: Check = getattr(request_object, name)
    with pytest.raises(Rejected) as refused:
        verified(token, client)
    assert (refused.value.check, refused.value.reason) == (check, Reason.REQUEST_INVALID)
    assert tuple(step.check for step in refused.value.trail) == CHECKS[: CHECKS.index(check)]


@negative("NEG-SDJWTVC-003")
@pytest.mark.parametrize(
    "typ",
    [
        *("dc+sd-jwt", "vc+sd-jwt", "kb+jwt", "statuslist+jwt", "openid4vci-proof+jwt", "key-attestation+jwt"),
        *("jwt", "JWT", "oauth-authz-req", "oauth-authz-req+jwt+jwt", ""),
    ],
)
def test_a_token_of_another_kind_is_no_request(typ: str) -> None:
    with pytest.raises(Rejected) as refused:
        verified(forged({"typ": typ}))
    assert (refused.value.check, refused.value.trail) == (request_object.REQUEST_TYP, ())


def test_every_check_is_broken_by_a_case_of_its_own() -> None:
    assert {name for name, _, _ in BREAKS} | {"REQUEST_WALLET_NONCE"} == {check.name for check in CHECKS}


def test_a_wallet_that_sent_a_nonce_wants_it_back() -> None:
    assert verified(signed(wallet_nonce=NONCE), wallet_nonce=NONCE).parameters["wallet_nonce"] == NONCE
    verified(signed(wallet_nonce=NONCE))  # one that it did not send says nothing
    for token in (signed(), signed(wallet_nonce="another")):
        with pytest.raises(Rejected) as refused:
            verified(token, wallet_nonce=NONCE)
        assert refused.value.check == request_object.REQUEST_WALLET_NONCE


def test_who_the_trust_does_not_know_has_no_request() -> None:
    key = SoftwareKey.generate(Algorithm.ES256)
    root = make_authority("Another authority", key, at=NOW)
    leaf = make_access_certificate(
        KEY.public_key, name="W", dns_names=[HOST], authority=root, authority_key=key, at=NOW
    )
    client = of_certificate(leaf)
    token = forged({"x5c": [base64.b64encode(leaf).decode()]}, client=client)
    with pytest.raises(Rejected) as refused:
        verified(token, client)
    assert refused.value.check.name == "X509_PATH"


def test_a_request_is_used_within_its_time() -> None:
    token = signed()
    last = NOW + LIFETIME - timedelta(microseconds=1)
    for moment in (NOW - timedelta(seconds=60), NOW, last):
        verified(token, at=moment)
    for moment in (NOW - timedelta(seconds=61), NOW + LIFETIME):
        with pytest.raises(Rejected):
            verified(token, at=moment)
    verified(forged(claims={"iat": None, "exp": None}))  # it need not say


@negative("NEG-VP-WALLET-016")
def test_nothing_outside_the_object_adds_to_it() -> None:
    # `verify` is given the client identifier and nothing else of what stood outside
    assert verified(forged(claims={"response_uri": f"https://{HOST}/inside"})).parameters["response_uri"] == (
        f"https://{HOST}/inside"
    )


@given(data=st.data())
def test_a_flipped_bit_is_never_accepted(data: st.DataObject) -> None:
    token = bytearray(signed())
    token[data.draw(st.integers(0, len(token) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((Malformed, Rejected)):
        verified(bytes(token))


@pytest.mark.parametrize(
    "token",
    [
        b"",
        b"eyJ.eyJ.x",
        sign_jws({"typ": TYP}, b"[]", KEY),
        sign_jws({"typ": TYP}, b'{"a":1,"a":2}', KEY),
        forged(claims={"request": "eyJ"}),
        forged(claims={"request_uri": "https://x.example"}),
        forged(claims={"iat": "today"}),
        forged(claims={"exp": True}),
        forged(claims={"nbf": -1}),
        forged(claims={"exp": 1e300}),
        forged(claims={"purpose": "x" * MAX_REQUEST_OBJECT}),
        forged({"crit": ["x"]}),
    ],
    ids=lambda _: "token",
)
def test_what_is_no_request_object_is_malformed(token: bytes) -> None:
    with pytest.raises(Malformed):
        parse_request_object(token)


def test_nothing_can_be_read_before_it_was_verified() -> None:
    unverified = parse_request_object(signed())
    assert [name for name in dir(unverified) if not name.startswith("_")] == ["verify"]
    assert repr(unverified) == "<an unverified request object>"


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(Misuse):
        verified(signed(), at=datetime(2026, 11, 23))  # noqa: DTZ001
    with pytest.raises(Misuse):
        signed(at=datetime(2026, 11, 23))  # noqa: DTZ001


@pytest.mark.parametrize("how", [{}, {"chain": [LEAF], "method": METHOD}])
def test_a_key_is_named_in_one_way(how: dict[str, Any]) -> None:
    with pytest.raises(Misuse):
        sign_request_object(parameters(), KEY, wallet_nonce=None, at=NOW, **how)
