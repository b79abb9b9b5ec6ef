"""Jobs that reassign tasks, the proof of their choices, and the queue that they wait in."""

import sqlalchemy as sa
from alembic import op
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from sqlalchemy.dialects import postgresql

revision = "2026_11_21_1710"
down_revision = "2026_11_21_1700"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_OIDS = postgresql.ARRAY(sa.Uuid())


def upgrade() -> None:
    _create_rotation()
    _create_job()
    _create_pool()
    _create_choice()
    op.add_column("task_change", sa.Column("reason", sa.Text()))
    _install_queue()


def _install_queue() -> None:
    """What pgqueuer asks for; a test sees when a newer pgqueuer asks for something else.

    These are many statements in one text, which only the driver itself takes.
    """
    statements = QueryBuilderEnvironment().build_install_query()
    driver = op.get_bind().connection.dbapi_connection
    driver.run_async(lambda connection: connection.execute(statements))


def _create_rotation() -> None:
    op.create_table(
        "rotation",
        sa.Column("scope_oid", sa.Uuid(), nullable=False),
        sa.Column("last_oid", sa.Uuid()),
        sa.PrimaryKeyConstraint("scope_oid", name="pk_rotation"),
        # Each choice changes it: room for that in its page.
        postgresql_with={"fillfactor": 50},
    )


def _create_job() -> None:
    op.create_table(
        "reassign_job",
        sa.Column("oid", sa.Uuid(), server_default=sa.func.uuidv7(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("project_oids", _OIDS),
        sa.Column("team_oid", sa.Uuid()),
        sa.Column("strategy", sa.Text()),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("newest_task_id", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("processed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reassigned", sa.Integer(), server_default="0", nullable=False),
        sa.Column("pools", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_project_oid", sa.Uuid()),
        sa.Column("last_created_at", _TIME),
        sa.Column("last_task_id", sa.BigInteger()),
        sa.Column("created_at", _TIME, server_default=sa.func.now(), nullable=False),
        sa.Column("advanced_at", _TIME),
        sa.Column("finished_at", _TIME),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("oid", name="pk_reassign_job"),
    )
    op.create_index(
        "ix_reassign_job_unfinished",
        "reassign_job",
        ["created_at"],
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_index("ix_reassign_job_advanced", "reassign_job", ["advanced_at"])


def _create_pool() -> None:
    op.create_table(
        "reassign_pool",
        sa.Column("job_oid", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("project_oid", sa.Uuid(), nullable=False),
        sa.Column("team_oid", sa.Uuid()),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("eligible", _OIDS, nullable=False),
        sa.Column("eligible_hash", sa.Text(), nullable=False),
        sa.Column("last_oid", sa.Uuid()),
        sa.Column("loads", postgresql.ARRAY(sa.BigInteger())),
        sa.PrimaryKeyConstraint("job_oid", "number", name="pk_reassign_pool"),
        sa.ForeignKeyConstraint(["job_oid"], ["reassign_job.oid"], name="fk_reassign_pool_job_oid"),
    )


def _create_choice() -> None:
    op.create_table(
        "reassign_choice",
        sa.Column("job_oid", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("project_oid", sa.Uuid(), nullable=False),
        sa.Column("team_oid", sa.Uuid()),
        sa.Column("task_oid", sa.Uuid(), nullable=False),
        sa.Column("pool", sa.Integer()),
        sa.Column("before_oid", sa.Uuid()),
        sa.Column("after_oid", sa.Uuid()),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("job_oid", "position", name="pk_reassign_choice"),
        sa.ForeignKeyConstraint(["job_oid"], ["reassign_job.oid"], name="fk_reassign_choice_job_oid"),
    )
    op.create_index(
        "ix_reassign_choice_left",
        "reassign_choice",
        ["job_oid", "project_oid"],
        postgresql_where=sa.text("reason IS NOT NULL"),
    )
