"""Webhooks, and the events that wait for them.

An event is put in by the transaction that concludes a party, one for each webhook of the desk: so it is told if that
happened, and only then. Who takes an event has a while to deliver it; then another may. So it is told at least once.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from eigendata import late
from eigendata.errors import Misuse, Rejected
from eigendata.store.part import Part, milliseconds, moment, require_names
from eigendata.store.records import KNOWN, MAX_URL, Delivery, Webhook

if TYPE_CHECKING:
    from eigendata.store import statements
    from eigendata.store.database import Run, Value
else:
    statements = late.Module("eigendata.store.statements")

_ID_SIZE: Final = 16
MAX_DUE: Final = 100
"""Events that are taken at a time."""

MAX_WEBHOOKS: Final = 16
"""Webhooks of one desk: each event is put in for every one of them, and all desks share who delivers."""


class Webhooks(Part):
    """The webhooks of the desks of a store, and what is to be delivered to them."""

    def add(self, desk: str, url: str, *, secret: bytes) -> Webhook:
        """Tell this address of a desk's checks from now on.

        Args:
            secret: what its messages are signed with; it is sealed.

        Raises:
            Misuse: the desk or the address is empty or too long, or the desk has `MAX_WEBHOOKS` already.
            Unavailable: the database cannot be used now.
        """
        require_names(desk)
        if not 0 < len(url) <= MAX_URL:
            raise Misuse(f"the address of a webhook is of 1 to {MAX_URL} characters")
        own = os.urandom(_ID_SIZE).hex()
        row: dict[str, Value] = {
            "id": own,
            "desk": desk,
            "url": url,
            "secret": self._seals.seal(secret, "webhook", own, desk, url),
        }

        def work(run: Run) -> int:
            run.count(statements.ADD_WEBHOOK, row)
            if len(run.rows(statements.LIST_WEBHOOKS, row)) > MAX_WEBHOOKS:
                raise Misuse(f"a desk has at most {MAX_WEBHOOKS} webhooks")
            return int(run.rows(statements.WEBHOOK_MADE, row)[0][0])

        return Webhook(id=own, desk=desk, url=url, secret=secret, made_at=moment(self._database.write(work)))

    def list(self, desk: str) -> tuple[Webhook, ...]:
        """Give the webhooks of a desk, oldest first.

        Raises:
            Rejected: what is stored does not open.
            Unavailable: the database cannot be used now.
        """
        rows = self._database.read(lambda run: run.rows(statements.LIST_WEBHOOKS, {"desk": desk}))
        return tuple(
            Webhook(
                id=own,
                desk=desk,
                url=url,
                secret=self._seals.open(sealed, "webhook", own, desk, url),
                made_at=moment(made_at),
            )
            for own, url, sealed, made_at in rows
        )

    def remove(self, id: str, *, desk: str) -> None:
        """Tell an address nothing any more; what waited for it is gone.

        Raises:
            Rejected: the desk has no webhook of this id (any more).
            Unavailable: the database cannot be used now. The webhook may be gone.
        """
        gone = self._database.write(
            lambda run: run.count(statements.REMOVE_WEBHOOK, {"id": id, "desk": desk}), alone=True, again=False
        )
        if not gone:
            raise Rejected(KNOWN)

    def due(self, limit: int = 10) -> tuple[Delivery, ...]:
        """Take events that are due, by one statement: nobody else gets them until they are delivered or time is up.

        Raises:
            Misuse: `limit` is not 1 to `MAX_DUE`.
            Rejected: what is stored does not open.
            Unavailable: the database cannot be used now.
        """
        if not 0 < limit <= MAX_DUE:
            raise Misuse(f"1 to {MAX_DUE} events are taken at a time")
        token = os.urandom(_ID_SIZE)
        asked: dict[str, Value] = {"ours": token, "most": limit, "delivery": self._lasting["delivery"]}

        def work(run: Run) -> tuple[Delivery, ...]:
            run.count(statements.TAKE_DUE, asked)
            return tuple(
                Delivery(
                    message=message,
                    webhook=webhook,
                    desk=desk,
                    url=url,
                    secret=self._seals.open(secret, "webhook", webhook, desk, url),
                    type=kind,
                    payload=self._seals.open(payload, "event", message, desk, kind),
                    made_at=moment(made_at),
                    attempt=attempt,
                    token=token,
                )
                for message, webhook, desk, url, secret, kind, payload, made_at, attempt in run.rows(
                    statements.TAKEN_DUE, asked
                )
            )

        return self._database.write(work, durable=False)

    def delivered(self, delivery: Delivery) -> None:
        """Say that an event was delivered: it is gone.

        Raises:
            Unavailable: the database cannot be used now; it will be due again.
        """
        self._database.write(lambda run: run.count(statements.DELIVERED, _which(delivery)), durable=False, alone=True)

    def failed(self, delivery: Delivery, *, again_in: timedelta | None) -> None:
        """Say that an event could not be delivered.

        Args:
            again_in: when it is due again; None: it is given up.

        Raises:
            Unavailable: the database cannot be used now; it will be due again.
        """
        if again_in is None:
            self.delivered(delivery)
            return
        row: dict[str, Value] = {**_which(delivery), "again_in": milliseconds(again_in)}
        self._database.write(lambda run: run.count(statements.FAILED, row), durable=False, alone=True)


def _which(delivery: Delivery) -> dict[str, Value]:
    return {"which": delivery.message, "webhook": delivery.webhook, "ours": delivery.token}
