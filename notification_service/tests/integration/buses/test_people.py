"""Who hears what of tasks, news and accounts: where they are now, as long as it is true."""

import pytest

ANN, BOB = "user1@company.example", "user2@company.example"


@pytest.fixture
def heard(sender, settled, mail_server):
    """Send what is due; who got what, in any order, and the kinds of the mails with their states."""

    async def send():
        mail_server.mails.clear()
        async with sender():
            rows = await settled()
        got = sorted((mail.recipients[0], mail.subject) for mail in mail_server.mails)
        return got, sorted((row["kind"], row["state"]) for row in rows)

    return send


async def test_people_who_are_named_by_an_oid_are_mailed_where_they_are_now(tell, bus, heard, mail_server):
    await tell(bus.account(1, "created"), bus.account(9, "created", name="Anna", surname="Reed"))
    await tell(bus.task(to=1, by=9))
    await tell(bus.account(1, email="ann@new.example", locale="ru", name="Энн", at=bus.later()))
    (task, _), _ = await heard()
    assert task == ("ann@new.example", "Новая задача: Task 1")
    (mail,) = mail_server.of("ann@new.example")
    assert "Здравствуйте, Энн 1!" in mail.text
    assert "Anna Reed" in mail.text


async def test_whom_no_account_names_is_found_among_the_assignments(tell, bus, apply, feed, heard):
    await apply(feed.change("r", 1, user=1))
    await tell(bus.task(to=1))
    assert (await heard())[0] == [(ANN, "New task: Task 1")]


async def test_a_task_that_went_on_before_it_was_told_is_told_to_its_new_owner_alone(tell, bus, heard):
    await tell(*[bus.account(number, "created") for number in (1, 2)])
    await tell(bus.task(to=1), bus.handed_over(from_=1, to=2))
    got, states = await heard()
    assert got == [(BOB, "New task: Task 1")]
    assert states == [
        ("task_assigned", "accepted"),
        ("task_assigned", "suppressed"),
        ("task_unassigned", "suppressed"),
    ]


async def test_who_has_heard_of_a_task_hears_that_it_is_theirs_no_more(tell, bus, heard):
    await tell(bus.account(1, "created"), bus.task(to=1))
    await heard()
    await tell(bus.handed_over(from_=1))
    assert (await heard())[0] == [(ANN, "No longer your task: Task 1")]


async def test_comments_take_nothing_from_each_other_and_from_a_deadline(tell, bus, heard):
    await tell(bus.account(1, "created"), bus.reminder("task_overdue", expires=bus.later(hours=9)))
    await tell(bus.task("commented", to=1, at=bus.later()), bus.task("commented", to=1, at=bus.later()))
    got, _ = await heard()
    assert [subject.partition(":")[0] for _, subject in got] == ["New comment", "New comment", "Overdue"]


async def test_nothing_is_said_of_a_task_that_is_no_more(tell, bus, heard):
    await tell(bus.account(1, "created"), bus.task(to=1), bus.task("commented", 2, to=1))
    await tell(bus.task("deleted", to=1))
    got, states = await heard()
    assert [subject for _, subject in got] == ["New comment: Task 2"]
    assert ("task_assigned", "suppressed") in states


@pytest.mark.parametrize("what", ["deleted", "updated"])
async def test_who_has_gone_is_told_no_more_than_that(what, tell, bus, heard):
    await tell(bus.account(1, "created"), bus.task(to=1), bus.news(to=[1, 2]))
    await tell(bus.account(1, what, is_active=False, at=bus.later()))
    got, states = await heard()
    security = [("access_changed", "accepted")] if what == "updated" else []
    assert states == [
        *security,
        ("task_assigned", "suppressed"),
        ("team_news", "accepted"),
        ("team_news", "suppressed"),
    ]
    assert [address for address, _ in got] == [ANN] * len(security) + [BOB]


async def test_another_address_is_told_to_the_old_one_and_other_access_to_the_new_one(tell, bus, heard):
    await tell(bus.account(1, "created"))
    await tell(bus.account(1, email="eve@other.example", role="admin", at=bus.later()))
    got, states = await heard()
    assert [address for address, _ in got] == ["eve@other.example", ANN]
    assert states == [("access_changed", "accepted"), ("email_changed", "accepted")]


async def test_who_is_assigned_nothing_hears_the_news_of_their_organization(tell, bus, apply, feed, heard):
    await apply(feed.change("r", 1), feed.change("d", 1))
    await tell(bus.news(to=[1]))
    assert (ANN, "News: News 1") in (await heard())[0]
