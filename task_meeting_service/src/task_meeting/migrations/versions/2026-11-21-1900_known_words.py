"""The words that tasks have had, so that a search for a word's beginning can name whole words.

The index of words streams and skips those that are named; of a beginning it collects all tasks of all words.
Words are found before writers of tasks are held up, and what was written meanwhile after that.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_21_1900"
down_revision = "2026_11_21_1810"
branch_labels = None
depends_on = None

# Two that write one new word at once keep it twice: to be kept from that, one would wait for the other.
# `words` holds each once.
_KEEP = """
CREATE FUNCTION keep_task_words(words text[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO task_word (word)
    SELECT it FROM unnest(words) AS it
    WHERE NOT EXISTS (SELECT FROM task_word WHERE word = it)
$$
"""
_CREATED = """
CREATE FUNCTION keep_words_of_created_tasks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM keep_task_words(ARRAY(
        SELECT DISTINCT word FROM created, unnest(tsvector_to_array(search)) AS word
    ));
    RETURN NULL;
END $$
"""
_CHANGED = """
CREATE FUNCTION keep_words_of_changed_task() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM keep_task_words(tsvector_to_array(new.search));
    RETURN NULL;
END $$
"""
_ON_CREATION = """
CREATE TRIGGER task_words_on_creation AFTER INSERT ON task REFERENCING NEW TABLE AS created
FOR EACH STATEMENT EXECUTE FUNCTION keep_words_of_created_tasks()
"""
_ON_CHANGE = """
CREATE TRIGGER task_words_on_change AFTER UPDATE OF title, description ON task
FOR EACH ROW WHEN (old.search IS DISTINCT FROM new.search) EXECUTE FUNCTION keep_words_of_changed_task()
"""
# As `search_query`, but each beginning is all words that begin so, unless they are many: the time that the
# index needs for each task grows with them. It is text, as the driver knows no tsquery.
_QUERY = r"""
CREATE FUNCTION task_search_query(value text) RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
    SELECT string_agg(coalesce(known.words, quote_literal(beginning) || ':*'), ' & ')
    FROM unnest(search_words(value)) AS beginning,
        LATERAL (
            SELECT CASE WHEN count(*) <= 32 THEN '(' || string_agg(quote_literal(word), ' | ') || ')' END AS words
            FROM (
                SELECT DISTINCT word FROM task_word
                WHERE word BETWEEN beginning AND beginning || U&'\+10FFFF'
                ORDER BY word LIMIT 33
            )
        ) AS known
$$
"""
_FIND = """
INSERT INTO task_word (word)
SELECT DISTINCT it FROM task, unnest(tsvector_to_array(search)) AS it
"""
# A task is written within an hour of the time that it is given.
_FIND_LATE = """
SELECT keep_task_words(ARRAY(
    SELECT DISTINCT word FROM task, unnest(tsvector_to_array(search)) AS word
    WHERE updated_at > now() - interval '1 hour'
))
"""


def upgrade() -> None:
    op.create_table("task_word", sa.Column("word", sa.Text(collation="C"), nullable=False))
    op.execute(_FIND)
    op.create_index("ix_task_word", "task_word", ["word"])
    for statement in (_KEEP, _CREATED, _CHANGED, _ON_CREATION, _ON_CHANGE, _FIND_LATE, _QUERY):
        op.execute(statement)
