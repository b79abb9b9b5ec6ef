"""Lists of mails: whatever is asked for, all of it is found, the newest first, and nothing twice."""

import random
from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest
from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql

from notification.kinds import Kind
from notification.models import Notification
from notification.queries import lists
from notification.schemas.notifications import COUNTED, NotificationFilters
from notification.states import Reason, State

START = datetime(2026, 11, 1, tzinfo=UTC)
MANY = COUNTED + 300
OTHER = "USER2@company.example"


def _mail(number, chance):
    person = chance.choice((1, 1, 2, 3))
    state = chance.choice((*State, *[State.ACCEPTED] * 20))
    # Several at the same time: then their ids decide.
    at = START + timedelta(minutes=number // 3)
    return {
        "id": UUID(int=chance.getrandbits(128)),
        "kind": chance.choice((Kind.ASSIGNED, Kind.ASSIGNED, Kind.TEAM_NEWS, Kind.ORDER)),
        "source": "assignments",
        "subject": f"assignment:{number % 5}",
        "user_oid": UUID(int=person),
        "epoch": 0,
        "lsn": number,
        "committed_at": at,
        "recipient": f"User{person}@company.example",
        "payload": {},
        "message_id": f"<{number}@team-suite.example>",
        "state": state,
        "reason": chance.choice([*Reason]) if state == State.SUPPRESSED else None,
        "attempts": 0,
        "in_doubt": False,
        "next_attempt_at": at,
        "created_at": at,
    }


@pytest.fixture
async def many(database):
    """More mails than are counted, of all states and kinds to three people."""
    chance = random.Random(7)
    rows = [_mail(number, chance) for number in range(MANY)]
    async with database.transaction() as session:
        await session.execute(insert(Notification), rows)
    return sorted(rows, key=lambda row: (row["created_at"], row["id"].hex), reverse=True)


async def pages(client, query, size, headers=None):
    """All pages of a list, each by the cursor of the one before."""
    found, cursor = [], None
    while True:
        parameters = {**query, "size": size} | ({"cursor": cursor} if cursor else {})
        response = await client.get("/notifications", params=parameters, headers=headers)
        assert response.status_code == 200, response.text
        found.append(response.json())
        cursor = found[-1]["next_cursor"]
        if cursor is None:
            return found


def matching(rows, query):
    """What a list should hold, by the plain reading of its filters."""
    tests = {
        "recipient": lambda row, value: row["recipient"].lower() == value.lower(),
        "state": lambda row, value: row["state"] == value,
        "reason": lambda row, value: row["reason"] == value,
        "kind": lambda row, value: row["kind"] == value,
        "since": lambda row, value: row["created_at"] >= datetime.fromisoformat(value),
        "subject": lambda row, value: row["subject"] == value,
        "assignment_id": lambda row, value: row["subject"] == f"assignment:{value}",
    }
    return [row for row in rows if all(tests[name](row, value) for name, value in query.items())]


async def test_any_filters_together_find_what_they_say(client, many):
    choices = {
        "state": (None, "accepted", "suppressed", "queued"),
        "reason": (None, "stale"),
        "kind": (None, "order"),
        "since": (None, "2026-11-01T03:00:00+01:00"),
        "about": (
            None,
            {"recipient": "USER2@company.example"},
            {"subject": "assignment:3"},
            {"assignment_id": 4},
        ),
    }
    for values in product(*choices.values()):
        query = {name: value for name, value in zip(choices, values, strict=True) if value is not None}
        query |= query.pop("about", {})
        expected = matching(many, query)
        response = await client.get("/notifications", params={**query, "size": 200})
        page = response.json()
        assert [mail["id"] for mail in page["notifications"]] == [str(row["id"]) for row in expected[:200]], (
            query
        )
        assert page["total"] == min(len(expected), COUNTED), query
        assert page["total_is_exact"] is (len(expected) <= COUNTED), query


async def test_a_senseless_list_is_a_problem(client):
    for query in (
        "since=2026-11-21",
        "since=2026-11-21T10:00:00",
        "since=1763719200",
        "reason=because",
        "page=51&size=200",
    ):
        assert (await client.get(f"/notifications?{query}")).status_code == 422, query


@pytest.mark.parametrize(
    ("query", "user_oid"),
    [
        ({"state": "suppressed"}, None),
        ({"reason": "stale"}, None),
        ({"kind": "order"}, None),
        ({"kind": "order", "state": "bounced"}, None),
        ({"kind": "order"}, UUID(int=3)),
        ({"state": "suppressed"}, UUID(int=3)),
        ({"recipient": OTHER, "kind": "order"}, None),
    ],
)
@pytest.mark.usefixtures("many")
async def test_mails_that_are_passed_over_are_not_read(database, query, user_oid):
    rows = lists._matching(NotificationFilters(**query), user_oid, None, reach=COUNTED)
    statement = select(rows).compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    connection = await database.connect()
    # Only then does PostgreSQL know that all rows of a page are visible.
    await connection.execute("VACUUM ANALYZE notification")
    # In a table as small as this one, reading all of it costs little.
    await connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
    plan = [line for (line,) in await connection.fetch(f"EXPLAIN {statement}")]
    await connection.close()
    assert [line for line in plan if "Index Only Scan" in line], plan
    assert not [line for line in plan if "Scan" in line and " on notification" in line and "Only" not in line]
