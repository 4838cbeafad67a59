"""Presentations of ours that break one rule each: by someone on the way, by the holder, or by the issuer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import cbor2

from eigendata.crypto.cose import sign1
from eigendata.crypto.keys import SoftwareKey
from eigendata.crypto.x509 import make_issuer_certificate
from eigendata.formats.mdoc.verify import device_authentication
from eigendata.model import DocumentSigner, Holding, Seal
from tests.interop.good import PARTS, SESSION, by_hand, element, shown_by_hand
from tests.interop.material import (
    AUTHORITY,
    AUTHORITY_KEY,
    CERTIFIED,
    HOLDER_KEY,
    ISSUER,
    ISSUER_KEY,
    NAMESPACE,
    OTHER_AUTHORITY,
    OTHER_KEY,
    PERSON,
    SHOWN,
    THUMBPRINT,
    TODAY,
    UNTIL,
    Session,
    redirect,
    signer,
)
from tests.interop.mdocs import MDOC, changed, ours, shown

OTHER_TYPE: Final = replace(PERSON, id="org.example.other.1")


def _items(document: Any) -> Any:
    return document["issuerSigned"]["nameSpaces"][NAMESPACE]


# -- by someone on the way, who has no key ----------------------------------------------------------------------------


def _value(document: Any) -> None:
    items = _items(document)
    place = next(number for number, item in enumerate(items) if b"1984-02-29" in item.value)
    items[place] = cbor2.CBORTag(24, items[place].value.replace(b"1984-02-29", b"1984-02-28"))


def _renamed(document: Any) -> None:
    items = _items(document)
    place = next(number for number, item in enumerate(items) if b"family_name" in item.value)
    items[place] = cbor2.CBORTag(24, items[place].value.replace(b"family_name", b"ffamily_nam"))


def _moved(document: Any) -> None:
    spaces = document["issuerSigned"]["nameSpaces"]
    spaces["org.example.driver.1"] = spaces.pop(NAMESPACE)


def _twice(document: Any) -> None:
    items = _items(document)
    items.append(items[0])


def _issuers_signature(document: Any) -> None:
    auth = document["issuerSigned"]["issuerAuth"]
    auth[3] = bytes((auth[3][0] ^ 1,)) + auth[3][1:]


def _unsigned(document: Any) -> None:
    del document["deviceSigned"]


def _stated_type(document: Any) -> None:
    document["docType"] = OTHER_TYPE.id


def _status(token: bytes) -> bytes:
    return cbor2.dumps({**cbor2.loads(token), "status": 10})


def _version(token: bytes) -> bytes:
    return cbor2.dumps({**cbor2.loads(token), "version": "2.0"})


# -- by the holder ----------------------------------------------------------------------------------------------------


def _resigned(
    document: Any, *, doctype: str = PERSON.id, stated: bytes = b"\xa0", key: SoftwareKey = HOLDER_KEY
) -> None:
    """Sign a document anew for the session."""
    document["docType"] = doctype
    signed = device_authentication(SESSION.binding.transcript, doctype, stated)
    signature = list(sign1(signed, key, detached=True))
    document["deviceSigned"] = {
        "nameSpaces": cbor2.CBORTag(24, stated),
        "deviceAuth": {"deviceSignature": [signature[0], {}, *signature[2:]]},
    }


def _as_another_type(document: Any) -> None:
    _resigned(document, doctype=OTHER_TYPE.id)


def _stating(document: Any) -> None:
    _resigned(document, stated=cbor2.dumps({NAMESPACE: {"age_over_21": True}}))


# -- by the issuer ----------------------------------------------------------------------------------------------------


def _sealed(*certificates: bytes, key: SoftwareKey = ISSUER_KEY) -> Seal:
    return Seal(signer=key, origin=DocumentSigner(certificates=certificates, issuer=ISSUER))


def _other_use() -> Seal:
    leaf = make_issuer_certificate(
        ISSUER_KEY.public_key,
        name="Gemeente Boxtel",
        uri=ISSUER,
        authority=AUTHORITY,
        authority_key=AUTHORITY_KEY,
        at=CERTIFIED,
        municipality="0757",
    )
    return _sealed(leaf)


def _other_type() -> bytes:
    paths = [(OTHER_TYPE.id, name) for name in SHOWN]
    holding = Holding(key=HOLDER_KEY, binding=SESSION.binding)
    return MDOC.present(ours(type=OTHER_TYPE), OTHER_TYPE, paths, holding, at=TODAY)


def _by(**how: Any) -> Callable[[], bytes]:
    return lambda: shown(ours(**how), SESSION)


def _way(change: Callable[[Any], None]) -> Callable[[], bytes]:
    return lambda: changed(shown(ours(), SESSION), change)


def _other(session: Session) -> Callable[[], bytes]:
    return lambda: shown(ours(), session)


BROKEN: Final[Mapping[str, Callable[[], bytes]]] = {
    "a value changed": _way(_value),
    "an element renamed": _way(_renamed),
    "elements moved to a namespace that nobody signed": _way(_moved),
    "an element sent twice": _way(_twice),
    "issuer's signature changed": _way(_issuers_signature),
    "holder's proof left out": _way(_unsigned),
    "another docType stated": _way(_stated_type),
    "status is an error": lambda: _status(shown(ours(), SESSION)),
    "another version": lambda: _version(shown(ours(), SESSION)),
    "another nonce": _other(redirect(nonce="nonce-of-another-session")),
    "another client_id": _other(redirect(client_id="redirect_uri:https://webshop.example/answer")),
    "another response_uri": _other(redirect(response_uri="https://webshop.example/answer")),
    "encrypted to another key": _other(redirect(thumbprint=THUMBPRINT)),
    "another holder's key": _way(lambda document: _resigned(document, key=OTHER_KEY)),
    "shown as another docType": _way(_as_another_type),
    "an element that the holder states": _way(_stating),
    "of another docType": _other_type,
    "expired": _by(issued=TODAY - timedelta(days=30), expires=TODAY - timedelta(days=1)),
    "not valid yet": _by(issued=TODAY + timedelta(days=2)),
    "signed before the signer was certified": _by(issued=CERTIFIED - timedelta(days=10), expires=UNTIL),
    "signed by another key than the certified one": _by(seal=_sealed(signer(), key=OTHER_KEY)),
    "certified by another authority of the same name": _by(
        seal=_sealed(signer(authority=OTHER_AUTHORITY, by=OTHER_KEY))
    ),
    "certified for another use": _by(seal=_other_use()),
    "an element with a head longer than needed": lambda: shown_by_hand(by_hand(element("b90004", *PARTS)), SESSION),
}
