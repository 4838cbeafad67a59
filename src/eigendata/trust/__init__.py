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

A verifier proves who it is by a certificate that bears its DNS name and leads to an anchor of its entry, or by a key of
the DID that it is named by. Who proved nothing is entitled to nothing.

    [verifiers."notary.example"]
    name = "A notary"
    anchors = ["-----BEGIN CERTIFICATE-----..."]
    entitled = ["urn:eigendata:nl:brp:bsn:1"]          # what a law lets it see that nobody else may

    [verifiers."did:web:corporation.example"]
    name = "A housing corporation"
    document = '''{"id": "did:web:corporation.example", ...}'''   # or it is fetched
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from eigendata import did
from eigendata.crypto import iaca as iaca_profile
from eigendata.crypto import x509
from eigendata.crypto.keys import PublicKey
from eigendata.errors import Check, Outcome, Reason, Rejected, Trail, Unavailable
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
from eigendata.trust.entries import TRUST_LIMIT, IssuerEntry, VerifierEntry, read_entries, read_file
from eigendata.trust.published import PublishedKeys, Source
from eigendata.trust.writing import add_issuer, add_verifier

__all__ = [
    "CHECKS",
    "ISSUER_IN_LEAF",
    "ISSUER_KEY",
    "ISSUER_KNOWN",
    "ISSUER_MECHANISM",
    "ISSUER_TYPE",
    "JURISDICTION",
    "TRUST_LIMIT",
    "VERIFIER_CHAIN",
    "VERIFIER_KNOWN",
    "VERIFIER_LISTED",
    "VERIFIER_METHOD",
    "IssuerEntry",
    "Trust",
    "TrustedVerifier",
    "VerifierEntry",
    "add_issuer",
    "add_verifier",
    "require_jurisdiction",
]

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
VERIFIER_LISTED: Final = Check(
    name="VERIFIER_LISTED",
    clause="OpenID4VP 1.0 5.9.3",
    reason=Reason.REQUEST_INVALID,
    rule="The trust file names who asks: by a DNS name that its certificate bears, or by its DID.",
)
VERIFIER_CHAIN: Final = Check(
    name="VERIFIER_CHAIN",
    clause="OpenID4VP 1.0 5.9.3, RFC 5280 section 6.1",
    reason=Reason.REQUEST_INVALID,
    rule="The verifier's chain leads, in time, to an anchor that the trust file has for that name.",
)
VERIFIER_METHOD: Final = Check(
    name="VERIFIER_METHOD",
    clause="OpenID4VP 1.0 5.9.3, CID 1.0 3.3",
    reason=Reason.REQUEST_INVALID,
    rule="The document of the verifier's DID can be had, and allows the verification method for authentication.",
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
    VERIFIER_LISTED,
    VERIFIER_CHAIN,
    VERIFIER_METHOD,
    VERIFIER_KNOWN,
)
"""Besides these, `eigendata.crypto.x509` checks a chain; which of them are taken depends on how the key is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedVerifier:
    """A verifier by name, and the types that a law entitles it to, by their identifiers."""

    party: Party
    entitled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """A trust file, read. Safe to share between threads; keep it, for it keeps the keys that issuers publish.

    Attributes:
        published: where the keys come from that issuers publish; None: such an issuer is unavailable.
        documents: where the documents of controllers come from that are not pinned.
    """

    issuers: Mapping[str, IssuerEntry] = field(default_factory=dict)
    verifiers: Mapping[str, VerifierEntry] = field(default_factory=dict)
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
        return cls.loads(read_file(Path(path)), fetcher=fetcher)

    @classmethod
    def loads(cls, text: str | bytes, *, fetcher: Source | None = None) -> Trust:
        """Read the text of a trust file; see `load`.

        Raises:
            Malformed: it is not TOML, a member is unknown, missing or of another kind, or an anchor or key cannot be
                read. Nothing in it is passed over: a slip of the pen must not become trust, nor silently end it.
        """
        data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        entries = read_entries(data)
        return cls(
            issuers=entries.issuers,
            verifiers=entries.verifiers,
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
        """Give a verifier by its name in the trust file, with what it is entitled to.

        Raises:
            Rejected: it is not in the trust file.
        """
        entry = Trail().some(VERIFIER_KNOWN, self.verifiers.get(id))
        return TrustedVerifier(party=Party(id=id, name=entry.name), entitled=entry.entitled)

    def certified_verifier(
        self, chain: Sequence[bytes], /, *, named: str | None, at: datetime
    ) -> tuple[Party, x509.Leaf]:
        """Give the verifier whose DNS name a leaf bears, if its chain leads to an anchor of that entry.

        Args:
            chain: DER, leaf first, without the anchor.
            named: the DNS name that it goes by; None: the first of the leaf's whose entry its chain leads to.

        Raises:
            Rejected: no entry is about it, or its chain is not to be trusted at this moment (`request_invalid`).
            Malformed: a certificate of the chain is none.

        Source: OpenID4VP 1.0 section 5.9.3.
        """
        at, trail = utc(at), Trail()
        borne = [one for one in x509.stated_dns_names(chain) if named in (None, one)]
        known: dict[tuple[bytes, ...], str] = {}  # a chain is looked at once for the same anchors, whoever's they are
        for one in borne:
            entry = self.verifiers.get(one)
            if entry is not None and entry.anchors:
                known.setdefault(entry.anchors, one)
        trail.require(VERIFIER_LISTED, bool(known))
        refusals: list[Rejected] = []
        for anchors, name in known.items():
            try:
                leaf = x509.verify_chain(tuple(chain), anchors, at=at)
            except Rejected as refused:
                refusals.append(refused)
            else:
                return Party(id=name, name=self.verifiers[name].name), leaf
        raise Rejected(VERIFIER_CHAIN, (*trail.done(), *refusals[0].trail), refusals[0].message) from refusals[0]

    def did_verifier(self, controller: str, method: str, /, *, at: datetime) -> tuple[Party, PublicKey]:
        """Give the verifier of a DID, and the key of one of its verification methods, which is for authentication.

        Args:
            method: the method's whole URL.

        Raises:
            Rejected: no entry is about the DID, or it has no such method at this moment (`request_invalid`).
            Unavailable: its document could not be had.

        Source: OpenID4VP 1.0 section 5.9.3; Controlled Identifiers 1.0 section 3.3.
        """
        at, trail = utc(at), Trail()
        entry = trail.some(VERIFIER_LISTED, self.verifiers.get(controller))
        pinned = {} if entry.document is None else {controller: did.parse_document(entry.document.encode())}
        try:
            document = self.documents.document(controller, pinned=pinned, at=at, trail=trail)
            key = did.require_key(document, method, did.AUTHENTICATION, at=at, trail=trail)
        except Rejected as refused:
            raise Rejected(VERIFIER_METHOD, refused.trail, refused.message) from refused
        return Party(id=controller, name=entry.name), key

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


def _pinned(entry: IssuerEntry, key_id: str | None) -> PublicKey | None:
    if key_id is not None:
        return entry.keys.get(key_id)
    return next(iter(entry.keys.values())) if len(entry.keys) == 1 else None
