"""How a wallet comes to a request: what a link says is only where to look, and what is inside is what counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigendata import did
from eigendata.channel import openid4vp_redirect
from eigendata.crypto.access import make_access_certificate
from eigendata.crypto.jwe import ContentEncryption, Recipient, write_recipient
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import make_authority
from eigendata.encoding import Json, json_dumps, json_object
from eigendata.errors import Declined, EigendataError, Malformed, Misuse, Rejected
from eigendata.model import Answer, Party, Presentation
from eigendata.openid import vp
from eigendata.openid.client_id import of_certificate, of_dns_name
from eigendata.openid.request_object import sign_request_object
from eigendata.query import Asker, Encryption, Request, parse_query
from eigendata.trust import Trust, VerifierEntry
from tests.negatives import negative

NOW = datetime(2026, 11, 23, 11, tzinfo=UTC)
HOST = "wonen.corporation.example"
URI = f"https://{HOST}/answer"
FETCHED_FROM = f"https://{HOST}/requests/8a1f"
NONCE = "n-0S6_WzA2Mj.n-0S6~WzA2Mj"
WALLET_NONCE = "qPmxiNFCR3QTm19POc8u"
ROOT_KEY = SoftwareKey.generate(Algorithm.ES256)
ROOT = make_authority("Access certificates", ROOT_KEY, at=NOW)
KEY = SoftwareKey.generate(Algorithm.ES256)
LEAF = make_access_certificate(
    KEY.public_key, name="Woonstichting", dns_names=[HOST], authority=ROOT, authority_key=ROOT_KEY, at=NOW
)
BY_HASH, BY_NAME = str(of_certificate(LEAF)), str(of_dns_name(HOST))
DID = "did:web:corporation.example"
BY_DID = f"decentralized_identifier:{DID}"
UNSIGNED = f"redirect_uri:{URI}"
ONCE = SoftwareKey.generate(Algorithm.ES256)
TOKEN = b"eyJhbGciOiJFUzI1NiJ9.e30.c2ln~WyJzIiwiYSIsMV0~eyJhbGciOiJFUzI1NiJ9.e30.c2ln"
ANSWER = Answer(presentations={"person": (Presentation(format="dc+sd-jwt", token=TOKEN),)})


PINNED = did.write_document(DID, f"{DID}#key-1", KEY.public_key, purpose=did.AUTHENTICATION).decode()
TRUST = Trust(
    verifiers={
        HOST: VerifierEntry(name="Woonstichting de Wijk", anchors=(ROOT,)),
        DID: VerifierEntry(name="Woonstichting de Wijk", document=PINNED),
    }
)


def encryption(*encryptions: str, **changes: Any) -> Encryption:
    jwk = {**write_recipient(Recipient(ONCE.public_key, "once")), **changes}
    return Encryption(jwk=jwk, encryptions=encryptions or ("A128GCM", "A256GCM"))


def request(client: str = BY_HASH, *, sealed: Encryption | None = None, **changes: Any) -> Request:
    thumbprint = None if sealed is None else ONCE.public_key.thumbprint()
    whole = Request(
        asker=Asker(party=Party(id=client, name="Woonstichting de Wijk"), proven=False),
        response_uri=URI,
        encryption=sealed,
        state="af0ifjsldkj",
        query=parse_query(
            {"credentials": [{"id": "person", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:example:person"]}}]}
        ),
        binding=openid4vp_redirect(client_id=client, nonce=NONCE, response_uri=URI, encryption_key=thumbprint),
    )
    return replace(whole, **changes)


def signed(asked: Request, *, wallet_nonce: str | None = None) -> bytes:
    how: dict[str, Any] = {"chain": [LEAF]}
    if asked.binding.audience == BY_DID:
        how = {"method": f"{DID}#key-1"}
    return vp.sign_request(asked, KEY, wallet_nonce=wallet_nonce, at=NOW, **how)


def link(**parameters: str) -> bytes:
    return ("openid4vp://?" + urlencode(parameters, quote_via=quote)).encode()


def received(invitation: bytes, fetched: bytes | None = None, wallet_nonce: str | None = None) -> Request:
    return vp.parse_invitation(invitation).receive(fetched, trust=TRUST, wallet_nonce=wallet_nonce, at=NOW)


def as_read(asked: Request, *, by: str = HOST) -> Request:
    return replace(asked, asker=Asker(party=Party(id=by, name="Woonstichting de Wijk"), proven=True))


# -- by reference -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("client", "by"), [(BY_HASH, HOST), (BY_NAME, HOST), (BY_DID, DID)], ids=["hash", "name", "did"]
)
@pytest.mark.parametrize("sealed", [None, encryption()])
def test_a_signed_request_is_fetched_and_says_who_asks(client: str, by: str, sealed: Encryption | None) -> None:
    asked = request(client, sealed=sealed)
    invitation = vp.parse_invitation(vp.reference_link(client, FETCHED_FROM, post=False).encode())
    assert str(invitation.client_id) == client
    assert invitation.reference is not None
    order = invitation.reference.order(WALLET_NONCE)
    assert order == vp.Order(url=FETCHED_FROM, body=None, accept="application/oauth-authz-req+jwt")
    assert received(vp.reference_link(client, FETCHED_FROM, post=False).encode(), signed(asked)) == as_read(
        asked, by=by
    )


def test_a_wallet_that_posts_sends_a_nonce_of_its_own_and_wants_it_back() -> None:
    invitation = vp.reference_link(BY_HASH, FETCHED_FROM, post=True).encode()
    reference = vp.parse_invitation(invitation).reference
    assert reference is not None
    body = reference.order(WALLET_NONCE).body
    assert body is not None
    assert dict(parse_qsl(body.decode())) == {"wallet_nonce": WALLET_NONCE}
    assert received(invitation, signed(request(), wallet_nonce=WALLET_NONCE), WALLET_NONCE) == as_read(request())
    with pytest.raises(Rejected) as refused:
        received(invitation, signed(request()), WALLET_NONCE)
    assert refused.value.check.name == "REQUEST_WALLET_NONCE"


@negative("NEG-VP-WALLET-016")
def test_what_stands_beside_the_reference_counts_for_nothing() -> None:
    beside = {"response_uri": "https://other.example/", "nonce": "x", "state": "y", "dcql_query": '{"credentials":[]}'}
    invitation = link(client_id=BY_HASH, request_uri=FETCHED_FROM, **beside)
    assert received(invitation, signed(request())) == as_read(request())


@negative("NEG-VP-WALLET-002")
@pytest.mark.parametrize("client", [BY_NAME, str(of_certificate(b"another")), "x509_san_dns:other.example"])
def test_the_one_who_is_said_to_ask_is_the_one_who_asks(client: str) -> None:
    with pytest.raises(Rejected) as refused:
        received(link(client_id=client, request_uri=FETCHED_FROM), signed(request()))
    assert refused.value.check.name in {"REQUEST_CLIENT", "REQUEST_CERTIFICATE"}


def test_a_request_by_value_may_be_signed_too() -> None:
    assert received(link(client_id=BY_HASH, request=signed(request()).decode())) == as_read(request())
    with pytest.raises(Misuse):
        received(link(client_id=BY_HASH, request=signed(request()).decode()), signed(request()))
    with pytest.raises(Misuse):
        received(link(client_id=BY_HASH, request_uri=FETCHED_FROM))


def test_an_unsigned_request_comes_the_same_way_and_proves_nobody() -> None:
    asked = request(UNSIGNED)
    for written in (vp.write_request(asked), vp.request_link(asked).encode()):
        assert received(written) == vp.parse_request(written, at=NOW) == asked


@pytest.mark.parametrize(
    ("check", "data"),
    [
        ("UNSIGNED_BY_VALUE", vp.write_request(request())),
        ("UNSIGNED_BY_VALUE", json_dumps({**json_object(vp.write_request(request(UNSIGNED))), "request": "eyJ.e.e"})),
        ("UNSIGNED_BY_VALUE", link(client_id=UNSIGNED, request_uri=FETCHED_FROM)),
        ("CLIENT_PREFIX", link(client_id="origin:https://x.example", request_uri=FETCHED_FROM)),
        ("CLIENT_PREFIX", link(client_id="wonen", request_uri=FETCHED_FROM)),
    ],
)
def test_a_prefix_decides_whether_a_request_is_signed(check: str, data: bytes) -> None:
    with pytest.raises(Rejected) as refused:
        vp.parse_invitation(data)
    assert refused.value.check.name == check


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"request_uri": FETCHED_FROM},
        {"client_id": BY_HASH, "request_uri": FETCHED_FROM, "request": "eyJ.e.e"},
        {"client_id": BY_HASH, "request": "no jws"},
        {"client_id": BY_HASH, "request_uri": "http://wonen.corporation.example/"},
        {"client_id": BY_HASH, "request_uri": "http://127.0.0.1/"},
        {"client_id": BY_HASH, "request_uri": f"{FETCHED_FROM}#fragment"},
        {"client_id": BY_HASH, "request_uri": "https://user@wonen.corporation.example/"},
        {"client_id": BY_HASH, "request_uri": "javascript:alert(1)"},
        {"client_id": BY_HASH, "request_uri": "https://x.example/" + "a" * 3000},
        {"client_id": BY_HASH, "request_uri": FETCHED_FROM, "request_uri_method": "POST"},
        {"client_id": BY_HASH, "request_uri": FETCHED_FROM, "request_uri_method": "put"},
        {"client_id": UNSIGNED, "request_uri_method": "get"},
        {"client_id": BY_HASH, "request_uri": FETCHED_FROM, "client_id_scheme": "x509_hash"},
        {"client_id": "x509_hash:short", "request_uri": FETCHED_FROM},
    ],
)
def test_a_link_that_leads_nowhere_is_malformed(parameters: dict[str, str]) -> None:
    with pytest.raises(Malformed):
        vp.parse_invitation(link(**parameters))


def test_this_machine_may_be_asked_without_tls_only_when_allowed() -> None:
    data = link(client_id=BY_HASH, request_uri="http://127.0.0.1:8001/r")
    assert vp.parse_invitation(data, allow_loopback_http=True).reference is not None


def test_a_link_of_haip_is_read_like_any_other() -> None:
    data = link(client_id=BY_HASH, request_uri=FETCHED_FROM).replace(b"openid4vp:", b"haip-vp:")
    assert received(data, signed(request())) == as_read(request())


def inside(**changes: Any) -> bytes:
    """A rightly signed request that says what is given here; None takes a member out."""
    told: dict[str, Json] = {**vp.request_parameters(request(sealed=encryption())), **changes}
    kept = {name: value for name, value in told.items() if value is not None}
    return sign_request_object(kept, KEY, chain=[LEAF], wallet_nonce=None, at=NOW)


@negative("NEG-VP-WALLET-003", "NEG-VP-WALLET-009", "NEG-VP-WALLET-010", "NEG-VP-WALLET-018")
@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": None},
        {"nonce": "short"},
        {"redirect_uri": URI},
        {"response_uri": None},
        {"response_uri": "http://wonen.corporation.example/answer"},
        {"response_mode": None},
        *(
            {"response_mode": mode}
            for mode in ("fragment", "query", "dc_api", "dc_api.jwt", "direct_post.JWT", "form_post")
        ),
        {"transaction_data": ["eyJ0eXBlIjoieCJ9"]},
        {"transaction_data": []},
        {"dcql_query": None},
        {"dcql_query": None, "scope": "x"},
        {"presentation_definition": {}},
        {"state": "a b"},
    ],
    ids=str,
)
def test_a_signature_makes_a_bad_request_no_better(changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        received(link(client_id=BY_HASH, request_uri=FETCHED_FROM), inside(**changes))


@given(st.binary(max_size=200))
def test_any_bytes_are_an_invitation_or_refused(data: bytes) -> None:
    for whole in (data, b"openid4vp://?" + data, b"haip-vp:" + data):
        with pytest.raises(EigendataError):
            vp.parse_invitation(whole)


def test_an_invitation_tells_nothing_before_it_was_received() -> None:
    invitation = vp.parse_invitation(vp.write_request(request(UNSIGNED)))
    assert repr(invitation) == "<an invitation by redirect_uri>"


@pytest.mark.parametrize("client", [UNSIGNED, BY_HASH, BY_DID], ids=["unsigned", "hash", "did"])
def test_a_request_is_signed_in_the_way_of_its_client_identifier(client: str) -> None:
    ways: Mapping[str, Mapping[str, Any]] = {BY_HASH: {"method": f"{DID}#key-1"}, BY_DID: {"chain": [LEAF]}}
    with pytest.raises(Misuse):
        vp.sign_request(request(client), KEY, wallet_nonce=None, at=NOW, **ways.get(client, {"chain": [LEAF]}))


# -- sealed -----------------------------------------------------------------------------------------------------------


def test_an_answer_is_sealed_to_the_key_of_its_request() -> None:
    for offered in (("A128GCM",), ("A256GCM",), ("A256GCM", "A128GCM"), ("A192GCM", "A256GCM")):
        asked = request(sealed=encryption(*offered))
        wire = vp.answer_form(ANSWER, asked)
        assert TOKEN not in wire
        assert list(dict(parse_qsl(wire.decode()))) == ["response"]
        assert vp.answered_key(wire) == "once"
        assert vp.parse_answer(wire, asked, key=ONCE) == ANSWER


def test_the_state_is_inside_what_is_sealed() -> None:
    asked = request(sealed=encryption())
    other = replace(asked, state="another")
    with pytest.raises(Rejected) as refused:
        vp.parse_answer(vp.answer_form(ANSWER, other), asked, key=ONCE)
    assert refused.value.check is vp.STATE_RETURNED


@negative("NEG-JWE-005")
def test_an_answer_to_another_request_does_not_open() -> None:
    asked = request(sealed=encryption())
    with pytest.raises(Rejected) as refused:
        vp.parse_answer(vp.answer_form(ANSWER, asked), asked, key=SoftwareKey.generate(Algorithm.ES256))
    assert refused.value.check.name == "JWE_OPENS"


def test_what_was_asked_sealed_is_not_taken_open_and_the_other_way_round() -> None:
    asked, plain = request(sealed=encryption()), request()
    for wire, whole, key in (
        (vp.answer_form(ANSWER, plain), asked, ONCE),
        (vp.answer_file(ANSWER, plain), asked, ONCE),
        (vp.answer_form(ANSWER, asked), plain, None),
    ):
        with pytest.raises(Rejected) as refused:
            vp.parse_answer(wire, whole, key=key)
        assert refused.value.check is vp.ANSWER_SEALED
    for whole, key in ((asked, None), (plain, ONCE)):
        with pytest.raises(Misuse):
            vp.parse_answer(vp.answer_form(ANSWER, whole), whole, key=key)


def test_a_wallet_may_decline_unsealed() -> None:
    asked = request(sealed=encryption())
    with pytest.raises(Declined):
        vp.parse_answer(vp.error_form("access_denied", asked), asked, key=ONCE)
    with pytest.raises(Rejected):  # somebody else's: it does not repeat the state
        vp.parse_answer(vp.error_form("access_denied", replace(asked, state="x")), asked, key=ONCE)


@pytest.mark.parametrize("response", ["", "eyJ", "a.b.c.d.e", "\u00e9"])
def test_what_is_sealed_in_no_jwe_is_malformed(response: str) -> None:
    asked = request(sealed=encryption())
    with pytest.raises(Malformed):
        vp.parse_answer(urlencode({"response": response}).encode(), asked, key=ONCE)
    with pytest.raises(Malformed):
        vp.answered_key(urlencode({"response": response}).encode())
    with pytest.raises(Malformed):
        vp.parse_answer(json_dumps({"response": 7}), asked, key=ONCE)


def metadata(**changes: Any) -> dict[str, Any]:
    told = vp.request_parameters(request(sealed=encryption()))["client_metadata"]
    assert isinstance(told, Mapping)
    return {name: value for name, value in {**told, **changes}.items() if value is not None}


GOOD = write_recipient(Recipient(ONCE.public_key, "once"))
UNUSABLE = [
    {**GOOD, "alg": "ECDH-ES+A128KW"},
    {**GOOD, "use": "sig"},
    {**GOOD, "kid": None},
    {"kty": "oct", "k": "AA", "alg": "dir", "kid": "x"},
    {**SoftwareKey.generate(Algorithm.ES384).public_key.jwk(), "alg": "ECDH-ES", "kid": "x"},
    "no key at all",
]


def test_a_key_of_another_kind_is_passed_over() -> None:
    token = inside(client_metadata=metadata(jwks={"keys": [*UNUSABLE, GOOD, {**GOOD, "kid": "second"}]}))
    read = received(link(client_id=BY_HASH, request_uri=FETCHED_FROM), token)
    assert read.encryption == encryption()


@pytest.mark.parametrize(
    "changes",
    [
        {"jwks": None},
        {"jwks": {"keys": []}},
        {"jwks": {"keys": UNUSABLE}},
        {"jwks": {"keys": [GOOD] * 17}},
        {"jwks": [GOOD]},
        {"encrypted_response_enc_values_supported": []},
        {"encrypted_response_enc_values_supported": "A128GCM"},
        {"encrypted_response_enc_values_supported": [7]},
        {"encrypted_response_enc_values_supported": ["A192GCM"]},
    ],
)
def test_without_a_key_that_can_be_used_there_is_no_sealed_answer(changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        received(link(client_id=BY_HASH, request_uri=FETCHED_FROM), inside(client_metadata=metadata(**changes)))


def test_without_a_word_on_encryptions_it_is_a128gcm() -> None:
    told = metadata(encrypted_response_enc_values_supported=None)
    read = received(link(client_id=BY_HASH, request_uri=FETCHED_FROM), inside(client_metadata=told))
    assert read.encryption == encryption(ContentEncryption.A128GCM.value)


@pytest.mark.parametrize("broken", [encryption("A192GCM"), encryption(kid=7), encryption(alg="RSA-OAEP")])
def test_nothing_is_sealed_to_a_key_that_is_none(broken: Encryption) -> None:
    with pytest.raises(Misuse):
        vp.answer_form(ANSWER, request(sealed=broken))
    with pytest.raises(Misuse):
        vp.write_request(request(UNSIGNED, sealed=broken))


def test_what_was_asked_for_by_post_is_read_with_the_nonce_that_was_posted() -> None:
    invitation = vp.parse_invitation(link(client_id=BY_HASH, request_uri=FETCHED_FROM, request_uri_method="post"))
    with pytest.raises(Misuse):
        invitation.receive(signed(request(BY_HASH)), trust=TRUST, wallet_nonce=None, at=NOW)
