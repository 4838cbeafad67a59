"""The two doors of an SD-JWT VC that nobody looked at yet (RFC 9901 7.1 and 7.3, SD-JWT VC 2.4).

    bytes -> UnverifiedPresentation -> verify(types, binding) \\
                                                               > the checks, in their order -> Authentic
    bytes -> UnverifiedCredential   -> verify(types)          /

The header never chooses: the algorithm is that of the key that the trust gives, the holder's key is that of the payload
that the issuer signed, and whether there must be a holder's proof is said by the caller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, final

from eigendata.crypto.jose import Jws
from eigendata.crypto.keys import PublicKey
from eigendata.encoding import Json, b64url_encode
from eigendata.errors import Malformed, Outcome, Rejected, Trail
from eigendata.formats.protocol import IssuerSource
from eigendata.formats.sdjwt import checks
from eigendata.formats.sdjwt.claim_rules import as_issued, faults
from eigendata.formats.sdjwt.metadata import NAME, Shape, follows, has_integrity, is_ours, shape, type_id
from eigendata.formats.sdjwt.parse import NUMBERS, Token, parse
from eigendata.formats.sdjwt.present import KB_TYP
from eigendata.formats.sdjwt.type_metadata import ClaimMetadata, DescribedType, TypeMetadata
from eigendata.formats.session import require_session
from eigendata.model import UNBOUND, Authentic, Binding, CredentialType, TrustedIssuer, Unbound, Witness, utc

PROOF_AGE: Final = 300
"""Seconds that a holder's proof may be old: time for a slow phone and a person who reads on."""

CLOCK_AHEAD: Final = 60
"""Seconds that another's clock may be ahead of ours."""

_CLAIMS_PASSED: Final = tuple(check.passed for check in checks.CLAIM_METADATA)
_DISCLOSURES_PASSED: Final = tuple(check.passed for check in checks.DISCLOSURES)


@final
class UnverifiedPresentation:
    """An SD-JWT or SD-JWT+KB as a wallet sent it. One door, and nothing to read."""

    __slots__ = ("_token",)

    def __init__(self, token: Token) -> None:
        self._token = token

    def __repr__(self) -> str:
        return "<an unverified presentation>"

    def verify(
        self, types: Sequence[CredentialType], binding: Binding | Unbound, /, *, trust: IssuerSource, at: datetime
    ) -> Authentic:
        """Check everything (RFC 9901 7.3). With UNBOUND no holder's proof is demanded, and one that came is checked.

        Raises:
            Rejected: a check does not hold.
            Unavailable: the issuer's key could not be found out.
            Misuse: the binding binds to nothing, or the moment is naive.
        """
        if not isinstance(binding, Unbound):
            require_session(binding)
        at = utc(at)
        token, trail = self._token, Trail()
        matched, issuer = _require_issuer(token, types, trust, trail, at=at)
        _require_disclosures(token, trail)
        _require_validity(token, matched, binding, trail, at=at)
        holder: PublicKey | Unbound
        if token.key_binding is None and isinstance(binding, Unbound):
            holder = UNBOUND  # whoever it names, nobody showed a key
            for check in checks.KEY_BINDING:
                trail.skip(check, Outcome.WAIVED)
        else:
            proof = trail.some(checks.KB_PRESENT, token.key_binding)
            holder = trail.some(checks.HOLDER_KEY, token.holder)
            _require_key_binding(token, proof, holder, binding, trail, at=at)
        return _authentic(token, matched, issuer, holder, trail)


@final
class UnverifiedCredential:
    """An SD-JWT as an issuer sent it: it names a holder and does not show one. One door, and nothing to read."""

    __slots__ = ("_token",)

    def __init__(self, token: Token) -> None:
        self._token = token

    def __repr__(self) -> str:
        return "<an unverified credential>"

    def verify(self, types: Sequence[CredentialType], /, *, trust: IssuerSource, at: datetime) -> Authentic:
        """Check everything but the holder (RFC 9901 7.2). A credential that names no holder is unbound.

        Raises:
            Rejected: a check does not hold.
            Unavailable: the issuer's key could not be found out.
            Misuse: the moment is naive.
        """
        at = utc(at)
        token, trail = self._token, Trail()
        matched, issuer = _require_issuer(token, types, trust, trail, at=at)
        _require_disclosures(token, trail)
        _require_validity(token, matched, None, trail, at=at)
        holder: PublicKey | Unbound = UNBOUND
        for check in checks.KEY_BINDING:
            if check is checks.HOLDER_KEY and token.bound:
                holder = trail.some(check, token.holder)
            else:
                trail.skip(check, Outcome.NOT_APPLICABLE)
        return _authentic(token, matched, issuer, holder, trail)


def parse_presentation(token: bytes) -> UnverifiedPresentation:
    """Take apart what a wallet sent.

    Raises:
        Malformed: it is no SD-JWT and no SD-JWT+KB.
    """
    return UnverifiedPresentation(parse(token))


def parse_credential(token: bytes) -> UnverifiedCredential:
    """Take apart what an issuer sent.

    Raises:
        Malformed: it is no SD-JWT; an SD-JWT+KB is none either (RFC 9901 7.2).
    """
    parsed = parse(token)
    if parsed.key_binding is not None:
        raise Malformed("an issuer gives an SD-JWT; this is an SD-JWT+KB")
    return UnverifiedCredential(parsed)


# -- the checks, in their order ---------------------------------------------------------------------------------------


def _require_issuer(
    token: Token, types: Sequence[CredentialType], trust: IssuerSource, trail: Trail, *, at: datetime
) -> tuple[CredentialType, TrustedIssuer]:
    trail.require(checks.TYP, token.jws.header.get("typ") == NAME)
    matched = trail.some(checks.VCT, _matching(types, token.payload.get("vct")))
    trail.require(checks.ISSUER_NAMED, token.origin is not None)
    assert token.origin is not None  # which mypy does not follow through the trail
    try:
        issuer = trust.issuer(token.origin, matched, at=at)
    except Rejected as refused:
        raise Rejected(refused.check, (*trail.done(), *refused.trail), refused.message) from refused
    trail.require(checks.ISSUER_TRUSTED, True)
    trail.require(checks.ALGORITHM, token.jws.header["alg"] == issuer.key.algorithm)
    trail.require(checks.SIGNATURE, issuer.key.verifies(token.jws.signature, token.jws.signing_input))
    trail.require(checks.HASH_ALGORITHM, token.hash is not None)
    return matched, issuer


def _matching(types: Sequence[CredentialType], vct: Json) -> CredentialType | None:
    for one in types:
        if type_id(one) == vct:
            return one
    return None


def _require_disclosures(token: Token, trail: Trail) -> None:
    if not token.faults:
        trail.steps.extend(_DISCLOSURES_PASSED)
        return
    for check in checks.DISCLOSURES:
        trail.require(check, check not in token.faults)


def _require_validity(
    token: Token, type: CredentialType, binding: Binding | Unbound | None, trail: Trail, *, at: datetime
) -> None:
    """Check what the credential says of its own validity. `binding` is None for a credential as issued."""
    now = at.timestamp()
    if token.audience is None or binding is None:
        trail.skip(checks.AUDIENCE, Outcome.NOT_APPLICABLE)
    else:
        trail.require(checks.AUDIENCE, not isinstance(binding, Unbound) and binding.audience in token.audience)
    trail.require(checks.NOT_EXPIRED, now < trail.some(checks.EXPIRY_STATED, token.expires))
    if token.begins is None:
        trail.skip(checks.NOT_BEFORE, Outcome.NOT_APPLICABLE)
    else:
        trail.require(checks.NOT_BEFORE, token.begins <= now)
    if token.issued is None:
        trail.skip(checks.ISSUED_BEFORE, Outcome.NOT_APPLICABLE)
    else:
        trail.require(checks.ISSUED_BEFORE, token.issued <= now + CLOCK_AHEAD)
    if "status" in token.payload:
        trail.require(checks.STATUS_KIND, token.status is not None)
    else:
        trail.skip(checks.STATUS_KIND, Outcome.NOT_APPLICABLE)
    _require_metadata(token, type, trail, whole=binding is None)


def _require_metadata(token: Token, type: CredentialType, trail: Trail, *, whole: bool) -> None:
    """Hold the credential against its type metadata, where that is at hand (SD-JWT VC 5.7).

    Args:
        whole: it is as its issuer sent it, with every disclosure.
    """
    known: Shape | TypeMetadata | None = None
    if is_ours(type):
        known = shape(type)
    elif isinstance(type, DescribedType):
        known = type.metadata
    if known is None:
        for check in (checks.METADATA_INTEGRITY, *checks.CLAIM_METADATA):
            trail.skip(check, Outcome.NOT_APPLICABLE)
        return
    if token.integrity is None:
        trail.skip(checks.METADATA_INTEGRITY, Outcome.NOT_APPLICABLE)
    else:
        trail.require(checks.METADATA_INTEGRITY, _is_meant(token.integrity, known))
    if isinstance(known, Shape) and follows(known, token.document, token.placed):
        trail.steps.extend(_CLAIMS_PASSED)  # the short way: what it does not let through is looked at in full
        return
    broken = faults(_claims(known), as_issued(token), whole=whole)
    for check in checks.CLAIM_METADATA:
        trail.require(check, check not in broken)


def _is_meant(integrity: str, known: Shape | TypeMetadata) -> bool:
    if isinstance(known, Shape):
        # what our own issuers write is compared as it stands
        return integrity == known.integrity or has_integrity(integrity, known.metadata)
    return has_integrity(integrity, known.document)


def _claims(known: Shape | TypeMetadata) -> Sequence[ClaimMetadata]:
    if isinstance(known, Shape):
        known = TypeMetadata.read(known.type.id, {known.type.id: known.metadata})
    return known.claims


def _require_key_binding(
    token: Token, proof: Jws, holder: PublicKey, binding: Binding | Unbound, trail: Trail, *, at: datetime
) -> None:
    """Check the holder's proof (RFC 9901 7.3 step 5)."""
    claims, now = token.kb_claims, at.timestamp()
    trail.require(checks.KB_ALGORITHM, proof.header["alg"] == holder.algorithm)
    trail.require(checks.KB_SIGNATURE, holder.verifies(proof.signature, proof.signing_input))
    trail.require(checks.KB_TYP, proof.header.get("typ") == KB_TYP)
    made = _moment(claims.get("iat"))
    trail.require(checks.KB_IAT, made is not None and now - PROOF_AGE <= made <= now + CLOCK_AHEAD)
    if isinstance(binding, Unbound):
        trail.skip(checks.KB_NONCE, Outcome.WAIVED)
        trail.skip(checks.KB_AUDIENCE, Outcome.WAIVED)
    else:
        trail.require(checks.KB_NONCE, claims.get("nonce") == binding.nonce)
        trail.require(checks.KB_AUDIENCE, claims.get("aud") == binding.audience)
    digest = token.hash(token.signed).digest() if token.hash else b""
    trail.require(checks.SD_HASH, claims.get("sd_hash") == b64url_encode(digest))
    trail.require(checks.KB_IN_TIME, _is_in_time(claims, now))


def _is_in_time(claims: Mapping[str, Json], now: float) -> bool:
    expires, begins = _moment(claims.get("exp", now + 1)), _moment(claims.get("nbf", now))
    return expires is not None and begins is not None and begins - CLOCK_AHEAD <= now < expires


def _moment(value: Json) -> float | None:
    return value if isinstance(value, NUMBERS) and not isinstance(value, bool) else None


def _authentic(
    token: Token, type: CredentialType, issuer: TrustedIssuer, holder: PublicKey | Unbound, trail: Trail
) -> Authentic:
    assert token.expires is not None  # which mypy does not follow through the trail
    return Authentic(
        type=type,
        issuer=issuer,
        document=token.document,
        revealed=tuple(token.placed),
        holder=holder,
        status=token.status,
        expires_at=datetime.fromtimestamp(token.expires, UTC),
        trail=trail.done(),
        witness=Witness.VERIFIED,
    )
