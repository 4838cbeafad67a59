"""Multikey and multibase: one spelling for each key."""

from __future__ import annotations

import json

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from eigendata.crypto import multikey
from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.encoding import BASE58_LIMIT, b64url_encode, multibase_decode, multibase_encode
from eigendata.errors import Malformed
from tests.given import given

KEYS = {one: SoftwareKey.generate(one).public_key for one in Algorithm}
OCTETS = {one: multibase_decode(multikey.write(key)) for one, key in KEYS.items()}


@drawn(st.binary(max_size=80))
def test_octets_come_back_from_multibase_and_have_one_spelling(octets: bytes) -> None:
    written = multibase_encode(octets)
    assert multibase_decode(written) == octets
    assert multibase_encode(multibase_decode(written)) == written
    assert multibase_decode("u" + b64url_encode(octets)) == octets


@pytest.mark.parametrize(
    ("octets", "written"), [(b"", "z"), (b"\0", "z1"), (b"\0\0a", "z112g"), (b"Hello World!", "z2NEpo7TZRRrLZSi2U")]
)
def test_base58_is_that_of_its_draft(octets: bytes, written: str) -> None:
    assert multibase_encode(octets) == written


@pytest.mark.parametrize("text", ["", "2g", "m2g", "z0", "zO", "zI", "zl", "z2g ", "Z2g", "u2g=", "u+/", "z²"])
def test_what_is_not_multibase_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        multibase_decode(text)


def test_the_work_of_reading_base58_is_bounded() -> None:
    multibase_decode("z" + "2" * BASE58_LIMIT)
    with pytest.raises(Malformed):
        multibase_decode("z" + "2" * (BASE58_LIMIT + 1))


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_key_comes_back_from_its_multikey(algorithm: Algorithm) -> None:
    for key in (SoftwareKey.generate(algorithm).public_key for _ in range(8)):
        assert multikey.read(multikey.write(key)) == key


def test_the_first_characters_tell_the_kind() -> None:
    begins = {one: multikey.write(key)[:3] for one, key in KEYS.items()}
    assert begins[Algorithm.EDDSA] == "z6M"
    assert begins[Algorithm.ES256] == "zDn"
    assert begins[Algorithm.ES384] == "z82"


@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize("change", ["longer", "shorter", "header", "flat"])
def test_another_length_or_header_is_no_multikey(algorithm: Algorithm, change: str) -> None:
    octets = OCTETS[algorithm]
    changed = {
        "longer": octets + b"\0",
        "shorter": octets[:-1],
        "header": b"\xe7\x01" + octets[2:],
        "flat": octets[2:],
    }[change]
    with pytest.raises(Malformed):
        multikey.read(multibase_encode(changed))


@pytest.mark.parametrize("algorithm", [Algorithm.ES256, Algorithm.ES384])
def test_only_the_compressed_point_is_a_multikey(algorithm: Algorithm) -> None:
    header, key = OCTETS[algorithm][:2], KEYS[algorithm]
    x = key.data[: len(key.data) // 2]
    for point in (b"\4" + key.data, b"\4" + x, b"\0" + x, b"\2" + b"\xff" * len(x)):
        with pytest.raises(Malformed):
            multikey.read(multibase_encode(header + point))


def test_a_point_of_small_order_is_no_key() -> None:
    with pytest.raises(Malformed):
        multikey.read(multibase_encode(b"\xed\x01" + b"\1" + b"\0" * 31))


def test_a_multikey_in_base64url_is_refused_though_it_is_multibase() -> None:
    with pytest.raises(Malformed):
        multikey.read("u" + b64url_encode(OCTETS[Algorithm.EDDSA]))


def test_the_multikeys_of_the_did_key_vectors_are_the_keys_that_they_say() -> None:
    found = 0
    for did, case in json.loads(given("vectors/did-key/nist-curves.json").read_bytes()).items():
        jwk = case["verificationMethod"].get("publicKeyJwk")
        if jwk is None:
            octets = multibase_decode("z" + case["verificationMethod"]["publicKeyBase58"])
            assert multibase_decode(did.removeprefix("did:key:"))[2:] == octets
            continue
        if jwk["crv"] == "P-521":
            with pytest.raises(Malformed):
                multikey.read(did.removeprefix("did:key:"))
            continue
        assert multikey.read(did.removeprefix("did:key:")) == PublicKey.from_jwk(jwk)
        assert multikey.write(PublicKey.from_jwk(jwk)) == did.removeprefix("did:key:")
        found += 1
    for did, case in json.loads(given("vectors/did-key/ed25519-x25519.json").read_bytes()).items():
        published = case["didDocument"]["verificationMethod"][0]
        if "publicKeyJwk" in published:
            assert multikey.read(did.removeprefix("did:key:")) == PublicKey.from_jwk(published["publicKeyJwk"])
        else:
            octets = multibase_decode("z" + published["publicKeyBase58"])
            assert multikey.read(did.removeprefix("did:key:")).data == octets
        found += 1
    assert found >= 6
    for name in ("secp256k1", "rsa", "bls12381", "x25519"):
        for did in json.loads(given(f"vectors/did-key/{name}.json").read_bytes()):
            with pytest.raises(Malformed):
                multikey.read(did.removeprefix("did:key:"))
