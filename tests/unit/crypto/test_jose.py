"""A compact JWS taken apart: its structure is strict, and its header chooses nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eigendata.crypto import jose
from eigendata.crypto.jose import Jws, parse_jws, sign_jws
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import b64url_encode, thaw
from eigendata.errors import Malformed, Misuse
from tests.negatives import negative

KEY = SoftwareKey.generate(Algorithm.ES256)
TOKEN = sign_jws({"typ": "test+jwt", "kid": "1"}, b'{"a":1}', KEY)


def token(header: object, payload: bytes = b"{}", signature: bytes = bytes(64)) -> bytes:
    written = header if isinstance(header, bytes) else json.dumps(header).encode()
    return ".".join(map(b64url_encode, (written, payload, signature))).encode()


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_what_is_signed_comes_apart_and_verifies(algorithm: Algorithm) -> None:
    key = SoftwareKey.generate(algorithm)
    signed = sign_jws({"typ": "test+jwt"}, b"payload", key)
    jws = parse_jws(signed)
    assert jws.header == {"alg": str(algorithm), "typ": "test+jwt"}
    assert (jws.payload, jws.alg, jws.typ) == (b"payload", str(algorithm), "test+jwt")
    assert signed.rpartition(b".")[0] == jws.signing_input
    assert jws.is_by(key.public_key)
    assert not jws.is_by(SoftwareKey.generate(algorithm).public_key)


def test_what_is_done_to_one_tokens_header_never_reaches_the_next() -> None:
    given_header = {"alg": "ES256", "x5c": ["MA=="], "jwk": {"key_ops": ["verify"]}}
    first, again = token(given_header, b"1"), token(given_header, b"2")
    header: Any = parse_jws(first).header
    changes: list[Callable[[], object]] = [
        lambda: header["x5c"].append("MQ=="),
        lambda: header["jwk"].update(kty="EC"),
        lambda: header["jwk"]["key_ops"].clear(),
    ]
    for change in changes:
        with pytest.raises(AttributeError):
            change()
    assert thaw(parse_jws(again).header) == given_header


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(TOKEN) - 1), st.integers(1, 255))
def test_a_changed_byte_is_malformed_or_does_not_verify(place: int, change: int) -> None:
    changed = bytearray(TOKEN)
    changed[place] ^= change
    try:
        jws = parse_jws(bytes(changed))
    except Malformed:
        return
    assert not jws.is_by(KEY.public_key)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60) | st.text("eyJ0._-=AQ", max_size=40).map(str.encode))
def test_any_bytes_are_a_jws_or_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_jws(data)


@negative("NEG-JOSE-012", "NEG-JOSE-014")
def test_parts_that_are_missing_empty_or_too_many_are_refused() -> None:
    header, payload, signature = TOKEN.split(b".")
    for parts in (
        [],
        [header],
        [header, payload],
        [b"", payload, signature],
        [header, b"", signature],
        [header, payload, b""],
        [header, payload, signature, b""],
        [header, payload, signature, payload],
        [header, payload, signature, payload, signature],  # a JWE has five
        [header, payload, signature] * 3,
        [b"", b"", b""],
    ):
        with pytest.raises(Malformed):
            parse_jws(b".".join(parts))


@negative("NEG-JOSE-009")
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("ending", [b"=", b"==", b"\n", b" ", b"+", b"/", b"\x00", b"."])
def test_base64_of_another_form_is_refused(place: int, ending: bytes) -> None:
    parts = TOKEN.split(b".")
    parts[place] += ending
    with pytest.raises(Malformed):
        parse_jws(b".".join(parts))


@negative("NEG-JOSE-004", "NEG-JOSE-005")
@pytest.mark.parametrize(
    "header",
    [
        {},
        {"typ": "test+jwt"},
        {"alg": None},
        {"alg": ["ES256"]},
        {"alg": {"ES256": 1}},
        {"alg": 256},
        {"alg": "ES256", "typ": ["test+jwt"]},
        {"alg": "ES256", "typ": None},
        {"alg": "ES256", "typ": 1},
        {"alg": "ES256", "crit": ["exp"], "exp": 1},
        {"alg": "ES256", "crit": []},
        {"alg": "ES256", "crit": ["alg"]},
        {"alg": "ES256", "crit": "b64"},
        {"alg": "ES256", "crit": ["absent"]},
        {"alg": "ES256", "crit": None},
        {"alg": "ES256", "b64": False},
        {"alg": "ES256", "b64": True},
        {"alg": "ES256", "b64": False, "crit": ["b64"]},
        b'{"alg":"ES256","alg":"ES256"}',
        b'{"alg":"ES256","a":NaN}',
        b'["alg"]',
        b'"alg"',
        b"null",
        b"alg",
        b'\xef\xbb\xbf{"alg":"ES256"}',
    ],
    ids=str,
)
def test_a_header_that_is_ambiguous_or_asks_for_more_is_refused(header: object) -> None:
    with pytest.raises(Malformed):
        parse_jws(token(header))


@negative("NEG-JOSE-013")
@pytest.mark.parametrize(
    "data",
    [
        b'{"payload":"e30","protected":"eyJhbGciOiJFUzI1NiJ9","signature":"AA"}',
        b'{"payload":"e30","signatures":[{"header":{"alg":"ES256"},"signature":"AA"}]}',
    ],
)
def test_the_json_forms_of_a_jws_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_jws(data)


@negative("NEG-JOSE-015", "NEG-ECDSA-004", "NEG-ECDSA-005")
@pytest.mark.parametrize(
    "alg", ["none", "None", "HS256", "es256", "ES256 ", "ES384", "EdDSA", "RS256", "ES256K", "ES512", ""]
)
def test_an_algorithm_that_is_not_the_keys_own_never_verifies(alg: str) -> None:
    header, payload, _ = token({"alg": alg}, b"{}").split(b".")
    signing_input = header + b"." + payload
    jws = parse_jws(signing_input + b"." + b64url_encode(KEY.sign(signing_input)).encode())
    assert KEY.public_key.verifies(jws.signature, jws.signing_input)
    assert not jws.is_by(KEY.public_key)


@negative("NEG-JOSE-003")
def test_a_key_in_the_header_is_not_used() -> None:
    attacker = SoftwareKey.generate(Algorithm.ES256)
    forged = sign_jws(
        {"jwk": attacker.public_key.jwk(), "jku": "https://attacker.example", "kid": "1"}, b"{}", attacker
    )
    assert not parse_jws(forged).is_by(KEY.public_key)


@negative("NEG-JOSE-007")
@pytest.mark.parametrize("kid", ["../../etc/passwd", "' OR 1=1 --", "k\u0131d", "a" * 10_000])
def test_a_strange_key_identifier_is_text_and_nothing_else(kid: str) -> None:
    assert parse_jws(sign_jws({"kid": kid}, b"{}", KEY)).header["kid"] == kid


@negative("NEG-JOSE-016")
@pytest.mark.parametrize(
    ("typ", "meant"),
    [
        ("kb+jwt", "kb+jwt"),
        ("KB+JWT", "kb+jwt"),
        ("application/kb+jwt", "kb+jwt"),
        ("Application/KB+jwt", "kb+jwt"),
        ("text/kb+jwt", "text/kb+jwt"),
        ("application/application/kb+jwt", "application/application/kb+jwt"),
        ("/kb+jwt", "/kb+jwt"),
        ("kb+jwt ", "kb+jwt "),
        ("\u212ab+jwt", "\u212ab+jwt"),  # the sign for kelvin, whose lower case is a k
        ("", ""),
    ],
)
def test_a_type_is_compared_as_the_media_type_that_it_stands_for(typ: str, meant: str) -> None:
    assert parse_jws(token({"alg": "ES256", "typ": typ})).typ == meant


def test_a_token_without_type_has_none() -> None:
    assert parse_jws(token({"alg": "ES256"})).typ is None


@pytest.mark.cost
@negative("NEG-JOSE-008")
def test_sizes_are_looked_at_before_anything_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    header, payload, signature = TOKEN.split(b".")
    monkeypatch.setattr(jose, "b64url_decode", None)
    monkeypatch.setattr(jose, "json_object", None)
    began = time.process_time()
    for large in (
        header + b"." + b"A" * jose.JWS_LIMIT + b"." + signature,
        b"A" * (jose.HEADER_LIMIT + 1) + b"." + payload + b"." + signature,
        header + b"." + payload + b"." + b"A" * (jose.SIGNATURE_LIMIT + 1),
        b"." * 50_000_000,
    ):
        with pytest.raises(Malformed):
            parse_jws(large)
    with pytest.raises(Malformed):
        parse_jws(TOKEN, limit=len(TOKEN) - 1)
    monkeypatch.undo()
    assert parse_jws(TOKEN, limit=len(TOKEN))
    assert time.process_time() - began < 0.5


def test_the_algorithm_is_not_stated_beside_the_key() -> None:
    for alg in ("ES256", "none"):
        with pytest.raises(Misuse):
            sign_jws({"alg": alg}, b"{}", KEY)


def test_neither_payload_nor_signature_is_printed() -> None:
    jws = parse_jws(sign_jws({}, b'{"bsn":"999990019"}', KEY))
    assert "999990019" not in repr(jws)
    assert isinstance(jws, Jws)
