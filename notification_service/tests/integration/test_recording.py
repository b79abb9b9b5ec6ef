"""Changes become the projection's state and mails to write, in one transaction."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from notification.events import decode_assignment
from notification.models import Assignment


def told(mails):
    return [(mail["kind"], mail["recipient"]) for mail in mails]


async def test_each_assignment_of_a_person_is_told(apply, feed, mails):
    await apply(feed.change("c", 1), feed.change("c", 2))
    assert told(await mails()) == [("assigned", "user1@company.example")] * 2


async def test_the_changes_of_one_batch_are_told_one_by_one(apply, feed, mails):
    await apply(
        feed.change("c"), feed.change("u", team=2), feed.change("u", user=2), feed.change("d", user=2)
    )
    assert told(await mails()) == [
        ("assigned", "user1@company.example"),
        ("changed", "user1@company.example"),
        ("removed", "user1@company.example"),
        ("assigned", "user2@company.example"),
        ("removed", "user2@company.example"),
    ]


async def test_batches_of_any_size_tell_the_same(apply, feed, mails):
    messages = [
        feed.change("c"),
        feed.change("u", team=2),
        feed.change("u", user=2),
        feed.change("d", user=2),
    ]
    for message in messages:
        await apply(message)
    one_by_one = await mails()
    await apply(*messages)
    assert await mails() == one_by_one
    assert len(one_by_one) == 5


async def test_nothing_that_comes_again_is_told_again(apply, feed, mails, rows):
    messages = [feed.change("c"), feed.change("u", team=2), feed.change("d", team=2)]
    await apply(*messages)
    before, state = await mails(), await rows("SELECT * FROM assignment")
    await apply(*[message for message in messages for _ in range(3)])
    await apply(*reversed(messages))
    assert await mails() == before
    assert await rows("SELECT * FROM assignment") == state


async def test_an_older_change_at_a_newer_offset_is_ignored(apply, feed, mails, rows):
    await apply(feed.change("c", lsn=500, team=1), feed.change("u", lsn=700, team=2))
    await apply(feed.change("u", lsn=600, team=3))
    assert [row["team_id"] for row in await rows("SELECT team_id FROM assignment")] == [2]
    assert len(await mails()) == 2


async def test_a_new_epoch_wins_over_a_higher_lsn(apply, feed, rows):
    await apply(feed.change("c", lsn=5000, team=1), feed.change("u", lsn=10, epoch=2, team=2))
    assert await rows("SELECT epoch, lsn, team_id FROM assignment") == [{"epoch": 2, "lsn": 10, "team_id": 2}]


async def test_snapshots_mail_nobody_and_move_the_projection(apply, feed, mails, rows):
    await apply(feed.change("r", 1), feed.change("r", 2, user=2))
    await apply(feed.change("r", 1, team=5))
    assert await mails() == []
    assert [row["team_id"] for row in await rows("SELECT team_id FROM assignment ORDER BY id")] == [5, 1]


async def test_what_happens_after_a_snapshot_is_told(apply, feed, mails):
    await apply(feed.change("r"), feed.change("u", team=2))
    assert told(await mails()) == [("changed", "user1@company.example")]


async def test_a_rename_is_told_to_nobody_unless_that_is_wished(apply, feed, mails, make_recorder):
    await apply(
        feed.change("r"), feed.change("u", team_name="New name", user_name="New", user_role="manager")
    )
    assert await mails() == []
    await apply(feed.change("u", team_name="Newer name"), by=make_recorder(notify_renames=True))
    assert told(await mails()) == [("renamed", "user1@company.example")]


async def test_old_news_moves_the_projection_only(apply, feed, mails, rows, now):
    await apply(
        feed.change("c", 1, at=now - timedelta(hours=73)), feed.change("c", 2, at=now - timedelta(hours=71))
    )
    assert [mail["assignment_id"] for mail in await mails()] == [2]
    assert len(await rows("SELECT id FROM assignment")) == 2


async def test_a_missing_column_keeps_its_value(apply, feed, mails, rows):
    await apply(feed.change("c", application_url="https://hr.example/1", user_locale="ru"))
    await apply(feed.change("u", without=("application_url", "user_locale", "user_time_zone")))
    assert await rows("SELECT application_url, user_locale FROM assignment") == [
        {"application_url": "https://hr.example/1", "user_locale": "ru"}
    ]
    assert len(await mails()) == 1


async def test_a_row_of_an_older_source_has_no_optional_columns(apply, feed, rows):
    await apply(feed.change("c", without=("application_url", "user_locale", "user_time_zone")))
    assert await rows("SELECT application_url, user_locale FROM assignment") == [
        {"application_url": None, "user_locale": None}
    ]


async def test_mails_name_the_import_that_they_come_from(apply, feed, mails):
    imported = str(UUID(int=7))
    await apply(feed.change("c", 1, import_oid=imported), feed.change("c", 2, import_oid=None))
    await apply(feed.change("c", 3), feed.change("d", 1, import_oid=imported))
    found = {(mail["assignment_id"], mail["kind"]): mail["import_oid"] for mail in await mails()}
    # A deleted row still names the import that its last change was part of.
    assert found.pop((1, "assigned")) == UUID(imported)
    assert set(found.values()) == {None}
    assert len(found) == 3


async def test_a_sweep_tells_nobody_and_drops_what_is_void(database, recorder, apply, feed, mails, rows):
    await apply(feed.change("c", 1), feed.change("c", 7), feed.change("c", 13), feed.change("d", 13))
    await apply(feed.change("r", 7, lsn=1015))
    boundary = feed.offsets[1] - 1
    async with database.transaction() as session:
        assert await recorder.sweep(session, {1: boundary}) == 1
    assert [row["id"] for row in await rows("SELECT id FROM assignment WHERE deleted ORDER BY id")] == [1, 13]
    assert [(mail["assignment_id"], mail["kind"], mail["state"]) for mail in await mails()] == [
        (1, "assigned", "suppressed"),
        (7, "assigned", "queued"),
        (13, "assigned", "queued"),
        (13, "removed", "queued"),
    ]


async def test_nothing_is_written_when_the_transaction_fails(database, recorder, feed, mails, rows):
    async def fail_after_recording():
        async with database.transaction() as session:
            await recorder.record(session, [decode_assignment(feed.change("c"))])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_after_recording()
    assert await mails() == []
    assert await rows("SELECT * FROM assignment") == []


async def test_names_that_need_care_are_stored_as_they_are(apply, feed, mails):
    name = 'Команда "Ж" <b> {{7*7}} \u202e\'; DROP TABLE notification; --'
    await apply(feed.change("c", team_name=name))
    (mail,) = await mails()
    assert mail["payload"]["after"]["team_name"] == name


async def test_the_columns_of_the_projection_are_those_of_the_model(database):
    async with database.read() as session:
        columns = (await session.execute(text("SELECT * FROM assignment"))).keys()
    assert set(columns) == set(Assignment.__table__.columns.keys())
