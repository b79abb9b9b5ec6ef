"""Who gets a task in fact: people of the project or team, by its strategy, also when many ask at once."""

import asyncio
from collections import Counter
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from service_kit.http import Problem
from task_meeting.service.assigning import choose
from task_meeting.service.choosing import candidates, choose_random, eligible_hash


@pytest.fixture
def pick(database):
    """Choose for a new task, in a transaction of its own."""

    async def choose_one(project, team=None, **more):
        async with database.transaction() as session:
            return await choose(session, project, team, uuid4(), **more)

    return choose_one


@pytest.fixture
def strategy(database):
    """Let a project have a strategy."""

    async def set_strategy(project, name):
        async with database.transaction() as session:
            await session.execute(
                text(
                    "INSERT INTO project_settings VALUES (:project, '{}', :name, 'unassign', 1)"
                    " ON CONFLICT (project_oid) DO UPDATE SET strategy = excluded.strategy"
                ),
                {"project": project, "name": name},
            )

    return set_strategy


async def test_only_employees_of_the_project_and_of_the_tasks_team_are_eligible(apply, feed, oid, pick):
    project = oid("project", 1)
    await apply(
        feed.change("c", 1, user=1, team=1),
        feed.change("c", 2, user=2, team=2, user_role="user"),
        feed.change("c", 3, user=3, team=1, user_role="manager"),
        feed.change("c", 4, user=4, team=1, user_role="admin"),
        feed.change("c", 5, user=5, project=2, team=3),
        feed.change("c", 6, user=6, team=1),
        feed.change("d", 6, user=6, team=1),
    )
    employees = [oid("user", 1), oid("user", 2)]
    choice = await pick(project)
    assert (choice.strategy, choice.eligible_hash) == ("random", eligible_hash(employees))
    assert (await pick(project, oid("team", 2))).eligible_hash == eligible_hash(employees[1:])
    assert (await pick(project, without=oid("user", 1))).assignee_oid == oid("user", 2)
    for nobodys in [(project, oid("team", 9)), (oid("project", 9), None), (project, oid("team", 3))]:
        with pytest.raises(Problem) as refused:
            await pick(*nobodys)
        assert refused.value.status_code == 409


async def test_what_an_event_says_of_a_random_choice_is_enough_to_compute_it(apply, feed, oid, database):
    await apply(*(feed.change("c", number, user=number) for number in range(1, 6)))
    people = [oid("user", number) for number in range(1, 6)]
    for task in (uuid4() for _ in range(5)):
        async with database.transaction() as session:
            choice = await choose(session, oid("project", 1), None, task, without=people[2])
        assert choice.assignee_oid == choose_random(choice.seed, task, candidates(people, people[2]))


async def test_round_robin_takes_turns_also_when_all_ask_at_once(apply, feed, oid, pick, strategy):
    project = oid("project", 1)
    await apply(*(feed.change("c", number, user=number, team=number % 2 + 1) for number in range(1, 7)))
    await strategy(project, "round_robin")
    chosen = Counter(
        choice.assignee_oid for choice in await asyncio.gather(*(pick(project) for _ in range(30)))
    )
    assert chosen == dict.fromkeys((oid("user", number) for number in range(1, 7)), 5)
    # A team has turns of its own.
    teams = [(await pick(project, oid("team", number % 2 + 1))).assignee_oid for number in range(12)]
    assert set(Counter(teams).values()) == {2}


async def test_the_least_loaded_gets_the_task(apply, feed, oid, pick, strategy, database):
    project = oid("project", 1)
    await apply(*(feed.change("c", number, user=number) for number in (1, 2, 3)))
    await strategy(project, "least_loaded")
    async with database.transaction() as session:
        for user, open_ in [(1, True), (2, False), (2, False), (3, True)]:
            await session.execute(
                text(
                    "INSERT INTO task (project_oid, title, description, status, open, priority, labels,"
                    " assignee_oid, reporter_oid, version, created_at, updated_at)"
                    " VALUES (:project, 't', '', 's', :open, 1, '{}', :user, :user, 1, now(), now())"
                ),
                {"project": oid("project", 7), "open": open_, "user": oid("user", user)},
            )
    assert (await pick(project)).assignee_oid == oid("user", 2)
    assert (await pick(project, without=oid("user", 2))).assignee_oid in {oid("user", 1), oid("user", 3)}


async def test_nobody_gets_a_task_while_they_leave(apply, feed, oid, database):
    """Whoever is chosen stays until the choice is committed, and who is leaving is not chosen."""
    await apply(feed.change("c", 1, user=1), feed.change("c", 2, user=2))
    async with database.transaction() as session:
        chosen = (await choose(session, oid("project", 1), None, UUID(int=1))).assignee_oid
        number = 1 if chosen == oid("user", 1) else 2
        leaving = asyncio.create_task(apply(feed.change("d", number, user=number)))
        done, _ = await asyncio.wait([leaving], timeout=0.2)
        assert not done
    await leaving
    async with database.transaction() as departure:
        await departure.execute(text("UPDATE assignment SET deleted = true"))
        async with database.transaction() as session:
            waiting = asyncio.create_task(choose(session, oid("project", 1), None, UUID(int=2)))
            done, _ = await asyncio.wait([waiting], timeout=0.2)
            assert not done
            await departure.commit()
            with pytest.raises(Problem):
                await waiting
