"""Tasks, their comments and history, the projects' settings, idempotency keys, and the outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from service_kit.outbox import EMPTYING

revision = "2026_11_21_1700"
down_revision = "2026_11_21_1200"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_NOW = sa.func.now()
_OPEN = sa.text("open")

# Words as `search_words` makes them, of the whole text; cut: a word of a tsvector holds 2046 bytes at most.
_TASK_WORDS = """
CREATE FUNCTION task_words(title text, description text) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT array_to_tsvector(coalesce(array_agg(DISTINCT left(word, 200)), '{}'))
    FROM regexp_split_to_table(lower(title || ' ' || description), '[^[:alnum:]]+') AS word
    WHERE word <> ''
)
"""
# Labels as somebody who sees everything looks for them, and as somebody does who sees this project among others:
# no GIN index holds both a project and a label otherwise. No label holds the control character between them.
_TASK_MARKS = r"""
CREATE FUNCTION task_marks(project_oid uuid, labels text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN labels || ARRAY (SELECT project_oid::text || E'\x1f' || label FROM unnest(labels) AS label)
"""
# What Debezium gets. Its slot is older than this migration (deploy/postgres/slots.sql).
_PUBLISH = "CREATE PUBLICATION task_outbox_pub FOR TABLE outbox_event WITH (publish = 'insert')"


def upgrade() -> None:
    op.execute(_TASK_WORDS)
    op.execute(_TASK_MARKS)
    _create_task()
    _create_task_comment()
    _create_task_change()
    _create_project_settings()
    _create_idempotency_key()
    _create_outbox()


def _create_task() -> None:
    op.create_table(
        "task",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("oid", sa.Uuid(), server_default=sa.func.uuidv7(), nullable=False),
        sa.Column("project_oid", sa.Uuid(), nullable=False),
        sa.Column("team_oid", sa.Uuid()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("labels", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("assignee_oid", sa.Uuid()),
        sa.Column("reporter_oid", sa.Uuid(), nullable=False),
        sa.Column("deadline", _TIME),
        sa.Column("deadline_time_zone", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("completed_at", _TIME),
        sa.Column(
            "due",
            _TIME,
            sa.Computed("coalesce(deadline, 'infinity'::timestamptz)", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed("task_words(title, description)", persisted=True),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_task"),
        sa.CheckConstraint("(deadline IS NULL) = (deadline_time_zone IS NULL)", name="ck_task_deadline_zone"),
    )
    op.create_index("uq_task_oid", "task", ["oid"], unique=True)
    _create_orders()
    _create_filters()


# What an index includes spares a look into the table when the other is asked for as well.
_ORDERS = {
    "created": ("created_at", ["due"]),
    "updated": ("updated_at", None),
    "due": ("due", ["created_at"]),
    "priority": ("priority", None),
}


def _create_orders() -> None:
    for name, (column, included) in _ORDERS.items():
        op.create_index(f"ix_task_{name}", "task", [column, "id"], postgresql_include=included)
        op.create_index(
            f"ix_task_project_{name}", "task", ["project_oid", column, "id"], postgresql_include=included
        )
    for name in ("created", "due"):
        column, included = _ORDERS[name]
        where = {"postgresql_where": _OPEN, "postgresql_include": included}
        op.create_index(f"ix_task_open_{name}", "task", [column, "id"], **where)
        op.create_index(f"ix_task_project_open_{name}", "task", ["project_oid", column, "id"], **where)


def _create_filters() -> None:
    op.create_index(
        "ix_task_open_assignee", "task", ["assignee_oid", "due", "id"], postgresql_where=_OPEN
    )
    for name, columns in {"status": ["status"], "project_status": ["project_oid", "status"]}.items():
        op.create_index(f"ix_task_{name}", "task", [*columns, "created_at", "id"])
    for name in ("team", "assignee", "reporter"):
        op.create_index(
            f"ix_task_{name}", "task", [f"{name}_oid", "created_at", "id"], postgresql_include=["project_oid"]
        )
    marks = sa.text("task_marks(project_oid, labels)")
    op.create_index("ix_task_labels", "task", [marks], postgresql_using="gin")
    op.create_index("ix_task_search", "task", ["search"], postgresql_using="gin")


def _create_task_comment() -> None:
    op.create_table(
        "task_comment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("oid", sa.Uuid(), server_default=sa.func.uuidv7(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("author_oid", sa.Uuid(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.Column("updated_at", _TIME, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_task_comment"),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name="fk_task_comment_task_id", ondelete="CASCADE"),
    )
    op.create_index("uq_task_comment_oid", "task_comment", ["oid"], unique=True)
    op.create_index("ix_task_comment_task", "task_comment", ["task_id", "id"])


def _create_task_change() -> None:
    op.create_table(
        "task_change",
        sa.Column("task_oid", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("actor_oid", sa.Uuid()),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("after", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("task_oid", "version", name="pk_task_change"),
    )


def _create_project_settings() -> None:
    op.create_table(
        "project_settings",
        sa.Column("project_oid", sa.Uuid(), nullable=False),
        sa.Column("workflow", postgresql.JSONB(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("on_leave", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("project_oid", name="pk_project_settings"),
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
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("caller_oid", "key", name="pk_idempotency_key"),
    )
    op.create_index("ix_idempotency_key_created_at", "idempotency_key", ["created_at"])


def _create_outbox() -> None:
    op.create_table(
        "outbox_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("traceparent", sa.Text()),
        sa.Column("created_at", _TIME, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox_event"),
    )
    for statement in EMPTYING:
        op.execute(statement)
    op.execute(_PUBLISH)
