"""A Token Status List as a signed JWT: made by an issuer, read by whoever was shown one of its credentials.

    StatusBits -> sign_status_list -> bytes -> parse_status_list -> UnverifiedStatusList -> verify -> StatusList

Who signs it must be who issued the credential, by the same entry of the trust file. Nothing of a list can be read
before that held.

Source: draft-ietf-oauth-status-list-20 sections 4 and 5.1, 8.3 and 11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from eigendata.crypto.jose import Jws, parse_jws, sign_jws
from eigendata.crypto.keys import Signer
from eigendata.crypto.x509 import parse_x5c
from eigendata.encoding import Json, b64_encode, b64url_decode, b64url_encode, json_dumps, json_object
from eigendata.errors import Check, Malformed, Misuse, Outcome, Reason, Rejected, Trail
from eigendata.formats.protocol import IssuerSource
from eigendata.model import Chain, CredentialType, Named, Origin, Party, utc
from eigendata.status.bits import SIZES, StatusBits

TYP: Final = "statuslist+jwt"
"""The `typ` of a list, and its media type below `application/`."""

MEDIA_TYPE: Final = f"application/{TYP}"

MAX_TOKEN: Final = 4_194_304
"""Bytes of a list as it is sent. One of a million entries, a hundredth of them withdrawn, is some 20 kB."""

MAX_AHEAD: Final = timedelta(seconds=60)
"""How far an issuer's clock may be ahead."""

_LAST_MOMENT: Final = 253_402_300_799  # the last second of the year 9999, in seconds since 1970


def _check(name: str, clause: str, rule: str, reason: Reason = Reason.STATUS_INVALID) -> Check:
    return Check(name=name, clause=f"Token Status List {clause}", reason=reason, rule=rule)


STATUS_TYP: Final = _check("STATUS_TYP", "5.1", "The list of withdrawals states that it is one: statuslist+jwt.")
STATUS_SIGNER: Final = _check(
    "STATUS_SIGNER", "11.3", "The list of withdrawals is by the issuer of the credential, as the trust file knows it."
)
STATUS_SIGNATURE: Final = _check(
    "STATUS_SIGNATURE", "5.1 (2)", "The list of withdrawals is signed with the issuer's key, by its own algorithm."
)
STATUS_SUBJECT: Final = _check(
    "STATUS_SUBJECT", "8.3 (4a)", "The list of withdrawals is the one that the credential names."
)
STATUS_ISSUED: Final = _check(
    "STATUS_ISSUED", "8.3 (4b)", "The list of withdrawals was made before now, by at most a minute's difference."
)
STATUS_NOT_EXPIRED: Final = _check("STATUS_NOT_EXPIRED", "8.3 (4c)", "The list of withdrawals has not expired.")

CHECKS: Final = (
    STATUS_TYP,
    STATUS_SIGNER,
    STATUS_SIGNATURE,
    STATUS_SUBJECT,
    STATUS_ISSUED,
    STATUS_NOT_EXPIRED,
)
"""What `UnverifiedStatusList.verify` takes, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusList:
    """A list of which everything held when it was verified.

    Attributes:
        uri: where it is published; what a credential names it by.
        issuer: who signed it.
        expires: when it must not be relied on any longer; None: its issuer does not say.
        lifetime: how long it may be kept before it is fetched anew; None: its issuer does not say.
    """

    uri: str
    issuer: Party
    issued: datetime
    expires: datetime | None
    lifetime: timedelta | None
    statuses: StatusBits = field(repr=False)


class UnverifiedStatusList:
    """A list that nobody verified: nothing of it can be read."""

    __slots__ = ("_claims", "_jws", "_origin", "_packed")

    def __init__(self, jws: Jws, claims: _Claims, origin: Origin | None, packed: bytes) -> None:
        self._jws = jws
        self._claims = claims
        self._origin = origin
        self._packed = packed

    def __repr__(self) -> str:
        return "<a list of withdrawals that was not verified>"

    def verify(
        self, uri: str, issuer: Party, type: CredentialType, /, *, trust: IssuerSource, trail: Trail, at: datetime
    ) -> StatusList:
        """Check that it is the list of this address, by this issuer, and of now.

        Args:
            uri: as the credential names it.
            issuer: of the credential, as the trust file names it.
            type: of the credential: the issuer is trusted for it.

        Raises:
            Rejected: it is not (`status_invalid`).
            Malformed: what is signed is no list, or too large when it is unpacked.
            Unavailable: the issuer's key could not be had.
        """
        at = utc(at)
        claims = self._claims
        trail.require(STATUS_TYP, self._jws.typ == TYP)
        if self._origin is None:
            raise Rejected(STATUS_SIGNER, trail.done())
        try:
            signer = trust.issuer(self._origin, type, at=at)
        except Rejected as refused:
            # whose list it is did not come out: which rule of the trust file said so stays in the message
            raise Rejected(STATUS_SIGNER, trail.done(), refused.message) from refused
        trail.require(STATUS_SIGNER, signer.party.id == issuer.id)
        trail.require(STATUS_SIGNATURE, self._jws.is_by(signer.key))
        trail.require(STATUS_SUBJECT, claims.subject == uri)
        trail.require(STATUS_ISSUED, claims.issued <= at + MAX_AHEAD)
        if claims.expires is None:
            trail.skip(STATUS_NOT_EXPIRED, Outcome.NOT_APPLICABLE)
        else:
            trail.require(STATUS_NOT_EXPIRED, at < claims.expires)
        # unpacked only now: it costs what its author likes
        return StatusList(
            uri=uri,
            issuer=issuer,
            issued=claims.issued,
            expires=claims.expires,
            lifetime=claims.lifetime,
            statuses=StatusBits.decompressed(self._packed, bits=claims.bits),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claims:
    subject: str
    issued: datetime
    expires: datetime | None
    lifetime: timedelta | None
    bits: int


def sign_status_list(
    statuses: StatusBits,
    signer: Signer,
    *,
    uri: str,
    issuer: str,
    chain: Sequence[bytes] = (),
    key_id: str | None = None,
    lifetime: timedelta,
    valid_for: timedelta,
    number: int,
    at: datetime,
) -> bytes:
    """Sign a list as a JWT.

    Args:
        uri: where it is published.
        issuer: its issuer's identifier, as the credentials state it.
        chain: the signer's certificates, DER, leaf first, without the anchor (HAIP 1.0 section 6.1).
        key_id: names the key where there is no chain.
        lifetime: `ttl`: how long it may be kept before it is fetched anew; whole seconds, one at least.
        valid_for: from `at` on; when it ends, the list must not be relied on.
        number: grows by one with each list that is published at this address; a claim of our own.

    Raises:
        Misuse: a lifetime is not positive, or `at` is naive.
    """
    at = utc(at)
    if lifetime < timedelta(seconds=1) or valid_for < lifetime:
        raise Misuse("a list is kept for a second at least, and is valid for as long as it is kept")
    header: dict[str, Json] = {"typ": TYP}
    if chain:
        header["x5c"] = [b64_encode(one) for one in chain]
    if key_id is not None:
        header["kid"] = key_id
    issued = int(at.timestamp())
    payload: dict[str, Json] = {
        "iss": issuer,
        "sub": uri,
        "iat": issued,
        "exp": issued + int(valid_for.total_seconds()),
        "ttl": int(lifetime.total_seconds()),
        NUMBER: number,
        "status_list": {"bits": statuses.bits, "lst": b64url_encode(statuses.compressed())},
    }
    return sign_jws(header, json_dumps(payload), signer)


NUMBER: Final = "list_number"
"""A claim of our own: how many lists were published at this address up to this one. Section 5.1 allows others."""


def parse_status_list(token: bytes) -> UnverifiedStatusList:
    """Take a list apart. Nothing of it is verified, and nothing is unpacked.

    Raises:
        Malformed: it is no Token Status List in the JWT format, or one beyond a limit.
    """
    jws = parse_jws(token, limit=MAX_TOKEN)
    payload = json_object(jws.payload, limit=MAX_TOKEN)
    match payload:
        case {"sub": str(subject), "status_list": {"bits": int(bits), "lst": str(packed)}} if (
            bits in SIZES and not isinstance(bits, bool)
        ):
            pass
        case _:
            raise Malformed("a list of withdrawals holds `sub` and a `status_list` of 1, 2, 4 or 8 bits")
    issued = _moment(payload, "iat")
    if issued is None:
        raise Malformed("a list of withdrawals says when it was made (`iat`)")
    claims = _Claims(
        subject=subject, issued=issued, expires=_moment(payload, "exp"), lifetime=_lifetime(payload), bits=bits
    )
    return UnverifiedStatusList(jws, claims, _origin(jws, payload), b64url_decode(packed))


def _origin(jws: Jws, payload: Mapping[str, Json]) -> Origin | None:
    issuer, key_id = payload.get("iss"), jws.header.get("kid")
    if not isinstance(issuer, str | None) or not isinstance(key_id, str | None):
        raise Malformed("iss and kid are texts")
    if "x5c" in jws.header:
        return Chain(certificates=parse_x5c(jws.header["x5c"]), issuer=issuer)
    return None if issuer is None else Named(issuer=issuer, key_id=key_id)


def _moment(payload: Mapping[str, Json], name: str) -> datetime | None:
    if name not in payload:
        return None
    value = payload[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST_MOMENT:
        raise Malformed(f"{name} is no number of seconds since 1970 before the year 10000")
    return datetime.fromtimestamp(value, UTC)


def _lifetime(payload: Mapping[str, Json]) -> timedelta | None:
    if "ttl" not in payload:
        return None
    value = payload["ttl"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _LAST_MOMENT:
        raise Malformed("ttl is a positive number of seconds")
    return timedelta(seconds=value)
