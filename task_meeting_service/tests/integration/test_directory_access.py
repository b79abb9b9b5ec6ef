"""What of the directory one sees: one's own projects, and who and what is in them."""

import pytest

from service_kit.testing.identity import permissions_of


@pytest.fixture
async def two_projects(apply, feed):
    """1 and 2 share project 1, 2 and 3 share project 2; 4 has left project 1; 5 is in the token alone."""
    await apply(
        feed.change(number=1, user=1, project=1, team=1),
        feed.change(number=2, user=2, project=1, team=2),
        feed.change(number=3, user=2, project=2, team=3),
        feed.change(number=4, user=3, project=2, team=3),
        feed.change(number=5, user=4, project=1, team=1),
        feed.change("d", number=5, user=4, project=1, team=1),
    )


async def names(client, kind, **parameters):
    page = (await client.get(f"/api/{kind}/", params=parameters)).json()
    assert page["total"] == len(page[kind])
    return [it["name"] for it in page[kind]]


@pytest.mark.usefixtures("two_projects")
async def test_lists_and_totals_hold_what_one_shares_a_project_with(sign_in, client, oid):
    seen = {
        1: (["Project 1"], ["Team 1", "Team 2"], ["User 1", "User 2"]),
        2: (["Project 1", "Project 2"], ["Team 1", "Team 2", "Team 3"], ["User 1", "User 2", "User 3"]),
        3: (["Project 2"], ["Team 3"], ["User 2", "User 3"]),
        4: ([], [], []),
        5: ([], [], []),
    }
    for number, expected in seen.items():
        async with sign_in(number, "manager") as person:
            assert tuple([await names(person, kind) for kind in ("projects", "teams", "users")]) == expected
    assert await names(client, "users") == ["User 1", "User 2", "User 3"]
    async with sign_in(1) as person:
        assert await names(person, "users", search="user", role="employee") == ["User 1", "User 2"]
        assert await names(person, "users", project_oid=oid("project", 2)) == []
        assert await names(person, "users", team_oid=oid("team", 3)) == []
        assert await names(person, "teams", project_oid=oid("project", 2)) == []


@pytest.mark.usefixtures("two_projects")
async def test_of_a_colleague_one_sees_what_they_do_in_shared_projects(sign_in, oid):
    path = f"/api/users/{oid('user', 2)}/"
    async with sign_in(1) as person, sign_in(2) as oneself:
        for reader, ids in ((person, [2]), (oneself, [2, 3])):
            detail = (await reader.get(path)).json()
            assert ([it["id"] for it in detail["assignments"]], detail["assignments_total"]) == (
                ids,
                len(ids),
            )
            page = (await reader.get(path + "assignments/")).json()
            assert ([it["id"] for it in page["assignments"]], page["total"]) == (ids, len(ids))


@pytest.mark.usefixtures("two_projects")
async def test_what_is_foreign_or_left_is_not_found(sign_in, client, oid):
    foreign = [
        f"/api/users/{oid('user', 3)}/",
        f"/api/users/{oid('user', 3)}/assignments/",
        f"/api/projects/{oid('project', 2)}/",
        f"/api/teams/{oid('team', 3)}/",
        "/api/trace/3/",
    ]
    own = [
        f"/api/users/{oid('user', 1)}/",
        f"/api/projects/{oid('project', 1)}/",
        f"/api/teams/{oid('team', 2)}/",
        "/api/trace/5/",
    ]
    async with sign_in(1) as person, sign_in(4) as leaver:
        for path in foreign:
            refused = await person.get(path)
            assert (refused.status_code, (await client.get(path)).status_code) == (404, 200), path
        for path in own:
            assert (await person.get(path)).status_code == 200, path
            assert (await leaver.get(path)).status_code == 404, path
        assert (await leaver.get(f"/api/users/{oid('user', 4)}/")).status_code == 404


async def test_without_a_token_or_its_permission_nothing_is_looked_up(idle_client, identity):
    without = identity.headers(permissions=permissions_of("admin") - {"directory.read"})
    for path in ("/api/users/", "/api/users/1/", "/api/projects/", "/api/teams/", "/api/trace/1/"):
        assert (await idle_client.get(path, headers={"Authorization": ""})).status_code == 401
        assert (await idle_client.get(path, headers=without)).status_code == 403
