"""The tables as the newest layout has them. Every time is in milliseconds since 1970, by the clock of the database.

checks --< parties --< requests, outcomes        keys        webhooks --< outbox        marks
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)

METADATA: Final = MetaData()

VERSION_TABLE: Final = "eigendata_layout"
"""Where alembic notes the revision. All names begin alike: someone's application may have tables beside ours."""

CHECKS: Final = Table(
    "eigendata_checks",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("desk", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Index("eigendata_checks_listed", "desk", "made_at", "id"),
    Index("eigendata_checks_until", "until"),
)

PARTIES: Final = Table(
    "eigendata_parties",
    METADATA,
    Column("check_id", Text, ForeignKey(CHECKS.c.id, ondelete="CASCADE"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("place", SmallInteger, nullable=False),
    Column("page", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("device", Text),
    Column("concluded_at", BigInteger),
    Column("concluded_by", LargeBinary),
    Column("code", LargeBinary),
    Column("code_session", LargeBinary),
    Column("code_until", BigInteger),
    Column("returned_at", BigInteger),
    Column("returned_by", LargeBinary),
    Index("eigendata_parties_page", "page", unique=True),
)

# beside the parties and not in them: a row that grows moves others
OUTCOMES: Final = Table(
    "eigendata_outcomes",
    METADATA,
    Column("check_id", Text, primary_key=True),
    Column("role", Text, primary_key=True),
    Column("record", LargeBinary, nullable=False),
    Column("disclosed", LargeBinary),
    Column("keep_for", BigInteger),
    Column("keep_until", BigInteger),
    ForeignKeyConstraint(
        ["check_id", "role"], ["eigendata_parties.check_id", "eigendata_parties.role"], ondelete="CASCADE"
    ),
    Index(
        "eigendata_outcomes_keep_until",
        "keep_until",
        sqlite_where=text("keep_until IS NOT NULL"),
        postgresql_where=text("keep_until IS NOT NULL"),
    ),
)

REQUESTS: Final = Table(
    "eigendata_requests",
    METADATA,
    Column("id", LargeBinary, primary_key=True),
    Column("check_id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("desk", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Column("kid", LargeBinary),
    Column("nonce", LargeBinary, nullable=False),
    Column("session", LargeBinary),
    Column("sealed", LargeBinary, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("fetched_at", BigInteger),
    Column("fetch_until", BigInteger, nullable=False),
    Column("answer_until", BigInteger, nullable=False),
    Column("leased_until", BigInteger, nullable=False),
    Column("lease", LargeBinary),
    ForeignKeyConstraint(
        ["check_id", "role"], ["eigendata_parties.check_id", "eigendata_parties.role"], ondelete="CASCADE"
    ),
    Index("eigendata_requests_party", "check_id", "role"),
    Index("eigendata_requests_state", "state", unique=True),
    Index(
        "eigendata_requests_kid",
        "kid",
        unique=True,
        sqlite_where=text("kid IS NOT NULL"),
        postgresql_where=text("kid IS NOT NULL"),
    ),
    Index("eigendata_requests_answer_until", "answer_until"),
)

KEYS: Final = Table(
    "eigendata_keys",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("desk", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Index("eigendata_keys_digest", "digest", unique=True),
    Index("eigendata_keys_desk", "desk"),
)

WEBHOOKS: Final = Table(
    "eigendata_webhooks",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("desk", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Index("eigendata_webhooks_desk", "desk"),
)

OUTBOX: Final = Table(
    "eigendata_outbox",
    METADATA,
    Column("message", Text, primary_key=True),
    Column("webhook_id", Text, ForeignKey(WEBHOOKS.c.id, ondelete="CASCADE"), primary_key=True),
    Column("type", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("token", LargeBinary),
    Index("eigendata_outbox_due_at", "due_at"),
    Index("eigendata_outbox_webhook", "webhook_id"),
    Index("eigendata_outbox_token", "token"),
)

MARKS: Final = Table(
    "eigendata_marks",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
