"""What the database offers to the capturing connector, and what it keeps from it."""

from collections import Counter
from contextlib import closing
from io import StringIO
from uuid import uuid4

import psycopg2
import pytest
from django.core.management import call_command
from django.db import connection
from psycopg2 import errors, sql

from user_team.pipeline.models import Heartbeat
from user_team.teams.models import UserAssignment

MANY = 10_000
SOME = 1_000


@pytest.fixture
def captured(committed_db, as_server_superuser):
    """Counts what a slot on our publication has received since the last call, by pgoutput's message type."""
    slot = f"test_{uuid4().hex[:12]}"
    as_server_superuser(
        sql.SQL("SELECT pg_create_logical_replication_slot({}, 'pgoutput')").format(sql.Literal(slot)),
        database=committed_db,
    )

    def received():
        statement = """
            SELECT chr(get_byte(data, 0)) FROM pg_logical_slot_get_binary_changes({}, NULL, NULL,
                'proto_version', '1', 'publication_names', 'debezium_pub')
        """
        rows = as_server_superuser(sql.SQL(statement).format(sql.Literal(slot)), database=committed_db)
        counts = Counter(kind for (kind,) in rows)
        return {name: counts[letter] for name, letter in (("insert", "I"), ("update", "U"), ("delete", "D"))}

    yield received
    as_server_superuser(
        sql.SQL("SELECT pg_drop_replication_slot({})").format(sql.Literal(slot)), database=committed_db
    )


@pytest.fixture
def as_debezium(committed_db, stack):
    """A cursor of the capturing role."""
    names = (stack.variables["DEBEZIUM_DB_USER"], stack.variables["DEBEZIUM_DB_PASSWORD"])
    dsn = stack.dsn(committed_db, user=names[0], password=names[1])
    with closing(psycopg2.connect(dsn)) as server:
        server.autocommit = True
        yield server.cursor()


def test_bulk_writing_of_ten_thousand_rows_is_captured_row_by_row(committed_company, captured):
    company = committed_company
    rows = company.many_assignments(people=100, teams=MANY // 100)
    assert captured() == {"insert": MANY, "update": 0, "delete": 0}
    first = [row.pk for row in rows[:SOME]]
    UserAssignment.objects.filter(pk__in=first).update(application_url="https://apply.example")
    assert captured() == {"insert": 0, "update": SOME, "delete": 0}
    rows[0].team.name = "Renamed"
    rows[0].team.save()
    assert captured() == {"insert": 0, "update": 100, "delete": 0}
    UserAssignment.objects.filter(pk__in=first).delete()
    company.project.delete()
    assert captured() == {"insert": 0, "update": 0, "delete": MANY}


def test_deleting_a_person_or_a_team_captures_the_end_of_each_assignment(committed_company, captured):
    first = committed_company.assignment()
    committed_company.assignment(user=first.user, team=None)
    committed_company.assignment(team=committed_company.other_team)
    captured()
    first.user.delete()
    assert captured()["delete"] == 2
    committed_company.other_team.delete()
    assert captured()["delete"] == 1


def test_a_rolled_back_change_is_not_captured(committed_company, captured, other_connection):
    assignment = committed_company.assignment()
    captured()
    other = other_connection()
    other.cursor().execute("DELETE FROM teams_userassignment WHERE id = %s", [assignment.pk])
    other.rollback()
    assert captured() == {"insert": 0, "update": 0, "delete": 0}


def test_only_assignments_heartbeats_and_signals_are_published(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_publication_tables WHERE pubname = 'debezium_pub' ORDER BY 1"
        )
        assert [name for (name,) in cursor.fetchall()] == [
            "debezium_heartbeat",
            "debezium_signal",
            "teams_userassignment",
        ]
        cursor.execute("SELECT relreplident FROM pg_class WHERE relname = 'teams_userassignment'")
        assert cursor.fetchone() == ("f",)
        cursor.execute(
            "SELECT pubinsert, pubupdate, pubdelete, pubtruncate "
            "FROM pg_publication WHERE pubname = 'debezium_pub'"
        )
        assert cursor.fetchone() == (True, True, True, False)


def test_the_public_columns_are_those_agreed_in_that_order():
    assert [field.column for field in UserAssignment._meta.concrete_fields] == [
        "id",
        "project_id",
        "team_id",
        "user_id",
        "project_name",
        "team_name",
        "user_oid",
        "user_email",
        "user_name",
        "user_role",
        "project_oid",
        "team_oid",
        "application_url",
        "user_locale",
        "user_time_zone",
        "created_at",
        "row_lsn",
        "import_oid",
    ]


def test_the_capturing_role_may_do_its_work_and_no_more(as_debezium):
    as_debezium.execute("SELECT count(*) FROM teams_userassignment")
    for _ in range(2):
        as_debezium.execute(
            "INSERT INTO debezium_heartbeat (id, ts) VALUES (1, now()) "
            "ON CONFLICT (id) DO UPDATE SET ts = now()"
        )
    as_debezium.execute("INSERT INTO debezium_signal (id, type) VALUES ('a', 'log')")
    as_debezium.execute("DELETE FROM debezium_signal WHERE id = 'a'")
    assert Heartbeat.objects.count() == 1
    for forbidden in (
        "SELECT password FROM users_user",
        "SELECT * FROM teams_userassignmentevent",
        "UPDATE teams_userassignment SET application_url = NULL",
        "DELETE FROM teams_userassignment",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            as_debezium.execute(forbidden)


def test_a_capturing_role_made_after_the_migrations_gets_its_rights_from_the_next_migrate(
    committed_db, as_server_superuser, settings
):
    settings.DEBEZIUM_DB_USER = f"late_{uuid4().hex[:8]}"
    role = sql.Identifier(settings.DEBEZIUM_DB_USER)
    call_command("migrate", verbosity=0)
    as_server_superuser(sql.SQL("CREATE ROLE {}").format(role))
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege(%s, 'teams_userassignment', 'SELECT')", [settings.DEBEZIUM_DB_USER]
        )
        assert cursor.fetchone() == (True,)
    as_server_superuser(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(role), database=committed_db)


def test_models_and_migrations_agree(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0, stdout=StringIO())
    call_command("pgtrigger", "ls", stdout=StringIO())


def test_migrations_go_back_and_forth(committed_company):
    committed_company.assignment()
    for app in ("pipeline", "teams"):
        call_command("migrate", app, "zero", verbosity=0)
    assert "teams_userassignment" not in connection.introspection.table_names()
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_publication_tables WHERE pubname = 'debezium_pub'")
        assert cursor.fetchone() == (3,)
