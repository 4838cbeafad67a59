"""Presentations that break no rule, each unusual in one way: ours are accepted by us, and theirs as well."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import cbor2

from eigendata.crypto.cose import sign1, write_key
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.formats.mdoc.verify import device_authentication
from eigendata.model import Attestation, Attribute, DocumentSigner, Kind, Presence, Seal, StatusReference
from tests.interop.material import (
    CLAIMS,
    HOLDER_KEY,
    ISSUER,
    ISSUER_KEY,
    NAMESPACE,
    PERSON,
    SEAL,
    SIGNER,
    TODAY,
    UNTIL,
    Session,
    redirect,
    signer,
)
from tests.interop.mdocs import AUTH0, MDOC, OWF, Oracles, changed, ours, shown, theirs

SESSION: Final = redirect()
Making = Callable[[Oracles], bytes]


def _shown(credential: Callable[[], bytes], key: SoftwareKey = HOLDER_KEY) -> Making:
    return lambda _: shown(credential(), SESSION, key=key)


def _issued_by(peer: Any, **how: Any) -> Making:
    return lambda oracle: shown(theirs(peer, oracle, **how), SESSION)


def _with(change: Callable[[Any], None]) -> Making:
    return lambda _: changed(shown(ours(), SESSION), change)


def _no_elements(document: Any) -> None:
    del document["issuerSigned"]["nameSpaces"]


def _fewer(document: Any) -> None:
    del document["issuerSigned"]["nameSpaces"][NAMESPACE][1:]


def _kid(document: Any) -> None:
    document["deviceSigned"]["deviceAuth"]["deviceSignature"][1] = {4: b"holder"}


def _holder(algorithm: Algorithm) -> Making:
    key = SoftwareKey.generate(algorithm)
    return _shown(lambda: ours(holder=key), key)


def _issuer(algorithm: Algorithm) -> Making:
    key = SoftwareKey.generate(algorithm)
    return _shown(lambda: ours(seal=Seal(signer=key, origin=DocumentSigner(certificates=(signer(key),)))))


def _status() -> bytes:
    status = StatusReference(uri="https://boxtel.example/status/1", index=412)
    attestation = Attestation(
        type=PERSON,
        issuer=ISSUER,
        claims=CLAIMS,
        holder=HOLDER_KEY.public_key,
        issued_at=TODAY,
        expires_at=UNTIL,
        status=status,
    )
    return MDOC.issue(attestation, SEAL)


# -- values -----------------------------------------------------------------------------------------------------------

_LENGTHS: Final = (0, 1, 7, 8, 11, 12, 21, 22, 23, 24, 25, 31, 32, 63, 64, 84, 85, 86, 127, 128, 150)
TEXTS: Final = tuple(character * length for character in "aé€😀" for length in _LENGTHS)
"""Around every length at which the head of a text grows, for characters of 1 to 4 octets."""
SMALL: Final = (0, 1, 23, 24, 255, 256, 65535, 65536, 2**31, 2**32 - 1, -1, -24, -25, -256, -257, -65536, -65537)
LARGE: Final = (2**32, 2**53 - 1, -(2**31) - 1, -(2**32), -(2**32) - 1, -(2**53) + 1)


def _all_of(kind: Kind, values: tuple[Any, ...]) -> Making:
    """Issue and show one element for each value."""
    names = [f"v{number}" for number, _ in enumerate(values)]
    attributes = tuple(
        Attribute(path=(name,), kind=kind, label={"nl": name, "en": name}, presence=Presence.OPTIONAL) for name in names
    )
    of_these = replace(PERSON, attributes=attributes)
    claims = dict(zip(names, values, strict=True))
    return lambda _: shown(ours(claims, type=of_these), SESSION, names=names)


# -- written by hand --------------------------------------------------------------------------------------------------


def by_hand(item: bytes, digest_id: int = 0) -> bytes:
    """Issue one element, given in CBOR."""
    tagged = cbor2.dumps(cbor2.CBORTag(24, item))
    moments = {"signed": TODAY, "validFrom": TODAY, "validUntil": UNTIL}
    mso = {
        "version": "1.0",
        "digestAlgorithm": "SHA-256",
        "valueDigests": {NAMESPACE: {digest_id: hashlib.sha256(tagged).digest()}},
        "deviceKeyInfo": {"deviceKey": write_key(HOLDER_KEY.public_key)},
        "docType": PERSON.id,
        "validityInfo": {name: cbor2.CBORTag(0, at.strftime("%Y-%m-%dT%H:%M:%SZ")) for name, at in moments.items()},
    }
    payload = cbor2.dumps(cbor2.CBORTag(24, cbor2.dumps(mso)))
    auth = list(sign1(payload, ISSUER_KEY, detached=False))
    auth[1] = {33: SIGNER}
    return cbor2.dumps({"nameSpaces": {NAMESPACE: [cbor2.CBORTag(24, item)]}, "issuerAuth": auth})


def shown_by_hand(issued: bytes, session: Session) -> bytes:
    """Show all of a credential, whatever it is."""
    signed = device_authentication(session.binding.transcript, PERSON.id, b"\xa0")
    signature = list(sign1(signed, HOLDER_KEY, detached=True))
    device_signed = {
        "nameSpaces": cbor2.CBORTag(24, b"\xa0"),
        "deviceAuth": {"deviceSignature": [signature[0], {}, *signature[2:]]},
    }
    document = {"docType": PERSON.id, "issuerSigned": cbor2.loads(issued), "deviceSigned": device_signed}
    return cbor2.dumps({"version": "1.0", "documents": [document], "status": 0})


def element(head: str, *members: tuple[str, Any]) -> bytes:
    return bytes.fromhex(head) + b"".join(cbor2.dumps(part) for member in members for part in member)


PARTS: Final = (
    ("digestID", 0),
    ("random", b"r" * 16),
    ("elementIdentifier", "issuing_authority"),
    ("elementValue", "Gemeente Boxtel"),
)


def _hand(item: bytes) -> Making:
    return lambda _: shown_by_hand(by_hand(item), SESSION)


GOOD: Final[Mapping[str, Making]] = {
    "no element shown": _with(_no_elements),
    "elements taken out on the way": _with(_fewer),
    "a kid beside the holder's signature": _with(_kid),
    "a status list": _shown(_status),
    "a holder's key of P-384": _holder(Algorithm.ES384),
    "a holder's key of Ed25519": _holder(Algorithm.EDDSA),
    "an issuer's key of P-384": _issuer(Algorithm.ES384),
    "digests by SHA-384": _issued_by(OWF, digest="SHA-384"),
    "digests by SHA-512": _issued_by(AUTH0, digest="SHA-512"),
    "texts of every length": _all_of(Kind.TEXT, TEXTS),
    "integers up to 2^32": _all_of(Kind.INTEGER, SMALL),
    "integers beyond 2^32": _all_of(Kind.INTEGER, LARGE),
    "dates of other ages": _all_of(Kind.DATE, ("0001-01-01", "1582-10-15", "1900-02-28", "2000-02-29", "9999-12-31")),
    "an array of nothing": _all_of(Kind.COUNTRIES, ((), ("NL",))),
    "an element in another order": _hand(element("a4", *reversed(PARTS))),
}

STRICTER: Final[Mapping[str, Making]] = {
    "a float as a value": _hand(element("a4", *PARTS[:3], ("elementValue", 1.5))),
    "a value under another tag": _hand(element("a4", *PARTS[:3], ("elementValue", cbor2.CBORTag(32, "https://a")))),
}
"""What the standard allows in an element, and eigendata does not read."""
