"""The role that people look at the databases with: it sees what holds no secret, and changes nothing."""

import psycopg2
import pytest

from harness.suite import Suite

DATABASES = ("USER_TEAM_DB_NAME", "TASK_MEETING_DB_NAME", "NOTIFICATION_DB_NAME")
REFUSED = psycopg2.errors.InsufficientPrivilege


@pytest.fixture
def look(running: Suite):
    """Run a statement in a database as the viewer who has switched its read-only default off."""
    variables = running.stack.variables
    opened = []

    def look(database: str, statement: str):
        role = {"user": variables["VIEWER_DB_USER"], "password": variables["VIEWER_DB_PASSWORD"]}
        connection = psycopg2.connect(running.stack.dsn(variables[database], **role))
        opened.append(connection)
        connection.set_session(readonly=False)
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    yield look
    for connection in opened:
        connection.close()


@pytest.mark.parametrize(
    ("database", "query"),
    [
        ("USER_TEAM_DB_NAME", "SELECT id, username FROM users_user"),
        ("USER_TEAM_DB_NAME", "SELECT * FROM teams_userassignment"),
        ("TASK_MEETING_DB_NAME", "SELECT * FROM assignment"),
        ("NOTIFICATION_DB_NAME", "SELECT * FROM notification"),
    ],
)
def test_it_sees_the_tables(look, database, query):
    look(database, query)


@pytest.mark.parametrize("query", ["SELECT password FROM users_user", "SELECT * FROM django_session"])
def test_it_sees_no_secret(look, query):
    with pytest.raises(REFUSED):
        look("USER_TEAM_DB_NAME", query)


@pytest.mark.parametrize("database", DATABASES)
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE public.note (text text)",
        "CREATE TEMP TABLE note (text text)",
        "SELECT lo_create(0)",
        "SELECT pg_logical_emit_message(true, 'note', 'text')",
    ],
)
def test_it_creates_nothing(look, database, statement):
    with pytest.raises(REFUSED):
        look(database, statement)


@pytest.mark.parametrize(
    ("database", "statement"),
    [
        ("USER_TEAM_DB_NAME", "UPDATE teams_userassignment SET project_name = ''"),
        ("USER_TEAM_DB_NAME", "INSERT INTO debezium_heartbeat (id, ts) VALUES (2, now())"),
        ("TASK_MEETING_DB_NAME", "DELETE FROM assignment"),
        ("NOTIFICATION_DB_NAME", "UPDATE notification SET state = 'queued'"),
    ],
)
def test_it_changes_nothing(look, database, statement):
    with pytest.raises(REFUSED):
        look(database, statement)
