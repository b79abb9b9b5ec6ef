"""Mails about anything: a subject in the place of the assignment, who told it, and until when it is news."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_1830"
down_revision = "2026_11_21_1730"
branch_labels = None
depends_on = None

_OLD = "uq_notification_assignment_id_user_oid_epoch_lsn_kind"
_NEW = "uq_notification_subject_user_oid_source_epoch_lsn_kind"


def upgrade() -> None:
    op.add_column("notification", sa.Column("subject", sa.Text()))
    op.add_column("notification", sa.Column("source", sa.Text()))
    op.add_column("notification", sa.Column("expires_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE notification SET subject = 'assignment:' || assignment_id, source = 'assignments'")
    op.alter_column("notification", "subject", nullable=False)
    op.alter_column("notification", "source", nullable=False)
    op.alter_column("notification", "assignment_id", nullable=True)
    op.create_unique_constraint(
        _NEW, "notification", ["subject", "user_oid", "source", "epoch", "lsn", "kind"]
    )
    op.drop_constraint(_OLD, "notification")
