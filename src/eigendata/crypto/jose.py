"""A compact JWS (RFC 7515) taken apart, and put together. There is no generic "verify" here, on purpose.

    bytes -> parse_jws -> Jws(header, payload, signature, signing_input) -> the one function of that kind of token,
                                                                            which knows its `typ`, its key and its rules

The header never chooses. It states an algorithm and a type, which each kind of token compares with what it demands;
`jku`, `jwk`, `kid`, `x5u` and the like are names in a mapping to which nothing happens here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from eigendata.crypto.keys import Algorithm, PublicKey, Signer
from eigendata.encoding import JSON_LIMIT, Json, b64url_ascii, b64url_decode, freeze, json_dumps, json_object
from eigendata.errors import Malformed, Misuse

JWS_LIMIT: Final = JSON_LIMIT
"""Bytes of one token, for the same reason as the limit of one JSON text."""

HEADER_LIMIT: Final = 65_536
"""Bytes of a header, encoded: a chain of certificates is some 5 kB."""

SIGNATURE_LIMIT: Final = 128
"""Characters of a signature, encoded: the longest that is used, of ES384, has 128."""

KEPT_HEADERS: Final = 128
"""Headers kept as they were read."""

KEPT_HEADER_LIMIT: Final = 8_192
"""Bytes of a header, encoded, that is kept: all that are kept are 1 MiB at most."""

_APPLICATION: Final = "application/"


class Jws(NamedTuple):  # as read-only as a frozen dataclass, and made in a third of the time
    """A token of three parts whose signature nobody looked at yet.

    Attributes:
        signing_input: what the signature is over, as received.
    """

    header: Mapping[str, Json]
    payload: bytes
    signature: bytes
    signing_input: bytes

    def __repr__(self) -> str:
        return "<a JWS>"

    @property
    def alg(self) -> str:
        """The algorithm that the header states; any text at all."""
        return str(self.header["alg"])

    @property
    def typ(self) -> str | None:
        """The type that the header states, without a leading `application/` and in lower case (RFC 7515 4.1.9)."""
        typ = self.header.get("typ")
        if not isinstance(typ, str):
            return None
        if not typ.isascii():
            return typ  # lower case of a look-alike can be a letter of the alphabet
        typ = typ.lower()
        # the prefix may be left out only before a subtype without a further slash
        return typ.removeprefix(_APPLICATION) if typ.count("/") == 1 else typ

    def is_by(self, key: PublicKey) -> bool:
        """Tell whether the header states the key's own algorithm and the signature is by that key."""
        return self.alg == key.algorithm and key.verifies(self.signature, self.signing_input)


def parse_jws(token: bytes, *, limit: int = JWS_LIMIT) -> Jws:
    """Take a compact JWS apart (RFC 7515 section 7.1). Its signature is not looked at.

    Args:
        limit: the largest size in bytes.

    Raises:
        Malformed: it is not three strict parts, none of them empty, with an object as header that holds `alg` as text;
            or the header holds `crit` or `b64` (RFC 7797), which nothing here understands; or it is too large.
    """
    if len(token) > limit:
        raise Malformed(f"the token is {len(token)} bytes; at most {limit} are read")
    parts = token.split(b".", 3)  # a fourth part, as in a JWE of five, is refused without splitting on
    if len(parts) != 3:
        raise Malformed("not a compact JWS: not three parts")
    encoded_header, encoded_payload, encoded_signature = parts
    if not (encoded_header and encoded_payload and encoded_signature):
        raise Malformed("not a compact JWS: an empty part")
    if len(encoded_header) > HEADER_LIMIT or len(encoded_signature) > SIGNATURE_LIMIT:
        raise Malformed("not a compact JWS: the header or the signature is larger than any that is used")
    return Jws(
        (_kept_header if len(encoded_header) <= KEPT_HEADER_LIMIT else _header)(encoded_header),
        b64url_decode(encoded_payload),
        b64url_decode(encoded_signature),
        token[: len(encoded_header) + 1 + len(encoded_payload)],
    )


def _header(encoded: bytes) -> Mapping[str, Json]:
    header = json_object(b64url_decode(encoded))
    if not isinstance(header.get("alg"), str):
        raise Malformed("not a JWS: the header states no algorithm")
    if not isinstance(header.get("typ", ""), str):
        raise Malformed("not a JWS: typ is no text")
    if "crit" in header or "b64" in header:
        raise Malformed("a JWS with critical extensions: none is understood here")
    # one header is given to all tokens that bear it
    return MappingProxyType({name: freeze(value) for name, value in header.items()})


# An issuer's header, chain and all, is the same in each of its tokens, and a wallet's in each of its proofs.
_kept_header: Final = lru_cache(maxsize=KEPT_HEADERS)(_header)


def sign_jws(header: Mapping[str, Json], payload: bytes, signer: Signer) -> bytes:
    """Sign a payload and give the compact JWS. The algorithm is the key's own, and is written into the header.

    Raises:
        Misuse: the header names an algorithm.
    """
    return sign_under(write_header(header, signer.public_key.algorithm), payload, signer)


def write_header(header: Mapping[str, Json], algorithm: Algorithm) -> bytes:
    """Give a header as it stands in a token, for who signs many tokens under the same one: see `sign_under`.

    Raises:
        Misuse: the header names an algorithm.
    """
    if "alg" in header:
        raise Misuse("the algorithm of a JWS is the key's own; it is not stated beside it")
    return b64url_ascii(json_dumps({"alg": str(algorithm), **header}))


def sign_under(header: bytes, payload: bytes, signer: Signer) -> bytes:
    """Sign a payload under a header that was written for this signer's algorithm, and give the compact JWS."""
    signing_input = header + b"." + b64url_ascii(payload)
    return signing_input + b"." + b64url_ascii(signer.sign(signing_input))
