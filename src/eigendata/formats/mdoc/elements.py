"""What follows from a credential type in this format, and what a data element's value is in CBOR and in JSON.

    CredentialType -> Shape: docType, namespace, an element for each claim -> what an issuer writes
                                                                          -> the namespace description that is published
    JSON value -> write -> CBOR bytes -> read -> JSON value

A type of ours has one namespace, of the same name as its docType. Elements are flat there: the claim `address.locality`
is the element `address_locality`. In an mdoc every element can be withheld; ours shows those that its type always
shows, whatever is asked, as in every other format.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final, cast

from cbor2 import CBORTag

from eigendata.crypto.cose import byte_string
from eigendata.encoding import SAFE_INTEGER, Cbor, Json, b64url_encode, cbor_dumps, cbor_loads, json_dumps
from eigendata.errors import Declined, Malformed, Misuse, Reason
from eigendata.model import Attribute, ClaimPath, CredentialType, Kind, Presence

NAME: Final = "mso_mdoc"
"""The format's identifier in OpenID4VCI and OpenID4VP (OpenID4VP 1.0 B.2)."""

LONGEST_TEXT: Final = 150
"""Characters of a text in an element: what ISO/IEC 18013-5 7.2.1 and the EU's PID rulebook allow in theirs."""

TDATE: Final = 0
ENCODED: Final = 24
FULL_DATE: Final = 1004

TAG_24: Final = b"\xd8\x18"
"""The head of tag 24, which stands before encoded CBOR."""

_SHAPES_LIMIT: Final = 256
"""Types whose shape is kept: a catalogue has some twenty."""

_MOMENTS: Final = 256  # kept as they are written: those of a day's copies are the same

_FULL_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TDATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
_DATE_HEAD: Final = b"\xd9\x03\xec"  # the head of tag 1004
_TYPES: Final[Mapping[Kind, str]] = {
    Kind.DATE: "full-date",
    Kind.YEAR: "uint",
    Kind.INTEGER: "int",
    Kind.BOOLEAN: "bool",
    Kind.COUNTRIES: "[* tstr]",
    Kind.YEARS: "[* uint]",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One data element of a type.

    Attributes:
        place: namespace and element identifier.
        written: the identifier in an IssuerSignedItem, in CBOR with the names of both members.
        always: it is in every attestation, and in every presentation.
    """

    own: tuple[str, ...]
    place: tuple[str, str]
    written: bytes
    date: bool
    always: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What follows from one type.

    Attributes:
        elements: in the order of the type.
        namespaces: their names, in the order of the type.
        always: the places of the elements that every presentation shows.
        parents: the objects among the type's own paths.
    """

    type: CredentialType
    elements: tuple[Element, ...]
    namespaces: tuple[str, ...]
    always: frozenset[tuple[str, str]]
    parents: frozenset[tuple[str, ...]]


def type_id(type: CredentialType) -> str:
    """Give a type's docType."""
    return type.names.get(NAME, type.id)


def place(type: CredentialType, attribute: Attribute) -> ClaimPath:
    """Give where a claim lies: its namespace and its element."""
    return attribute.names.get(NAME, (type_id(type), "_".join(attribute.path)))


def shape(type: CredentialType) -> Shape:
    """Give what follows from a type.

    Raises:
        Misuse: two claims would be the same element, or one lies where no element can.
    """
    kept = _SHAPES.get(type.id)
    if kept is not None and kept.type is type:
        return kept
    elements = tuple(_element(type, attribute) for attribute in type.attributes)
    if len({one.place for one in elements}) != len(elements):
        raise Misuse(f"two claims of type {type.id} would be the same element in {NAME}")
    made = Shape(
        type=type,
        elements=elements,
        namespaces=tuple(dict.fromkeys(one.place[0] for one in elements)),
        always=frozenset(one.place for one in elements if one.always),
        parents=frozenset(one.own[:end] for one in elements for end in range(1, len(one.own))),
    )
    if len(_SHAPES) >= _SHAPES_LIMIT:
        _SHAPES.clear()
    _SHAPES[type.id] = made
    return made


# A CredentialType holds mappings and so is no key of an lru_cache; by identity it is known again.
_SHAPES: Final[dict[str, Shape]] = {}


def _element(type: CredentialType, attribute: Attribute) -> Element:
    match place(type, attribute):
        case (str(namespace), str(name)) if namespace and name:
            pass
        case _:
            raise Misuse(f"claim {'.'.join(attribute.path)} lies in no element of a namespace in {NAME}")
    return Element(
        own=attribute.path,
        place=(namespace, name),
        written=b"".join(map(text_string, ("elementIdentifier", name, "elementValue"))),
        date=attribute.kind is Kind.DATE,
        always=attribute.presence is Presence.ALWAYS,
    )


def describe(type: CredentialType) -> bytes:
    """Write the namespace description of a type, as the bytes that are published.

    There is no standard for it: the members are those of the tables in ISO/IEC 18013-5 7.2.1 and the EU's rulebooks
    (identifier, encoding in CDDL, presence), and what a screen shows, as in the metadata of a credential issuer.
    """
    elements = {one.own: one for one in shape(type).elements}
    claims: list[Json] = [
        {
            "path": list(elements[attribute.path].place),
            "encoding": _TYPES.get(attribute.kind, "tstr"),
            "mandatory": attribute.presence is Presence.ALWAYS,
            "display": [{"locale": language, "name": label} for language, label in attribute.label.items()],
        }
        for attribute in type.attributes
    ]
    return json_dumps(
        {
            "doctype": type_id(type),
            "display": [{"locale": language, "name": label} for language, label in type.label.items()],
            "claims": claims,
        }
    )


# -- from JSON to CBOR ------------------------------------------------------------------------------------------------


def write(value: Json, element: Element) -> bytes:
    """Write the value of an element.

    Raises:
        Declined: a text is longer than an mdoc holds (`value_too_long`); nothing is ever cut short.
        Misuse: it is not a value of its kind, or one that could not be read back: what nobody can read is not signed.
    """
    if isinstance(value, str) and not element.date:  # nearly every one
        _require_short(value, element)
        if "\0" in value:
            raise Misuse(f"claim {'.'.join(element.own)} holds NUL")
        return text_string(value)
    if element.date:
        if not isinstance(value, str) or not is_full_date(value):
            raise Misuse(f"claim {'.'.join(element.own)} is no date")
        return _DATE_HEAD + text_string(value)
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    try:
        written = cbor_dumps(_cbor(value, element))
        read(cbor_loads(b"\x81" + written))  # in an array: as deep as in its element
    except Malformed as error:
        raise Misuse(f"claim {'.'.join(element.own)} cannot be written in an mdoc: {error.message}") from error
    return written


def _cbor(value: Json, element: Element) -> Cbor:
    if isinstance(value, str):
        _require_short(value, element)
    elif isinstance(value, Mapping):
        return {name: _cbor(member, element) for name, member in value.items()}
    elif isinstance(value, Sequence):
        return [_cbor(member, element) for member in value]
    return cast("Cbor", value)  # a float, the only other kind, is refused by the writer


def _require_short(text: str, element: Element) -> None:
    if len(text) > LONGEST_TEXT:
        message = f"claim {'.'.join(element.own)} has {len(text)} characters; an mdoc holds {LONGEST_TEXT}"
        raise Declined(Reason.VALUE_TOO_LONG, message)


UNSIGNED, TEXT, ARRAY, MAP = 0x00, 0x60, 0x80, 0xA0


def head(kind: int, size: int) -> bytes:
    """Write the head of a CBOR item of one of these kinds in its shortest form (RFC 8949 section 3).

    Args:
        size: the number itself; octets of a text, elements of an array, pairs of a map: below 2^32.
    """
    if size < 24:
        return bytes((kind | size,))
    if size < 0x100:
        return bytes((kind | 24, size))
    if size < 0x10000:
        return bytes((kind | 25,)) + size.to_bytes(2, "big")
    return bytes((kind | 26,)) + size.to_bytes(4, "big")


_KEPT: Final = range(0x200)  # sizes of which the head is kept as it is written: nearly every one
_TEXTS: Final = tuple(head(TEXT, size) for size in _KEPT)


def encoded(data: bytes) -> bytes:
    """Write encoded CBOR (RFC 8949 section 3.4.5.1): tag 24, and the octets as a byte string."""
    size = len(data)
    return _ENCODED[size] + data if size < len(_ENCODED) else TAG_24 + byte_string(data)


_ENCODED: Final = tuple(TAG_24 + byte_string(bytes(size))[: -size or None] for size in _KEPT)


def text_string(text: str) -> bytes:
    """Write a CBOR text string in its shortest form (RFC 8949 section 3.1).

    Raises:
        Misuse: it holds a lone surrogate.
    """
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:
        raise Misuse("a text with a lone surrogate is in no mdoc") from None
    return (_TEXTS[len(data)] if len(data) < len(_TEXTS) else head(TEXT, len(data))) + data


# -- from CBOR to JSON ------------------------------------------------------------------------------------------------


def read(value: Cbor) -> Json:
    """Give the value of an element as JSON, read-only all the way down (RFC 8949 section 6.1).

    Bytes become base64url, dates their text. A `null` stays one.

    Raises:
        Malformed: it holds what has no form in JSON, or a date that is none.
    """
    if isinstance(value, str):
        if "\0" in value:
            raise Malformed("a text in an element holds NUL")
        return value
    if value is None:
        return value
    if isinstance(value, int):  # or a truth value
        if not -SAFE_INTEGER <= value <= SAFE_INTEGER:
            raise Malformed("an integer in an element is beyond 2^53-1")
        return value
    if isinstance(value, bytes):
        return b64url_encode(value)
    if isinstance(value, CBORTag):
        return _date(value)
    if isinstance(value, Mapping):
        return MappingProxyType({_key(key): read(member) for key, member in value.items()})
    return tuple(map(read, value))


def _key(key: int | str) -> str:
    if not isinstance(key, str) or "\0" in key:
        raise Malformed("a key in an element is no text")
    return key


def _date(value: CBORTag) -> str:
    if value.tag != FULL_DATE:  # encoded CBOR is no moment either
        tdate(value)
    elif not is_full_date(value.value):
        raise Malformed("a date in an element is none")
    return str(value.value)


def is_full_date(text: str) -> bool:
    """Tell whether a text is a full-date (RFC 3339 section 5.6)."""
    if _FULL_DATE.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def tdate(value: Cbor) -> datetime:
    """Read a tdate: tag 0, in UTC, without a fraction of a second (ISO/IEC 18013-5 7.2.1 and 9.1.2.4).

    Raises:
        Malformed: it is none.
    """
    if not isinstance(value, CBORTag) or value.tag != TDATE or _TDATE.fullmatch(value.value) is None:
        raise Malformed("no tdate: a text with tag 0, in UTC with Z, without a fraction of a second")
    try:
        return datetime.fromisoformat(value.value)
    except ValueError:
        raise Malformed("a tdate is no moment that there is") from None


@lru_cache(maxsize=_MOMENTS)
def write_tdate(moment: datetime) -> bytes:
    """Write a moment in UTC as a tdate."""
    return b"\xc0" + text_string(moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
