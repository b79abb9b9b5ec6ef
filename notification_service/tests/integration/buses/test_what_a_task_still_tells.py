"""What of a task's news is still true when it is due."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from notification.delivery.queue import Policy, Queue
from service_kit.testing import ManualClock

SECOND = timedelta(seconds=1)


@pytest.fixture
def clock(now):
    return ManualClock(now)


@pytest.fixture
def told(database, clock):
    """What a sender would hand over now: kind and person."""

    async def take():
        async with database.transaction() as session:
            known = (
                "INSERT INTO person (oid, name, email, role, is_active, updated_at, epoch, lsn, deleted)"
                " SELECT DISTINCT user_oid, '', user_oid || '@company.example', '', true, now(), 0, 1, false"
                " FROM notification ON CONFLICT DO NOTHING"
            )
            await session.execute(text(known))
        taken = await Queue(database, clock=clock, policy=Policy()).exchange([], limit=20, held=[])
        return sorted((mail.letter.kind, mail.letter.user_oid.int) for mail in taken.mails)

    return take


async def test_a_task_that_was_taken_away_again_is_not_told(tell, bus, told):
    await tell(bus.task(to=1), bus.handed_over(from_=1, to=2))
    assert await told() == [("task_assigned", 2)]


async def test_who_has_heard_of_a_task_hears_that_it_is_theirs_no_more(tell, bus, told):
    await tell(bus.task(to=1))
    assert await told() == [("task_assigned", 1)]
    # Its mail is on its way, so this waits for it.
    await tell(bus.handed_over(from_=1))
    assert await told() == []


async def test_of_tasks_from_before_there_were_mails_the_end_is_told(tell, bus, told):
    await tell(bus.handed_over(from_=1))
    assert await told() == [("task_unassigned", 1)]


async def test_a_comment_voids_nothing_and_a_task_done_needs_no_reminder(tell, bus, told):
    await tell(bus.reminder("task_day_before", to=(1,)), bus.reminder("task_day_before", 2, to=(9,)))
    later = bus.now.replace(second=1)
    await tell(bus.task("commented", to=1, by=9, at=later), bus.task("completed", 2, to=1, by=1, at=later))
    assert await told() == [("task_commented", 1), ("task_completed", 9), ("task_reminder", 1)]


@pytest.mark.parametrize(
    ("happened", "reminded"),
    [
        # By the assignee themselves, whom nobody tells of it.
        (lambda bus, at: bus.task("completed", to=1, by=1, reporter=1, at=at), []),
        (lambda bus, at: bus.handed_over(from_=1, by=1, at=at), []),
        (lambda bus, at: bus.handed_over(from_=1, to=2, by=1, at=at), [2]),
        (lambda bus, at: bus.task("updated", to=1, before={"deadline": None}, at=at), []),
        (lambda bus, at: bus.task("updated", to=1, before={"title": "Task 0"}, at=at), [1]),
        (lambda bus, at: bus.task("commented", to=1, by=1, at=at), [1]),
        # Before the reminder was.
        (lambda bus, at: bus.task("updated", to=1, before={"deadline": None}, at=at - 2 * SECOND), [1]),
    ],
)
async def test_a_reminder_that_waits_tells_nothing_of_a_task_that_is_done_put_off_or_handed_over(
    tell, bus, told, happened, reminded
):
    await tell(bus.reminder("task_day_before", to=(1,)))
    at = bus.now + SECOND
    if reminded == [2]:
        await tell(bus.reminder("task_day_before", to=(2,), at=at))
    await tell(happened(bus, at))
    assert [person for kind, person in await told() if kind == "task_reminder"] == reminded
