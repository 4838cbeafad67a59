"""Multikey: a public key as one text, with the kind of key in front (Controlled Identifiers 1.0 section 2.2.2).

    PublicKey -> write -> "z6Mk..." -> read -> PublicKey

A key has one spelling here: base58btc, and of the NIST curves the compressed point.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from eigendata.crypto.keys import Algorithm, PublicKey
from eigendata.encoding import multibase_decode, multibase_encode
from eigendata.errors import Malformed

_HEADERS: Final = {
    Algorithm.EDDSA: b"\xed\x01",
    Algorithm.ES256: b"\x80\x24",
    Algorithm.ES384: b"\x81\x24",
}
_HEADER_SIZE: Final = 2
_SIZES: Final = {Algorithm.EDDSA: 32, Algorithm.ES256: 33, Algorithm.ES384: 49}
_CURVES: Final = {Algorithm.ES256: ec.SECP256R1(), Algorithm.ES384: ec.SECP384R1()}


def write(key: PublicKey) -> str:
    """Write a public key as Multikey, in base58btc."""
    if key.algorithm is Algorithm.EDDSA:
        return multibase_encode(_HEADERS[key.algorithm] + key.data)
    half = len(key.data) // 2
    sign = bytes((2 + (key.data[-1] & 1),))
    return multibase_encode(_HEADERS[key.algorithm] + sign + key.data[:half])


def read(text: str) -> PublicKey:
    """Read a public key that is written as Multikey.

    Raises:
        Malformed: it is not in base58btc, of another kind than Ed25519, P-256 and P-384, of another length, or no point
            of its curve.
    """
    if not text.startswith("z"):
        raise Malformed("not a Multikey: no base58btc")
    octets = multibase_decode(text)
    header, data = octets[:_HEADER_SIZE], octets[_HEADER_SIZE:]
    algorithm = next((one for one, its in _HEADERS.items() if its == header), None)
    if algorithm is None or len(data) != _SIZES[algorithm]:
        raise Malformed("not a Multikey of Ed25519, P-256 or P-384")
    if algorithm is Algorithm.EDDSA:
        return PublicKey.from_octets(algorithm, data)
    try:
        return PublicKey.from_cryptography(ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[algorithm], data))
    except ValueError:
        raise Malformed("a public key whose point is not on its curve") from None
