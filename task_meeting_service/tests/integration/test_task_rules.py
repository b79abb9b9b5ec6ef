"""What is refused: every value that a task must not have, and every field that is nobody's to set."""

from uuid import UUID, uuid4

import pytest

TASKS = "/api/tasks/"
# The same each time: names of tests hold it.
SOME_OID = UUID(int=1)
LONE_SURROGATE = "\\ud800"
ZONED = "2026-12-01T18:00:00Z"


@pytest.fixture(scope="session")
def valid():
    return {"title": "T", "project_oid": str(uuid4()), "assignee_oid": None}


WRONG = [
    {"title": ""},
    {"title": " "},
    {"title": "two\nlines"},
    {"title": "blank at the end "},
    {"title": "x" * 201},
    {"title": "nul \0"},
    {"title": None},
    {"title": 1},
    {"description": "\0"},
    {"description": "x" * 20_001},
    {"description": None},
    {"project_oid": "1"},
    {"project_oid": 1},
    {"project_oid": None},
    {"team_oid": True},
    {"assignee_oid": "me"},
    {"priority": 1},
    {"priority": True},
    {"priority": "blocker"},
    {"labels": "a"},
    {"labels": ["a", "a"]},
    {"labels": [""]},
    {"labels": [" a"]},
    {"labels": ["x" * 51]},
    {"labels": ["a\0"]},
    {"labels": [1]},
    {"labels": [None]},
    {"labels": [str(number) for number in range(21)]},
    {"deadline": "2026-12-01T18:00:00"},
    {"deadline": "2026-12-01"},
    {"deadline": 1_767_225_600},
    {"deadline": 2**70},
    {"deadline": True},
    {"deadline": "1767225600"},
    {"deadline": "2026-02-30T00:00:00Z"},
    {"deadline": "0001-01-01T00:00:00+14:00"},
    {"deadline": "9999-12-31T23:59:59-12:00"},
    {"deadline_time_zone": "Europe/Berlin"},
    {"deadline": ZONED, "deadline_time_zone": "Mars/Olympus"},
    {"deadline": ZONED, "deadline_time_zone": "../etc/passwd"},
    {"deadline": ZONED, "deadline_time_zone": 3},
    {"deadline": ZONED, "deadline_time_zone": ""},
    {"id": 1},
    {"oid": str(SOME_OID)},
    {"reporter_oid": str(SOME_OID)},
    {"status": "done"},
    {"version": 7},
    {"open": False},
    {"created_at": ZONED},
    {"completed_at": ZONED},
    {"owner": "me"},
    {"is_admin": True},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
async def test_a_wrong_field_is_422_and_named(idle_client, valid, wrong):
    answer = await idle_client.post(TASKS, json=valid | wrong)
    assert answer.status_code in ({404, 422} if wrong == {"deadline_time_zone": "Europe/Berlin"} else {422})
    assert answer.headers["content-type"] == "application/problem+json"
    if answer.status_code == 422:
        assert any(error["pointer"].startswith(f"/body/{[*wrong][-1]}") for error in answer.json()["errors"])


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", TASKS, b'{"title": "\\ud800", "project_oid": "%b"}' % str(SOME_OID).encode()),
        ("POST", TASKS, b"[]"),
        ("POST", TASKS, b"null"),
        ("POST", TASKS, b""),
        ("POST", TASKS, b"{"),
        ("PATCH", f"{TASKS}1/", b'{"status": null}'),
        ("PATCH", f"{TASKS}1/", b'{"project_oid": "%b"}' % str(SOME_OID).encode()),
        ("PATCH", f"{TASKS}1/", b'{"id": 2}'),
        ("PATCH", f"{TASKS}0/", b"{}"),
        ("PATCH", f"{TASKS}-1/", b"{}"),
        ("PATCH", f"{TASKS}9223372036854775808/", b"{}"),
        ("PATCH", f"{TASKS}true/", b"{}"),
        ("PUT", f"{TASKS}1/", b'{"title": "T"}'),
        ("POST", f"{TASKS}1/comments/", b'{"body": "  \\n "}'),
        ("POST", f"{TASKS}1/comments/", b'{"body": "\\u0000"}'),
        ("POST", f"{TASKS}1/comments/", b'{"body": "a", "author_oid": "me"}'),
        ("DELETE", f"{TASKS}1/comments/1/", b""),
        ("GET", f"{TASKS}1/?expand=all", b""),
    ],
)
async def test_a_wrong_request_is_422(idle_client, method, path, body):
    headers = {"Content-Type": "application/json"}
    answer = await idle_client.request(method, path, content=body, headers=headers)
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match", "Idempotency-Key"])
async def test_a_malformed_header_is_422(idle_client, header):
    method = {"If-Match": "DELETE", "If-None-Match": "GET", "Idempotency-Key": "POST"}[header]
    path = TASKS if method == "POST" else f"{TASKS}1/"
    answer = await idle_client.request(method, path, headers={header: "v 1"})
    assert answer.status_code == 422


async def test_what_is_not_there_is_404_and_nobody_is_401(idle_client, identity):
    for name in (1, 2**63 - 1, uuid4()):
        assert (await idle_client.get(f"{TASKS}{name}/")).status_code == 404
        assert (await idle_client.patch(f"{TASKS}{name}/", json={"title": "T"})).status_code == 404
    nobody = {"Authorization": ""}
    assert (await idle_client.get(TASKS, headers=nobody)).status_code == 401
    assert (await idle_client.post(TASKS, headers=nobody, json={})).status_code == 401
