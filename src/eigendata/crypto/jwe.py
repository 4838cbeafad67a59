"""A compact JWE (RFC 7516) of the one kind that answers are sealed in: ECDH-ES on P-256 with AES-GCM.

    verifier's one-time key + payload -> encrypt -> bytes -> parse_jwe -> Jwe -> decrypt(key) -> payload

The header never chooses: the algorithm is fixed, the content encryption is one of those that the request offered, and
the key is that of the request. Compression (`zip`) is never read, so nothing small becomes large. The private key may
be anywhere that agrees on a secret (`Agreement`); the point that it is used with is on its curve.

Source: RFC 7518 sections 4.6 and 5.3; OpenID4VP 1.0 section 8.3 and HAIP 1.0 section 5 say which of it is needed.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash

from eigendata.crypto.keys import Agreement, Algorithm, PublicKey, SoftwareKey, is_public
from eigendata.encoding import Json, b64url_decode, b64url_encode, json_dumps, json_object
from eigendata.errors import Check, Malformed, Misuse, Reason, Trail

JWE_LIMIT: Final = 1_572_864
"""Bytes of one token: an answer of 1 MiB, in base64url and with its header."""

HEADER_LIMIT: Final = 4_096
"""Bytes of a header, encoded: an ephemeral key, two short texts and three names."""

KEY_AGREEMENT: Final = "ECDH-ES"
_NONCE_SIZE: Final = 12
_TAG_SIZE: Final = 16


class ContentEncryption(StrEnum):
    """How the payload is encrypted, and under a key of how many bytes."""

    A128GCM = "A128GCM"
    A256GCM = "A256GCM"

    @property
    def key_size(self) -> int:
        """Bytes of the key."""
        return 16 if self is ContentEncryption.A128GCM else 32


JWE_ALGORITHM: Final = Check(
    name="JWE_ALGORITHM",
    clause="RFC 7518 section 4.6, OpenID4VP 1.0 section 8.3",
    reason=Reason.UNSUPPORTED_ALGORITHM,
    rule="The answer is encrypted by ECDH-ES on P-256 and an AES-GCM that was offered, without compression.",
)
JWE_KEY: Final = Check(
    name="JWE_KEY",
    clause="OpenID4VP 1.0 section 8.3",
    reason=Reason.REQUEST_INVALID,
    rule="The answer is encrypted to the key of this request.",
)
JWE_OPENS: Final = Check(
    name="JWE_OPENS",
    clause="RFC 7516 section 5.2 (16)",
    reason=Reason.REQUEST_INVALID,
    rule="The answer opens with the key of this request, and nothing of it was changed.",
)

CHECKS: Final = (JWE_ALGORITHM, JWE_KEY, JWE_OPENS)


class Jwe(NamedTuple):
    """A token of five parts that nobody opened yet.

    Attributes:
        additional: the encoded header, which the tag covers too.
    """

    header: Mapping[str, Json]
    iv: bytes
    ciphertext: bytes
    tag: bytes
    additional: bytes

    def __repr__(self) -> str:
        return "<a JWE>"

    @property
    def kid(self) -> str | None:
        """The key that the header names, by which a request is found; nothing is proven by it."""
        kid = self.header.get("kid")
        return kid if isinstance(kid, str) else None


class Recipient(NamedTuple):
    """A key to encrypt to, as it was published.

    Attributes:
        kid: its identifier in the request (OpenID4VP 1.0 section 5.1); who encrypts to it repeats it.
    """

    key: PublicKey
    kid: str


def parse_recipient(jwk: Json) -> Recipient:
    """Read a public key that answers are encrypted to, out of a verifier's key set (OpenID4VP 1.0 section 8.3).

    Raises:
        Malformed: it is no public JWK of P-256, its `alg` is not ECDH-ES, it is not for encryption, or it has
            no `kid`.
    """
    if not isinstance(jwk, Mapping) or jwk.get("alg") != KEY_AGREEMENT or jwk.get("use", "enc") != "enc":
        raise Malformed("not a JWK to encrypt to by ECDH-ES")
    kid = jwk.get("kid")
    if not isinstance(kid, str):
        raise Malformed("a JWK to encrypt to without a kid")
    return Recipient(_agreeing(jwk), kid)


def write_recipient(recipient: Recipient) -> dict[str, Json]:
    """Write a public key for a key set: `parse_recipient` reads it back."""
    return {**recipient.key.jwk(), "use": "enc", "alg": KEY_AGREEMENT, "kid": recipient.kid}


def encrypt(
    payload: bytes,
    to: Recipient,
    *,
    encryption: ContentEncryption,
    party_u: bytes = b"",
    party_v: bytes = b"",
) -> bytes:
    """Encrypt to a public key of P-256, under an ephemeral key made for this one token.

    Args:
        party_u, party_v: bound into the key and stated as `apu` and `apv`; left out where empty.

    Raises:
        Misuse: the key is of another kind.
    """
    if to.key.algorithm is not Algorithm.ES256:
        raise Misuse("an answer is encrypted to a key of P-256")
    ephemeral = SoftwareKey.generate(Algorithm.ES256)
    epk: dict[str, Json] = dict(ephemeral.public_key.jwk())
    header: dict[str, Json] = {"alg": KEY_AGREEMENT, "enc": str(encryption), "kid": to.kid, "epk": epk}
    header |= {name: b64url_encode(value) for name, value in (("apu", party_u), ("apv", party_v)) if value}
    additional = b64url_encode(json_dumps(header)).encode("ascii")
    key = _content_key(ephemeral.agree(to.key), encryption, party_u, party_v)
    iv = os.urandom(_NONCE_SIZE)
    sealed = AESGCM(key).encrypt(iv, payload, additional)
    parts = ("", b64url_encode(iv), b64url_encode(sealed[:-_TAG_SIZE]), b64url_encode(sealed[-_TAG_SIZE:]))
    return additional + "".join(f".{part}" for part in parts).encode("ascii")


def parse_jwe(token: bytes, *, limit: int = JWE_LIMIT) -> Jwe:
    """Take a compact JWE apart (RFC 7516 section 7.1). Nothing is opened, and nothing of it is true yet.

    Args:
        limit: the largest size in bytes.

    Raises:
        Malformed: it is not five strict parts with an object as header, of which the second is empty; or its header
            holds `crit`, which nothing here understands; or it is too large.
    """
    if len(token) > limit:
        raise Malformed(f"the token is {len(token)} bytes; at most {limit} are read")
    parts = token.split(b".", 5)
    if len(parts) != 5:
        raise Malformed("not a compact JWE: not five parts")
    additional, encrypted_key, iv, ciphertext, tag = parts
    if not additional or len(additional) > HEADER_LIMIT:
        raise Malformed("not a JWE that is read here: no header, or one larger than any that is used")
    header = json_object(b64url_decode(additional))
    if "crit" in header:
        raise Malformed("a JWE with critical extensions: none is understood here")
    if encrypted_key:
        raise Malformed("not a JWE of a key that was agreed on: it holds an encrypted key")
    read = Jwe(header, b64url_decode(iv), b64url_decode(ciphertext), b64url_decode(tag), additional)
    if len(read.iv) != _NONCE_SIZE or len(read.tag) != _TAG_SIZE:
        raise Malformed("not a JWE of AES-GCM: the nonce is not 12 bytes, or the tag is not 16")
    return read


def decrypt(token: Jwe, key: Agreement, *, kid: str, encryptions: Collection[ContentEncryption], trail: Trail) -> bytes:
    """Open a token with the one-time key of its request, and give the payload.

    Args:
        kid: the identifier under which that key was published.
        encryptions: those that the request offered.

    Raises:
        Malformed: the ephemeral key is no public key of P-256, or `apu` or `apv` is no text in base64url.
        Rejected: it is of another kind than was offered (`unsupported_algorithm`), to another key, or changed
            (`request_invalid`).
    """
    header = token.header
    offered = next((one for one in encryptions if one == header.get("enc")), None)
    fits = header.get("alg") == KEY_AGREEMENT and "zip" not in header
    encryption = trail.some(JWE_ALGORITHM, offered if fits else None)
    trail.require(JWE_KEY, header.get("kid") == kid)
    secret = key.agree(_agreeing(header.get("epk")))
    content_key = _content_key(secret, encryption, _party(header, "apu"), _party(header, "apv"))
    try:
        opened = AESGCM(content_key).decrypt(token.iv, token.ciphertext + token.tag, token.additional)
    except InvalidTag:
        opened = None
    return trail.some(JWE_OPENS, opened)


def _agreeing(jwk: Json) -> PublicKey:
    """Read a key to agree with. What it says of its use is another's than a key's for signatures, and is left out."""
    if not isinstance(jwk, Mapping) or not is_public(jwk):
        raise Malformed("not a public JWK")
    key = PublicKey.from_jwk({name: jwk[name] for name in ("kty", "crv", "x", "y") if name in jwk})
    if key.algorithm is not Algorithm.ES256:
        raise Malformed("an answer is encrypted with keys of P-256 only")
    return key


def _party(header: Mapping[str, Json], name: str) -> bytes:
    value = header.get(name, "")
    if not isinstance(value, str):
        raise Malformed(f"{name} of a JWE is no text")
    return b64url_decode(value)


def _content_key(secret: bytes, encryption: ContentEncryption, party_u: bytes, party_v: bytes) -> bytes:
    """Derive the key by Concat KDF (RFC 7518 section 4.6.2)."""
    sized = (len(one).to_bytes(4, "big") + one for one in (encryption.value.encode("ascii"), party_u, party_v))
    information = b"".join(sized) + (8 * encryption.key_size).to_bytes(4, "big")
    return ConcatKDFHash(SHA256(), encryption.key_size, information).derive(secret)
