"""What is asked: a request or query to a wallet, and the challenge of an issuer with the proofs that answer it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from eigendata import did, proofs
from eigendata.crypto.jose import parse_jws
from eigendata.crypto.keys import PublicKey
from eigendata.crypto.x509 import Leaf, read_leaf
from eigendata.doctor.explaining import misspelt, nearest
from eigendata.doctor.findings import Cause, Course, Filled, Finding, Gap, Kind, Report, refused
from eigendata.doctor.messages import Beside, malformed
from eigendata.doctor.tokens import moment_of
from eigendata.encoding import Json, json_dumps, json_object
from eigendata.errors import Malformed, Rejected, Unavailable
from eigendata.formats import FORMATS
from eigendata.model import CredentialType, Party
from eigendata.openid import vp
from eigendata.openid.forms import is_link, read_link
from eigendata.openid.request_object import REQUEST_IN_TIME
from eigendata.query import Query, parse_query
from eigendata.wallet.wallet import CHALLENGE_FRESH

# -- a request --------------------------------------------------------------------------------------------------------


def request(data: bytes, beside: Beside) -> Report:
    """Examine a request, signed or not: its form, its time, and whether its query asks what exists."""
    findings: list[Finding] = []
    asked: Query | None = None
    try:
        invitation = vp.parse_invitation(data, allow_loopback_http=True)
        if invitation.reference is not None:
            return Report(kind=Kind.REQUEST, gaps=(Gap.REQUEST,))
        inside = _parameters(data).get("request")
        if isinstance(inside, str):
            return signed_request(inside.encode(), beside)
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
    """Examine a signed request: who signed it, its form, its time, and whether its query asks what exists."""
    inside = json_object(parse_jws(data).payload)
    findings: list[Finding] = []
    gaps = [Gap.TRUST] if beside.trust is None else []
    whole = {"client_id": inside.get("client_id"), "request": data.decode("ascii", "replace")}
    try:
        invitation = vp.parse_invitation(json_dumps(whole), allow_loopback_http=True)
        invitation.receive(None, trust=beside.trust or _Anybody(), wallet_nonce=None, at=beside.at)
    except Rejected as error:
        findings.append(Finding(cause=Cause.CHECK, check=error.check))
    except Malformed as error:
        findings.append(malformed(error))
    except Unavailable:
        gaps.append(Gap.KEY)
    ended = _ended(inside, beside.at)
    if ended and [one.check for one in findings] == [REQUEST_IN_TIME]:
        findings, ended = ended, []
    asked = _query(inside.get("dcql_query"))
    of_query = tuple(_of_query(asked, beside.types)) if asked is not None else ()
    return Report(
        kind=Kind.SIGNED_REQUEST,
        findings=tuple(findings) or of_query,
        beyond=(*ended, *of_query) if findings else (),
        gaps=(*gaps, *_unknown_types(asked, beside.types)),
    )


class _Anybody:
    """Believes every certificate, and every key that is its own name: whether they are to be believed is a gap."""

    def certified_verifier(self, chain: Sequence[bytes], /, *, named: str | None, at: datetime) -> tuple[Party, Leaf]:
        leaf = read_leaf(chain[0])
        return Party(id=named or "", name=leaf.common_name), leaf

    def did_verifier(self, controller: str, method: str, /, *, at: datetime) -> tuple[Party, PublicKey]:
        document = did.document_of(controller)
        key = None if document is None else did.key_of(document, method)
        if key is None:
            raise Unavailable("the document of a DID is not fetched here")
        return Party(id=controller, name=controller), key


def query(data: bytes, beside: Beside) -> Report:
    """Examine a plain DCQL query."""
    asked = parse_query(json_object(data))
    return Report(
        kind=Kind.QUERY, findings=tuple(_of_query(asked, beside.types)), gaps=_unknown_types(asked, beside.types)
    )


def _parameters(data: bytes) -> Mapping[str, Json]:
    try:
        return read_link(data, ("dcql_query",)) if is_link(data) else json_object(data)
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
