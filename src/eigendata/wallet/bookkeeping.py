"""What each transaction of a wallet does to its records: what has had its time goes, what is shown is spent.

Every function here works inside one transaction of the vault, on what that transaction sees, so that none of it can
come true without the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Final

from eigendata.wallet.records import Delivery, Holding, Kind, PendingKey, Restored, Sent, Session, all_spent, available
from eigendata.wallet.vault import Writing

if TYPE_CHECKING:
    from eigendata.wallet.receiving import Received

KEY_AGE: Final = timedelta(days=30)
"""How long a key waits for its credential: issuing that needs a clerk may take days, and nobody else has the key."""
ANSWER_AGE: Final = timedelta(days=1)
"""How long an answer is kept to be sent again after a failure; the request it answers is over long before."""


def holdings(writing: Writing) -> dict[bytes, Holding]:
    return {name: Holding.read(body) for name, body in writing.records(Kind.HOLDING).items()}


def session_of(writing: Writing, name: bytes) -> Session:
    body = writing.records(Kind.SESSION).get(name)
    return Session() if body is None else Session.read(body)


def tidy(writing: Writing, at: datetime) -> None:
    """Forget what has had its time: unclaimed keys, answers long past, copies that expired."""
    for name, body in writing.records(Kind.PENDING_KEY).items():
        if PendingKey.read(body).made_at + KEY_AGE < at:
            writing.remove(name)
    for name, body in writing.records(Kind.SENT).items():
        if is_past(Sent.read(body), at):
            writing.remove(name)
    for name, body in writing.records(Kind.DELIVERY).items():
        if is_past(Delivery.read(body), at):
            writing.remove(name)
    for name, holding in holdings(writing).items():
        if holding.copies and holding.expires_at <= at:
            for copy in holding.copies.values():
                writing.remove(copy)
            writing.put(Kind.HOLDING, replace(holding, copies={}).written(), id=name)


def is_past(answer: Sent | Delivery, at: datetime) -> bool:
    """Tell whether an answer was agreed to too long ago to be sent again."""
    return answer.at + ANSWER_AGE < at


def remove(writing: Writing, name: bytes, holding: Holding) -> None:
    for copy in holding.copies.values():
        writing.remove(copy)
    writing.remove(name)


def replace_older(writing: Writing, received: Received, holdings: Mapping[bytes, Holding]) -> None:
    """Take away what a new card makes old: of a register's type there is one truth, of others one for each issuer."""
    for name, holding in holdings.items():
        one_truth = received.type.register or holding.issuer.id == received.issuer.party.id
        if holding.type.id == received.type.id and holding.format == received.format and one_truth:
            remove(writing, name, holding)


def drop_empty_sessions(writing: Writing) -> None:
    """Forget the sessions that nothing is of; one whose keys still wait would else show its numbers a second time."""
    used = {holding.session for holding in holdings(writing).values()}
    used |= {PendingKey.read(body).session for body in writing.records(Kind.PENDING_KEY).values()}
    for name in writing.records(Kind.SESSION):
        if name not in used:
            writing.remove(name)


def spend(writing: Writing, cards: Sequence[Holding], verifier: str) -> dict[bytes, int]:
    """Settle for each session which number this verifier sees: the one it saw before, else one that nobody saw.

    Raises:
        Declined: there is none (`nothing_fits`).
    """
    numbers: dict[bytes, int] = {}
    for name in dict.fromkeys(card.session for card in cards):
        session = session_of(writing, name)
        spent_at = available({name: session.spent}, [card for card in cards if card.session == name])
        seen = [number for number, by in spent_at.items() if by == verifier]
        fresh = [number for number, by in spent_at.items() if by is None]
        if not seen and not fresh:
            raise all_spent()
        numbers[name] = (seen or fresh)[0]
        if not seen:
            writing.put(Kind.SESSION, session.spend(numbers[name], verifier).written(), id=name)
    return numbers


class Since(Enum):
    """What became of a wallet after its backup was made, as its holder says."""

    UNKNOWN = "it may have been used"
    UNUSED = "it was not used, and never will be"


def settle(writing: Writing, since: Since, *, made_at: datetime, at: datetime) -> None:
    """Make what came out of a backup fit to be used.

    A number that looks unspent in a backup may have been spent after it was made, and then whoever sees it next could
    tell that it is the same person. So it is given to nobody, and neither is one of a session whose credentials may
    have come since.
    """
    tidy(writing, at)
    withheld = keys = 0
    if since is Since.UNKNOWN:
        for name in writing.records(Kind.PENDING_KEY):
            writing.remove(name)
            keys += 1
        cards = [one for one in holdings(writing).values() if one.copies]
        for name in {one.session for one in cards}:
            session = session_of(writing, name)
            numbers = [number for one in cards if one.session == name for number in one.copies]
            withheld += sum(number not in session.spent for number in numbers)
            writing.put(Kind.SESSION, session.withhold(numbers).written(), id=name)
        drop_empty_sessions(writing)
    restored = Restored(at=at, made_at=made_at, withheld=withheld, keys=keys)
    writing.put(Kind.RESTORED, restored.written())
