"""Who may issue what, for whom, and how their key is found; and which verifiers a law entitles to what.

    trust file (TOML) -> Trust -> issuer(origin, type, at) -> TrustedIssuer(party, key, jurisdictions)
                                                              -> require_jurisdiction, once the claims are known

An issuer is trusted for a type and for municipalities, never as such. The file says in which of three ways its key is
found: by a chain up to an anchor of the file, pinned in the file, or published by the issuer itself (`published`).
Nothing that a token brings chooses the way. Whoever is not in the file is not trusted: take an issuer out, and what it
signed before is refused from then on.

Beside that, an issuer may be the controller of DIDs or https addresses, under which it signs in W3C Data Integrity
(`eigendata.did`). Their documents are pinned in the file, follow from the name, or are fetched. This and published keys
are the only ways that go out to the network.

The document signers of mdocs bear the issuer's identifier as alternative name, as other leaves do, where an authority
certifies several issuers. Certificates of others bear none. `iaca = true` is for those: their anchors are an issuing
authority of their own, and every document signer below is that issuer's.

    [issuers."https://boxtel.example"]
    name = "Gemeente Boxtel"
    anchors = ["-----BEGIN CERTIFICATE-----..."]      # or keys = [{ kty = "EC", ... }], or issuer_metadata = true
    iaca = true                      # whoever these anchors certify as document signer signs for this issuer
    signer_use = "1.3.130.2.0.0.1.2" # what its document signers are certified for, if not as ISO/IEC 18013-5 says
    types = ["urn:eigendata:nl:brp:inwoner:1"]
    municipalities = ["0757"]
    controllers = ["did:web:boxtel.example"]          # it signs in Data Integrity under these names
    documents = ['''{"id": "did:web:boxtel.example", ...}''']   # the controller documents that are not fetched

    [verifiers."redirect_uri:https://notary.example/answer"]
    name = "A notary"
    entitled = ["urn:eigendata:nl:brp:bsn:1"]
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from eigendata import did, files
from eigendata.crypto import iaca as iaca_profile
from eigendata.crypto import x509
from eigendata.crypto.keys import PublicKey
from eigendata.encoding import b64url_encode, toml_loads
from eigendata.errors import Check, Malformed, Misuse, Outcome, Reason, Rejected, Trail, Unavailable, within
from eigendata.model import (
    Chain,
    Claims,
    CredentialType,
    DocumentSigner,
    Method,
    Named,
    Origin,
    Party,
    TrustedIssuer,
    utc,
)
from eigendata.trust import published
from eigendata.trust.published import PublishedKeys, Source, is_publishable

T = TypeVar("T")

TRUST_LIMIT: Final = 4_194_304
"""Bytes of a trust file: an entry is about 1 kB, and there are some 340 municipalities."""

ISSUER_KNOWN: Final = Check(
    name="ISSUER_KNOWN",
    clause="SD-JWT VC 2.5",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="The issuer that the credential names is in the trust file.",
)
ISSUER_TYPE: Final = Check(
    name="ISSUER_TYPE",
    clause="SD-JWT VC 7.7",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="The issuer is trusted for this type of credential.",
)
ISSUER_MECHANISM: Final = Check(
    name="ISSUER_MECHANISM",
    clause="SD-JWT VC 7.3",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="The credential names its key in the way that the trust file says for its issuer: by a chain, or by name.",
)
ISSUER_KEY: Final = Check(
    name="ISSUER_KEY",
    clause="SD-JWT VC 2.5",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="The key that the credential names is pinned for its issuer, or published by it.",
)
ISSUER_IN_LEAF: Final = Check(
    name="ISSUER_IN_LEAF",
    clause="SD-JWT VC 2.5",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="The leaf bears the issuer's identifier as an alternative name, or its authority is the issuer's own.",
)
JURISDICTION: Final = Check(
    name="JURISDICTION",
    clause="Wet BRP 1.4",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="The municipality that the credential speaks of is one for which its issuer is trusted.",
)
VERIFIER_KNOWN: Final = Check(
    name="VERIFIER_KNOWN",
    clause="Wabb 1(d)",
    reason=Reason.POLICY_DENIED,
    rule="The verifier is in the trust file, which says to what a law entitles it.",
)

CHECKS: Final = (
    ISSUER_KNOWN,
    ISSUER_TYPE,
    ISSUER_MECHANISM,
    *published.CHECKS,
    *did.CHECKS,
    ISSUER_KEY,
    ISSUER_IN_LEAF,
    JURISDICTION,
    VERIFIER_KNOWN,
)
"""Besides these, `eigendata.crypto.x509` checks a chain; which of them are taken depends on how the key is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedVerifier:
    """A verifier by name, and the types that a law entitles it to, by their identifiers."""

    party: Party
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """A trust file, read. Safe to share between threads; keep it, for it keeps the keys that issuers publish.

    Attributes:
        published: where the keys come from that issuers publish; None: such an issuer is unavailable.
        documents: where the documents of controllers come from that are not pinned.
    """

    issuers: Mapping[str, IssuerEntry] = field(default_factory=dict)
    verifiers: Mapping[str, TrustedVerifier] = field(default_factory=dict)
    published: PublishedKeys | None = field(default=None, repr=False, compare=False)
    documents: did.Documents = field(default_factory=lambda: did.Documents(None), repr=False, compare=False)
    # the name of an issuing authority -> the one issuer whose it is: not looked for in each entry, for each token anew
    _authorities: Mapping[bytes, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        own = [(entry.anchors, named) for named, entry in self.issuers.items() if entry.iaca]
        authorities = {iaca_profile.name_of(anchor): named for anchors, named in own for anchor in anchors}
        object.__setattr__(self, "_authorities", authorities)

    @classmethod
    def load(cls, path: Path | str, *, fetcher: Source | None = None) -> Trust:
        """Read a trust file.

        Args:
            fetcher: fetches the keys of issuers that publish them, and the documents of controllers that are not
                pinned. Nothing else in a verification goes out, and this only for an issuer whose entry says so.

        Raises:
            Misuse: there is none.
            Malformed: as `loads`.
        """
        return cls.loads(_read(Path(path)), fetcher=fetcher)

    @classmethod
    def loads(cls, text: str | bytes, *, fetcher: Source | None = None) -> Trust:
        """Read the text of a trust file; see `load`.

        Raises:
            Malformed: it is not TOML, a member is unknown, missing or of another kind, or an anchor or key cannot be
                read. Nothing in it is passed over: a slip of the pen must not become trust, nor silently end it.
        """
        data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        with within("trust file"):
            whole = toml_loads(data, limit=TRUST_LIMIT)
        _require_members(whole, {"issuers", "verifiers"})
        issuers = _each(whole, "issuers", _issuer_entry)
        _require_apart(issuers.values())
        return cls(
            issuers=issuers,
            verifiers=_each(whole, "verifiers", _verifier_entry),
            published=None if fetcher is None else PublishedKeys(fetcher),
            documents=did.Documents(fetcher),
        )

    def issuer(self, origin: Origin, type: CredentialType, /, *, at: datetime) -> TrustedIssuer:
        """Give the issuer that a token names, if it is trusted for this type at this moment.

        With a chain, the issuer is who the token's `iss` says, and the leaf must bear that name; without `iss` it is
        who the leaf says. A document signer is that of the issuer whose name it bears, or else of the one whose
        authority certified it. With a name alone, the key must be pinned or published: by its `kid`, or as the only
        one. With a verification method, the issuer is the one whose controller it is of, and the controller's document
        must allow it for assertions. Which way it is, the entry says; a token that comes in another way is refused.

        Raises:
            Rejected: it is not (`untrusted_issuer`), or where its keys should be may not be reached (`fetch_blocked`).
            Malformed: a certificate of the chain is none.
            Unavailable: it publishes its keys, and they could not be had.

        Source: draft-ietf-oauth-sd-jwt-vc-19 sections 2.5, 4, 7.3 and 7.7; Controlled Identifiers 1.0 section 3.3.
        """
        at = utc(at)
        trail = Trail()
        match origin:
            case Chain(certificates=certificates):
                stated = origin.issuer if origin.issuer is not None else x509.stated_uri(certificates)
                entry = self._entry(stated, type, trail)
                trail.require(ISSUER_MECHANISM, bool(entry.anchors))
                try:
                    leaf = x509.verify_chain(certificates, entry.anchors, at=at)
                except Rejected as refused:
                    raise Rejected(refused.check, (*trail.done(), *refused.trail), refused.message) from refused
                trail.require(ISSUER_IN_LEAF, stated in leaf.uris)
                key, authority_key_ids = leaf.key, leaf.authority_key_ids
            case DocumentSigner(certificates=certificates):
                stated = self._signed_for(certificates)
                entry = self._entry(stated, type, trail)
                trail.require(ISSUER_MECHANISM, bool(entry.anchors))
                leaf = iaca_profile.verify_document_signer(certificates, entry.anchors, at=at, use=entry.signer_use)
                trail.require(ISSUER_IN_LEAF, entry.iaca or stated in leaf.uris)
                key, authority_key_ids = leaf.key, leaf.authority_key_ids
            case Method(controller=controller):
                stated = self._controlling(controller)
                entry = self._entry(stated, type, trail)
                trail.require(ISSUER_MECHANISM, controller in entry.controllers)
                key = self._of_method(entry, origin, trail, at)
                authority_key_ids = ()
            case Named():  # pragma: no branch - there is no other origin
                stated = origin.issuer
                entry = self._entry(stated, type, trail)
                trail.require(ISSUER_MECHANISM, bool(entry.keys) or entry.issuer_metadata)
                key = trail.some(ISSUER_KEY, self._named(entry, origin, trail, at))
                authority_key_ids = ()
        return TrustedIssuer(
            party=Party(id=str(stated), name=entry.name),
            key=key,
            jurisdictions=entry.municipalities if type.jurisdiction is not None else (),
            authority_key_ids=authority_key_ids,
        )

    def _named(self, entry: IssuerEntry, origin: Named, trail: Trail, at: datetime) -> PublicKey | None:
        if not entry.issuer_metadata:
            return _pinned(entry, origin.key_id)
        if self.published is None:
            raise Unavailable(f"{origin.issuer} publishes its keys; this trust was read without a fetcher")
        try:
            return self.published.key(origin.issuer, origin.key_id, at=at)
        except Rejected as refused:
            raise Rejected(refused.check, trail.done(), refused.message) from refused

    def _signed_for(self, certificates: tuple[bytes, ...]) -> str | None:
        """Choose the issuer whose anchors a document signer is held against. It may name anyone; they decide."""
        stated = x509.stated_uri(certificates)
        if stated in self.issuers:
            return stated
        return self._authorities.get(iaca_profile.name_above(certificates))

    def _controlling(self, controller: str) -> str:
        """Give the issuer whose controller this is; the name itself where it is of none."""
        return next((named for named, entry in self.issuers.items() if controller in entry.controllers), controller)

    def _of_method(self, entry: IssuerEntry, origin: Method, trail: Trail, at: datetime) -> PublicKey:
        pinned = {one: did.parse_document(text.encode()) for one, text in entry.documents.items()}
        document = self.documents.document(origin.controller, pinned=pinned, at=at, trail=trail)
        return did.require_key(document, origin.id, did.ASSERTION, at=at, trail=trail)

    def verifier(self, id: str, /) -> TrustedVerifier:
        """Give a verifier by its full client identifier, with what it is entitled to.

        Raises:
            Rejected: it is not in the trust file.
        """
        return Trail().some(VERIFIER_KNOWN, self.verifiers.get(id))

    def _entry(self, stated: str | None, type: CredentialType, trail: Trail) -> IssuerEntry:
        entry = trail.some(ISSUER_KNOWN, self.issuers.get(stated) if stated is not None else None)
        trail.require(ISSUER_TYPE, type.id in entry.types)
        return entry


_NOT_SHOWN: Final = object()  # no claim is it, not even one that is null


def require_jurisdiction(issuer: TrustedIssuer, type: CredentialType, document: Claims, trail: Trail) -> None:
    """Require that the municipality a credential speaks of is one of its issuer's.

    Not applicable where the type speaks of none, or the claim was not shown.

    Raises:
        Rejected: it is another's (`untrusted_issuer`).
    """
    found: object = document
    for name in type.jurisdiction or ():
        found = found.get(name, _NOT_SHOWN) if isinstance(found, Mapping) else _NOT_SHOWN
    if type.jurisdiction is None or found is _NOT_SHOWN:
        trail.skip(JURISDICTION, Outcome.NOT_APPLICABLE)
        return
    trail.require(JURISDICTION, found in issuer.jurisdictions)


def add_issuer(
    path: Path | str,
    *,
    anchor_pem: bytes | None,
    issuer: str,
    name: str,
    types: Iterable[str],
    municipalities: Iterable[str] = (),
    controllers: Iterable[str] = (),
    documents: Iterable[bytes] = (),
    iaca: bool = False,
    signer_use: str | None = None,
) -> None:
    """Write an issuer into a trust file, which is made where there is none. What the file holds stays.

    An issuer that is there already is widened in one respect at a time (another anchor, other types, other
    municipalities, or other controllers): in two at once it would be trusted for more than either call says.

    Args:
        anchor_pem: the certificate that its chains lead to; None: it is found by its controllers alone, or, without
            any, publishes its keys itself, as JWT VC Issuer Metadata under its name.
        controllers: the DIDs and https addresses under which it signs in Data Integrity.
        documents: controller documents to pin, each of a further controller, or of one of these.
        iaca: the anchor is an issuing authority of this issuer alone: every document signer of mdocs below it is the
            issuer's, whatever its certificate names. It is said when the issuer is added, and of each further anchor.
        signer_use: what its document signers are certified for, if not as ISO/IEC 18013-5 says; said when it is added.

    Raises:
        Malformed: the anchor is not one certificate in PEM, a document is none, or the file is no trust file.
        Misuse: the anchor is no authority's, no file can be written there, the issuer would be widened in two respects
            or found in two ways, or a value cannot stand in it.
        Unavailable: the disk is full or fails.
    """
    path = Path(path)
    anchors = () if anchor_pem is None else (_one_anchor(anchor_pem),)
    pinned = {did.parse_document(one).id: one.decode("utf-8") for one in documents}
    controllers = tuple(dict.fromkeys((*controllers, *pinned)))
    added = IssuerEntry(
        name=name,
        anchors=anchors,
        issuer_metadata=anchor_pem is None and not controllers,
        iaca=iaca,
        signer_use=signer_use or iaca_profile.DOCUMENT_SIGNER,
        types=tuple(dict.fromkeys(types)),
        municipalities=tuple(dict.fromkeys(municipalities)),
        controllers=controllers,
        documents=pinned,
    )
    text = _read(path).decode("utf-8", "surrogateescape") if os.path.exists(path) else ""
    before = Trust.loads(text)
    known = before.issuers.get(issuer)
    if known is None:  # it goes below what is there, notes and all
        written = f"{text.rstrip()}\n\n{_table_of_issuer(issuer, added)}".lstrip()
    else:  # the file is written anew
        written = _dump(replace(before, issuers={**before.issuers, issuer: _widened(issuer, known, added)}))
    try:
        Trust.loads(written)
    except Malformed as error:
        raise Misuse(f"what was to be added cannot stand in a trust file: {error.message}") from error
    files.write(path, written.encode("utf-8"), _FILE)


def _one_anchor(pem: bytes) -> bytes:
    anchors = x509.load_pem_chain(pem)
    if len(anchors) != 1:
        raise Misuse(f"an anchor is one certificate; there are {len(anchors)}")
    if not x509.is_authority(anchors[0]):
        raise Misuse("an anchor is an authority's certificate; this one is for an issuer, and could certify nobody")
    return anchors[0]


# -- reading ----------------------------------------------------------------------------------------------------------

_OBJECT_IDENTIFIER: Final = re.compile(r"[012](\.(0|[1-9][0-9]{0,9})){2,20}", re.ASCII)
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
_KEY_ID: Final = "kid"


_FILE: Final = "the trust file"


def _read(path: Path) -> bytes:
    return files.read(path, _FILE, limit=TRUST_LIMIT)


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


def _verifier_entry(id: str, table: dict[str, Any]) -> TrustedVerifier:
    _require_members(table, {"name", "entitled"})
    return TrustedVerifier(party=Party(id=id, name=_name(table, id)), entitled=tuple(_list(table, "entitled", str)))


def _anchor(pem: str) -> bytes:
    chain = x509.load_pem_chain(pem.encode("utf-8"))
    if len(chain) != 1:
        raise Malformed("an anchor is one certificate in PEM")
    return chain[0]


def _pinned_key(jwk: dict[str, Any]) -> tuple[str, PublicKey]:
    """Read a key, and the identifier by which tokens name it: its `kid`, or its thumbprint."""
    key = PublicKey.from_jwk(jwk)
    key_id = jwk.get(_KEY_ID, b64url_encode(key.thumbprint()))
    if not isinstance(key_id, str):
        raise Malformed("the identifier of a key is no text")
    return key_id, key


def _pinned(entry: IssuerEntry, key_id: str | None) -> PublicKey | None:
    if key_id is not None:
        return entry.keys.get(key_id)
    return next(iter(entry.keys.values())) if len(entry.keys) == 1 else None


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


# -- writing ----------------------------------------------------------------------------------------------------------


def _widened(issuer: str, known: IssuerEntry, added: IssuerEntry) -> IssuerEntry:
    if known.keys and (added.anchors or added.issuer_metadata):
        raise Misuse(f"{issuer} is trusted by pinned keys; it gets no anchor and no metadata beside them")
    if (known.issuer_metadata and added.anchors) or (known.anchors and added.issuer_metadata):
        raise Misuse(f"{issuer} is found in another way in the file: by an anchor or by its metadata, never both")
    if known.anchors and added.signer_use not in (known.signer_use, iaca_profile.DOCUMENT_SIGNER):
        raise Misuse(f"{issuer} is in the trust file already, and its document signers are certified for another use")
    new = set(added.anchors) - set(known.anchors)
    if known.anchors and ((added.iaca and not known.iaca) or (new and added.iaca is not known.iaca)):
        raise Misuse(f"of {issuer} all anchors are issuing authorities of its own (`iaca`), or none is")
    anchors = tuple(dict.fromkeys(known.anchors + added.anchors))
    types = tuple(dict.fromkeys(known.types + added.types))
    municipalities = tuple(dict.fromkeys(known.municipalities + added.municipalities))
    controllers = tuple(dict.fromkeys(known.controllers + added.controllers))
    differ = (
        (known.issuer_metadata, set(known.anchors)) != (added.issuer_metadata, set(added.anchors)),
        set(known.types) != set(added.types),
        set(known.municipalities) != set(added.municipalities),
        set(known.controllers) != set(added.controllers),
    )
    if sum(differ) > 1:
        raise Misuse(f"{issuer} is in the trust file already, and would be widened in more than one respect at once")
    return replace(
        known,
        name=added.name,
        anchors=anchors,
        issuer_metadata=known.issuer_metadata or added.issuer_metadata,
        iaca=known.iaca or added.iaca,
        signer_use=known.signer_use if known.anchors else added.signer_use,
        types=types,
        municipalities=municipalities,
        controllers=controllers,
        documents={**known.documents, **added.documents},
    )


def _dump(trust: Trust) -> str:
    issuers = (_table_of_issuer(named, entry) for named, entry in trust.issuers.items())
    verifiers = (
        f"[verifiers.{_quoted(named)}]\nname = {_quoted(one.party.name)}\nentitled = {_quoted_list(one.entitled)}\n"
        for named, one in trust.verifiers.items()
    )
    return "\n".join((*issuers, *verifiers))


def _table_of_issuer(id: str, entry: IssuerEntry) -> str:
    lines = [f"[issuers.{_quoted(id)}]", f"name = {_quoted(entry.name)}"]
    if entry.anchors:
        pems = ",\n".join(f"'''\n{x509.dump_pem_chain([one]).decode('ascii')}'''" for one in entry.anchors)
        lines.append(f"anchors = [\n{pems},\n]")
    if entry.keys:
        jwks = ", ".join(_inline({**key.jwk(), _KEY_ID: key_id}) for key_id, key in entry.keys.items())
        lines.append(f"keys = [{jwks}]")
    if entry.issuer_metadata:
        lines.append("issuer_metadata = true")
    if entry.iaca:
        lines.append("iaca = true")
    if entry.signer_use != iaca_profile.DOCUMENT_SIGNER:
        lines.append(f"signer_use = {_quoted(entry.signer_use)}")
    lines.append(f"types = {_quoted_list(entry.types)}")
    if entry.municipalities:
        lines.append(f"municipalities = {_quoted_list(entry.municipalities)}")
    if entry.controllers:
        lines.append(f"controllers = {_quoted_list(entry.controllers)}")
    if entry.documents:
        lines.append(f"documents = {_quoted_list(entry.documents.values())}")
    return "\n".join(lines) + "\n"


def _inline(members: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{name} = {_quoted(value)}" for name, value in members.items()) + " }"


def _quoted_list(values: Iterable[str]) -> str:
    return "[" + ", ".join(map(_quoted, values)) + "]"


def _quoted(text: str) -> str:
    # JSON's escapes are TOML's, but for DEL, which TOML wants escaped too.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
