"""Webhooks as Standard Webhooks 1.0.0 has them: how a message is signed, and how it gets to where it belongs.

    outbox of the store --> due --> signed --> posted --> delivered, or due again later, or given up

Headers `webhook-id` (of the event, the same at every attempt: whoever receives one twice knows it by that),
`webhook-timestamp` (of the attempt: what is older than five minutes is a replay) and `webhook-signature`. A message
says which check and how it stands; never what was advised or a claim: that is asked for with an API key.

Delivery is at least once. What it does not give: an order, or news of an address that is gone for three days.
"""

from __future__ import annotations

import hmac
import random
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from eigendata.encoding import b64_decode, b64_encode
from eigendata.errors import Malformed, Misuse, Rejected, Unavailable
from eigendata.fetch import Fetcher, Reply
from eigendata.model import utc
from eigendata.store import Delivery, Store
from eigendata.web.operations import Level, Log, Metrics

PREFIX: Final = "whsec_"
SECRET_SIZE: Final = 32
SECRET_SIZES: Final = range(24, 65)
"""Octets of a secret that others chose."""

TIMEOUT: Final = 15.0  # seconds for one attempt: what the specification recommends at least
RETRIES: Final = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""After each attempt that failed, how long until the next; after the last of them it is given up, three days on."""
JITTER: Final = 0.2
"""How much of that is chance, to both sides: what failed together does not come back together."""
LONGEST: Final = timedelta(days=1)
"""The longest that a receiver may ask us to wait."""

Clock = Callable[[], datetime]


class Outcome(StrEnum):
    """What came of one attempt."""

    DELIVERED = "delivered"
    FAILED = "failed"
    BLOCKED = "blocked"
    GIVEN_UP = "given_up"
    GONE = "gone"


# -- secrets and signatures -------------------------------------------------------------------------------------------


def make_secret() -> bytes:
    return secrets.token_bytes(SECRET_SIZE)


def shown_secret(secret: bytes) -> str:
    """Write a secret as those who receive messages expect it."""
    return PREFIX + b64_encode(secret)


def parse_secret(text: str) -> bytes:
    """Read a secret that somebody else chose.

    Raises:
        Malformed: it is not `whsec_` and 24 to 64 octets in base64.
    """
    if not text.startswith(PREFIX):
        raise Malformed(f"the secret of a webhook begins with {PREFIX}")
    secret = b64_decode(text.removeprefix(PREFIX))
    if len(secret) not in SECRET_SIZES:
        raise Malformed(f"the secret of a webhook is {SECRET_SIZES.start} to {SECRET_SIZES.stop - 1} octets in base64")
    return secret


def signed_headers(message: str, body: bytes, *, secret: bytes, at: datetime) -> dict[str, str]:
    """Give the three headers of a message.

    Args:
        message: the id of the event.
        at: the moment of the attempt.

    Raises:
        Misuse: the id holds what could be taken for the end of it.
    """
    if not re.fullmatch("[A-Za-z0-9_-]{1,128}", message):
        raise Misuse("the id of a message is of letters, digits, hyphens and underscores")
    stamp = str(int(utc(at).timestamp()))
    signature = hmac.digest(secret, f"{message}.{stamp}.".encode() + body, sha256)
    return {
        "webhook-id": message,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{b64_encode(signature)}",
    }


# -- delivery ---------------------------------------------------------------------------------------------------------


class Courier:
    """Delivers what is due. Any number of processes may have one, on one store."""

    def __init__(
        self,
        store: Store,
        fetcher: Fetcher,
        *,
        log: Log,
        metrics: Metrics,
        clock: Clock = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Deliver what is in the outbox of a store.

        Args:
            fetcher: what it may reach is what webhooks may be at.
            chance: gives numbers from 0.0 up to 1.0.
        """
        self._store = store
        self._fetcher = fetcher
        self._log = log
        self._metrics = metrics
        self._clock = clock
        self._chance = chance

    def deliver(self, *, limit: int = 1) -> int:
        """Take events that are due, make an attempt with each, and give how many there were.

        Raises:
            Unavailable: the store cannot be used now. What was not noted as delivered is delivered again.
        """
        taken = self._store.webhooks.due(limit)
        for one in taken:
            outcome = self._attempt(one)
            self._metrics.webhooks.labels(outcome.value).inc()
            if outcome is not Outcome.DELIVERED:
                self._log("webhook", level=Level.WARNING, desk=one.desk, outcome=outcome.value, attempt=one.attempt)
        return len(taken)

    def _attempt(self, one: Delivery) -> Outcome:
        headers = signed_headers(one.message, one.payload, secret=one.secret, at=self._clock())
        try:
            reply = self._fetcher.notify(one.url, one.payload, headers=headers)
        except (Rejected, Unavailable) as error:
            failed = Outcome.BLOCKED if isinstance(error, Rejected) else Outcome.FAILED
            return self._later(one, failed, timedelta(0))
        if 200 <= reply.status < 300:
            self._store.webhooks.delivered(one)
            return Outcome.DELIVERED
        if reply.status == 410:  # "no longer interested in receiving webhooks from this source"
            self._remove(one)
            return Outcome.GONE
        return self._later(one, Outcome.FAILED, _asked(reply))

    def _later(self, one: Delivery, failed: Outcome, asked: timedelta) -> Outcome:
        again_in = self._again_in(one.attempt, asked)
        self._store.webhooks.failed(one, again_in=again_in)
        return failed if again_in is not None else Outcome.GIVEN_UP

    def _again_in(self, attempt: int, asked: timedelta) -> timedelta | None:
        if attempt > len(RETRIES):
            return None
        spread = 1 + JITTER * (2 * self._chance() - 1)
        return max(RETRIES[attempt - 1] * spread, asked)

    def _remove(self, one: Delivery) -> None:
        try:
            self._store.webhooks.remove(one.webhook, desk=one.desk)
        except Rejected:  # somebody removed it meanwhile
            return


def _asked(reply: Reply) -> timedelta:
    """Give how long a receiver asks us to wait, in seconds; a date is not read."""
    stated = reply.headers.get("retry-after", "")
    if re.fullmatch("[0-9]{1,9}", stated, re.ASCII):
        return min(timedelta(seconds=int(stated)), LONGEST)
    return timedelta(0)
