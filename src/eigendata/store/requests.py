"""The requests by which a party is asked: offered, fetched, taken under a lease, and concluded once."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from eigendata import late
from eigendata.errors import Misuse, Rejected, Unavailable
from eigendata.model import utc
from eigendata.once import TAKEN
from eigendata.store.part import Part, id_digest, milliseconds, moment, new_id, require_names, secret
from eigendata.store.records import (
    AWAITED,
    KNOWN,
    MAX_PARTY_REQUESTS,
    RESPONSE_CODE,
    Conclusion,
    Device,
    Event,
    Fetched,
    Lease,
    Offered,
    Redeemed,
    State,
)
from eigendata.store.sealing import digest

if TYPE_CHECKING:
    from eigendata.store import statements
    from eigendata.store.database import Row, Run, Value
else:
    statements = late.Module("eigendata.store.statements")

TOKEN_SIZE: Final = 16
"""Octets of a lease's token and of an event's id."""

_STORED: Final = ("id", "check", "role", "desk", "device", "state", "kid", "nonce", "session", "sealed")
"""A request as a row gives it."""


class Leases:
    """The nonces of the leases that this process holds: each is taken once, while its lease lasts, and no other is.

    That no other process holds the same lease, and that the request is gone once concluded, is the database's doing.
    """

    def __init__(self) -> None:
        self._held: dict[bytes, float] = {}

    def take(self, kind: str, value: str, until: datetime) -> None:
        """Take the nonce of a lease that is held here.

        Raises:
            Rejected: it is of none, was taken before, or its lease ran out.
            Misuse: `until` is naive.
        """
        utc(until)
        if kind != "nonce" or self._held.pop(digest(value), 0.0) <= time.monotonic():
            raise Rejected(TAKEN)

    def hold(self, nonce: bytes, deadline: float) -> None:
        """Note a lease until a moment of the monotonic clock, and forget some that ran out unconcluded."""
        self._held[nonce] = deadline
        now = time.monotonic()
        for old in [one for one in list(islice(self._held, _SWEEP)) if self._held.get(one, now) < now]:
            self._held.pop(old, None)

    def drop(self, nonce: bytes) -> None:
        """Forget a lease that is over."""
        self._held.pop(nonce, None)


class Requests(Part):
    """The requests of a store; see `Store`."""

    once: Leases

    def offer(
        self,
        check: str,
        role: str,
        *,
        desk: str,
        device: Device,
        content: bytes,
        nonce: str,
        state: str,
        kid: str | None = None,
        session: str | None = None,
    ) -> Offered:
        """Make a request for a party that was not concluded. Those made before stay as they are.

        Args:
            content: what is needed to send it, and to read and verify its answer: with its private key.
            nonce: the nonce that its answer must be bound to.
            state, kid: by what its answer is found: its own state, or the id of the key that it is sealed to.
            session: on the same device, the session of the browser that it is made for.

        Raises:
            Rejected: there is no such party (any more), or it was concluded, or its time is over.
            Misuse: the session is missing on the same device, or is there across devices; or the content is too large.
            Unavailable: too many requests wait, or the database cannot be used now.
        """
        if (device is Device.SAME) != (session is not None):
            raise Misuse("a request for the same device has the session of its browser, and no other has one")
        require_names(desk, nonce, state, kid or state, session or state)
        new = new_id()
        row: dict[str, Value] = {
            "id": id_digest(new),
            "check": check,
            "role": role,
            "desk": desk,
            "device": str(device),
            "nonce": digest(nonce),
            "state": digest(state),
            "kid": None if kid is None else digest(kid),
            "session": None if session is None else digest(session),
            "fetch_for": self._lasting["fetch"],
            "answer_for": self._lasting["answer"],
            "most": MAX_PARTY_REQUESTS,
        }
        row["sealed"] = self._seals.seal(content, *_bound(row))

        def work(run: Run) -> Sequence[Row]:
            run.count(statements.OFFER, row)
            made = run.rows(statements.OFFERED, row)
            if not made and run.rows(statements.OPEN_PARTY, row):
                raise Unavailable("too many requests of one party wait for an answer")
            return made

        told = self._database.write(work)
        if not told:
            raise Rejected(KNOWN)
        ((fetch_until, answer_until),) = told
        return Offered(id=new, fetch_until=moment(fetch_until), answer_until=moment(answer_until))

    def fetch(self, id: str) -> Fetched:
        """Give a request that may still be fetched; as often as it is asked for.

        Raises:
            Rejected: it was never there, was answered, or is too old: which of them is not said; or it does not open.
            Unavailable: the database cannot be used now.
        """
        rows = self._database.read(lambda run: run.rows(statements.FETCH, {"id": id_digest(id)}))
        if not rows:
            raise Rejected(AWAITED)
        ((*stored, answer_until, fetched_at),) = rows
        row = dict(zip(_STORED, stored, strict=True))
        content = self._seals.open(row["sealed"], *_bound(row))
        if fetched_at is None:  # once, so that who fetches again and again writes nothing
            self._database.write(lambda run: run.count(statements.FETCHED, row), durable=False, alone=True)
        return Fetched(
            check=row["check"],
            role=row["role"],
            desk=row["desk"],
            device=Device(row["device"]),
            content=content,
            answer_until=moment(answer_until),
        )

    def take(self, *, state: str | None = None, kid: str | None = None) -> Lease:
        """Take the request that an answer belongs to, by one statement. It is ours while the lease lasts.

        Args:
            state, kid: by which of the two the answer is found.

        Raises:
            Rejected: it was never there, is taken, was answered, or is too old: which of them is not said.
            Rejected: what is stored does not open (`cannot_open`).
            Unavailable: the database cannot be used now. If the request was taken, its lease runs out.
            Misuse: both are given, or none.
        """
        handle = state if kid is None else kid
        if handle is None or (state is not None and kid is not None):
            raise Misuse("an answer is found by its state or by its key")
        token = os.urandom(TOKEN_SIZE)
        asked: dict[str, Value] = {
            "handle": digest(handle),
            "token": token,
            "lasting": self._lasting["lease"],
        }
        statement = statements.TAKE_BY_STATE if kid is None else statements.TAKE_BY_KID
        deadline = time.monotonic() + self._limits.lease.total_seconds()
        rows = self._database.write(lambda run: run.rows(statement, asked), durable=False, alone=True)
        if not rows:
            raise Rejected(AWAITED)
        row = dict(zip(_STORED, rows[0], strict=True))
        content = self._seals.open(row["sealed"], *_bound(row))
        self.once.hold(row["nonce"], deadline)
        return Lease(
            request=row["id"],
            token=token,
            check=row["check"],
            role=row["role"],
            desk=row["desk"],
            device=Device(row["device"]),
            page=self._seals.page(row["check"], row["role"]),
            content=content,
            nonce=row["nonce"],
            session=row["session"],
        )

    def conclude(self, lease: Lease, conclusion: Conclusion, *, events: Sequence[Event] = ()) -> str | None:
        """Say what became of a party, once and for good: by one transaction, which is on the disk when this returns.

        The request goes, and the party's others with it. Whatever is said of an answer to who sent it is said after.

        Args:
            events: what the desk's webhooks are told of it.

        Returns:
            The response code for the way back on the same device; None across devices.

        Raises:
            Rejected: the lease ran out, or the party was concluded by another request: nothing of this is kept.
            Unavailable: the database cannot be used now. If it is not kept, the lease runs out.
            Misuse: nothing can become `waiting` or `expired`, or what is to be kept is too large.
        """
        if conclusion.state in (State.WAITING, State.EXPIRED):
            raise Misuse("a party is concluded as answered, refused or declined")
        code = secret() if lease.session is not None else None
        row = self._concluded(lease, conclusion, code)
        told = [self._told(lease.desk, event) for event in events]
        tried = False

        def work(run: Run) -> None:
            nonlocal tried
            again, tried = tried, True
            # check, party, request: whoever locks several does so in this order, and nobody waits for each other
            run.count(statements.CONCLUDE_CHECK, row)
            if not run.count(statements.CONCLUDE_PARTY, row):
                if again and run.rows(statements.CONCLUDED, row):
                    return  # the answer to the first try was lost, and it was done
                raise Rejected(AWAITED)
            if not run.count(statements.CONCLUDE_REQUEST, row):
                raise Rejected(AWAITED)
            run.count(statements.CONCLUDE_OTHERS, row)
            run.count(statements.CONCLUDE_OUTCOME, row)
            for event in told:
                run.count(statements.TELL, event)

        try:
            self._database.write(work)
        finally:
            self.once.drop(lease.nonce)
        return code

    def give_back(self, lease: Lease) -> None:
        """Let a request wait again, where something that had to be asked did not answer.

        Raises:
            Unavailable: the database cannot be used now: the lease runs out.
        """
        self.once.drop(lease.nonce)
        row = {"request": lease.request, "token": lease.token}
        self._database.write(lambda run: run.count(statements.GIVE_BACK, row), durable=False, alone=True)

    def redeem(self, page: str, code: str, *, session: str, events: Sequence[Event] = ()) -> Redeemed:
        """Take a response code that came back to the page of its party, by one statement: so the answer counts.

        What was disclosed is kept from now on for its term; where no code comes back it is gone when the code is.

        Args:
            session: of the browser that brings it.
            events: what the desk's webhooks are told of it.

        Raises:
            Rejected: it is not of this page and session, came before, or is too old: which of them is not said.
            Unavailable: the database cannot be used now.
        """
        asked = {
            "of_page": digest(page),
            "given": digest(code),
            "session": digest(session),
            "token": os.urandom(TOKEN_SIZE),
        }

        def work(run: Run) -> Row:
            first = run.count(statements.REDEEM, asked)
            found = run.rows(statements.REDEEMED, asked)  # also where the answer to a first try was lost
            if not found:
                raise Rejected(RESPONSE_CODE)
            ((check, role, desk, keep),) = found
            if first:
                kept: dict[str, Value] = {"check": check, "role": role, "stays_for": keep or 0}
                run.count(statements.KEEP, kept)
                run.count(statements.CONCLUDE_CHECK, kept)
                for event in events:
                    run.count(statements.TELL, self._told(desk, event))
            return found[0]

        check, role, *_ = self._database.write(work)
        return Redeemed(check=check, role=role)

    def _concluded(self, lease: Lease, conclusion: Conclusion, code: str | None) -> Mapping[str, Value]:
        bound = (lease.check, lease.role, str(conclusion.state), str(lease.device))
        disclosed, keep, shown = conclusion.disclosed, milliseconds(conclusion.keep), self._lasting["shown"]
        # on the same device an answer counts when its code comes back, and is not kept for longer than it may
        keep_now = keep if code is None else min(keep, self._lasting["code"])
        return {
            "request": lease.request,
            "token": lease.token,
            "check": lease.check,
            "role": lease.role,
            "where": str(lease.device),
            "became": str(conclusion.state),
            "said": self._seals.seal(conclusion.record, "record", *bound),
            "shown": None if disclosed is None else self._seals.seal(disclosed, "disclosed", *bound),
            "keep": None if disclosed is None else keep,
            "keep_now": None if disclosed is None else keep_now,
            "told": None if code is None else digest(code),
            "session": lease.session,
            "code_for": self._lasting["code"],
            "stays_for": shown if disclosed is None else max(shown, keep_now),
        }

    def _told(self, desk: str, event: Event) -> Mapping[str, Value]:
        message = f"msg_{os.urandom(TOKEN_SIZE).hex()}"
        return {
            "message": message,
            "desk": desk,
            "type": event.type,
            "payload": self._seals.seal(event.payload, "event", message, desk, event.type),
        }


def _bound(row: Mapping[str, Any]) -> tuple[str | bytes | None, ...]:
    """Give what a sealed request is bound to: all that its row says in the clear, but the times."""
    return ("request", *(row[name] for name in _STORED[:-1]))


_SWEEP: Final = 8
"""Leases looked at by one take, so that those that nobody concluded are forgotten at no cost."""
