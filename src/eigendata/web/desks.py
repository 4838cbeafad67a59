"""Who asks: a desk, with its policies, its key, and the names under which wallets know it.

    Desk.make(id, public_url=, trust=, policies=, signing=...) -> Desk
    desk.verifier(prefix) -> Verifier        one for each client identifier that the desk can bear
    desk.sign(request)    -> request object  by the desk's key, named as the client identifier demands

A process holds several desks; the answers of all of them come to one address. What a desk is called on the wire follows
from its key: the hash of its certificate, a DNS name that the certificate bears, a DID; or, without a key, the address
itself, which proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509

from eigendata.crypto.keys import Signer
from eigendata.crypto.x509 import extension_of, extensions_of, read_certificate, read_leaf
from eigendata.did import key_method
from eigendata.encoding import Json
from eigendata.errors import Misuse
from eigendata.formats import FORMATS, ORIGINS, only
from eigendata.formats.protocol import Format
from eigendata.model import Chain, CredentialType, DocumentSigner, NoStatusCheck, Once
from eigendata.openid import vp
from eigendata.openid.client_id import Prefix, of_certificate, of_dns_name
from eigendata.openid.haip import HAIP_1_0
from eigendata.policies import Policy
from eigendata.query import MAX_VALUES, Request
from eigendata.registers.catalogue import CATALOGUE
from eigendata.status import StatusSource
from eigendata.trust import Trust
from eigendata.verifier import Verifier

ANSWERS: Final = "/answers"
"""Where the answers of every desk come, below the public URL."""

_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """The key by which a desk signs its requests, and how others find it.

    Attributes:
        chain: the certificates of the key in DER, leaf first, without the anchor; empty where there are none.
        method: the verification method of the key, a DID URL; the one of its did:key where None.
    """

    signer: Signer
    chain: tuple[bytes, ...] = ()
    method: str | None = None

    @property
    def did_method(self) -> str:
        """The verification method that requests by a DID name."""
        return self.method or key_method(self.signer.public_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A desk that asks. Made by `Desk.make`.

    Attributes:
        id: its name in the store and in settings.
        name: what people call it.
        public_url: where the router is reached from outside.
        policies: by their ids.
        homes: policy id -> the conditions of a check that states none.
        residents: the id of the policy under which residents begin by themselves; None: they cannot.
        verifiers: how the desk is named -> who asks by policies under that name.
        plain: the same for plain queries, in every format that can be read.
    """

    id: str
    name: str
    public_url: str
    policies: Mapping[str, Policy] = field(hash=False)
    homes: Mapping[str, Mapping[str, Json]] = field(hash=False)
    residents: str | None
    signing: Signing | None = field(repr=False)
    verifiers: Mapping[Prefix, Verifier] = field(hash=False, repr=False)
    plain: Mapping[Prefix, Verifier] = field(hash=False, repr=False)

    @classmethod
    def make(
        cls,
        id: str,
        *,
        name: str,
        public_url: str,
        trust: Trust,
        status: StatusSource | NoStatusCheck,
        once: Once,
        policies: Sequence[Policy] = (),
        homes: Mapping[str, Mapping[str, Json]] | None = None,
        residents: str | None = None,
        signing: Signing | None,
        types: Mapping[str, CredentialType] = CATALOGUE,
        formats: Mapping[str, Format] | None = None,
    ) -> Desk:
        """Make a desk.

        Args:
            public_url: where the router is reached from outside, without a slash at its end.
            status: where withdrawals are looked up, or `NO_STATUS_CHECK`, of which trails and pages tell.
            once: the memory of what was answered: `store.once` of the store that keeps its checks.
            residents: needs conditions in `homes`, unless the policy knows none.
            signing: None: the desk's requests are unsigned, and who asks is not proven to anybody.
            formats: those in which policies ask; those of HAIP where None.

        Raises:
            Misuse: a name, address or policy is not fit for use, the conditions are not what a policy needs, or no
                wallet could accept what is asked.
        """
        if _ID.fullmatch(id) is None:
            raise Misuse("the id of a desk is of small letters, digits and hyphens, 63 at most")
        asked = only(*sorted(HAIP_1_0.formats)) if formats is None else formats
        by_id = {one.id: one for one in policies}
        conditions = {named: by_id[named].conditions(home) for named, home in (homes or {}).items() if named in by_id}
        if conditions.keys() != (homes or {}).keys():
            raise Misuse("conditions are given for a policy that the desk does not have")
        begun = None if residents is None else by_id.get(residents)
        if residents is not None and (begun is None or (begun.home and residents not in conditions)):
            raise Misuse("residents begin under a policy of the desk, whose conditions are given")
        first = Verifier(
            f"{Prefix.REDIRECT_URI}:{public_url}{ANSWERS}",
            trust=trust,
            status=status,
            once=once,
            name=name,
            policies=tuple(policies),
            types=types,
            formats=asked,
            authorities={named: {one: authorities(trust, one, named) for one in types} for named in asked},
        )
        names = _names(public_url, signing)
        verifiers = {prefix: _named(first, client_id) for prefix, client_id in names.items()}
        return cls(
            id=id,
            name=name,
            public_url=public_url,
            policies=by_id,
            homes=conditions,
            residents=residents,
            signing=signing,
            verifiers=verifiers,
            plain={prefix: replace(one, formats=FORMATS) for prefix, one in verifiers.items()},
        )

    @property
    def prefix(self) -> Prefix:
        """How the desk is named where nobody says otherwise: by its certificate where it has one."""
        return next(iter(self.verifiers))

    def policy(self, id: str) -> Policy:
        """Give a policy of this desk.

        Raises:
            Misuse: it has none of this id.
        """
        if id not in self.policies:
            raise Misuse(f"this desk has no policy of that name; it has {', '.join(sorted(self.policies)) or 'none'}")
        return self.policies[id]

    def verifier(self, prefix: Prefix, *, by_policy: bool) -> Verifier:
        """Give who asks under a name of this kind.

        Raises:
            Misuse: the desk has no such name.
        """
        if prefix not in self.verifiers:
            raise Misuse(f"this desk cannot be named by {prefix}; it can by {', '.join(self.verifiers)}")
        return (self.verifiers if by_policy else self.plain)[prefix]

    def sign(self, request: Request, prefix: Prefix, *, wallet_nonce: str | None, at: datetime) -> bytes:
        """Sign a request, as its client identifier demands it.

        Raises:
            Misuse: requests under that name are not signed.
        """
        if self.signing is None or not prefix.signs:
            raise Misuse(f"requests by {prefix} are not signed")
        by_did = prefix is Prefix.DECENTRALIZED_IDENTIFIER
        return vp.sign_request(
            request,
            self.signing.signer,
            chain=() if by_did else self.signing.chain,
            method=self.signing.did_method if by_did else None,
            wallet_nonce=wallet_nonce,
            at=at,
        )


def authorities(trust: Trust, type: str, format: str) -> tuple[bytes, ...]:
    """Give the key identifiers of the authorities of everyone who may issue a type in a format, for `aki`.

    Empty where someone may issue it without a chain, where an anchor has no identifier, or where there are more than a
    query holds: then a wallet is not told, rather than told too little.

    Source: OpenID4VP 1.0 section 6.1.1.1.
    """
    if ORIGINS[format] not in (Chain, DocumentSigner):
        return ()
    entries = [one for one in trust.issuers.values() if type in one.types]
    named = ORIGINS[format] is Chain and any(one.keys or one.issuer_metadata for one in entries)
    found = {_key_id(anchor) for one in entries for anchor in one.anchors}
    key_ids = sorted(one for one in found if one is not None)
    return () if named or None in found or len(key_ids) > MAX_VALUES else tuple(key_ids)


def _key_id(anchor: bytes) -> bytes | None:
    extensions = extensions_of(read_certificate(anchor))
    found = None if extensions is None else extension_of(extensions, x509.SubjectKeyIdentifier)
    return None if found is None else found.digest


def _names(public_url: str, signing: Signing | None) -> dict[Prefix, str]:
    """Give the client identifiers of a desk, the most trustworthy first."""
    names: dict[Prefix, str] = {}
    if signing is not None and signing.chain:
        leaf = read_leaf(signing.chain[0])
        if leaf.key != signing.signer.public_key:
            raise Misuse("the certificate of a desk is not of its key")
        names[Prefix.X509_HASH] = str(of_certificate(signing.chain[0]))
        host = urlsplit(public_url).hostname or ""
        # answers go to no other host than the one that is named (section 5.9.3)
        if host in leaf.dns_names:
            names[Prefix.X509_SAN_DNS] = str(of_dns_name(host))
    if signing is not None:
        did, _, _ = signing.did_method.partition("#")
        names[Prefix.DECENTRALIZED_IDENTIFIER] = f"{Prefix.DECENTRALIZED_IDENTIFIER}:{did}"
    names[Prefix.REDIRECT_URI] = f"{Prefix.REDIRECT_URI}:{public_url}{ANSWERS}"
    return names


def _named(first: Verifier, client_id: str) -> Verifier:
    return first if client_id == first.client_id else replace(first, client_id=client_id, answer_uri=first.response_uri)


def table(desks: Iterable[Desk]) -> dict[str, Desk]:
    """Give desks by their ids.

    Raises:
        Misuse: there is none, or two have the same id.
    """
    several = tuple(desks)
    found = {one.id: one for one in several}
    if not several or len(found) != len(several):
        raise Misuse("a service has at least one desk, and no two of the same id")
    return found
