"""The verifier's side of DCQL: whether an answer is what was asked, all of it and nothing more.

    ids of the answer       -> require_answered -> the answer is complete, and no credential too many
    one verified credential -> require_fits     -> the paths that were asked and are there, and no claim too many

A wallet is not trusted to have followed the query, so the verifier reads it again (OpenID4VP 1.0 sections 8.6 and
14.9); this is written apart from the wallet's `match` on purpose. Neither `values` nor `trusted_authorities` replaces
trust in an issuer or a rule of a policy: they only say that the answer is the one that was asked for.

What an index can mean to a verifier. A wallet counts array elements as if all were disclosed; in what is shown the
withheld ones are gone, so element 1 may come as element 0, and decoys keep the verifier from counting the gaps. Of an
index `i` the verifier can demand that an element that was before or at `i` is shown, that elements for smaller indices
of the same array come before it, and that no more elements of that array were chosen than indices were asked. It cannot
demand that it is the one: who needs that asks with strings and `null` only, as our own requests do.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from eigendata.encoding import Json
from eigendata.errors import Check, Outcome, Reason, Trail
from eigendata.model import ClaimPath, Claims
from eigendata.query.language import ClaimsQuery, CredentialQuery, Query

MAX_UNIONS: Final = 64
"""Combinations of options that are followed to explain an answer; only a query whose sets are entangled in dozens of
ways has more, and then an honest answer may be refused, never a dishonest one accepted."""

ASKED = Check(
    name="ASKED",
    clause="OpenID4VP 1.0 8.1",
    reason=Reason.QUERY_NOT_SATISFIED,
    rule="every presentation answers a credential query of the request",
)
COUNTED = Check(
    name="COUNTED",
    clause="OpenID4VP 1.0 8.1",
    reason=Reason.QUERY_NOT_SATISFIED,
    rule="each credential query is answered by one presentation, or by several different ones where it allows that",
)
COMPLETE = Check(
    name="COMPLETE",
    clause="OpenID4VP 1.0 6.4.2",
    reason=Reason.QUERY_NOT_SATISFIED,
    rule="everything that was required was answered",
)
NO_CREDENTIAL_MORE = Check(
    name="NO_CREDENTIAL_MORE",
    clause="OpenID4VP 1.0 6.4.2",
    reason=Reason.QUERY_NOT_SATISFIED,
    rule="the answer holds one option of each set, and no credential beside them",
)
TYPE_ASKED = Check(
    name="TYPE_ASKED",
    clause="OpenID4VP 1.0 6.1",
    reason=Reason.QUERY_NOT_SATISFIED,
    rule="the credential is of a type that was asked",
)
AUTHORITY_ASKED = Check(
    name="AUTHORITY_ASKED",
    clause="OpenID4VP 1.0 6.1.1",
    reason=Reason.QUERY_NOT_SATISFIED,
    rule="the credential's chain holds an authority that was asked",
)
CLAIMS_THERE = Check(
    name="CLAIMS_THERE",
    clause="OpenID4VP 1.0 6.4.1",
    reason=Reason.QUERY_NOT_SATISFIED,
    rule="all claims of some option that was asked are shown",
)
VALUES_MATCH = Check(
    name="VALUES_MATCH",
    clause="OpenID4VP 1.0 6.3",
    reason=Reason.QUERY_NOT_SATISFIED,
    rule="the claims of that option have expected values, equal in type and value",
)
NO_CLAIM_MORE = Check(
    name="NO_CLAIM_MORE",
    clause="OpenID4VP 1.0 6.4",
    reason=Reason.QUERY_NOT_SATISFIED,
    rule="nothing is shown that could have been withheld and was not asked",
)

ANSWER_CHECKS: Final = (ASKED, COUNTED, COMPLETE, NO_CREDENTIAL_MORE)
"""What `require_answered` takes, in this order."""

FIT_CHECKS: Final = (TYPE_ASKED, AUTHORITY_ASKED, CLAIMS_THERE, VALUES_MATCH, NO_CLAIM_MORE)
"""What `require_fits` takes, in this order."""


def require_answered(query: Query, presentations: Mapping[str, Collection[Hashable]], trail: Trail) -> None:
    """Check that an answer is complete, before anything in it is opened.

    Of a query that allows several no presentation counts twice. That several are not copies of one credential is not
    to be seen: one-use copies are made to be told apart by nobody. So count showings by it, never people or diplomas.

    Args:
        presentations: credential query id -> the presentations given for it, as in `Answer.presentations`.

    Raises:
        Rejected: it is not (`query_not_satisfied`).
    """
    multiple = {one.id: one.multiple for one in query.credentials}
    answered = presentations.keys()
    trail.require(ASKED, answered <= multiple.keys())
    trail.require(
        COUNTED,
        all(
            len(given) == 1 or (len(given) > 1 and multiple[name] and len(set(given)) == len(given))
            for name, given in presentations.items()
        ),
    )
    if not query.credential_sets:
        trail.require(COMPLETE, answered == multiple.keys())
        trail.skip(NO_CREDENTIAL_MORE, Outcome.NOT_APPLICABLE)
        return
    given = [[set(names) for names in one.options if answered >= set(names)] for one in query.credential_sets]
    trail.require(
        COMPLETE, all(options or not one.required for one, options in zip(query.credential_sets, given, strict=True))
    )
    trail.require(NO_CREDENTIAL_MORE, _is_union(set(answered), given))


def require_fits(
    query: CredentialQuery,
    document: Claims,
    revealed: Iterable[ClaimPath],
    type_id: str,
    authority_key_ids: Sequence[bytes],
    trail: Trail,
    *,
    beside: Sequence[CredentialQuery] = (),
) -> tuple[ClaimPath, ...]:
    """Check that a verified credential is what a credential query asked, and no more.

    Args:
        document: the claims that are shown.
        revealed: the paths in `document` of what could have been withheld.
        type_id: the credential's type in its format.
        authority_key_ids: of the credential's chain.
        beside: other queries of the request that this same presentation answers; it may show what they ask too
            (section 6.4).

    Returns:
        The asked paths of the first option that fits, as the query spells them.

    Raises:
        Rejected: it does not fit (`query_not_satisfied`).
    """
    trail.require(TYPE_ASKED, type_id in query.type_ids)
    if query.trusted_authorities:
        asked = frozenset[bytes]().union(*(one.key_ids for one in query.trusted_authorities))
        trail.require(AUTHORITY_ASKED, any(key_id in asked for key_id in authority_key_ids))
    else:
        trail.skip(AUTHORITY_ASKED, Outcome.NOT_APPLICABLE)
    found = _Found(document)
    there = [option for option in _options(query) if found.places(option, valued=False) is not None]
    trail.require(CLAIMS_THERE, bool(there))
    if any(claim.values for claim in query.claims):
        there = [option for option in there if found.places(option, valued=True) is not None]
        trail.require(VALUES_MATCH, bool(there))
    else:
        trail.skip(VALUES_MATCH, Outcome.NOT_APPLICABLE)
    others = [option for one in beside for option in _options(one)]
    shown = tuple(revealed)
    fitting = next((option for option in there if _covers([option, *others], found, shown)), None)
    return tuple(one.claim.path for one in trail.some(NO_CLAIM_MORE, fitting).wanted)


# -- credential sets --------------------------------------------------------------------------------------------------


def _is_union(answered: set[str], given: list[list[set[str]]]) -> bool:
    """Tell whether the answer is made of one given option of each set that has one.

    Of two unions where one holds the other only the larger is kept: whatever completes the smaller completes it too.
    """
    unions: list[frozenset[str]] = [frozenset()]
    for options in given:
        if not options:
            continue
        extended = sorted(
            dict.fromkeys(union | option for union in unions for option in options), key=len, reverse=True
        )
        unions = []
        for union in extended:
            if not any(union <= larger for larger in unions):
                unions.append(union)
            if len(unions) == MAX_UNIONS:
                break
    return answered in unions


# -- claims -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """One claim of an option.

    Attributes:
        ranks: for each component of its path, if that is an index: how many smaller ones the option asks there.
    """

    claim: ClaimsQuery
    ranks: tuple[int, ...]

    def found(self, document: Claims, *, valued: bool) -> list[ClaimPath]:
        """Give the places in what is shown that this claim can mean; empty where it is not there."""
        places = self._below(document, 0, ()) or []
        if not valued or not self.claim.values:
            return [place for place, _ in places]
        return [place for place, node in places if any(_same(node, value) for value in self.claim.values)]

    def _below(self, node: Json, depth: int, here: ClaimPath) -> list[tuple[ClaimPath, Json]] | None:
        """Walk on from one node; None where the path leads through something of the wrong kind (section 7.1.1)."""
        if depth == len(self.claim.path):
            return [(here, node)]
        part = self.claim.path[depth]
        if isinstance(part, str):
            if not isinstance(node, Mapping):
                return None
            return self._below(node[part], depth + 1, (*here, part)) if part in node else []
        if not isinstance(node, Sequence) or isinstance(node, str):
            return None
        if part is None:
            found = []
            for index, element in enumerate(node):
                inner = self._below(element, depth + 1, (*here, index))
                if inner is None:
                    return None
                found += inner
            return found
        # withheld elements before it are gone, those for smaller indices are not; see the module's text
        positions = range(self.ranks[depth], min(part + 1, len(node)))
        candidates = (self._below(node[index], depth + 1, (*here, index)) for index in positions)
        return [one for candidate in candidates for one in candidate or ()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Option:
    """One combination of claims that is asked."""

    wanted: tuple[_Wanted, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """Where each claim is found in one document: looked up once, however many options ask it."""

    document: Claims
    _known: dict[tuple[int, tuple[int, ...], bool], list[ClaimPath]] = field(default_factory=dict)

    def places(self, option: _Option, *, valued: bool) -> list[list[ClaimPath]] | None:
        """Give the places of each claim that an option asks, or None where one of them is not there."""
        found: list[list[ClaimPath]] = []
        for one in option.wanted:
            key = (id(one.claim), one.ranks, valued)
            places = self._known.get(key)
            if places is None:
                places = self._known[key] = one.found(self.document, valued=valued)
            if not places:
                return None
            found.append(places)
        return found


def _options(query: CredentialQuery) -> Iterator[_Option]:
    by_id = {claim.id: claim for claim in query.claims}
    listed = [[by_id[name] for name in names] for names in query.claim_sets] or [list(query.claims)]
    for claims in listed:
        once: dict[ClaimPath, ClaimsQuery] = {}
        for claim in claims:
            once.setdefault(claim.path, claim)
        smaller: dict[ClaimPath, set[int]] = {}
        for path in once:
            for depth, part in enumerate(path):
                if isinstance(part, int):
                    smaller.setdefault(path[:depth], set()).add(part)
        yield _Option(wanted=tuple(_Wanted(claim=one, ranks=_ranks(one.path, smaller)) for one in once.values()))


def _ranks(path: ClaimPath, indices: Mapping[ClaimPath, set[int]]) -> tuple[int, ...]:
    """Count the smaller indices asked at each place. After a `null` nothing says that they exist in the same array."""
    return tuple(
        sum(one < part for one in indices[path[:depth]]) if isinstance(part, int) and None not in path[:depth] else 0
        for depth, part in enumerate(path)
    )


def _same(node: Json, value: str | int | bool) -> bool:
    return type(node) is type(value) and node == value


def _covers(options: Sequence[_Option], found: _Found, revealed: Sequence[ClaimPath]) -> bool:
    """Tell whether everything that was chosen to be shown was asked, leads to what was, or is part of it."""
    asked: set[ClaimPath] = set()
    for option in options:
        asked.update(*(found.places(option, valued=True) or ()))
    leading = {path[:length] for path in asked for length in range(1, len(path) + 1)}
    if not all(path in leading or any(path[:length] in asked for length in range(1, len(path))) for path in revealed):
        return False
    paths = [one.claim.path for option in options for one in option.wanted]
    return not any(isinstance(part, int) for path in paths for part in path) or _counts(paths, revealed)


def _counts(asked: Sequence[ClaimPath], revealed: Sequence[ClaimPath]) -> bool:
    """Tell whether of no array more elements were chosen than indices were asked of it."""
    chosen: dict[ClaimPath, int] = {}
    for path in set(revealed):
        if isinstance(path[-1], int):
            chosen[path[:-1]] = chosen.get(path[:-1], 0) + 1
    for array, count in chosen.items():
        reaching = [path for path in asked if all(_may_be(*pair) for pair in zip(path, array, strict=False))]
        parts = {path[len(array)] if len(path) > len(array) else None for path in reaching}
        if None not in parts and count > len(parts):
            return False
    return True


def _may_be(asked: str | int | None, shown: str | int | None) -> bool:
    if isinstance(shown, str):
        return asked == shown
    return asked is None or (isinstance(asked, int) and isinstance(shown, int) and shown <= asked)
