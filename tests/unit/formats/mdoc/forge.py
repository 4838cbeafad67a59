"""One issuer, one holder and one type, and a forge: mdocs of any parts, signed as if meant, written by cbor2 alone.

response(...) -> a DeviceResponse whose signatures hold, and which may break any other rule
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2

from eigendata.crypto.iaca import make_document_signer
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import dump_pem_chain, make_authority
from eigendata.formats.mdoc import MSO_MDOC
from eigendata.model import Authentic, Binding, CredentialType, Holding, Kind, Presence, Unbound
from eigendata.trust import Trust
from tests.unit.formats.forge import attribute

ISSUER = "https://boxtel.example"
DAY = datetime(2026, 11, 23, tzinfo=UTC)
NOW = DAY + timedelta(hours=14, minutes=3)
AUTHORITY_KEY = SoftwareKey.generate(Algorithm.ES256)
ISSUER_KEY = SoftwareKey.generate(Algorithm.ES256)
HOLDER_KEY = SoftwareKey.generate(Algorithm.ES256)
OTHER_KEY = SoftwareKey.generate(Algorithm.ES256)
AUTHORITY = make_authority("Gemeente Boxtel", AUTHORITY_KEY, at=DAY)
SIGNER = make_document_signer(
    ISSUER_KEY.public_key,
    name="Gemeente Boxtel",
    uri=ISSUER,
    authority=AUTHORITY,
    authority_key=AUTHORITY_KEY,
    at=DAY,
)
TRANSCRIPT: bytes = cbor2.dumps([None, None, ["OpenID4VPHandover", hashlib.sha256(b"session").digest()]])
BINDING = Binding(audience="redirect_uri:https://corporation.example/answer", nonce="n", transcript=TRANSCRIPT)
HOLDING = Holding(key=HOLDER_KEY, binding=BINDING)
PERSON = CredentialType(
    id="urn:example:person:1",
    short="person",
    label={"nl": "Persoon", "en": "Person"},
    attributes=(
        attribute("authority", presence=Presence.ALWAYS),
        attribute("family_name"),
        attribute("birthdate", kind=Kind.DATE),
        attribute("resident", kind=Kind.BOOLEAN),
        attribute("address", "town"),
        attribute("nationalities", kind=Kind.COUNTRIES),
    ),
)
NAMESPACE = PERSON.id
ANY = CredentialType.foreign("org.example.any")
TRUST = Trust.loads(
    f'[issuers."{ISSUER}"]\nname = "Gemeente Boxtel"\nanchors = ["""{dump_pem_chain([AUTHORITY]).decode()}"""]\n'
    f'types = ["{PERSON.id}", "{ANY.id}"]\nmunicipalities = ["0757"]\n'
)
ABSENT: Any = object()


def tagged(content: bytes) -> cbor2.CBORTag:
    return cbor2.CBORTag(24, content)


def tdate(text: str) -> cbor2.CBORTag:
    return cbor2.CBORTag(0, text)


def item(digest_id: Any, name: Any, value: Any, *, random: Any = b"r" * 16) -> bytes:
    """Write an IssuerSignedItem."""
    members = {"digestID": digest_id, "random": random, "elementIdentifier": name, "elementValue": value}
    return cbor2.dumps({key: member for key, member in members.items() if member is not ABSENT})


NAME = item(1, "family_name", "Ummels")
OWN = item(0, "authority", "Gemeente Boxtel")


def digest(content: bytes, hash_: str = "sha256") -> bytes:
    return hashlib.new(hash_, cbor2.dumps(tagged(content))).digest()


def changed(members: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**members, **changes}.items() if value is not ABSENT}


def cose_key(key: SoftwareKey = HOLDER_KEY) -> dict[int, Any]:
    return {1: 2, -1: 1, -2: key.public_key.data[:32], -3: key.public_key.data[32:]}


def mso(*items: bytes, **changes: Any) -> dict[str, Any]:
    """Give a mobile security object over these items, with other members where asked."""
    numbered = {cbor2.loads(one)["digestID"]: digest(one) for one in items}
    members = {
        "version": "1.0",
        "digestAlgorithm": "SHA-256",
        "valueDigests": {NAMESPACE: numbered},
        "deviceKeyInfo": {"deviceKey": cose_key()},
        "docType": PERSON.id,
        "validityInfo": validity(),
    }
    return changed(members, changes)


def validity(**changes: Any) -> dict[str, Any]:
    members = {
        "signed": tdate("2026-11-23T00:00:00Z"),
        "validFrom": tdate("2026-11-23T00:00:00Z"),
        "validUntil": tdate("2026-12-06T23:59:59Z"),
    }
    return changed(members, changes)


def sign1(
    payload: bytes,
    key: SoftwareKey = ISSUER_KEY,
    *,
    protected: Any = b"\xa1\x01\x26",
    unprotected: Any = None,
    context: str = "Signature1",
    aad: bytes = b"",
    detached: bool = False,
) -> list[Any]:
    """Sign as COSE_Sign1."""
    octets = protected if isinstance(protected, bytes) else cbor2.dumps(protected)
    signature = key.sign(cbor2.dumps([context, octets, aad, payload]))
    return [octets, {} if unprotected is None else unprotected, None if detached else payload, signature]


def issuer_auth(of: Mapping[str, Any], key: SoftwareKey = ISSUER_KEY, **how: Any) -> list[Any]:
    return sign1(cbor2.dumps(tagged(cbor2.dumps(of))), key, **{"unprotected": {33: SIGNER}, **how})


def issued(*items: bytes, of: Mapping[str, Any] | None = None, auth: Any = None, **changes: Any) -> dict[str, Any]:
    """Give an IssuerSigned of these items."""
    members = {
        "nameSpaces": {NAMESPACE: [tagged(one) for one in items]},
        "issuerAuth": auth or issuer_auth(mso(*items) if of is None else of),
    }
    return changed(members, changes)


def device_auth(
    stated: bytes = b"\xa0",
    *,
    key: SoftwareKey = HOLDER_KEY,
    transcript: bytes = TRANSCRIPT,
    doctype: str = PERSON.id,
    **how: Any,
) -> list[Any]:
    """Sign the DeviceAuthenticationBytes."""
    authentication = ["DeviceAuthentication", cbor2.loads(transcript), doctype, tagged(stated)]
    return sign1(cbor2.dumps(tagged(cbor2.dumps(authentication))), key, **{"detached": True, **how})


def device(stated: bytes = b"\xa0", **changes: Any) -> dict[str, Any]:
    """Give a DeviceSigned."""
    members = {"nameSpaces": tagged(stated), "deviceAuth": {"deviceSignature": device_auth(stated)}}
    return changed(members, changes)


def document(issuer_signed: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    members = {
        "docType": PERSON.id,
        "issuerSigned": issued(OWN, NAME) if issuer_signed is None else issuer_signed,
        "deviceSigned": device(),
    }
    return changed(members, changes)


def response(*documents: Mapping[str, Any], **changes: Any) -> bytes:
    """Write a DeviceResponse; of one good document where none is given."""
    members = {"version": "1.0", "documents": list(documents) or [document()], "status": 0}
    return cbor2.dumps(changed(members, changes))


def verified(
    token: bytes,
    *,
    types: Sequence[CredentialType] = (PERSON,),
    binding: Binding | Unbound = BINDING,
    at: datetime = NOW,
) -> Authentic:
    return MSO_MDOC.parse_presentation(token).verify(types, binding, trust=TRUST, at=at)
