"""Tokens of any kind, made from recipes: good ones, and ones that break one rule and are signed as if meant.

    Recipe.but(payload={"exp": ...})  ->  another recipe that differs in that alone  ->  token()

The keys are fixed and their secrets can be computed by anybody who reads this: they are for this kit and nothing else.
Signatures of ES256 and ES384 are deterministic (RFC 6979), as those of Ed25519 are, so that a file comes out the same
each time it is made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from eigendata.crypto.keys import Algorithm, PublicKey, SoftwareKey
from eigendata.encoding import b64url_encode

Edit: TypeAlias = Callable[[bytes], bytes]
"""Something done to bytes: to a JSON text before it is encoded, or to a part of a token after it was signed."""

GONE: Final[Any] = object()
"""A member that is given this value is left out."""

OVER_WHAT_IS_SENT: Final[Any] = object()
"""Stands for the digest over the token and the disclosures that are sent, which is known only once they are."""

ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of P-256."""

_SIZES: Final = {Algorithm.ES256: 32, Algorithm.ES384: 48, Algorithm.EDDSA: 32}
_HASHES: Final = {Algorithm.ES256: hashes.SHA256, Algorithm.ES384: hashes.SHA384}


@dataclass(frozen=True, slots=True)
class KitKey:
    """A key of the kit: anybody can make it from its name, so nobody may trust it."""

    name: str
    key: SoftwareKey

    @classmethod
    def of(cls, name: str, algorithm: Algorithm = Algorithm.ES256) -> KitKey:
        seed = f"eigendata conformance kit: the key of {name}, which is no secret".encode()
        return cls(name, SoftwareKey.from_secret(algorithm, hashlib.sha512(seed).digest()[: _SIZES[algorithm]]))

    @property
    def public_key(self) -> PublicKey:
        return self.key.public_key

    @property
    def algorithm(self) -> Algorithm:
        return self.key.public_key.algorithm

    def jwk(self) -> dict[str, Any]:
        return dict(self.key.public_key.jwk())

    def sign(self, message: bytes) -> bytes:
        """Give the raw signature, the same one each time."""
        if self.algorithm is Algorithm.EDDSA:
            return self.key.sign(message)
        r, s = decode_dss_signature(self.in_der(message))
        size = _SIZES[self.algorithm]
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    def in_der(self, message: bytes) -> bytes:
        """Give the signature in DER, as libraries make it and JOSE does not want it."""
        private = self.key.to_cryptography()
        assert isinstance(private, ec.EllipticCurvePrivateKey)
        return private.sign(message, ec.ECDSA(_HASHES[self.algorithm](), deterministic_signing=True))


ISSUER: Final = KitKey.of("the issuer")
HOLDER: Final = KitKey.of("the holder")
STRANGER: Final = KitKey.of("a stranger")


# -- the small parts --------------------------------------------------------------------------------------------------


def compact(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def encoded(data: bytes) -> bytes:
    return b64url_encode(data).encode()


def disclosure(*contents: object) -> bytes:
    """Give a disclosure of these elements: a salt, perhaps a name, and a value."""
    return encoded(compact(list(contents)))


def salted(name: str, *contents: object) -> bytes:
    """Give a disclosure whose salt follows from a name; a kit whose files change each time could not be compared."""
    salt = b64url_encode(hashlib.sha256(f"salt of {name}".encode()).digest()[:16])
    return disclosure(salt, *contents)


def digest(one: bytes, hash: str = "sha-256") -> str:
    return b64url_encode(hashlib.new(hash.replace("-", ""), one).digest())


def decoy(number: int) -> str:
    return digest(f"a decoy that hides nothing: {number}".encode())


def element(one: bytes) -> dict[str, str]:
    """Give what stands in an array for an element that can be withheld."""
    return {"...": digest(one)}


def merged(members: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    whole = {**members, **changes}
    return {name: value for name, value in whole.items() if value is not GONE}


# -- recipes ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Jwt:
    """How one signed part is made.

    Attributes:
        header_text, payload_text: done to the JSON before it is encoded.
        header_part, payload_part: done to the encoded parts before they are signed.
        sign: gives the raw signature over the signing input.
        after: done to the whole JWT once it was signed.
    """

    header: Mapping[str, Any]
    payload: Mapping[str, Any]
    header_text: Edit | None = None
    payload_text: Edit | None = None
    header_part: Edit | None = None
    payload_part: Edit | None = None
    sign: Edit
    after: Edit | None = None

    def but(
        self, *, header: Mapping[str, Any] | None = None, payload: Mapping[str, Any] | None = None, **edits: Any
    ) -> Jwt:
        return replace(
            self, header=merged(self.header, header or {}), payload=merged(self.payload, payload or {}), **edits
        )

    def token(self) -> bytes:
        header = _done(self.header_part, encoded(_done(self.header_text, compact(self.header))))
        payload = _done(self.payload_part, encoded(_done(self.payload_text, compact(self.payload))))
        signing_input = header + b"." + payload
        return _done(self.after, signing_input + b"." + encoded(self.sign(signing_input)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How one token is made.

    Attributes:
        sent: the disclosures that go along, in their order.
        proof: the holder's proof, or None.
        proven: done to what the proof is over before it is hashed: what the holder thinks was sent.
        whole: done to the finished token.
    """

    jwt: Jwt
    sent: tuple[bytes, ...] = ()
    proof: Jwt | None = None
    proven: Edit | None = None
    whole: Edit | None = None

    def but(
        self,
        *,
        header: Mapping[str, Any] | None = None,
        payload: Mapping[str, Any] | None = None,
        jwt: Mapping[str, Any] | None = None,
        kb_header: Mapping[str, Any] | None = None,
        kb: Mapping[str, Any] | None = None,
        kb_jwt: Mapping[str, Any] | None = None,
        **edits: Any,
    ) -> Recipe:
        """Give a recipe that differs in this alone; `kb` and `kb_header` are members of the holder's proof."""
        changed = self
        if header or payload or jwt:
            changed = replace(changed, jwt=self.jwt.but(header=header, payload=payload, **(jwt or {})))
        if kb_header or kb or kb_jwt:
            assert self.proof is not None
            changed = replace(changed, proof=self.proof.but(header=kb_header, payload=kb, **(kb_jwt or {})))
        return replace(changed, **edits)

    def token(self) -> bytes:
        shown = b"~".join((self.jwt.token(), *self.sent, b""))
        if self.proof is None:
            return _done(self.whole, shown)
        proof = self.proof
        if proof.payload.get("sd_hash") is OVER_WHAT_IS_SENT:
            named = self.jwt.payload.get("_sd_alg")
            hash_ = named if named in ("sha-384", "sha-512") else "sha-256"
            proof = proof.but(payload={"sd_hash": digest(_done(self.proven, shown), hash_)})
        return _done(self.whole, shown + proof.token())


def _done(edit: Edit | None, data: bytes) -> bytes:
    return data if edit is None else edit(data)
