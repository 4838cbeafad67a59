"""What a person sees before anything leaves, and what they agree to.

    Request + what is held -> Proposal -- choosing --> Proposal -- accept --> Consent

A proposal says who asks and whether that was shown to be true, why, how long it is kept, which claims would leave with
which values, what leaves with them although nobody asked, and what is asked that may not be. It spends nothing. A
consent is made by `Proposal.accept` alone, and only for a proposal in which nothing is over-asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import InitVar, dataclass, field, replace
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Final

from eigendata.encoding import Json
from eigendata.errors import Declined, Misuse, Reason
from eigendata.formats import FORMATS
from eigendata.model import ClaimPath, CredentialType, Party
from eigendata.policies.uses import Compared, outside
from eigendata.query import Asker, CredentialQuery, Matches, Request, Selection
from eigendata.registers.catalogue import CATALOGUE, SET, SUBJECT
from eigendata.wallet.records import Holding, all_spent, available

NOTHING_CHOSEN: Final[Mapping[str, Sequence[str]]] = MappingProxyType({})


class Use(StrEnum):
    """What is known of the purpose for which is asked. `eigendata.texts` has a sentence for each: `use.within`."""

    WITHIN = "within"  # all that is asked is in the list of what may be asked for it
    OUTSIDE = "outside"
    UNKNOWN = "unknown"  # there is no such list, or the request names no purpose that has one


class Why(StrEnum):
    """Why something counts as over-asked."""

    OUTSIDE_USE = "outside_use"
    BY_LAW_ONLY = "by_law_only"


@dataclass(frozen=True, slots=True, kw_only=True)
class OverAsked:
    """Something that is asked and may not be.

    Attributes:
        query: the credential query that asks it.
        path: the claim; None: the credential as a whole.
    """

    query: str
    type: str
    path: ClaimPath | None
    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One claim, as a screen shows it to its holder.

    Attributes:
        path: where it lies among the type's own claims; an unknown type's as its format holds it.
        label: language -> what it is called; its own name where nobody has a label for it.
        value: for the holder's own eyes.
        kept: whether the asker says that it keeps the value; None: it makes no statement about this claim.
    """

    path: ClaimPath
    label: Mapping[str, str]
    value: Json = field(repr=False)
    sensitive: bool = False
    kept: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """One credential that would be shown.

    Attributes:
        query: the credential query that it answers.
        card: the card that it is of.
        paths: what would be revealed, as the format holds it.
        lines: what that says.
        besides: what would be visible although it was not asked.
        whole: nothing of this card can be withheld: all that it says would be visible.
    """

    query: str
    card: str
    type: CredentialType
    issuer: Party
    paths: tuple[ClaimPath, ...]
    lines: tuple[Line, ...]
    besides: tuple[Line, ...]
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One place where the request leaves a choice among credential queries.

    Attributes:
        options: place -> the credential queries of it; only what can be given.
        chosen: None: left out, which is possible only where it is not required.
    """

    place: int
    required: bool
    options: Mapping[int, tuple[str, ...]]
    chosen: int | None


class _Made(Enum):
    """Held by this module alone, so that a proposal cannot be edited, nor a consent made, by `replace` or by hand."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a request would cost, in full. Nothing was spent for it.

    Attributes:
        compared: what is asked, held against the list of what may be asked for the purpose that the request names.
        offered: what would leave.
        over_asked: what may not be asked; while there is any, the proposal cannot be accepted.
        choices: where the holder may choose otherwise, with `choosing`.
        known: this verifier saw copies of these cards before, and would see the same ones again.
        copies_left: how many verifiers that saw none of these cards can still be shown them all.
    """

    request: Request
    compared: Compared
    offered: tuple[Offered, ...]
    over_asked: tuple[OverAsked, ...]
    choices: tuple[Choice, ...]
    known: bool
    copies_left: int
    possible: bool = field(repr=False)
    matches: Matches = field(repr=False)
    stock: Stock = field(repr=False)
    entitled: frozenset[str] = field(repr=False)
    made: InitVar[_Made]

    def __post_init__(self, made: _Made) -> None:
        if made is not _Made.PROPOSED:
            raise Misuse("a proposal is made by considering a request")

    @property
    def asker(self) -> Asker:
        return self.request.asker

    @property
    def use(self) -> Use:
        """Say how the request keeps to its purpose. A purpose without a list forbids nothing; the screen says so."""
        if not self.compared.listed:
            return Use.UNKNOWN
        return Use.OUTSIDE if self.compared.beyond else Use.WITHIN

    @property
    def purpose(self) -> Mapping[str, str]:
        return self.request.purpose

    @property
    def legal_basis(self) -> tuple[str, ...]:
        return self.request.legal_basis

    @property
    def keep(self) -> Mapping[str, str]:
        return self.request.keep

    def choosing(
        self,
        *,
        options: Mapping[int, int] = MappingProxyType({}),
        cards: Mapping[str, Sequence[str]] = NOTHING_CHOSEN,
        claim_sets: Mapping[str, int] = MappingProxyType({}),
    ) -> Proposal:
        """Give the proposal for another choice among what is possible; what is not named is chosen as by default.

        Args:
            options: place of a choice -> place of one of its options.
            cards: credential query -> the cards to answer it with.
            claim_sets: credential query -> place of one of its claim sets.

        Raises:
            Misuse: there is no such choice.
            Declined: what was chosen cannot be shown together (`nothing_fits`).
        """
        return propose(
            self.request,
            self.matches,
            self.stock,
            entitled=self.entitled,
            options=options,
            cards=cards,
            claim_sets=claim_sets,
        )

    def accept(self) -> Consent:
        """Agree to this proposal as it stands.

        Raises:
            Declined: more is asked than may be (`over_asked`), or there is nothing to show, or no copy left to show it
                with (`nothing_fits`).
        """
        if self.over_asked:
            paths = ", ".join(dict.fromkeys(f"{one.query}: {_spelled(one.path)}" for one in self.over_asked))
            raise Declined(Reason.OVER_ASKED, f"more is asked than may be: {paths}")
        if not self.offered:
            raise Declined(Reason.NOTHING_FITS, "all that is asked is optional, and nothing of it was chosen")
        if not self.possible:
            raise all_spent()
        return Consent(proposal=self, made=_Made.ACCEPTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A proposal that its holder agreed to. Made by `Proposal.accept` alone."""

    proposal: Proposal
    made: InitVar[_Made]

    def __post_init__(self, made: _Made) -> None:
        if made is not _Made.ACCEPTED:
            raise Misuse("a consent is made by accepting a proposal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """What the wallet held when it considered: cards by their id, and the numbers that each session can still show.

    Attributes:
        numbers: session -> number -> the verifier that it was spent at.
    """

    cards: Mapping[str, Holding]
    numbers: Mapping[bytes, Mapping[int, str]]


# -- making a proposal ------------------------------------------------------------------------------------------------


def propose(
    request: Request,
    matches: Matches,
    stock: Stock,
    *,
    entitled: frozenset[str],
    options: Mapping[int, int] = MappingProxyType({}),
    cards: Mapping[str, Sequence[str]] = NOTHING_CHOSEN,
    claim_sets: Mapping[str, int] = MappingProxyType({}),
) -> Proposal:
    """Put a proposal together for one choice among what is possible.

    Args:
        entitled: the ids of the types that a law entitles this asker to, who proved to be who they say.

    Raises:
        Misuse: there is no such choice.
        Declined: what was chosen cannot be shown together (`nothing_fits`).
    """
    queries = tuple(matches.select(options=options, held=cards))
    chosen = {query: cards.get(query) or (_best(query, matches, stock),) for query in queries}
    selection = _with_claim_sets(matches, matches.select(options=options, held=chosen), claim_sets)
    asked = {one.id: one for one in request.query.credentials}
    offered = tuple(
        _offered(asked[query], card, stock.cards[card], paths)
        for query, several in selection.items()
        for card, paths in several
    )
    require_one_session(offered, stock)
    numbers = [
        available(stock.numbers, [stock.cards[one.card] for one in offered if stock.cards[one.card].session == session])
        for session in dict.fromkeys(stock.cards[one.card].session for one in offered)
    ]
    known = [request.asker.party.id in spent.values() for spent in numbers]
    fresh = [sum(one is None for one in spent.values()) for spent in numbers]
    policy = request.policy
    compared = outside(None if policy is None else policy.use or policy.id, request.query)
    return Proposal(
        request=request,
        compared=compared,
        offered=offered,
        over_asked=_over_asked(request, compared, entitled),
        choices=tuple(_choices(matches, queries, options)),
        known=bool(known) and all(known),
        copies_left=min(fresh, default=0),
        possible=all(seen or left for seen, left in zip(known, fresh, strict=True)),
        matches=matches,
        stock=stock,
        entitled=entitled,
        made=_Made.PROPOSED,
    )


def require_one_session(offered: Iterable[Offered], stock: Stock) -> None:
    """Refuse what its verifier would take for two persons: the claim that ties cards together differs by session.

    Raises:
        Declined: it is asked of cards of several sessions, and name and birth date are not asked of each.
    """
    tied = []
    for one in offered:
        card = stock.cards[one.card]
        place = {own.path: FORMATS[card.format].place(card.type, own) for own in (SET, *SUBJECT)}
        if place[SET.path] in one.paths:
            tied.append((card.session, all(place[own.path] in one.paths for own in SUBJECT)))
    if len({session for session, _ in tied}) > 1 and not all(named for _, named in tied):
        raise Declined(Reason.NOTHING_FITS, "these cards were collected at different times: collect them anew together")


def _best(query: str, matches: Matches, stock: Stock) -> str:
    """Choose the card whose session answers most of the request, then the newest: one person, one number."""
    answers: dict[bytes, int] = {}
    for fits in matches.fits.values():
        for session in {stock.cards[fit.held].session for fit in fits}:
            answers[session] = answers.get(session, 0) + 1
    cards = [fit.held for fit in matches.fits[query]]
    return max(cards, key=lambda one: (answers[stock.cards[one].session], stock.cards[one].added_at))


def _with_claim_sets(matches: Matches, selection: Selection, claim_sets: Mapping[str, int]) -> Selection:
    if not claim_sets:
        return selection
    if not selection.keys() >= claim_sets.keys():
        raise Misuse("a claim set was chosen for a query that is not answered")
    changed = dict(selection)
    for query, claim_set in claim_sets.items():
        fits = {fit.held: fit for fit in matches.fits[query]}
        paths = {
            card: option.paths
            for card, _ in selection[query]
            for option in fits[card].options
            if option.claim_set == claim_set
        }
        if len(paths) != len(selection[query]):
            raise Misuse(f"the credential query {query!r} has no claim set {claim_set} that this card can give")
        changed[query] = tuple(paths.items())
    return changed


def _choices(matches: Matches, queries: Sequence[str], options: Mapping[int, int]) -> Iterator[Choice]:
    for place, (asked, possible) in enumerate(zip(matches.query.credential_sets, matches.sets, strict=True)):
        answered = [option for option in possible if set(asked.options[option]) <= set(queries)]
        chosen = options.get(place, answered[0] if answered else None)
        if len(possible) > 1 or (possible and not asked.required):
            yield Choice(
                place=place,
                required=asked.required,
                options=MappingProxyType({option: asked.options[option] for option in possible}),
                chosen=chosen,
            )


def _over_asked(request: Request, compared: Compared, entitled: frozenset[str]) -> tuple[OverAsked, ...]:
    beyond = [
        OverAsked(query=one.query, type=one.type, path=one.path or None, why=Why.OUTSIDE_USE) for one in compared.beyond
    ]
    by_law = {(form.name, form.type_id(one)): one for form in FORMATS.values() for one in CATALOGUE.values()}
    for query in request.query.credentials:
        for name in query.type_ids:
            asked = by_law.get((query.format, name))
            if asked is not None and asked.by_law_only and asked.id not in entitled:
                beyond.append(OverAsked(query=query.id, type=asked.id, path=None, why=Why.BY_LAW_ONLY))
    return tuple(beyond)


# -- claims as lines --------------------------------------------------------------------------------------------------


def _offered(query: CredentialQuery, card: str, holding: Holding, paths: tuple[ClaimPath, ...]) -> Offered:
    lines = tuple(lines_of(holding))
    # What is shown is shown with all that it lies in, and whatever stands there in clear or without a cover of its own.
    hidden = [one for one in holding.withheld if not any(_below(one, path) or _below(path, one) for path in paths)]
    return Offered(
        query=query.id,
        card=card,
        type=holding.type,
        issuer=holding.issuer,
        paths=paths,
        lines=tuple(
            replace(line, kept=_kept(place, query)) for place, line in lines if any(_below(place, one) for one in paths)
        ),
        besides=tuple(line for place, line in lines if not any(_below(place, one) for one in (*hidden, *paths))),
        whole=not holding.withheld,
    )


def _kept(place: ClaimPath, query: CredentialQuery) -> bool | None:
    """Tell what a query says about keeping what lies at a place: yes, where it says so of anything there."""
    said = {one.intent_to_retain for one in query.claims if _below(place, one.path)} - {None}
    return any(said) if said else None


def lines_of(holding: Holding) -> Iterator[tuple[ClaimPath, Line]]:
    """Give every claim of a card in the order of its type, each with where it lies in the document.

    The number that ties cards together has no value here: each copy has another.
    """
    own = {FORMATS[holding.format].place(holding.type, one): one for one in holding.type.attributes}
    rank = {place: index for index, place in enumerate(own)}
    # issuer and validity are shown beside the claims; the rest of what is technical says nothing about the person
    technical = FORMATS[holding.format].technical
    leaves = [leaf for leaf in _leaves((), holding.document) if leaf[0][0] not in technical]
    leaves.sort(key=lambda leaf: min((rank[one] for one in own if _below(leaf[0], one)), default=len(rank)))
    for place, value in leaves:
        found = next((one for where, one in own.items() if _below(place, where)), None)
        if found is None:
            name = _spelled(place)
            label = holding.type.called(place) or {"nl": name, "en": name}
            yield place, Line(path=place, label=label, value=value)
            continue
        path = (*found.path, *place[len(FORMATS[holding.format].place(holding.type, found)) :])
        shown = None if found.path == SET.path else value
        yield place, Line(path=path, label=found.label, value=shown, sensitive=found.sensitive)


def _leaves(path: ClaimPath, value: Json) -> Iterator[tuple[ClaimPath, Json]]:
    if isinstance(value, Mapping) and (value or not path):
        for name, member in value.items():
            yield from _leaves((*path, name), member)
    elif isinstance(value, list | tuple) and value:
        for index, element in enumerate(value):
            yield from _leaves((*path, index), element)
    else:
        yield path, value


def _below(path: ClaimPath, above: ClaimPath) -> bool:
    return path[: len(above)] == above


def _spelled(path: ClaimPath | None) -> str:
    """Write a path on one line, whatever names a stranger chose."""
    if path is None:
        return "the credential"
    names = ("*" if part is None else str(part) for part in path)
    return ".".join(name if name.isprintable() else ascii(name) for name in names)
