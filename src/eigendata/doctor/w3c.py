"""One W3C credential in Data Integrity, verified by the real door; and where that refuses, what the matter is.

    token + circumstances -> the door of its format -> the course as it went -> what the check that failed means here

Nothing is fetched: a controller document that is not pinned is not looked at, and the report says so. What a token says
of itself is read from it unverified, and only to say what is the matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias

from eigendata import did
from eigendata.doctor.findings import Became, Cause, Course, Filled, Finding, Stated, Taken, refused, taken
from eigendata.doctor.tokens import Examined
from eigendata.encoding import Json
from eigendata.errors import Check, Rejected, Step, Trail, Unavailable
from eigendata.formats import FORMATS
from eigendata.formats.di import checks
from eigendata.formats.di.parse import BASE_TYPE, Credential, parse_presentation
from eigendata.formats.di.shape import types_of
from eigendata.formats.protocol import canonical
from eigendata.model import Binding, CredentialType, Method, Origin, Party, TrustedIssuer, Unbound
from eigendata.query import FIT_CHECKS, CredentialQuery, require_fits
from eigendata.trust import JURISDICTION, Trust, require_jurisdiction

NAME: Final = "ldp_vc"
FORMAT: Final = FORMATS[NAME]

Weighed: TypeAlias = "tuple[bool, Cause, Mapping[str, Filled]]"

_OURS: Final = frozenset({"credentialSubject", "verifiableCredential"})
_CERTAIN, _LIKELY = True, False


def taken_for(value: Json) -> bytes | None:
    """Give the bytes of a W3C credential or presentation that a JSON value is; None where it is none."""
    if not isinstance(value, Mapping) or _OURS.isdisjoint(value):
        return None
    return FORMAT.from_wire(value)


def is_shown(value: Mapping[str, Json]) -> bool:
    """Tell whether it is one that a holder shows, and not one as issued."""
    return "verifiableCredential" in value


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Under what it is verified.

    Attributes:
        trust: None where there is no trust file: then a key that the issuer's name holds is believed, and no other.
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


class _AtHand:
    """Finds issuers' keys without going out, and remembers that one could not be found so."""

    def __init__(self, trust: Trust | None) -> None:
        self._trust = trust
        self.unseen = False

    def issuer(self, origin: Origin, type: CredentialType, /, *, at: datetime) -> TrustedIssuer:
        with suppress(Unavailable):
            if self._trust is not None:
                return self._trust.issuer(origin, type, at=at)
            if isinstance(origin, Method) and (document := did.document_of(origin.controller)) is not None:
                key = did.require_key(document, origin.id, did.ASSERTION, at=at, trail=Trail())
                return TrustedIssuer(party=Party(id="", name=""), key=key)
        self.unseen = True
        raise Rejected(checks.METHOD_TRUSTED)


def examine(token: bytes, under: Circumstances, *, place: tuple[str | int, ...] = ()) -> Examined:
    """Verify a credential or presentation, and explain what failed.

    Raises:
        Malformed: it is none.
    """
    credential = parse_presentation(token).credential
    source = _AtHand(under.trust)
    said = _stated(credential, place)
    try:
        steps = taken(_verify(token, under, source))
    except Rejected as error:
        steps = refused(error, under.expected)
        if source.unseen:
            return Examined(course=Course(place=place, steps=_unseen(steps)), stated=said)
        found = tuple(_causes(credential, under, error.check)) or ((_CERTAIN, Cause.CHECK, {}),)
        return Examined(
            course=Course(place=place, steps=steps),
            findings=tuple(
                Finding(cause=cause, filled=filled, check=error.check, certain=certain, place=place)
                for certain, cause, filled in found
            ),
            stated=said,
        )
    if under.trust is None:
        steps = tuple(
            replace(one, became=Became.NOT_LOOKED_AT) if one.check is checks.METHOD_TRUSTED else one for one in steps
        )
    return Examined(course=Course(place=place, steps=steps), stated=said)


def _unseen(steps: tuple[Taken, ...]) -> tuple[Taken, ...]:
    return tuple(replace(one, became=Became.NOT_LOOKED_AT) if one.became is Became.REFUSED else one for one in steps)


def _verify(token: bytes, under: Circumstances, source: _AtHand) -> tuple[Step, ...]:
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
        kind_id = FORMAT.type_id(authentic.type)
        require_fits(under.query, authentic.document, authentic.revealed, kind_id, (), trail)
    return trail.done()


def type_id(token: bytes, types: tuple[CredentialType, ...]) -> str | None:
    """Give the type that a token says it is of, among these.

    Raises:
        Malformed: it is no W3C credential.
    """
    stated = parse_presentation(token).credential.types
    return next((FORMAT.type_id(one) for one in types if set(types_of(one)) == set(stated)), None)


def stated(token: bytes, place: tuple[str | int, ...]) -> Stated:
    """Give what a token says of itself.

    Raises:
        Malformed: it is no W3C credential.
    """
    return _stated(parse_presentation(token).credential, place)


def _stated(credential: Credential, place: tuple[str | int, ...]) -> Stated:
    subject = credential.subject if isinstance(credential.subject, Mapping) else {}
    values = {name: value for name, value in subject.items() if name != "id"}
    return Stated(
        place=place,
        type=", ".join(one for one in credential.types if one != BASE_TYPE) or None,
        issuer=credential.issuer,
        issued_at=credential.valid_from,
        expires_at=credential.valid_until,
        claims=tuple((name,) for name in values),
        values=values,
    )


def _causes(credential: Credential, under: Circumstances, check: Check) -> Iterator[Weighed]:
    if check is checks.TYPE:
        said = ", ".join(one for one in credential.types if one != BASE_TYPE) or "–"
        yield _CERTAIN, Cause.TYPE_UNKNOWN, {"type": said}
    elif check is checks.VALID_UNTIL and credential.valid_until is not None:
        ended = credential.valid_until
        yield _CERTAIN, Cause.ENDED, {"moment": ended, "span": under.at - ended}
    elif check is checks.VALID_FROM and credential.valid_from is not None:
        begins = credential.valid_from
        yield _CERTAIN, Cause.NOT_BEGUN, {"moment": begins, "span": begins - under.at}
    elif check is checks.ISSUER_SIGNATURE:
        yield _LIKELY, Cause.CHANGED, {}
    elif check is checks.HOLDER_PROOF:
        yield _CERTAIN, Cause.PROOF_MISSING, {}
    elif check in (checks.DOMAIN, checks.CHALLENGE):
        yield _CERTAIN, Cause.PROOF_FOR_OTHER_REQUEST, {}
