"""Mdocs that are nasty to whoever reads them: all that is in their elements is read before a signature is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import cbor2

from .pieces import Maker

_ROOM: Final = 480_000
_LEAST: Final = 33  # elements between which that is shared out, so that none has more items than are read


def _element(digest_id: int, unit: bytes, room: int) -> cbor2.CBORTag:
    members = {"digestID": digest_id, "random": bytes(16), "elementIdentifier": f"{digest_id}", "elementValue": 0}
    count = (room - 100) // len(unit)
    value = (b"\x99" + count.to_bytes(2) if count < 2**16 else b"\x9a" + count.to_bytes(4)) + unit * count
    return cbor2.CBORTag(24, cbor2.dumps(members)[:-1] + value)


def _response(unit: bytes, elements: int) -> bytes:
    named = {"n": [_element(number, unit, _ROOM // elements) for number in range(elements)]}
    issued = {"nameSpaces": named, "issuerAuth": [b"", {}, b"", b""]}
    document = {"docType": "n", "issuerSigned": issued, "deviceSigned": {}}
    return cbor2.dumps({"version": "1.0", "documents": [document], "status": 0})


def _credential(unit: bytes, elements: int) -> bytes:
    issued: bytes = cbor2.dumps(cbor2.loads(_response(unit, elements))["documents"][0]["issuerSigned"])
    return issued


_UNITS: Final[Mapping[str, bytes]] = {
    "empty arrays": b"\x80",
    "empty maps": b"\xa0",
    "maps in one another": b"\xa1\x60" * 20 + b"\xa0",
    "arrays in one another": b"\x81" * 20 + b"\x80",
}

PRESENTATIONS: Final[Mapping[str, Maker]] = {
    f"{elements} elements of {what}": lambda unit=unit, elements=elements: _response(unit, elements)  # type: ignore[misc]
    for what, unit in _UNITS.items()
    for elements in (1, _LEAST)
}
CREDENTIALS: Final[Mapping[str, Maker]] = {
    f"{_LEAST} elements of {what}": lambda unit=unit: _credential(unit, _LEAST)  # type: ignore[misc]
    for what, unit in _UNITS.items()
}
