"""Profiles of people."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_21_1720"
down_revision = "2026_11_21_1710"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "profile",
        sa.Column("user_oid", sa.Uuid(), nullable=False),
        sa.Column("working_hours", postgresql.JSONB()),
        sa.Column("skills", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("about", sa.Text(), server_default="", nullable=False),
        sa.Column("avatar_url", sa.Text()),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("user_oid", name="pk_profile"),
    )
