"""The source's side of the tests: what Debezium would have written to the topic."""

import json
from uuid import UUID

import pytest

from service_kit.messages import Message
from task_meeting.events import ASSIGNMENT_TOPIC

PARTITIONS = 6


class Feed:
    """Makes the messages of `teams_userassignment`, each newer than the last."""

    def __init__(self):
        self.lsn = 1000
        self.offsets = dict.fromkeys(range(PARTITIONS), 0)

    def columns(self, number=1, *, user=1, project=1, team=1, **changed):
        """A row; people, projects and teams are named by small numbers."""
        return {
            "id": number,
            "project_id": project,
            "team_id": team,
            "user_id": user,
            "project_name": f"Project {project}",
            "team_name": team and f"Team {team}",
            "user_oid": str(oid("user", user)),
            "user_email": f"user{user}@company.example",
            "user_name": f"User {user}",
            "user_role": "employee",
            "project_oid": str(oid("project", project)),
            "team_oid": team and str(oid("team", team)),
            "application_url": None,
            "user_locale": "ru",
            "user_time_zone": "Europe/Moscow",
            "created_at": "2026-11-21T10:00:00.123456Z",
            **changed,
        }

    def change(self, op="c", number=1, *, lsn=None, row_lsn=None, epoch=None, without=(), **columns):
        """The message of one change."""
        self.lsn += 10
        lsn = lsn or self.lsn
        value = {
            **self.columns(number, **columns),
            "row_lsn": row_lsn or lsn,
            "__op": op,
            "__lsn": lsn,
            "__ts_ms": 1_763_000_000_020,
            "__source_ts_ms": 1_763_000_000_010,
            "__source_snapshot": "true" if op == "r" else "false",
            "__deleted": str(op == "d").lower(),
        }
        for column in without:
            del value[column]
        return self.message(number, json.dumps(value).encode(), epoch=epoch)

    def message(self, number, value, *, epoch=None):
        """Any value under the key of an assignment."""
        partition = number % PARTITIONS
        offset = self.offsets[partition]
        self.offsets[partition] += 1
        headers = () if epoch is None else (("epoch", str(epoch).encode()),)
        key = json.dumps(number).encode()
        return Message(ASSIGNMENT_TOPIC, partition, offset, key, value, headers, 1_763_000_000_030)


def oid(kind, number):
    """The UUID of a small number."""
    return UUID(int=(["user", "project", "team"].index(kind) + 1) << 64 | number)


@pytest.fixture
def feed():
    return Feed()


@pytest.fixture(name="oid")
def oid_fixture():
    return oid
