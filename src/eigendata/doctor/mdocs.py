"""One mdoc, verified by the real door; and where that refuses, why, in causes that people can act on.

    token + circumstances -> the door of its format -> the course as it went -> what the check that failed means here

Other than of an SD-JWT nothing is tried anew under other circumstances. What a token says of itself is read from it
unverified, and only to say what is the matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from eigendata import trust as trusting
from eigendata.crypto import x509
from eigendata.crypto.x509 import read_leaf, stated_uri
from eigendata.doctor import certificates
from eigendata.doctor.findings import Became, Cause, Course, Filled, Finding, Stated, Taken, refused, taken
from eigendata.doctor.tokens import Examined
from eigendata.encoding import Json, b64url_decode
from eigendata.errors import Check, EigendataError, Malformed, Rejected, Trail
from eigendata.formats import FORMATS
from eigendata.formats.mdoc import checks
from eigendata.formats.mdoc.opened import look_inside
from eigendata.formats.protocol import canonical
from eigendata.model import Binding, CredentialType, Origin, Party, TrustedIssuer, Unbound
from eigendata.query import FIT_CHECKS, CredentialQuery, require_fits
from eigendata.trust import JURISDICTION, Trust, require_jurisdiction

NAME: Final = "mso_mdoc"
FORMAT: Final = FORMATS[NAME]

SHORTEST: Final = 256
"""Bytes of an mdoc at least: the certificate of its signer alone has some 400."""

Weighed: TypeAlias = "tuple[bool, Cause, Mapping[str, Filled]]"


def taken_for(data: bytes) -> bytes | None:
    """Give the bytes of an mdoc that a file holds, as they are or in base64url; None where it holds none."""
    text = data.strip()
    if len(text) < SHORTEST:
        return None
    with suppress(Malformed):
        look_inside(data)
        return data
    with suppress(EigendataError, UnicodeDecodeError):
        token = b64url_decode(text.decode("ascii"))
        look_inside(token)
        return token
    return None


def is_shown(token: bytes) -> bool:
    """Tell whether an mdoc is one that a holder shows, and not one as issued."""
    inside = look_inside(token)
    return isinstance(inside, Mapping) and "documents" in inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Under what an mdoc is verified.

    Attributes:
        trust: None where there is no trust file: then the certificate that it brings is believed, and nothing is said
            of who it is.
        binding: None for a credential as issued.
    """

    at: datetime
    trust: Trust | None
    types: tuple[CredentialType, ...]
    binding: Binding | Unbound | None
    query: CredentialQuery | None = None

    @property
    def expected(self) -> tuple[Check, ...]:
        return (*FORMAT.checks, JURISDICTION, *(FIT_CHECKS if self.query is not None else ()))


class _AsItSays:
    """Believes every document signer by the certificate that it brings. It proves nothing of who that is."""

    def issuer(self, origin: Origin, type: CredentialType, /, *, at: datetime) -> TrustedIssuer:
        chain: tuple[bytes, ...] = getattr(origin, "certificates", ())
        leaf = read_leaf(chain[0])
        return TrustedIssuer(party=Party(id="", name=""), key=leaf.key, authority_key_ids=leaf.authority_key_ids)


def examine(token: bytes, under: Circumstances, *, place: tuple[str | int, ...] = ()) -> Examined:
    """Verify an mdoc, and explain what failed.

    Raises:
        Malformed: it is none.
    """
    seen = _Seen.of(token)
    try:
        steps = _honest(taken(_verify(token, under)), under)
    except Rejected as error:
        found = tuple(_causes(seen, under, error.check)) or ((True, Cause.CHECK, {}),)
        return Examined(
            course=Course(place=place, steps=_honest(refused(error, under.expected), under)),
            findings=tuple(
                Finding(cause=cause, filled=filled, check=error.check, certain=certain, place=place)
                for certain, cause, filled in found
            ),
            stated=seen.stated(place),
        )
    return Examined(course=Course(place=place, steps=steps), stated=seen.stated(place))


def _verify(token: bytes, under: Circumstances) -> Any:
    source = under.trust if under.trust is not None else _AsItSays()
    if under.binding is None:
        authentic = FORMAT.parse_credential(token).verify(under.types, trust=source, at=under.at)
    else:
        unverified = FORMAT.parse_presentation(token)
        authentic = unverified.verify(under.types, under.binding, trust=source, at=under.at)
    trail = Trail(list(authentic.trail))
    if under.trust is not None:
        kind = authentic.type
        spoken_of = canonical(FORMAT, kind, authentic.document, [kind.jurisdiction] if kind.jurisdiction else [])
        require_jurisdiction(authentic.issuer, kind, spoken_of, trail)
    if under.query is not None:
        key_ids = authentic.issuer.authority_key_ids
        require_fits(
            under.query, authentic.document, authentic.revealed, FORMAT.type_id(authentic.type), key_ids, trail
        )
    return trail.done()


def _honest(steps: tuple[Taken, ...], under: Circumstances) -> tuple[Taken, ...]:
    """Say of whom it is from, where there is no trust file, that this was not looked at."""
    if under.trust is not None:
        return steps
    return tuple(
        replace(one, became=Became.NOT_LOOKED_AT) if one.check is checks.SIGNER_TRUSTED else one for one in steps
    )


def doctype(token: bytes) -> str:
    """Give the docType that an mdoc's issuer signed.

    Raises:
        Malformed: it is none.
    """
    return _Seen.of(token).doctype


def stated(token: bytes, place: tuple[str | int, ...]) -> Stated:
    """Give what an mdoc says of itself.

    Raises:
        Malformed: it is none.
    """
    return _Seen.of(token).stated(place)


# -- what it says of itself -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Seen:
    """An mdoc's own words, believed by nobody."""

    doctype: str
    signed: datetime
    valid_from: datetime
    valid_until: datetime
    chain: tuple[bytes, ...]
    values: Mapping[str, Json]
    proven: bool

    @classmethod
    def of(cls, token: bytes) -> _Seen:
        from eigendata.formats.mdoc.parse import parse_device_response, parse_issuer_signed

        shown = parse_device_response(token) if is_shown(token) else None
        issued = parse_issuer_signed(token) if shown is None else shown.issued
        return cls(
            doctype=issued.mso.doctype,
            signed=issued.mso.signed,
            valid_from=issued.mso.valid_from,
            valid_until=issued.mso.valid_until,
            chain=issued.chain,
            values={one.name: one.value for one in issued.items},
            proven=shown is not None and (shown.signature is not None or shown.mac is not None),
        )

    @property
    def issuer(self) -> str | None:
        return stated_uri(self.chain)

    def stated(self, place: tuple[str | int, ...]) -> Stated:
        return Stated(
            place=place,
            type=self.doctype,
            issuer=self.issuer,
            issued_at=self.signed,
            expires_at=self.valid_until,
            claims=tuple((name,) for name in self.values),
            values=self.values,
        )


# -- what a check that failed means -----------------------------------------------------------------------------------

_CERTAIN, _LIKELY = True, False


def _causes(seen: _Seen, under: Circumstances, check: Check) -> Iterator[Weighed]:
    if check is checks.DOCTYPE:
        yield from _of_type(seen, under)
    elif check is checks.VALID_UNTIL:
        yield _CERTAIN, Cause.ENDED, {"moment": seen.valid_until, "span": under.at - seen.valid_until}
    elif check is checks.VALID_FROM:
        yield _CERTAIN, Cause.NOT_BEGUN, {"moment": seen.valid_from, "span": seen.valid_from - under.at}
    elif check in (checks.ISSUER_SIGNATURE, checks.DIGESTS):
        yield _LIKELY, Cause.CHANGED, {}
    elif check is checks.DEVICE_AUTH and not seen.proven:
        yield _CERTAIN, Cause.PROOF_MISSING, {}
    elif check is checks.DEVICE_SIGNATURE:
        yield _LIKELY, Cause.PROOF_FOR_OTHER_REQUEST, {}
        yield _LIKELY, Cause.TRANSCRIPT_DIFFERS, {}
    else:
        yield from _of_issuer(seen, under, check)


def _of_type(seen: _Seen, under: Circumstances) -> Iterator[Weighed]:
    from eigendata.doctor.explaining import nearest

    asked = [FORMAT.type_id(one) for one in under.types]
    entries = () if under.trust is None else under.trust.issuers.values()
    known = tuple(dict.fromkeys((*asked, *(name for one in entries for name in one.types))))
    near = nearest(seen.doctype, known)
    if seen.doctype in known:
        yield _CERTAIN, Cause.TYPE_NOT_ASKED, {"type": seen.doctype, "asked": ", ".join(asked)}
    elif near is not None:
        yield _CERTAIN, Cause.TYPE_NEAR, {"type": seen.doctype, "near": near}
    else:
        yield _CERTAIN, Cause.TYPE_UNKNOWN, {"type": seen.doctype}


def _of_issuer(seen: _Seen, under: Circumstances, check: Check) -> Iterator[Weighed]:
    from eigendata.doctor.explaining import nearest

    issuers = {} if under.trust is None else under.trust.issuers
    issuer = seen.issuer
    entry = issuers.get(issuer or "")
    if check is trusting.ISSUER_KNOWN:
        near = None if issuer is None else nearest(issuer, issuers)
        if issuer is None:
            yield _CERTAIN, Cause.ISSUER_UNNAMED, {}
        elif near is None:
            yield _CERTAIN, Cause.ISSUER_UNKNOWN, {"issuer": issuer}
        else:
            yield _CERTAIN, Cause.ISSUER_NEAR, {"issuer": issuer, "near": near}
    elif check is trusting.ISSUER_TYPE:
        yield _CERTAIN, Cause.ISSUER_WITHOUT_TYPE, {"issuer": issuer or "–", "type": seen.doctype}
    elif check is trusting.JURISDICTION:
        codes = ", ".join(entry.municipalities) if entry is not None else ""
        yield _CERTAIN, Cause.ISSUER_WITHOUT_MUNICIPALITY, {"issuer": issuer or "–", "codes": codes or "–"}
    elif check in x509.CHECKS:
        anchors: Sequence[bytes] = () if entry is None else entry.anchors
        for cause, filled in certificates.causes(seen.chain, anchors, check, at=under.at) if anchors else ():
            yield _CERTAIN, cause, filled
