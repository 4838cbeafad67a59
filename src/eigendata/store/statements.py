"""Every statement of the store, for both databases. Each one-time value is taken by one of them, and by no other.

    TAKE_BY_STATE, TAKE_BY_KID    a request, for as long as a lease lasts
    CONCLUDE_REQUEST              a request, for good; CONCLUDE_PARTY a party's one outcome
    REDEEM                        a response code
    TAKE_DUE                      events to deliver

A name in quotation marks is a parameter. `NOW` is the clock of PostgreSQL, and ours where the database is a file: the
time at which the statement began, which an index can be compared with.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Delete,
    Insert,
    Integer,
    LargeBinary,
    Select,
    SmallInteger,
    Table,
    Text,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ColumnElement

from eigendata.store.tables import CHECKS, KEYS, MARKS, OUTBOX, OUTCOMES, PARTIES, REQUESTS, WEBHOOKS

Statement = Select[Any] | Insert | Update | Delete

KEY_MARK: Final = "key"
"""The mark by which a store knows its key."""


class _Now(ColumnElement[int]):
    inherit_cache = True
    type = BigInteger()


@compiles(_Now)
def _ours(element: _Now, compiler: SQLCompiler, **named: Any) -> str:
    return compiler.process(bindparam("now", type_=BigInteger()), **named)


@compiles(_Now, "postgresql")
def _theirs(element: _Now, compiler: SQLCompiler, **named: Any) -> str:
    return "(extract(epoch from statement_timestamp()) * 1000)::bigint"


NOW: Final = _Now()
_ZERO: Final = literal_column("0", Integer())  # in the text of a statement, where a parameter would have no name
_ONE: Final = literal_column("1", Integer())


def _text(name: str) -> BindParameter[str]:
    return bindparam(name, type_=Text())


def _octets(name: str) -> BindParameter[bytes]:
    return bindparam(name, type_=LargeBinary())


def _time(name: str) -> BindParameter[int]:
    return bindparam(name, type_=BigInteger())


def _count(name: str) -> BindParameter[int]:
    return bindparam(name, type_=Integer())


def _once(table: Table, row: dict[str, Any]) -> Insert:
    """Insert a row whose id was drawn by chance, unless that was done: so it can be tried again."""
    there = exists(_ONE).where(table.c.id == row["id"])
    return insert(table).from_select(list(row), select(*row.values()).where(~there))


# -- checks -----------------------------------------------------------------------------------------------------------

BEGIN: Final = _once(
    CHECKS,
    {
        "id": _text("id"),
        "desk": _text("desk"),
        "sealed": _octets("sealed"),
        "made_at": NOW,
        "expires_at": NOW + _time("open_for"),
        "until": NOW + _time("until_for"),
    },
)
BEGIN_PARTY: Final = insert(PARTIES).from_select(
    ["check_id", "place", "role", "page", "state"],
    select(_text("check"), bindparam("place", type_=SmallInteger()), _text("role"), _octets("page"), _text("state")),
)
TIMES: Final = select(CHECKS.c.made_at, CHECKS.c.expires_at, CHECKS.c.until).where(CHECKS.c.id == _text("id"))

_OF_CHECK: Final = (
    *(CHECKS.c.id, CHECKS.c.desk, CHECKS.c.sealed, CHECKS.c.made_at, CHECKS.c.expires_at, CHECKS.c.until),
)
_KEPT: Final = OUTCOMES.c.keep_until > NOW
_OLD: Final = REQUESTS.alias("old")
_FETCHED: Final = (
    select(_OLD.c.fetched_at.is_not(None))
    .where(_OLD.c.check_id == PARTIES.c.check_id, _OLD.c.role == PARTIES.c.role, _OLD.c.answer_until > NOW)
    .order_by(_OLD.c.made_at.desc())
    .limit(_ONE)
    .offset(_ZERO)
    .correlate(PARTIES)
    .scalar_subquery()
)
"""Whether the newest request of a party was fetched; null where none waits."""


def _seen(*, disclosed: ColumnElement[Any]) -> Select[Any]:
    return (
        select(
            *_OF_CHECK,
            PARTIES.c.role,
            PARTIES.c.state,
            CHECKS.c.expires_at <= NOW,
            _FETCHED,
            *(PARTIES.c.device, OUTCOMES.c.record, disclosed),
            *(PARTIES.c.concluded_at, PARTIES.c.returned_at, case((_KEPT, OUTCOMES.c.keep_until))),
            *(PARTIES.c.page, PARTIES.c.code_session),
        )
        .join_from(CHECKS, PARTIES, PARTIES.c.check_id == CHECKS.c.id)
        .outerjoin(OUTCOMES, and_(OUTCOMES.c.check_id == PARTIES.c.check_id, OUTCOMES.c.role == PARTIES.c.role))
        .where(CHECKS.c.until > NOW)
    )


LOOK: Final = (
    _seen(disclosed=case((_KEPT, OUTCOMES.c.disclosed)))
    .where(CHECKS.c.id == _text("id"), CHECKS.c.desk == _text("desk"))
    .order_by(PARTIES.c.place)
)
_PAGE: Final = PARTIES.alias("page")
VISIT: Final = (
    _seen(disclosed=null())
    .where(CHECKS.c.id == select(_PAGE.c.check_id).where(_PAGE.c.page == _octets("page")).scalar_subquery())
    .order_by(PARTIES.c.place)
)
_ORDER: Final = (CHECKS.c.made_at.desc(), CHECKS.c.id.desc())
LIST: Final = (
    _seen(disclosed=null())
    .where(
        CHECKS.c.id.in_(
            select(CHECKS.c.id)
            .where(
                CHECKS.c.desk == _text("desk"),
                tuple_(CHECKS.c.made_at, CHECKS.c.id) < tuple_(_time("made_at"), _text("id")),
                CHECKS.c.until > NOW,
            )
            .order_by(*_ORDER)
            .limit(_count("most"))
            .offset(_ZERO)
            .correlate(None)
        )
    )
    .order_by(*_ORDER, PARTIES.c.place)
)
REMOVE: Final = delete(CHECKS).where(CHECKS.c.id == _text("id"), CHECKS.c.desk == _text("desk"), CHECKS.c.until > NOW)

_PAST: Final = OUTCOMES.alias("past")
PURGE_DISCLOSED: Final = (
    update(OUTCOMES)
    .where(
        tuple_(OUTCOMES.c.check_id, OUTCOMES.c.role).in_(
            select(_PAST.c.check_id, _PAST.c.role)
            .where(_PAST.c.keep_until <= NOW)
            .limit(_count("most"))
            .offset(_ZERO)
            .with_for_update(skip_locked=True)
        )
    )
    .values(disclosed=null(), keep_until=null())
)
PURGE_REQUESTS: Final = delete(REQUESTS).where(
    REQUESTS.c.id.in_(
        select(_OLD.c.id)
        .where(_OLD.c.answer_until <= NOW, _OLD.c.leased_until <= NOW)
        .limit(_count("most"))
        .offset(_ZERO)
        .with_for_update(skip_locked=True)
    )
)
_GONE: Final = CHECKS.alias("gone")
PURGE_CHECKS: Final = delete(CHECKS).where(
    CHECKS.c.id.in_(
        select(_GONE.c.id)
        .where(_GONE.c.until <= NOW)
        .limit(_count("most"))
        .offset(_ZERO)
        .with_for_update(skip_locked=True)
    )
)
WAITING: Final = select(func.count()).select_from(
    select(_ONE.label("one")).select_from(REQUESTS).limit(_count("most")).offset(_ZERO).subquery()
)

# -- requests ---------------------------------------------------------------------------------------------------------

_THIS_PARTY: Final = (PARTIES.c.check_id == _text("check"), PARTIES.c.role == _text("role"))
_OPEN: Final = (
    select(_ONE)
    .join_from(PARTIES, CHECKS, PARTIES.c.check_id == CHECKS.c.id)
    .where(
        *_THIS_PARTY,
        CHECKS.c.desk == _text("desk"),
        PARTIES.c.concluded_at.is_(None),
        CHECKS.c.expires_at > NOW,
    )
)
_UNTIL: Final = NOW + _time("answer_for")
OPEN_PARTY: Final = _OPEN
OFFER: Final = insert(REQUESTS).from_select(
    [
        *("id", "check_id", "role", "desk", "device", "state", "kid", "nonce", "session", "sealed"),
        *("made_at", "fetch_until", "answer_until", "leased_until"),
    ],
    _OPEN.with_only_columns(
        *(_octets("id"), _text("check"), _text("role"), _text("desk"), _text("device"), _octets("state")),
        *(_octets("kid"), _octets("nonce"), _octets("session"), _octets("sealed")),
        NOW,
        NOW + _time("fetch_for"),
        case((CHECKS.c.expires_at < _UNTIL, CHECKS.c.expires_at), else_=_UNTIL),
        _ZERO,
    ).where(
        ~exists(_ONE).where(_OLD.c.id == _octets("id")),
        select(func.count())
        .select_from(_OLD)
        .where(_OLD.c.check_id == _text("check"), _OLD.c.role == _text("role"), _OLD.c.answer_until > NOW)
        .scalar_subquery()
        < _count("most"),
    ),
)
OFFERED: Final = select(REQUESTS.c.fetch_until, REQUESTS.c.answer_until).where(REQUESTS.c.id == _octets("id"))

_STORED: Final = (
    *(REQUESTS.c.id, REQUESTS.c.check_id, REQUESTS.c.role, REQUESTS.c.desk, REQUESTS.c.device),
    *(REQUESTS.c.state, REQUESTS.c.kid, REQUESTS.c.nonce, REQUESTS.c.session, REQUESTS.c.sealed),
)
FETCH: Final = select(*_STORED, REQUESTS.c.answer_until, REQUESTS.c.fetched_at).where(
    REQUESTS.c.id == _octets("id"), REQUESTS.c.fetch_until > NOW, REQUESTS.c.answer_until > NOW
)
FETCHED: Final = (
    update(REQUESTS).where(REQUESTS.c.id == _octets("id"), REQUESTS.c.fetched_at.is_(None)).values(fetched_at=NOW)
)


def _take(handle: ColumnElement[bytes | None]) -> Update:
    # a lease that is ours already: this was done, and the answer to it was lost
    free = or_(REQUESTS.c.leased_until <= NOW, REQUESTS.c.lease == _octets("token"))
    return (
        update(REQUESTS)
        .where(handle == _octets("handle"), REQUESTS.c.answer_until > NOW, free)
        .values(lease=_octets("token"), leased_until=NOW + _time("lasting"))
        .returning(*_STORED)
    )


TAKE_BY_STATE: Final = _take(REQUESTS.c.state)
TAKE_BY_KID: Final = _take(REQUESTS.c.kid)
_LEASED: Final = (REQUESTS.c.id == _octets("request"), REQUESTS.c.lease == _octets("token"))
GIVE_BACK: Final = update(REQUESTS).where(*_LEASED).values(lease=null(), leased_until=_ZERO)
CONCLUDE_REQUEST: Final = delete(REQUESTS).where(*_LEASED, REQUESTS.c.leased_until > NOW)
CONCLUDED: Final = select(_ONE).where(*_THIS_PARTY, PARTIES.c.concluded_by == _octets("token"))
CONCLUDE_PARTY: Final = (
    update(PARTIES)
    .where(*_THIS_PARTY, PARTIES.c.concluded_at.is_(None))
    .values(
        state=_text("became"),
        device=_text("where"),
        concluded_at=NOW,
        concluded_by=_octets("token"),
        code=_octets("told"),
        code_session=_octets("session"),
        code_until=NOW + _time("code_for"),
    )
)
CONCLUDE_OUTCOME: Final = insert(OUTCOMES).from_select(
    ["check_id", "role", "record", "disclosed", "keep_for", "keep_until"],
    select(
        *(_text("check"), _text("role"), _octets("said"), _octets("shown")),
        *(_time("keep"), NOW + _time("keep_now")),
    ),
)
CONCLUDE_OTHERS: Final = delete(REQUESTS).where(REQUESTS.c.check_id == _text("check"), REQUESTS.c.role == _text("role"))
_STAYS: Final = NOW + _time("stays_for")
CONCLUDE_CHECK: Final = (
    update(CHECKS).where(CHECKS.c.id == _text("check"), CHECKS.c.until < _STAYS).values(until=_STAYS)
)
TELL: Final = insert(OUTBOX).from_select(
    ["message", "webhook_id", "type", "payload", "made_at", "attempt", "due_at"],
    select(_text("message"), WEBHOOKS.c.id, _text("type"), _octets("payload"), NOW, _ZERO, NOW).where(
        WEBHOOKS.c.desk == _text("desk")
    ),
)
_RETURNED: Final = (
    *(PARTIES.c.page == _octets("of_page"), PARTIES.c.code == _octets("given")),
    *(PARTIES.c.code_session == _octets("session"),),
)
REDEEM: Final = (
    update(PARTIES)
    .where(*_RETURNED, PARTIES.c.code_until > NOW, PARTIES.c.returned_at.is_(None))
    .values(returned_at=NOW, returned_by=_octets("token"))
)
REDEEMED: Final = (
    select(PARTIES.c.check_id, PARTIES.c.role, CHECKS.c.desk, OUTCOMES.c.keep_for)
    .join_from(PARTIES, CHECKS, PARTIES.c.check_id == CHECKS.c.id)
    .join(OUTCOMES, and_(OUTCOMES.c.check_id == PARTIES.c.check_id, OUTCOMES.c.role == PARTIES.c.role))
    .where(*_RETURNED, PARTIES.c.returned_by == _octets("token"))
)
KEEP: Final = (
    update(OUTCOMES)
    .where(OUTCOMES.c.check_id == _text("check"), OUTCOMES.c.role == _text("role"), _KEPT)
    .values(keep_until=NOW + OUTCOMES.c.keep_for)
)

# -- keys, webhooks and their outbox ----------------------------------------------------------------------------------

ADD_KEY: Final = _once(
    KEYS,
    {
        "id": _text("id"),
        "desk": _text("desk"),
        "name": _text("name"),
        "digest": _octets("digest"),
        "mac": _octets("mac"),
        "made_at": NOW,
    },
)
KEY_MADE: Final = select(KEYS.c.made_at).where(KEYS.c.id == _text("id"))
FIND_KEY: Final = select(KEYS.c.id, KEYS.c.desk, KEYS.c.mac).where(KEYS.c.digest == _octets("digest"))
LIST_KEYS: Final = (
    select(KEYS.c.id, KEYS.c.name, KEYS.c.made_at)
    .where(KEYS.c.desk == _text("desk"))
    .order_by(KEYS.c.made_at, KEYS.c.id)
)
REVOKE_KEY: Final = delete(KEYS).where(KEYS.c.id == _text("id"), KEYS.c.desk == _text("desk"))

ADD_WEBHOOK: Final = _once(
    WEBHOOKS,
    {
        "id": _text("id"),
        "desk": _text("desk"),
        "url": _text("url"),
        "secret": _octets("secret"),
        "made_at": NOW,
    },
)
WEBHOOK_MADE: Final = select(WEBHOOKS.c.made_at).where(WEBHOOKS.c.id == _text("id"))
LIST_WEBHOOKS: Final = (
    select(WEBHOOKS.c.id, WEBHOOKS.c.url, WEBHOOKS.c.secret, WEBHOOKS.c.made_at)
    .where(WEBHOOKS.c.desk == _text("desk"))
    .order_by(WEBHOOKS.c.made_at, WEBHOOKS.c.id)
)
REMOVE_WEBHOOK: Final = delete(WEBHOOKS).where(WEBHOOKS.c.id == _text("id"), WEBHOOKS.c.desk == _text("desk"))

_DUE: Final = OUTBOX.alias("due")
TAKE_DUE: Final = (
    update(OUTBOX)
    .where(
        tuple_(OUTBOX.c.message, OUTBOX.c.webhook_id).in_(
            select(_DUE.c.message, _DUE.c.webhook_id)
            .where(_DUE.c.due_at <= NOW)
            .order_by(_DUE.c.due_at)
            .limit(_count("most"))
            .offset(_ZERO)
            .with_for_update(skip_locked=True)
        )
    )
    .values(token=_octets("ours"), due_at=NOW + _time("delivery"), attempt=OUTBOX.c.attempt + _ONE)
)
TAKEN_DUE: Final = (
    select(
        *(OUTBOX.c.message, WEBHOOKS.c.id, WEBHOOKS.c.desk, WEBHOOKS.c.url, WEBHOOKS.c.secret),
        *(OUTBOX.c.type, OUTBOX.c.payload, OUTBOX.c.made_at, OUTBOX.c.attempt),
    )
    .join_from(OUTBOX, WEBHOOKS, OUTBOX.c.webhook_id == WEBHOOKS.c.id)
    .where(OUTBOX.c.token == _octets("ours"))
    .order_by(OUTBOX.c.made_at, OUTBOX.c.message)
)
_OURS: Final = (
    *(OUTBOX.c.message == _text("which"), OUTBOX.c.webhook_id == _text("webhook")),
    *(OUTBOX.c.token == _octets("ours"),),
)
DELIVERED: Final = delete(OUTBOX).where(*_OURS)
FAILED: Final = update(OUTBOX).where(*_OURS).values(due_at=NOW + _time("again_in"), token=null())

# -- the store itself -------------------------------------------------------------------------------------------------

MARK: Final = insert(MARKS).from_select(
    ["name", "value"],
    select(_text("mark"), _octets("told")).where(~exists(_ONE).where(MARKS.c.name == _text("mark"))),
)
MARKED: Final = select(MARKS.c.value).where(MARKS.c.name == _text("mark"))
PROBE: Final = update(MARKS).where(MARKS.c.name == _text("mark")).values(value=MARKS.c.value)
CLOCK: Final = select(NOW)
