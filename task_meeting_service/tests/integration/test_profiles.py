"""Profiles: who may write what, and what is refused."""

import asyncio

import pytest

PROFILE = {
    "working_hours": {
        "time_zone": "Europe/Moscow",
        "days": {"monday": [{"start": "09:00", "end": "13:00"}, {"start": "13:00", "end": "24:00"}]},
    },
    "skills": ["Python", "Кулинария"],
    "about": "Ask me about **billing**.\n\n<script>is text here</script>",
    "avatar_url": "https://pictures.company.example/anna.png?size=200",
}
MORNING, AFTERNOON = {"start": "09:00", "end": "13:00"}, {"start": "14:00", "end": "18:00"}
EMPTY = {"working_hours": None, "skills": [], "about": "", "avatar_url": None}


@pytest.fixture
async def colleagues(apply, feed):
    """1 and 2 work in project 1; 3 works in project 2 alone."""
    await apply(feed.change(number=1, user=1), feed.change(number=2, user=2))
    await apply(feed.change(number=3, user=3, project=2, team=None))


@pytest.fixture
def path(oid):
    return lambda number: f"/api/users/{oid('user', number)}/"


@pytest.mark.usefixtures("colleagues")
class TestProfile:
    async def test_one_describes_oneself_and_colleagues_read_it(self, sign_in, path):
        async with sign_in(1) as me, sign_in(2) as colleague:
            first = await me.get(path(1))
            assert first.json() | EMPTY == first.json()
            changed = await me.put(path(1), json=PROFILE, headers={"If-Match": first.headers["etag"]})
            assert (changed.status_code, changed.json()) == (200, first.json() | PROFILE)
            seen = await colleague.get(path(1))
        assert (seen.json(), seen.headers["etag"]) == (changed.json(), changed.headers["etag"])
        assert changed.headers["etag"] != first.headers["etag"]

    async def test_what_was_got_can_be_sent_back_and_changes_nothing(self, sign_in, path):
        async with sign_in(1) as me:
            got = await me.put(path(1), json=PROFILE)
            again = await me.put(path(1), json=got.json())
            assert (again.status_code, again.json()) == (200, got.json())
            assert again.headers["etag"] == got.headers["etag"]

    async def test_what_belongs_to_the_administration_is_not_changed_here(self, sign_in, path):
        others = {
            "oid": "00000000-0000-0000-0000-000000000001",
            "name": "Boss",
            "email": "boss@company.example",
            "role": "admin",
            "locale": "en",
            "time_zone": None,
            "assignments": [],
            "assignments_total": 2,
        }
        async with sign_in(1, "admin") as me:
            for field, value in others.items():
                refused = await me.put(path(1), json=PROFILE | {field: value})
                assert refused.status_code == 422
                (error,) = refused.json()["errors"]
                assert error["pointer"] == f"/body/{field}"
                assert "administration" in error["detail"]
            assert (await me.get(path(1))).json()["skills"] == []

    async def test_others_profiles_take_a_permission(self, sign_in, path):
        async with sign_in(2, "manager") as manager, sign_in(2, "admin") as admin:
            refused = await manager.put(path(1), json=PROFILE)
            assert refused.status_code == 403
            assert "profiles.manage" in refused.json()["detail"]
            assert (await admin.put(path(1), json=PROFILE)).status_code == 200

    async def test_strangers_are_not_found_whatever_one_may_manage(self, sign_in, path):
        async with sign_in(1, permissions=["directory.read", "profiles.manage"]) as me:
            assert (await me.get(path(3))).status_code == 404
            assert (await me.put(path(3), json=PROFILE)).status_code == 404

    async def test_a_profile_outlives_the_assignments(self, sign_in, path, apply, feed):
        async with sign_in(1) as me:
            await me.put(path(1), json=PROFILE)
            await apply(feed.change("d", number=1, user=1))
            assert (await me.get(path(1))).status_code == 404
            await apply(feed.change(number=9, user=1, project=2, team=None))
            assert (await me.get(path(1))).json()["skills"] == PROFILE["skills"]

    async def test_of_many_first_changes_of_one_version_one_wins(self, sign_in, path):
        async with sign_in(1) as me:
            tag = (await me.get(path(1))).headers["etag"]
            answers = await asyncio.gather(
                *(
                    me.put(path(1), json=PROFILE | {"about": f"{number}"}, headers={"If-Match": tag})
                    for number in range(5)
                )
            )
            assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]
            refused = next(answer for answer in answers if answer.status_code == 412)
            assert refused.headers["etag"] == (await me.get(path(1))).headers["etag"]

    async def test_the_intervals_of_a_day_are_answered_in_order(self, client, path):
        hours = {"time_zone": "UTC", "days": {"friday": [AFTERNOON, MORNING]}}
        answer = await client.put(path(1), json=PROFILE | {"working_hours": hours})
        assert answer.json()["working_hours"]["days"] == {"friday": [MORNING, AFTERNOON]}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("is_admin", True),
        ("working_hours", {"time_zone": "Mars/Olympus", "days": {}}),
        ("working_hours", {"time_zone": "Europe/Moscow"}),
        ("working_hours", {"time_zone": "UTC", "days": {"funday": []}}),
        ("working_hours", {"time_zone": "UTC", "days": {"monday": [{"start": "9:00", "end": "10:00"}]}}),
        ("working_hours", {"time_zone": "UTC", "days": {"monday": [{"start": "10:00", "end": "10:00"}]}}),
        ("working_hours", {"time_zone": "UTC", "days": {"monday": [{"start": "22:00", "end": "06:00"}]}}),
        (
            "working_hours",
            {
                "time_zone": "UTC",
                "days": {"monday": [{"start": "12:00", "end": "18:00"}, {"start": "09:00", "end": "12:01"}]},
            },
        ),
        ("skills", ["Python", "Python"]),
        ("skills", [""]),
        ("skills", [" Python"]),
        ("skills", ["a\u0000b"]),
        ("skills", ["a" * 61]),
        ("skills", [str(number) for number in range(51)]),
        ("skills", None),
        ("about", "a" * 5001),
        ("about", "a\u0000b"),
        ("avatar_url", "http://pictures.company.example/anna.png"),
        ("avatar_url", "javascript:alert(1)"),
        ("avatar_url", "data:image/png;base64,AAAA"),
        ("avatar_url", "https://user:secret@company.example/"),
        ("avatar_url", "https://company.example/\nSet-Cookie: a=b"),
        ("avatar_url", "https://"),
        ("avatar_url", "https://company.example/" + "a" * 2000),
    ],
)
async def test_wrong_values_are_422_and_say_where(idle_client, path, field, value):
    refused = await idle_client.put(path(1), json=PROFILE | {field: value})
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["pointer"].startswith(f"/body/{field}")


async def test_nothing_is_emptied_by_being_forgotten(idle_client, path):
    for forgotten in PROFILE:
        body = {name: value for name, value in PROFILE.items() if name != forgotten}
        refused = await idle_client.put(path(1), json=body)
        assert [error["pointer"] for error in refused.json()["errors"]] == [f"/body/{forgotten}"]
