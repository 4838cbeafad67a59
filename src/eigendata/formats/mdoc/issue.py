"""From an attestation to an IssuerSigned.

    Attestation + Shape of its type -> elements and digests -> mobile security object -> signed by the document signer

How many digests the object holds follows from the type alone: a claim that is not there leaves a decoy in its place,
and digest identifiers are dealt out anew for each copy, so that no number says what somebody does not have. Two copies
share nothing but what they say: each has fresh randomness and its own key.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from operator import itemgetter
from typing import Final

from eigendata.crypto.cose import X5CHAIN, key_octets, sign1
from eigendata.encoding import Cbor, Json, cbor_dumps
from eigendata.errors import Misuse
from eigendata.formats.mdoc.elements import (
    ARRAY,
    MAP,
    UNSIGNED,
    Element,
    Shape,
    encoded,
    head,
    shape,
    text_string,
    type_id,
    write,
    write_tdate,
)
from eigendata.formats.mdoc.verify import SECOND
from eigendata.model import Attestation, Claims, DocumentSigner, Seal, Unbound, utc

RANDOM_BYTES: Final = 16
"""Octets of randomness in an element: the least that ISO/IEC 18013-5 9.1.2.5 allows, and 128 bits."""

_ORDER_BYTES: Final = 8  # what a place in the order of digests is drawn from
_DIGEST_BYTES: Final = sha256().digest_size
_DRAWN: Final = _ORDER_BYTES + _DIGEST_BYTES  # behind the order a decoy, or the randomness of an element
_RANDOM_END: Final = _ORDER_BYTES + RANDOM_BYTES
_DAYS: Final = 64  # kept: those of the copies of a day are the same
_COUNTS: Final = 64  # kept: as many as types of different sizes
_SECRET: Final[Callable[[tuple[Element, bytes, bytes]], bytes]] = itemgetter(2)
_CHAINS: Final = 64  # kept as written: an issuer has one for all that it signs

_ISSUER_SIGNED: Final = b"\xa2" + text_string("nameSpaces")
_ISSUER_AUTH: Final = text_string("issuerAuth")
_ITEM: Final = b"\xa4" + text_string("digestID")
_RANDOM: Final = text_string("random") + bytes((0x40 | RANDOM_BYTES,))
_DIGEST_HEAD: Final = b"\x58" + bytes((_DIGEST_BYTES,))
_MSO: Final = b"".join(
    (text_string("version"), text_string("1.0"), text_string("digestAlgorithm"), text_string("SHA-256"))
)
_VALUE_DIGESTS: Final = text_string("valueDigests")
_DEVICE_KEY_INFO: Final = text_string("deviceKeyInfo") + b"\xa1" + text_string("deviceKey")
_DOCTYPE: Final = text_string("docType")
_VALIDITY: Final = text_string("validityInfo") + b"\xa3"
_SIGNED, _FROM, _UNTIL = text_string("signed"), text_string("validFrom"), text_string("validUntil")
_STATUS: Final = text_string("status")
_ABSENT: Final[Json] = object()  # type: ignore[assignment]  # no JSON value is it


def issue(attestation: Attestation, seal: Seal, *, random: Callable[[int], bytes] = os.urandom) -> bytes:
    """Sign one copy of an attestation as mdoc.

    Args:
        random: gives that many bytes that nobody can guess; asked once for a copy.

    Raises:
        Declined: a value does not fit in an mdoc (`value_too_long`).
        Misuse: the attestation breaks its type's rules, the seal is another issuer's or no document signer's, or there
            is too little randomness.
    """
    if not isinstance(seal.origin, DocumentSigner):
        raise Misuse("this seal is for another format: an mdoc is signed by a document signer with its chain")
    if seal.origin.issuer is not None and seal.origin.issuer != attestation.issuer:
        raise Misuse("the seal is of another issuer than the attestation names")
    if isinstance(attestation.holder, Unbound):
        raise Misuse("an mdoc names the key of its holder; there is none for whoever shows it")
    known = shape(attestation.type)
    name_spaces, digests = _name_spaces(attestation.claims, known, random)
    mso = _mso(attestation, digests)
    chain = _unprotected(seal.origin.certificates)
    issuer_auth = sign1(encoded(mso), seal.signer, unprotected=chain, detached=False)
    return b"".join((_ISSUER_SIGNED, name_spaces, _ISSUER_AUTH, cbor_dumps(issuer_auth)))


@lru_cache(maxsize=_CHAINS)
def _unprotected(chain: tuple[bytes, ...]) -> Mapping[int | str, Cbor]:
    return {X5CHAIN: chain[0] if len(chain) == 1 else list(chain)}


# -- the elements -----------------------------------------------------------------------------------------------------


def _name_spaces(claims: Claims, known: Shape, random: Callable[[int], bytes]) -> tuple[bytes, bytes]:
    """Write the elements of every namespace that has one, and the digests of every namespace of the type."""
    values = _values(claims, known)
    if not any(values):
        raise Misuse(f"there is nothing to state in an mdoc of type {known.type.id}")
    drawn = random(_DRAWN * len(values))
    if len(drawn) != _DRAWN * len(values):
        raise Misuse("the source of randomness does not give as much as it is asked for")
    secrets = [drawn[place : place + _DRAWN] for place in range(0, len(drawn), _DRAWN)]
    written: list[bytes] = []
    digests: list[bytes] = []
    every = list(zip(known.elements, values, secrets, strict=True))
    for namespace in known.namespaces:
        here = every if len(known.namespaces) == 1 else [one for one in every if one[0].place[0] == namespace]
        items, made = _elements(here)
        digests.append(text_string(namespace) + made)
        if items:
            written.append(text_string(namespace) + head(ARRAY, len(items)) + b"".join(items))
    return head(MAP, len(written)) + b"".join(written), head(MAP, len(digests)) + b"".join(digests)


def _elements(here: Sequence[tuple[Element, bytes, bytes]]) -> tuple[list[bytes], bytes]:
    """Write the elements of one namespace, and its digests, both in an order of no meaning: that of the secrets."""
    items: list[bytes] = []
    digests: list[bytes] = []
    here = sorted(here, key=_SECRET)
    for (before, numbered), (element, value, secret) in zip(_numbers(len(here)), here, strict=True):
        if value:
            item = encoded(b"".join((before, secret[_ORDER_BYTES:_RANDOM_END], element.written, value)))
            items.append(item)
            digests += (numbered, sha256(item).digest())
        else:
            digests += (numbered, secret[_ORDER_BYTES:])
    return items, head(MAP, len(here)) + b"".join(digests)


@lru_cache(maxsize=_COUNTS)
def _numbers(count: int) -> tuple[tuple[bytes, bytes], ...]:
    """Write what stands before an element's randomness, and before its digest, for each number of so many."""
    numbers = [head(UNSIGNED, digest_id) for digest_id in range(count)]
    return tuple((_ITEM + number + _RANDOM, number + _DIGEST_HEAD) for number in numbers)


def _values(claims: Claims, known: Shape) -> list[bytes]:
    """Write the value of every element, empty where there is no claim, and see that every claim has an element."""
    values: list[bytes] = []
    for element in known.elements:
        own = element.own
        value = claims.get(own[0], _ABSENT) if len(own) == 1 else _find(claims, own)
        if value is not _ABSENT:
            values.append(write(value, element))
        elif element.always:
            raise Misuse(f"claim {'.'.join(element.own)} is in every attestation of its type, and not in this one")
        else:
            values.append(b"")
    found = _count(claims, known.parents, ()) if known.parents else len(claims)
    if found != len(values) - values.count(b""):
        raise Misuse(f"a claim is not declared by type {known.type.id}")
    return values


def _find(claims: Claims, path: tuple[str, ...]) -> Json:
    value: Json = claims
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            return _ABSENT
        value = value[name]
    return value


def _count(claims: Claims, parents: frozenset[tuple[str, ...]], above: tuple[str, ...]) -> int:
    found = 0
    for name, value in claims.items():
        path = (*above, name)
        found += _count(value, parents, path) if path in parents and isinstance(value, Mapping) else 1
    return found


# -- the mobile security object ---------------------------------------------------------------------------------------


def _mso(attestation: Attestation, digests: bytes) -> bytes:
    """Write the MobileSecurityObject (ISO/IEC 18013-5 9.1.2.4)."""
    issued, expires = _day(attestation.issued_at), _day(attestation.expires_at)
    if expires <= issued or not attestation.issuer:
        raise Misuse("an attestation names its issuer, and expires after it was issued")
    assert not isinstance(attestation.holder, Unbound)  # which `issue` refused
    begins = write_tdate(issued)
    parts = [
        b"\xa6" if attestation.status is None else b"\xa7",
        *(_MSO, _VALUE_DIGESTS, digests),
        *(_DEVICE_KEY_INFO, key_octets(attestation.holder)),
        *(_DOCTYPE, text_string(type_id(attestation.type))),
        # valid until the end of the second that is named
        *(_VALIDITY, _SIGNED, begins, _FROM, begins, _UNTIL, write_tdate(expires - SECOND)),
    ]
    if attestation.status is not None:
        entry: Cbor = {"status_list": {"idx": attestation.status.index, "uri": attestation.status.uri}}
        parts += (_STATUS, cbor_dumps(entry))
    return b"".join(parts)


@lru_cache(maxsize=_DAYS)
def _day(moment: datetime) -> datetime:
    # a time of day would tell the copies of one session from those of another
    moment = utc(moment)
    if moment != moment.replace(hour=0, minute=0, second=0, microsecond=0):
        raise Misuse("the times of an attestation are whole days in UTC")
    return moment
