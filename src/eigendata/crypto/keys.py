"""Keys, each with the one algorithm that it is used with.

    PublicKey      verifies; bytes in a value, so that it compares, hashes and is stored like one
    Signer         signs; a software key, or whatever else keeps a private key and offers this protocol
    SoftwareKey    the signer whose private key is in this process

Signatures are raw on the outside: r || s of fixed length for ES256 and ES384 (RFC 7518 section 3.4), 64 bytes for
EdDSA. How `cryptography` and PyNaCl want them, and the loaded keys, stay in here.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, NoReturn, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from eigendata import files
from eigendata.encoding import Json, b64url_decode, b64url_encode, json_dumps
from eigendata.errors import Malformed, Misuse


class Algorithm(StrEnum):
    """The signature algorithms that are used. A key has exactly one."""

    ES256 = "ES256"
    ES384 = "ES384"
    EDDSA = "EdDSA"  # with Ed25519, its only curve here


@dataclass(frozen=True, slots=True)
class _Curve:
    crv: str
    size: int  # bytes of a coordinate, and of r and of s
    curve: ec.EllipticCurve
    order: bytes
    hash: Callable[[bytes], Any]
    digest: hashes.HashAlgorithm  # the same, as `cryptography` names it


_CURVES: Final[Mapping[Algorithm, _Curve]] = {
    Algorithm.ES256: _Curve(
        crv="P-256",
        size=32,
        curve=ec.SECP256R1(),
        order=bytes.fromhex("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"),
        hash=hashlib.sha256,
        digest=hashes.SHA256(),
    ),
    Algorithm.ES384: _Curve(
        crv="P-384",
        size=48,
        curve=ec.SECP384R1(),
        order=bytes.fromhex(
            "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973"
        ),
        hash=hashlib.sha384,
        digest=hashes.SHA384(),
    ),
}
_OBJECTS: Final = (dict, Mapping)  # what was just read is a dict, which is seen at once
_ED25519: Final = "Ed25519"
_ED25519_SIZE: Final = 32
_KEY_FILE: Final = "the key file"
_KEY_FILE_LIMIT: Final = 4096
"""Bytes of a key file: a P-384 key is some 300."""
_KNOWN_KEYS: Final = 512
"""Ed25519 keys of which it is known that they are of prime order."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: its algorithm, and its bytes.

    Attributes:
        data: the uncompressed point without its leading 4 (x || y), or the 32 bytes of Ed25519. On the curve: made by
            `from_jwk`, `from_cryptography` or a `SoftwareKey`, which see to that.
    """

    algorithm: Algorithm
    data: bytes
    # As `cryptography` has it, once it was needed. With the key and in no cache: an issuer's lives as long as the trust
    # in it, a holder's, which never comes back, as long as the token.
    _loaded: ec.EllipticCurvePublicKey | None = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def from_jwk(cls, jwk: Json) -> PublicKey:
        """Read a public JWK (RFC 7517, RFC 7518 section 6, RFC 8037). Members that say nothing here are ignored.

        Raises:
            Malformed: a private or unknown kind of key, a point that is not on the curve, another length, or a key
                that says of itself that it is not for verifying signatures or is for another algorithm.
        """
        if not isinstance(jwk, _OBJECTS):
            raise Malformed("not a JWK: no object")
        if not _PRIVATE_MEMBERS.isdisjoint(jwk):
            raise Malformed("a JWK with a private or secret key is not accepted as a public key")
        algorithm = _JWK_KINDS.get((_text(jwk, "kty"), _text(jwk, "crv")))
        if algorithm is None:
            raise Malformed("not a JWK of P-256, P-384 or Ed25519")
        if not _OF_USE.isdisjoint(jwk):
            _require_for_verifying(jwk, algorithm)
        if algorithm is Algorithm.EDDSA:
            return cls.from_octets(algorithm, _octets(jwk, "x", _ED25519_SIZE))
        size = _CURVES[algorithm].size
        return cls.from_octets(algorithm, _octets(jwk, "x", size) + _octets(jwk, "y", size))

    @classmethod
    def from_octets(cls, algorithm: Algorithm, data: bytes) -> PublicKey:
        """Take the octets that `data` is made of.

        Raises:
            Malformed: another length, or a point that is not on the curve, or of Ed25519 not of its prime order.
        """
        if algorithm is Algorithm.EDDSA:
            if len(data) != _ED25519_SIZE:
                raise Malformed("a public key of another length than its curve's")
            return _of_prime_order(cls(algorithm, data))
        if len(data) != 2 * _CURVES[algorithm].size:
            raise Malformed("a public key of another length than its curve's")
        key = cls(algorithm, data)
        key._load()
        return key

    @classmethod
    def from_cryptography(cls, key: object) -> PublicKey:
        """Take a public key of `cryptography`.

        Raises:
            Malformed: it is none of P-256, P-384 and Ed25519.
        """
        if isinstance(key, ec.EllipticCurvePublicKey):
            for algorithm, curve in _CURVES.items():
                if isinstance(key.curve, type(curve.curve)):
                    made = cls(algorithm, _point(key))
                    object.__setattr__(made, "_loaded", key)
                    return made
        if isinstance(key, ed25519.Ed25519PublicKey):
            return _of_prime_order(cls(Algorithm.EDDSA, key.public_bytes_raw()))
        raise Malformed("a public key of another kind than P-256, P-384 or Ed25519")

    def to_cryptography(self) -> ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey:
        """Give the key as `cryptography` has it.

        Raises:
            Malformed: the point is not on the curve.
        """
        if self.algorithm is Algorithm.EDDSA:
            return ed25519.Ed25519PublicKey.from_public_bytes(self.data)
        return self._load()

    def _load(self) -> ec.EllipticCurvePublicKey:
        loaded = self._loaded
        if loaded is None:
            try:
                loaded = ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[self.algorithm].curve, b"\4" + self.data)
            except ValueError:
                raise Malformed("a public key whose point is not on its curve") from None
            object.__setattr__(self, "_loaded", loaded)  # what it is made of never changes, and so neither does this
        return loaded

    def __reduce__(self) -> tuple[type[PublicKey], tuple[Algorithm, bytes]]:
        return PublicKey, (self.algorithm, self.data)  # what is loaded stays in its process

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Tell whether a raw signature over a message is by this key.

        For ES256 and ES384 the pair (r, n-s) verifies like (r, s): never recognise anything by its signature's bytes.
        """
        if self.algorithm is Algorithm.EDDSA:
            return _ed25519_verifies(self.data, signature, message)
        curve = _CURVES[self.algorithm]
        der = _der(signature, curve)
        if der is None:
            return False
        try:
            self._load().verify(der, curve.hash(message).digest(), _ecdsa(self.algorithm))
        except InvalidSignature:
            return False
        return True

    def jwk(self) -> dict[str, str]:
        """Give the JWK with the required members only, in the order that RFC 7638 gives them."""
        if self.algorithm is Algorithm.EDDSA:
            return {"crv": _ED25519, "kty": "OKP", "x": b64url_encode(self.data)}
        curve = _CURVES[self.algorithm]
        x, y = self.data[: curve.size], self.data[curve.size :]
        return {"crv": curve.crv, "kty": "EC", "x": b64url_encode(x), "y": b64url_encode(y)}

    def thumbprint(self) -> bytes:
        """Give the SHA-256 thumbprint (RFC 7638)."""
        return hashlib.sha256(json_dumps(self.jwk())).digest()


class Signer(Protocol):
    """Whatever keeps a private key and signs with it: software, a vault, a security module."""

    @property
    def public_key(self) -> PublicKey: ...

    def sign(self, message: bytes) -> bytes:
        """Give the raw signature over a message, by the one algorithm of the key."""


class Agreement(Protocol):
    """Whatever keeps a private key and agrees with it on a secret that another key's holder can make too."""

    @property
    def public_key(self) -> PublicKey: ...

    def agree(self, other: PublicKey) -> bytes:
        """Give the shared secret: the x of the shared point, as long as its curve's (ECDH, SEC 1 section 3.3.1).

        Raises:
            Misuse: the two keys are not of one curve, or of one that is for signing alone.
        """


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SoftwareKey:
    """A signer whose private key is in this process. It is never printed, compared or pickled."""

    public_key: PublicKey
    _signer: Any = field(repr=False)  # an EllipticCurvePrivateKey of `cryptography`, or a SigningKey of PyNaCl

    @classmethod
    def generate(cls, algorithm: Algorithm) -> SoftwareKey:
        """Make a new key, from the operating system's randomness."""
        if algorithm is Algorithm.EDDSA:
            return cls.from_secret(algorithm, os.urandom(_ED25519_SIZE))
        return cls._from_ec(algorithm, ec.generate_private_key(_CURVES[algorithm].curve))

    @classmethod
    def from_secret(cls, algorithm: Algorithm, secret: bytes) -> SoftwareKey:
        """Make the key again that gave this `secret()`.

        Raises:
            Malformed: it is no secret of such a key.
        """
        if algorithm is Algorithm.EDDSA:
            if len(secret) != _ED25519_SIZE:
                raise Malformed("not the secret of an Ed25519 key")
            from nacl.signing import SigningKey

            seed = SigningKey(secret)
            return cls(PublicKey(algorithm, bytes(seed.verify_key)), seed)
        curve = _CURVES[algorithm]
        scalar = int.from_bytes(secret, "big")
        if len(secret) != curve.size or not 0 < scalar < int.from_bytes(curve.order, "big"):
            raise Malformed(f"not the secret of a {curve.crv} key")
        return cls._from_ec(algorithm, ec.derive_private_key(scalar, curve.curve))

    @classmethod
    def _from_ec(cls, algorithm: Algorithm, key: ec.EllipticCurvePrivateKey) -> SoftwareKey:
        return cls(PublicKey(algorithm, _point(key.public_key())), key)

    def sign(self, message: bytes) -> bytes:
        """Give the raw signature over a message, by the one algorithm of the key."""
        if self.public_key.algorithm is Algorithm.EDDSA:
            ed25519_signature: bytes = self._signer.sign(message).signature
            return ed25519_signature
        curve = _CURVES[self.public_key.algorithm]
        return _raw(self._signer.sign(curve.hash(message).digest(), _ecdsa(self.public_key.algorithm)), curve.size)

    def agree(self, other: PublicKey) -> bytes:
        """Give the shared secret; see `Agreement.agree`."""
        public = other.to_cryptography()
        if other.algorithm is not self.public_key.algorithm or not isinstance(public, ec.EllipticCurvePublicKey):
            raise Misuse("two keys agree on a secret where both are of P-256, or both of P-384")
        shared: bytes = self._signer.exchange(ec.ECDH(), public)
        return shared

    def secret(self) -> bytes:
        """Give the private scalar or seed, for a vault that seals it. With `from_secret` the key is back."""
        if self.public_key.algorithm is Algorithm.EDDSA:
            return bytes(self._signer)
        scalar: int = self._signer.private_numbers().private_value
        return scalar.to_bytes(_CURVES[self.public_key.algorithm].size, "big")

    def to_cryptography(self) -> ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey:
        """Give the private key as `cryptography` has it, for signing certificates."""
        if self.public_key.algorithm is Algorithm.EDDSA:
            return ed25519.Ed25519PrivateKey.from_private_bytes(self.secret())
        key: ec.EllipticCurvePrivateKey = self._signer
        return key

    def save(self, path: Path) -> None:
        """Write the key to a new file that only its owner can read: PKCS#8 in PEM, not encrypted.

        Raises:
            Misuse: there is something at that path already, or no file can be there.
            Unavailable: the disk is full or fails.
        """
        from cryptography.hazmat.primitives import serialization  # late: with its SSH keys it is slow to load

        pem = self.to_cryptography().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        files.write_new(path, pem, _KEY_FILE, mode=files.PRIVATE)

    @classmethod
    def load(cls, path: Path) -> SoftwareKey:
        """Read a key file that `save` wrote.

        Raises:
            Misuse: there is none, or others than its owner can read or write it.
            Malformed: it holds no private key of a kind that is used here.
        """
        return cls._from_pem(files.read_private(path, _KEY_FILE, limit=_KEY_FILE_LIMIT), path)

    @classmethod
    def _from_pem(cls, pem: bytes, path: Path) -> SoftwareKey:
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError):
            # not `from error`: nothing of a key file's content travels with an error
            raise Malformed(f"the key file {path} holds no private key in PEM without a password") from None
        except UnsupportedAlgorithm:
            raise Malformed(f"the key file {path} holds a key of another kind than is used here") from None
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return cls.from_secret(Algorithm.EDDSA, key.private_bytes_raw())
        if isinstance(key, ec.EllipticCurvePrivateKey):
            for algorithm, curve in _CURVES.items():
                if isinstance(key.curve, type(curve.curve)):
                    return cls._from_ec(algorithm, key)
        raise Malformed(f"the key file {path} holds a key of another kind than P-256, P-384 or Ed25519")

    def __repr__(self) -> str:
        return f"SoftwareKey({self.public_key.algorithm}, ...)"

    def __reduce__(self) -> NoReturn:
        raise Misuse("a private key is not pickled or copied; it is saved, or sealed in a vault")


# -- how the libraries want it ----------------------------------------------------------------------------------------


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]


@cache
def _ecdsa(algorithm: Algorithm) -> ec.ECDSA:
    # Of a hash that was made already: hashlib is the shorter way to the same SHA-2. Made late: the first one loads much
    # of `cryptography`.
    return ec.ECDSA(Prehashed(_CURVES[algorithm].digest))


# By hand, for the functions of `cryptography` go by way of large integers, which takes three times as long. All lengths
# fit the short form: of P-384 the whole is 2 + 2 * (2 + 49) bytes at most.
_INTEGERS: Final = (tuple(bytes((2, n)) for n in range(49)), tuple(bytes((2, n + 1, 0)) for n in range(49)))
_SEQUENCES: Final = tuple(bytes((0x30, n)) for n in range(2 * (2 + 49) + 1))


def _der(signature: bytes, curve: _Curve) -> bytes | None:
    """Write a raw signature as DER (RFC 3279 section 2.2.3), if r and s are in their range."""
    if len(signature) != 2 * curve.size:
        return None
    r, s = signature[: curve.size], signature[curve.size :]
    # Of big-endian numbers of the same length the larger one is the larger text; and zero has only zeros.
    if r >= curve.order or s >= curve.order or not (r := r.lstrip(b"\0")) or not (s := s.lstrip(b"\0")):
        return None
    # a leading zero, where the number would be negative without
    r, s = _INTEGERS[r[0] >> 7][len(r)] + r, _INTEGERS[s[0] >> 7][len(s)] + s
    return _SEQUENCES[len(r) + len(s)] + r + s


def _raw(der: bytes, size: int) -> bytes:
    """Read a signature that `cryptography` just wrote as DER."""
    end = 4 + der[3]
    # each is at its end, behind a leading zero or fewer bytes than it may have
    return der[4:end][-size:].rjust(size, b"\0") + der[end + 2 :][-size:].rjust(size, b"\0")


@lru_cache(maxsize=_KNOWN_KEYS)
def _of_prime_order(key: PublicKey) -> PublicKey:
    """Refuse an Ed25519 point that is not canonical, or of small or mixed order: more than one message fits such."""
    from nacl.bindings import crypto_core_ed25519_is_valid_point

    if not crypto_core_ed25519_is_valid_point(key.data):
        raise Malformed("a public key that is no point of prime order on Ed25519")
    return key


def _ed25519_verifies(data: bytes, signature: bytes, message: bytes) -> bool:
    from nacl.exceptions import BadSignatureError
    from nacl.signing import VerifyKey

    if len(signature) != 2 * _ED25519_SIZE:
        return False
    try:
        VerifyKey(data).verify(message, signature)
    except BadSignatureError:
        return False
    return True


def is_public(jwk: Json) -> bool:
    """Tell whether a JWK holds no member of a private or secret key. A verifier never wants to see one."""
    return not isinstance(jwk, _OBJECTS) or _PRIVATE_MEMBERS.isdisjoint(jwk)


# -- how a JWK has it -------------------------------------------------------------------------------------------------

_JWK_KINDS: Final[Mapping[tuple[str, str], Algorithm]] = {
    ("EC", "P-256"): Algorithm.ES256,
    ("EC", "P-384"): Algorithm.ES384,
    ("OKP", _ED25519): Algorithm.EDDSA,
}
_PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
_OF_USE: Final = frozenset({"use", "key_ops", "alg"})
_FULLY_SPECIFIED: Final = {Algorithm.EDDSA: "Ed25519"}  # RFC 9864 gives the pair of EdDSA and its curve this name


def _text(jwk: Mapping[str, Json], name: str) -> str:
    value = jwk.get(name)
    if not isinstance(value, str):
        raise Malformed(f"not a JWK: {name} is not there, or is no text")
    return value


def _octets(jwk: Mapping[str, Json], name: str, size: int) -> bytes:
    data = b64url_decode(_text(jwk, name))
    if len(data) != size:
        raise Malformed(f"not a JWK: {name} is not {size} bytes")
    return data


def _require_for_verifying(jwk: Mapping[str, Json], algorithm: Algorithm) -> None:
    if jwk.get("use", "sig") != "sig":
        raise Malformed("a JWK that is not for signatures (use)")
    operations = jwk.get("key_ops", ("verify",))
    if not isinstance(operations, list | tuple) or "verify" not in operations:
        raise Malformed("a JWK that is not for verifying signatures (key_ops)")
    if jwk.get("alg", algorithm) not in (algorithm, _FULLY_SPECIFIED.get(algorithm, algorithm)):
        raise Malformed("a JWK for another algorithm than that of its kind (alg)")
