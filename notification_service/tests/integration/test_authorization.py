"""Who may do what: every cell of contracts/authorization.yaml is asked for (docs/authorization.md)."""

from uuid import UUID

import pytest
from sqlalchemy import insert, update

from harness.authorization import ROLES, rules
from notification.models import BouncedAddress, Notification
from service_kit.testing.identity import permissions_of

# Who stands behind a relation to Ann; a mail belongs to its recipient, whatever project it is about.
PEOPLE = {"own": 1, "colleague": 2, "foreign": 3}
ANN = UUID(int=PEOPLE["own"])
NO_CHOICE = {"language": None, "time_zone": None, "quiet_hours": None, "kinds": {}}


@pytest.fixture
async def world(apply, feed, mails, database, clock):
    """Each of the people has a mail that was sent, and an address that some mail came back from."""
    await apply(
        *(feed.change("c", person, user=person, project=1 + person // 3) for person in PEOPLE.values())
    )
    bounced = {"bounces": 1, "suppressed_at": None, "detail": "550 no", "updated_at": clock.now()}
    async with database.transaction() as session:
        await session.execute(update(Notification).values(state="accepted"))
        rows = [{**bounced, "address": _address(person)} for person in PEOPLE.values()]
        await session.execute(insert(BouncedAddress), rows)
    return {mail["user_oid"].int: str(mail["id"]) for mail in await mails()}


def _address(person):
    return f"user{person}@company.example"


def _request(operation, mail, person):
    """Method, path and body of an operation on something of a person, and what a list of such holds."""
    method, path = operation.split(" ")
    oid = UUID(int=person)
    bodies = {
        "PUT": {"json": NO_CHOICE},
        "POST /notify": {"json": {"recipient": str(oid), "template": "order", "data": {"order_id": 1}}},
    }
    body = bodies.get(operation) or bodies.get(method, {})
    thing = _address(person) if path.startswith("/addresses") else mail
    path = path.format(notification_id=mail, address=_address(person), user_oid=oid)
    return method, path, body, thing


async def test_every_cell_of_the_matrix_is_answered_so(client, identity, world):
    expected, answered = {}, {}
    for rule in rules("notification"):
        for (role, relation), answer in rule.answers.items():
            person = PEOPLE[relation]
            method, path, body, thing = _request(rule.operation, world[person], person)
            response = await client.request(method, path, headers=identity.headers(ANN, role), **body)
            found = response.status_code
            if isinstance(answer, str) and found == 200:
                found = "shown" if thing in response.text else "hidden"
            expected[rule.operation, role, relation] = answer
            answered[rule.operation, role, relation] = found
    assert answered == expected


async def test_without_a_token_it_is_401_and_without_the_permission_403(client, identity, world):
    for rule in rules("notification"):
        method, path, body, _ = _request(rule.operation, world[1], 1)
        nobody = await client.request(method, path, headers={"Authorization": ""}, **body)
        assert nobody.status_code == 401, rule.operation
        for role in ROLES if rule.needs else ():
            headers = identity.headers(ANN, role, permissions_of(role) - {rule.needs})
            refused = await client.request(method, path, headers=headers, **body)
            assert refused.status_code == 403, (rule.operation, role)
            assert rule.needs in refused.json()["detail"], rule.operation
