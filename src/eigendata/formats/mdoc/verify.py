"""The two doors of an mdoc that nobody looked at yet (ISO/IEC 18013-5 9.3.1, OpenID4VP 1.0 B.2).

    bytes -> UnverifiedPresentation -> verify(types, session) \\
                                                               > the checks, in their order -> Authentic
    bytes -> UnverifiedCredential   -> verify(types)          /

The token never chooses: the issuer's key is the one that the trust gives for the chain, the holder's key is the one
that the issuer signed, and the docType is one that was asked. What the holder states by itself is looked at, and never
becomes a claim: only what the issuer signed does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import filterfalse
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final, final

from eigendata.crypto.cose import ALGORITHMS, HMAC_256, Mac0, Sign1, byte_string
from eigendata.crypto.iaca import window
from eigendata.crypto.keys import PublicKey
from eigendata.encoding import Json
from eigendata.errors import Outcome, Rejected, Trail
from eigendata.formats.mdoc import checks
from eigendata.formats.mdoc.elements import TAG_24, shape, text_string, type_id
from eigendata.formats.mdoc.parse import VERSION, parse_device_response, parse_issuer_signed
from eigendata.formats.mdoc.parts import Issued, Item, Shown
from eigendata.formats.mdoc.reader import Reader
from eigendata.formats.protocol import IssuerSource
from eigendata.formats.session import require_transcript
from eigendata.model import (
    UNBOUND,
    Authentic,
    Binding,
    Claims,
    CredentialType,
    DocumentSigner,
    TrustedIssuer,
    Unbound,
    Witness,
    utc,
)

HASHES: Final[Mapping[str, Callable[[bytes], Any]]] = MappingProxyType(
    {"SHA-256": hashlib.sha256, "SHA-384": hashlib.sha384, "SHA-512": hashlib.sha512}
)

SECOND: Final = timedelta(seconds=1)
"""A tdate names a whole second: what is valid until one is valid to the end of it."""

_LATEST: Final = datetime.max.replace(microsecond=0, tzinfo=UTC) - SECOND  # of which the end is a moment that there is

_NUMBER: Final[Callable[[Item], tuple[str, int]]] = attrgetter("namespace", "digest_id")
_PLACE: Final[Callable[[Item], tuple[str, str]]] = attrgetter("namespace", "name")
_AUTHENTICATION: Final = b"\x84" + text_string("DeviceAuthentication")


@final
class UnverifiedPresentation:
    """A DeviceResponse as a wallet sent it. One door, and nothing to read."""

    __slots__ = ("_shown",)

    def __init__(self, shown: Shown) -> None:
        self._shown = shown

    def __repr__(self) -> str:
        return "<an unverified presentation>"

    def verify(
        self,
        types: Sequence[CredentialType],
        session: Binding | Reader | Unbound,
        /,
        *,
        trust: IssuerSource,
        at: datetime,
    ) -> Authentic:
        """Check everything. With UNBOUND the holder's proof is passed over: for which session it is, nobody knows.

        Args:
            session: with a `Reader` the holder's proof may be a code; with a `Binding` it is a signature.

        Raises:
            Rejected: a check does not hold.
            Unavailable: the issuer's key could not be found out.
            Misuse: the binding binds to nothing, or the moment is naive.
        """
        if isinstance(session, Binding):
            require_transcript(session)
        at = utc(at)
        shown, trail = self._shown, Trail()
        matched, issuer = _require_issuer(shown.issued, shown.doctype, types, trust, trail, at=at)
        _require_elements(shown.issued, trail)
        _require_validity(shown.issued, trail, at=at)
        holder: PublicKey | Unbound = UNBOUND
        if isinstance(session, Unbound):
            for check in checks.DEVICE_SIGNED:
                trail.skip(check, Outcome.WAIVED)
        else:
            holder = _require_holder(shown, session, trail)
        return _authentic(shown.issued, matched, issuer, holder, trail)


@final
class UnverifiedCredential:
    """An IssuerSigned as an issuer sent it: it names a holder and does not show one. One door, and nothing to read."""

    __slots__ = ("_issued",)

    def __init__(self, issued: Issued) -> None:
        self._issued = issued

    def __repr__(self) -> str:
        return "<an unverified credential>"

    def verify(self, types: Sequence[CredentialType], /, *, trust: IssuerSource, at: datetime) -> Authentic:
        """Check everything but the holder.

        Raises:
            Rejected: a check does not hold.
            Unavailable: the issuer's key could not be found out.
            Misuse: the moment is naive.
        """
        at = utc(at)
        issued, trail = self._issued, Trail()
        matched, issuer = _require_issuer(issued, None, types, trust, trail, at=at)
        _require_elements(issued, trail)
        _require_validity(issued, trail, at=at)
        for check in checks.DEVICE_SIGNED:
            trail.skip(check, Outcome.NOT_APPLICABLE)
        return _authentic(issued, matched, issuer, issued.mso.device_key, trail)


def parse_presentation(token: bytes) -> UnverifiedPresentation:
    """Take apart what a wallet sent.

    Raises:
        Malformed: it is no DeviceResponse of one document.
    """
    return UnverifiedPresentation(parse_device_response(token))


def parse_credential(token: bytes) -> UnverifiedCredential:
    """Take apart what an issuer sent.

    Raises:
        Malformed: it is no IssuerSigned.
    """
    return UnverifiedCredential(parse_issuer_signed(token))


# -- the session ------------------------------------------------------------------------------------------------------


def device_authentication(transcript: bytes, doctype: str, name_spaces: bytes) -> bytes:
    """Write the DeviceAuthenticationBytes, which the holder signs (ISO/IEC 18013-5 9.1.3.4).

    Args:
        transcript: the SessionTranscript in CBOR.
        name_spaces: the DeviceNameSpaces in CBOR, as received.
    """
    inner = b"".join((_AUTHENTICATION, transcript, text_string(doctype), TAG_24, byte_string(name_spaces)))
    return TAG_24 + byte_string(inner)


# -- the checks, in their order ---------------------------------------------------------------------------------------


def _require_issuer(
    issued: Issued,
    stated: str | None,
    types: Sequence[CredentialType],
    trust: IssuerSource,
    trail: Trail,
    *,
    at: datetime,
) -> tuple[CredentialType, TrustedIssuer]:
    mso = issued.mso
    trail.require(checks.MSO_VERSION, mso.version == VERSION)
    matched = trail.some(checks.DOCTYPE, next((one for one in types if type_id(one) == mso.doctype), None))
    if stated is None:
        trail.skip(checks.DOCTYPE_STATED, Outcome.NOT_APPLICABLE)
    else:
        trail.require(checks.DOCTYPE_STATED, stated == mso.doctype)
    try:
        issuer = trust.issuer(DocumentSigner(certificates=issued.chain), matched, at=at)
    except Rejected as refused:
        raise Rejected(refused.check, (*trail.done(), *refused.trail), refused.message) from refused
    trail.require(checks.SIGNER_TRUSTED, True)
    trail.require(checks.ISSUER_ALGORITHM, _is_of(issued.signature, issuer.key))
    trail.require(checks.ISSUER_SIGNATURE, issued.signature.is_by(issuer.key))
    start, end = window(issued.chain[0])
    trail.require(checks.SIGNED_WHILE_CERTIFIED, start <= mso.signed <= end)
    trail.require(checks.DIGEST_ALGORITHM, mso.digest_algorithm in HASHES)
    return matched, issuer


def _is_of(signature: Sign1, key: PublicKey) -> bool:
    return (signature.alg, key.algorithm) in ALGORITHMS.items()


def _require_elements(issued: Issued, trail: Trail) -> None:
    items = issued.items
    trail.require(checks.DIGEST_ID_ONCE, len(set(map(_NUMBER, items))) == len(items))
    trail.require(checks.ELEMENT_ONCE, len(set(map(_PLACE, items))) == len(items))
    trail.require(checks.DIGESTS, _have_digests(items, issued.mso.digests, HASHES[issued.mso.digest_algorithm]))


def _have_digests(
    items: Sequence[Item], digests: Mapping[str, Mapping[int, bytes]], hash_: Callable[[bytes], Any]
) -> bool:
    for namespace, digest_id, _, _, tagged in items:
        known = digests.get(namespace)
        if known is None or known.get(digest_id) != hash_(tagged).digest():
            return False
    return True


def _require_validity(issued: Issued, trail: Trail, *, at: datetime) -> None:
    mso = issued.mso
    trail.require(checks.VALID_FROM, mso.valid_from <= at)
    trail.require(checks.VALID_UNTIL, at - SECOND < mso.valid_until)
    if mso.has_status:
        trail.require(checks.STATUS_KIND, mso.status is not None)
    else:
        trail.skip(checks.STATUS_KIND, Outcome.NOT_APPLICABLE)


def _require_holder(shown: Shown, session: Binding | Reader, trail: Trail) -> PublicKey:
    mso = shown.issued.mso
    reader = session if isinstance(session, Reader) else None
    both = shown.signature is not None and shown.mac is not None
    taken: Sign1 | Mac0 | None = shown.signature or (None if reader is None else shown.mac)
    trail.require(checks.DEVICE_AUTH, taken is not None and not both)
    assert shown.device_name_spaces is not None  # they come with the proof
    signed = device_authentication(session.transcript, shown.doctype, shown.device_name_spaces)
    if isinstance(taken, Sign1):
        trail.require(checks.DEVICE_ALGORITHM, _is_of(taken, mso.device_key))
        trail.require(checks.DEVICE_SIGNATURE, taken.is_by(mso.device_key, signed))
        trail.skip(checks.DEVICE_MAC, Outcome.NOT_APPLICABLE)
    else:
        assert taken is not None
        assert reader is not None  # without one a code was refused
        trail.require(checks.DEVICE_ALGORITHM, taken.alg == HMAC_256 and reader.agrees_with(mso.device_key))
        trail.skip(checks.DEVICE_SIGNATURE, Outcome.NOT_APPLICABLE)
        trail.require(checks.DEVICE_MAC, taken.is_by(reader.code_key(mso.device_key), signed))
    trail.require(checks.KEY_AUTHORIZED, all(mso.authorized.allows(*one) for one in shown.stated))
    return mso.device_key


def _authentic(
    issued: Issued, type: CredentialType, issuer: TrustedIssuer, holder: PublicKey | Unbound, trail: Trail
) -> Authentic:
    document: dict[str, dict[str, Json]] = {}
    for namespace, _, name, value, _ in issued.items:
        if namespace not in document:
            document[namespace] = {}
        document[namespace][name] = value
    always = shape(type).always
    frozen: Claims = MappingProxyType({name: MappingProxyType(elements) for name, elements in document.items()})
    return Authentic(
        type=type,
        issuer=issuer,
        document=frozen,
        revealed=tuple(filterfalse(always.__contains__, map(_PLACE, issued.items))),
        holder=holder,
        status=issued.mso.status,
        expires_at=min(issued.mso.valid_until, _LATEST) + SECOND,
        trail=trail.done(),
        witness=Witness.VERIFIED,
    )
