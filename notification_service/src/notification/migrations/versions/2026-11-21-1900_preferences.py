"""People and what they chose; digests; addresses that refuse mail; the states by the names that people know."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_21_1900"
down_revision = "2026_11_21_1830"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_STATES = {"sent": "accepted", "failed": "bounced", "cancelled": "suppressed"}


def upgrade() -> None:
    _extend_notification()
    _rename_states()
    _create_person()
    _create_preference()
    _create_bounced_address()
    _create_idempotency_key()


def _extend_notification() -> None:
    op.alter_column("notification", "reason", new_column_name="detail")
    op.alter_column("notification", "sent_at", new_column_name="accepted_at")
    op.alter_column("notification", "recipient", nullable=True)
    op.add_column("notification", sa.Column("reason", sa.Text()))
    op.add_column("notification", sa.Column("digest_id", sa.Uuid()))
    op.add_column("notification", sa.Column("import_oid", sa.Uuid()))
    op.add_column("notification", sa.Column("resends", sa.BigInteger(), server_default="0", nullable=False))
    op.create_foreign_key(
        "fk_notification_digest_id", "notification", "notification", ["digest_id"], ["id"], ondelete="SET NULL"
    )
    op.create_index(
        "ix_notification_digest_id", "notification", ["digest_id"],
        postgresql_where=sa.text("digest_id IS NOT NULL"),
    )
    op.drop_index("ix_notification_due", "notification")
    op.create_index(
        "ix_notification_due", "notification", ["next_attempt_at"],
        postgresql_where=sa.text("state IN ('queued', 'retrying')"),
    )


def _rename_states() -> None:
    for old, new in _STATES.items():
        op.execute(f"UPDATE notification SET state = '{new}' WHERE state = '{old}'")  # noqa: S608 - constants
    op.execute("UPDATE notification SET reason = 'stale' WHERE state = 'suppressed'")
    op.execute("UPDATE notification SET state = 'retrying' WHERE state = 'queued' AND attempts > 0")


def _create_person() -> None:
    op.create_table(
        "person",
        sa.Column("oid", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text()),
        sa.Column("time_zone", sa.Text()),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("lsn", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("oid", name="pk_person"),
    )
    op.create_index("ix_person_email", "person", [sa.text("lower(email)")])


def _create_preference() -> None:
    op.create_table(
        "preference",
        sa.Column("user_oid", sa.Uuid(), nullable=False),
        sa.Column("locale", sa.Text()),
        sa.Column("time_zone", sa.Text()),
        sa.Column("quiet_from", sa.Time()),
        sa.Column("quiet_until", sa.Time()),
        sa.Column("kinds", postgresql.JSONB(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("user_oid", name="pk_preference"),
    )


def _create_bounced_address() -> None:
    op.create_table(
        "bounced_address",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("bounces", sa.BigInteger(), nullable=False),
        sa.Column("suppressed_at", _TIME),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("address", name="pk_bounced_address"),
    )


def _create_idempotency_key() -> None:
    op.create_table(
        "idempotency_key",
        sa.Column("caller_oid", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", _TIME, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("caller_oid", "key", name="pk_idempotency_key"),
    )
    op.create_index("ix_idempotency_key_created_at", "idempotency_key", ["created_at"])
