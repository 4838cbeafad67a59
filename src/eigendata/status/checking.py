"""Is a credential still valid? Its issuer's list says so: fetched once for all credentials in it, and kept for a while.

    StatusLists(fetcher) -> .require_valid(credential, trust=, trail=, at=)

Nothing is asked for one credential: the address is the list's, without an index, and what is kept answers for all.
Whatever goes wrong, the credential is not valid: a list that does not come is `Unavailable`, one that is not right is
`Rejected`. A list that is older than one seen before is not taken, so that nobody who stands in between can bring back
what was withdrawn.

Source: draft-ietf-oauth-status-list-20 sections 8 and 13.7.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from eigendata.errors import Check, Malformed, Reason, Rejected, Trail, Unavailable
from eigendata.model import Authentic, utc
from eigendata.status.bits import VALID
from eigendata.status.token import CHECKS as LIST_CHECKS
from eigendata.status.token import MEDIA_TYPE, STATUS_NOT_EXPIRED, STATUS_TYP, StatusList, parse_status_list

if TYPE_CHECKING:
    from eigendata.fetch import Reply
    from eigendata.formats.protocol import IssuerSource

MAX_LISTS: Final = 64
"""Lists that are kept: of as many issuers. One is `MAX_SIZE` octets at most."""

SHORTEST: Final = timedelta(seconds=10)
"""How long a list is kept at least, whatever it says: who fetches for every credential floods its issuer, and tells it
when something is shown (section 11.5)."""

LONGEST: Final = timedelta(hours=1)
"""How long a list is kept at most, whatever it says. What was withdrawn is not to be believed for days."""

USUAL: Final = timedelta(minutes=5)
"""How long a list is kept that does not say."""

AGAIN: Final = 5.0
"""Seconds after a failure in which a list is not asked for again."""

STATUS_NOT_OLDER: Final = Check(
    name="STATUS_NOT_OLDER",
    clause="Token Status List 8.3 (4b)",
    reason=Reason.STATUS_INVALID,
    rule="The list of withdrawals is not older than one that was seen before.",
)
STATUS_INDEX: Final = Check(
    name="STATUS_INDEX",
    clause="Token Status List 8.3 (6)",
    reason=Reason.STATUS_INVALID,
    rule="The list of withdrawals has an entry for the credential.",
)
WITHDRAWAL: Final = Check(
    name="WITHDRAWAL",
    clause="Token Status List 8.3 (7)",
    reason=Reason.STATUS_INVALID,
    rule="The credential was not withdrawn.",
)

CHECKS: Final = (*LIST_CHECKS, STATUS_NOT_OLDER, STATUS_INDEX, WITHDRAWAL)
"""What `require_valid` takes, in this order."""


class StatusSource(Protocol):
    """Knows what was withdrawn. `StatusLists` is one."""

    def require_valid(self, credential: Authentic, *, trust: IssuerSource, trail: Trail, at: datetime) -> None:
        """Require that a credential, in which everything else held, was not withdrawn, and note each of `CHECKS`.

        Raises:
            Rejected: it was withdrawn, or nothing can be said of it (`status_invalid`).
            Unavailable: what was withdrawn could not be found out.
        """


class ListSource(Protocol):
    """Fetches a document. `eigendata.fetch.Fetcher` is one, and outside of tests the only one to use."""

    def get(self, url: str, *, accept: Sequence[str], headers: Mapping[str, str] = MappingProxyType({})) -> Reply:
        """Fetch a document of one of these media types.

        Raises:
            Rejected: the address may not be reached (`fetch_blocked`).
            Unavailable: there was no answer.
        """


@dataclass(slots=True)
class _Place:
    """What is known of one address. The lock is held while it is fetched, so that one of all who wait does so.

    Attributes:
        token: the newest list that held.
        verified: (issuer, type) -> the list, for credentials of which it was found to be the right one under `trust`.
        fresh_until: when it is fetched anew.
        tag: the version that its server calls it (RFC 9110 8.8.3).
        failed: when it last did not come, by the clock that only grows.
    """

    lock: threading.Lock = field(default_factory=threading.Lock)
    token: bytes | None = None
    verified: dict[tuple[str, str], StatusList] = field(default_factory=dict)
    trust: IssuerSource | None = None
    newest: datetime | None = None
    fresh_until: datetime | None = None
    tag: str | None = None
    failed: float | None = None


class StatusLists:
    """Looks withdrawals up in the lists that issuers publish. Safe to share between threads."""

    def __init__(self, source: ListSource, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Fetch through this source.

        Args:
            clock: seconds that only grow, for how long ago something failed.
        """
        self._source = source
        self._clock = clock
        self._places: OrderedDict[str, _Place] = OrderedDict()
        self._lock = threading.Lock()

    def require_valid(self, credential: Authentic, *, trust: IssuerSource, trail: Trail, at: datetime) -> None:
        """Require that a credential, in which everything else held, was not withdrawn.

        A credential that names no list is not subject to withdrawal: it is valid until it expires.

        Raises:
            Rejected: it was withdrawn, or its list is not right (`status_invalid`), or is at an address that may not
                be reached (`fetch_blocked`).
            Unavailable: its list could not be had.
        """
        at = utc(at)
        reference = credential.status
        if reference is None:
            trail.steps.extend(_NOT_APPLICABLE)
            return
        place = self._place(reference.uri)
        with place.lock:
            found = self._current(place, credential, reference.uri, trust, trail, at)
        status = trail.some(STATUS_INDEX, found.statuses.get(reference.index))
        trail.require(WITHDRAWAL, status == VALID)

    def _place(self, uri: str) -> _Place:
        with self._lock:
            place = self._places.setdefault(uri, _Place())
            self._places.move_to_end(uri)
            while len(self._places) > MAX_LISTS:
                self._places.popitem(last=False)
            return place

    def _current(
        self, place: _Place, credential: Authentic, uri: str, trust: IssuerSource, trail: Trail, at: datetime
    ) -> StatusList:
        """Give the list as it stands, fetched where what is kept is too old, and verified once for all it answers."""
        if place.trust is not trust:
            place.verified.clear()
            place.trust = trust
        token, tag, fetched = place.token, place.tag, False
        if token is None or place.fresh_until is None or at >= place.fresh_until:
            token, tag = self._fetch(place, uri)
            fetched = True
        if token != place.token:
            place.verified.clear()
        asked = (credential.issuer.party.id, credential.type.id)
        found = place.verified.get(asked)
        if found is not None and (found.expires is None or at < found.expires):
            trail.steps.extend(_HELD if found.expires is not None else _HELD_WITHOUT_END)
        else:
            found = self._verified(token, credential, uri, trust, trail, at)
        trail.require(STATUS_NOT_OLDER, place.newest is None or found.issued >= place.newest)
        if fetched:
            place.token, place.tag, place.newest, place.failed = token, tag, found.issued, None
            kept = at + min(max(found.lifetime or USUAL, SHORTEST), LONGEST)
            place.fresh_until = kept if found.expires is None else min(kept, found.expires)
        place.verified[asked] = found
        return found

    @staticmethod
    def _verified(
        token: bytes, credential: Authentic, uri: str, trust: IssuerSource, trail: Trail, at: datetime
    ) -> StatusList:
        try:
            unverified = parse_status_list(token)
            return unverified.verify(uri, credential.issuer.party, credential.type, trust=trust, trail=trail, at=at)
        except Malformed as error:
            # of the credential everything held: it is the list that cannot be read, and nothing is said by it
            raise Rejected(STATUS_TYP, trail.done(), error.message) from error

    def _fetch(self, place: _Place, uri: str) -> tuple[bytes, str | None]:
        """Give the list that lies there, and its version. Until it held, it counts as one that did not come."""
        if place.failed is not None and self._clock() - place.failed < AGAIN:
            raise Unavailable("the list of withdrawals did not come a moment ago, or was not right")
        known = {} if place.tag is None else {"if-none-match": place.tag}
        place.failed = self._clock()
        reply = self._source.get(uri, accept=(MEDIA_TYPE,), headers=known)
        if reply.status == 304 and known and place.token is not None:
            return place.token, place.tag
        if reply.status != 200:
            raise Unavailable(f"the list of withdrawals did not come: HTTP {reply.status}")
        tag = reply.headers.get("etag", "")
        return reply.body, tag if _TAG.fullmatch(tag) else None


_TAG: Final = re.compile(r'(W/)?"[\x21\x23-\x7e]*"', re.ASCII)
"""A version of a list that can be sent back: an entity tag in ASCII (RFC 9110 8.8.3). Any other is as good as none."""

_NOT_APPLICABLE: Final = tuple(check.not_applicable for check in CHECKS)
_HELD: Final = tuple(check.passed for check in LIST_CHECKS)
_HELD_WITHOUT_END: Final = tuple(
    check.not_applicable if check is STATUS_NOT_EXPIRED else check.passed for check in LIST_CHECKS
)
