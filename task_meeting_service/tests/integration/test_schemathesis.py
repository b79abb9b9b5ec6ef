"""The whole API, asked by Schemathesis: no server error, and no answer that the document does not name."""

import pytest

from harness.fuzzing import fuzz, served
from task_meeting.app import build_app


@pytest.fixture
async def known(client, sign_in, apply, feed, oid):
    """Ids of things that exist, by the places in requests that take them."""
    await apply(feed.change(number=1, user=1), feed.change(number=2, user=2))
    project = str(oid("project", 1))
    tasks, comments = [], []
    for number in range(3):
        task = (
            await client.post("/api/tasks/", json={"title": f"Task {number}", "project_oid": project})
        ).json()
        comment = await client.post(f"/api/tasks/{task['oid']}/comments/", json={"body": "Done?"})
        tasks.append(task["oid"])
        comments.append(comment.json()["oid"])
    job = await client.post("/api/tasks/reassign/", json={"project_oid": project})
    people = [str(oid("user", number)) for number in (1, 2)]
    meetings = []
    async with sign_in(2) as other:
        for number in range(3):
            body = {
                "title": f"Meeting {number}",
                "start": "2027-01-11",
                "end": "2027-01-12",
                "project_oid": project,
            }
            meetings.append((await other.post("/api/meetings/", json=body)).json()["oid"])
        link = (await other.post("/api/calendar/")).json()["url"]
    return {
        "path.user_oid": people,
        "path.project_oid": [project],
        "path.team_oid": [str(oid("team", 1))],
        "path.task_oid": tasks,
        "path.comment_oid": comments,
        "path.job_oid": [job.json()["oid"]],
        "path.assignment_id": [1, 2],
        "path.meeting_oid": meetings,
        "path.token": [link.rpartition("/")[2].removesuffix(".ics")],
        "body.project_oid": [project],
        "body.team_oid": [str(oid("team", 1))],
        "body.assignee_oid": people,
        "body.except_oid": meetings,
    }


@pytest.mark.timeout(400)  # thousands of requests, on machines that do other things too
async def test_the_api_keeps_to_its_document_whatever_is_sent(
    database, known, settings, identity, oid, tmp_path
):
    headers = identity.headers(oid("user", 1), "admin")
    with served(database._url, lambda own: build_app(settings, own, identity.authenticator())) as url:
        report = fuzz("task_meeting", url, headers, known, tmp_path, examples=2)
    assert not report, report
