"""A mail goes once more when somebody asks for that: the same row, once, and only what is true."""

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

ANN = UUID(int=1)


@pytest.fixture
def resend(client):
    async def request(mail, **headers):
        return await client.post(f"/notifications/{mail['id']}/resend", headers=headers)

    return request


@pytest.fixture
def change(database):
    """Change the only mail, or all of them, behind the service's back."""

    async def execute(assignments, **parameters):
        async with database.transaction() as session:
            await session.execute(text(f"UPDATE notification SET {assignments}"), parameters)

    return execute


@pytest.fixture
async def accepted(apply, feed, sender, settled):
    """Ann has one mail."""
    await apply(feed.change("c", 1))
    async with sender():
        (mail,) = await settled()
    assert mail["state"] == "accepted"
    return mail


async def test_an_accepted_mail_goes_again_as_another_one(
    accepted, resend, client, sender, settled, mail_server
):
    answer = await resend(accepted)
    assert (answer.status_code, answer.json()["state"], answer.json()["resends"]) == (202, "queued", 1)
    assert answer.headers["Location"] == f"/notifications/{accepted['id']}"
    async with sender():
        await settled()
        assert (await resend(accepted)).status_code == 202
        await settled()
    ids = [mail.message_id for mail in mail_server.mails]
    assert ids == [f"<{accepted['id']}{again}@team-suite.example>" for again in ("", ".r1", ".r2")]
    shown = (await client.get(f"/notifications/{accepted['id']}")).json()
    assert [attempt["outcome"] for attempt in shown["attempt_list"]] == ["accepted"] * 3


@pytest.mark.parametrize("state", ["bounced", "unconfirmed", "suppressed"])
async def test_what_was_never_accepted_goes_as_the_same_mail(
    apply, feed, resend, change, sender, settled, mail_server, state
):
    await apply(feed.change("c", 1))
    await change(
        "state = :state, reason = CASE WHEN CAST(:state AS text) = 'suppressed' THEN 'unsubscribed' END,"
        " in_doubt = CAST(:state AS text) = 'unconfirmed'",
        state=state,
    )
    async with sender():
        (mail,) = await settled()
        assert (await resend(mail)).status_code == 202
        (after,) = await settled()
    assert (after["state"], after["reason"]) == ("accepted", None)
    assert [it.message_id for it in mail_server.mails] == [mail["message_id"]]


async def test_it_goes_whatever_its_reader_chose(accepted, database, resend, sender, settled, mail_server):
    async with database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO preference (user_oid, quiet_from, quiet_until, kinds, version, updated_at)"
                " VALUES (:oid, '00:00', '23:59', '{\"assigned\": {\"delivery\": \"off\"}}', 1, now())"
            ),
            {"oid": ANN},
        )
    await resend(accepted)
    async with sender():
        await settled()
    assert len(mail_server.mails) == 2


async def test_it_is_not_tried_for_ever(accepted, resend, clock, sender, mails, settled, until, mail_server):
    clock.push(days=30)
    assert (await resend(accepted)).status_code == 202
    mail_server.always["RCPT"] = "451 later"

    async def is_retrying():
        return [mail for mail in await mails() if mail["state"] == "retrying"]

    async with sender():
        await until(is_retrying)
        clock.push(hours=71)
        mail_server.at("RCPT").clear()
        await mail_server.at("RCPT").wait()
        clock.push(hours=2)
        (mail,) = await settled()
    assert (mail["state"], mail["reason"], mail["accepted_at"]) == (
        "suppressed",
        "stale",
        accepted["accepted_at"],
    )


async def test_one_that_waits_for_another_attempt_is_due_now(apply, feed, resend, change, clock, mails):
    await apply(feed.change("c", 1))
    await change("state = 'retrying', attempts = 1, next_attempt_at = next_attempt_at + interval '1 day'")
    (mail,) = await mails()
    answer = await resend(mail)
    assert (answer.status_code, answer.json()["state"], answer.json()["resends"]) == (202, "retrying", 0)
    (after,) = await mails()
    assert after["next_attempt_at"] <= clock.now()


@pytest.mark.parametrize("state", ["queued", "sending"])
async def test_one_that_is_on_its_way_does_not_go_twice(apply, feed, resend, change, mails, state):
    await apply(feed.change("c", 1))
    await change("state = :state, lease_until = now() + interval '1 hour'", state=state)
    (mail,) = await mails()
    answer = await resend(mail)
    assert (answer.status_code, answer.json()["detail"]) == (409, "It is on its way already.")
    assert (await mails())[0]["resends"] == 0


async def test_one_that_a_digest_brings_does_not_go_by_itself(apply, feed, resend, change, mails, database):
    await apply(feed.change("c", 1), feed.change("c", 2))
    first, digest = await mails()
    await change(
        "state = 'suppressed', reason = 'digest', digest_id = :digest WHERE id = :id",
        digest=digest["id"],
        id=first["id"],
    )
    answer = await resend(first)
    assert (answer.status_code, answer.json()["digest_id"]) == (409, str(digest["id"]))


async def test_an_address_that_gets_no_mail_must_be_lifted_first(accepted, resend, client, database, clock):
    async with database.transaction() as session:
        await session.execute(
            text("INSERT INTO bounced_address VALUES (:address, 2, now(), '550 5.1.1 gone', now())"),
            {"address": "user1@company.example"},
        )
    answer = await resend(accepted)
    assert (answer.status_code, answer.json()["address"]) == (409, "user1@company.example")
    assert (await client.delete("/addresses/USER1@company.example")).status_code == 204
    assert (await resend(accepted)).status_code == 202


async def test_what_only_a_newer_release_has_words_for_waits_for_its_senders(
    apply, feed, resend, change, client, sender, settled, mails, mail_server
):
    await apply(feed.change("c", 1))
    (mail,) = await mails()
    await change("kind = 'birthday', state = 'suppressed', reason = 'unsubscribed'")
    answer = await resend(mail)
    assert (answer.status_code, answer.json()["kind"], answer.json()["state"]) == (202, "birthday", "queued")
    assert (await client.get(f"/notifications/{mail['id']}")).json()["kind"] == "birthday"
    assert (await client.get("/notifications")).json()["notifications"][0]["kind"] == "birthday"
    await apply(feed.change("c", 2, user=2))
    async with sender():
        await mail_server.at("end").wait()
    assert {mail["kind"]: mail["state"] for mail in await mails()} == {
        "birthday": "queued",
        "assigned": "accepted",
    }


async def test_two_at_the_same_time_are_one(accepted, resend, mails, sender, settled, mail_server):
    answers = await asyncio.gather(*(resend(accepted) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409]
    async with sender():
        (mail,) = await settled()
    assert (mail["resends"], len(mail_server.mails)) == (1, 2)


async def test_with_a_key_it_goes_once_more_however_often_it_is_asked_for(
    accepted, resend, sender, settled, mail_server
):
    key = {"Idempotency-Key": "again"}
    async with sender():
        first = await resend(accepted, **key)
        await settled()
        again = await resend(accepted, **key)
        await settled()
    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(mail_server.mails) == 2


async def test_what_is_not_true_any_more_does_not_go_and_what_was_told_stays_told(
    accepted, resend, apply, feed, sender, settled, mails, mail_server
):
    await apply(feed.change("u", 1, user=2))
    assert (await resend(accepted)).status_code == 202
    async with sender():
        await settled()
    of_ann = {mail["kind"]: mail for mail in await mails() if mail["user_oid"] == ANN}
    assert (of_ann["assigned"]["state"], of_ann["assigned"]["reason"]) == ("suppressed", "stale")
    assert of_ann["assigned"]["accepted_at"] is not None
    # She had heard of it, so she hears that it ended.
    assert of_ann["removed"]["state"] == "accepted"
    assert len(mail_server.of("user1@company.example")) == 2


async def test_who_asked_is_kept(accepted, client, identity, rows):
    admin = uuid4()
    await client.post(f"/notifications/{accepted['id']}/resend", headers=identity.headers(admin, "admin"))
    assert await rows("SELECT resent_by FROM notification") == [{"resent_by": admin}]


async def test_only_who_may_and_sees_the_mail_sends_it_again(accepted, client, identity):
    path = f"/notifications/{accepted['id']}/resend"
    manages = ("notifications.manage",)
    for who, permissions, status in (
        (uuid4(), ("notifications.read",), 403),
        (ANN, (), 403),
        (uuid4(), manages, 404),
        (ANN, manages, 202),
    ):
        headers = identity.headers(who, "employee", permissions)
        assert (await client.post(path, headers=headers)).status_code == status, permissions
    assert (await client.post(f"/notifications/{uuid4()}/resend")).status_code == 404
