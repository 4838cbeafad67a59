"""The wallet: a resident's cards, and the only door through which anything of them leaves.

    challenge -> prove_new_keys -> proofs          the keys are kept before their proofs leave
    Issuance  -> add -> cards                      verified first; all copies are kept, or none
    Request   -> consider -> Proposal -> accept -> Consent -> disclose -> Answer

It keeps to itself which copy goes to whom. Copies with one number, of every type of a session, are spent together at
one verifier, who sees the same ones again; no two verifiers see one copy, because by it they could tell that it is the
same person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Generic, NoReturn, Protocol, Self, TypeVar

from eigendata import late
from eigendata import query as dcql
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import json_dumps
from eigendata.errors import Check, Misuse, Reason, Rejected, Trail
from eigendata.formats import FORMATS
from eigendata.formats.protocol import IssuerSource
from eigendata.model import (
    NO_OTHERS,
    Answer,
    CredentialType,
    Issuance,
    Issued,
    Party,
    Types,
    utc,
)
from eigendata.wallet.file import require_free
from eigendata.wallet.sealing import MODERATE, Cost
from eigendata.wallet.vault import RESERVED, Record, Vault, Writing

if TYPE_CHECKING:
    from eigendata.proofs import Challenge
    from eigendata.query import Held, Request
    from eigendata.wallet import bookkeeping
    from eigendata.wallet import records as kept
    from eigendata.wallet.bookkeeping import Since
    from eigendata.wallet.consent import Consent, Line, Proposal
    from eigendata.wallet.receiving import Received
else:
    bookkeeping = late.Module("eigendata.wallet.bookkeeping")
    kept = late.Module("eigendata.wallet.records")

T = TypeVar("T")

CHALLENGE_FRESH: Final = Check(
    name="CHALLENGE_FRESH",
    clause="OpenID4VCI 1.0 7.2",
    reason=Reason.NONCE_INVALID,
    rule="the issuer's challenge has not expired",
)


class Verifiers(Protocol):
    """Knows whom a law entitles to what. `eigendata.trust.Trust` is one."""

    def verifier(self, name: str, /) -> Entitled:
        """Give a verifier by its client identifier.

        Raises:
            Rejected: it is not known.
        """


class Entitled(Protocol):
    @property
    def entitled(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One credential in the wallet, without what it says; `Wallet.show` tells that.

    Attributes:
        copies: how many verifiers more can be shown it; 0 also when it expired, or is withheld after a restore.
    """

    id: str
    type: CredentialType
    issuer: Party
    format: str
    added_at: datetime
    expires_at: datetime
    copies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A card and what it says, for its holder's own eyes."""

    card: Card
    lines: tuple[Line, ...] = field(repr=False)


class Wallet:
    """An open wallet. Close it, or use it as a context manager; what was returned is on the disk before that."""

    def __init__(self, vault: Vault, *, types: Types = NO_OTHERS) -> None:
        self._vault = vault
        self._types = types
        self._sessions = _Shelf(kept.Session.read)
        self._holdings = _Shelf(partial(kept.Holding.read, types=types))
        self._lines = _Shelf(kept.Shown.read)

    @classmethod
    def create(
        cls, path: Path | str, passphrase: bytes | str, *, types: Types = NO_OTHERS, cost: Cost = MODERATE
    ) -> Self:
        """Make a new wallet in a file of its own; `types` as in `open`.

        Raises:
            Misuse: there is something at the path already, or the passphrase is empty or too long.
            Unavailable: the file cannot be written.
        """
        return cls(Vault.create(Path(path), passphrase, cost=cost), types=types)

    @classmethod
    def open(cls, path: Path | str, passphrase: bytes | str, *, types: Types = NO_OTHERS) -> Self:
        """Open a wallet.

        Args:
            types: types that others declare, by their ids; what they are called is shown, and what they demand of a
                credential is checked when one is added. They say nothing of our own types.

        Raises:
            Rejected: the passphrase is wrong or the file is damaged; which of the two is not said (`cannot_open`).
            Misuse: there is no such file, or others may read it.
            Unavailable: another process keeps it locked.
        """
        return cls(Vault.open(Path(path), passphrase), types=types)

    def close(self) -> None:
        self._vault.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def change_passphrase(self, passphrase: bytes | str, *, cost: Cost = MODERATE) -> None:
        """Let another passphrase open this wallet from now on, and this one no longer.

        Raises:
            Misuse: the passphrase is empty or too long.
            Unavailable: another process is writing.
        """
        self._vault.change_passphrase(passphrase, cost=cost)

    def back_up(self, path: Path | str, passphrase: bytes | str, *, at: datetime, cost: Cost = MODERATE) -> None:
        """Seal all that is in this wallet, as it stands now, into one new file that only this passphrase opens.

        The passphrase may be the wallet's. A later change of the one does not change the other.

        Raises:
            Misuse: there is something at the path already, or the passphrase is empty or too long.
            Unavailable: the file cannot be written; nothing is left of it.
        """
        from eigendata.wallet.backup import Backup

        backup = Backup(made_at=utc(at), kept=self._vault.kept())
        backup.write(Path(path), passphrase, cost=cost)

    @classmethod
    def restore(
        cls,
        path: Path | str,
        passphrase: bytes | str,
        *,
        backup: Path | str,
        since: Since,
        at: datetime,
        cost: Cost = MODERATE,
    ) -> Self:
        """Make a new wallet of a backup: all of it, or none.

        Args:
            passphrase: the backup's; the new wallet gets the same one.
            since: what became of the wallet after the backup was made. A copy that was shown since looks new in the
                backup, and who sees it next could tell that it is you. So with `UNKNOWN` no copy is shown to anybody
                new, keys that wait for a credential are forgotten, and new cards are to be collected. `UNUSED` is for
                a wallet that moved: nothing was shown after the backup, and the old one is never used again.

        Raises:
            Rejected: the passphrase is wrong, or the backup is damaged or none (`cannot_open`).
            Malformed: a later version of eigendata made it.
            Misuse: there is something at the path already, or no backup.
            Unavailable: the backup cannot be read, or the file cannot be written.
        """
        from eigendata.wallet.backup import Backup

        at = utc(at)
        require_free(Path(path))
        found = Backup.read(Path(backup), passphrase)
        kept.require_readable(found.kept.records.values())
        writing = Writing(found.kept.records)
        bookkeeping.settle(writing, since, made_at=found.made_at, at=at)
        return cls(Vault.create(Path(path), passphrase, cost=cost, kept=found.kept.after(writing, reserved=RESERVED)))

    # -- receiving ----------------------------------------------------------------------------------------------------

    def prove_new_keys(self, challenge: Challenge, *, copies: int, at: datetime) -> tuple[bytes, ...]:
        """Make a key for every copy of every credential of a challenge, keep them, and prove that they are held.

        A type that is offered in two formats is two credentials.

        Keys that waited longer than `bookkeeping.KEY_AGE` for their credential are forgotten.

        Raises:
            Rejected: the challenge has expired (`nonce_invalid`).
            Misuse: more or fewer copies or credentials than a session holds.
            Unavailable: another process is writing; no proof was made.

        Source: OpenID4VCI 1.0 section 8.2.1.1 and appendix F.1.
        """
        from eigendata import proofs  # late, as all that only one method needs: a wallet opens at once

        at = utc(at)
        if not 1 <= copies <= kept.MAX_COPIES or not 1 <= challenge.credentials <= kept.MAX_TYPES:
            raise Misuse(f"a session holds 1 to {kept.MAX_TYPES} credentials of 1 to {kept.MAX_COPIES} copies each")
        Trail().require(CHALLENGE_FRESH, at < challenge.expires_at)
        keys = [SoftwareKey.generate(one) for one in _algorithms(challenge) for _ in range(copies)]
        made = proofs.prove(challenge, keys, at=at)
        with self._vault.writing() as writing:
            bookkeeping.tidy(writing, at)
            for key in keys:
                pending = kept.PendingKey(
                    session=_session_of(challenge),
                    issuer=challenge.audience,
                    types=tuple(challenge.types),
                    thumbprint=key.public_key.thumbprint(),
                    made_at=at,
                    key=kept.SealedKey.of(key),
                )
                writing.put(kept.Kind.PENDING_KEY, pending.written())
        return made

    def add(self, issuance: Issuance | Issued, *, trust: IssuerSource, at: datetime) -> tuple[Card, ...]:
        """Verify what an issuer sent, and keep all of it or nothing.

        Newer cards take the place of older ones of their type.

        Raises:
            Malformed: a copy is no credential.
            Rejected: something in it is not to be trusted, or was not asked for.
            Declined: it is about someone else than whose cards these are (`other_subject`).
            Misuse: there is nothing in it, or more than a session holds.
            Unavailable: another process is writing; nothing was kept.
        """
        from eigendata.wallet import receiving

        at = utc(at)
        issued = issuance.issued if isinstance(issuance, Issuance) else (issuance,)
        received = receiving.verify_issued(issued, trust, types=self._types, at=at)
        with self._vault.writing() as writing:
            bookkeeping.tidy(writing, at)
            waiting = {
                name: kept.PendingKey.read(body) for name, body in writing.records(kept.Kind.PENDING_KEY).items()
            }
            by_thumbprint = {key.thumbprint: (name, key) for name, key in waiting.items()}
            holdings, added = bookkeeping.holdings(writing), set()
            first = by_thumbprint.get(received[0].keys[0].thumbprint())
            session_id = first[1].session if first else b""
            session = bookkeeping.session_of(writing, session_id)
            receiving.require_ours(
                received,
                {thumbprint: key for thumbprint, (_, key) in by_thumbprint.items()},
                tied=session.sets,
                cards=tuple(holdings.values()),
            )
            for one in received:
                session = replace(session, sets={**session.sets, **one.sets})
                bookkeeping.replace_older(writing, one, holdings)
                copies = {}
                for number, (token, public) in enumerate(zip(one.tokens, one.keys, strict=True)):
                    name, key = by_thumbprint[public.thumbprint()]
                    writing.remove(name)
                    copies[number] = writing.put(
                        kept.Kind.COPY, kept.Copy(token=token, key=key.key).written(one.format)
                    )
                added.add(writing.put(kept.Kind.HOLDING, _holding(one, session_id, copies, at).written()).hex())
            writing.put(kept.Kind.SESSION, session.written(), id=session_id)
            bookkeeping.drop_empty_sessions(writing)
        return tuple(card for card in self.cards() if card.id in added)

    # -- looking ------------------------------------------------------------------------------------------------------

    def cards(self) -> tuple[Card, ...]:
        """Give every card, in the order of their types' ids and then the newest first."""
        holdings, sessions = self._stored()
        cards = [_card(name, one, sessions[one.session]) for name, one in holdings.items()]
        return tuple(sorted(cards, key=lambda card: (card.type.id, -card.added_at.timestamp(), card.id)))

    def show(self, card: Card | str) -> Contents:
        """Give what a card says.

        Raises:
            Misuse: there is no such card.
        """
        from eigendata.wallet.consent import lines_of

        holdings, sessions = self._stored()
        name = _named(card, holdings)
        holding = holdings[name]
        lines = tuple(line for _, line in lines_of(holding))
        return Contents(card=_card(name, holding, sessions[holding.session]), lines=lines)

    def remove(self, card: Card | str) -> None:
        """Throw a card away, with its copies and their keys.

        Raises:
            Misuse: there is no such card.
            Unavailable: another process is writing.
        """
        with self._vault.writing() as writing:
            holdings = bookkeeping.holdings(writing)
            name = _named(card, holdings)
            bookkeeping.remove(writing, name, holdings[name])
            bookkeeping.drop_empty_sessions(writing)

    def history(self) -> tuple[kept.Shown, ...]:
        """Give what was shown to whom, when, why and until when; the oldest first. It holds no values."""
        return tuple(self._lines.values(self._vault.records(kept.Kind.SHOWN)).values())

    def restorations(self) -> tuple[kept.Restored, ...]:
        """Give each time that this wallet was restored from a backup, the oldest first."""
        records = sorted(self._vault.records(kept.Kind.RESTORED).values(), key=lambda one: one.version)
        return tuple(kept.Restored.read(one.body) for one in records)

    # -- showing ------------------------------------------------------------------------------------------------------

    def consider(self, request: Request, *, at: datetime, verifiers: Verifiers | None = None) -> Proposal:
        """Say what answering a request would show. Nothing is spent or written.

        Args:
            verifiers: whom a law entitles to what; without it nobody is entitled to what is shown by law only.

        Raises:
            Declined: nothing that is held answers the request (`nothing_fits`).
        """
        from eigendata.wallet.consent import Stock, propose

        at = utc(at)
        holdings, sessions = self._stored()
        cards = {name.hex(): one for name, one in holdings.items() if one.copies and at < one.expires_at}
        matches = dcql.match(request.query, (_held(name, one) for name, one in cards.items()))
        stock = Stock(cards=cards, numbers={name: one.spent for name, one in sessions.items()})
        return propose(request, matches, stock, entitled=_entitled(request, verifiers))

    def disclose(self, consent: Consent, *, at: datetime) -> Answer:
        """Answer a request as its holder agreed to.

        The copies, the history and the answer itself are written in one transaction before anything is returned. Who
        agrees to the very same again gets the same answer, byte for byte, for as long as `bookkeeping.ANSWER_AGE`.

        Raises:
            Declined: a card is gone or expired since, or every copy was shown to someone else (`nothing_fits`).
            Unavailable: another process is writing; nothing was spent.
        """
        from eigendata.wallet import showing

        at = utc(at)
        with self._vault.writing() as writing:
            return showing.answer(writing, consent.proposal.request, consent.proposal.offered, at=at)

    def enclose(self, consent: Consent, *, write: Callable[[Answer, Request], bytes], at: datetime) -> kept.Delivery:
        """Answer a request as `disclose` does, and keep what is to be posted until somebody took it.

        Answer, history and what is posted are written in one transaction before anything is returned, so that whatever
        happens on the way, what is sent again is the very same, byte for byte.

        Args:
            write: makes what is posted of the answer, without going anywhere: `openid.vp.answer_form`. It is called
                once for one consent, however often this is.

        Raises:
            Declined: as `disclose`.
            Misuse: what is posted is larger than a vault keeps.
            Unavailable: another process is writing; nothing was spent.
        """
        from eigendata.wallet import showing

        at = utc(at)
        proposal = consent.proposal
        with self._vault.writing() as writing:
            return showing.delivery(writing, proposal.request, proposal.offered, write=write, at=at)

    def deliveries(self, *, at: datetime) -> tuple[kept.Delivery, ...]:
        """Give what is on its way: nobody is known to have taken it. The oldest first.

        What was agreed to longer than `bookkeeping.ANSWER_AGE` ago is not among it, forgotten already or not.
        """
        at = utc(at)
        records = sorted(self._vault.records(kept.Kind.DELIVERY).values(), key=lambda one: one.version)
        waiting = (kept.Delivery.read(one.body) for one in records)
        return tuple(one for one in waiting if not bookkeeping.is_past(one, at))

    def delivered(self, delivery: kept.Delivery) -> None:
        """Forget what was posted: somebody took it, or refused it for good.

        Raises:
            Unavailable: another process is writing.
        """
        with self._vault.writing() as writing:
            name = bytes.fromhex(delivery.id)
            if name in writing.records(kept.Kind.DELIVERY):
                writing.remove(name)

    def _stored(self) -> tuple[dict[bytes, kept.Holding], dict[bytes, kept.Session]]:
        holdings, sessions = self._vault.snapshot(kept.Kind.HOLDING, kept.Kind.SESSION)
        return self._holdings.values(holdings), self._sessions.values(sessions)

    def __repr__(self) -> str:
        return f"<Wallet in {self._vault!r}>"

    def __reduce__(self) -> NoReturn:
        raise Misuse("a wallet is not pickled")


class _Shelf(Generic[T]):
    """The values of one kind of record, in the order they were written; each is read once for each of its versions."""

    def __init__(self, read: Callable[[bytes], T]) -> None:
        self._read = read
        self._known: dict[bytes, tuple[Record, T]] = {}

    def values(self, records: Mapping[bytes, Record]) -> dict[bytes, T]:
        known = self._known
        self._known = now = {
            name: known[name] if name in known and known[name][0] is record else (record, self._read(record.body))
            for name, record in sorted(records.items(), key=lambda item: item[1].version)
        }
        return {name: value for name, (_, value) in now.items()}


def _named(card: Card | str, holdings: Mapping[bytes, kept.Holding]) -> bytes:
    with suppress(ValueError):
        name = bytes.fromhex(card.id if isinstance(card, Card) else card)
        if name in holdings:
            return name
    raise Misuse("there is no such card in this wallet")


# -- between the stored and the shown ---------------------------------------------------------------------------------


def _holding(received: Received, session: bytes, copies: Mapping[int, bytes], at: datetime) -> kept.Holding:
    return kept.Holding(
        session=session,
        type=received.type,
        format=received.format,
        issuer=received.issuer.party,
        authority_key_ids=received.issuer.authority_key_ids,
        document=received.first.document,
        withheld=received.first.revealed,
        added_at=at,
        expires_at=received.expires_at,
        copies=copies,
    )


def _card(name: bytes, holding: kept.Holding, session: kept.Session) -> Card:
    return Card(
        id=name.hex(),
        type=holding.type,
        issuer=holding.issuer,
        format=holding.format,
        added_at=holding.added_at,
        expires_at=holding.expires_at,
        copies=sum(number not in session.spent for number in holding.copies),
    )


def _held(name: str, holding: kept.Holding) -> Held:
    return dcql.Held(
        id=name,
        format=holding.format,
        type_id=FORMATS[holding.format].type_id(holding.type),
        document=holding.document,
        authority_key_ids=holding.authority_key_ids,
        bound=True,
    )


def _entitled(request: Request, verifiers: Verifiers | None) -> frozenset[str]:
    if verifiers is None or not request.asker.proven:
        return frozenset()
    try:
        return frozenset(verifiers.verifier(request.asker.party.id).entitled)
    except Rejected:
        return frozenset()


def _algorithms(challenge: Challenge) -> tuple[Algorithm, ...]:
    """Give the algorithm of the key of each credential of a challenge: every type, in each format in turn."""
    preferred = [FORMATS[one].holder_algorithms[0] if one in FORMATS else Algorithm.ES256 for one in challenge.formats]
    return tuple(preferred or [Algorithm.ES256]) * len(challenge.types)


def _session_of(challenge: Challenge) -> bytes:
    return hashlib.sha256(json_dumps([challenge.audience, challenge.nonce])).digest()[:16]
