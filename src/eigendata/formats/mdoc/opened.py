"""What an mdoc says, for people who look inside one. Nothing is verified, and no check of a verification is made.

bytes -> look_inside -> JSON: maps and arrays as they lie, encoded CBOR opened, COSE structures with named members
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cbor2 import CBORTag

from eigendata.encoding import Cbor, Json, b64url_encode, cbor_loads
from eigendata.errors import Malformed
from eigendata.formats.mdoc.elements import ENCODED

_LABELS: Final[Mapping[int | str, str]] = {1: "alg", 2: "crit", 4: "kid", 33: "x5chain", 34: "x5t"}
_COSE: Final[Mapping[str, str]] = {"issuerAuth": "signature", "deviceSignature": "signature", "deviceMac": "tag"}
"""Where a COSE structure lies, and what its last member is called."""

_OF_A_TOKEN: Final = frozenset(("issuerAuth", "documents"))

LEVELS: Final = 4
"""Encoded CBOR within encoded CBOR that is opened; an mdoc has two. What lies deeper stays bytes."""


def look_inside(token: bytes) -> Json:
    """Open an IssuerSigned or a DeviceResponse. Bytes become base64url, dates their text.

    Raises:
        Malformed: it is neither.
    """
    value = cbor_loads(token)
    if not isinstance(value, Mapping) or _OF_A_TOKEN.isdisjoint(value):
        raise Malformed("neither an IssuerSigned nor a DeviceResponse")
    return _json(value, LEVELS)


def _json(value: Cbor, levels: int) -> Json:
    if isinstance(value, CBORTag):
        if value.tag == ENCODED and levels:
            return _json(cbor_loads(value.value), levels - 1)
        return _json(value.value, levels)
    if isinstance(value, bytes):
        return b64url_encode(value)
    if isinstance(value, Mapping):
        return {str(key): _member(key, member, levels) for key, member in value.items()}
    if isinstance(value, list):
        return [_json(member, levels) for member in value]
    assert not isinstance(value, bytes | CBORTag)
    return value  # type: ignore[return-value]  # what is left is a text, a number, a truth or nothing


def _member(key: int | str, value: Cbor, levels: int) -> Json:
    match value:
        case [bytes(protected), Mapping() as unprotected, bytes() | None as payload, bytes(last)] if (
            key in _COSE and levels
        ):
            return {
                "protected": _header(cbor_loads(protected) if protected else {}, levels - 1),
                "unprotected": _header(unprotected, levels),
                "payload": None if payload is None else _json(cbor_loads(payload), levels - 1),
                _COSE[str(key)]: b64url_encode(last),
            }
        case _:
            return _json(value, levels)


def _header(value: Cbor, levels: int) -> Json:
    if not isinstance(value, Mapping):
        return _json(value, levels)
    return {_LABELS.get(key, str(key)): _json(one, levels) for key, one in value.items()}
