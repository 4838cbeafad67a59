"""Tokens taken apart, all their structure looked at, nothing in them believed.

    bytes -> parse_issuer_signed   -> Issued: elements | MobileSecurityObject | issuerAuth
    bytes -> parse_device_response -> Shown: the one document, its Issued | what the holder signed

What is spelt as nearly every token is, `usual` reads in one pass; all else is read here, and comes to the same.

Digests are over the encoded elements as they came: what stands under tag 24 is kept, and never written anew. What
breaks a rule that two honest readers could not read differently (a digest identifier twice, another version) is left to
`verify`; what does not have the form that it must have, or is beyond a limit, is malformed at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cbor2 import CBORTag

from eigendata.crypto.cose import byte_string, parse_key, parse_mac0, parse_sign1, x5chain
from eigendata.crypto.iaca import parse_x5chain
from eigendata.encoding import Cbor, cbor_loads
from eigendata.errors import Malformed
from eigendata.formats.mdoc.elements import ENCODED, TAG_24, read, tdate
from eigendata.formats.mdoc.parts import Authorized, Issued, Item, MobileSecurityObject, Shown
from eigendata.formats.mdoc.usual import usual_device_response, usual_issuer_signed
from eigendata.model import StatusReference

ELEMENTS_LIMIT: Final = 1024
"""Elements in one document: a credential of ours has some 25; a mobile driving licence knows some 40."""

SHORTEST_RANDOM: Final = 16
"""Octets of randomness in an element (ISO/IEC 18013-5 9.1.2.5)."""

HIGHEST_ID: Final = 2**31 - 1
"""The highest digest identifier (ISO/IEC 18013-5 9.1.2.5)."""

VERSION: Final = "1.0"

_OK: Final = 0
_ISSUER_SIGNED: Final = frozenset(("nameSpaces", "issuerAuth"))


def parse_issuer_signed(token: bytes) -> Issued:
    """Take an IssuerSigned apart (ISO/IEC 18013-5 8.3.2.1.2.2, OpenID4VCI 1.0 A.2.4). Nothing of it is verified.

    Raises:
        Malformed: it is none, or something in it does not have the form it must have, or it is beyond a limit.
    """
    return usual_issuer_signed(token) or _issuer_signed(cbor_loads(token))


def parse_device_response(token: bytes) -> Shown:
    """Take a DeviceResponse of one document apart (ISO/IEC 18013-5 8.3.2.1.2.2, HAIP 1.0 5.3.1).

    Raises:
        Malformed: it is none, holds another number of documents, or says that something went wrong.
    """
    return usual_device_response(token) or _device_response(cbor_loads(token))


def _device_response(value: Cbor) -> Shown:
    response = _map(value, "a DeviceResponse")
    match response.get("documents"):
        case [Mapping() as document]:
            pass
        case _:
            raise Malformed("no DeviceResponse of one document")
    status = response.get("status")
    if response.get("version") != VERSION or status != _OK or status is False or "documentErrors" in response:
        raise Malformed("a DeviceResponse of another version, or one that says that something went wrong")
    _require_errors(document.get("errors"))
    issued = _issuer_signed(document.get("issuerSigned"))
    return _device_signed(document.get("deviceSigned"), _name(document.get("docType")), issued)


# -- what the issuer signed -------------------------------------------------------------------------------------------


def _map(value: Cbor, what: str) -> Mapping[int | str, Cbor]:
    if not isinstance(value, Mapping):
        raise Malformed(f"{what} is no map")
    return value


def _issuer_signed(value: Cbor) -> Issued:
    members = _map(value, "an IssuerSigned")
    # nothing else is defined: who renames its elements away shows fewer than the holder chose
    if not members.keys() <= _ISSUER_SIGNED:
        raise Malformed("an IssuerSigned with a member that nobody defined")
    name_spaces = _map(members.get("nameSpaces", {}), "what holds the namespaces")
    if not name_spaces and "nameSpaces" in members:
        raise Malformed("there is no namespace where there must be one")
    signature = parse_sign1(members.get("issuerAuth"))
    if signature.payload is None:
        raise Malformed("the issuerAuth holds no mobile security object")
    return Issued(
        items=_items(name_spaces),
        signature=signature,
        chain=parse_x5chain(x5chain(signature.unprotected)),
        mso=_mso(_encoded(cbor_loads(signature.payload))),
    )


def _encoded(value: Cbor) -> bytes:
    """Give what stands under tag 24 (RFC 8949 section 3.4.5.1); the reader saw that it is a byte string."""
    if not isinstance(value, CBORTag) or value.tag != ENCODED:
        raise Malformed("encoded CBOR is expected here, with tag 24")
    content: bytes = value.value
    return content


def _items(name_spaces: Mapping[int | str, Cbor]) -> tuple[Item, ...]:
    items: list[Item] = []
    for namespace, several in name_spaces.items():
        if not isinstance(namespace, str) or not isinstance(several, list) or not several:
            raise Malformed("a namespace without a name, or without elements")
        if len(items) + len(several) > ELEMENTS_LIMIT:
            raise Malformed(f"a document of more than {ELEMENTS_LIMIT} elements")
        items += [_item(namespace, _encoded(one)) for one in several]
    return tuple(items)


def _item(namespace: str, encoded: bytes) -> Item:
    match cbor_loads(encoded):
        # nothing else is defined: whoever agrees to show the value would show the rest without knowing
        case {
            "digestID": int(digest_id),
            "random": bytes(random),
            "elementIdentifier": str(name),
            "elementValue": value,
            **more,
        } if not more:
            pass
        case _:
            raise Malformed("no IssuerSignedItem")
    if isinstance(digest_id, bool) or not 0 <= digest_id <= HIGHEST_ID:
        raise Malformed("the identifier of a digest is no number below 2^31")
    if len(random) < SHORTEST_RANDOM:
        raise Malformed(f"an element with less than {SHORTEST_RANDOM} octets of randomness")
    return Item(namespace, digest_id, name, read(value), TAG_24 + byte_string(encoded))


def _mso(encoded: bytes) -> MobileSecurityObject:
    mso = _map(cbor_loads(encoded), "a mobile security object")
    digests, key_info, validity = (
        _map(mso.get(name), name) for name in ("valueDigests", "deviceKeyInfo", "validityInfo")
    )
    signed, valid_from, valid_until = (tdate(validity.get(name)) for name in ("signed", "validFrom", "validUntil"))
    # "The timestamp of validFrom shall be equal or later than signed", and validUntil later than validFrom (9.1.2.4)
    if not signed <= valid_from < valid_until:
        raise Malformed("a mobile security object ends before it begins, or begins before it was signed")
    if "expectedUpdate" in validity:
        tdate(validity["expectedUpdate"])
    return MobileSecurityObject(
        version=_name(mso.get("version")),
        doctype=_name(mso.get("docType")),
        digest_algorithm=_name(mso.get("digestAlgorithm")),
        digests={_name(namespace): _digests(several) for namespace, several in digests.items()},
        device_key=parse_key(key_info.get("deviceKey")),
        authorized=_authorized(key_info.get("keyAuthorizations", {})),
        signed=signed,
        valid_from=valid_from,
        valid_until=valid_until,
        has_status="status" in mso,
        status=_status(mso.get("status", {})),
    )


def _name(value: Cbor) -> str:
    if not isinstance(value, str):
        raise Malformed("a name is no text")
    return value


def _digests(value: Cbor) -> Mapping[int, bytes]:
    digests: dict[int, bytes] = {}
    for digest_id, digest in _map(value, "what holds the digests of a namespace").items():
        if not isinstance(digest_id, int) or not 0 <= digest_id <= HIGHEST_ID or not isinstance(digest, bytes):
            raise Malformed("a digest without a number below 2^31, or one that is no octets")
        digests[digest_id] = digest
    return digests


def _authorized(value: Cbor) -> Authorized:
    members = _map(value, "keyAuthorizations")
    namespaces, elements = members.get("nameSpaces", []), _map(members.get("dataElements", {}), "dataElements")
    if not isinstance(namespaces, list):
        raise Malformed("the namespaces that a key is authorized for are no array")
    allowed: set[tuple[str, str]] = set()
    for namespace, names in elements.items():
        if not isinstance(names, list):
            raise Malformed("the elements that a key is authorized for are no array")
        allowed.update((_name(namespace), _name(name)) for name in names)
    return Authorized(frozenset(map(_name, namespaces)), frozenset(allowed))


def _status(value: Cbor) -> StatusReference | None:
    status = _map(value, "status")
    match status.get("status_list", {}):
        case {"uri": str(uri), "idx": int(index)} if index >= 0 and not isinstance(index, bool):
            return StatusReference(uri=uri, index=index)
        case _ if "status_list" in status:
            raise Malformed("a status_list without an index and the URI of a list")
        case _:
            return None


# -- what the holder signed -------------------------------------------------------------------------------------------


def _require_errors(errors: Cbor) -> None:
    """Look at the errors that a document may state for elements that it does not hold; nothing follows from them."""
    if errors is None:
        return
    namespaces = list(errors.values()) if isinstance(errors, Mapping) else [errors]
    codes = [code for one in namespaces if isinstance(one, Mapping) for code in one.values()]
    if not all(isinstance(one, Mapping) and one for one in namespaces) or not codes:
        raise Malformed("the errors of a document are no codes by namespace and element")
    if not all(isinstance(code, int) for code in codes):
        raise Malformed("the error of an element is no number")


def _device_signed(value: Cbor, doctype: str, issued: Issued) -> Shown:
    if value is None:  # judged in verify: the holder's proof is not there
        return Shown(doctype, issued, None, (), None, None)
    members = _map(value, "a DeviceSigned")
    encoded, device_auth = _encoded(members.get("nameSpaces")), _map(members.get("deviceAuth"), "deviceAuth")
    signature = parse_sign1(device_auth["deviceSignature"]) if "deviceSignature" in device_auth else None
    mac = parse_mac0(device_auth["deviceMac"]) if "deviceMac" in device_auth else None
    # 9.1.3.4 and 9.1.3.5: the payload is detached
    if any(proof is not None and proof.payload is not None for proof in (signature, mac)):
        raise Malformed("the holder's proof holds a payload of its own")
    return Shown(doctype, issued, encoded, _stated(cbor_loads(encoded)), signature, mac)


def _stated(name_spaces: Cbor) -> tuple[tuple[str, str], ...]:
    stated: list[tuple[str, str]] = []
    for namespace, elements in _map(name_spaces, "what the holder states").items():
        names = [_name(name) for name in _map(elements, "a namespace of the holder")]
        if not names:
            raise Malformed("a namespace of the holder without elements")
        stated += [(_name(namespace), name) for name in names]
    return tuple(stated)
