"""A check from its beginning to its outcome, without HTTP: what the router, the API and an application's own code call.

    begin -> Begun            a check of a desk and its parties
    ask   -> Asking           a party is asked by a link for a wallet: each time anew, with a nonce and a key of its own
    request_object            what a wallet fetches, signed anew each time
    answer -> Answered        taken once, verified, concluded; and where the person's browser goes on
    visit, redeem             what the browser in front of a party sees
    look, list, remove        what the desk's own systems see

It keeps to itself what is stored and in what form: of a request no more than cannot be made again, of an answer what
was asked and nothing as a wallet sent it. An answer whose request is unknown, too old, taken, answered or another's is
refused in one way. On the same device an answer counts when the person is back in the browser that began (HAIP 1.0
section 5.1); before that nobody is shown anything of it.

Source: OpenID4VP 1.0 sections 5, 8, 13.3 and 14.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from eigendata import policies
from eigendata.crypto.jwe import ContentEncryption, Recipient, write_recipient
from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.encoding import Json, b64url_decode, b64url_encode, json_dumps, json_object, thaw
from eigendata.errors import Declined, Malformed, Misuse, Rejected, Unavailable
from eigendata.model import Advice, Disclosure
from eigendata.once import TAKEN
from eigendata.openid import vp
from eigendata.openid.client_id import Prefix
from eigendata.query import Encryption, PolicyReference, Query, Request
from eigendata.store.records import AWAITED, KNOWN, RESPONSE_CODE, Conclusion, Device, Event, Limits, State
from eigendata.web import trails
from eigendata.web.desks import Desk, table
from eigendata.web.views import RETURNING, Answered, Asking, CheckView, Order, PartyView, VisitView, together

if TYPE_CHECKING:
    from eigendata.store import CheckPage, Lease, Store, StoredCheck, StoredParty
    from eigendata.verifier import Verifier

ROLES: Final = ("aanvrager", "partner", "gemachtigde")
"""Who can be a party of a check."""

OPEN_FOR: Final = timedelta(days=14)
"""How long a check can be answered: a partner may be away for a week."""

SHOWN_FOR: Final = timedelta(minutes=30)
"""How long an outcome is seen on its page; and how long at least the desk sees what was disclosed, also where a policy
keeps it for no days: as long as somebody sits there."""

UNTIL_EVENT: Final = timedelta(days=365)
"""How long at most where a policy's term ends with an event, such as an audit: the desk removes the check after it."""

ENCRYPTIONS: Final = tuple(str(one) for one in ContentEncryption)
"""The content encryptions that are offered: both (HAIP 1.0 section 5)."""

SECRET_SIZE: Final = 32
"""Octets of a session and of the id of an answer's key: twice what can be guessed."""

RETURN_WITHIN: Final = Limits().code
"""How long the way back to the browser that began may take."""

CONCLUDED: Final = "check.concluded"
"""The type of the event that webhooks are told."""

Clock = Callable[[], datetime]
OnChecked = Callable[[str, str, Disclosure], object]


class Checking:
    """The checks of several desks over one store. Share one between the threads of a process."""

    def __init__(
        self,
        desks: Iterable[Desk],
        *,
        store: Store,
        public_url: str,
        on_checked: OnChecked | None = None,
        clock: Clock = lambda: datetime.now(UTC),
    ) -> None:
        """Take the desks of a process.

        Args:
            public_url: where the router is reached from outside, without a slash at its end; the desks' own.
            on_checked: called with the id of a check, the role of a party and what it disclosed, after it was kept and
                before the wallet hears of it: at most once, for a process can end in between. Webhooks are told again.
            clock: gives aware moments, for proofs and signatures; the store goes by its own.

        Raises:
            Misuse: two desks have one id, or take their answers elsewhere.
        """
        self.desks: Mapping[str, Desk] = table(desks)
        self.store = store
        self.public_url = public_url
        self._on_checked = on_checked
        self._clock = clock
        for desk in self.desks.values():
            if desk.public_url != public_url:
                raise Misuse(f"the desk {desk.id} was made for another address than this service's")

    # -- beginning ----------------------------------------------------------------------------------------------------

    def begin(
        self,
        desk: str,
        *,
        policy: str | None = None,
        query: Query | None = None,
        home: Mapping[str, Json] | None = None,
        roles: Sequence[str] = ("aanvrager",),
        sealed: bool | None = None,
        prefix: Prefix | None = None,
    ) -> CheckView:
        """Begin a check.

        Args:
            policy: the id of one of the desk's policies; or else a plain `query`.
            home: the conditions; the desk's own for that policy where None.
            roles: who is asked, of `ROLES`.
            sealed: whether answers come encrypted; where None, they do if the request is signed.
            prefix: how the desk is named; by the best that it has where None.

        Raises:
            Misuse: there is no such desk, policy, role or name, or not one of policy and query; the conditions are not
                what the policy needs; or no wallet could accept the request.
            Declined: the policy cannot be asked in the desk's formats (`over_asked`).
            Unavailable: too many checks wait, or the store cannot be used now.
        """
        asks = self._desk(desk)
        prefix = asks.prefix if prefix is None else prefix
        if (policy is None) == (query is None):
            raise Misuse("a check asks by a policy or by a query of its own, one of the two")
        if not roles or len(set(roles)) != len(roles) or not set(roles) <= set(ROLES):
            raise Misuse(f"the parties of a check are of {', '.join(ROLES)}, each once")
        asked: PolicyReference | Query
        if policy is not None:
            one = asks.policy(policy)
            conditions = one.conditions(asks.homes.get(policy, {}) if home is None else home)
            asked = PolicyReference(id=one.id, version=one.version, use=one.use, home=conditions)
        else:
            assert query is not None
            if home is not None:
                raise Misuse("only a policy has conditions")
            asked = query
        order = Order(asked=asked, sealed=prefix.signs if sealed is None else sealed, prefix=prefix)
        vp.request_parameters(self._made(asks, order).request)  # refused now, and not when a wallet comes
        stored = self.store.begin(desk, roles=roles, content=json_dumps(order.to_json()), open_for=OPEN_FOR)
        return self._view(stored)

    def ask(self, check: CheckView, role: str, *, session: str | None = None) -> Asking:
        """Ask a party by a new request; those made before can be answered too, until one is.

        Args:
            session: the session of the browser on the device where the wallet is; None: the wallet is on another.

        Raises:
            Rejected: there is no such party (any more), it is done, or its time is over.
            Unavailable: too many requests wait, or the store cannot be used now.
        """
        order = check.order
        with _as_it_asked():
            made = self._made(self._desk(check.desk), order)
        offered = self.store.offer(
            check.id,
            role,
            desk=check.desk,
            device=Device.CROSS if session is None else Device.SAME,
            content=json_dumps(made.to_json()),
            nonce=made.request.binding.nonce,
            state=made.state,
            kid=made.kid,
            session=session,
        )
        if not order.prefix.signs:
            return Asking(link=vp.request_link(made.request), request_uri=None, fetch_until=offered.fetch_until)
        uri = f"{self.public_url}/requests/{offered.id}"
        link = vp.reference_link(made.request.binding.audience, uri, post=True)
        return Asking(link=link, request_uri=uri, fetch_until=offered.fetch_until)

    # -- the wallet ---------------------------------------------------------------------------------------------------

    def request_object(self, id: str, *, wallet_nonce: str | None) -> bytes:
        """Give the request that a wallet fetches, signed for this once.

        Raises:
            Rejected: it was never there, was answered, or is too old: which of them is not said.
            Unavailable: the store cannot be used now.
        """
        fetched = self.store.fetch(id)
        with _as_it_asked():
            made = self._recalled(fetched.desk, fetched.content)
            desk = self._desk(fetched.desk)
        if not made.order.prefix.signs:
            raise Rejected(AWAITED)
        return desk.sign(made.request, made.order.prefix, wallet_nonce=wallet_nonce, at=self._clock())

    def answer(self, data: bytes) -> Answered:
        """Take what a wallet posted, once; a wallet that says no has answered too.

        Raises:
            Rejected: no request waits for it (`AWAITED`), whatever else may be wrong with it; or it is not to be
                trusted, and its party is refused for good.
            Malformed: it is not an answer to its request, and its party is refused for good.
            Unavailable: something that had to be asked did not answer. The very same answer may come again.
        """
        posted, lease = self._taken(data)
        try:
            with _as_it_asked():
                made = self._recalled(lease.desk, lease.content)
                verifier = self._verifier(self._desk(lease.desk), made.order)
        except Unavailable:
            self.store.give_back(lease)
            raise
        disclosure: Disclosure | None = None
        failed: Rejected | Malformed | None = None
        try:
            answer = vp.parse_answer(posted, made.request, key=made.key)
            disclosure = verifier.verify(answer, made.request, at=self._clock())
            concluded = self._accepted(disclosure, made)
        except Declined:
            concluded = _conclusion(State.DECLINED, {"state": "declined"})
        except (Rejected, Malformed) as error:
            if isinstance(error, Rejected) and error.check is TAKEN:
                # The store gave this request to us alone: what ran out meanwhile is our lease, which says nothing of
                # the answer. Whoever has the lease now is not held up.
                self.store.give_back(lease)
                raise Unavailable("the answer was not read in time") from error
            failed, concluded = error, _refusal(error)
        except Unavailable:
            self.store.give_back(lease)
            raise
        same_device = lease.device is Device.SAME and concluded.state is State.ANSWERED
        events = () if same_device else (self._event(lease.check, lease.role, concluded.state),)
        code = self.store.conclude(lease, concluded, events=events)
        if failed is not None:
            raise failed
        if disclosure is not None and self._on_checked is not None:
            self._on_checked(lease.check, lease.role, disclosure)
        if code is None:
            return Answered(redirect_uri=None)
        return Answered(redirect_uri=f"{self.public_url}/pages/{lease.page}?response_code={code}")

    def _taken(self, data: bytes) -> tuple[vp.Posted, Lease]:
        """Find the request of an answer; what names none is refused as late as what names one that is not there."""
        posted, kid, state = _NOTHING, None, _NONE
        with suppress(Malformed):
            posted = vp.read_posted(data)
            kid = vp.answered_key(posted)
            state = vp.answered_state(posted) if kid is None else state
        return posted, self.store.take(state=state if kid is None else None, kid=kid)

    # -- the person ---------------------------------------------------------------------------------------------------

    def visit(self, page: str, *, session: str | None) -> VisitView:
        """See a party's page.

        Args:
            session: of the browser; what was disclosed is seen in the one to which the wallet came back.

        Raises:
            Rejected: the page is of no check (any more).
            Unavailable: the store cannot be used now, or this process does not have the desk.
        """
        visit = self.store.visit(page, session=session)
        check = self._view(visit.check)
        with _as_it_asked():
            self._desk(check.desk)
        ended = [one.concluded_at for one in visit.check.parties if one.concluded_at is not None]
        until = check.expires_at if check.state == "waiting" else max(ended, default=check.expires_at) + SHOWN_FOR
        if until <= self._clock():
            raise Rejected(KNOWN)
        party = check.party(visit.party.role)
        if visit.own:
            party = self._view(self.store.look(check.id, desk=check.desk)).party(party.role)
        return VisitView(check=check, party=party, in_use=visit.party.fetched, until=until)

    def redeem(self, page: str, code: str, *, session: str) -> None:
        """Let an answer count, now that the person is back in the browser that began (HAIP 1.0 section 5.1).

        Raises:
            Rejected: the code is not of this page and session, came before, or is too old.
            Unavailable: the store cannot be used now.
        """
        visit = self.store.visit(page, session=session)
        event = self._event(visit.check.id, visit.party.role, State.ANSWERED)
        self.store.redeem(page, code, session=session, events=(event,))

    def asked_on(self, check: CheckView) -> tuple[policies.Policy | None, Query | None]:
        """Give the policy or the query of a check, as its pages explain it.

        Raises:
            Unavailable: this process does not have the policy.
        """
        asked = check.order.asked
        if isinstance(asked, Query):
            return None, asked
        found = self._desk(check.desk).policies.get(asked.id)
        if found is None or found.version != asked.version:
            raise Unavailable("the policy of this check is not the desk's any more")
        return found, None

    # -- the desk's own systems ---------------------------------------------------------------------------------------

    def look(self, desk: str, id: str) -> CheckView:
        """See how a check of a desk stands.

        Raises:
            Rejected: the desk has none of this id (any more).
            Unavailable: the store cannot be used now.
        """
        return self._view(self.store.look(id, desk=desk))

    def list(self, desk: str, *, after: str | None, limit: int) -> tuple[tuple[CheckView, ...], str | None]:
        """Give checks of a desk, newest first, without what was disclosed; and where the next part begins.

        Raises:
            Malformed: `after` is not what a part before said.
            Misuse: `limit` is out of bounds.
            Unavailable: the store cannot be used now.
        """
        part: CheckPage = self.store.list(desk, after=after, limit=limit)
        return tuple(self._view(one) for one in part.checks), part.after

    def remove(self, desk: str, id: str) -> None:
        """Wipe a check.

        Raises:
            Rejected: the desk has none of this id (any more).
            Unavailable: the store cannot be used now.
        """
        self.store.remove(id, desk=desk)

    # -- what is made and made again ----------------------------------------------------------------------------------

    def _desk(self, id: str) -> Desk:
        if id not in self.desks:
            raise Misuse("there is no such desk here")
        return self.desks[id]

    def _verifier(self, desk: Desk, order: Order) -> Verifier:
        return desk.verifier(order.prefix, by_policy=not isinstance(order.asked, Query))

    def _made(self, desk: Desk, order: Order) -> _Made:
        key = SoftwareKey.generate(Algorithm.ES256) if order.sealed else None
        nonce, state, kid = (secrets.token_urlsafe(SECRET_SIZE) for _ in range(3))
        return self._of(desk, order, nonce=nonce, state=state, kid=kid, key=key)

    def _recalled(self, desk: str, content: bytes) -> _Made:
        match json_object(content):
            case {
                "order": order,
                "nonce": str(nonce),
                "state": str(state),
                "kid": str(kid),
                "key": (str() | None) as key,
            }:
                read = Order.from_json(order if isinstance(order, Mapping) else {})
                secret = None if key is None else SoftwareKey.from_secret(Algorithm.ES256, b64url_decode(key))
                return self._of(self._desk(desk), read, nonce=nonce, state=state, kid=kid, key=secret)
            case _:
                raise Malformed("this is not a request as it is stored here")

    def _of(self, desk: Desk, order: Order, *, nonce: str, state: str, kid: str, key: SoftwareKey | None) -> _Made:
        encryption = None
        if key is not None:
            jwk = write_recipient(Recipient(key.public_key, kid))
            encryption = Encryption(jwk=jwk, encryptions=ENCRYPTIONS)
        verifier = self._verifier(desk, order)
        request = verifier.recall(order.asked, nonce=nonce, state=state, encryption=encryption)
        return _Made(order=order, request=request, state=state, kid=None if key is None else kid, key=key)

    # -- what became of it --------------------------------------------------------------------------------------------

    def _accepted(self, disclosure: Disclosure, made: _Made) -> Conclusion:
        advised, reference = disclosure.advice, made.request.policy
        several = [(name, one) for name, given in disclosure.credentials.items() for one in given]
        record: dict[str, Json] = {
            "state": "answered",
            "shown": [{"question": name, "type": one.type.id} for name, one in several],
            "trail": trails.pack((*((name, one.trail) for name, one in several), ("", disclosure.trail))),
        }
        days: int | None = 0
        if advised is not None and reference is not None:
            record |= {"advice": str(advised.advice), "rule": advised.rule}
            days = policies.days_kept(made.request.keep, advised.advice)
        disclosed: dict[str, list[Json]] = {}
        for name, one in several:
            issuer: Json = {"id": one.issuer.id, "name": one.issuer.name}
            given: Json = {"type": one.type.id, "issuer": issuer, "claims": thaw(one.claims)}
            disclosed.setdefault(name, []).append(given)
        kept = UNTIL_EVENT if days is None else max(SHOWN_FOR, timedelta(days=days))
        return replace(_conclusion(State.ANSWERED, record), disclosed=json_dumps({**disclosed}), keep=kept)

    def _event(self, check: str, role: str, state: State) -> Event:
        """Say that a party is done. What was advised is asked for by the API: a message may lie about somewhere."""
        at = self._clock().astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
        said: Json = {"type": CONCLUDED, "timestamp": at, "data": {"id": check, "role": role, "state": str(state)}}
        return Event(type=CONCLUDED, payload=json_dumps(said))

    def _view(self, stored: StoredCheck) -> CheckView:
        order = Order.from_json(json_object(stored.content))
        parties = tuple(self._party(one) for one in stored.parties)
        state, advice, decided_by = together(parties)
        return CheckView(
            id=stored.id,
            desk=stored.desk,
            order=order,
            state=state,
            advice=advice,
            decided_by=decided_by,
            parties=parties,
            made_at=stored.made_at,
            expires_at=stored.expires_at,
            until=stored.until,
        )

    def _party(self, stored: StoredParty) -> PartyView:
        if stored.record is None:
            return PartyView(role=stored.role, state=str(stored.state), page=stored.page)
        awaited = stored.state is State.ANSWERED and stored.device is Device.SAME and stored.returned_at is None
        if awaited and stored.concluded_at is not None:
            if self._clock() < stored.concluded_at + RETURN_WITHIN:
                return PartyView(role=stored.role, state=RETURNING, page=stored.page)
            missed: dict[str, Json] = {"state": "refused", "reason": str(RESPONSE_CODE.reason)}
            return PartyView(role=stored.role, state="refused", page=stored.page, record=missed)
        record = dict(json_object(stored.record))
        record["trail"] = trails.unpack(record.get("trail"))
        advice = record.get("advice")
        return PartyView(
            role=stored.role,
            state=str(stored.state),
            page=stored.page,
            advice=None if advice is None else Advice(str(advice)),
            record=record,
            disclosed=None if stored.disclosed is None else json_object(stored.disclosed),
            keep_until=stored.keep_until,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A request, with all that is needed to make it again and to read its answer."""

    order: Order
    request: Request
    state: str = field(repr=False)
    kid: str | None
    key: SoftwareKey | None = field(repr=False)

    def to_json(self) -> dict[str, Json]:
        return {
            "order": self.order.to_json(),
            "nonce": self.request.binding.nonce,
            "state": self.state,
            "kid": self.kid or "",
            "key": None if self.key is None else b64url_encode(self.key.secret()),
        }


@contextmanager
def _as_it_asked() -> Iterator[None]:
    """Give a desk, a name or a policy that this process does not have as what passes: another may have it.

    Raises:
        Unavailable: it has not.
    """
    try:
        yield
    except Misuse as error:
        raise Unavailable("the desk of this request is not as it was when it asked") from error


_NOTHING: Final = vp.Posted(is_file=False, parameters={})

_NONE: Final = secrets.token_urlsafe(SECRET_SIZE)
"""The state of no request."""


def _conclusion(state: State, record: Mapping[str, Json]) -> Conclusion:
    return Conclusion(state=state, record=json_dumps(record))


def _refusal(error: Rejected | Malformed) -> Conclusion:
    record: dict[str, Json] = {"state": "refused"}
    if isinstance(error, Rejected):
        where = "/".join(str(part) for part in error.where)
        record |= {"reason": str(error.reason), "trail": trails.pack(((where, error.trail),), failed=error.check)}
    return _conclusion(State.REFUSED, record)


def new_session() -> str:
    """Make the secret by which a browser is known again."""
    return secrets.token_urlsafe(SECRET_SIZE)
