"""Meetings with those who come, what they answered, when they take place and what they decided; calendars."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_21_1800"
down_revision = "2026_11_21_1730"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_LOCAL = sa.DateTime(timezone=False)


def upgrade() -> None:
    _create_meeting()
    _create_part("person", sa.Column("user_oid", sa.Uuid(), nullable=False))
    op.create_index("ix_meeting_person_user", "meeting_person", ["user_oid", "meeting_id"])
    _create_part("team", sa.Column("team_oid", sa.Uuid(), nullable=False))
    op.create_index("ix_meeting_team_team", "meeting_team", ["team_oid", "meeting_id"])
    _create_part(
        "response",
        sa.Column("user_oid", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("responded_at", _TIME, nullable=False),
    )
    _create_part("action", sa.Column("task_oid", sa.Uuid(), nullable=False))
    op.create_index("uq_meeting_action_task", "meeting_action", ["task_oid"], unique=True)
    _create_occurrence()
    _create_calendar_feed()


def _create_meeting() -> None:
    op.create_table(
        "meeting",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("oid", sa.Uuid(), server_default=sa.func.uuidv7(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("agenda", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Text(), nullable=False),
        sa.Column("place", sa.Text()),
        sa.Column("link", sa.Text()),
        sa.Column("project_oid", sa.Uuid()),
        sa.Column("team_oid", sa.Uuid()),
        sa.Column("organizer_oid", sa.Uuid(), nullable=False),
        sa.Column("start", _LOCAL, nullable=False),
        sa.Column("duration_s", sa.Integer(), nullable=False),
        sa.Column("all_day", sa.Boolean(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("recurrence", sa.Text()),
        sa.Column("exceptions", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("cancelled_at", _TIME),
        sa.Column("occurrences_until", _TIME),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed("array_to_tsvector(search_words(title))", persisted=True),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_meeting"),
    )
    op.create_index("uq_meeting_oid", "meeting", ["oid"], unique=True)
    op.create_index("ix_meeting_project", "meeting", ["project_oid", "id"])
    op.create_index("ix_meeting_organizer", "meeting", ["organizer_oid", "id"])
    endless = sa.text("occurrences_until IS NOT NULL")
    op.create_index("ix_meeting_endless", "meeting", ["occurrences_until"], postgresql_where=endless)
    op.create_index("ix_meeting_search", "meeting", ["search"], postgresql_using="gin")


def _create_part(name: str, *columns: sa.Column) -> None:
    table = f"meeting_{name}"
    op.create_table(
        table,
        sa.Column("meeting_id", sa.BigInteger(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("meeting_id", columns[0].name, name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=f"fk_{table}_meeting_id", ondelete="CASCADE"
        ),
    )


def _create_occurrence() -> None:
    _create_part(
        "occurrence",
        sa.Column("original_start", _LOCAL, nullable=False),
        sa.Column("starts_at", _TIME, nullable=False),
        sa.Column("ends_at", _TIME, nullable=False),
        sa.Column("remind_at", _TIME),
    )
    order = ["starts_at", "ends_at", "meeting_id"]
    op.create_index("ix_meeting_occurrence_time", "meeting_occurrence", order)
    long = sa.text("ends_at - starts_at > interval '2 hours'")
    op.create_index("ix_meeting_occurrence_long", "meeting_occurrence", order, postgresql_where=long)
    due = sa.text("remind_at IS NOT NULL")
    op.create_index(
        "ix_meeting_occurrence_remind", "meeting_occurrence", ["remind_at"], postgresql_where=due
    )


def _create_calendar_feed() -> None:
    op.create_table(
        "calendar_feed",
        sa.Column("user_oid", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("user_oid", name="pk_calendar_feed"),
    )
    op.create_index("uq_calendar_feed_token", "calendar_feed", ["token_hash"], unique=True)
