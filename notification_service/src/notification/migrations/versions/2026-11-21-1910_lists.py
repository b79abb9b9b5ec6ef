"""Lists of mails by their state and kind; who asked for a mail again; numbers of requests."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_1910"
down_revision = "2026_11_21_1900"
branch_labels = None
depends_on = None

_STANDING = sa.text("coalesce(reason, state)")


def upgrade() -> None:
    op.create_index("ix_notification_standing", "notification", [_STANDING, "created_at", "id"])
    op.create_index("ix_notification_standing_kind", "notification", [_STANDING, "kind", "created_at", "id"])
    op.drop_index("ix_notification_recipient", "notification")
    op.create_index(
        "ix_notification_recipient", "notification", [sa.text("lower(recipient)"), "created_at", "id"]
    )
    op.add_column("notification", sa.Column("resent_by", sa.Uuid()))
    op.execute("CREATE SEQUENCE notification_request AS bigint")
