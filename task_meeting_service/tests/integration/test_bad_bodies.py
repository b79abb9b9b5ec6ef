"""Bodies that no route may take: a problem that the API pages name, never a failure, and nothing written."""

import gzip
import json
from uuid import UUID

import pytest

from harness.openapi import committed, operations

JSON = {"Content-Type": "application/json"}
NAMES = ("user_oid", "project_oid", "team_oid", "task_oid", "comment_oid", "job_oid", "meeting_oid")
# The same each time: names of tests hold them.
IDS = {name: str(UUID(int=number)) for number, name in enumerate(NAMES, start=1)}
WRITES = [
    (method, path.format(**IDS))
    for method, path, operation in operations(committed("task_meeting"))
    if "requestBody" in operation
]
# Of every route's object, a field that it has not: the body is wrong whatever else it holds.
DEEP = b'{"a":' * 10_000 + b"1" + b"}" * 10_000
BODIES = {
    "empty": b"",
    "no JSON": b"{]",
    "two values": b"{} {}",
    "NaN": b'{"title": NaN}',
    "a number beyond floats": b'{"title": 1e400}',
    "a number of 5,000 digits": b'{"title": ' + b"9" * 5_000 + b"}",
    "a member twice": b'{"title": "a", "title": "b"}',
    "10,000 levels": DEEP,
    "10,000 levels of lists": b"[" * 10_000 + b"]" * 10_000,
    "a byte order mark": b'\xef\xbb\xbf{"title": "a"}',
    "UTF-16": '{"title": "a"}'.encode("utf-16"),
    "broken UTF-8": b'{"title": "\xff"}',
    "a NUL": b'{"title": "a\\u0000b"}',
    "a lone surrogate": b'{"title": "\\ud800"}',
    "a lone surrogate as a name": b'{"\\ud800": 1}',
    "null": b"null",
    "a list": b"[1]",
    "a text": b'"title"',
    "true": b"true",
    "mass assignment": b'{"id": 1, "owner": 1, "is_admin": true, "version": 9, "reporter_oid": null}',
}


@pytest.mark.parametrize(("method", "path"), WRITES)
async def test_a_wrong_body_is_refused_by_every_route(idle_client, method, path):
    path += "?format=json" if path.endswith("/import/") else ""
    answers = {}
    for what, body in BODIES.items():
        response = await idle_client.request(method, path, content=body, headers=JSON)
        answers[what] = response.status_code
        assert response.headers["content-type"] == "application/problem+json", (what, response.text)
        assert "\\ud800" not in json.dumps(response.json()["detail"])
    assert {what: status for what, status in answers.items() if status not in {400, 415, 422}} == {}


@pytest.mark.parametrize(("method", "path"), WRITES)
async def test_a_body_of_another_kind_or_size_is_refused_by_every_route(idle_client, method, path):
    path += "?format=json" if path.endswith("/import/") else ""

    async def status(content, **headers):
        response = await idle_client.request(method, path, content=content, headers=headers)
        assert response.headers["content-type"] == "application/problem+json"
        return response.status_code

    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "x"):
        assert await status(b'{"title": "a"}', **{"Content-Type": kind}) in {415, 422}, kind
    bomb = gzip.compress(b"0" * 10_000_000)
    assert await status(bomb, **JSON, **{"Content-Encoding": "gzip"}) == 415
    assert await status(b" " * 10_000_000, **JSON) == 413

    async def pieces():
        for _ in range(100):
            yield b" " * 100_000

    assert await status(pieces(), **JSON) == 413


MANY = [1] * 1_000
TOO_MANY = {
    "/body/labels": ("POST", "/api/tasks/", {"labels": MANY}),
    "/body/attendee_oids": ("POST", "/api/meetings/", {"attendee_oids": MANY}),
    "/body/team_oids": ("POST", "/api/meetings/conflicts/", {"team_oids": MANY}),
    "/body/skills": ("PUT", f"/api/users/{IDS['user_oid']}/", {"skills": MANY}),
    "/body/working_hours/days/monday": (
        "PUT",
        f"/api/users/{IDS['user_oid']}/",
        {"working_hours": {"days": {"monday": MANY}}},
    ),
}


@pytest.mark.parametrize(("pointer", "asked"), TOO_MANY.items())
async def test_a_list_that_is_too_long_is_not_gone_through(idle_client, pointer, asked):
    """Of a hundred thousand wrong items, each would be described before the length is looked at."""
    method, path, body = asked
    errors = (await idle_client.request(method, path, json=body)).json()["errors"]
    [told] = [error["detail"] for error in errors if error["pointer"].startswith(pointer)]
    assert "at most" in told
