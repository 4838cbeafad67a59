"""Checks and their parties: begun, seen, listed and wiped."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Final

from eigendata import late
from eigendata.encoding import b64url_decode, b64url_encode
from eigendata.errors import Malformed, Misuse, Rejected, Unavailable
from eigendata.store.part import Part, milliseconds, moment, new_id, require_names, stamp
from eigendata.store.records import (
    KNOWN,
    MAX_PAGE,
    STORED,
    CheckPage,
    Device,
    Purged,
    State,
    StoredCheck,
    StoredParty,
    Visit,
)
from eigendata.store.sealing import digest

if TYPE_CHECKING:
    from eigendata.store import statements
    from eigendata.store.database import Row, Run, Value
    from eigendata.store.statements import Statement
else:
    statements = late.Module("eigendata.store.statements")

PURGE_EVERY: Final = 10.0
"""Seconds between two wipings that come with a `begin`."""

MAX_REQUESTS: Final = 200_000
"""Requests that wait at a time, of some 5 kB each. Who begins a check then gets `Unavailable`."""

PURGED_AT_ONCE: Final = 500
"""Rows wiped by one statement, so that nobody waits long for it."""


class Checks(Part):
    """The checks of a store; see `Store`."""

    _purged_at = float("-inf")
    _full = False

    def begin(
        self, desk: str, *, roles: Sequence[str] = ("aanvrager",), content: bytes, open_for: timedelta
    ) -> StoredCheck:
        """Begin a check.

        Args:
            desk: who asks.
            roles: its parties, each once.
            content: what is asked.
            open_for: how long it can be answered.

        Raises:
            Misuse: there is no party, or one twice; or the content is too large.
            Unavailable: too many checks wait, or the database cannot be used now.
        """
        if not roles or len(set(roles)) != len(roles):
            raise Misuse("a check names its parties, each once")
        require_names(desk, *roles)
        self._purge_sometimes()
        new = new_id()
        check: dict[str, Value] = {
            "id": new,
            "desk": desk,
            "sealed": self._seals.seal(content, "check", new, desk),
            "open_for": milliseconds(open_for),
            "until_for": milliseconds(open_for + self._limits.shown),
        }
        pages = {role: self._seals.page(new, role) for role in roles}

        def work(run: Run) -> Row:
            if run.count(statements.BEGIN, check):  # else it was done, and the answer to that was lost
                for place, role in enumerate(roles):
                    party: dict[str, Value] = {
                        "check": new,
                        "place": place,
                        "role": role,
                        "page": digest(pages[role]),
                        "state": str(State.WAITING),
                    }
                    run.count(statements.BEGIN_PARTY, party)
            return run.rows(statements.TIMES, check)[0]

        made_at, expires_at, until = self._database.write(work)
        return StoredCheck(
            id=new,
            desk=desk,
            content=content,
            parties=tuple(StoredParty(role=role, state=State.WAITING, page=page) for role, page in pages.items()),
            made_at=moment(made_at),
            expires_at=moment(expires_at),
            until=moment(until),
        )

    def look(self, id: str, *, desk: str) -> StoredCheck:
        """See how a check of a desk stands, with what was disclosed.

        Raises:
            Rejected: the desk has none of this id (any more); or what is stored does not open.
            Unavailable: the database cannot be used now.
        """
        rows = self._database.read(lambda run: run.rows(statements.LOOK, {"id": id, "desk": desk}))
        if not rows:
            raise Rejected(KNOWN)
        return self._check(rows, whole=True)

    def visit(self, page: str, *, session: str | None = None) -> Visit:
        """See how the check of a party's page stands, without what was disclosed.

        Args:
            session: of the browser that asks, where it has one.

        Raises:
            Rejected: the page is of no check (any more); or what is stored does not open.
            Unavailable: the database cannot be used now.
        """
        rows = self._database.read(lambda run: run.rows(statements.VISIT, {"page": digest(page)}))
        if not rows:
            raise Rejected(KNOWN)
        check = self._check(rows, whole=False)
        for party, (*_, returned_at, _, found, code_session) in zip(check.parties, rows, strict=True):
            if found == digest(page) and party.page == page:
                ours = session is not None and code_session == digest(session)
                return Visit(check=check, party=party, own=ours and returned_at is not None)
        raise Rejected(STORED)

    def list(self, desk: str, *, after: str | None = None, limit: int = 50) -> CheckPage:
        """Give checks of a desk, newest first, without what was disclosed.

        Args:
            after: where the part before ended, as it said itself.
            limit: how many at most, up to `MAX_PAGE`.

        Raises:
            Malformed: `after` is not what a part of this desk's list said.
            Misuse: `limit` is out of bounds.
            Rejected: what is stored does not open.
            Unavailable: the database cannot be used now.
        """
        if not 0 < limit <= MAX_PAGE:
            raise Misuse(f"a part of a list holds 1 to {MAX_PAGE} checks")
        made_at, last = self._cursor(after, desk)
        asked: dict[str, Value] = {"desk": desk, "made_at": made_at, "id": last, "most": limit + 1}
        rows = self._database.read(lambda run: run.rows(statements.LIST, asked))
        checks = [self._check(list(of), whole=False) for _, of in groupby(rows, key=lambda row: row[0])]
        more = None
        if len(checks) > limit:
            del checks[limit:]
            place = f"{stamp(checks[-1].made_at)} {checks[-1].id}"
            # sealed, for an id has no place in an address
            more = b64url_encode(self._seals.seal(place.encode(), "after", desk))
        return CheckPage(checks=tuple(checks), after=more)

    def remove(self, id: str, *, desk: str) -> None:
        """Wipe a check of a desk, its requests and what was disclosed.

        Raises:
            Rejected: the desk has none of this id (any more).
            Unavailable: the database cannot be used now. The check may be gone.
        """
        gone = self._database.write(
            lambda run: run.count(statements.REMOVE, {"id": id, "desk": desk}), alone=True, again=False
        )
        if not gone:
            raise Rejected(KNOWN)

    def purge(self) -> Purged:
        """Wipe all whose time has passed. What has passed is not to be seen in any case.

        Raises:
            Unavailable: the database cannot be used now.
        """
        self._purged_at = time.monotonic()
        disclosures, requests, checks = (
            self._wipe(one) for one in (statements.PURGE_DISCLOSED, statements.PURGE_REQUESTS, statements.PURGE_CHECKS)
        )
        self._database.tidy()
        return Purged(disclosures=disclosures, requests=requests, checks=checks)

    def _wipe(self, statement: Statement) -> int:
        wiped = 0
        while True:
            more = self._database.write(lambda run: run.count(statement, {"most": PURGED_AT_ONCE}), alone=True)
            wiped += more
            if more < PURGED_AT_ONCE:
                return wiped

    def _purge_sometimes(self) -> None:
        if time.monotonic() - self._purged_at > PURGE_EVERY:
            self.purge()
            ((waiting,),) = self._database.read(lambda run: run.rows(statements.WAITING, {"most": MAX_REQUESTS}))
            self._full = waiting >= MAX_REQUESTS
        if self._full:
            raise Unavailable("too many requests wait for an answer")

    def _cursor(self, after: str | None, desk: str) -> tuple[int, str]:
        if after is None:
            return _NEWEST
        try:
            made_at, last = self._seals.open(b64url_decode(after), "after", desk).decode().split(" ")
        except Rejected:
            raise Malformed("`after` is not what a part of this list said") from None
        return int(made_at), last

    def _check(self, rows: Sequence[Row], *, whole: bool) -> StoredCheck:
        """Read a check: a row for each party, which begins with what is of the check."""
        check, desk, sealed, made_at, expires_at, until, *_ = rows[0]
        return StoredCheck(
            id=check,
            desk=desk,
            content=self._seals.open(sealed, "check", check, desk),
            parties=tuple(self._party(check, row[6:], whole=whole) for row in rows),
            made_at=moment(made_at),
            expires_at=moment(expires_at),
            until=moment(until),
        )

    def _party(self, check: str, row: Row, *, whole: bool) -> StoredParty:
        role, state, over, fetched, device, record, disclosed, concluded_at, returned_at, keep_until, *_ = row
        bound = (check, role, state, device)
        if (state == State.WAITING) != (record is None):
            raise Rejected(STORED)
        return StoredParty(
            role=role,
            state=State.EXPIRED if over and state == State.WAITING else State(state),
            page=self._seals.page(check, role),
            fetched=bool(fetched),
            device=None if device is None else Device(device),
            returned_at=None if returned_at is None else moment(returned_at),
            record=None if record is None else self._seals.open(record, "record", *bound),
            disclosed=self._seals.open(disclosed, "disclosed", *bound) if whole and disclosed is not None else None,
            concluded_at=None if concluded_at is None else moment(concluded_at),
            keep_until=None if keep_until is None else moment(keep_until),
        )


_NEWEST: Final = (2**62, "")
