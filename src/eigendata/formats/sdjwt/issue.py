"""From an attestation to a signed token.

    Attestation + Shape of its type -> disclosures, digests and decoys -> payload -> issuer-signed JWT ~ disclosures

How many digests a token holds follows from its type alone: a claim that is not there leaves a decoy in its place, so
that no number says whether someone has a partner or children. Two copies share nothing but what they say: each has
fresh salts, fresh decoys and its own key.
"""

from __future__ import annotations

import os
import struct
from binascii import b2a_base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from itertools import islice, repeat
from typing import Final

from eigendata.crypto.jose import sign_under, write_header
from eigendata.crypto.keys import Algorithm
from eigendata.encoding import Json, b64_encode, b64url_ascii, json_dumps, json_dumps_each
from eigendata.errors import Misuse
from eigendata.formats.sdjwt.metadata import DIGEST_NAMES, NAME, REGISTERED, Node, Shape, is_ours, shape, type_id
from eigendata.model import UNBOUND, Attestation, Chain, Claims, Named, Seal, utc

SALT_BYTES: Final = 18
"""Bytes of randomness in a salt: 144 bits, above the 128 of RFC 9901 9.3, and 24 characters without padding."""

ARRAY_STEP: Final = 4
"""An array is filled up with decoys to a multiple of this many elements, in places of no meaning."""

MEMBERS_STEP: Final = 4
"""The members of an object that no type declares are filled up to a multiple of this many digests."""

_DAY: Final = 86_400
_DAYS: Final = 64  # kept: those of the copies of a day are the same
_HEADERS: Final = 64  # kept as written: an issuer has one for all that it signs
_SALT_TEXT: Final = SALT_BYTES // 3 * 4
_MORE_SALTS: Final = 16
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_SCALARS: Final = frozenset((str, int, float, bool, type(None)))
_ABSENT: Final[Json] = object()  # type: ignore[assignment]  # no JSON value is it
_ALL_ABSENT: Final = repeat(_ABSENT)


def issue(attestation: Attestation, seal: Seal, *, random: Callable[[int], bytes] = os.urandom) -> bytes:
    """Sign one copy of an attestation as SD-JWT VC.

    Args:
        random: gives that many bytes that nobody can guess; asked once for a copy of a type with declared claims.

    Raises:
        Misuse: the attestation breaks its type's rules, or the seal is another issuer's.
    """
    origin = _origin(attestation, seal)
    payload = _frame(attestation)
    known = shape(attestation.type) if attestation.type.attributes else None
    maker = _Concealer(random, known.salts if known else _MORE_SALTS)
    if known is None:
        shown = maker.undeclared(attestation.claims, REGISTERED)
    else:
        _require_declared(attestation.claims, known)
        shown = maker.declared(known.root, attestation.claims, top=True)
    if known is not None and is_ours(attestation.type):
        payload["vct#integrity"] = known.integrity
    payload.update(shown)
    if maker.concealed:
        payload["_sd_alg"] = "sha-256"
    header = _header(origin, seal.signer.public_key.algorithm)
    return b"~".join((sign_under(header, json_dumps(payload), seal.signer), *maker.disclosures, b""))


def _origin(attestation: Attestation, seal: Seal) -> Chain | Named:
    if seal.origin.issuer is not None and seal.origin.issuer != attestation.issuer:
        raise Misuse("the seal is of another issuer than the attestation names")
    if not isinstance(seal.origin, Chain | Named):
        raise Misuse("this seal is for another format: an SD-JWT VC is signed by a key with a chain or a name")
    return seal.origin


@lru_cache(maxsize=_HEADERS)
def _header(origin: Chain | Named, algorithm: Algorithm) -> bytes:
    header: dict[str, Json] = {"typ": NAME}
    if isinstance(origin, Chain):
        header["x5c"] = [b64_encode(certificate) for certificate in origin.certificates]
    elif origin.key_id is not None:
        header["kid"] = origin.key_id
    return write_header(header, algorithm)


def _frame(attestation: Attestation) -> dict[str, Json]:
    """Give the claims that the token itself needs."""
    issued, expires = _day(attestation.issued_at), _day(attestation.expires_at)
    if expires <= issued or not attestation.issuer:
        raise Misuse("an attestation names its issuer, and expires after it was issued")
    frame: dict[str, Json] = {
        "iss": attestation.issuer,
        "vct": type_id(attestation.type),
        "iat": issued,
        "nbf": issued,
        "exp": expires,
    }
    if attestation.holder is not UNBOUND:
        frame["cnf"] = {"jwk": attestation.holder.jwk()}
    if attestation.status is not None:
        frame["status"] = {"status_list": {"idx": attestation.status.index, "uri": attestation.status.uri}}
    return frame


@lru_cache(maxsize=_DAYS)
def _day(moment: datetime) -> int:
    # a time of day would tell the copies of one session from those of another
    seconds = utc(moment).timestamp()
    if seconds % _DAY:
        raise Misuse("the times of an attestation are whole days in UTC")
    return int(seconds)


def _require_declared(claims: Claims, shape: Shape) -> None:
    for path, names in shape.declared.items():
        inside = _find(claims, path)
        if inside is _ABSENT:
            continue
        if not isinstance(inside, Mapping):
            raise Misuse(f"claim {'.'.join(path)} is no object")
        if not inside.keys() <= names:
            undeclared = ".".join((*path, min(inside.keys() - names)))
            raise Misuse(f"claim {undeclared} is not declared by type {shape.type.id}")


# -- concealing -------------------------------------------------------------------------------------------------------


class _Concealer:
    """Makes the disclosures of one token, and keeps them in the order in which they were made."""

    __slots__ = ("_salts", "concealed", "disclosures")

    def __init__(self, random: Callable[[int], bytes], salts: int) -> None:
        self.disclosures: list[bytes] = []
        self.concealed = False  # there is a digest, be it of a decoy
        self._salts = _salts(random, salts)

    def declared(self, node: Node, claims: Claims, *, top: bool = False) -> dict[str, Json]:
        """Give an object of a declared type with what can be withheld concealed. Empty where there is nothing."""
        shown: dict[str, Json] = {}
        names: list[bytes] = []
        values: list[Json] = []
        for encoded, value in zip(node.plain.values(), map(claims.get, node.plain, _ALL_ABSENT), strict=False):
            if value is not _ABSENT:
                names.append(encoded)
                values.append(value)
        if not _SCALARS.issuperset(map(type, values)):
            values = [value if type(value) in _SCALARS else self._inside(value) for value in values]
        for name, member in node.others.items():
            value = self.declared(member, claims) or _ABSENT if member.own is None else _find(claims, member.own)
            if value is _ABSENT:
                if member.clear:
                    raise Misuse(f"claim {name} is in every attestation of its type, and not in this one")
            elif member.clear:
                shown[name] = value if member.own is None else _plain(value)
            else:
                names.append(member.encoded)
                values.append(value if member.own is None or type(value) in _SCALARS else self._inside(value))
        if shown or values or top:
            self._close(shown, self._conceal(values, names), node.width)
        return shown

    def undeclared(self, claims: Claims, reserved: frozenset[str] = DIGEST_NAMES) -> dict[str, Json]:
        """Give an object of which nothing is declared, everything concealed."""
        if not reserved.isdisjoint(claims):
            raise Misuse("a claim has a name that the token itself needs")
        values = [self._inside(value) for value in claims.values()]
        digests = self._conceal(values, [name + b"," for name in json_dumps_each(tuple(claims))])
        shown: dict[str, Json] = {}
        self._close(shown, digests, -(-len(digests) // MEMBERS_STEP) * MEMBERS_STEP)
        return shown

    def _close(self, shown: dict[str, Json], digests: list[str], width: int) -> None:
        digests += _digests(list(islice(self._salts, width - len(digests))))
        self.concealed = self.concealed or bool(digests)
        if digests:
            # RFC 9901 4.2.4.1: sorted, so that the order says nothing of the claims'
            shown["_sd"] = sorted(digests)

    def _inside(self, value: Json) -> Json:
        """Conceal what is inside a claim that can itself be withheld."""
        if isinstance(value, Mapping):
            return self.undeclared(value)
        if isinstance(value, Sequence) and not isinstance(value, str):
            return self._array(value)
        return value

    def _array(self, elements: Sequence[Json]) -> list[Json]:
        digests = self._conceal([self._inside(element) for element in elements], [b""] * len(elements))
        for _ in range(-len(digests) % ARRAY_STEP if digests else ARRAY_STEP):
            # the place comes from what the decoy's digest is made of, which nobody ever sees
            secret = next(self._salts)
            digests.insert(sum(secret) % (len(digests) + 1), *_digests([secret]))
        return [{"...": digest} for digest in digests]

    def _conceal(self, values: Sequence[Json], names: Sequence[bytes]) -> list[str]:
        """Make disclosures (RFC 9901 4.2.1, 4.2.2) and give their digests.

        Args:
            names: as JSON with a comma, or empty for the elements of an array.
        """
        written = zip(names, json_dumps_each(values), self._salts, strict=False)  # the salts never end
        texts = [b'["%b",%b%b]' % (salt, name, value) for name, value, salt in written]
        disclosures = _b64url_each(texts).split()
        self.disclosures += disclosures
        return _digests(disclosures)


def _digests(disclosures: list[bytes]) -> list[str]:
    # RFC 9901 4.2.3; a decoy is the digest of a secret (4.2.5)
    return _b64url_each([sha256(one).digest() for one in disclosures]).decode().split()


def _b64url_each(values: list[bytes]) -> bytes:
    """Write base64url without padding, each value on a line of its own: what there is to do is done to all at once."""
    return b"".join(map(b2a_base64, values)).translate(_TO_URL, b"=")


def _find(claims: Claims, path: tuple[str, ...]) -> Json:
    value: Json = claims
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            return _ABSENT
        value = value[name]
    return value


def _plain(value: Json) -> Json:
    """Give a value that cannot be withheld; whatever is inside it may not look like a digest."""
    if isinstance(value, Mapping):
        if not DIGEST_NAMES.isdisjoint(value):
            raise Misuse("a claim has a name that the token itself needs")
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(element) for element in value]
    return value


def _salts(random: Callable[[int], bytes], count: int) -> Iterator[bytes]:
    while True:
        yield from struct.unpack(f"{_SALT_TEXT}s" * count, b64url_ascii(random(SALT_BYTES * count)))
        count = _MORE_SALTS
