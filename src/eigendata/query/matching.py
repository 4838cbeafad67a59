"""The wallet's side of DCQL: what it holds that answers a query, and the least that does.

    Query + Held... -> match -> Matches (everything that is possible) -> select -> what to show

The verifier's side, `check`, is written apart from this on purpose: neither uses the other's reading of the
specification, and a law compares the two.

A path is followed on the whole credential, as if everything were disclosed, so an index counts the elements that stay
hidden too (as SD-JWT VC counts them). What comes out are paths without `null`: every element that is shown is named.
Elements that do not have an expected value are treated as not there, so of an array only those that do are shown.

Source: OpenID4VP 1.0 sections 6.4 and 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias

from eigendata.encoding import Json
from eigendata.errors import Declined, Misuse, Reason
from eigendata.model import ClaimPath, Claims
from eigendata.query.language import ClaimsQuery, CredentialQuery, CredentialSetQuery, Query, Value

Selection: TypeAlias = Mapping[str, tuple[tuple[str, tuple[ClaimPath, ...]], ...]]
"""Credential query id -> what to show for it: the held credential's id, and the paths to reveal of it."""


PLACES_LIMIT: Final = 250_000
"""Places in what is held that the paths of one query may mean; what asks more is not answered.

With `null` in paths to long arrays a short query means millions. For all claims of 200 credentials it means some 5,000.
"""

_NOTHING: Final = "nothing in this wallet answers the request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One credential that a wallet could show.

    Attributes:
        id: the wallet's own name for it.
        type_id: its type's name in its format.
        document: all its claims, as its format holds them.
        authority_key_ids: of the certificates of its chain.
        bound: whether it has a holder key, so that its holder can prove to be the one it was issued to.
    """

    id: str
    format: str
    type_id: str
    document: Claims = field(repr=False, hash=False)
    authority_key_ids: tuple[bytes, ...]
    bound: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One combination of claims that a held credential can give.

    Attributes:
        claim_set: its place in `claim_sets`; None where there are none.
        claims: for each claim of it, the places in the credential that it means.
    """

    claim_set: int | None
    claims: tuple[tuple[ClaimPath, ...], ...]

    @property
    def paths(self) -> tuple[ClaimPath, ...]:
        """Give what to reveal, objects and arrays with all that is below them; empty: nothing that may be withheld."""
        return tuple(dict.fromkeys(path for places in self.claims for path in places))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A held credential that answers a credential query; its options in the verifier's order of preference."""

    held: str
    options: tuple[Option, ...]

    @property
    def paths(self) -> tuple[ClaimPath, ...]:
        """Give what the first option reveals: the one that the verifier prefers and the holder can give."""
        return self.options[0].paths


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """All that is possible with what is held. Nothing is chosen yet.

    Attributes:
        fits: for every credential query, by its id, what answers it; empty where nothing does.
        sets: for every credential set, in order, the places of its options that can be given.
    """

    query: Query
    fits: Mapping[str, tuple[Fit, ...]]
    sets: tuple[tuple[int, ...], ...]

    def select(
        self,
        *,
        options: Mapping[int, int] = MappingProxyType({}),
        held: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> Selection:
        """Choose what to show; without arguments the least that satisfies the query.

        Of each required set the first option that can be given, then without every credential that no required set
        needs; of each credential query one credential, with its first option. Optional sets are left out.

        Args:
            options: credential set -> option, by their places: what the person chose, also of optional sets.
            held: credential query id -> the ids of held credentials: what the person chose; several only where the
                query allows `multiple`.

        Raises:
            Misuse: what was chosen is not possible, or was not asked.
        """
        chosen: dict[str, tuple[tuple[str, tuple[ClaimPath, ...]], ...]] = {}
        for asked in self._asked(options):
            fits = self._chosen(asked, held[asked]) if asked in held else self.fits[asked][:1]
            chosen[asked] = tuple((fit.held, fit.paths) for fit in fits)
        if not chosen.keys() >= held.keys():
            raise Misuse("a credential was chosen for a query that is not answered")
        return MappingProxyType(chosen)

    def _asked(self, options: Mapping[int, int]) -> tuple[str, ...]:
        """Give the ids of the credential queries to answer, in the query's order."""
        sets = self.query.credential_sets
        if any(not 0 <= place < len(sets) or option not in self.sets[place] for place, option in options.items()):
            raise Misuse("an option was chosen that is not there, or that cannot be given")
        if not sets:
            return tuple(one.id for one in self.query.credentials)
        fixed = frozenset(name for place, option in options.items() for name in sets[place].options[option])
        needed = [
            [frozenset(sets[place].options[option]) for option in possible]
            for place, possible in enumerate(self.sets)
            if sets[place].required and place not in options
        ]
        names = fixed.union(*(first for first, *_ in needed))
        order = [one.id for one in self.query.credentials if one.id in names]
        for name in reversed(order):
            fewer = names - {name}
            if name not in fixed and all(any(fewer >= option for option in possible) for possible in needed):
                names = fewer
        return tuple(name for name in order if name in names)

    def _chosen(self, asked: str, wanted: Sequence[str]) -> tuple[Fit, ...]:
        query = self.query.credential(asked)
        fits = {fit.held: fit for fit in self.fits[asked]}
        if query is None or not wanted or len(set(wanted)) != len(wanted) or not fits.keys() >= set(wanted):
            raise Misuse(f"what was chosen for the credential query {asked!r} does not answer it")
        if len(wanted) > 1 and not query.multiple:
            raise Misuse(f"the credential query {asked!r} asks one credential, and several were chosen")
        return tuple(fits[one] for one in wanted)


def match(query: Query, held: Iterable[Held]) -> Matches:
    """Find all that a wallet holds that answers a query.

    Where no proof of the holder is asked, credentials that name no holder come first: they show less.

    Raises:
        Declined: the query cannot be satisfied, or means too many places (`nothing_fits`). The message is the same
            whatever is lacking, so that it cannot tell the asker which value did not match (section 15.4.1).
    """
    cards = tuple(held)
    fits: dict[str, tuple[Fit, ...]] = {}
    room = PLACES_LIMIT
    for one in query.credentials:
        fits[one.id], room = _fits(one, cards, room)
    sets = tuple(_possible(one, fits) for one in query.credential_sets)
    if query.credential_sets:
        satisfied = all(possible or not one.required for one, possible in zip(query.credential_sets, sets, strict=True))
    else:
        satisfied = all(fits.values())
    if not satisfied:
        raise Declined(Reason.NOTHING_FITS, _NOTHING)
    return Matches(query=query, fits=MappingProxyType(fits), sets=sets)


# -- one credential ---------------------------------------------------------------------------------------------------


def _possible(one: CredentialSetQuery, fits: Mapping[str, tuple[Fit, ...]]) -> tuple[int, ...]:
    return tuple(place for place, names in enumerate(one.options) if all(fits[name] for name in names))


def _fits(query: CredentialQuery, cards: tuple[Held, ...], room: int) -> tuple[tuple[Fit, ...], int]:
    """Give what answers a credential query, and how many places may still be found for the others."""
    types = frozenset(query.type_ids)
    suitable = [card for card in cards if card.format == query.format and card.type_id in types]
    if query.require_cryptographic_holder_binding:
        suitable = [card for card in suitable if card.bound]
    else:
        suitable.sort(key=lambda card: card.bound)
    if query.trusted_authorities:
        # Only `aki` can be looked up without going out; the other types match nothing here (section 15.10).
        authorities = frozenset[bytes]().union(*(one.key_ids for one in query.trusted_authorities))
        suitable = [card for card in suitable if not authorities.isdisjoint(card.authority_key_ids)]
    asked = [(claim.path, frozenset((type(value), value) for value in claim.values)) for claim in query.claims]
    combinations = _combinations(query)
    # cards of one type mostly hold what is asked in the same places: what that makes possible is worked out once
    known: dict[tuple[tuple[ClaimPath, ...], ...], tuple[tuple[Option, ...], int]] = {}
    found: list[Fit] = []
    for card in suitable:
        document = card.document
        places = tuple([_select(document, path, expected) or () for path, expected in asked])
        possible = known.get(places)
        if possible is None:
            possible = known[places] = (_options(combinations, places), sum(map(len, places)))
        options, count = possible
        room -= count
        if room < 0:
            raise Declined(Reason.NOTHING_FITS, _NOTHING)
        if options:
            found.append(Fit(held=card.id, options=options))
    return tuple(found), room


def _options(
    combinations: tuple[tuple[int | None, tuple[int, ...]], ...], places: Sequence[tuple[ClaimPath, ...]]
) -> tuple[Option, ...]:
    return tuple(
        Option(claim_set=claim_set, claims=tuple(places[index] for index in wanted))
        for claim_set, wanted in combinations
        if all(places[index] for index in wanted)
    )


def _combinations(query: CredentialQuery) -> tuple[tuple[int | None, tuple[int, ...]], ...]:
    """Give what is asked together: a place in `claim_sets`, and the places in `claims`. None asked is asked, too."""
    if not query.claim_sets:
        return ((None, _once(query.claims, range(len(query.claims)))),)
    place = {claim.id: index for index, claim in enumerate(query.claims)}
    sets = ([place[name] for name in names] for names in query.claim_sets)
    return tuple((index, _once(query.claims, wanted)) for index, wanted in enumerate(sets))


def _once(claims: tuple[ClaimsQuery, ...], wanted: Sequence[int]) -> tuple[int, ...]:
    """Leave out a second claims query for the same path, as section 6.1 asks of a wallet."""
    first = {claims[index].path: index for index in reversed(wanted)}
    return tuple(sorted(first.values()))


# -- one claim --------------------------------------------------------------------------------------------------------

_ARRAY: Final = (list, tuple)
_OBJECT: Final = (dict, MappingProxyType)  # what claims are made of; asked first, as asking for any Mapping is slow


def _select(
    node: Json, path: ClaimPath, expected: frozenset[tuple[type, Value]], done: int = 0
) -> tuple[ClaimPath, ...] | None:
    """Process a claims path pointer from its place `done` (section 7.1.1), and keep what has an expected value.

    Gives the places that it means, as paths without `null`; None where the section says to abort with an error.
    """
    for place in range(done, len(path)):
        part = path[place]
        if isinstance(part, str):
            if not isinstance(node, _OBJECT) and not isinstance(node, Mapping):
                return None
            if part not in node:
                return ()
            node = node[part]
        elif not isinstance(node, _ARRAY):
            return None
        elif part is None:
            return _select_each(node, path, expected, place)
        elif part < len(node):
            node = node[part]
        else:
            return ()
    if not expected or (isinstance(node, str | int) and (type(node), node) in expected):
        return (path,)
    return ()


def _select_each(
    array: Sequence[Json], path: ClaimPath, expected: frozenset[tuple[type, Value]], place: int
) -> tuple[ClaimPath, ...] | None:
    """Process what stands behind a `null`: on every element, and an error in one is an error in all."""
    found: list[ClaimPath] = []
    for index, element in enumerate(array):
        places = _select(element, (*path[:place], index, *path[place + 1 :]), expected, place + 1)
        if places is None:
            return None
        found += places
    return tuple(found)
