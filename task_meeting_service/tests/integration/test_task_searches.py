"""Searches by chance, found in all the ways there are, beside a search that looks at every task."""

import random
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from task_meeting.queries import task_estimates, task_lists
from task_meeting.queries.task_estimates import Asked

TASKS = "/api/tasks/"
NOW = datetime(2026, 11, 20, tzinfo=UTC)
# Some begin with others; and more begin alike than a search names.
WORDS = ["a", "ab", "abc", "abd", "b", "bc", "счёт", "счета"]
MANY = [f"many{number}" for number in range(40)]
BEGINNINGS = ["a", "ab", "abc", "b", "сч", "many", "many1", "never", "A", "&"]
LABELS = ["red", "blue"]
SORTS = ["created_at", "-created_at", "-priority"]
CREATE = text(
    "INSERT INTO task (project_oid, title, description, status, open, priority, labels, reporter_oid,"
    " version, created_at, updated_at) VALUES (:project, :title, :description, 'new', true, :priority,"
    " :labels, :project, 1, :created_at, :created_at)"
)


@pytest.fixture
async def tasks(apply, feed, database, oid):
    """Sixty in three projects, with words and labels by chance; person 1 is in the first two."""
    await apply(
        feed.change("c", 1, user=1, project=1, team=None), feed.change("c", 2, user=1, project=2, team=None)
    )
    chance = random.Random(17)
    made = [
        {
            "project": oid("project", 1 + number % 3),
            "title": f"T{number}",
            "description": " ".join(
                chance.sample(WORDS, chance.randrange(4)) + chance.sample(MANY, chance.randrange(3))
            ),
            "priority": chance.randrange(4),
            "labels": chance.sample(LABELS, chance.randrange(3)),
            "created_at": NOW - timedelta(hours=chance.randrange(20)),
        }
        for number in range(60)
    ]
    async with database.transaction() as session:
        await session.execute(CREATE, made)
        await session.execute(text("ANALYZE task"))
    return [task | {"number": number} for number, task in enumerate(made)]


@pytest.fixture(params=["few", "sorted", "walked to", "walked past", "walked past in vain"])
def way(request, monkeypatch):
    """How many are few, and how they are found when they are more."""
    if request.param != "few":
        monkeypatch.setattr(task_lists, "FEW", 3)
    if request.param.startswith("walked"):
        monkeypatch.setattr(task_estimates, "_SORTED", 0)
    if request.param.startswith("walked past"):
        monkeypatch.setattr(Asked, "are_common", value=True)
        monkeypatch.setattr(Asked, "passed", 2 if request.param.endswith("in vain") else 1000)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(("role", "projects"), [("employee", (1, 2)), ("admin", (1, 2, 3))])
async def test_a_search_finds_what_a_look_at_every_task_finds(tasks, sign_in, oid, role, projects):
    chance = random.Random(role)
    oids = {oid("project", number) for number in projects}
    async with sign_in(1, role) as client:
        for asked in [*map(by_one, BEGINNINGS), *(by_chance(chance) for _ in range(20))]:
            numbers = [task["number"] for task in expected(tasks, oids, **asked)]
            page = await a_page(client, asked | {"size": 10})
            assert named(page) == numbers[:10], asked
            assert (page["total"], page["total_is_exact"]) == total(len(numbers), asked), asked
            assert named(await a_page(client, asked | {"size": 10, "page": 2})) == numbers[10:20], asked
            if page["next_cursor"]:
                rest = await a_page(client, asked | {"size": 60, "cursor": page["next_cursor"]})
                assert named(rest) == numbers[10:], asked


def by_one(beginning):
    return {"sort": "-created_at", "search": beginning}


def by_chance(chance):
    search = " ".join(chance.choices(BEGINNINGS, k=chance.randrange(3)))
    asked = {"sort": chance.choice(SORTS), "search": search, "label": chance.choice([None, *LABELS])}
    return {name: it for name, it in asked.items() if it}


def expected(tasks, oids, sort, search=None, label=None):
    """What a look at each of them finds, in order."""
    found = [
        task
        for task in tasks
        if task["project"] in oids
        and (label is None or label in task["labels"])
        and (search is None or has(task, re.findall(r"\w+", search.lower())))
    ]
    key = sort.removeprefix("-")
    return sorted(found, key=lambda it: (it[key], it["number"]), reverse=sort.startswith("-"))


def has(task, beginnings):
    words = [task["title"].lower(), *task["description"].split()]
    return bool(beginnings) and all(any(word.startswith(it) for word in words) for it in beginnings)


def total(tasks, asked):
    most = task_lists.FEW if asked.keys() & {"search", "label"} else task_lists.COUNTED
    return min(tasks, most), tasks <= most


async def a_page(client, asked):
    answer = await client.get(TASKS, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def named(page):
    return [int(task["title"][1:]) for task in page["tasks"]]


@pytest.fixture
def estimate(query):
    """About how many tasks have the words and the label, and how many there are."""

    async def ask(words, label):
        [estimated] = await query("SELECT * FROM task_estimate(:words, :label)", words=words, label=label)
        return estimated

    return ask


async def test_what_is_asked_for_is_estimated(tasks, estimate):
    with_word = sum("a" in task["description"].split() for task in tasks)
    with_label = sum("red" in task["labels"] for task in tasks)
    assert await estimate("'a'", None) == (with_word, 60)
    assert await estimate(None, "red") == (with_label, 60)
    assert (await estimate("'a'", "red"))[0] < min(with_word, with_label)
    assert (await estimate(None, "'red\\"))[0] < with_label
    assert await estimate(None, None) == (None, None)


async def test_how_many_there_are_is_unknown_until_they_are_analyzed(estimate):
    assert (await estimate("'a'", None))[1] is None


def test_others_are_walked_past_only_when_that_is_shorter_than_the_index():
    million = 1_000_000
    assert Asked("'a'", 110_000, million).are_common
    assert not Asked("'a'", 90_000, million).are_common
    assert not Asked("'a'", 11_000, 100_000).are_common
    assert not Asked("'a'", 90_000, None).are_common
    assert not Asked(None, None, None).are_common


def test_alternatives_are_those_of_a_single_beginning():
    assert Asked("('a' | 'ab')", 1, 1).alternatives == ["'a'", "'ab'"]
    for words in (None, "'many':*", "('a' | 'ab') & ('b')", "'many':* & ('b')"):
        assert Asked(words, 1, 1).alternatives == []
