"""The two doors of a credential in Data Integrity that nobody looked at yet (VC-DI 1.0 section 4, VCDM 2.0).

    bytes -> UnverifiedPresentation -> verify(types, binding) \\
                                                               > the checks, in their order -> Authentic
    bytes -> UnverifiedCredential   -> verify(types)          /

The token never chooses: the contexts are those of a type that was asked, the issuer's key is the one that its
controller document gives for assertions, the holder's key is the one that the issuer signed as the subject's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, final

from eigendata import did
from eigendata.crypto.keys import PublicKey
from eigendata.encoding import Json, freeze
from eigendata.errors import Malformed, Outcome, Rejected, Trail
from eigendata.formats.di import checks, contexts
from eigendata.formats.di.parse import Credential, Proof, Shown, parse_credential, parse_presentation
from eigendata.formats.di.proofs import PROOF_TYPE, SUITES, Suite
from eigendata.formats.di.shape import (
    CONTEXT,
    SUBJECT,
    are_known,
    contexts_of,
    holds_context,
    holds_keyword,
    is_whole,
    types_of,
)
from eigendata.formats.di.terms import Contexts
from eigendata.formats.protocol import IssuerSource
from eigendata.formats.session import require_session
from eigendata.model import (
    UNBOUND,
    Authentic,
    Binding,
    CredentialType,
    Method,
    TrustedIssuer,
    Unbound,
    Witness,
    utc,
)

MAX_AGE: Final = timedelta(seconds=300)
"""How old a holder's proof may be."""

MAX_AHEAD: Final = timedelta(seconds=60)
"""How far another's clock may be ahead."""

AUTHENTICATION: Final = did.AUTHENTICATION
ASSERTION: Final = did.ASSERTION

_CALLED: Final = ("name", "description")
_OF_PRESENTATIONS: Final = (
    [contexts.CREDENTIALS_V2],
    [contexts.CREDENTIALS_V2, contexts.DATA_INTEGRITY_V2],
)
_BY_NAME: Final[Mapping[str | None, Suite]] = {one.name: one for one in SUITES}


@final
class UnverifiedPresentation:
    """A presentation as a wallet sent it. One door, and nothing to read."""

    __slots__ = ("_shown",)

    def __init__(self, shown: Shown) -> None:
        self._shown = shown

    def __repr__(self) -> str:
        return "<an unverified presentation>"

    def verify(
        self, types: Sequence[CredentialType], binding: Binding | Unbound, /, *, trust: IssuerSource, at: datetime
    ) -> Authentic:
        """Check everything. With UNBOUND the holder's proof is passed over: for which session it is, nobody knows.

        Raises:
            Rejected: a check does not hold.
            Unavailable: the issuer's controller document could not be had.
            Misuse: the binding binds to nothing, or the moment is naive.
        """
        if not isinstance(binding, Unbound):
            require_session(binding)
        at = utc(at)
        shown, trail = self._shown, Trail()
        matched, holder = _require_statement(shown.credential, shown.document, types, trail)
        if isinstance(binding, Unbound):
            for check in checks.OF_HOLDER:
                trail.skip(check, Outcome.WAIVED)
        else:
            _require_holder(shown, holder, binding, contexts.known(matched), trail, at=at)
        issuer = _require_issuer(shown.credential, matched, trust, trail, at=at)
        _require_validity(shown.credential, trail, at=at)
        return _authentic(shown.credential, matched, issuer, UNBOUND if isinstance(binding, Unbound) else holder, trail)


@final
class UnverifiedCredential:
    """A credential as an issuer sent it: it names a holder and does not show one. One door, and nothing to read."""

    __slots__ = ("_credential",)

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    def __repr__(self) -> str:
        return "<an unverified credential>"

    def verify(self, types: Sequence[CredentialType], /, *, trust: IssuerSource, at: datetime) -> Authentic:
        """Check everything but the holder.

        Raises:
            Rejected: a check does not hold.
            Unavailable: the issuer's controller document could not be had.
            Misuse: the moment is naive.
        """
        at = utc(at)
        credential, trail = self._credential, Trail()
        matched, holder = _require_statement(credential, None, types, trail)
        for check in checks.OF_HOLDER:
            trail.skip(check, Outcome.NOT_APPLICABLE)
        issuer = _require_issuer(credential, matched, trust, trail, at=at)
        _require_validity(credential, trail, at=at)
        return _authentic(credential, matched, issuer, holder, trail)


def unverified_presentation(token: bytes) -> UnverifiedPresentation:
    """Take apart what a wallet sent.

    Raises:
        Malformed: it is neither a presentation of one credential nor a credential.
    """
    return UnverifiedPresentation(parse_presentation(token))


def unverified_credential(token: bytes) -> UnverifiedCredential:
    """Take apart what an issuer sent.

    Raises:
        Malformed: it is no credential.
    """
    return UnverifiedCredential(parse_credential(token))


# -- the checks, in their order ---------------------------------------------------------------------------------------


def _require_statement(
    credential: Credential, around: Mapping[str, Json] | None, types: Sequence[CredentialType], trail: Trail
) -> tuple[CredentialType, PublicKey | Unbound]:
    """Take the checks of what the JSON says, before any of it is hashed."""
    document = credential.document
    named = [*_listed(document), *(() if around is None else _listed(around))]
    called = [one for one in types if sorted(types_of(one)) == sorted(credential.types)]
    # two versions of one type have one short name, by which a credential says of which type it is; not one context
    matched = trail.some(
        checks.TYPE, next((one for one in called if contexts.url(one) in named), next(iter(called), None))
    )
    below = {name: value for name, value in document.items() if name != CONTEXT}
    trail.require(checks.CONTEXTS_KNOWN, are_known(named, contexts.known(matched)) and not holds_context(below))
    single = isinstance(credential.subject, Mapping) and not holds_keyword(below)
    trail.require(checks.ONE_SUBJECT, single)
    subject = credential.subject
    assert isinstance(subject, Mapping)  # or it is not one
    trail.require(checks.NOTHING_LOST, is_whole(credential, subject, matched))
    holder = _subject_key(subject)
    trail.require(checks.SUBJECT_KEY, holder is not None)
    assert holder is not None  # or it was rejected
    return matched, holder


def _listed(document: Mapping[str, Json]) -> tuple[Json, ...]:
    value = document[CONTEXT]
    assert isinstance(value, list)  # which the parse saw to
    return tuple(value)


def _subject_key(subject: Mapping[str, Json]) -> PublicKey | Unbound | None:
    if "id" not in subject:  # a null would be a name that is lost, which is more than no name
        return UNBOUND
    name = subject["id"]
    try:
        return did.read_key_did(name) if isinstance(name, str) else None
    except Malformed:
        return None


def _require_proof(proof: Proof | None, of: checks.OfProof, purpose: str, trail: Trail) -> tuple[Proof, Suite]:
    """Take the checks of what a proof says of itself."""
    proof = trail.some(of.there, proof)
    trail.require(of.members, None not in (proof.type, proof.method, proof.purpose, proof.value))
    suite = trail.some(of.suite, _BY_NAME.get(proof.suite) if proof.type == PROOF_TYPE else None)
    trail.require(of.purpose, proof.purpose == purpose)
    trail.require(of.alone, "previousProof" not in proof.options)
    return proof, suite


def _require_signature(
    document: Mapping[str, Json],
    proof: Proof,
    suite: Suite,
    key: PublicKey,
    known: Contexts,
    of: checks.OfProof,
    trail: Trail,
) -> None:
    trail.require(of.key, key.algorithm is suite.algorithm)
    trail.require(of.context, suite.fits(document, proof.options))
    assert proof.value is not None  # it states one
    try:
        holds = suite.holds(proof.value, key, document, proof.options, known)
    except Malformed as lost:
        raise Rejected(checks.NOTHING_LOST, trail.done(), f"{checks.NOTHING_LOST.name}: {lost.message}") from lost
    trail.require(of.signature, holds)


def _require_holder(
    shown: Shown, holder: PublicKey | Unbound, binding: Binding, known: Contexts, trail: Trail, *, at: datetime
) -> None:
    of = checks.HOLDER
    named = shown.proof if isinstance(holder, PublicKey) else None
    proof, suite = _require_proof(named, of, AUTHENTICATION, trail)
    assert isinstance(holder, PublicKey)
    assert shown.document is not None  # a proof of a holder stands in a presentation
    trail.require(of.controller, proof.method == did.key_method(holder))
    _require_signature(shown.document, proof, suite, holder, known, of, trail)
    stated = [proof.options.get(CONTEXT, shown.document[CONTEXT]), shown.document[CONTEXT]]
    trail.require(checks.PRESENTATION_CONTEXTS, all(one in _OF_PRESENTATIONS for one in stated))
    trail.require(checks.HOLDER_NAMED, shown.holder in (None, did.key_did(holder)))
    trail.require(checks.DOMAIN, proof.domain == {binding.audience})
    trail.require(checks.CHALLENGE, proof.challenge == binding.nonce)
    created = proof.created
    trail.require(checks.HOLDER_CREATED, created is not None and at - MAX_AGE <= created <= at + MAX_AHEAD)
    trail.require(checks.HOLDER_EXPIRES, proof.expires is None or at < proof.expires)


def _require_issuer(
    credential: Credential, type: CredentialType, trust: IssuerSource, trail: Trail, *, at: datetime
) -> TrustedIssuer:
    of = checks.ISSUER
    proof, suite = _require_proof(credential.proof, of, ASSERTION, trail)
    method = str(proof.method)
    trail.require(of.controller, did.controller_of(method) == credential.issuer)
    try:
        issuer = trust.issuer(Method(controller=credential.issuer, id=method), type, at=at)
    except Rejected as refused:
        raise Rejected(refused.check, (*trail.done(), *refused.trail), refused.message) from refused
    trail.require(checks.METHOD_TRUSTED, True)
    _require_signature(credential.document, proof, suite, issuer.key, contexts.known(type), of, trail)
    signed = [proof.options.get(CONTEXT, credential.document[CONTEXT]), credential.document[CONTEXT]]
    trail.require(checks.CONTEXTS, all(one == contexts_of(type) for one in signed))
    return issuer


def _require_validity(credential: Credential, trail: Trail, *, at: datetime) -> None:
    trail.require(checks.STATUS_KIND, "credentialStatus" not in credential.document)
    trail.require(checks.VALID_FROM, credential.valid_from is None or credential.valid_from <= at)
    trail.require(checks.VALID_UNTIL, credential.valid_until is not None and at < credential.valid_until)
    proof = credential.proof
    assert proof is not None  # it was verified
    trail.require(checks.ISSUER_CREATED, proof.created is None or proof.created <= at + MAX_AHEAD)
    trail.require(checks.ISSUER_EXPIRES, proof.expires is None or at < proof.expires)


def _authentic(
    credential: Credential, type: CredentialType, issuer: TrustedIssuer, holder: PublicKey | Unbound, trail: Trail
) -> Authentic:
    assert isinstance(credential.subject, Mapping)
    assert credential.valid_until is not None
    claims = {name: value for name, value in credential.subject.items() if name != "id"}
    # what people may call it is no claim, and leaves with it all the same
    called = {name: credential.document[name] for name in _CALLED if name in credential.document}
    document = freeze({SUBJECT: claims, **called})
    assert isinstance(document, Mapping)
    return Authentic(
        type=type,
        issuer=issuer,
        document=document,
        revealed=(),  # the holder had no choice: all of it is shown, or none
        holder=holder,
        status=None,
        expires_at=credential.valid_until,
        trail=trail.done(),
        witness=Witness.VERIFIED,
    )
