"""What a digest was to bring and did not has no digest any more: a mail's digest is the one that brings it."""

from alembic import op

revision = "2026_11_22_0600"
down_revision = "2026_11_22_0320"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "UPDATE notification SET digest_id = NULL"
        " WHERE digest_id IS NOT NULL AND reason IS DISTINCT FROM 'digest'"
    )
