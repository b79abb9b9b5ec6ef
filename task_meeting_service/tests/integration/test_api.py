"""The read API: lists, details, filters, order, pages, and what it refuses."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import event, make_url

from service_kit.db import Database
from task_meeting.app import build_app

# The same each time: names of tests hold it.
NOBODY = UUID(int=1)


@pytest.fixture
async def company(apply, feed):
    """Seven people in two projects of two teams each; the last one has no team."""
    people = ["Анна Иванова", "борис Петров", "Ёлкин Олег", "Dave O'Neil", "eve Adams", "Frank Müller", "Gus"]
    roles = ["manager", "employee", "employee", "admin", "employee", "employee", "employee"]
    await apply(
        *(
            feed.change(
                "c",
                number,
                user=number,
                project=1 + number % 2,
                team=None if number == 7 else 1 + number % 4,
                user_name=name,
                user_role=role,
                application_url=f"https://hr.company.example/requests/{number}",
            )
            for number, (name, role) in enumerate(zip(people, roles, strict=True), start=1)
        )
    )


async def found(get, **parameters):
    return [user["name"] for user in (await get("/api/users/", **parameters))["users"]]


@pytest.mark.usefixtures("company")
class TestUsers:
    async def test_a_user_has_all_fields(self, get, oid):
        user = await get(f"/api/users/{oid('user', 1)}/")
        assert user == {
            "oid": str(oid("user", 1)),
            "name": "Анна Иванова",
            "email": "user1@company.example",
            "role": "manager",
            "locale": "ru",
            "time_zone": "Europe/Moscow",
            "working_hours": None,
            "skills": [],
            "about": "",
            "avatar_url": None,
            "assignments_total": 1,
            "assignments": [
                {
                    "id": 1,
                    "user_oid": str(oid("user", 1)),
                    "project_oid": str(oid("project", 2)),
                    "project_name": "Project 2",
                    "team_oid": str(oid("team", 2)),
                    "team_name": "Team 2",
                    "application_url": "https://hr.company.example/requests/1",
                    "created_at": "2026-11-21T10:00:00.123Z",
                }
            ],
        }

    async def test_assignments_have_pages_of_their_own(self, get, oid):
        page = await get(f"/api/users/{oid('user', 1)}/assignments/", size=1)
        assert (page["total"], [it["id"] for it in page["assignments"]]) == (1, [1])
        assert (await get(f"/api/users/{oid('user', 1)}/assignments/", page=2))["assignments"] == []

    async def test_pages_part_the_list_without_overlap(self, get):
        pages = [await get("/api/users/", page=page, size=3) for page in (1, 2, 3, 4)]
        assert [len(page["users"]) for page in pages] == [3, 3, 1, 0]
        assert {page["total"] for page in pages} == {7}
        assert [user["name"] for page in pages for user in page["users"]] == await found(get)

    async def test_order_is_without_regard_to_case_and_can_be_turned(self, get):
        up = ["Dave O'Neil", "eve Adams", "Frank Müller", "Gus", "Анна Иванова", "борис Петров", "Ёлкин Олег"]
        assert await found(get) == up
        assert await found(get, sort="-name") == up[::-1]
        assert await found(get, sort="-email", size=2) == ["Gus", "Frank Müller"]

    async def test_filters_hold_together(self, get, oid):
        assert await found(get, role="admin") == ["Dave O'Neil"]
        assert await found(get, project_oid=oid("project", 1)) == [
            "Dave O'Neil",
            "Frank Müller",
            "борис Петров",
        ]
        assert await found(get, project_oid=oid("project", 1), team_oid=oid("team", 1)) == ["Dave O'Neil"]
        assert await found(get, project_oid=oid("project", 2), team_oid=oid("team", 1)) == []
        assert await found(get, team_oid=uuid4()) == []

    @pytest.mark.parametrize(
        ("search", "names"),
        [
            ("анна", ["Анна Иванова"]),
            ("ИВАН", ["Анна Иванова"]),
            ("иванова анна", ["Анна Иванова"]),
            ("ив борис", []),
            ("ёл", ["Ёлкин Олег"]),
            ("o'neil", ["Dave O'Neil"]),
            ("müll", ["Frank Müller"]),
            ("user5@company.example", ["eve Adams"]),
            ("USER5@comp", ["eve Adams"]),
            ("@", []),
            ("'; DROP TABLE person; --", []),
            ("a & b | !c :* <->", []),
            ("\\' :*", []),
            ("%", []),
        ],
    )
    async def test_search_finds_the_beginnings_of_words(self, get, search, names):
        assert await found(get, search=search) == names


@pytest.mark.usefixtures("company")
async def test_projects_and_teams_are_listed_and_shown(get, oid):
    projects = await get("/api/projects/")
    assert [(it["oid"], it["name"]) for it in projects["projects"]] == [
        (str(oid("project", 1)), "Project 1"),
        (str(oid("project", 2)), "Project 2"),
    ]
    project = await get(f"/api/projects/{oid('project', 1)}/")
    assert [team["name"] for team in project["teams"]] == ["Team 1", "Team 3"]
    teams = await get("/api/teams/", project_oid=oid("project", 2), sort="-name")
    assert [team["name"] for team in teams["teams"]] == ["Team 4", "Team 2"]
    team = await get(f"/api/teams/{oid('team', 3)}/")
    assert (team["project_name"], team["members_total"]) == ("Project 1", 2)
    assert team["members"][0] == {
        "assignment_id": 6,
        "oid": str(oid("user", 6)),
        "name": "Frank Müller",
        "email": "user6@company.example",
        "role": "employee",
    }


async def test_a_trace_says_when_each_step_happened(apply, feed, get):
    await apply(feed.change("c", 1))
    trace = await get("/api/trace/1/")
    assert trace["committed_at"] == "2025-11-13T02:13:20.010Z"
    assert trace["captured_at"] == "2025-11-13T02:13:20.020Z"
    assert trace["published_at"] == "2025-11-13T02:13:20.030Z"
    assert abs(datetime.now(UTC) - datetime.fromisoformat(trace["applied_at"])) < timedelta(minutes=1)
    await apply(feed.change("d", 1))
    assert (await get("/api/trace/1/"))["deleted"] is True


@pytest.mark.parametrize("path", ["users", "projects", "teams"])
async def test_an_empty_company_has_empty_lists(idle_client, path):
    assert (await idle_client.get(f"/api/{path}/")).json() == {"total": 0, "page": 1, "size": 50, path: []}


@pytest.mark.parametrize(
    "path",
    [f"/api/{kind}/{NOBODY}/" for kind in ("users", "projects", "teams")]
    + [
        f"/api/users/{NOBODY}/assignments/",
        "/api/trace/1/",
        f"/api/trace/{2**63 - 1}/",
        "/api/",
        "/api/token/",
    ],
)
async def test_what_is_not_there_is_404(idle_client, path):
    response = await idle_client.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "/api/users/?page=0",
        "/api/users/?page=-1",
        "/api/users/?page=10001",
        "/api/users/?size=1000000000",
        "/api/users/?size=0",
        "/api/users/?sort=password",
        "/api/users/?sort=name;--",
        "/api/users/?role=owner",
        "/api/users/?project_oid=1",
        "/api/users/?search=",
        "/api/users/?search=" + "a" * 201,
        "/api/users/?search=%00",
        "/api/users/?page=1&page=2",
        "/api/users/?is_admin=true",
        "/api/users/1/",
        f"/api/users/{NOBODY}/?expand=all",
        "/api/projects/?team_oid=1",
        "/api/teams/?project_oid=%27",
        "/api/trace/0/",
        "/api/trace/-1/",
        "/api/trace/9223372036854775808/",
        "/api/trace/1e400/",
        "/api/trace/true/",
    ],
)
async def test_a_wrong_request_is_422(idle_client, path):
    response = await idle_client.get(path)
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_nothing_can_be_written(idle_client, method):
    response = await idle_client.request(method, "/api/users/", json={"id": 1, "is_admin": True})
    assert response.status_code == 405


@pytest.mark.usefixtures("company")
async def test_paths_work_without_their_last_slash(client, oid):
    for path in (
        "/api/users",
        f"/api/users/{oid('user', 1)}",
        "/api/trace/1",
        "/api/users?page=1&role=admin",
    ):
        response = await client.get(path)
        assert response.status_code == 200
        assert response.history == []


@pytest.mark.usefixtures("company")
async def test_the_number_of_queries_does_not_grow_with_the_answer(client, database, oid):
    statements = []
    event.listen(
        database._engine.sync_engine, "before_cursor_execute", lambda *args: statements.append(args[2])
    )
    for path in ("/api/users/", f"/api/teams/{oid('team', 3)}/", f"/api/users/{oid('user', 1)}/"):
        statements.clear()
        assert (await client.get(path)).status_code == 200
        assert len(statements) <= 3, statements


async def test_while_the_database_is_away_the_answer_is_503_and_tells_nothing(settings, identity):
    away = Database(make_url("postgresql+asyncpg://me:hunter2@127.0.0.1:1/db"), application_name="test")
    transport = httpx2.ASGITransport(app=build_app(settings, away, identity.authenticator()))
    headers = identity.headers(role="admin")
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://localhost", headers=headers
    ) as client:
        ready, users = await client.get("/health/ready"), await client.get("/api/users/")
    assert (ready.status_code, ready.json()["checks"]) == (
        503,
        {"database": "failed", "token_keys": "ok"},
    )
    assert (users.status_code, users.headers["retry-after"]) == (503, "1")
    assert "hunter2" not in ready.text + users.text
