"""The projection of the assignments, and the consumer's tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_21_1200"
down_revision = None
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)

# Room in each page, so that an update that changes no indexed column touches no index. Projects and
# teams are few, and every change of an assignment renews their version.
_UPDATED = {"fillfactor": 80}
_UPDATED_OFTEN = {"fillfactor": 50}

# Words of letters and digits, in lower case; cut, as a word of a tsvector holds 2046 bytes at most.
_SEARCH_WORDS = """
CREATE FUNCTION search_words(value text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN string_to_array(trim(regexp_replace(lower(left(value, 500)), '[^[:alnum:]]+', ' ', 'g')), ' ')
"""
# Every word must be the beginning of one of the row's words.
_SEARCH_QUERY = """
CREATE FUNCTION search_query(value text) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT string_agg(quote_literal(word) || ':*', ' & ')::tsquery FROM unnest(search_words(value)) AS word
)
"""


def upgrade() -> None:
    _create_consumer_tables()
    op.execute(_SEARCH_WORDS)
    op.execute(_SEARCH_QUERY)
    _create_assignment()
    _create_person()
    _create_project()
    _create_team()


def _version() -> list[sa.Column]:
    return [
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("lsn", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
    ]


def _create_assignment() -> None:
    op.create_table(
        "assignment",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger()),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("project_name", sa.Text(), nullable=False),
        sa.Column("team_name", sa.Text()),
        sa.Column("user_oid", sa.Uuid(), nullable=False),
        sa.Column("user_email", sa.Text(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("user_role", sa.Text(), nullable=False),
        sa.Column("project_oid", sa.Uuid(), nullable=False),
        sa.Column("team_oid", sa.Uuid()),
        sa.Column("application_url", sa.Text()),
        sa.Column("user_locale", sa.Text()),
        sa.Column("user_time_zone", sa.Text()),
        sa.Column("created_at", _TIME),
        sa.Column("committed_at", _TIME),
        sa.Column("captured_at", _TIME, nullable=False),
        sa.Column("published_at", _TIME, nullable=False),
        sa.Column("applied_at", _TIME, nullable=False),
        *_version(),
        sa.Column("kafka_partition", sa.Integer(), nullable=False),
        sa.Column("kafka_offset", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_assignment"),
        postgresql_with=_UPDATED,
    )
    for about, columns in {
        "user": ["user_oid", "id"],
        "project": ["project_oid", "user_oid"],
        "team": ["team_oid", "user_oid"],
    }.items():
        op.create_index(
            f"ix_assignment_active_{about}", "assignment", columns, postgresql_where=sa.text("NOT deleted")
        )


def _create_person() -> None:
    op.create_table(
        "person",
        sa.Column("oid", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text()),
        sa.Column("time_zone", sa.Text()),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed("array_to_tsvector(search_words(name) || search_words(email))", persisted=True),
            nullable=False,
        ),
        *_version(),
        sa.PrimaryKeyConstraint("oid", name="pk_person"),
        postgresql_with=_UPDATED,
    )
    op.create_index("ix_person_name", "person", [sa.text("lower(name)"), "oid"])
    op.create_index("ix_person_email", "person", [sa.text("lower(email)"), "oid"])
    op.create_index("ix_person_role", "person", ["role", sa.text("lower(name)"), "oid"])
    op.create_index("ix_person_search", "person", ["search"], postgresql_using="gin")


def _create_project() -> None:
    op.create_table(
        "project",
        sa.Column("oid", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        *_version(),
        sa.PrimaryKeyConstraint("oid", name="pk_project"),
        postgresql_with=_UPDATED_OFTEN,
    )
    op.create_index("ix_project_name", "project", [sa.text("lower(name)"), "oid"])


def _create_team() -> None:
    op.create_table(
        "team",
        sa.Column("oid", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("project_oid", sa.Uuid(), nullable=False),
        *_version(),
        sa.PrimaryKeyConstraint("oid", name="pk_team"),
        postgresql_with=_UPDATED_OFTEN,
    )
    op.create_index("ix_team_name", "team", [sa.text("lower(name)"), "oid"])
    op.create_index("ix_team_project", "team", ["project_oid", sa.text("lower(name)"), "oid"])


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
