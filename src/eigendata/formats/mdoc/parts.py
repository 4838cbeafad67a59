"""What a token is made of, once it was taken apart. Nothing in it is believed yet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from eigendata.crypto.cose import Mac0, Sign1
from eigendata.crypto.keys import PublicKey
from eigendata.encoding import Json
from eigendata.model import StatusReference


class Item(NamedTuple):
    """One element as its issuer signed it.

    Attributes:
        tagged: the IssuerSignedItemBytes: encoded under tag 24, as it came.
    """

    namespace: str
    digest_id: int
    name: str
    value: Json
    tagged: bytes

    def __repr__(self) -> str:
        return "<an element>"


class Authorized(NamedTuple):
    """What the holder's key may state by itself: whole namespaces, and elements of others."""

    namespaces: frozenset[str]
    elements: frozenset[tuple[str, str]]

    def allows(self, namespace: str, name: str) -> bool:
        return namespace in self.namespaces or (namespace, name) in self.elements


class MobileSecurityObject(NamedTuple):
    """What an issuer signed of a document (ISO/IEC 18013-5 9.1.2.4).

    Attributes:
        digests: namespace -> digest identifier -> digest.
        status: where withdrawal is published; None where that is not said, or not by a status list.
    """

    version: str
    doctype: str
    digest_algorithm: str
    digests: Mapping[str, Mapping[int, bytes]]
    device_key: PublicKey
    authorized: Authorized
    signed: datetime
    valid_from: datetime
    valid_until: datetime
    has_status: bool
    status: StatusReference | None


class Issued(NamedTuple):
    """An IssuerSigned taken apart.

    Attributes:
        chain: the certificates of the x5chain, leaf first.
    """

    items: tuple[Item, ...]
    signature: Sign1
    chain: tuple[bytes, ...]
    mso: MobileSecurityObject

    def __repr__(self) -> str:
        return "<an IssuerSigned>"


class Shown(NamedTuple):
    """The one document of a DeviceResponse.

    Attributes:
        device_name_spaces: the DeviceNameSpaces as they came, without tag and length; None where nothing is signed.
        stated: the elements that the holder states, by namespace and name. Their values are the holder's word.
        signature, mac: the holder's proof.
    """

    doctype: str
    issued: Issued
    device_name_spaces: bytes | None
    stated: tuple[tuple[str, str], ...]
    signature: Sign1 | None
    mac: Mac0 | None

    def __repr__(self) -> str:
        return "<a document>"
