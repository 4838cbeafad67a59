"""The first layout: checks with their parties, requests, API keys, webhooks and their outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "eigendata_checks",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("desk", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
    op.create_index("eigendata_checks_listed", "eigendata_checks", ["desk", "made_at", "id"])
    op.create_index("eigendata_checks_until", "eigendata_checks", ["until"])
    op.create_table(
        "eigendata_parties",
        sa.Column("check_id", sa.Text, sa.ForeignKey("eigendata_checks.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("role", sa.Text, primary_key=True),
        sa.Column("place", sa.SmallInteger, nullable=False),
        sa.Column("page", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("device", sa.Text),
        sa.Column("concluded_at", sa.BigInteger),
        sa.Column("concluded_by", sa.LargeBinary),
        sa.Column("code", sa.LargeBinary),
        sa.Column("code_session", sa.LargeBinary),
        sa.Column("code_until", sa.BigInteger),
        sa.Column("returned_at", sa.BigInteger),
        sa.Column("returned_by", sa.LargeBinary),
    )
    op.create_index("eigendata_parties_page", "eigendata_parties", ["page"], unique=True)
    op.create_table(
        "eigendata_outcomes",
        sa.Column("check_id", sa.Text, primary_key=True),
        sa.Column("role", sa.Text, primary_key=True),
        sa.Column("record", sa.LargeBinary, nullable=False),
        sa.Column("disclosed", sa.LargeBinary),
        sa.Column("keep_for", sa.BigInteger),
        sa.Column("keep_until", sa.BigInteger),
        sa.ForeignKeyConstraint(
            ["check_id", "role"], ["eigendata_parties.check_id", "eigendata_parties.role"], ondelete="CASCADE"
        ),
    )
    kept = sa.text("keep_until IS NOT NULL")
    op.create_index(
        "eigendata_outcomes_keep_until", "eigendata_outcomes", ["keep_until"], sqlite_where=kept, postgresql_where=kept
    )
    op.create_table(
        "eigendata_requests",
        sa.Column("id", sa.LargeBinary, primary_key=True),
        sa.Column("check_id", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("desk", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.Column("kid", sa.LargeBinary),
        sa.Column("nonce", sa.LargeBinary, nullable=False),
        sa.Column("session", sa.LargeBinary),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("fetched_at", sa.BigInteger),
        sa.Column("fetch_until", sa.BigInteger, nullable=False),
        sa.Column("answer_until", sa.BigInteger, nullable=False),
        sa.Column("leased_until", sa.BigInteger, nullable=False),
        sa.Column("lease", sa.LargeBinary),
        sa.ForeignKeyConstraint(
            ["check_id", "role"], ["eigendata_parties.check_id", "eigendata_parties.role"], ondelete="CASCADE"
        ),
    )
    op.create_index("eigendata_requests_party", "eigendata_requests", ["check_id", "role"])
    op.create_index("eigendata_requests_state", "eigendata_requests", ["state"], unique=True)
    sealed = sa.text("kid IS NOT NULL")
    op.create_index(
        "eigendata_requests_kid",
        "eigendata_requests",
        ["kid"],
        unique=True,
        sqlite_where=sealed,
        postgresql_where=sealed,
    )
    op.create_index("eigendata_requests_answer_until", "eigendata_requests", ["answer_until"])
    op.create_table(
        "eigendata_keys",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("desk", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("mac", sa.LargeBinary, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
    )
    op.create_index("eigendata_keys_digest", "eigendata_keys", ["digest"], unique=True)
    op.create_index("eigendata_keys_desk", "eigendata_keys", ["desk"])
    op.create_table(
        "eigendata_webhooks",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("desk", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
    )
    op.create_index("eigendata_webhooks_desk", "eigendata_webhooks", ["desk"])
    op.create_table(
        "eigendata_outbox",
        sa.Column("message", sa.Text, primary_key=True),
        sa.Column("webhook_id", sa.Text, sa.ForeignKey("eigendata_webhooks.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("token", sa.LargeBinary),
    )
    op.create_index("eigendata_outbox_due_at", "eigendata_outbox", ["due_at"])
    op.create_index("eigendata_outbox_webhook", "eigendata_outbox", ["webhook_id"])
    op.create_index("eigendata_outbox_token", "eigendata_outbox", ["token"])
    op.create_table(
        "eigendata_marks",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )
