"""What of a task's news is still true when it is due."""

import pytest
from sqlalchemy import text

from notification.delivery.queue import Policy, Queue
from service_kit.testing import ManualClock


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
