"""The index of words knows the projects as well, so that a search of some looks at none of the others' tasks."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_1730"
down_revision = "2026_11_21_1720"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_task_search", "task")
    # GIN holds no plain uuid without an extension, but an array of one.
    columns = ["search", sa.text("(ARRAY[project_oid])")]
    op.create_index("ix_task_search", "task", columns, postgresql_using="gin")
