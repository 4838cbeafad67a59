"""Keys: what verifies, what never does, and that private keys stay where they are."""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from eigendata.crypto import keys
from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey, is_public
from eigendata.encoding import b64url_decode, b64url_encode
from eigendata.errors import Malformed, Misuse
from tests.negatives import negative

KEYS = {algorithm: SoftwareKey.generate(algorithm) for algorithm in Algorithm}
SIZES = {Algorithm.ES256: 32, Algorithm.ES384: 48, Algorithm.EDDSA: 32}
ORDERS = {
    Algorithm.ES256: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    Algorithm.ES384: 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
}
every = pytest.mark.parametrize("algorithm", list(Algorithm))
every_ecdsa = pytest.mark.parametrize("algorithm", list(ORDERS))


# -- signatures -------------------------------------------------------------------------------------------------------


@every
def test_a_signature_verifies_by_its_own_key_over_its_own_message_only(algorithm: Algorithm) -> None:
    key, other = KEYS[algorithm], SoftwareKey.generate(algorithm)
    signature = key.sign(b"message")
    assert len(signature) == 2 * SIZES[algorithm]
    assert key.public_key.verifies(signature, b"message")
    assert not key.public_key.verifies(signature, b"massage")
    assert not key.public_key.verifies(signature, b"")
    assert not other.public_key.verifies(signature, b"message")


@every
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_flipped_bit_is_never_accepted(algorithm: Algorithm, data: st.DataObject) -> None:
    key = KEYS[algorithm]
    message = data.draw(st.binary(min_size=1, max_size=40))
    signature = bytearray(key.sign(message))
    bit = data.draw(st.integers(0, 8 * len(signature) - 1))
    signature[bit // 8] ^= 1 << bit % 8
    assert not key.public_key.verifies(bytes(signature), message)


@every
@settings(max_examples=40, deadline=None)
@given(signature=st.binary(max_size=200))
def test_any_bytes_at_all_are_only_ever_no_signature(algorithm: Algorithm, signature: bytes) -> None:
    assert KEYS[algorithm].public_key.verifies(signature, b"message") is False


@negative("NEG-ECDSA-002")
@every
def test_a_signature_of_another_length_is_refused(algorithm: Algorithm) -> None:
    key = KEYS[algorithm]
    signature, half = key.sign(b"m"), SIZES[algorithm]
    longer = b"\0" + signature[:half] + b"\0" + signature[half:]
    padded = signature[:half] + b"\0" + signature[half:]  # what a reader that cuts in half takes for the same s
    for other in (
        b"",
        signature[:-1],
        signature + b"\0",
        b"\0" + signature,
        longer,
        padded,
        signature[:half],
        signature * 2,
    ):
        assert not key.public_key.verifies(other, b"m")


@negative("NEG-ECDSA-002")
@every_ecdsa
def test_a_signature_in_der_is_refused(algorithm: Algorithm) -> None:
    key = KEYS[algorithm].to_cryptography()
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    hash_algorithm = hashes.SHA256() if algorithm is Algorithm.ES256 else hashes.SHA384()
    der = key.sign(b"m", ec.ECDSA(hash_algorithm))
    size = SIZES[algorithm]
    raw = b"".join(part.to_bytes(size) for part in decode_dss_signature(der))
    assert KEYS[algorithm].public_key.verifies(raw, b"m")
    assert not KEYS[algorithm].public_key.verifies(der, b"m")


@negative("NEG-ECDSA-001")
@every_ecdsa
def test_r_and_s_outside_their_range_are_refused_whatever_the_library_would_say(
    algorithm: Algorithm, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, size = ORDERS[algorithm], SIZES[algorithm]
    outside, inside = (0, order, order + 1, 2 ** (8 * size) - 1), (1, order - 1)
    pairs = [(r, s) for r in inside for s in inside]
    assert not any(KEYS[algorithm].public_key.verifies(r.to_bytes(size) + s.to_bytes(size), b"m") for r, s in pairs)
    monkeypatch.setattr(PublicKey, "_load", None)
    for r in (*outside, *inside):
        for s in outside:
            assert not KEYS[algorithm].public_key.verifies(s.to_bytes(size) + r.to_bytes(size), b"m")
            assert not KEYS[algorithm].public_key.verifies(r.to_bytes(size) + s.to_bytes(size), b"m")


@every_ecdsa
@given(data=st.data())
def test_a_signature_in_der_and_a_raw_one_are_each_other_as_the_library_has_it(
    algorithm: Algorithm, data: st.DataObject
) -> None:
    order, size = ORDERS[algorithm], SIZES[algorithm]
    short = st.integers(0, 8 * size - 1).flatmap(lambda bits: st.integers(2**bits, min(2 ** (bits + 1), order) - 1))
    r, s = data.draw(short | st.just(order - 1)), data.draw(short | st.just(1))
    raw, der = r.to_bytes(size) + s.to_bytes(size), encode_dss_signature(r, s)
    assert keys._der(raw, keys._CURVES[algorithm]) == der
    assert keys._raw(der, size) == raw


@every
def test_a_public_key_is_copied_without_what_was_loaded_for_it(algorithm: Algorithm) -> None:
    key = KEYS[algorithm].public_key
    assert key.verifies(KEYS[algorithm].sign(b"m"), b"m")
    for again in (pickle.loads(pickle.dumps(key)), copy.deepcopy(key)):
        assert again == key
        assert hash(again) == hash(key)
        assert repr(again) == repr(key)
        assert again.verifies(KEYS[algorithm].sign(b"m"), b"m")


def test_r_plus_the_order_does_not_stand_for_r() -> None:
    key, order = KEYS[Algorithm.ES384], ORDERS[Algorithm.ES384]
    signature = key.sign(b"m")
    for place in (slice(0, 48), slice(48, 96)):
        larger = int.from_bytes(signature[place]) + order
        if larger < 2**384:
            changed = bytearray(signature)
            changed[place] = larger.to_bytes(48)
            assert not key.public_key.verifies(bytes(changed), b"m")


@negative("NEG-ECDSA-003")
@every_ecdsa
def test_a_mirrored_signature_verifies_so_nothing_may_be_recognised_by_it(algorithm: Algorithm) -> None:
    key, size = KEYS[algorithm], SIZES[algorithm]
    signature = key.sign(b"m")
    mirrored = signature[:size] + (ORDERS[algorithm] - int.from_bytes(signature[size:])).to_bytes(size)
    assert mirrored != signature
    assert key.public_key.verifies(mirrored, b"m")


# -- JWK --------------------------------------------------------------------------------------------------------------


@negative("NEG-JWK-002")
@every
def test_a_key_survives_its_jwk(algorithm: Algorithm) -> None:
    key = KEYS[algorithm].public_key
    assert PublicKey.from_jwk(key.jwk()) == key
    assert PublicKey.from_cryptography(key.to_cryptography()) == key
    assert hash(PublicKey.from_jwk(key.jwk())) == hash(key)


@every
def test_a_jwk_with_more_about_the_key_is_read(algorithm: Algorithm) -> None:
    jwk = {**KEYS[algorithm].public_key.jwk(), "kid": "1", "use": "sig", "key_ops": ["verify"], "alg": str(algorithm)}
    assert PublicKey.from_jwk({**jwk, "x5t": "ignored", "nbf": 1}) == KEYS[algorithm].public_key


def test_ed25519_may_be_called_by_its_own_name() -> None:
    key = KEYS[Algorithm.EDDSA].public_key
    assert PublicKey.from_jwk({**key.jwk(), "alg": "Ed25519"}) == key


@every
def test_a_thumbprint_is_over_the_required_members_alone(algorithm: Algorithm) -> None:
    key = KEYS[algorithm].public_key
    text = json.dumps(key.jwk(), sort_keys=True, separators=(",", ":")).encode()
    assert key.thumbprint() == hashlib.sha256(text).digest()


def test_the_thumbprint_of_the_key_in_rfc_8037_is_the_published_one() -> None:
    key = PublicKey.from_jwk({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
    assert b64url_encode(key.thumbprint()) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@negative("NEG-JWK-001", "NEG-JWK-003", "NEG-JWK-004")
@every
@pytest.mark.parametrize(
    "change",
    [
        {"d": "AA"},
        {"k": "AA"},
        {"p": "AA"},
        {"priv": "AA"},
        {"d": None},
        {"kty": "RSA"},
        {"kty": "oct"},
        {"kty": "AKP"},
        {"kty": ["EC"]},
        {"kty": None},
        {"kty": "ec"},
        {"crv": "P-521"},
        {"crv": "secp256k1"},
        {"crv": "X25519"},
        {"crv": "Ed448"},
        {"crv": 256},
        {"x": ""},
        {"x": 5},
        {"x": "AA=="},
        {"x": "A" * 42},
        {"use": "enc"},
        {"use": None},
        {"key_ops": ["sign"]},
        {"key_ops": []},
        {"key_ops": "verify"},
        {"key_ops": {"verify": True}},
        {"alg": "ES512"},
        {"alg": "ECDH-ES"},
        {"alg": "none"},
        {"alg": ["ES256"]},
        {"alg": None},
    ],
    ids=str,
)
def test_a_jwk_that_is_no_key_for_verifying_is_refused(algorithm: Algorithm, change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        PublicKey.from_jwk({**KEYS[algorithm].public_key.jwk(), **change})


@every
@pytest.mark.parametrize("missing", ["kty", "crv", "x", "y"])
def test_a_jwk_that_lacks_a_member_is_refused(algorithm: Algorithm, missing: str) -> None:
    jwk = {name: value for name, value in KEYS[algorithm].public_key.jwk().items() if name != missing}
    if missing == "y" and algorithm is Algorithm.EDDSA:
        return
    with pytest.raises(Malformed):
        PublicKey.from_jwk(jwk)


@every
def test_an_algorithm_of_another_curve_is_refused(algorithm: Algorithm) -> None:
    for other in set(Algorithm) - {algorithm}:
        with pytest.raises(Malformed):
            PublicKey.from_jwk({**KEYS[algorithm].public_key.jwk(), "alg": str(other)})


@negative("NEG-JWK-003")
@every_ecdsa
def test_coordinates_of_another_length_are_refused(algorithm: Algorithm) -> None:
    jwk, size = KEYS[algorithm].public_key.jwk(), SIZES[algorithm]
    for name in ("x", "y"):
        for data in (b"\0" + b64url_decode(jwk[name]), b64url_decode(jwk[name])[1:], bytes(size + 1), b""):
            with pytest.raises(Malformed):
                PublicKey.from_jwk({**jwk, name: b64url_encode(data)})


@negative("NEG-JWK-003")
@every_ecdsa
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_point_that_is_not_on_the_curve_is_refused(algorithm: Algorithm, data: st.DataObject) -> None:
    size = SIZES[algorithm]
    x = data.draw(st.binary(min_size=size, max_size=size))
    y = data.draw(st.binary(min_size=size, max_size=size))
    crv = KEYS[algorithm].public_key.jwk()["crv"]
    with pytest.raises(Malformed):
        PublicKey.from_jwk({"kty": "EC", "crv": crv, "x": b64url_encode(x), "y": b64url_encode(y)})


@negative("NEG-ED25519-002")
@pytest.mark.parametrize(
    "x",
    [
        "00" * 32,  # of order 4
        "01" + "00" * 31,  # the neutral element
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  # of order 2
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",  # of order 8
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  # the neutral element, not reduced
        "ff" * 32,
    ],
)
def test_an_ed25519_point_that_fits_more_than_one_message_is_refused(x: str) -> None:
    with pytest.raises(Malformed):
        PublicKey.from_jwk({"kty": "OKP", "crv": "Ed25519", "x": b64url_encode(bytes.fromhex(x))})
    key = PublicKey(Algorithm.EDDSA, bytes.fromhex(x))  # made around the reader, it still verifies nothing
    assert not key.verifies(bytes.fromhex("01" + "00" * 63), b"m")
    assert not key.verifies(bytes(64), b"m")


@pytest.mark.parametrize("jwk", [None, [], "jwk", 1, {}, {"kty": "EC"}, [{"kty": "EC"}]])
def test_what_is_no_jwk_is_refused(jwk: Any) -> None:
    with pytest.raises(Malformed):
        PublicKey.from_jwk(jwk)


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["kty", "crv", "x", "y", "alg", "use", "key_ops", "d"]),
        st.none() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=2),
    )
)
def test_any_object_is_a_key_or_is_malformed(jwk: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        PublicKey.from_jwk(jwk)


def test_whether_a_jwk_is_public_is_told_of_anything() -> None:
    assert is_public(KEYS[Algorithm.ES256].public_key.jwk())
    assert is_public(None)
    assert not is_public({"kty": "EC", "d": "AA"})


def test_keys_of_other_kinds_are_refused() -> None:
    for key in (
        rsa.generate_private_key(65537, 2048).public_key(),
        ec.generate_private_key(ec.SECP256K1()).public_key(),
        ec.generate_private_key(ec.SECP521R1()).public_key(),
        ed448.Ed448PrivateKey.generate().public_key(),
        "key",
    ):
        with pytest.raises(Malformed):
            PublicKey.from_cryptography(key)


# -- private keys -----------------------------------------------------------------------------------------------------


@every
def test_a_key_comes_back_from_its_secret(algorithm: Algorithm) -> None:
    key = KEYS[algorithm]
    again = SoftwareKey.from_secret(algorithm, key.secret())
    assert again.public_key == key.public_key
    assert again.secret() == key.secret()
    assert len(key.secret()) == SIZES[algorithm]
    assert key.public_key.verifies(again.sign(b"m"), b"m")


@every
def test_what_is_no_secret_of_a_key_is_refused(algorithm: Algorithm) -> None:
    size = SIZES[algorithm]
    wrong = [b"", b"\1" * (size - 1), b"\1" * (size + 1)]
    if algorithm in ORDERS:
        wrong += [bytes(size), ORDERS[algorithm].to_bytes(size), b"\xff" * size]
    for secret in wrong:
        with pytest.raises(Malformed):
            SoftwareKey.from_secret(algorithm, secret)


@every
def test_a_key_file_is_for_its_owner_alone_and_never_overwritten(algorithm: Algorithm, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    before = os.umask(0)
    try:
        KEYS[algorithm].save(path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert SoftwareKey.load(path).public_key == KEYS[algorithm].public_key
    assert SoftwareKey.load(path).secret() == KEYS[algorithm].secret()
    written = path.read_bytes()
    with pytest.raises(Misuse):
        SoftwareKey.generate(algorithm).save(path)
    assert path.read_bytes() == written


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602, 0o610, 0o777])
def test_a_key_file_that_others_can_use_is_refused(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    KEYS[Algorithm.ES256].save(path)
    path.chmod(mode)
    with pytest.raises(Misuse, match="0600"):
        SoftwareKey.load(path)


def test_a_key_is_not_written_through_a_link_or_where_nothing_can_be(tmp_path: Path) -> None:
    target = tmp_path / "target"
    link = tmp_path / "link"
    link.symlink_to(target)
    for path in (link, tmp_path, tmp_path / "no" / "key.pem"):
        with pytest.raises(Misuse):
            KEYS[Algorithm.ES256].save(path)
    assert not target.exists()


def test_what_is_no_key_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misuse):
        SoftwareKey.load(tmp_path / "none")
    with pytest.raises(Misuse):
        SoftwareKey.load(tmp_path)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo, 0o600)
    with pytest.raises(Misuse):
        SoftwareKey.load(fifo)


def pem(key: Any, password: bytes | None = None) -> bytes:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    written: bytes = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    return written


def test_key_files_of_other_kinds_are_refused_without_a_word_of_their_content(tmp_path: Path) -> None:
    p256 = ec.generate_private_key(ec.SECP256R1())
    good = pem(p256)
    for index, data in enumerate(
        (
            b"",
            b"999990019",
            good[:-40],
            good * 20,
            pem(p256, b"password"),
            pem(ec.generate_private_key(ec.SECP521R1())),
            pem(ed448.Ed448PrivateKey.generate()),
            pem(rsa.generate_private_key(65537, 2048)),
            p256.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        )
    ):
        path = tmp_path / f"{index}.pem"
        path.touch(0o600)
        path.write_bytes(data)
        with pytest.raises(Malformed) as caught:
            SoftwareKey.load(path)
        assert data == b"" or data.decode()[:9] not in str(caught.value)
        assert caught.value.__cause__ is None


@negative("NEG-STORE-015")
@every
def test_a_private_key_does_not_leave_by_printing_or_copying(algorithm: Algorithm, caplog: Any) -> None:
    key = KEYS[algorithm]
    logging.getLogger("test").warning("%s %r %s", key, key, {"key": key})
    shown = caplog.text + repr(key) + str(key) + f"{key}" + repr([key])
    for secret in (
        key.secret().hex(),
        b64url_encode(key.secret()),
        repr(key.secret()),
        str(int.from_bytes(key.secret())),
    ):
        assert secret not in shown
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(Misuse):
            take(key)
    with pytest.raises(TypeError):
        json.dumps(key)
    assert not hasattr(key, "__dict__")
    assert key != SoftwareKey.from_secret(algorithm, key.secret())
