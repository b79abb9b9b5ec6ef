"""When people are to be reminded of tasks, and what they were reminded of."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_1810"
down_revision = "2026_11_21_1800"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_reminder_plan()
    _create_reminder()


def _create_reminder_plan() -> None:
    op.create_table(
        "reminder_plan",
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("next_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("task_id", name="pk_reminder_plan"),
        sa.ForeignKeyConstraint(
            ["task_id"], ["task.id"], name="fk_reminder_plan_task_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_reminder_plan_next", "reminder_plan", ["next_at"])
    # For the tasks that are there already: at once, as nobody was ever reminded of them.
    op.execute(
        "INSERT INTO reminder_plan (task_id, next_at) SELECT id, greatest(deadline - interval '24 hours', now())"
        " FROM task WHERE open AND assignee_oid IS NOT NULL AND deadline IS NOT NULL"
    )


def _create_reminder() -> None:
    op.create_table(
        "reminder",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("oid", sa.Uuid(), server_default=sa.func.uuidv7(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_oid", sa.Uuid(), nullable=False),
        sa.Column("user_oid", sa.Uuid(), nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("occasion", _TIME, nullable=False),
        sa.Column("created_at", _TIME, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reminder"),
    )
    op.create_index(
        "uq_reminder", "reminder", ["subject_oid", "user_oid", "kind", "due_at", "occasion"], unique=True
    )
    op.create_index("ix_reminder_created", "reminder", ["created_at"])
