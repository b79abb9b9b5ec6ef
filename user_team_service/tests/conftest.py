"""A real PostgreSQL with the real migrations; the cast: two organizations and their people."""

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import count
from uuid import uuid4

import psycopg2
import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import translation
from psycopg2 import sql

from user_team.identity import keys
from user_team.pipeline import health, metrics
from user_team.teams.models import Project, Team, UserAssignment
from user_team.users.models import Organization, Role, User

DATABASE = "user_team_tests"
PASSWORD = "correct horse battery"
_numbers = count(1)


def _run_as_superuser(stack, statement, *, database="postgres"):
    with closing(psycopg2.connect(stack.dsn(database))) as server:
        server.autocommit = True
        with server.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else None


def create_database(stack, name, template="template0"):
    statement = "CREATE DATABASE {} OWNER {} TEMPLATE {}"
    names = (name, stack.variables["USER_TEAM_DB_USER"], template)
    _run_as_superuser(stack, sql.SQL(statement).format(*map(sql.Identifier, names)))


def drop_database(stack, name):
    _run_as_superuser(stack, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def django_db_setup(stack, django_db_blocker) -> Iterator[None]:
    """One migrated database for the session. Tests that commit work on copies of it."""
    settings.SECRET_KEY = "only for tests, but long enough to be a key of the usual length"
    settings.DEBEZIUM_DB_USER = stack.variables["DEBEZIUM_DB_USER"]
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",  # fast; the other is what the real server knows
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
    variables = stack.variables
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict.update(
            HOST=variables["POSTGRES_HOST"],
            PORT=variables["POSTGRES_PORT"],
            NAME=DATABASE,
            USER=variables["USER_TEAM_DB_USER"],
            PASSWORD=variables["USER_TEAM_DB_PASSWORD"],
            CONN_MAX_AGE=None,
        )
        drop_database(stack, DATABASE)
        create_database(stack, DATABASE)
        call_command("migrate", verbosity=0)
        keys.signing_key()  # the first takes a while to make
    yield
    with django_db_blocker.unblock():
        connection.close()
    drop_database(stack, DATABASE)


@pytest.fixture(scope="module", autouse=True)
def let_go_of_the_server(django_db_blocker) -> Iterator[None]:
    """No connection is kept while other services' tests run: they may restart the server."""
    yield
    with django_db_blocker.unblock():
        connection.close()


@pytest.fixture
def committed_db(stack, django_db_setup, django_db_blocker) -> Iterator[str]:
    """A copy of the migrated database where commits are real, for races, captures and browsers; its name."""
    name = f"{DATABASE}_{next(_numbers)}"
    with django_db_blocker.unblock():
        connection.close()
        create_database(stack, name, template=DATABASE)
        connection.settings_dict["NAME"] = name
        try:
            yield name
        finally:
            connection.close()
            connection.settings_dict["NAME"] = DATABASE
    drop_database(stack, name)


@pytest.fixture
def other_connection(committed_db) -> Iterator[Callable]:
    """Opens further connections to the same database, as other processes have them."""
    opened = []

    def connect():
        at = connection.settings_dict
        one = psycopg2.connect(
            host=at["HOST"], port=at["PORT"], dbname=at["NAME"], user=at["USER"], password=at["PASSWORD"]
        )
        opened.append(one)
        return one

    yield connect
    for one in opened:
        one.close()


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """A request leaves its language behind in the thread."""
    with translation.override("en"):
        yield


class Company:
    """An organization with a project, two teams, and as many people as a test asks for."""

    def __init__(self, name):
        self.organization = Organization.objects.create(name=name)
        self.project = Project.objects.create(organization=self.organization, name=f"{name} site")
        self.team = Team.objects.create(project=self.project, name="Backend")
        self.other_team = Team.objects.create(project=self.project, name="Frontend")

    def person(self, **values):
        number = next(_numbers)
        defaults = {
            "username": f"person{number}",
            "email": f"person{number}@example.com",
            "first_name": "Ivan",
            "last_name": f"Petrov {number}",
            "organization": self.organization,
        }
        return User.objects.create_user(**{**defaults, **values})

    def assignment(self, **values):
        defaults = {"project": self.project, "team": self.team}
        return UserAssignment.objects.create(
            **{**defaults, "user": values.pop("user", None) or self.person(), **values}
        )

    def many_assignments(self, *, people, teams):
        """Every one of so many new people in every one of so many new teams."""
        crowd = User.objects.bulk_create(
            User(username=f"b{n}", email=f"b{n}@example.com") for n in range(people)
        )
        places = Team.objects.bulk_create(Team(project=self.project, name=f"Team {n}") for n in range(teams))
        return UserAssignment.objects.bulk_create(
            UserAssignment(user=person, team=team, project=self.project)
            for person in crowd
            for team in places
        )

    def administrator(self):
        person = self.person(is_staff=True, role=Role.ADMIN)
        person.groups.add(Group.objects.get(name="Organization administrators"))
        return person


@pytest.fixture
def company(db) -> Company:
    return Company("Acme")


@pytest.fixture
def committed_company(committed_db) -> Company:
    return Company("Acme")


@pytest.fixture
def rival(db) -> Company:
    return Company("Rival")


@pytest.fixture
def superuser(db) -> User:
    return User.objects.create_superuser("root", "root@example.com", PASSWORD, role=Role.ADMIN)


@pytest.fixture
def admin(superuser) -> Client:
    """A superuser's browser."""
    return _signed_in(superuser)


@pytest.fixture
def administrator(company) -> User:
    """An administrator of `company` only."""
    return company.administrator()


@pytest.fixture
def local_admin(administrator) -> Client:
    """The browser of the administrator of `company`."""
    return _signed_in(administrator)


@pytest.fixture
def sign_in() -> Callable[[User], Client]:
    """Anybody's browser."""
    return _signed_in


@pytest.fixture
def as_server_superuser(stack) -> Callable:
    """Runs SQL as the database server's superuser."""
    return partial(_run_as_superuser, stack)


@pytest.fixture
def slot(committed_db, as_server_superuser, monkeypatch) -> Iterator[Callable]:
    """A slot like the connector's, under a name of its own: slots belong to the whole server."""
    name = f"test_{uuid4().hex[:12]}"
    for constant in ("SLOT", "OUTBOX_SLOT"):
        monkeypatch.setattr(health, constant, name)
        monkeypatch.setattr(metrics, constant, name)
    literal = sql.Literal(name)

    def run(statement):
        as_server_superuser(sql.SQL(statement).format(literal), database=committed_db)

    run("SELECT pg_create_logical_replication_slot({}, 'pgoutput')")
    yield run
    run("SELECT pg_drop_replication_slot({})")


def _signed_in(person) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client
