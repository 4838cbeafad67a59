"""One token, verified by the real door; and where that refuses, verified again with one circumstance changed.

    token + circumstances -> the door of its format -> the course as it went
                          <- another moment, another session, any type, any issuer: what else would be wrong

Nothing here verifies. What a changed circumstance gives is never handed out: it only says which checks would fail next,
and until when the token would have been accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from eigendata.crypto.jose import Jws, parse_jws
from eigendata.crypto.keys import Algorithm, PublicKey
from eigendata.crypto.x509 import read_leaf
from eigendata.doctor.findings import Became, Cause, Course, Filled, Finding, Stated, Taken, refused, taken
from eigendata.encoding import Json, b64url_decode, json_loads, json_object
from eigendata.errors import Check, Malformed, Rejected, Trail, Unavailable
from eigendata.formats import FORMATS
from eigendata.formats.protocol import IssuerSource
from eigendata.formats.sdjwt import checks
from eigendata.model import (
    UNBOUND,
    Authentic,
    Binding,
    Chain,
    CredentialType,
    Origin,
    Party,
    TrustedIssuer,
    Unbound,
)
from eigendata.query import FIT_CHECKS, CredentialQuery, require_fits
from eigendata.trust import JURISDICTION, require_jurisdiction

FORMAT: Final = FORMATS["dc+sd-jwt"]
"""The one format that is examined."""

MAX_TURNS: Final = 8
"""Circumstances that are changed one after the other, to see what else would be wrong."""


# -- what a token says of itself --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Peek:
    """A token's own words, believed by nobody. Only for saying what is the matter with it."""

    header: Mapping[str, Json]
    payload: Mapping[str, Json]
    disclosures: tuple[Json, ...]
    proof: Mapping[str, Json] | None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the claims that it shows, those of the token itself left out."""
        own = [name for name in self.payload if name not in _OF_THE_TOKEN]
        return tuple(dict.fromkeys((*own, *(name for name, _ in self._named()))))

    @property
    def values(self) -> dict[str, Json]:
        plain = {name: value for name, value in self.payload.items() if name not in _OF_THE_TOKEN}
        return plain | dict(self._named())

    def _named(self) -> Iterator[tuple[str, Json]]:
        for one in self.disclosures:
            match one:
                case [_, str(name), value]:
                    yield name, value

    def text(self, name: str) -> str | None:
        found = self.payload.get(name)
        return found if isinstance(found, str) else None

    def moment(self, name: str) -> datetime | None:
        return moment_of(self.payload.get(name))

    @property
    def proven_at(self) -> datetime | None:
        return None if self.proof is None else moment_of(self.proof.get("iat"))


_OF_THE_TOKEN: Final = frozenset(
    ("iss", "aud", "exp", "nbf", "iat", "cnf", "vct", "vct#integrity", "aka_vcts", "status", "_sd", "_sd_alg", "sub")
)
_LATEST: Final = 253_402_300_799  # the last second of the year 9999


class Parts(NamedTuple):
    """The parts of an SD-JWT, or a bare JWS, in which nobody looked for anything."""

    jws: Jws
    disclosures: tuple[Json, ...]
    proof: Jws | None


def parts(token: bytes) -> Parts:
    """Take an SD-JWT or a bare JWS apart.

    Raises:
        Malformed: it is neither.
    """
    first, *rest = token.split(b"~")
    disclosures, last = (rest[:-1], rest[-1]) if rest else ([], b"")
    return Parts(
        jws=parse_jws(first),
        disclosures=tuple(json_loads(b64url_decode(one)) for one in disclosures),
        proof=parse_jws(last) if last else None,
    )


def peek(token: bytes) -> Peek:
    """Take a token apart to see what it says.

    Raises:
        Malformed: it is none.
    """
    jws, disclosures, proof = parts(token)
    return Peek(
        header=jws.header,
        payload=json_object(jws.payload),
        disclosures=disclosures,
        proof=None if proof is None else json_object(proof.payload),
    )


def moment_of(value: Json) -> datetime | None:
    """Give a moment in seconds since 1970, or None where it is none."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= _LATEST:
        return None
    return datetime.fromtimestamp(value, UTC)


def stated(seen: Peek, place: tuple[str | int, ...]) -> Stated:
    """Give what a token says of itself."""
    return Stated(
        place=place,
        type=seen.text("vct"),
        issuer=seen.text("iss"),
        issued_at=seen.moment("iat"),
        expires_at=seen.moment("exp"),
        proven_at=seen.proven_at,
        claims=tuple((name,) for name in seen.names),
        values=seen.values,
    )


# -- who is believed, while it is only tried --------------------------------------------------------------------------


class _AnyKey(PublicKey):
    """Stands for a key that nobody has, in a trial whose question is what would be wrong besides the signature."""

    __slots__ = ()

    def verifies(self, signature: bytes, message: bytes) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class AsItSays:
    """Believes every issuer by the certificate that the token itself brings. For trials only: it proves nothing.

    Attributes:
        signed: whether the signature is to be by that certificate's key; else any signature will do.
        trust: what is asked first, where only the keys of an issuer that publishes them cannot be had here.
    """

    seen: Peek
    signed: bool
    trust: IssuerSource | None = None

    def issuer(self, origin: Origin, type: CredentialType, /, *, at: datetime) -> TrustedIssuer:
        if self.trust is not None:
            with suppress(Unavailable):
                return self.trust.issuer(origin, type, at=at)
        return TrustedIssuer(party=Party(id=self.seen.text("iss") or "", name=""), key=self._key(origin))

    def _key(self, origin: Origin) -> PublicKey:
        if self.signed and isinstance(origin, Chain):
            try:
                return read_leaf(origin.certificates[0]).key
            except Malformed:
                pass
        named = self.seen.header["alg"]
        return _AnyKey(next((one for one in Algorithm if one == named), Algorithm.ES256), b"")


# -- a trial ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Under what a token is verified.

    Attributes:
        binding: None for a credential as issued.
        query: what it must fit, where it is an answer to something.
    """

    at: datetime
    trust: IssuerSource
    types: tuple[CredentialType, ...]
    binding: Binding | Unbound | None
    query: CredentialQuery | None = None

    @property
    def expected(self) -> tuple[Check, ...]:
        return (*FORMAT.checks, JURISDICTION, *(FIT_CHECKS if self.query is not None else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How one verification went."""

    steps: tuple[Taken, ...]
    failed: Rejected | None


def look(token: bytes, under: Circumstances) -> Look:
    """Verify a token by the door of its format, and say how it went.

    Raises:
        Malformed: it is no token.
    """
    try:
        trail = _verify(token, under)
    except Rejected as error:
        return Look(steps=_honest(refused(error, under.expected), under.trust), failed=error)
    return Look(steps=_honest(taken(trail.done()), under.trust), failed=None)


def _verify(token: bytes, under: Circumstances) -> Trail:
    authentic: Authentic
    if under.binding is None:
        authentic = FORMAT.parse_credential(token).verify(under.types, trust=under.trust, at=under.at)
    else:
        unverified = FORMAT.parse_presentation(token)
        authentic = unverified.verify(under.types, under.binding, trust=under.trust, at=under.at)
    trail = Trail(list(authentic.trail))
    if not isinstance(under.trust, AsItSays):
        require_jurisdiction(authentic.issuer, authentic.type, authentic.document, trail)
    if under.query is not None:
        issuer = authentic.issuer
        vct = FORMAT.type_id(authentic.type)
        require_fits(under.query, authentic.document, authentic.revealed, vct, issuer.authority_key_ids, trail)
    return trail


def _honest(steps: tuple[Taken, ...], trust: IssuerSource) -> tuple[Taken, ...]:
    """Say of what was only supposed that it was not looked at."""
    if not isinstance(trust, AsItSays):
        return steps
    supposed = {checks.ISSUER_TRUSTED, JURISDICTION}
    if not (trust.signed and "x5c" in trust.seen.header):
        supposed |= {checks.ALGORITHM, checks.SIGNATURE}
    return tuple(
        replace(one, became=Became.NOT_LOOKED_AT) if one.check in supposed and one.became is Became.PASSED else one
        for one in steps
    )


# -- looking on -------------------------------------------------------------------------------------------------------

Explain = Callable[[bytes, Peek, Circumstances, Rejected], Sequence[Finding]]
"""Says why one trial failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One token, examined."""

    course: Course
    findings: tuple[Finding, ...] = ()
    beyond: tuple[Finding, ...] = ()
    stated: Stated


def examine(token: bytes, under: Circumstances, explain: Explain, *, place: tuple[str | int, ...] = ()) -> Examined:
    """Verify a token, explain what failed, and look on for what else would fail.

    Raises:
        Malformed: it is no token.
    """
    seen = peek(token)
    first = look(token, under)
    found: list[Finding] = []
    beyond: list[Finding] = []
    failed, circumstances = first.failed, under
    met: set[Check] = set()
    while failed is not None and failed.check not in met and len(met) < MAX_TURNS:
        met.add(failed.check)
        explained = [
            replace(one, check=failed.check, place=place) for one in explain(token, seen, circumstances, failed)
        ]
        (found if circumstances is under else beyond).extend(explained)
        changed = _changed(seen, circumstances, failed.check)
        if changed is None:
            break
        if circumstances is under:
            found.extend(replace(one, check=failed.check, place=place) for one in _until(token, under, changed))
        circumstances = changed
        failed = look(token, circumstances).failed
    return Examined(
        course=Course(place=place, steps=first.steps),
        findings=tuple(found),
        beyond=tuple(beyond),
        stated=stated(seen, place),
    )


_OF_TIME: Final = frozenset(
    (checks.NOT_EXPIRED, checks.NOT_BEFORE, checks.ISSUED_BEFORE, checks.KB_IAT, checks.KB_IN_TIME)
)
_OF_SESSION: Final = frozenset((checks.KB_NONCE, checks.KB_AUDIENCE, checks.AUDIENCE))
_OF_FIT: Final = frozenset(FIT_CHECKS)
_LAST: Final = timedelta(seconds=1)


def _changed(seen: Peek, under: Circumstances, check: Check) -> Circumstances | None:
    """Give circumstances in which this check might hold, and all others are as they were; or None."""
    if check is checks.VCT and (name := seen.text("vct")) is not None:
        return replace(under, types=(CredentialType.foreign(name),), query=None)
    if check in (checks.ALGORITHM, checks.SIGNATURE):
        return replace(under, trust=AsItSays(seen, signed=False))
    if check in _OF_TIME:
        moment = _good_moment(seen, check)
        return None if moment is None else replace(under, at=moment)
    if check is checks.KB_PRESENT:
        return replace(under, binding=UNBOUND)
    if check in _OF_SESSION:
        return _as_proven(seen, under)
    if check in _OF_FIT:
        return None
    if check.reason is checks.ISSUER_TRUSTED.reason and check is not checks.ISSUER_NAMED:
        return replace(under, trust=AsItSays(seen, signed=True))
    return None


def _good_moment(seen: Peek, check: Check) -> datetime | None:
    expires, begins = seen.moment("exp"), max(filter(None, (seen.moment("nbf"), seen.moment("iat"))), default=None)
    if check in (checks.KB_IAT, checks.KB_IN_TIME):
        return seen.proven_at
    if check is checks.NOT_EXPIRED and expires is not None:
        within = (
            seen.proven_at is not None and (begins is None or begins <= seen.proven_at) and seen.proven_at < expires
        )
        return seen.proven_at if within else expires - _LAST
    return begins


def _as_proven(seen: Peek, under: Circumstances) -> Circumstances | None:
    """Give the session that the holder's proof itself names."""
    if seen.proof is None:
        return None
    audience, nonce = seen.proof.get("aud"), seen.proof.get("nonce")
    if not (isinstance(audience, str) and isinstance(nonce, str) and audience and nonce):
        return None
    return replace(under, binding=Binding(audience=audience, nonce=nonce))


def _until(token: bytes, under: Circumstances, changed: Circumstances) -> Sequence[Finding]:
    """Say until when, or from when, a token would be accepted, if nothing but the moment is wrong."""
    if changed.at == under.at or look(token, changed).failed is not None:
        return ()
    good, bad = int(changed.at.timestamp()), int(under.at.timestamp())
    while abs(good - bad) > 1:
        middle = (good + bad) // 2
        accepted = look(token, replace(under, at=datetime.fromtimestamp(middle, UTC))).failed is None
        good, bad = (middle, bad) if accepted else (good, middle)
    cause = Cause.ACCEPTED_UNTIL if changed.at < under.at else Cause.ACCEPTED_FROM
    filled: dict[str, Filled] = {"moment": datetime.fromtimestamp(good, UTC)}
    return (Finding(cause=cause, filled=filled),)
