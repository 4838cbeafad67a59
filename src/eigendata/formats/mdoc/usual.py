"""The spelling that nearly every mdoc has, read in one pass. What is spelt otherwise is left to `parse`.

    bytes -> usual_issuer_signed   -> what `parse` would make of them, or None
    bytes -> usual_device_response

Usual are: members in the order of the standard's CDDL, one namespace, a document signer alone, a holder's key on P-256,
elements of text, dates, numbers and truth values, and a holder who signs and states nothing. Between strings, whose
lengths are told, lie octets that never differ. These are compared: what is read here has no second spelling, and no
rule of `parse` is left out. Nothing is refused here either, as `parse` says why. A law holds the two to the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from struct import Struct
from typing import Final, NoReturn, TypeVar

from eigendata.crypto.cose import KNOWN_HEADERS, X5CHAIN, Sign1, byte_string
from eigendata.crypto.iaca import parse_x5chain
from eigendata.crypto.keys import Algorithm, PublicKey
from eigendata.crypto.x509 import VERIFIED_CHAINS
from eigendata.encoding import CBOR_LIMIT, Cbor, Json
from eigendata.errors import Malformed
from eigendata.formats.mdoc.elements import is_full_date, text_string
from eigendata.formats.mdoc.parts import Authorized, Issued, Item, MobileSecurityObject, Shown
from eigendata.model import StatusReference

T = TypeVar("T")

_BYTES, _TEXT, _ARRAY, _MAP = 0x40, 0x60, 0x80, 0xA0
_TRUTH: Final = {0xF4: False, 0xF5: True}
_FULL_DATE: Final = b"\xd9\x03\xec\x6a"  # tag 1004, and the head of a text of 10 characters
_FULL_DATE_SIZE: Final = len(_FULL_DATE) + 10

_NAME_SPACES: Final = b"\xa2" + text_string("nameSpaces") + b"\xa1"
_PROTECTED: Final = rb"(%b)" % b"|".join(re.escape(byte_string(one)) for one in KNOWN_HEADERS)
_ISSUER_AUTH: Final = re.compile(rb"\x6aissuerAuth\x84" + _PROTECTED + rb"\xa1\x18\x21", re.DOTALL)
_RESPONSE: Final = b"".join(
    (b"\xa3", text_string("version"), text_string("1.0"), text_string("documents"), b"\x81\xa3", text_string("docType"))
)
_ISSUER_SIGNED: Final = text_string("issuerSigned")
_STATED: Final = b"\xa0"
# Nothing is stated; nothing is unprotected, and there is no payload.
_DEVICE_SIGNED: Final = re.compile(
    rb"\x6cdeviceSigned\xa2\x6anameSpaces\xd8\x18\x41\xa0\x6adeviceAuth\xa1\x6fdeviceSignature\x84"
    + _PROTECTED
    + rb"\xa0\xf6",
    re.DOTALL,
)
_OK: Final = text_string("status") + b"\x00"

_ELEMENT: Final = re.compile(
    rb"\xd8\x18(\x58[\x18-\xff]|\x59[\x01-\xff].)\xa4"
    rb"\x68digestID([\x00-\x17]|\x18[\x18-\xff]|\x19[\x01-\xff].)"
    rb"\x66random(?:\x50.{16}|\x58\x20.{32})"
    rb"\x71elementIdentifier([\x60-\x77]|\x78[\x18-\xff])(.{0,255}?)"
    rb"\x6celementValue([\x60-\x77]|\x78[\x18-\xff])?+",
    re.DOTALL,
)
_BEGINNING: Final = re.compile(rb"\xd8\x18\x59([\x01-\xff].)[\xa6\xa7]", re.DOTALL)  # of 256 octets and more
_MSO: Final = b"".join(
    (
        *(text_string("version"), text_string("1.0"), text_string("digestAlgorithm"), text_string("SHA-256")),
        *(text_string("valueDigests"), b"\xa1"),
    )
)
_SMALL, _LARGE = Struct("B2x32s"), Struct("xB2x32s")  # a digest with a number below 24, and one with another octet
_DIGESTS: Final = re.compile(rb"((?:[\x00-\x17]\x58\x20.{32})*+)((?:\x18[\x18-\xff]\x58\x20.{32})*+)", re.DOTALL)
_DEVICE_KEY: Final = re.compile(
    rb"\x6ddeviceKeyInfo\xa1\x69deviceKey\xa4\x01\x02\x20\x01\x21\x58\x20(.{32})\x22\x58\x20(.{32})\x67docType",
    re.DOTALL,
)
_MOMENT: Final = rb"\xc0\x74([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)"
_VALIDITY: Final = re.compile(
    rb"\x6cvalidityInfo\xa3\x66signed%b\x69validFrom%b\x6avalidUntil%b" % (_MOMENT, _MOMENT, _MOMENT)
)
_MOMENTS: Final = 256  # kept as they were read: an issuer's days come back
_STATUS: Final = b"".join((text_string("status"), b"\xa1", text_string("status_list"), b"\xa2", text_string("idx")))
_URI: Final = text_string("uri")
_NOTHING_AUTHORIZED: Final = Authorized(frozenset(), frozenset())


class _Unusual(Exception):
    """Something is spelt otherwise; never leaves this module."""


def usual_issuer_signed(token: bytes) -> Issued | None:
    """Take an IssuerSigned apart, if it has the usual spelling."""
    return _usual(_credential, token)


def usual_device_response(token: bytes) -> Shown | None:
    """Take a DeviceResponse apart, if it has the usual spelling."""
    return _usual(_response, token)


def _usual(read: Callable[[bytes], T], token: bytes) -> T | None:
    try:
        return read(token) if len(token) <= CBOR_LIMIT else None
    except (_Unusual, Malformed, IndexError, ValueError):  # it ends too soon; no UTF-8, no date: `parse` says which
        return None


def _credential(data: bytes) -> Issued:
    issued, end = _issued(data, 0)
    if end != len(data):
        raise _Unusual
    return issued


def _response(data: bytes) -> Shown:
    doctype, at = _text(data, _after(data, 0, _RESPONSE))
    issued, at = _issued(data, _after(data, at, _ISSUER_SIGNED))
    found = _DEVICE_SIGNED.match(data, at) or _unusual()
    signature, at = _bytes(data, found.end())
    if data[at:] != _OK:
        raise _Unusual
    protected = found[1][1:]
    proof = Sign1(protected, KNOWN_HEADERS[protected], {}, None, signature)
    return Shown(doctype, issued, _STATED, (), proof, None)


def _issued(data: bytes, at: int) -> tuple[Issued, int]:
    namespace, at = _text(data, _after(data, at, _NAME_SPACES))
    count, at = _count(data, at, _ARRAY)
    items, at = _items(data, at, namespace, count)
    found = _ISSUER_AUTH.match(data, at) or _unusual()
    signer, at = _bytes(data, found.end())
    payload, at = _bytes(data, at)
    proof, at = _bytes(data, at)
    protected, chain = found[1][1:], _alone(signer)
    unprotected: dict[int | str, Cbor] = {X5CHAIN: chain[0]}
    signature = Sign1(protected, KNOWN_HEADERS[protected], unprotected, payload, proof)
    return Issued(items, signature, chain, _mso(payload)), at


@lru_cache(maxsize=VERIFIED_CHAINS)
def _alone(signer: bytes) -> tuple[bytes, ...]:
    """Take a document signer that comes alone; the same one is the same object each time, and so found faster."""
    return parse_x5chain((signer,))


def _items(data: bytes, at: int, namespace: str, count: int) -> tuple[tuple[Item, ...], int]:
    items: list[Item] = []
    if not 0 < count < 256:
        raise _Unusual
    for _ in range(count):
        found = _ELEMENT.match(data, at) or _unusual()
        size, number, head, name, kind = found.groups()
        begins = found.end()
        end = at + 4 + size[1] if len(size) == 2 else at + 5 + (size[1] << 8 | size[2])
        if len(name) != (head[0] - _TEXT if len(head) == 1 else head[1]):
            raise _Unusual
        value: Json
        if kind is None:
            value = _value(data, begins, end)
        else:
            value = data[begins:end].decode()
            if begins + (kind[0] - _TEXT if len(kind) == 1 else kind[1]) != end or "\0" in value:
                raise _Unusual
        digest_id = number[0] if len(number) == 1 else int.from_bytes(number[1:], "big")
        items.append(Item(namespace, digest_id, name.decode(), value, data[at:end]))
        at = end
    return tuple(items), at


def _value(data: bytes, at: int, end: int) -> Json:
    """Read a value that is no text, and ends where its element does."""
    kind = data[at]
    value: Json
    if kind in _TRUTH:
        value, at = _TRUTH[kind], at + 1
    elif kind == _FULL_DATE[0]:
        value, at = data[_after(data, at, _FULL_DATE) : at + _FULL_DATE_SIZE].decode("ascii"), at + _FULL_DATE_SIZE
        if not is_full_date(value):
            raise _Unusual
    else:
        value, at = _count(data, at, 0)
    if at != end:
        raise _Unusual
    return value


def _mso(payload: bytes) -> MobileSecurityObject:
    found = _BEGINNING.match(payload) or _unusual()
    data, at = payload[found.end() - 1 :], 1
    if len(data) != found[1][0] << 8 | found[1][1]:
        raise _Unusual
    namespace, at = _text(data, _after(data, at, _MSO))
    digests, at = _digests(data, at)
    found = _DEVICE_KEY.match(data, at) or _unusual()
    key = PublicKey.from_octets(Algorithm.ES256, found[1] + found[2])
    doctype, at = _text(data, found.end())
    found = _VALIDITY.match(data, at) or _unusual()
    signed, valid_from, valid_until = map(_moment, found.groups())
    if not signed <= valid_from < valid_until:
        raise _Unusual
    status, at = _status(data, found.end()) if data[0] == _MAP | 7 else (None, found.end())
    if at != len(data):
        raise _Unusual
    return MobileSecurityObject(
        *("1.0", doctype, "SHA-256", {namespace: digests}, key, _NOTHING_AUTHORIZED),
        *(signed, valid_from, valid_until, status is not None, status),
    )


@lru_cache(maxsize=_MOMENTS)
def _moment(text: bytes) -> datetime:
    return datetime.fromisoformat(text.decode("ascii"))


def _digests(data: bytes, at: int) -> tuple[dict[int, bytes], int]:
    """Read the digests of a namespace: those with numbers below 24 before the others."""
    count, at = _count(data, at, _MAP)
    found = _DIGESTS.match(data, at)
    assert found is not None  # of either kind there may be none
    small, large = found.groups()
    pairs = (*_SMALL.iter_unpack(small), *_LARGE.iter_unpack(large))
    digests: dict[int, bytes] = dict(pairs)
    if not len(digests) == len(pairs) == count:
        raise _Unusual
    return digests, found.end()


def _status(data: bytes, at: int) -> tuple[StatusReference, int]:
    index, at = _count(data, _after(data, at, _STATUS), 0)
    uri, at = _text(data, _after(data, at, _URI))
    return StatusReference(uri=uri, index=index), at


# -- octets -----------------------------------------------------------------------------------------------------------


def _unusual() -> NoReturn:
    raise _Unusual


def _after(data: bytes, at: int, expected: bytes) -> int:
    """Give where these octets end, which must stand here."""
    if not data.startswith(expected, at):
        raise _Unusual
    return at + len(expected)


def _count(data: bytes, at: int, kind: int) -> tuple[int, int]:
    """Read the head of an item of this kind in its shortest form (RFC 8949 section 3), up to 65,535."""
    size = data[at] - kind
    if 0 <= size < 24:
        return size, at + 1
    if size == 24 and data[at + 1] >= 24:
        return data[at + 1], at + 2
    if size == 25 and data[at + 1]:
        return data[at + 1] << 8 | data[at + 2], at + 3
    raise _Unusual


def _bytes(data: bytes, at: int) -> tuple[bytes, int]:
    size, at = _count(data, at, _BYTES)
    return data[at : at + size], at + size


def _text(data: bytes, at: int) -> tuple[str, int]:
    size, at = _count(data, at, _TEXT)
    return data[at : at + size].decode(), at + size
