"""What goes into the store and what comes out of it, as values; and the checks that it takes.

What is kept (a request and its key, an outcome, what was disclosed) is bytes to the store: it seals them, and gives the
same bytes back. So it knows no policy, no request and no claim.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from eigendata.errors import Check, Reason

SECRET_SIZE: Final = 32
"""Octets of an id, a code and an API key: twice what can be guessed."""

MAX_CONTENT: Final = 2_097_152
"""Bytes that are sealed as one. An answer may be half of it."""

MAX_NAME: Final = 512
"""Characters of a desk's name, a nonce, a state or a key's name."""

MAX_URL: Final = 2_048
"""Characters of the address of a webhook."""

MAX_PAGE: Final = 200
"""Checks in one page of a list."""

MAX_PARTY_REQUESTS: Final = 64
"""Requests of one party that wait at a time. A page makes one every two minutes, within half an hour."""

AWAITED: Final = Check(
    name="AWAITED",
    clause="OpenID4VP 1.0 14.2.2",
    reason=Reason.NONCE_INVALID,
    rule="The answer belongs to a request that still waits for one.",
)
KNOWN: Final = Check(
    name="KNOWN",
    clause="OpenID4VP 1.0 14.2.2",
    reason=Reason.REQUEST_INVALID,
    rule="There is a check of this id, and it has not been wiped.",
)
RESPONSE_CODE: Final = Check(
    name="RESPONSE_CODE",
    clause="OpenID4VP 1.0 14.2",
    reason=Reason.REPLAY_DETECTED,
    rule="The response code comes back once, in time, in the session that its request was made for.",
)
API_KEY: Final = Check(
    name="API_KEY",
    clause="RFC 6750 3.1",
    reason=Reason.REQUEST_INVALID,
    rule="Whoever calls has a key of a desk, and it was not revoked.",
)
STORED: Final = Check(
    name="STORED",
    clause="eigendata store 1",
    reason=Reason.CANNOT_OPEN,
    rule="What was stored opens with this key, in the place where it was stored.",
)

CHECKS: Final = (AWAITED, KNOWN, RESPONSE_CODE, API_KEY, STORED)
"""What the store refuses by."""


class Device(StrEnum):
    """Where the wallet is that a request is made for."""

    SAME = "same"
    CROSS = "cross"


class State(StrEnum):
    """How it stands with a party of a check."""

    WAITING = "waiting"
    ANSWERED = "answered"
    REFUSED = "refused"
    DECLINED = "declined"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long things last, by the clock of the database.

    Attributes:
        fetch: a request may be fetched for so long after it was made: how long its QR code lives.
        answer: it may be answered for so long: time to find one's glasses and a passphrase, and to read what is asked.
        lease: who took an answer has so long to conclude it; then the same answer may come again.
        code: a response code may come back for so long.
        shown: a check stays to be seen for so long after its last answer, or after the last moment for one.
        delivery: who took a webhook's event has so long to deliver it.
    """

    fetch: timedelta = timedelta(seconds=120)
    answer: timedelta = timedelta(minutes=30)
    lease: timedelta = timedelta(seconds=30)
    code: timedelta = timedelta(minutes=5)
    shown: timedelta = timedelta(minutes=30)
    delivery: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredParty:
    """One party of a check.

    Attributes:
        role: `aanvrager`, `partner`, `gemachtigde`.
        page: the token of its page: whoever has it may see that page.
        fetched: its newest request that waits was fetched by a wallet.
        device: where the wallet was that answered; None while none did.
        returned_at: when the response code came back in its session; None before, and across devices.
        record: what became of it, as `conclude` was given it; None while nothing did.
        disclosed: what it disclosed; None where nothing was, it is wiped, or it was not asked for (`list`, `visit`).
        concluded_at: when.
        keep_until: when `disclosed` is wiped.
    """

    role: str
    state: State
    page: str = field(repr=False)
    fetched: bool = False
    device: Device | None = None
    returned_at: datetime | None = None
    record: bytes | None = field(default=None, repr=False)
    disclosed: bytes | None = field(default=None, repr=False)
    concluded_at: datetime | None = None
    keep_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCheck:
    """A check and its parties, in the order in which `begin` named them.

    Attributes:
        id: 256 bits, as base64url.
        desk: who asks.
        content: what is asked, as `begin` was given it.
        made_at: when it began.
        expires_at: until when it can be answered.
        until: when all of it is wiped.
    """

    id: str = field(repr=False)
    desk: str
    content: bytes = field(repr=False)
    parties: tuple[StoredParty, ...]
    made_at: datetime
    expires_at: datetime
    until: datetime

    def party(self, role: str) -> StoredParty:
        """Give the party of this role.

        Raises:
            KeyError: there is none.
        """
        for one in self.parties:
            if one.role == role:
                return one
        raise KeyError(role)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPage:
    """A part of a list, newest first.

    Attributes:
        after: what `list` takes to give the next part; None where there is no more.
    """

    checks: tuple[StoredCheck, ...]
    after: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What the token of a page leads to.

    Attributes:
        own: the response code of this party came back in the session that asks.
    """

    check: StoredCheck
    party: StoredParty
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A request that was made.

    Attributes:
        id: 256 bits, as base64url: by it the request is fetched.
    """

    id: str = field(repr=False)
    fetch_until: datetime
    answer_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A request as it waits.

    Attributes:
        content: as `offer` was given it.
        answer_until: until when it can be answered.
    """

    check: str = field(repr=False)
    role: str
    desk: str
    device: Device
    content: bytes = field(repr=False)
    answer_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A request that was taken to be answered: nobody else can, until it is concluded, given back or runs out.

    Attributes:
        request, token: which, and by what it is ours; for the store alone.
        page: the token of the party's page, for the way back on the same device.
        content: as `offer` was given it.
    """

    request: bytes = field(repr=False)
    token: bytes = field(repr=False)
    check: str = field(repr=False)
    role: str
    desk: str
    device: Device
    page: str = field(repr=False)
    content: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    session: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What became of a party.

    Attributes:
        state: `ANSWERED`, `REFUSED` or `DECLINED`.
        record: what stays to be seen as long as the check does: advice, reason, trail; no claim.
        disclosed: what was disclosed; None for nothing.
        keep: how long that is kept: the policy's term for this outcome.
    """

    state: State
    record: bytes = field(repr=False)
    disclosed: bytes | None = field(default=None, repr=False)
    keep: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What the webhooks of a desk are told.

    Attributes:
        type: `check.answered`.
        payload: the body that is posted, without a claim in it.
    """

    type: str
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """Whom a response code belongs to."""

    check: str = field(repr=False)
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key by which a desk's own systems call.

    Attributes:
        id: its name in a list; it opens nothing.
        secret: the key itself; there only when it is made, for the store keeps a digest.
    """

    id: str
    desk: str
    name: str
    made_at: datetime
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An address that is told of a desk's checks.

    Attributes:
        secret: what its messages are signed with.
    """

    id: str
    desk: str
    url: str
    secret: bytes = field(repr=False)
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event for one webhook, taken to be delivered.

    Attributes:
        message: the id of the event, the same for every webhook and at every attempt.
        attempt: 1 at first.
        token: by what it is ours; for the store alone.
    """

    message: str
    webhook: str
    desk: str
    url: str
    secret: bytes = field(repr=False)
    type: str
    payload: bytes = field(repr=False)
    made_at: datetime
    attempt: int
    token: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """How many were wiped: whole checks, what was disclosed in others, and requests that nobody answered."""

    checks: int
    disclosures: int
    requests: int
