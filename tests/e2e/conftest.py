"""The suite's doors: the admin as a browser uses it, and the two REST interfaces, for the administrator."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from harness.company import PASSWORD, Person
from harness.desk import Desk
from harness.rest import Rest
from harness.suite import Suite
from local_stack.demo.admin import Admin
from local_stack.tokens import SignedIn


@pytest.fixture
async def admin(running: Suite) -> AsyncIterator[Admin]:
    """The administrator, signed in."""
    variables = running.stack.variables
    async with httpx2.AsyncClient(base_url=running.url("USER_TEAM_PORT"), timeout=30) as client:
        admin = Admin(client)
        await admin.sign_in(variables["DJANGO_SUPERUSER_USERNAME"], variables["DJANGO_SUPERUSER_PASSWORD"])
        yield admin


@pytest.fixture
def tasks(running: Suite) -> Rest:
    """The API of the task service."""
    return running.rest("TASK_MEETING_API_PORT")


@pytest.fixture
def notifications(running: Suite) -> Rest:
    """The API of the notifier."""
    return running.rest("NOTIFICATION_API_PORT")


@pytest.fixture
def desk(running: Suite) -> Desk:
    """A company of the test's own, and its administrator."""
    return running.desk()


@pytest.fixture
async def ann(admin: Admin, desk: Desk) -> Person:
    """Somebody who can sign in."""
    person = desk.company.people[0]
    await admin.give_password(person.id, PASSWORD)
    return person


@pytest.fixture
def anns_tasks(running: Suite, ann: Person) -> Rest:
    """The task service's API for her."""
    auth = SignedIn(running.stack.variables["AUTH_ISSUER"], ann.username, PASSWORD)
    return Rest(running.url("TASK_MEETING_API_PORT"), auth)
