"""Two sides of a session side by side: both transcripts are the specification's, and what differs is named."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eigendata import channel, texts
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.doctor.transcripts import Comparison, Why, compare, diagnostic, read_side
from eigendata.encoding import b64url_encode
from eigendata.errors import Malformed

KEY = SoftwareKey.generate(Algorithm.ES256).public_key
OTHER = SoftwareKey.generate(Algorithm.ES256).public_key
REDIRECT: dict[str, Any] = {
    "client_id": "redirect_uri:https://v.example/a",
    "nonce": "n-0",
    "response_uri": "https://v.example/a",
}
API: dict[str, Any] = {"origin": "https://v.example", "nonce": "n-0"}


def side(**members: Any) -> bytes:
    return json.dumps(members).encode()


def compared(first: dict[str, Any], second: dict[str, Any]) -> Comparison:
    return compare(read_side(side(**first)), read_side(side(**second)))


def why(first: dict[str, Any], second: dict[str, Any]) -> list[tuple[str, Why]]:
    found = compared(first, second)
    assert not found.same
    turned = compared(second, first)
    assert [(one.member, one.why, one.second, one.first) for one in turned.differences] == [
        (one.member, one.why, one.first, one.second) for one in found.differences
    ]
    return [(one.member, one.why) for one in found.differences]


def test_the_transcripts_are_those_that_the_channels_make() -> None:
    encrypted = {"jwk": {**KEY.jwk(), "alg": "ECDH-ES", "use": "enc", "kid": "1"}}
    bound = channel.openid4vp_redirect(**REDIRECT, encryption_key=KEY.thumbprint())
    assert read_side(side(**REDIRECT, **encrypted)).transcript == bound.transcript
    assert read_side(side(**REDIRECT)).transcript == channel.openid4vp_redirect(**REDIRECT).transcript
    api = channel.openid4vp_dc_api(**API, encryption_key=KEY.thumbprint())
    assert read_side(side(**API, jwk_thumbprint=b64url_encode(KEY.thumbprint()))).transcript == api.transcript


def test_a_request_is_a_side() -> None:
    request = {**REDIRECT, "client_metadata": {"jwks": {"keys": [KEY.jwk()]}}, "dcql_query": {}}
    assert compared(request, {**REDIRECT, "jwk": KEY.jwk()}).same


def test_the_handover_of_old_drafts_is_of_two_digests_and_the_nonce() -> None:
    old = read_side(side(**REDIRECT, mdoc_generated_nonce="m-1"))
    hashed = [hashlib.sha256(cbor2.dumps([REDIRECT[name], "m-1"])).digest() for name in ("client_id", "response_uri")]
    assert cbor2.loads(old.transcript) == [None, None, [*hashed, "n-0"]]


CASES: list[tuple[dict[str, Any], dict[str, Any], str, Why]] = [
    (REDIRECT, {**REDIRECT, "client_id": "https://v.example/a"}, "clientId", Why.PREFIX),
    (REDIRECT, {**REDIRECT, "client_id": "redirect_uri:https://w.example/a"}, "clientId", Why.CLIENT_ID),
    (REDIRECT, {**REDIRECT, "nonce": "n-1"}, "nonce", Why.NONCE),
    (REDIRECT, {**REDIRECT, "response_uri": "https://v.example/a/"}, "responseUri", Why.SLASH),
    (REDIRECT, {**REDIRECT, "response_uri": "https://v.example/b"}, "responseUri", Why.RESPONSE_URI),
    (REDIRECT, {**REDIRECT, "jwk": KEY.jwk()}, "jwkThumbprint", Why.THUMBPRINT_MISSING),
    ({**API, "jwk": KEY.jwk()}, {**API, "jwk": OTHER.jwk()}, "jwkThumbprint", Why.THUMBPRINT),
    (API, {**API, "origin": "origin:https://v.example"}, "origin", Why.ORIGIN_PREFIX),
    (API, {**API, "origin": "https://v.example/"}, "origin", Why.SLASH),
    (API, {**API, "origin": "https://w.example"}, "origin", Why.ORIGIN),
    (REDIRECT, API, "handover", Why.CHANNEL),
    (REDIRECT, {**REDIRECT, "mdoc_generated_nonce": "m"}, "handover", Why.DRAFT),
    (
        {**REDIRECT, "mdoc_generated_nonce": "l"},
        {**REDIRECT, "mdoc_generated_nonce": "m"},
        "mdocGeneratedNonce",
        Why.NONCE,
    ),
]


@pytest.mark.parametrize(("first", "second", "member", "cause"), CASES, ids=[one[3] for one in CASES])
def test_what_differs_is_named_with_what_causes_it(
    first: dict[str, Any], second: dict[str, Any], member: str, cause: Why
) -> None:
    assert why(first, second) == [(member, cause)]


def test_everything_that_differs_is_named() -> None:
    other = {"client_id": "x509_hash:abc", "nonce": "m", "response_uri": "https://w.example"}
    assert [member for member, _ in why(REDIRECT, other)] == ["clientId", "nonce", "responseUri"]


# -- where one side brings its bytes ----------------------------------------------------------------------------------


def made(members: dict[str, Any]) -> dict[str, Any]:
    return {"session_transcript": read_side(side(**members)).transcript.hex()}


ENCRYPTED = {**REDIRECT, "jwk": KEY.jwk()}
MISTAKES: list[tuple[dict[str, Any], dict[str, Any], list[tuple[str, Why]]]] = [
    (REDIRECT, {**REDIRECT, "client_id": "https://v.example/a"}, [("clientId", Why.PREFIX)]),
    ({**REDIRECT, "client_id": "abc"}, {**REDIRECT, "client_id": "x509_hash:abc"}, [("clientId", Why.PREFIX)]),
    (ENCRYPTED, REDIRECT, [("jwkThumbprint", Why.THUMBPRINT_MISSING)]),
    (API, {**API, "origin": "origin:https://v.example"}, [("origin", Why.ORIGIN_PREFIX)]),
    (API, {**API, "origin": "https://v.example/"}, [("origin", Why.SLASH)]),
    (
        ENCRYPTED,
        {**REDIRECT, "client_id": "https://v.example/a"},
        [("clientId", Why.PREFIX), ("jwkThumbprint", Why.THUMBPRINT_MISSING)],
    ),
    (REDIRECT, {**REDIRECT, "nonce": "another"}, [("handover", Why.UNKNOWN)]),
    (REDIRECT, API, [("handover", Why.CHANNEL)]),
    (REDIRECT, {**REDIRECT, "mdoc_generated_nonce": "m"}, [("handover", Why.DRAFT)]),
]


@pytest.mark.parametrize(("known", "theirs", "expected"), MISTAKES)
def test_a_common_mistake_is_found_in_the_bytes_that_the_other_side_made(
    known: dict[str, Any], theirs: dict[str, Any], expected: list[tuple[str, Why]]
) -> None:
    assert why(known, made(theirs)) == expected


@pytest.mark.parametrize("written", [b64url_encode(KEY.thumbprint()), KEY.thumbprint().hex()], ids=["base64url", "hex"])
def test_a_thumbprint_that_was_hashed_as_text_is_found(written: str) -> None:
    info = [REDIRECT["client_id"], REDIRECT["nonce"], written, REDIRECT["response_uri"]]
    handover = ["OpenID4VPHandover", hashlib.sha256(cbor2.dumps(info)).digest()]
    theirs = {"session_transcript": b64url_encode(cbor2.dumps([None, None, handover]))}
    assert why(ENCRYPTED, theirs) == [("jwkThumbprint", Why.THUMBPRINT_TEXT)]


def test_two_sides_that_bring_their_bytes_are_the_same_or_not() -> None:
    assert compared(made(REDIRECT), made(REDIRECT)).same
    assert compared(made(REDIRECT), REDIRECT).same
    assert why(made(REDIRECT), made(API)) == [("handover", Why.CHANNEL)]
    odd = {"session_transcript": cbor2.dumps([1]).hex()}
    assert why(odd, made(API)) == [("handover", Why.CHANNEL)]
    assert why({"session_transcript": cbor2.dumps([2]).hex()}, odd) == [("handover", Why.UNKNOWN)]


# -- diagnostic notation, and what is no side -------------------------------------------------------------------------


def test_diagnostic_notation_is_that_of_rfc_8949() -> None:
    value: Any = [None, True, False, -7, 'a"\\', b"\x01\xff", {1: "x", "y": []}, cbor2.CBORTag(24, b"\xa0")]
    assert diagnostic(value) == '[null, true, false, -7, "a\\"\\\\", h\'01ff\', {1: "x", "y": []}, 24(h\'a0\')]'


def test_both_the_transcript_and_what_its_digest_is_of_are_written() -> None:
    transcript, info = read_side(side(**REDIRECT)).diagnostic
    assert transcript.startswith('SessionTranscript = [null, null, ["OpenID4VPHandover", h\'')
    assert info == 'OpenID4VPHandoverInfo = ["redirect_uri:https://v.example/a", "n-0", null, "https://v.example/a"]'
    assert read_side(side(**API)).diagnostic[1].startswith('OpenID4VPDCAPIHandoverInfo = ["https://v.example", ')
    assert len(read_side(side(**made(API))).diagnostic) == 1


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"client_id": "a", "nonce": "n"},
        {"nonce": "n"},
        {"origin": "https://v.example"},
        {**REDIRECT, "nonce": 1},
        {**REDIRECT, "nonce": ""},
        {**REDIRECT, "nonce": "n" * 5000},
        {**REDIRECT, "jwk": "k"},
        {**REDIRECT, "jwk": {}},
        {**REDIRECT, "jwk_thumbprint": "+"},
        {"session_transcript": "zz"},
        {"session_transcript": "ff"},
    ],
)
def test_what_says_too_little_or_something_else_is_no_side(members: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        read_side(side(**members))


@given(data=st.binary(max_size=64) | st.dictionaries(st.text(), st.text() | st.none() | st.integers()).map(json.dumps))
def test_anything_is_a_side_or_malformed(data: bytes | str) -> None:
    try:
        read_side(data if isinstance(data, bytes) else data.encode())
    except Malformed:
        return


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_cause_has_a_sentence_in_each_language(language: str) -> None:
    said = {key for key in texts.sentences(language) if key.startswith("transcript.")}
    assert said == {f"transcript.{one}" for one in Why} | {"transcript.same"}
