"""The indexes of lists hold what their filters look at, so that the mails that are passed over are not read."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_0320"
down_revision = "2026_11_21_1910"
branch_labels = None
depends_on = None

_STANDING = sa.text("coalesce(reason, state)")
_NEW = {
    "ix_notification_recipient": (
        [sa.text("lower(recipient)"), "created_at", "id"],
        ["recipient", "state", "reason", "kind"],
    ),
    "ix_notification_standing": ([_STANDING, "created_at", "id"], ["state", "reason"]),
    "ix_notification_standing_kind": ([_STANDING, "kind", "created_at", "id"], ["state", "reason"]),
    "ix_notification_user_oid_created_at_id": (
        ["user_oid", "created_at", "id"],
        ["state", "reason", "kind"],
    ),
}


def upgrade() -> None:
    for name, (columns, included) in _NEW.items():
        op.drop_index(name, "notification")
        op.create_index(name, "notification", columns, postgresql_include=included)
