"""What the planner knows of a label and of words before any task is looked at: about how many tasks match.

Lists choose by it between collecting, sorting and walking. It adds a function alone, so nobody waits for it.
"""

from alembic import op

revision = "2026_11_22_0300"
down_revision = "2026_11_21_1900"
branch_labels = None
depends_on = None

# `words` as `task_search_query` says them. Nulls: nothing was asked for, or the table was never analyzed.
_ESTIMATE = """
CREATE FUNCTION task_estimate(words text, label text, OUT matching float, OUT tasks float)
LANGUAGE plpgsql AS $$
DECLARE
    asked text := concat_ws(
        ' AND ',
        'search @@ ' || quote_literal(words) || '::tsquery',
        'labels @> ARRAY[' || quote_literal(label) || ']'
    );
    plan json;
BEGIN
    IF asked <> '' THEN
        EXECUTE 'EXPLAIN (FORMAT JSON) SELECT FROM task WHERE ' || asked INTO plan;
        matching := (plan -> 0 -> 'Plan' ->> 'Plan Rows')::float;
        SELECT nullif(reltuples, -1) INTO tasks FROM pg_class WHERE oid = 'task'::regclass;
    END IF;
END $$
"""


def upgrade() -> None:
    op.execute(_ESTIMATE)
