"""What an issuer sent, before any of it is kept: every copy verified, and all of it about the one whose wallet it is.

    Issued + trust -> verify_issued -> Received -> require_together (one issuer, one person, copies tied) -> cards

Nothing is stored here. What can be said of the copies alone is checked first; what needs the vault (whose keys, whose
card) comes after, inside the transaction that stores them, so that two processes cannot both be right.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from eigendata import schemas
from eigendata.crypto.keys import PublicKey
from eigendata.encoding import thaw
from eigendata.errors import Check, Declined, Misuse, Reason, Trail, within
from eigendata.formats import FORMATS
from eigendata.formats.protocol import IssuerSource, canonical
from eigendata.model import NO_OTHERS, Authentic, ClaimPath, Claims, CredentialType, Issued, TrustedIssuer, Types
from eigendata.registers.catalogue import SET, SUBJECT
from eigendata.trust import require_jurisdiction
from eigendata.wallet.records import MAX_COPIES, MAX_TYPES, Holding, PendingKey, type_of

KEYS_OURS: Final = Check(
    name="KEYS_OURS",
    clause="OpenID4VCI 1.0 8.2",
    reason=Reason.KEY_BINDING_INVALID,
    rule="every copy is bound to a key that this wallet proved in one session and still waits for, and of an algorithm "
    "of its format",
)
KEYS_DIFFER: Final = Check(
    name="KEYS_DIFFER",
    clause="OpenID4VCI 1.0 3.3.2",
    reason=Reason.KEY_BINDING_INVALID,
    rule="no two copies are bound to one key",
)
ISSUER_ASKED: Final = Check(
    name="ISSUER_ASKED",
    clause="OpenID4VCI 1.0 13.8",
    reason=Reason.UNTRUSTED_ISSUER,
    rule="the issuer is the one whose challenge the keys answered",
)
TYPE_OFFERED: Final = Check(
    name="TYPE_OFFERED",
    clause="OpenID4VCI 1.0 8.2",
    reason=Reason.TYPE_MISMATCH,
    rule="the type is one that the challenge offered, and each type comes once in a format",
)
COPIES_AGREE: Final = Check(
    name="COPIES_AGREE",
    clause="OpenID4VCI 1.0 3.3.2",
    reason=Reason.DISCLOSURE_INVALID,
    rule="all copies say the same, and nothing but the number that ties them tells them apart",
)
FORMATS_AGREE: Final = Check(
    name="FORMATS_AGREE",
    clause="eigendata catalogue 6",
    reason=Reason.DISCLOSURE_INVALID,
    rule="a type that comes in several formats of one session says the same in each",
)
COPIES_TIED: Final = Check(
    name="COPIES_TIED",
    clause="eigendata catalogue 6",
    reason=Reason.DIFFERENT_SUBJECTS,
    rule="copies with one number are tied by one value of `set` in every type and format of the session, and others by "
    "others",
)
ONE_SUBJECT: Final = Check(
    name="ONE_SUBJECT",
    clause="eigendata catalogue 6",
    reason=Reason.DIFFERENT_SUBJECTS,
    rule="family name, given name and birth date are the same wherever they are stated",
)
CHECKS: Final = (
    COPIES_AGREE,
    KEYS_DIFFER,
    ONE_SUBJECT,
    KEYS_OURS,
    ISSUER_ASKED,
    TYPE_OFFERED,
    COPIES_TIED,
    FORMATS_AGREE,
)
"""In the order they are taken; those of the format, of trust and of the schema come before them."""

# What a token has of its own in every copy, beside the claims.
_OF_ONE_COPY: Final = frozenset({"cnf", "status", "jti"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One credential in n copies, verified; still nobody's.

    Attributes:
        claims: of the first copy, under the type's own paths.
        sets: number -> what ties the copies with this number; empty where the type has no such claim.
    """

    type: CredentialType
    format: str
    issuer: TrustedIssuer
    tokens: tuple[bytes, ...] = field(repr=False)
    keys: tuple[PublicKey, ...]
    first: Authentic
    claims: Claims = field(repr=False)
    sets: Mapping[int, str] = field(repr=False)
    expires_at: datetime


def verify_issued(
    issued: Sequence[Issued], source: IssuerSource, *, types: Types = NO_OTHERS, at: datetime
) -> tuple[Received, ...]:
    """Verify every copy of every credential of one session, and that they belong together.

    Args:
        types: types that others declare.

    Raises:
        Malformed: a copy is no credential.
        Rejected: a copy is not genuine, not in time, not fit for its type's schema, or does not belong with the rest.
        Misuse: there is nothing, or more than a session holds.
    """
    if not 1 <= len(issued) <= MAX_TYPES or any(not 1 <= len(one.copies) <= MAX_COPIES for one in issued):
        raise Misuse(f"a session holds 1 to {MAX_TYPES} credentials of 1 to {MAX_COPIES} copies each")
    trail = Trail()
    received = []
    for one in issued:
        with within(one.type.short):
            received.append(_verify(one, source, type_of(one.type.id, types), at, trail))
    keys = [key for one in received for key in one.keys]
    trail.require(KEYS_DIFFER, len(set(keys)) == len(keys))
    trail.require(ONE_SUBJECT, _is_one_subject(one.claims for one in received))
    return tuple(received)


def require_ours(
    received: Sequence[Received],
    pending: Mapping[bytes, PendingKey],
    *,
    tied: Mapping[int, str],
    cards: Sequence[Holding],
) -> bytes:
    """Check against what the vault holds, and give the session that the credentials are of.

    Args:
        pending: the keys that wait, by their thumbprint.
        tied: what the session's copies that are kept already are tied by.
        cards: the cards that are kept already.

    Raises:
        Rejected: they were not asked for.
        Declined: they are about someone else than whose cards these are (`other_subject`).
    """
    trail = Trail()
    waiting = [trail.some(KEYS_OURS, pending.get(key.thumbprint())) for one in received for key in one.keys]
    trail.require(KEYS_OURS, len({key.session for key in waiting}) == 1)
    trail.require(ISSUER_ASKED, {one.issuer.party.id for one in received} == {waiting[0].issuer})
    credentials = {(one.type.id, one.format) for one in received}
    offered = {one.type.id for one in received} <= set(waiting[0].types)
    trail.require(TYPE_OFFERED, offered and len(credentials) == len(received))
    trail.require(COPIES_TIED, _are_tied([*(one.sets for one in received), tied]))
    beside = (card for card in cards if (card.type.id, card.format) not in credentials)  # the others are replaced
    kept = [card for card in beside if card.session == waiting[0].session]
    says = [*((one.type, one.claims) for one in received), *((card.type, claims_of(card)) for card in kept)]
    trail.require(FORMATS_AGREE, _says_one_thing(says))
    if not _is_one_subject([*(one.claims for one in received), *map(subject_of, cards)]):
        raise Declined(Reason.OTHER_SUBJECT, "this is about somebody else than the cards in this wallet")
    return waiting[0].session


def claims_of(card: Holding) -> Claims:
    """Give the claims of a card under its type's own paths."""
    return canonical(FORMATS[card.format], card.type, card.document, _own(card.type))


def subject_of(card: Holding) -> Claims:
    """Give the claims of a card that say who it is about."""
    return canonical(FORMATS[card.format], card.type, card.document, _WHO)


def _verify(issued: Issued, source: IssuerSource, known: CredentialType, at: datetime, trail: Trail) -> Received:
    # `known`: the labels and the rules of a type are our own, whatever is declared elsewhere under its name.
    if issued.format not in FORMATS:
        raise Misuse(f"the format {issued.format} is not known here")
    reader = FORMATS[issued.format]
    authentics: list[Authentic] = []
    every: list[Claims] = []
    for number, token in enumerate(issued.copies):
        with within(number):
            authentic = reader.parse_credential(token).verify((known,), trust=source, at=at)
            authentics.append(authentic)
            every.append(canonical(reader, known, authentic.document, _own(known)))
            require_jurisdiction(authentic.issuer, known, every[-1], trail)
    if known.attributes:  # of a type of others no schema is known
        schemas.validate(known, every[0])
    tied = reader.place(known, SET) if known.attributes else SET.path
    said = {_said(one, tied, _OF_ONE_COPY & reader.technical) for one in authentics}
    trail.require(COPIES_AGREE, len(said) == 1)
    keys = tuple(one.holder for one in authentics if isinstance(one.holder, PublicKey))
    fit = all(key.algorithm in reader.holder_algorithms for key in keys)  # with another it could never be shown
    trail.require(KEYS_OURS, len(keys) == len(authentics) and fit)
    sets = {number: tie for number, claims in enumerate(every) if isinstance(tie := claims.get(SET.path[0]), str)}
    trail.require(COPIES_TIED, len(sets) in (0, len(every)) and len(set(sets.values())) == len(sets))
    return Received(
        type=known,
        format=issued.format,
        issuer=authentics[0].issuer,
        tokens=issued.copies,
        keys=keys,
        first=authentics[0],
        claims=every[0],
        sets=sets,
        expires_at=authentics[0].expires_at,
    )


_WHO: Final = tuple(one.path for one in SUBJECT)


def _own(known: CredentialType) -> tuple[tuple[str, ...], ...]:
    return tuple(one.path for one in known.attributes) or (*_WHO, SET.path)


def _said(one: Authentic, tie: ClaimPath, own: Set[str]) -> str:
    """Give all that a copy says as one text, without what each copy has of its own."""
    said = {name: value for name, value in without(one.document, tie).items() if name not in own}
    shown = [path for path in one.revealed if path[0] not in own and path[: len(tie)] != tie]
    return json.dumps([thaw(said), sorted(map(repr, shown)), str(one.expires_at), one.issuer.party.id], sort_keys=True)


def without(claims: Claims, place: ClaimPath) -> Claims:
    """Give claims without the one at a place; an object that it lies in stays, be it empty."""
    first, *rest = place
    left = {name: value for name, value in claims.items() if name != first}
    inside = claims.get(first) if isinstance(first, str) else None
    if rest and isinstance(first, str) and isinstance(inside, Mapping):
        left[first] = without(inside, tuple(rest))
    return left


def _are_tied(several: Iterable[Mapping[int, str]]) -> bool:
    number_of: dict[str, int] = {}
    tie_of: dict[int, str] = {}
    for sets in several:
        for number, tie in sets.items():
            if number_of.setdefault(tie, number) != number or tie_of.setdefault(number, tie) != tie:
                return False
    return True


def _says_one_thing(several: Iterable[tuple[CredentialType, Claims]]) -> bool:
    """Tell whether each type of a register says one thing; what a type of others is in each format is theirs to say."""
    said: dict[str, set[str]] = {}
    for known, claims in several:
        if known.register:
            text = json.dumps(thaw(without(claims, SET.path)), sort_keys=True)
            said.setdefault(known.id, set()).add(text)
    return all(len(texts) == 1 for texts in said.values())


def _is_one_subject(several: Iterable[Claims]) -> bool:
    stated: dict[str, object] = {}
    return all(
        stated.setdefault(name, claims[name]) == claims[name]
        for claims in several
        for (name,) in _WHO
        if name in claims
    )
