"""What is asked: a request or query to a wallet, and the challenge of an issuer with the proofs that answer it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from eigendata import proofs
from eigendata.crypto.jose import parse_jws
from eigendata.doctor.explaining import misspelt, nearest
from eigendata.doctor.findings import Cause, Course, Filled, Finding, Gap, Kind, Report, refused
from eigendata.doctor.messages import Beside, malformed
from eigendata.doctor.tokens import moment_of
from eigendata.encoding import Json, json_object
from eigendata.errors import Malformed, Rejected
from eigendata.formats import FORMATS
from eigendata.model import CredentialType
from eigendata.openid import vp
from eigendata.query import Query, parse_query
from eigendata.wallet.wallet import CHALLENGE_FRESH

# -- a request --------------------------------------------------------------------------------------------------------


def request(data: bytes, beside: Beside) -> Report:
    """Examine a request, signed or not: its form, its time, and whether its query asks what exists."""
    findings: list[Finding] = []
    asked: Query | None = None
    try:
        asked = vp.parse_request(data, at=beside.at, allow_loopback_http=True).query
    except Rejected as error:
        findings.append(Finding(cause=Cause.CHECK, check=error.check))
    except Malformed as error:
        old = any(name in data[: vp.MAX_REQUEST] for name in _BEFORE_1_0)
        findings.append(Finding(cause=Cause.OLD_DRAFT) if old else malformed(error))
    parameters = _parameters(data)
    findings += _ended(parameters, beside.at)
    if asked is None:
        asked = _query(parameters.get("dcql_query"))
    of_query = tuple(_of_query(asked, beside.types)) if asked is not None else ()
    return Report(
        kind=Kind.REQUEST,
        findings=tuple(findings) or of_query,
        beyond=of_query if findings else (),
        gaps=_unknown_types(asked, beside.types),
    )


_BEFORE_1_0: Final = (b"presentation_definition", b"client_id_scheme")


def signed_request(data: bytes, beside: Beside) -> Report:
    """Examine a signed request: such are not read here, and what it asks is looked at all the same."""
    inside = json_object(parse_jws(data).payload)
    asked = _query(inside.get("dcql_query"))
    return Report(
        kind=Kind.SIGNED_REQUEST,
        findings=(Finding(cause=Cause.CHECK, check=vp.UNSIGNED_BY_VALUE),),
        beyond=(*_ended(inside, beside.at), *(_of_query(asked, beside.types) if asked is not None else ())),
        gaps=_unknown_types(asked, beside.types),
    )


def query(data: bytes, beside: Beside) -> Report:
    """Examine a plain DCQL query."""
    asked = parse_query(json_object(data))
    return Report(
        kind=Kind.QUERY, findings=tuple(_of_query(asked, beside.types)), gaps=_unknown_types(asked, beside.types)
    )


def _parameters(data: bytes) -> Mapping[str, Json]:
    try:
        return json_object(data)
    except Malformed:
        return {}


def _query(value: Json) -> Query | None:
    try:
        return None if value is None else parse_query(value)
    except Malformed:
        return None


def _ended(members: Mapping[str, Json], at: datetime) -> list[Finding]:
    ends = moment_of(members.get("exp"))
    if ends is None or at < ends:
        return []
    return [Finding(cause=Cause.REQUEST_ENDED, filled={"moment": ends, "span": at - ends})]


def _of_query(asked: Query, types: Mapping[str, CredentialType]) -> Iterator[Finding]:
    for one in asked.credentials:
        if one.format not in FORMATS:
            yield Finding(cause=Cause.UNKNOWN_FORMAT, filled={"format": one.format}, place=(one.id,))
            continue
        for name in one.type_ids:
            known = types.get(name)
            if known is not None:
                for cause, filled in misspelt(one, known):
                    yield Finding(cause=cause, filled=filled, place=(one.id,))
            elif (near := nearest(name, types)) is not None:
                yield Finding(cause=Cause.TYPE_NEAR, filled={"type": name, "near": near}, place=(one.id,))


def _unknown_types(asked: Query | None, types: Mapping[str, CredentialType]) -> tuple[Gap, ...]:
    named = [name for one in asked.credentials for name in one.type_ids] if asked is not None else []
    return (Gap.TYPE,) if any(name not in types for name in named) else ()


# -- getting a credential ---------------------------------------------------------------------------------------------


def challenge(data: bytes, beside: Beside) -> Report:
    """Examine an issuer's challenge."""
    given = proofs.Challenge.from_json(json_object(data))
    findings = []
    if given.expires_at <= beside.at:
        filled: dict[str, Filled] = {"moment": given.expires_at, "span": beside.at - given.expires_at}
        findings.append(Finding(cause=Cause.CHALLENGE_ENDED, check=CHALLENGE_FRESH, filled=filled))
    return Report(kind=Kind.CHALLENGE, findings=tuple(findings))


def key_proofs(data: bytes, beside: Beside) -> Report:
    """Examine proofs of keys, against their challenge where that is known."""
    given = _proofs(data)
    claims = json_object(parse_jws(given[0]).payload) if given else {}
    audience, nonce = claims.get("aud"), claims.get("nonce")
    gaps: tuple[Gap, ...] = (Gap.REQUEST,)
    if beside.request is not None:
        stated = proofs.Challenge.from_json(json_object(beside.request.strip()))
        audience, nonce, gaps = stated.audience, stated.nonce, ()
    if not (isinstance(audience, str) and isinstance(nonce, str) and audience and nonce):
        raise Malformed("a proof of a key holds its audience and the issuer's nonce")
    try:
        proofs.verify_proofs(given, audience, nonce, at=beside.at)
    except Rejected as error:
        found = [Finding(cause=Cause.CHECK, check=error.check, place=error.where)]
        made = moment_of(claims.get("iat"))
        if error.check is proofs.IN_TIME and made is not None:
            cause = Cause.PROOF_OLD if made < beside.at else Cause.PROOF_AHEAD
            filled: dict[str, Filled] = {"moment": made, "span": abs(beside.at - made)}
            found = [Finding(cause=cause, check=error.check, filled=filled, place=error.where)]
        steps = refused(error, proofs.CHECKS)
        return Report(kind=Kind.PROOFS, findings=tuple(found), courses=(Course(steps=steps),), gaps=gaps)
    return Report(kind=Kind.PROOFS, gaps=gaps)


def _proofs(data: bytes) -> tuple[bytes, ...]:
    if data[:1] != b"{":
        return (data,)
    match json_object(data):
        case {"proofs": {"jwt": [*jwts]}} if all(isinstance(jwt, str) for jwt in jwts):
            return tuple(str(jwt).encode() for jwt in jwts)
        case _:
            raise Malformed('no proofs: {"proofs": {"jwt": [...]}}')
