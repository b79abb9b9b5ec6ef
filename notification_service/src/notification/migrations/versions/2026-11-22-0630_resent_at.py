"""When a mail was last asked for again: from then on it is news for as long as any other."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_0630"
down_revision = "2026_11_22_0600"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notification", sa.Column("resent_at", sa.DateTime(timezone=True)))
    op.execute(
        "UPDATE notification SET resent_at = now()"
        " WHERE resends > 0 AND state IN ('queued', 'retrying', 'sending')"
    )
