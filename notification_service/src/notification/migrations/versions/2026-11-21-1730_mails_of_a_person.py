"""An index for the list of one's own mails."""

from alembic import op

revision = "2026_11_21_1730"
down_revision = "2026_11_21_1200"
branch_labels = None
depends_on = None

_COLUMNS = ["user_oid", "created_at", "id"]


def upgrade() -> None:
    op.create_index("ix_notification_user_oid_created_at_id", "notification", _COLUMNS)
