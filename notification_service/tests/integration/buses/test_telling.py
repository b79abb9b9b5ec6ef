"""Who hears what of meetings and reminders: the newest, once, and nobody whom it no longer concerns."""

import json
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

ANN, BOB = "user1@company.example", "user2@company.example"


@pytest.fixture
def heard(sender, settled, mail_server):
    """Send what is due; the subjects that a person got, in order, and all mails' kinds and states."""

    async def send(address=ANN):
        mail_server.mails.clear()
        async with sender():
            rows = await settled()
        return [mail.subject for mail in mail_server.of(address)], [(m["kind"], m["state"]) for m in rows]

    return send


async def test_after_an_outage_only_the_newest_invitation_goes(bus, tell, heard, mail_server):
    await tell(bus.meeting("scheduled", to={1: "invite", 2: "invite"}))
    await tell(bus.meeting(to={1: "update"}, place="Room 2", before={"place": "Room 1"}))
    await tell(bus.meeting(to={1: "update"}, place="Room 3", before={"place": "Room 2"}))
    subjects, states = await heard()
    assert subjects == ["Invitation: Meeting 1"]
    assert sorted(states) == [
        ("invited", "accepted"),
        ("invited", "accepted"),
        ("invited", "suppressed"),
        ("meeting_changed", "suppressed"),
    ]
    (mail,) = mail_server.of(ANN)
    assert "Place: Room 3\r\n" in mail.text
    assert len(mail_server.of(BOB)) == 1
    await tell(bus.meeting(to={1: "update"}, place="Room 4", before={"place": "Room 3"}))
    assert (await heard())[0] == ["Meeting changed: Meeting 1"]


@pytest.mark.parametrize(
    ("off", "told"),
    [
        (["invited"], ["Meeting changed: Meeting 1"]),
        # They asked for no changes; of the meeting itself they are told, however late.
        (["meeting_changed"], ["Invitation: Meeting 1"]),
        (["invited", "meeting_changed"], []),
    ],
)
async def test_who_was_not_invited_yet_is_told_of_a_change_what_they_want_to_hear(
    bus, tell, heard, database, off, told
):
    async with database.transaction() as session:
        chosen = {"oid": UUID(int=1), "kinds": json.dumps({kind: {"delivery": "off"} for kind in off})}
        await session.execute(
            text(
                "INSERT INTO preference (user_oid, kinds, version, updated_at)"
                " VALUES (:oid, CAST(:kinds AS jsonb), 1, now())"
            ),
            chosen,
        )
    await tell(bus.meeting("scheduled", to={1: "invite"}))
    await tell(bus.meeting(to={1: "update"}, place="Room 2", before={"place": "Room 1"}))
    assert (await heard())[0] == told


async def test_who_was_never_told_hears_nothing_of_the_end(bus, tell, heard):
    await tell(bus.meeting("scheduled", to={1: "invite"}), bus.meeting("cancelled", to={1: "cancel"}))
    subjects, states = await heard()
    assert subjects == []
    assert states == [("invited", "suppressed"), ("meeting_cancelled", "suppressed")]


async def test_who_may_know_hears_of_the_end(bus, tell, heard):
    await tell(bus.meeting("scheduled", to={1: "invite"}))
    await heard()
    await tell(
        bus.meeting(to={1: "cancel"}),
        bus.meeting(to={1: "invite"}),
        bus.meeting("cancelled", to={1: "cancel"}),
    )
    assert (await heard())[0] == ["Meeting cancelled: Meeting 1"]
    # Of this one they heard before the notifier listened.
    await tell(bus.meeting("cancelled", 2, to={1: "cancel"}))
    assert (await heard())[0] == ["Meeting cancelled: Meeting 2"]


async def test_who_is_asked_again_before_hearing_that_they_are_not_is_told_the_newest(bus, tell, heard):
    await tell(bus.meeting("scheduled", to={1: "invite"}))
    await heard()
    await tell(bus.meeting(to={1: "cancel"}), bus.meeting(to={1: "invite"}, place="Room 9"))
    assert (await heard())[0] == ["Invitation: Meeting 1"]


async def test_news_waits_for_older_news_under_way_and_takes_its_place(bus, tell, heard, mail_server):
    await tell(bus.meeting("scheduled", to={1: "invite"}))
    mail_server.fail("RCPT", "451 later")
    await tell(bus.meeting("scheduled", 2, to={1: "invite"}), bus.reminder("task_overdue"))
    assert sorted((await heard())[0]) == ["Invitation: Meeting 1", "Invitation: Meeting 2", "Overdue: Task 1"]


async def test_an_event_that_comes_again_at_another_place_is_mailed_once(bus, tell, heard, mails):
    uid, other = uuid4(), uuid4()
    await tell(bus.meeting("scheduled", to={1: "invite"}, uid=uid))
    await heard()
    await tell(bus.reminder(uid=other), bus.reminder(uid=other))
    before = len(await mails())
    again = [bus.meeting("scheduled", to={1: "invite"}, uid=uid) for _ in range(3)]
    await tell(*again, bus.reminder(uid=other))
    assert len(await mails()) == before == 2
    assert (await heard())[0] == ["Begins in 15 minutes: Meeting 1"]


async def test_of_an_event_each_person_has_one_mail_and_of_two_two(bus, tell, mails):
    people = dict.fromkeys(range(1, 501), "invite")
    await tell(bus.meeting("scheduled", to=people), bus.meeting("scheduled", to={600: "invite"}))
    assert len(await mails()) == 501


async def test_a_reminder_that_is_late_tells_nobody(bus, tell, heard, clock, now):
    await tell(bus.reminder(), bus.reminder("task_overdue", expires=now + timedelta(hours=20)))
    clock.push(minutes=15)
    subjects, states = await heard()
    assert subjects == ["Overdue: Task 1"]
    assert ("meeting_reminder", "suppressed") in states


async def test_nobody_is_reminded_of_a_meeting_that_is_cancelled_or_moved_meanwhile(bus, tell, heard, now):
    await tell(bus.meeting("scheduled", to={1: "invite"}))
    await heard()
    await tell(bus.reminder(), bus.reminder(number=2))
    await tell(bus.meeting("cancelled", to={1: "cancel"}, at=now + timedelta(seconds=1)))
    assert sorted((await heard())[0]) == ["Begins in 15 minutes: Meeting 2", "Meeting cancelled: Meeting 1"]


async def test_old_news_is_not_even_written(bus, tell, mails, now):
    await tell(bus.meeting("scheduled", to={1: "invite"}, at=now - timedelta(hours=73)))
    await tell(bus.meeting("scheduled", 2, to={1: "invite"}, at=now - timedelta(hours=71)))
    assert [mail["payload"]["meeting"]["title"] for mail in await mails()] == ["Meeting 2"]


async def test_who_has_left_is_asked_and_reminded_of_nothing_but_told_the_end(
    bus, tell, apply, feed, heard, clock, now
):
    await apply(feed.change("r", 1), feed.change("r", 2, user=2))
    await tell(bus.meeting("scheduled", to={1: "invite", 2: "invite"}))
    await heard()
    await apply(feed.change("d", 1), feed.change("d", 2, user=2), feed.change("r", 3, user=2))
    await tell(
        bus.meeting(to={1: "cancel", 2: "cancel"}),
        bus.meeting("scheduled", 2, to={1: "invite", 2: "invite"}),
        bus.reminder("task_overdue", to=(1, 2)),
    )
    subjects, _ = await heard()
    assert set(subjects) == {"Your assignment has ended: Project 1", "You are no longer asked to: Meeting 1"}
    await tell(bus.meeting(to={2: "update"}))
    assert (await heard(BOB))[0] == ["Invitation: Meeting 1"]


async def test_the_mail_goes_to_the_newest_address_in_the_newest_language(
    bus, tell, apply, feed, heard, mail_server
):
    await apply(feed.change("r", 1, user_email="ann@new.example", user_name="Anna", user_locale="ru"))
    await tell(bus.meeting("scheduled", to={1: "invite"}))
    assert (await heard("ann@new.example"))[0] == ["Приглашение: Meeting 1"]
    assert "Здравствуйте, Anna!" in mail_server.mails[0].text


async def test_offsets_that_begin_anew_hide_no_news(bus, tell, heard, now):
    bus.offsets.update({"meeting-bus": 5000})
    await tell(bus.meeting("scheduled", to={1: "invite"}))
    await heard()
    bus.offsets.clear()
    await tell(bus.meeting("cancelled", to={1: "cancel"}, at=now + timedelta(minutes=1)))
    assert (await heard())[0] == ["Meeting cancelled: Meeting 1"]


async def test_the_api_says_what_a_mail_is_about(bus, tell, client, mails):
    await tell(bus.meeting("scheduled", to={1: "invite"}), bus.reminder("task_overdue"))
    meeting, task = sorted(await mails(), key=lambda mail: mail["kind"])
    assert meeting["subject"] != task["subject"]
    for query in ({"subject": task["subject"]}, {"kind": "task_overdue"}):
        page = (await client.get("/notifications", params=query)).json()
        assert [mail["id"] for mail in page["notifications"]] == [str(task["id"])]
    shown = page["notifications"][0]
    assert (shown["source"], shown["assignment_id"]) == ("reminders", None)
    assert shown["expires_at"] is not None
