"""The entries of a trust file, as they are read: who may issue what, and which verifiers there are.

    TOML -> read_entries -> Entries(issuers, verifiers)

Nothing in a file is passed over: a slip of the pen must not become trust, nor silently end it. What an entry means is
said in `eigendata.trust`; here is what it may hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from eigendata import did, files
from eigendata.crypto import iaca as iaca_profile
from eigendata.crypto import x509
from eigendata.crypto.access import is_dns_name
from eigendata.crypto.keys import PublicKey
from eigendata.encoding import b64url_encode, toml_loads
from eigendata.errors import Malformed, within
from eigendata.trust.published import is_publishable

T = TypeVar("T")

TRUST_LIMIT: Final = 4_194_304
"""Bytes of a trust file: an entry is about 1 kB, and there are some 340 municipalities."""

FILE: Final = "the trust file"
"""What the file is called in errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierEntry:
    """What the trust file says of one verifier. One with neither anchors nor a DID for a name proves itself to nobody.

    Attributes:
        anchors: certificates in DER, to one of which the certificate must lead that bears its DNS name.
        document: the document of its DID in JSON, where it is pinned.
        entitled: the types that a law entitles it to, by their identifiers.
    """

    name: str
    anchors: tuple[bytes, ...] = ()
    document: str | None = None
    entitled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerEntry:
    """What the trust file says of one issuer.

    Attributes:
        anchors: certificates in DER, one of which its chains must lead to.
        keys: pinned keys, by the identifiers under which a token may name them.
        issuer_metadata: it publishes its keys itself, as JWT VC Issuer Metadata.
        iaca: the anchors are of an issuing authority of its own: every document signer below them is this issuer's.
        signer_use: the extended key usage of its document signers, a dotted object identifier.
        controllers: the DIDs and https addresses under which it signs in Data Integrity.
        documents: controller -> its document in JSON, where it is pinned.
    """

    name: str
    anchors: tuple[bytes, ...] = ()
    keys: Mapping[str, PublicKey] = field(default_factory=dict)
    issuer_metadata: bool = False
    iaca: bool = False
    signer_use: str = iaca_profile.DOCUMENT_SIGNER
    types: tuple[str, ...]
    municipalities: tuple[str, ...] = ()
    controllers: tuple[str, ...] = ()
    documents: Mapping[str, str] = field(default_factory=dict)


class Entries(NamedTuple):
    """What a trust file holds."""

    issuers: Mapping[str, IssuerEntry]
    verifiers: Mapping[str, VerifierEntry]


def read_file(path: Path) -> bytes:
    """Read the bytes of a trust file.

    Raises:
        Misuse: there is none, or it is too large or no ordinary file.
    """
    return files.read(path, FILE, limit=TRUST_LIMIT)


def read_entries(data: bytes) -> Entries:
    """Read the entries of a trust file.

    Raises:
        Malformed: it is not TOML, a member is unknown, missing or of another kind, or an anchor or key cannot be read.
    """
    with within("trust file"):
        whole = toml_loads(data, limit=TRUST_LIMIT)
    _require_members(whole, {"issuers", "verifiers"})
    issuers = _each(whole, "issuers", _issuer_entry)
    _require_apart(issuers.values())
    return Entries(issuers=issuers, verifiers=_each(whole, "verifiers", _verifier_entry))


_OBJECT_IDENTIFIER: Final = re.compile(r"[012](\.(0|[1-9][0-9]{0,9})){2,20}", re.ASCII)
_DID: Final = "did:"
_MUNICIPALITY: Final = re.compile(r"[0-9]{4}")
_OF_ISSUERS: Final = {
    *(
        "name",
        "anchors",
        "keys",
        "issuer_metadata",
        "iaca",
        "signer_use",
        "types",
        "municipalities",
        "controllers",
        "documents",
    ),
}
KEY_ID: Final = "kid"
"""The member of a pinned key that holds the identifier by which tokens name it."""


def _each(whole: Mapping[str, Any], part: str, read: Callable[[str, dict[str, Any]], T]) -> dict[str, T]:
    tables = whole.get(part, {})
    if not isinstance(tables, dict):
        raise Malformed(f"{part} of the trust file is no table")
    entries: dict[str, T] = {}
    for named, table in tables.items():
        with within(part, named):
            if not named or not isinstance(table, dict):
                raise Malformed("an entry of the trust file is no table with a name")
            entries[named] = read(named, table)
    return entries


def _issuer_entry(id: str, table: dict[str, Any]) -> IssuerEntry:
    _require_members(table, _OF_ISSUERS)
    pems, jwks = _list(table, "anchors", str), _list(table, "keys", dict)
    publishes, own_authority = table.get("issuer_metadata", False), table.get("iaca", False)
    municipalities, types = _list(table, "municipalities", str), _list(table, "types", str)
    # "for any given iss value, an attacker cannot influence the type of verification process used" (SD-JWT VC 7.3)
    controllers = tuple(_list(table, "controllers", str))
    ways = [bool(pems), bool(jwks), publishes].count(True)
    if not isinstance(publishes, bool) or ways > 1 or not (ways or controllers):
        raise Malformed("an issuer has anchors, or keys, or issuer_metadata = true, one of the three; or controllers")
    if len(set(controllers)) != len(controllers) or not all(map(did.is_controller, controllers)):
        raise Malformed(
            "a controller is a did:key, a did:jwk, a plain did:web or a plain https address, and named once"
        )
    for one in controllers:
        did.document_of(one)  # a key that is its own name is one, or nobody would ever be found by it
    if publishes and not is_publishable(id):
        raise Malformed("metadata is published under an https URL without query and fragment; this issuer has none")
    if not isinstance(own_authority, bool) or (own_authority and not pems):
        raise Malformed("`iaca = true` says of anchors that they are an authority of the issuer's own; there are none")
    if not types:
        raise Malformed("an issuer is trusted for types; there are none")
    if not all(_MUNICIPALITY.fullmatch(code) for code in municipalities):
        raise Malformed("a municipality is a code of four digits")
    keys = [_pinned_key(jwk) for jwk in jwks]
    if len(dict(keys)) != len(keys):
        raise Malformed("two keys have the same identifier")
    return IssuerEntry(
        name=_name(table, id),
        anchors=tuple(_anchor(pem) for pem in pems),
        keys=dict(keys),
        issuer_metadata=publishes,
        iaca=own_authority,
        signer_use=_signer_use(table, pems),
        types=tuple(types),
        municipalities=tuple(municipalities),
        controllers=controllers,
        documents=_documents(_list(table, "documents", str), controllers),
    )


def _signer_use(table: Mapping[str, Any], pems: list[str]) -> str:
    stated = table.get("signer_use", iaca_profile.DOCUMENT_SIGNER)
    if not isinstance(stated, str) or not _OBJECT_IDENTIFIER.fullmatch(stated) or ("signer_use" in table and not pems):
        raise Malformed("signer_use is a dotted object identifier, of an issuer with anchors")
    return stated


def _documents(texts: Iterable[str], controllers: tuple[str, ...]) -> dict[str, str]:
    """Read pinned controller documents, each of a controller of this issuer."""
    documents: dict[str, str] = {}
    for text in texts:
        name = did.parse_document(text.encode()).id
        if name not in controllers or name in documents:
            raise Malformed("a pinned document is of one of the issuer's controllers, and there is one of each")
        documents[name] = text
    return documents


def _require_apart(entries: Collection[IssuerEntry]) -> None:
    # by its name: a renewed certificate is of the same authority, and of two of one name the second is never looked for
    names = [
        name for entry in entries if entry.iaca for name in {iaca_profile.name_of(anchor) for anchor in entry.anchors}
    ]
    if len(set(names)) != len(names):
        raise Malformed("an issuing authority is of one issuer; its name stands in two entries with `iaca = true`")
    controllers = [controller for entry in entries for controller in entry.controllers]
    if len(set(controllers)) != len(controllers):
        raise Malformed("a controller is of one issuer; the same one stands twice")


def _verifier_entry(id: str, table: dict[str, Any]) -> VerifierEntry:
    _require_members(table, {"name", "anchors", "document", "entitled"})
    pems, document = _list(table, "anchors", str), table.get("document")
    if pems and not is_dns_name(id):
        raise Malformed("a verifier with anchors is named by a DNS name of its certificate, in lower case")
    if id.startswith(_DID):
        if not did.is_controller(id):
            raise Malformed("a verifier's DID is a did:key, a did:jwk or a plain did:web")
        did.document_of(id)
    if document is not None and not (
        isinstance(document, str) and id.startswith(_DID) and did.parse_document(document.encode()).id == id
    ):
        raise Malformed("`document` pins the document of the DID that the verifier is named by")
    return VerifierEntry(
        name=_name(table, id),
        anchors=tuple(_anchor(pem) for pem in pems),
        document=document,
        entitled=tuple(_list(table, "entitled", str)),
    )


def _anchor(pem: str) -> bytes:
    chain = x509.load_pem_chain(pem.encode("utf-8"))
    if len(chain) != 1:
        raise Malformed("an anchor is one certificate in PEM")
    return chain[0]


def _pinned_key(jwk: dict[str, Any]) -> tuple[str, PublicKey]:
    """Read a key, and the identifier by which tokens name it: its `kid`, or its thumbprint."""
    key = PublicKey.from_jwk(jwk)
    key_id = jwk.get(KEY_ID, b64url_encode(key.thumbprint()))
    if not isinstance(key_id, str):
        raise Malformed("the identifier of a key is no text")
    return key_id, key


def _require_members(table: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise Malformed(f"the trust file holds what it cannot: {', '.join(unknown)}")


def _name(table: Mapping[str, Any], id: str) -> str:
    name = table.get("name", id)
    if not isinstance(name, str) or not name.strip():
        raise Malformed("the name is no text")
    return name


def _list(table: Mapping[str, Any], name: str, kind: type[T]) -> list[T]:
    values = table.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, kind) for value in values):
        raise Malformed(f"{name} is not a list of what it should hold")
    return values
