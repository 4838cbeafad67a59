"""Mdocs that are nasty to whoever reads them: all that is in their elements is read before a signature is looked at.

Those of a hostile issuer and holder are signed as well: every signature holds, and every digest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from hashlib import sha256
from typing import Any, Final

import cbor2

from eigendata.crypto.cose import sign1, write_key
from eigendata.crypto.iaca import make_document_signer
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import make_authority
from eigendata.formats.mdoc.verify import device_authentication

from .doors import ANY, AT, BINDING, HOLDER_KEY, ISSUER, ISSUER_KEY
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


# -- signed -----------------------------------------------------------------------------------------------------------


def _signed(
    elements: Sequence[tuple[str, Any]],
    *,
    digests: Mapping[int, bytes] | None = None,
    authorized: Any = None,
    stated: Any = None,
) -> bytes:
    """Write a DeviceResponse, in the usual spelling where nothing else is asked."""
    items = [
        cbor2.CBORTag(
            24,
            cbor2.dumps(
                {"digestID": number, "random": bytes(16), "elementIdentifier": name, "elementValue": value},
            ),
        )
        for number, (name, value) in enumerate(elements)
    ]
    own = {number: sha256(cbor2.dumps(item)).digest() for number, item in enumerate(items)}
    signed, until = (f"{AT + days:%Y-%m-%dT%H:%M:%SZ}" for days in (timedelta(), timedelta(days=14)))
    key: dict[str, Any] = {"deviceKey": write_key(HOLDER_KEY.public_key)}
    mso = {
        "version": "1.0",
        "digestAlgorithm": "SHA-256",
        "valueDigests": {ANY.id: {**own, **(digests or {})}},
        "deviceKeyInfo": key if authorized is None else {**key, "keyAuthorizations": authorized},
        "docType": ANY.id,
        "validityInfo": {
            "signed": cbor2.CBORTag(0, signed),
            "validFrom": cbor2.CBORTag(0, signed),
            "validUntil": cbor2.CBORTag(0, until),
        },
    }
    payload = cbor2.dumps(cbor2.CBORTag(24, cbor2.dumps(mso)))
    auth = sign1(payload, ISSUER_KEY, unprotected={33: _signer()}, detached=False)
    own_words = cbor2.dumps(stated or {})
    proof = sign1(device_authentication(BINDING.transcript, ANY.id, own_words), HOLDER_KEY, detached=True)
    document = {
        "docType": ANY.id,
        "issuerSigned": {"nameSpaces": {ANY.id: items}, "issuerAuth": auth},
        "deviceSigned": {
            "nameSpaces": cbor2.CBORTag(24, own_words),
            "deviceAuth": {"deviceSignature": proof},
        },
    }
    return cbor2.dumps({"version": "1.0", "documents": [document], "status": 0})


@cache
def _signer() -> bytes:
    root = SoftwareKey.from_secret(Algorithm.ES256, b"\3" * 32)
    authority = make_authority("Authority", root, at=AT)
    return make_document_signer(
        ISSUER_KEY.public_key, name="Issuer", uri=ISSUER, authority=authority, authority_key=root, at=AT
    )


_LAST_MEMBER: Final = "lelementValue"
_STATED: Final = {f"e{number}": 1 for number in range(7_000)}

SIGNED: Final[Mapping[str, Maker]] = {
    "as many elements as one document holds": lambda: _signed([(f"e{number}", number) for number in range(1_024)]),
    "long texts": lambda: _signed([(f"e{number}", "x" * 1_800) for number in range(255)]),
    "a text of all that there is room for": lambda: _signed([("e", "x" * 500_000)]),
    "names that hold the next member": lambda: _signed([(_LAST_MEMBER * 19 + f"{n:03}", "x") for n in range(255)]),
    "many digests": lambda: _signed([("e", 1)], digests={number: bytes(32) for number in range(1, 8_000)}),
    "many digests with small numbers": lambda: _signed([("e", 1)], digests={n: bytes(32) for n in range(1, 250)}),
    "many authorizations": lambda: _signed([("e", 1)], authorized={"dataElements": {"n": [*_STATED]}}),
    "much that the holder states": lambda: _signed([("e", 1)], authorized={"nameSpaces": ["n"]}, stated={"n": _STATED}),
    "much that the holder states, element by element": lambda: _signed(
        [("e", 1)], authorized={"dataElements": {"n": [*_STATED]}}, stated={"n": _STATED}
    ),
}
