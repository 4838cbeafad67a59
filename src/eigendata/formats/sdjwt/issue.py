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
from typing import Final, cast

from eigendata.crypto.jose import sign_under, write_header
from eigendata.crypto.keys import Algorithm
from eigendata.encoding import Json, b64_encode, b64url_ascii, json_dumps, json_dumps_each
from eigendata.errors import Malformed, Misuse
from eigendata.formats.sdjwt.metadata import DIGEST_NAMES, NAME, REGISTERED, Node, Shape, is_ours, shape, type_id
from eigendata.formats.sdjwt.parse import DEPTH_LIMIT, DISCLOSURES_LIMIT, TOKEN_LIMIT
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
_NO_ARRAYS: Final = (str, bytes)
_ABSENT: Final[Json] = object()  # type: ignore[assignment]  # no JSON value is it
_ALL_ABSENT: Final = repeat(_ABSENT)


def issue(attestation: Attestation, seal: Seal, *, random: Callable[[int], bytes] = os.urandom) -> bytes:
    """Sign one copy of an attestation as SD-JWT VC.

    Args:
        random: gives that many bytes that nobody can guess; asked once for a copy of a type with declared claims.

    Raises:
        Misuse: the attestation breaks its type's rules, the seal is another issuer's, or something could not be read
            back: what nobody can read is not signed.
    """
    origin = _origin(attestation, seal)
    try:
        payload, disclosures = _contents(attestation, random)
        header = _header(origin, seal.signer.public_key.algorithm)
        token = b"~".join((sign_under(header, json_dumps(payload), seal.signer), *disclosures, b""))
    except Malformed as error:
        raise Misuse(f"an attestation that cannot be written in JSON: {error.message}") from error
    if len(disclosures) > DISCLOSURES_LIMIT or len(token) > TOKEN_LIMIT:
        raise Misuse(f"an attestation of more than {DISCLOSURES_LIMIT} disclosures or {TOKEN_LIMIT} bytes")
    return token


def _contents(attestation: Attestation, random: Callable[[int], bytes]) -> tuple[dict[str, Json], list[bytes]]:
    """Give the payload and the disclosures."""
    payload = _frame(attestation)
    known = shape(attestation.type) if attestation.type.attributes else None
    maker = _Concealer(random, known.salts if known else _MORE_SALTS)
    if known is None:
        shown = maker.undeclared(attestation.claims, DEPTH_LIMIT, REGISTERED)
    else:
        _require_declared(attestation.claims, known)
        shown = maker.declared(known.root, attestation.claims, DEPTH_LIMIT, top=True)
        if is_ours(attestation.type):
            payload["vct#integrity"] = known.integrity
    payload.update(shown)
    if maker.concealed:
        payload["_sd_alg"] = "sha-256"
    return payload, maker.disclosures


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
    """Makes the disclosures of one token, and keeps them in the order in which they were made.

    What takes a `room` is told how many objects and arrays may still lie in one another below it.
    """

    __slots__ = ("_salts", "concealed", "disclosures")

    def __init__(self, random: Callable[[int], bytes], salts: int) -> None:
        self.disclosures: list[bytes] = []
        self.concealed = False  # there is a digest, be it of a decoy
        self._salts = _salts(random, salts)

    def declared(self, node: Node, claims: Claims, room: int, *, top: bool = False) -> dict[str, Json]:
        """Give an object of a declared type with what can be withheld concealed. Empty where there is nothing."""
        shown: dict[str, Json] = {}
        names: list[bytes] = []
        values: list[Json] = []
        for encoded, value in zip(node.plain.values(), map(claims.get, node.plain, _ALL_ABSENT), strict=False):
            if value is not _ABSENT:
                names.append(encoded)
                values.append(value)
        if not _SCALARS.issuperset(map(type, values)):
            values = [value if type(value) in _SCALARS else self._inside(value, room) for value in values]
        for name, member in node.others.items():
            if member.own is None:
                value = self.declared(member, claims, room - 1) or _ABSENT
            else:
                value = _find(claims, member.own)
            if value is _ABSENT:
                if member.clear:
                    raise Misuse(f"claim {name} is in every attestation of its type, and not in this one")
            elif member.clear:
                shown[name] = value if member.own is None else _plain(value, room)
            else:
                names.append(member.encoded)
                values.append(value if member.own is None or type(value) in _SCALARS else self._inside(value, room))
        if shown or values or top:
            self._close(shown, self._conceal(values, names), node.width)
        return shown

    def undeclared(self, claims: Claims, room: int, reserved: frozenset[str] = DIGEST_NAMES) -> dict[str, Json]:
        """Give an object of which nothing is declared, everything concealed."""
        if not reserved.isdisjoint(claims) or not all(isinstance(name, str) for name in claims):
            raise Misuse("a claim has a name that the token itself needs, or one that is no text")
        values = [self._inside(value, room) for value in claims.values()]
        digests = self._conceal(values, [name + b"," for name in json_dumps_each(tuple(claims))])
        shown: dict[str, Json] = {}
        self._close(shown, digests, -(-len(digests) // MEMBERS_STEP) * MEMBERS_STEP)
        return shown

    def _close(self, shown: dict[str, Json], digests: list[str], width: int) -> None:
        digests += _digests(list(islice(self._salts, width - len(digests))))
        if digests:
            self.concealed = True
            # RFC 9901 4.2.4.1: sorted, so that the order says nothing of the claims'
            shown["_sd"] = sorted(digests)

    def _inside(self, value: Json, room: int) -> Json:
        """Conceal what is inside a claim that can itself be withheld."""
        if isinstance(value, Mapping):
            return self.undeclared(value, _below(room))
        if isinstance(value, Sequence) and not isinstance(value, _NO_ARRAYS):
            return self._array(value, _below(room))
        return value

    def _array(self, elements: Sequence[Json], room: int) -> list[Json]:
        digests = self._conceal([self._inside(element, room) for element in elements], [b""] * len(elements))
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


def _below(room: int) -> int:
    """Give how much room there is in an object or array that lies in this much."""
    if room < 1:
        raise Misuse(f"the claims are nested deeper than {DEPTH_LIMIT}")
    return room - 1


def _find(claims: Claims, path: tuple[str, ...]) -> Json:
    """Give what lies at a path; whatever it leads through was seen to be an object, if it is there."""
    value: Json = claims
    for name in path:
        value = cast("Claims", value).get(name, _ABSENT)
        if value is _ABSENT:
            break
    return value


def _plain(value: Json, room: int) -> Json:
    """Give a value that cannot be withheld; whatever is inside it may not look like a digest."""
    if isinstance(value, Mapping):
        if not DIGEST_NAMES.isdisjoint(value):
            raise Misuse("a claim has a name that the token itself needs")
        return {name: _plain(member, _below(room)) for name, member in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, _NO_ARRAYS):
        return [_plain(element, _below(room)) for element in value]
    return value


def _salts(random: Callable[[int], bytes], count: int) -> Iterator[bytes]:
    while True:
        yield from struct.unpack(f"{_SALT_TEXT}s" * count, b64url_ascii(random(SALT_BYTES * count)))
        count = _MORE_SALTS
