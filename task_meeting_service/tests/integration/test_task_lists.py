"""Lists of tasks: filters, orders, pages and cursors, and who sees what."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from task_meeting.queries import task_estimates, task_lists

TASKS = "/api/tasks/"
NOW = datetime.now(UTC)
SORTS = ["created_at", "updated_at", "deadline", "priority"]


@pytest.fixture
async def board(apply, feed, query, oid):
    """Twelve tasks: odd ones in project 1, even ones in 2; person 1 is in both, person 2 in the second."""
    await apply(
        feed.change("c", 1, user=1, project=1, team=1),
        feed.change("c", 2, user=1, project=2, team=None),
        feed.change("c", 3, user=2, project=2, team=None),
    )
    for number in range(1, 13):
        await query(
            "INSERT INTO task (project_oid, team_oid, title, description, status, open, priority, labels,"
            " assignee_oid, reporter_oid, deadline, deadline_time_zone, version, created_at, updated_at)"
            " VALUES (:project, :team, :title, :description, :status, :open, :priority, :labels, :assignee,"
            " :reporter, :deadline, :zone, 1, :created, :updated)",
            project=oid("project", 2 - number % 2),
            team=oid("team", 1) if number in {1, 3} else None,
            title=f"Task {number} счёт",
            description="about invoices" if number < 4 else "nothing",
            status=["new", "in_progress", "done"][number % 3],
            open=number % 3 != 2,
            priority=number % 4,
            labels=["even"] if number % 2 == 0 else ["odd", "a b"],
            assignee=oid("user", 1) if number < 5 else None,
            reporter=oid("user", 1 if number == 7 else 2),
            deadline=NOW + timedelta(days=number - 6) if number != 12 else None,
            zone="UTC" if number != 12 else None,
            # Two of each age: the number decides.
            created=NOW - timedelta(hours=number // 2),
            updated=NOW - timedelta(minutes=number * 7 % 12),
        )


@pytest.fixture
def numbers(board, sign_in):
    """The tasks that a person finds, by their numbers, and the whole answer."""

    async def find(person=1, role="employee", **parameters):
        async with sign_in(person, role) as client:
            answer = await client.get(TASKS, params=parameters)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        return [int(task["title"].split()[1]) for task in page["tasks"]], page

    return find


@pytest.fixture(params=["few", "many", "many, in many projects"])
def way(request, monkeypatch):
    """Lists of few and of very many tasks are found in different ways, with the same answer."""
    if request.param != "few":
        monkeypatch.setattr(task_lists, "FEW", 0)
        monkeypatch.setattr(task_lists, "COUNTED", 0)
        monkeypatch.setattr(task_estimates, "_SORTED", 0)
    if request.param == "many, in many projects":
        monkeypatch.setattr(task_lists, "_FEW_PROJECTS", 1)


@pytest.mark.usefixtures("way")
async def test_filters_hold_together(numbers, oid):
    async def found(**parameters):
        return set((await numbers(**parameters))[0])

    every = set(range(1, 13))
    assert await found() == every
    assert await found(project_oid=oid("project", 1)) == {1, 3, 5, 7, 9, 11}
    assert await found(team_oid=oid("team", 1)) == {1, 3}
    assert await found(user_oid=oid("user", 1)) == {1, 2, 3, 4}
    assert await found(mine=True) == {1, 2, 3, 4, 7}
    assert await found(mine=False) == every
    assert await found(status="new") == {3, 6, 9, 12}
    assert await found(status="open") == {1, 3, 4, 6, 7, 9, 10, 12}
    assert await found(status="never_heard_of") == set()
    assert await found(label="even") == {2, 4, 6, 8, 10, 12}
    assert await found(label="a b") == {1, 3, 5, 7, 9, 11}
    assert await found(label="a") == set()
    soon = (NOW + timedelta(days=2)).isoformat()
    assert await found(deadline_before=soon) == {1, 2, 3, 4, 5, 6, 7}
    assert await found(deadline_after=soon) == {8, 9, 10, 11}
    assert await found(deadline_after=NOW.isoformat(), deadline_before=soon) == {6, 7}
    assert await found(overdue=True) == {1, 3, 4, 6}
    assert await found(search="INVOI about") == {1, 2, 3}
    assert await found(search="счё 7") == {7}
    assert await found(search="& | !") == set()
    assert await found(label="odd", search="invoi") == {1, 3}
    assert await found(label="odd", status="open") == {1, 3, 7, 9}
    assert await found(search="invoi", project_oid=oid("project", 2)) == {2}
    assert await found(label="even", status="open", mine=True) == {4}


@pytest.mark.usefixtures("way")
async def test_a_search_finds_every_word_that_begins_so(numbers, query, said):
    await query("UPDATE task SET description = 'Ёлка naïve invoicing' WHERE title LIKE 'Task 7 %'")
    assert await said("invoic") == "('invoices' | 'invoicing')"
    assert set((await numbers(search="invoic"))[0]) == {1, 2, 3, 7}
    assert (await numbers(search="INVOIC naï ёлк"))[0] == [7]
    assert (await numbers(search="naive"))[0] == []
    # The beginning of too many words stays one, and so does that of none.
    await query(
        "UPDATE task SET description = (SELECT string_agg('many' || it, ' ')"
        " FROM generate_series(1, 40) AS it) WHERE title LIKE 'Task 9 %'"
    )
    assert await said("many none") == "'many':* & 'none':*"
    assert (await numbers(search="many task"))[0] == [9]
    assert (await numbers(search="many40"))[0] == [9]
    assert (await numbers(search="many none"))[0] == []


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("sign", ["", "-"])
async def test_pages_and_cursors_part_every_order_without_overlap(numbers, sign):
    for column in SORTS:
        for person, role in ((1, "employee"), (9, "admin")):
            whole, _ = await numbers(person, role, sort=sign + column)
            pages = [
                (await numbers(person, role, sort=sign + column, size=5, page=it))[0] for it in (1, 2, 3, 4)
            ]
            assert pages == [whole[:5], whole[5:10], whole[10:], []], column
            walked, page = await numbers(person, role, sort=sign + column, size=5)
            while page["next_cursor"]:
                more, page = await numbers(
                    person, role, sort=sign + column, size=5, cursor=page["next_cursor"]
                )
                walked += more
                assert page["page"] is None
            assert walked == whole, column


@pytest.mark.usefixtures("way")
async def test_orders_are_by_value_and_then_by_age(numbers):
    newest = [1, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 12]
    assert (await numbers())[0] == newest
    assert (await numbers(sort="created_at"))[0] == newest[::-1]
    # What has no deadline is due at the end of time.
    assert (await numbers(sort="deadline"))[0] == list(range(1, 13))
    assert (await numbers(sort="-deadline", size=2))[0] == [12, 11]
    assert (await numbers(sort="-priority"))[0] == [11, 7, 3, 10, 6, 2, 9, 5, 1, 12, 8, 4]
    by_update = [task["updated_at"] for task in (await numbers(sort="updated_at"))[1]["tasks"]]
    assert by_update == sorted(by_update)


@pytest.mark.usefixtures("way")
async def test_only_tasks_of_ones_projects_are_listed(numbers, oid):
    assert set((await numbers(2))[0]) == {2, 4, 6, 8, 10, 12}
    assert (await numbers(2, project_oid=oid("project", 1)))[0] == []
    assert (await numbers(2, team_oid=oid("team", 1)))[0] == []
    assert (await numbers(2, user_oid=oid("user", 1)))[0] == [2, 4]
    assert set((await numbers(2, mine=True))[0]) == {2, 4, 6, 8, 10, 12}
    assert (await numbers(2, search="invoi"))[0] == [2]
    assert (await numbers(2, label="odd"))[0] == []
    assert (await numbers(2, label="even", search="8"))[0] == [8]
    assert set((await numbers(3, "admin", search="invoi"))[0]) == {1, 2, 3}
    assert set((await numbers(3, "admin", label="odd"))[0]) == {1, 3, 5, 7, 9, 11}
    assert (await numbers(3))[0] == []
    assert len((await numbers(3, "admin"))[0]) == 12


async def test_the_answer_has_the_form_of_s0_with_more_beside_it(numbers):
    _, page = await numbers(size=2)
    assert page.keys() == {"tasks", "total", "total_is_exact", "page", "size", "next_cursor"}
    assert (page["total"], page["total_is_exact"], page["page"], page["size"]) == (12, True, 1, 2)
    assert (await numbers(size=12))[1]["next_cursor"] is None


async def test_what_changes_meanwhile_moves_no_page_of_a_cursor(numbers, query):
    first, page = await numbers(size=4)
    await query("DELETE FROM task WHERE title LIKE 'Task 1 %'")
    rest, _ = await numbers(size=20, cursor=page["next_cursor"])
    assert first + rest == [1, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 12]


async def test_totals_are_counted_up_to_a_bound(numbers, query, oid):
    await query(
        "INSERT INTO task (project_oid, title, description, status, open, priority, labels, reporter_oid,"
        " version, created_at, updated_at)"
        " SELECT :project, 'Task 0', '', 'new', true, 1, '{}', :project, 1, now(), now()"
        " FROM generate_series(1, 9989)",
        project=oid("project", 1),
    )
    assert (await numbers(size=1))[1].items() >= {"total": 10_000, "total_is_exact": False}.items()
    assert (await numbers(size=1, project_oid=oid("project", 1)))[1]["total"] == 9995
    assert (await numbers(size=200, page=50))[1]["next_cursor"]


@pytest.mark.parametrize(("person", "role"), [(1, "employee"), (9, "admin")])
async def test_what_only_the_table_tells_is_counted_less_far(numbers, monkeypatch, person, role):
    monkeypatch.setattr(task_lists, "FEW", 3)
    for parameters, total, exact in (
        ({"label": "even"}, 3, False),
        ({"search": "task", "label": "odd"}, 3, False),
        ({"search": "invoi"}, 3, True),
        ({"search": "invoi", "sort": "priority", "status": "open"}, 2, True),
    ):
        _, page = await numbers(person, role, **parameters)
        assert (page["total"], page["total_is_exact"]) == (total, exact), parameters


@pytest.mark.usefixtures("board")
async def test_a_cursor_serves_its_own_list_alone(sign_in):
    async with sign_in(1) as client:
        cursor = (await client.get(TASKS, params={"size": 2})).json()["next_cursor"]
        answers = await asyncio.gather(
            *(
                client.get(TASKS, params=parameters)
                for parameters in (
                    {"cursor": cursor, "sort": "created_at"},
                    {"cursor": cursor, "status": "open"},
                    {"cursor": cursor, "page": 2},
                    {"cursor": cursor[:-4]},
                    {"cursor": "e30"},
                    {"page": 201},
                    {"page": 0},
                    {"size": 201},
                    {"sort": "title"},
                    {"deadline_before": "2026-01-01"},
                    {"deadline_before": "2026-01-01T00:00:00"},
                    {"deadline_before": "1767225600"},
                    {"deadline_after": "0001-01-01T00:00:00+14:00"},
                    {"status": "Open"},
                    {"mine": "perhaps"},
                    {"is_admin": "true"},
                )
            )
        )
    assert {answer.status_code for answer in answers} == {422}
