"""Who may do what: every cell of contracts/authorization.yaml is asked for (docs/authorization.md)."""

import json
from types import SimpleNamespace

import pytest

from harness.authorization import ROLES, rules
from service_kit.testing.identity import permissions_of

# Who stands behind a relation to person 1. 1 and 2 work in project 1 (team 1), 3 in project 2 (team 2).
PEOPLE = {"own": 1, "colleague": 2, "foreign": 3}
MEETING = {"title": "A meeting", "start": "2027-01-11T10:00", "end": "2027-01-11T11:00"}
PROFILE = {"working_hours": None, "skills": [], "about": "", "avatar_url": None}
SETTINGS = {
    "workflow": {"initial": "new", "statuses": [{"name": "new"}], "moves": {}},
    "strategy": "random",
    "on_leave": "unassign",
}
EDITED = (
    "title",
    "description",
    "team_oid",
    "assignee_oid",
    "status",
    "priority",
    "labels",
    "deadline",
    "deadline_time_zone",
)


@pytest.fixture
async def world(apply, feed, anonymous, identity, oid):
    """Each of the people has a task, a comment on it, a job, and a meeting."""
    await apply(
        *(
            feed.change(number=person, user=person, project=_project(person), team=_project(person))
            for person in PEOPLE.values()
        )
    )
    it = World(anonymous, identity, oid)
    for relation in PEOPLE:
        task = await it.new_task(relation)
        job = await it.ask(relation, "manager", "POST", "/api/tasks/reassign/", json=it.project(relation))
        it.things[relation] = SimpleNamespace(
            task=task,
            comment=await it.new_comment(relation, task),
            job=job.json()["oid"],
            meeting=await it.new_meeting(relation),
        )
    return it


def _project(person):
    return 2 if person == PEOPLE["foreign"] else 1


class World:
    def __init__(self, client, identity, oid):
        self.client = client
        self.identity = identity
        self.oid = oid
        self.things = {}

    async def ask(self, relation, role, method, path, permissions=None, **body):
        headers = self.identity.headers(self.oid("user", PEOPLE[relation]), role, permissions)
        return await self.client.request(method, path, headers=headers | body.pop("headers", {}), **body)

    def project(self, relation):
        return {"project_oid": str(self.oid("project", _project(PEOPLE[relation])))}

    async def new_task(self, relation):
        body = {"title": "A task", "assignee_oid": None, **self.project(relation)}
        made = await self.ask(relation, "employee", "POST", "/api/tasks/", json=body)
        assert made.status_code == 201, made.text
        return made.json()

    async def new_comment(self, relation, task):
        path = f"/api/tasks/{task['oid']}/comments/"
        made = await self.ask(relation, "employee", "POST", path, json={"body": "A comment"})
        assert made.status_code == 201, made.text
        return made.json()["oid"]

    async def new_meeting(self, relation):
        body = MEETING | self.project(relation)
        made = await self.ask(relation, "employee", "POST", "/api/meetings/", json=body)
        assert made.status_code == 201, made.text
        return made.json()["oid"]

    async def request(self, operation, relation):
        """Path, body and the thing that a list holds, for an operation on something of this relation."""
        method, _, path = operation.partition(" ")
        here = self.things[relation]
        task, comment, meeting = here.task, here.comment, here.meeting
        if operation == "DELETE /api/tasks/{task_oid}/":
            task = await self.new_task(relation)
        if operation == "DELETE /api/tasks/{task_oid}/comments/{comment_oid}/":
            comment = await self.new_comment(relation, task)
        if operation == "DELETE /api/meetings/{meeting_oid}/":
            meeting = await self.new_meeting(relation)
        person = PEOPLE[relation]
        names = {
            "user_oid": self.oid("user", person),
            "project_oid": self.oid("project", _project(person)),
            "team_oid": self.oid("team", _project(person)),
            "task_oid": task["oid"],
            "comment_oid": comment,
            "job_oid": here.job,
            "meeting_oid": meeting,
            "assignment_id": person,
        }
        kind = path.split("/")[2].removesuffix("s")
        return (
            method,
            path.format(**names),
            _sent(operation, task, meeting, self.project(relation)),
            str(names.get(f"{kind}_oid")),
        )


def _sent(operation, task, meeting, project):
    """The rest of a request that is right but for who sends it, and that changes nothing but by chance."""
    bodies = {
        "PUT /api/users/{user_oid}/": PROFILE,
        "PUT /api/projects/{project_oid}/settings/": SETTINGS,
        "POST /api/tasks/reassign/": project,
        "POST /api/tasks/": {"title": "One more", "assignee_oid": None, **project},
        "PUT /api/tasks/{task_oid}/": {name: task[name] for name in EDITED},
        "PATCH /api/tasks/{task_oid}/": {"title": task["title"]},
        "POST /api/tasks/{task_oid}/comments/": {"body": "Another comment"},
        "PATCH /api/tasks/{task_oid}/comments/{comment_oid}/": {"body": "A comment"},
        "POST /api/meetings/": MEETING | project,
        "POST /api/meetings/conflicts/": {"start": "2027-01-11", "end": "2027-01-12", "except_oid": meeting},
        "PATCH /api/meetings/{meeting_oid}/": {"title": MEETING["title"]},
        "PUT /api/meetings/{meeting_oid}/response/": {"status": "accepted"},
        "POST /api/meetings/{meeting_oid}/action-items/": {"title": "A decision", "assignee_oid": None},
    }
    if operation in bodies:
        return {"json": bodies[operation]}
    if operation == "GET /api/tasks/export/":
        return {"params": {"format": "json"}}
    if operation == "POST /api/tasks/import/":
        rows = [{"oid": task["oid"], **project, "title": task["title"]}]
        return {
            "params": {"format": "json"},
            "content": json.dumps(rows),
            "headers": {"Content-Type": "application/json"},
        }
    return {}


async def test_every_cell_of_the_matrix_is_answered_so(world):
    expected, answered = {}, {}
    for rule in rules("task_meeting"):
        for (role, relation), answer in rule.answers.items():
            method, path, sent, thing = await world.request(rule.operation, relation)
            response = await world.ask("own", role, method, path, **sent)
            found = response.status_code
            if isinstance(answer, str) and found == 200:
                found = "shown" if thing in response.text else "hidden"
            expected[rule.operation, role, relation] = answer
            answered[rule.operation, role, relation] = found
    assert answered == expected


async def test_without_a_token_it_is_401_and_without_the_permission_403(world):
    for rule in rules("task_meeting"):
        method, path, sent, _ = await world.request(rule.operation, "own")
        nobody = await world.client.request(method, path, **sent)
        assert nobody.status_code == 401, rule.operation
        for role in ROLES:
            allowed = permissions_of(role) - {rule.needs}
            refused = await world.ask("own", role, method, path, permissions=allowed, **sent)
            assert refused.status_code == 403, (rule.operation, role)
            assert rule.needs in refused.json()["detail"], (rule.operation, role)
