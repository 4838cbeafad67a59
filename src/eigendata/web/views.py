"""What a check asks, and how it stands, as values: what `checking` gives to the router and the API.

Order      what is asked and how, stored with the check and with each of its requests
CheckView  a check, its parties and the advice over all of them; VisitView as one party's browser sees it
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from eigendata.encoding import Json, thaw
from eigendata.errors import Malformed, Rejected
from eigendata.model import Advice
from eigendata.openid.client_id import Prefix
from eigendata.query import PolicyReference, Query, parse_query
from eigendata.store.records import KNOWN

RETURNING: Final = "returning"
"""The state of a party that answered on the same device, and is not back in the browser yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a check asks, and how: stored with the check and with each of its requests.

    Attributes:
        asked: a policy under its conditions, or a plain query.
        sealed: whether the answer comes encrypted (`direct_post.jwt`).
        prefix: how the desk is named.
    """

    asked: PolicyReference | Query
    sealed: bool
    prefix: Prefix

    def to_json(self) -> dict[str, Json]:
        how: dict[str, Json] = {"sealed": self.sealed, "prefix": str(self.prefix)}
        if isinstance(self.asked, Query):
            return {**how, "query": self.asked.to_json()}
        one = self.asked
        return {**how, "policy": {"id": one.id, "version": one.version, "use": one.use, "home": thaw(one.home)}}

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Order:
        """Read what `to_json` wrote.

        Raises:
            Malformed: it is something else.
        """
        match value:
            case {
                "sealed": bool(sealed),
                "prefix": str(prefix),
                "policy": {"id": str(id), "version": str(version), "use": (str() | None) as use, "home": home},
            } if isinstance(home, Mapping):
                reference = PolicyReference(id=id, version=version, use=use, home=home)
                return cls(asked=reference, sealed=sealed, prefix=Prefix(prefix))
            case {"sealed": bool(sealed), "prefix": str(prefix), "query": query}:
                return cls(asked=parse_query(query), sealed=sealed, prefix=Prefix(prefix))
            case _:
                raise Malformed("this is not what a check asks, as it is stored here")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A party that is asked.

    Attributes:
        link: what a wallet is opened with.
        request_uri: where the request is fetched; None where it stands in the link.
        fetch_until: so long a wallet may fetch it.
    """

    link: str = field(repr=False)
    request_uri: str | None = field(repr=False)
    fetch_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer that was taken.

    Attributes:
        redirect_uri: where the person's browser goes on; None across devices.
    """

    redirect_uri: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyView:
    """How it stands with a party.

    Attributes:
        state: `waiting`, `answered`, `refused`, `declined` or `expired`; or `returning`: it answered on the same
            device, and the person is not back in the browser yet.
        record: state, advice, rule, reason, shown and trail.
        disclosed: question -> what was disclosed for it; None where it is not to be seen (any more).
    """

    role: str
    state: str
    page: str = field(repr=False)
    advice: Advice | None = None
    record: Mapping[str, Json] = field(default_factory=dict, repr=False)
    disclosed: Mapping[str, Json] | None = field(default=None, repr=False)
    keep_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """How it stands with a check.

    Attributes:
        state: `waiting` until every party is done; then `refused`, `declined` or `expired` where one of them is, else
            `answered`.
        advice: None until all have answered; then what holds for all of them together.
        decided_by: the party whose rule or reason that is.
    """

    id: str = field(repr=False)
    desk: str
    order: Order
    state: str
    advice: Advice | None
    decided_by: PartyView | None
    parties: tuple[PartyView, ...]
    made_at: datetime
    expires_at: datetime
    until: datetime

    def party(self, role: str) -> PartyView:
        """Give the party of this role.

        Raises:
            Rejected: there is none.
        """
        for one in self.parties:
            if one.role == role:
                return one
        raise Rejected(KNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitView:
    """What the browser in front of a party sees.

    Attributes:
        in_use: a wallet fetched the question that was made last.
        until: until when it is to be seen there.
    """

    check: CheckView
    party: PartyView
    in_use: bool
    until: datetime


def together(parties: Sequence[PartyView]) -> tuple[str, Advice | None, PartyView | None]:
    """Give the state of a check, its advice, and the party that decides it."""
    states = [one.state for one in parties]
    if any(one in ("waiting", RETURNING) for one in states):
        return "waiting", None, None
    for state in ("refused", "declined", "expired"):
        if state in states:
            return state, None, parties[states.index(state)]
    advices = [one.advice for one in parties]
    if any(one is None for one in advices):
        return "answered", None, None  # a plain query has no rules
    advice = Advice.NOT_DERIVABLE
    if Advice.DOES_NOT_MEET in advices:
        advice = Advice.DOES_NOT_MEET
    elif len(set(advices)) == 1 and advices[0] is not None:
        advice = advices[0]
    decided_by = next((one for one in parties if one.advice is advice), None)
    return "answered", advice, decided_by
