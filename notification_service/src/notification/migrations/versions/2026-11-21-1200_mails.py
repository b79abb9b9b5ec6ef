"""The projection of the assignments, the mails about them, and the consumer's tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_21_1200"
down_revision = None
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_consumer_tables()
    _create_assignment()
    _create_notification()
    _create_attempt()


def _create_assignment() -> None:
    op.create_table(
        "assignment",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("project_name", sa.Text(), nullable=False),
        sa.Column("team_id", sa.BigInteger()),
        sa.Column("team_name", sa.Text()),
        sa.Column("user_oid", sa.Uuid(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("user_email", sa.Text(), nullable=False),
        sa.Column("user_locale", sa.Text()),
        sa.Column("user_time_zone", sa.Text()),
        sa.Column("application_url", sa.Text()),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("lsn", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("kafka_partition", sa.Integer(), nullable=False),
        sa.Column("kafka_offset", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_assignment"),
    )
    op.create_index("ix_assignment_user_oid_epoch_lsn", "assignment", ["user_oid", "epoch", "lsn"])


def _create_notification() -> None:
    op.create_table(
        "notification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("assignment_id", sa.BigInteger(), nullable=False),
        sa.Column("user_oid", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("lsn", sa.BigInteger(), nullable=False),
        sa.Column("committed_at", _TIME, nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text()),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("in_doubt", sa.Boolean(), nullable=False),
        sa.Column("next_attempt_at", _TIME, nullable=False),
        sa.Column("lease_owner", sa.Uuid()),
        sa.Column("lease_until", _TIME),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("sent_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_notification"),
        sa.UniqueConstraint(
            "assignment_id", "user_oid", "epoch", "lsn", "kind",
            name="uq_notification_assignment_id_user_oid_epoch_lsn_kind",
        ),
    )
    due = sa.text("state = 'queued'")
    leased = sa.text("state = 'sending'")
    op.create_index("ix_notification_due", "notification", ["next_attempt_at"], postgresql_where=due)
    op.create_index("ix_notification_leased", "notification", ["lease_until"], postgresql_where=leased)
    op.create_index("ix_notification_recipient", "notification", [sa.text("lower(recipient)"), "created_at"])
    op.create_index("ix_notification_created_at_id", "notification", ["created_at", "id"])


def _create_attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("finished_at", _TIME),
        sa.Column("outcome", sa.Text()),
        sa.Column("detail", sa.Text()),
        sa.PrimaryKeyConstraint("notification_id", "number", name="pk_attempt"),
        sa.ForeignKeyConstraint(
            ["notification_id"], ["notification.id"], ondelete="CASCADE", name="fk_attempt_notification_id"
        ),
    )


def _create_consumer_tables() -> None:
    op.create_table(
        "consumer_offset",
        sa.Column("consumer_group", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", _TIME, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("consumer_group", "topic", "partition", name="pk_consumer_offset"),
    )
    op.create_table(
        "parked_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("consumer_group", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("kafka_offset", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.LargeBinary()),
        sa.Column("value", sa.LargeBinary()),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.Column("timestamp_ms", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("parked_at", _TIME, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_parked_event"),
        sa.UniqueConstraint(
            "consumer_group", "topic", "partition", "kafka_offset",
            name="uq_parked_event_consumer_group_topic_partition_kafka_offset",
        ),
    )
    op.create_index("ix_parked_event_key", "parked_event", ["key"], postgresql_using="hash")
    op.create_table(
        "snapshot_run",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("lsn", sa.BigInteger(), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("completed_at", _TIME),
        sa.Column("required", postgresql.JSONB()),
        sa.Column("swept_at", _TIME),
        sa.PrimaryKeyConstraint("topic", "epoch", "lsn", name="pk_snapshot_run"),
    )
