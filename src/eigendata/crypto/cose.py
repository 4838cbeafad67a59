"""COSE_Sign1, COSE_Mac0 and COSE_Key (RFC 9052, RFC 9053) taken apart, and put together. No generic "verify" here.

    decoded CBOR -> parse_sign1 -> Sign1(protected, header, unprotected, payload, signature) -> the one function of that
                    parse_mac0  -> Mac0                                                         kind of document

What is signed is written around the very octets that came: protected bucket and payload are never encoded anew. The
header never chooses. It states an algorithm, which each kind of document compares with what it demands, and only the
protected bucket can state it; what the unprotected bucket holds is a name in a mapping to which nothing happens here.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from eigendata.crypto.keys import Algorithm, PublicKey, Signer
from eigendata.encoding import Cbor, cbor_dumps, cbor_loads
from eigendata.errors import Malformed, Misuse

ALG: Final = 1
CRIT: Final = 2
X5CHAIN: Final = 33
HMAC_256: Final = 5
"""The algorithm HMAC 256/256 of COSE_Mac0 (RFC 9053 section 3.1)."""

ALGORITHMS: Final[Mapping[int, Algorithm]] = MappingProxyType(
    {
        -7: Algorithm.ES256,
        -9: Algorithm.ES256,  # ESP256 of RFC 9864: the pair that -7 is here anyway
        -35: Algorithm.ES384,
        -51: Algorithm.ES384,
        -8: Algorithm.EDDSA,
        -19: Algorithm.EDDSA,
    }
)
"""Numbers of algorithms, each with the only key that it may be used with here."""
CHAIN_LIMIT: Final = 16
"""Certificates of one x5chain; a document signer comes alone."""

_NUMBERS: Final = {Algorithm.ES256: -7, Algorithm.ES384: -35, Algorithm.EDDSA: -8}
_UNDERSTOOD: Final = frozenset({ALG, X5CHAIN})
_SIGNATURE1: Final = b"\x84\x6aSignature1"
_MAC0: Final = b"\x84\x64MAC0"
_NOTHING: Final = b"\x40"  # the empty byte string: no externally supplied data


class Sign1(NamedTuple):
    """A COSE_Sign1 whose signature nobody looked at yet.

    Attributes:
        protected: the protected bucket, as received.
        header: what it holds.
        payload: as received; None where it is detached.
    """

    protected: bytes
    header: Mapping[int | str, Cbor]
    unprotected: Mapping[int | str, Cbor]
    payload: bytes | None
    signature: bytes

    def __repr__(self) -> str:
        return "<a COSE_Sign1>"

    @property
    def alg(self) -> int | None:
        """The algorithm that the protected bucket states; None where it states none."""
        return _alg(self.header)

    def is_by(self, key: PublicKey, payload: bytes | None = None) -> bool:
        """Tell whether an algorithm of the key is stated and the signature is by that key (RFC 9052 section 4.4).

        Args:
            payload: for a detached payload, and only for that, what was signed.

        Raises:
            Misuse: the payload is given twice, or not at all.
        """
        if ALGORITHMS.get(self.alg or 0) is not key.algorithm:
            return False
        return key.verifies(self.signature, _signed(_SIGNATURE1, self.protected, _only(self.payload, payload)))


class Mac0(NamedTuple):
    """A COSE_Mac0 whose tag nobody looked at yet; attributes as of `Sign1`."""

    protected: bytes
    header: Mapping[int | str, Cbor]
    unprotected: Mapping[int | str, Cbor]
    payload: bytes | None
    tag: bytes

    def __repr__(self) -> str:
        return "<a COSE_Mac0>"

    @property
    def alg(self) -> int | None:
        """The algorithm that the protected bucket states; None where it states none."""
        return _alg(self.header)

    def is_by(self, key: bytes, payload: bytes | None = None) -> bool:
        """Tell whether HMAC 256/256 is stated and the tag is by that key (RFC 9052 section 6.3).

        Raises:
            Misuse: the payload is given twice, or not at all.
        """
        message = _signed(_MAC0, self.protected, _only(self.payload, payload))
        return self.alg == HMAC_256 and hmac.compare_digest(self.tag, hmac.digest(key, message, hashlib.sha256))


def parse_sign1(value: Cbor) -> Sign1:
    """Take an untagged COSE_Sign1 apart (RFC 9052 section 4.2). Its signature is not looked at.

    Raises:
        Malformed: it is none, a bucket is no map, a label stands in both buckets, or something is critical that is not
            understood here.
    """
    return Sign1(*_parts(value, "COSE_Sign1"))


def parse_mac0(value: Cbor) -> Mac0:
    """Take an untagged COSE_Mac0 apart (RFC 9052 section 6.2). Its tag is not looked at.

    Raises:
        Malformed: as for `parse_sign1`.
    """
    return Mac0(*_parts(value, "COSE_Mac0"))


def sign1(
    payload: bytes, signer: Signer, *, unprotected: Mapping[int | str, Cbor] = MappingProxyType({}), detached: bool
) -> tuple[Cbor, ...]:
    """Sign a payload; what is given is the CBOR array, to be written within its document.

    Args:
        detached: whether the payload is left out of it.

    Raises:
        Misuse: the unprotected bucket states an algorithm or what is critical.
    """
    if not {ALG, CRIT}.isdisjoint(unprotected):
        raise Misuse("an algorithm, and what is critical, stand in the protected bucket")
    protected = _PROTECTED[signer.public_key.algorithm]
    signature = signer.sign(_signed(_SIGNATURE1, protected, payload))
    return (protected, unprotected, None if detached else payload, signature)


def x5chain(header: Mapping[int | str, Cbor]) -> tuple[bytes, ...]:
    """Read a chain of certificates, leaf first (RFC 9360 section 2): one as itself, and only several as an array.

    Raises:
        Malformed: there is none, or in another form.
    """
    match header.get(X5CHAIN):
        case bytes(alone) if alone:
            return (alone,)
        case [_, _, *_] as several if len(several) <= CHAIN_LIMIT and all(isinstance(one, bytes) for one in several):
            return tuple(one for one in several if isinstance(one, bytes))
        case _:
            raise Malformed(f"no x5chain of 1 to {CHAIN_LIMIT} certificates")


# -- keys -------------------------------------------------------------------------------------------------------------

_KTY, _KEY_ALG, _KEY_OPS, _CRV, _X, _Y, _D = 1, 3, 4, -1, -2, -3, -4
_OKP, _EC2, _VERIFY = 1, 2, 2
_CURVES: Final = {(_EC2, 1): Algorithm.ES256, (_EC2, 2): Algorithm.ES384, (_OKP, 6): Algorithm.EDDSA}
_OF_KIND: Final = {algorithm: kind for kind, algorithm in _CURVES.items()}


def parse_key(value: Cbor) -> PublicKey:
    """Read a public COSE_Key (RFC 9052 section 7, RFC 9053 section 7). Parameters that say nothing here are ignored.

    Raises:
        Malformed: a private, symmetric or unknown kind of key, a point that is compressed or not on its curve, another
            length, or a key that says of itself that it is not for verifying signatures or is for another algorithm.
    """
    if not isinstance(value, Mapping):
        raise Malformed("not a COSE_Key: no map")
    kty, crv = value.get(_KTY), value.get(_CRV)
    algorithm = _CURVES.get((kty, crv)) if type(kty) is int and type(crv) is int else None
    if algorithm is None:
        raise Malformed("not a COSE_Key of P-256, P-384 or Ed25519")
    if _D in value:
        raise Malformed("a COSE_Key with a private key is not accepted as a public key")
    if kty == _OKP and _Y in value:
        raise Malformed("a COSE_Key of Ed25519 has one coordinate")
    coordinates = [_octets(value, label) for label in ((_X,) if kty == _OKP else (_X, _Y))]
    if len({len(one) for one in coordinates}) != 1:
        raise Malformed("a COSE_Key with coordinates of two lengths")
    key = PublicKey.from_octets(algorithm, b"".join(coordinates))
    if _KEY_ALG in value and not _is_for(value[_KEY_ALG], key):
        raise Malformed("a COSE_Key for another algorithm")
    if _KEY_OPS in value and not _may_verify(value[_KEY_OPS]):
        raise Malformed("a COSE_Key that is not for verifying signatures")
    return key


def write_key(key: PublicKey) -> dict[int | str, Cbor]:
    """Give the COSE_Key with the required parameters only."""
    kty, crv = _OF_KIND[key.algorithm]
    if kty == _OKP:
        return {_KTY: kty, _CRV: crv, _X: key.data}
    size = len(key.data) // 2
    return {_KTY: kty, _CRV: crv, _X: key.data[:size], _Y: key.data[size:]}


def key_octets(key: PublicKey) -> bytes:
    """Write what `write_key` gives in CBOR."""
    before, size = _WRITTEN[key.algorithm], len(key.data) // 2
    if key.algorithm is Algorithm.EDDSA:
        return before + byte_string(key.data)
    return b"".join((before, byte_string(key.data[:size]), b"\x22", byte_string(key.data[size:])))


# a map of 4 or 3, its kind and its curve, and the label of the first coordinate
_WRITTEN: Final = {
    Algorithm.ES256: b"\xa4\x01\x02\x20\x01\x21",
    Algorithm.ES384: b"\xa4\x01\x02\x20\x02\x21",
    Algorithm.EDDSA: b"\xa3\x01\x01\x20\x06\x21",
}


def _octets(value: Mapping[int | str, Cbor], label: int) -> bytes:
    found = value.get(label)
    if not isinstance(found, bytes):  # a y that is true or false is a compressed point (RFC 9053 section 7.1.1)
        raise Malformed("a COSE_Key without the octets of its coordinates")
    return found


def _is_for(number: Cbor, key: PublicKey) -> bool:
    return type(number) is int and ALGORITHMS.get(number) is key.algorithm


def _may_verify(operations: Cbor) -> bool:
    return (
        isinstance(operations, Sequence)
        and not isinstance(operations, str | bytes)
        and any(type(one) is int and one == _VERIFY for one in operations)
    )


# -- structures -------------------------------------------------------------------------------------------------------


_HEADS: Final = tuple(bytes((0x40 | size,) if size < 24 else (0x58, size)) for size in range(0x100))


def byte_string(data: bytes) -> bytes:
    """Write a CBOR byte string in its shortest form (RFC 8949 section 3.1): head and octets, nothing looked at."""
    size = len(data)
    if size < 0x100:
        return _HEADS[size] + data
    if size < 0x10000:
        return b"\x59" + size.to_bytes(2, "big") + data
    return b"\x5a" + size.to_bytes(4, "big") + data


_PROTECTED: Final = {algorithm: cbor_dumps({ALG: number}) for algorithm, number in _NUMBERS.items()}


def _signed(context: bytes, protected: bytes, payload: bytes) -> bytes:
    """Write the Sig_structure or MAC_structure (RFC 9052 sections 4.4 and 6.3)."""
    # an empty map is signed as no octets, however it came (section 3)
    bucket = _NOTHING if protected == b"\xa0" else byte_string(protected)
    return b"".join((context, bucket, _NOTHING, byte_string(payload)))


def _only(carried: bytes | None, detached: bytes | None) -> bytes:
    if (carried is None) is (detached is None):
        raise Misuse("a payload is either in the structure or given beside it")
    return carried if detached is None else detached  # type: ignore[return-value]  # mypy does not see that one is there


def _parts(
    value: Cbor, name: str
) -> tuple[bytes, Mapping[int | str, Cbor], Mapping[int | str, Cbor], bytes | None, bytes]:
    match value:
        case [bytes(protected), Mapping() as unprotected, bytes() | None as payload, bytes(proof)]:
            pass
        case _:
            raise Malformed(f"not a {name}")
    header = _header(protected)
    if not header.keys().isdisjoint(unprotected):
        raise Malformed(f"a label in both buckets of a {name}")
    if CRIT in unprotected:
        raise Malformed(f"what is critical in a {name} stands in its protected bucket")
    if CRIT in header and not _is_understood(header[CRIT], header):
        raise Malformed(f"something critical in a {name} is not understood here")
    if not isinstance(header.get(ALG, 0), int) or isinstance(header.get(ALG), bool):
        raise Malformed(f"the algorithm of a {name} is no number")
    return protected, header, unprotected, payload, proof


def _header(protected: bytes) -> Mapping[int | str, Cbor]:
    known = KNOWN_HEADERS.get(protected)
    if known is not None:
        return known
    header = cbor_loads(protected)
    if not isinstance(header, Mapping):
        raise Malformed("the protected bucket is no map")
    return header


KNOWN_HEADERS: Final[Mapping[bytes, Mapping[int | str, Cbor]]] = {
    b"": MappingProxyType({}),
    **{cbor_dumps({ALG: number}): MappingProxyType({ALG: number}) for number in ALGORITHMS},
}
"""What nearly every protected bucket holds, known by its octets: not to be read again."""


def _is_understood(critical: Cbor, header: Mapping[int | str, Cbor]) -> bool:
    return (
        isinstance(critical, Sequence)
        and not isinstance(critical, str | bytes)
        and bool(critical)
        and all(type(label) is int and label in _UNDERSTOOD and label in header for label in critical)
    )


def _alg(header: Mapping[int | str, Cbor]) -> int | None:
    found = header.get(ALG)
    return found if isinstance(found, int) else None
