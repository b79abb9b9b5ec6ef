"""The sender, on a real database and a real mail server: who gets what, and what when it goes wrong."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy.exc import DBAPIError

from notification.settings import DomainLimit
from service_kit.health import NotReadyError

ANN, BOB = "user1@company.example", "user2@company.example"


def states(mails):
    return [(mail["kind"], mail["state"]) for mail in mails]


async def test_every_person_gets_every_mail_of_theirs(apply, feed, sender, settled, mail_server):
    await apply(*[feed.change("c", number, user=number % 25 + 1) for number in range(1, 101)])
    # A connection that a busy machine kept waiting would be made anew.
    async with sender(timeout_s=10):
        assert {mail["state"] for mail in await settled()} == {"accepted"}
    assert len(mail_server.mails) == 100
    assert len({mail.message_id for mail in mail_server.mails}) == 100
    assert {len(mail.recipients) for mail in mail_server.mails} == {1}
    assert {len(mail_server.of(f"user{user}@company.example")) for user in range(1, 26)} == {4}
    assert mail_server.connections == 2


async def test_a_long_queue_gets_every_connection(apply, feed, sender, settled, mail_server):
    await apply(*[feed.change("c", number, user=number) for number in range(1, 101)])
    async with sender(lanes=6, timeout_s=10):
        await settled()
    assert mail_server.connections == 6


async def test_a_busy_domain_waits_without_an_attempt_and_holds_up_no_other(
    apply, feed, sender, mails, mail_server, until
):
    busy = [
        feed.change("c", number, user=number, user_email=f"u{number}@slow.example") for number in range(1, 31)
    ]
    await apply(*busy, feed.change("c", 31, user=31))
    async with sender(limits={"slow.example": DomainLimit(per_second=1)}):

        async def other_is_there():
            return mail_server.of("user31@company.example")

        await until(other_is_there)
    waiting = [mail for mail in await mails() if mail["state"] == "queued"]
    assert 20 < len(waiting) == 31 - len(mail_server.mails)
    assert {mail["attempts"] for mail in waiting} == {0}
    places = sorted(mail["next_attempt_at"] for mail in waiting)
    assert all(timedelta(seconds=0.9) < later - place for place, later in pairwise(places))


async def test_a_mail_goes_when_it_is_written_not_when_somebody_looks(
    apply, feed, sender, settled, mail_server
):
    async with sender(lease_s=60):
        await asyncio.sleep(0.3)
        await apply(feed.change("c"))
        async with asyncio.timeout(2):
            await settled()
    assert [mail.subject for mail in mail_server.mails] == ["New assignment: Project 1"]


async def test_a_restart_sends_nothing_again(apply, feed, sender, settled, mail_server):
    message = feed.change("c")
    await apply(message)
    for _ in range(3):
        async with sender():
            await settled()
            await apply(message)
            await asyncio.sleep(0.1)
    assert len(mail_server.mails) == 1


async def test_a_move_and_an_end_are_mailed(apply, feed, sender, settled, mail_server):
    async with sender():
        for change in (feed.change("c"), feed.change("u", team=2), feed.change("d", team=2)):
            await apply(change)
            await settled()
    assert [mail.subject.partition(":")[0] for mail in mail_server.of(ANN)] == [
        "New assignment",
        "Your assignment has changed",
        "Your assignment has ended",
    ]
    assert "Team: Team 1 → Team 2" in mail_server.mails[1].text


async def test_who_was_removed_meanwhile_gets_nothing(apply, feed, sender, settled, mail_server):
    await apply(feed.change("c"), feed.change("u", team=2), feed.change("d", team=2))
    async with sender():
        assert states(await settled()) == [
            ("assigned", "suppressed"),
            ("changed", "suppressed"),
            ("removed", "suppressed"),
        ]
    assert mail_server.mails == []


async def test_who_was_replaced_meanwhile_gets_nothing(apply, feed, sender, settled, mail_server):
    await apply(feed.change("c"), feed.change("u", user=2))
    async with sender():
        await settled()
    assert [mail.recipients for mail in mail_server.mails] == [[BOB]]


async def test_who_left_and_came_back_meanwhile_is_told_once(apply, feed, sender, settled, mail_server):
    await apply(feed.change("c"), feed.change("u", user=2), feed.change("u", user=1))
    async with sender():
        await settled()
    assert [(mail.recipients, mail.subject) for mail in mail_server.mails] == [
        ([ANN], "New assignment: Project 1")
    ]


async def test_who_was_told_is_told_of_the_end(apply, feed, sender, settled, mail_server):
    await apply(feed.change("c"))
    async with sender():
        await settled()
        await apply(feed.change("d"))
        assert states(await settled()) == [("assigned", "accepted"), ("removed", "accepted")]


async def test_who_was_assigned_before_the_first_snapshot_is_told_of_the_end(
    apply, feed, sender, settled, mail_server
):
    await apply(feed.change("r"), feed.change("d"))
    async with sender():
        assert states(await settled()) == [("removed", "accepted")]


async def test_it_goes_to_the_present_address_in_the_present_language(
    apply, feed, sender, settled, mail_server
):
    await apply(feed.change("c"), feed.change("u", user_email="ann@new.example", user_locale="ru"))
    async with sender():
        (mail,) = await settled()
    assert [mail.recipients for mail in mail_server.mails] == [["ann@new.example"]]
    assert mail_server.mails[0].subject == "Новое назначение: Project 1"
    assert (mail["recipient"], mail["locale"]) == ("ann@new.example", "ru")


async def test_the_end_goes_to_the_present_address_of_who_left(apply, feed, sender, settled, mail_server):
    await apply(feed.change("r", 1), feed.change("r", 2), feed.change("u", 1, user=2))
    await apply(feed.change("u", 2, user_email="ann@new.example"))
    async with sender():
        await settled()
    assert {(mail.subject, mail.recipients[0]) for mail in mail_server.mails} == {
        ("Your assignment has ended: Project 1", "ann@new.example"),
        ("New assignment: Project 1", BOB),
    }


async def test_old_news_is_not_sent(apply, feed, clock, sender, settled, mail_server):
    await apply(feed.change("c"))
    clock.push(hours=73)
    async with sender():
        assert states(await settled()) == [("assigned", "suppressed")]
    assert mail_server.mails == []


@pytest.mark.parametrize(
    ("stage", "fault"), [("MAIL", "421 busy"), ("RCPT", "451 later"), ("DATA", "hang"), ("MAIL", "drop")]
)
async def test_a_passing_failure_is_tried_again(
    apply, feed, sender, settled, rows, mail_server, stage, fault
):
    mail_server.fail(stage, fault)
    await apply(feed.change("c"))
    async with sender():
        (mail,) = await settled()
    assert (mail["state"], mail["attempts"], mail["in_doubt"]) == ("accepted", 2, False)
    assert len(mail_server.mails) == 1
    attempts = await rows("SELECT outcome FROM attempt ORDER BY number")
    assert [attempt["outcome"] for attempt in attempts] == ["deferred", "accepted"]


async def test_a_final_no_is_final_and_visible(apply, feed, sender, settled, mail_server):
    mail_server.fail("RCPT", "550 nobody here")
    await apply(feed.change("c"))
    async with sender():
        (mail,) = await settled()
    assert (mail["state"], mail["detail"], mail["attempts"]) == ("bounced", "550 nobody here", 1)
    assert mail_server.mails == []


async def test_an_address_that_is_none_fails_alone(apply, feed, sender, settled, mail_server):
    evil = "ann@company.example\r\nRCPT TO:<eve@evil.example>"
    await apply(feed.change("c", 1, user_email=evil), feed.change("c", 2, user=2))
    async with sender():
        assert states(await settled()) == [("assigned", "bounced"), ("assigned", "accepted")]
    assert [mail.recipients for mail in mail_server.mails] == [[BOB]]


@pytest.mark.parametrize("fault", ["hang", "accept+hang", "accept+drop"])
async def test_silence_after_the_message_is_repeated_once_with_the_same_id(
    apply, feed, sender, settled, rows, mail_server, fault
):
    mail_server.fail("end", fault)
    await apply(feed.change("c"))
    async with sender():
        (mail,) = await settled()
    assert (mail["state"], mail["attempts"], mail["in_doubt"]) == ("accepted", 2, True)
    assert len(mail_server.mails) == 2 if fault.startswith("accept") else 1
    assert {caught.message_id for caught in mail_server.mails} == {mail["message_id"]}
    attempts = await rows("SELECT outcome FROM attempt ORDER BY number")
    assert [attempt["outcome"] for attempt in attempts] == ["unconfirmed", "accepted"]


async def test_after_two_silences_nobody_is_bothered_again(apply, feed, sender, settled, mail_server):
    mail_server.always["end"] = "accept+drop"
    await apply(feed.change("c"))
    async with sender():
        (mail,) = await settled()
        await asyncio.sleep(0.2)
    assert (mail["state"], mail["attempts"]) == ("unconfirmed", 2)
    assert len(mail_server.mails) == 2


async def test_mails_wait_unharmed_while_the_server_is_down(apply, feed, sender, settled, mails, mail_server):
    await mail_server.stop()
    await apply(*[feed.change("c", number) for number in range(1, 31)])
    async with sender():
        await asyncio.sleep(0.5)
        waiting = await mails()
        assert {(mail["state"], mail["attempts"]) for mail in waiting} == {("queued", 0)}
        await mail_server.start()
        assert {mail["state"] for mail in await settled()} == {"accepted"}
    assert len(mail_server.mails) == 30


@pytest.mark.parametrize("fault", ["hang", "554 go away"])
async def test_a_server_that_does_not_greet_costs_no_attempt(
    apply, feed, sender, settled, mail_server, fault
):
    mail_server.fail("banner", fault)
    await apply(feed.change("c"))
    async with sender(timeout_s=0.2):
        (mail,) = await settled()
    assert (mail["state"], mail["attempts"]) == ("accepted", 1)


async def test_a_person_hears_of_an_assignment_in_order(apply, feed, sender, settled, mail_server):
    await apply(feed.change("c", 1), feed.change("c", 2, user=2))
    await apply(feed.change("u", 1, team=2))
    mail_server.fail("RCPT", "451 later", "451 later", "451 later", "451 later")
    async with sender(lanes=4):
        await settled()
    assert [mail.subject.partition(":")[0] for mail in mail_server.of(ANN)] == [
        "New assignment",
        "Your assignment has changed",
    ]


async def test_two_senders_share_the_work_and_repeat_nothing(apply, feed, sender, settled, mail_server):
    await apply(*[feed.change("c", number, user=number) for number in range(1, 81)])
    async with sender(lanes=3), sender(lanes=3):
        await settled()
    assert len(mail_server.mails) == len({mail.message_id for mail in mail_server.mails}) == 80


async def test_a_stop_finishes_the_mail_in_hand(apply, feed, sender, mails, mail_server):
    await apply(*[feed.change("c", number, user=number) for number in range(1, 51)])
    async with sender(lanes=1) as dispatcher:
        await mail_server.at("end").wait()
        dispatcher.stop()
    found = await mails()
    assert len(mail_server.mails) == [mail["state"] for mail in found].count("accepted") < 50
    assert {mail["state"] for mail in found} == {"accepted", "queued"}


async def test_it_goes_on_when_its_connections_to_the_database_are_cut(
    apply, feed, sender, settled, until, rows, mail_server
):
    async def found():
        # The test's own connections were cut too, and may not have noticed yet.
        with suppress(DBAPIError):
            return await settled()

    await apply(*[feed.change("c", number, user=number) for number in range(1, 201)])
    async with sender(lanes=4):
        for _ in range(5):
            await asyncio.sleep(0.05)
            with suppress(DBAPIError):
                await rows(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        assert {mail["state"] for mail in await until(found)} == {"accepted"}
        await apply(feed.change("c", 999))
        await settled()
    assert len(mail_server.mails) == len({mail.message_id for mail in mail_server.mails}) == 201


async def test_an_unused_connection_is_closed(apply, feed, sender, settled, mail_server, until):
    await apply(feed.change("c"))
    async with sender(lease_s=0.3, idle=0.2):
        await settled()

        async def closed():
            return not mail_server.open_protocols

        await until(closed)
        await apply(feed.change("c", 2))
        await settled()
    assert mail_server.connections == 2


async def test_a_connection_is_replaced_after_many_mails(apply, feed, sender, settled, mail_server):
    await apply(*[feed.change("c", number, user=number) for number in range(1, 21)])
    async with sender(lanes=1, mails_per_connection=5):
        await settled()
    assert mail_server.connections == 4
    assert len(mail_server.mails) == 20


async def test_a_stuck_sender_says_so(apply, feed, sender, settled, until, mail_server):
    await mail_server.stop()
    async with sender(lease_s=1) as dispatcher:

        async def problem():
            try:
                await dispatcher.progress.check()
            except NotReadyError as error:
                return str(error)

        async def names_the_refusal():
            # On a slow machine it may say first that a round has taken long.
            return "ConnectionRefusedError" in (await problem() or "")

        async def ready():
            return await problem() is None

        await asyncio.sleep(1.5)
        # It looks every third of a second, and says that it is late after less.
        await until(ready)
        await apply(feed.change("c"))
        await until(names_the_refusal)
        await mail_server.start()
        await settled()
        await until(ready)


async def test_an_hour_without_a_server_loses_nothing(apply, feed, clock, sender, settled, mail_server):
    mail_server.always["RCPT"] = "451 later"
    await apply(*[feed.change("c", number, user=number) for number in range(1, 11)])
    async with sender(backoff_s=1800):
        await asyncio.sleep(0.3)
    del mail_server.always["RCPT"]
    clock.push(hours=1)
    async with sender():
        assert {mail["state"] for mail in await settled()} == {"accepted"}
    assert len(mail_server.mails) == 10


async def test_backoff_is_waited_for(apply, feed, mails, clock, sender, mail_server):
    mail_server.fail("RCPT", "451 later")
    await apply(feed.change("c"))
    async with sender(backoff_s=1000):
        await asyncio.sleep(0.3)
    (mail,) = await mails()
    assert (mail["state"], mail["detail"]) == ("retrying", "451 later")
    assert mail["next_attempt_at"] <= clock.now() + timedelta(seconds=1000)
    assert mail_server.mails == []
