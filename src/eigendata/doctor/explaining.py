"""Why a token was refused, in causes that people can act on: from the check that failed, and what the token says.

What is found here is read from a token that nobody vouches for. So a cause is certain only where it follows from what
was compared; else it is the likely one, and the report says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from itertools import islice
from typing import Final, TypeAlias

from eigendata import trust as trusting
from eigendata.crypto import x509
from eigendata.doctor import certificates
from eigendata.doctor.findings import Cause, Filled, Finding, shown_path
from eigendata.doctor.tokens import Circumstances, Peek, look
from eigendata.errors import Check, Malformed, Rejected
from eigendata.formats import FORMATS
from eigendata.formats.sdjwt import checks
from eigendata.formats.sdjwt.verify import CLOCK_AHEAD
from eigendata.model import Binding, CredentialType
from eigendata.query import CredentialQuery
from eigendata.query import check as fitting
from eigendata.registers.catalogue import CATALOGUE
from eigendata.trust import Trust

Found: TypeAlias = "tuple[Cause, Mapping[str, Filled]]"

MAX_NAME: Final = 256
"""Characters of a name that is compared with others: comparing costs their product."""

MAX_KNOWN: Final = 1024
"""Names that one is compared with: there are some 340 municipalities, and types by the dozen."""

MAX_STRAY: Final = 64
"""Disclosures that are left out one by one, to find the one that does not belong."""

_LEGACY_TYP: Final = "vc+sd-jwt"
_ZONES: Final = timedelta(hours=14)  # the farthest time zone from UTC
_ZONE_SLACK: Final = timedelta(minutes=6)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Give the known name that a name was probably meant to be, if there is one."""
    if len(name) > MAX_NAME:
        return None
    others = [one for one in islice(known, MAX_KNOWN) if one != name and len(one) <= MAX_NAME]
    near = get_close_matches(name, others, n=1, cutoff=0.75)
    return near[0] if near else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explaining:
    """Explains failures of tokens, by what is known beside them.

    Attributes:
        trust: the trust file, or None where there is none.
        types: names of types that are known, beside those of the trust file.
    """

    trust: Trust | None
    types: tuple[str, ...] = tuple(CATALOGUE)

    def __call__(self, token: bytes, seen: Peek, under: Circumstances, failed: Rejected) -> Sequence[Finding]:
        case = _Case(token=token, seen=seen, under=under, check=failed.check, trust=self.trust, types=self.types)
        found = tuple(_causes(case))
        if not found:
            return (Finding(cause=Cause.CHECK),)
        return tuple(Finding(cause=cause, filled=filled, certain=certain) for certain, (cause, filled) in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    token: bytes
    seen: Peek
    under: Circumstances
    check: Check
    trust: Trust | None
    types: tuple[str, ...]

    @property
    def chain(self) -> tuple[bytes, ...]:
        try:
            return x509.parse_x5c(self.seen.header["x5c"]) if "x5c" in self.seen.header else ()
        except Malformed:
            return ()

    @property
    def issuer(self) -> str | None:
        """Whose the token says it is: as `Trust.issuer` takes it."""
        return self.seen.text("iss") or (x509.stated_uri(self.chain) if self.chain else None)

    @property
    def entry(self) -> trusting.IssuerEntry | None:
        return None if self.trust is None or self.issuer is None else self.trust.issuers.get(self.issuer)

    @property
    def known_types(self) -> tuple[str, ...]:
        entries = () if self.trust is None else self.trust.issuers.values()
        return tuple(dict.fromkeys((*self.types, *(name for one in entries for name in one.types))))


_CERTAIN, _LIKELY = True, False
Weighed: TypeAlias = "tuple[bool, Found]"


def _causes(case: _Case) -> Iterator[Weighed]:
    explain = _BY_CHECK.get(case.check)
    if explain is not None:
        yield from explain(case)
    elif case.check in x509.CHECKS and case.entry is not None:
        for found in certificates.causes(case.chain, case.entry.anchors, case.check, at=case.under.at):
            yield _CERTAIN, found


# -- its type ---------------------------------------------------------------------------------------------------------


def _typ(case: _Case) -> Iterator[Weighed]:
    typ = str(case.seen.header.get("typ", "–"))
    yield _CERTAIN, ((Cause.TYP_LEGACY if typ == _LEGACY_TYP else Cause.TYP_OTHER), {"typ": typ})


def _vct(case: _Case) -> Iterator[Weighed]:
    vct = case.seen.text("vct") or "–"
    asked = [one.id for one in case.under.types]
    near = nearest(vct, case.known_types)
    if vct in case.known_types:
        yield _CERTAIN, (Cause.TYPE_NOT_ASKED, {"type": vct, "asked": ", ".join(asked)})
    elif near is not None:
        yield _CERTAIN, (Cause.TYPE_NEAR, {"type": vct, "near": near})
    else:
        yield _CERTAIN, (Cause.TYPE_UNKNOWN, {"type": vct})


def _metadata(case: _Case) -> Iterator[Weighed]:
    yield _CERTAIN, (Cause.METADATA_DIFFERS, {"type": case.seen.text("vct") or "–"})


# -- its issuer -------------------------------------------------------------------------------------------------------


def _unnamed(case: _Case) -> Iterator[Weighed]:
    yield _CERTAIN, (Cause.ISSUER_UNNAMED, {})


def _unknown_issuer(case: _Case) -> Iterator[Weighed]:
    issuer = case.issuer
    if issuer is None:
        yield _CERTAIN, (Cause.ISSUER_UNNAMED, {})
        return
    near = nearest(issuer, case.trust.issuers if case.trust is not None else ())
    filled = {"issuer": issuer}
    yield _CERTAIN, ((Cause.ISSUER_UNKNOWN, filled) if near is None else (Cause.ISSUER_NEAR, {**filled, "near": near}))


def _without_type(case: _Case) -> Iterator[Weighed]:
    filled = {"issuer": case.issuer or "–", "type": case.seen.text("vct") or "–"}
    yield _CERTAIN, (Cause.ISSUER_WITHOUT_TYPE, filled)


def _other_way(case: _Case) -> Iterator[Weighed]:
    cause = Cause.CHAIN_FOR_KEY if "x5c" in case.seen.header else Cause.KEY_WITHOUT_CHAIN
    yield _CERTAIN, (cause, {"issuer": case.issuer or "–"})


def _unknown_key(case: _Case) -> Iterator[Weighed]:
    filled = {"issuer": case.issuer or "–", "key": str(case.seen.header.get("kid", "–"))}
    yield _CERTAIN, (Cause.KEY_UNKNOWN, filled)


def _not_in_leaf(case: _Case) -> Iterator[Weighed]:
    uris = x509.read_leaf(case.chain[0]).uris if case.chain else ()
    yield _CERTAIN, (Cause.LEAF_WITHOUT_ISSUER, {"issuer": case.issuer or "–", "names": ", ".join(uris) or "–"})


def _municipality(case: _Case) -> Iterator[Weighed]:
    codes = ", ".join(case.entry.municipalities) if case.entry is not None else ""
    yield _CERTAIN, (Cause.ISSUER_WITHOUT_MUNICIPALITY, {"issuer": case.issuer or "–", "codes": codes or "–"})


def _signature(case: _Case) -> Iterator[Weighed]:
    yield _LIKELY, (Cause.CHANGED, {})
    if case.entry is not None and case.entry.keys and "x5c" not in case.seen.header:
        yield _LIKELY, (Cause.KEY_DIFFERS, {"issuer": case.issuer or "–"})


# -- its content ------------------------------------------------------------------------------------------------------


def _stray(case: _Case) -> Iterator[Weighed]:
    """Find the disclosure without which all others belong."""
    first, *disclosures, last = case.token.split(b"~")
    for index in range(min(len(disclosures), MAX_STRAY)):
        tried = b"~".join((first, *disclosures[:index], *disclosures[index + 1 :], last))
        failed = look(tried, case.under).failed
        if failed is None or failed.check not in checks.DISCLOSURES:
            yield _CERTAIN, (Cause.DISCLOSURE_STRAY, {"claim": _claim_of(case.seen, index)})
            return
    yield _CERTAIN, (Cause.DISCLOSURE_STRAY, {"claim": "–"})


def _claim_of(seen: Peek, index: int) -> str:
    match seen.disclosures[index]:
        case [_, str(name), _]:
            return name
        case _:
            return "–"


# -- its times --------------------------------------------------------------------------------------------------------


def _ended(case: _Case) -> Iterator[Weighed]:
    expires = case.seen.moment("exp")
    if expires is not None:
        yield _CERTAIN, (Cause.ENDED, {"moment": expires, "span": case.under.at - expires})


def _not_begun(case: _Case) -> Iterator[Weighed]:
    name = "nbf" if case.check is checks.NOT_BEFORE else "iat"
    begins = case.seen.moment(name)
    if begins is not None:
        yield _CERTAIN, (Cause.NOT_BEGUN, {"moment": begins, "span": begins - case.under.at})
        yield from _clock(begins - case.under.at)


def _proof_time(case: _Case) -> Iterator[Weighed]:
    made = case.seen.proven_at
    if made is None:
        return
    since = case.under.at - made
    if since > timedelta(0):
        yield _CERTAIN, (Cause.PROOF_OLD, {"moment": made, "span": since})
        if _zone(since) is not None:
            yield from _clock(since)
    else:
        yield _CERTAIN, (Cause.PROOF_AHEAD, {"moment": made, "span": -since})
        yield from _clock(-since)


def _clock(difference: timedelta) -> Iterator[Weighed]:
    """Give whether two clocks that differ so much probably differ by a time zone, or are just not right."""
    if difference <= timedelta(seconds=CLOCK_AHEAD):
        return
    if (hours := _zone(difference)) is not None:
        yield _LIKELY, (Cause.CLOCK_ZONE, {"span": timedelta(hours=hours)})
    elif difference < timedelta(days=1):
        yield _LIKELY, (Cause.CLOCK_OFF, {"span": difference})


def _zone(difference: timedelta) -> int | None:
    hours = round(difference / timedelta(hours=1))
    near = abs(difference - timedelta(hours=hours)) <= _ZONE_SLACK
    return hours if near and hours >= 1 and difference <= _ZONES + _ZONE_SLACK else None


# -- the holder's proof -----------------------------------------------------------------------------------------------


def _proof_missing(case: _Case) -> Iterator[Weighed]:
    yield _CERTAIN, (Cause.PROOF_MISSING, {})


def _other_audience(case: _Case) -> Iterator[Weighed]:
    shown = case.seen.proof if case.check is checks.KB_AUDIENCE else case.seen.payload
    audience = (shown or {}).get("aud")
    stated = audience if isinstance(audience, str) else "–"
    ours = case.under.binding.audience if isinstance(case.under.binding, Binding) else "–"
    yield _CERTAIN, (Cause.PROOF_FOR_OTHER, {"audience": stated, "ours": ours})


def _other_nonce(case: _Case) -> Iterator[Weighed]:
    yield _CERTAIN, (Cause.PROOF_FOR_OTHER_REQUEST, {})


def _over_other(case: _Case) -> Iterator[Weighed]:
    yield _CERTAIN, (Cause.PROOF_OVER_OTHER, {})


# -- what was asked ---------------------------------------------------------------------------------------------------


def _claims_missing(case: _Case) -> Iterator[Weighed]:
    query = case.under.query
    if query is None:
        return
    known = {one.id: one for one in case.under.types}.get(case.seen.text("vct") or "")
    found = list(misspelt(query, known)) if known is not None else []
    yield from ((_CERTAIN, one) for one in found)
    wrong = {filled["claim"] for _, filled in found}
    for path in dict.fromkeys(claim.path for claim in query.claims):
        if shown_path(path) not in wrong and path[0] not in case.seen.names and not query.claim_sets:
            yield _CERTAIN, (Cause.CLAIM_LEFT_OUT, {"claim": shown_path(path)})


def misspelt(query: CredentialQuery, known: CredentialType) -> Iterator[Found]:
    """Give the paths of a query that lead nowhere in a type that declares its claims, with the nearest that does."""
    places = [FORMATS[query.format].place(known, one) for one in known.attributes]
    if not places:
        return
    fine = {path[:length] for path in places for length in range(1, len(path) + 1)}
    for path in dict.fromkeys(claim.path for claim in query.claims):
        names = tuple(part for part in path if isinstance(part, str))
        if names and names not in fine and names[0] not in _ALWAYS_THERE:
            near = nearest(shown_path(names), sorted(map(shown_path, fine)))
            filled = {"claim": shown_path(path), "type": known.id}
            yield (Cause.CLAIM_UNKNOWN, filled) if near is None else (Cause.CLAIM_NEAR, {**filled, "near": near})


_ALWAYS_THERE: Final = frozenset(("iss", "iat", "nbf", "exp", "vct", "cnf", "status", "sub"))


def _too_many(case: _Case) -> Iterator[Weighed]:
    query = case.under.query
    asked = {claim.path[0] for claim in query.claims} if query is not None else set()
    shown = [
        name for one in case.seen.disclosures if isinstance(one, list) and len(one) == 3 for name in (str(one[1]),)
    ]
    more = [name for name in shown if name not in asked]
    yield _CERTAIN, (Cause.CLAIM_TOO_MANY, {"claims": ", ".join(dict.fromkeys(more)) or "–"})


_BY_CHECK: Final[Mapping[Check, Callable[[_Case], Iterator[Weighed]]]] = {
    checks.TYP: _typ,
    checks.VCT: _vct,
    checks.METADATA_INTEGRITY: _metadata,
    checks.ISSUER_NAMED: _unnamed,
    trusting.ISSUER_KNOWN: _unknown_issuer,
    trusting.ISSUER_TYPE: _without_type,
    trusting.ISSUER_MECHANISM: _other_way,
    trusting.ISSUER_KEY: _unknown_key,
    trusting.ISSUER_IN_LEAF: _not_in_leaf,
    trusting.JURISDICTION: _municipality,
    checks.SIGNATURE: _signature,
    checks.DISCLOSURE_REFERENCED: _stray,
    checks.NOT_EXPIRED: _ended,
    checks.NOT_BEFORE: _not_begun,
    checks.ISSUED_BEFORE: _not_begun,
    checks.KB_PRESENT: _proof_missing,
    checks.KB_IAT: _proof_time,
    checks.KB_AUDIENCE: _other_audience,
    checks.AUDIENCE: _other_audience,
    checks.KB_NONCE: _other_nonce,
    checks.SD_HASH: _over_other,
    fitting.CLAIMS_THERE: _claims_missing,
    fitting.NO_CLAIM_MORE: _too_many,
}
