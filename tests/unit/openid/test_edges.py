"""Where a rule of the protocol begins and ends: the last that is read, the first that is not, where a fault lies."""

from __future__ import annotations

from typing import Any

import pytest

from eigendata.crypto.jose import parse_jws
from eigendata.crypto.jwe import JWE_ALGORITHM, ContentEncryption, Recipient, encrypt
from eigendata.encoding import Json, json_dumps, json_object
from eigendata.errors import Malformed, Rejected
from eigendata.openid import vp
from eigendata.openid.forms import host_of, read_form, read_link
from eigendata.openid.request_object import sign_request_object
from eigendata.query import Request
from eigendata.registers.catalogue import INWONER, PERSOON
from tests.unit.openid.corporation import KEY, LEAF, ONCE, REQUESTS, Asked, to_seal
from tests.unit.wallet.town import NOW, asked

QUERY: dict[str, Any] = {"credentials": [asked(PERSOON, "family_name")]}
STATE = "s" * 32
TOKEN = "eyJhbGciOiJFUzI1NiJ9.e30.c2ln~WyJzIiwiYSIsMV0~eyJhbGciOiJFUzI1NiJ9.e30.c2ln"
ANSWER: dict[str, Json] = {"vp_token": {"persoon": [TOKEN]}, "state": STATE}


def received(**changes: Json) -> Request:
    return Asked(query=QUERY, changes=changes).received()


def fault(**changes: Json) -> tuple[str | int, ...]:
    with pytest.raises(Malformed) as caught:
        received(**changes)
    return caught.value.where


def sealed(answer: Json, *, encryption: ContentEncryption = ContentEncryption.A256GCM) -> bytes:
    return b"response=" + encrypt(json_dumps(answer), Recipient(ONCE.public_key, "once"), encryption=encryption)


# -- requests ---------------------------------------------------------------------------------------------------------


def test_a_fault_says_in_which_parameter_it_lies() -> None:
    assert fault(dcql_query={"credentials": []})[0] == "dcql_query"
    assert fault(verifier_info=[])[0] == "verifier_info"
    assert fault(client_metadata={"jwks": {"keys": []}})[0] == "client_metadata"
    with pytest.raises(Malformed) as caught:
        read_link(b"openid4vp://?dcql_query=%7B&x=%7B", ("dcql_query",))
    assert caught.value.where == ("dcql_query",)


def test_what_is_read_of_an_answer_says_where_it_is_wrong() -> None:
    plain = Asked(query=QUERY, keys=(), changes={"state": STATE}).received()
    with pytest.raises(Malformed) as caught:
        vp.parse_answer(b"vp_token=%7B%22persoon%22&state=" + STATE.encode(), plain)
    assert caught.value.where == ("vp_token",)
    with pytest.raises(Malformed) as caught:
        vp.parse_answer(json_dumps({"vp_token": {"persoon": [TOKEN, 7]}, "state": STATE}), plain)
    assert caught.value.where[:2] == ("persoon", 1)
    with pytest.raises(Malformed) as caught:
        vp.parse_answer(sealed([]), received(), key=ONCE)
    assert caught.value.where == ("response",)


def test_a_request_comes_by_value_or_by_reference() -> None:
    asking = Asked(query=QUERY)
    for inside in (asking.object().decode(), ""):
        with pytest.raises(Malformed):
            vp.parse_invitation(asking.link(request=inside))
    assert vp.parse_invitation(asking.link()).reference == vp.Reference(uri=REQUESTS, post=False)


@pytest.mark.parametrize(
    "around", ["woonstichting.example[2001:db8::1]", "[2001:db8::1]woonstichting.example", "[v1.x]"]
)
def test_the_host_that_is_shown_is_the_host_that_is_reached(around: str) -> None:
    address = "https://[2001:db8::1]:8443/answer"
    assert host_of("response_uri", address, allow_loopback_http=False) == "[2001:db8::1]:8443"
    with pytest.raises(Malformed):
        host_of("response_uri", f"https://{around}/answer", allow_loopback_http=False)


def test_one_credential_without_a_holder_makes_the_state_a_secret() -> None:
    loose = {**asked(INWONER, "resident"), "require_cryptographic_holder_binding": False}
    query: dict[str, Json] = {"credentials": [*QUERY["credentials"], loose]}
    for state in (None, "s", "s" * 19):
        with pytest.raises(Malformed):
            Asked(query=query, changes={"state": state}).received()
    assert Asked(query=query, changes={"state": STATE}).received().state == STATE
    # else it may be anything that is URL-safe, and be left out
    assert (received(state="s").state, received().state) == ("s", None)
    for bad in ("", "s" * 513, "s s", 7):
        fault(state=bad)


@pytest.mark.parametrize("offered", ["A128GCM", [], {"A128GCM": 1}, ["A128GCM", 7], 7, None, ["A192GCM"]])
def test_what_is_offered_to_seal_with_is_an_array_of_names_with_one_that_is_known(offered: Json) -> None:
    metadata: dict[str, Json] = {
        "jwks": {"keys": [to_seal()]}, "encrypted_response_enc_values_supported": offered
    }  # fmt: skip
    assert fault(client_metadata=metadata) == ("client_metadata",)


def test_without_a_word_of_it_an_answer_is_sealed_by_a128gcm() -> None:
    request = received(client_metadata={"jwks": {"keys": [to_seal()]}})
    assert request.encryption is not None
    assert request.encryption.encryptions == ("A128GCM",)


def test_a_request_without_a_nonce_of_the_wallet_says_nothing_of_one() -> None:
    asking = Asked(query=QUERY)
    for nonce, named in ((None, False), ("the wallet's", True)):
        token = sign_request_object(asking.parameters(), KEY, chain=[LEAF], wallet_nonce=nonce, at=NOW)
        assert ("wallet_nonce" in json_object(parse_jws(token).payload)) is named


def test_a_request_says_in_which_formats_and_by_which_signatures_it_asks() -> None:
    others: list[Json] = [
        {"id": "mdoc", "format": "mso_mdoc", "meta": {"doctype_value": "a.b"}},
        {"id": "di", "format": "ldp_vc", "meta": {"type_values": [["a"]]}},
    ]
    query: dict[str, Json] = {"credentials": [*QUERY["credentials"], *others]}
    request = Asked(query=query, client="unsigned", keys=()).received()
    assert vp.request_parameters(request)["client_metadata"] == {
        "vp_formats_supported": {
            "dc+sd-jwt": {"sd-jwt_alg_values": ["ES256", "ES384"], "kb-jwt_alg_values": ["ES256", "ES384"]},
            "mso_mdoc": {"issuerauth_alg_values": [-7, -9, -35, -51], "deviceauth_alg_values": [-7, -9, -35, -51]},
            "ldp_vc": {
                "proof_type_values": ["DataIntegrityProof"],
                "cryptosuite_values": ["eddsa-jcs-2022", "eddsa-rdfc-2022"],
            },
        }
    }


# -- links and forms --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n"])
def test_the_end_of_a_line_is_no_part_of_a_link(end: bytes) -> None:
    asking = Asked(query=QUERY)
    assert vp.parse_invitation(asking.link() + end).reference == vp.parse_invitation(asking.link()).reference
    with pytest.raises(Malformed):
        vp.parse_invitation(asking.link() + b"\t" + end)


def test_as_many_escapes_are_read_as_may_be_and_no_more() -> None:
    assert len(read_form(b"a=" + b"%41" * vp.MAX_ESCAPES)["a"]) == vp.MAX_ESCAPES
    with pytest.raises(Malformed):
        read_form(b"a=" + b"%41" * (vp.MAX_ESCAPES + 1))


# -- answers ----------------------------------------------------------------------------------------------------------


def test_an_error_repeats_the_state_that_there_is() -> None:
    assert vp.error_form("access_denied", received()) == b"error=access_denied"
    assert vp.error_form("access_denied", received(state="s")) == b"error=access_denied&state=s"


@pytest.mark.parametrize("beside", [b"&vp_token=%7B%7D", b"&error=access_denied", b"&vp_token="])
def test_an_answer_is_sealed_or_open_and_never_both(beside: bytes) -> None:
    request = received(state=STATE)
    assert vp.parse_answer(sealed(ANSWER) + b"&other=x", request, key=ONCE)
    with pytest.raises(Malformed, match="sealed or open"):
        vp.parse_answer(sealed(ANSWER) + beside, request, key=ONCE)


def test_what_is_sealed_to_the_key_of_a_request_needs_no_state_and_has_no_other() -> None:
    request = received(state=STATE)
    assert vp.parse_answer(sealed({"vp_token": ANSWER["vp_token"]}), request, key=ONCE)
    with pytest.raises(Rejected) as caught:
        vp.parse_answer(sealed({**ANSWER, "state": "t" * 32}), request, key=ONCE)
    assert caught.value.check is vp.STATE_RETURNED


def test_with_one_credential_that_nobody_proves_the_state_comes_back() -> None:
    loose = {**asked(INWONER, "resident"), "require_cryptographic_holder_binding": False}
    query: dict[str, Json] = {"credentials": [*QUERY["credentials"], loose]}
    request = Asked(query=query, keys=(), changes={"state": STATE}).received()
    with pytest.raises(Rejected) as caught:
        vp.parse_answer(json_dumps({"vp_token": ANSWER["vp_token"]}), request)
    assert caught.value.check is vp.STATE_RETURNED
    assert vp.parse_answer(json_dumps(ANSWER), request)


def test_blanks_before_a_file_are_no_form() -> None:
    request = Asked(query=QUERY, keys=(), changes={"state": STATE}).received()
    for blanks in (b"", b" ", b"\t", b"\r", b"\n", b" \t\r\n"):
        assert vp.parse_answer(blanks + json_dumps(ANSWER), request)


def test_an_encryption_that_this_request_did_not_offer_opens_nothing() -> None:
    metadata: dict[str, Json] = {
        "jwks": {"keys": [to_seal()]}, "encrypted_response_enc_values_supported": ["A128GCM"]
    }  # fmt: skip
    request = received(client_metadata=metadata, state=STATE)
    assert vp.parse_answer(sealed(ANSWER, encryption=ContentEncryption.A128GCM), request, key=ONCE)
    with pytest.raises(Rejected) as caught:
        vp.parse_answer(sealed(ANSWER), request, key=ONCE)
    assert caught.value.check is JWE_ALGORITHM


def test_a_state_of_one_character_leads_to_its_request_and_none_does_not() -> None:
    assert vp.answered_state(b"state=s&vp_token=x") == "s"
    for form in (b"state=&vp_token=x", b"vp_token=x", b"state=" + b"s" * 513):
        with pytest.raises(Malformed):
            vp.answered_state(form)
