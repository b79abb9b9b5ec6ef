"""What became of the mails, over HTTP."""

import asyncio
from uuid import UUID, uuid4

import pytest

from notification.api.housekeeping import Housekeeping
from notification.schemas.notifications import NotificationDetails, NotificationOut
from service_kit.testing import Identity


@pytest.fixture
async def sent(apply, feed, sender, settled, mail_server):
    """Ann has two mails, one accepted and one refused; Bob has one."""
    await apply(feed.change("c", 1))
    async with sender():
        await settled()
        await apply(feed.change("c", 2, user=2))
        await settled()
        mail_server.fail("RCPT", "550 nobody here")
        await apply(feed.change("u", 1, team=2))
        await settled()


async def found(client, headers=None, **query):
    response = await client.get("/notifications", params=query, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ({}, ["changed", "assigned", "assigned"]),
        ({"recipient": "USER1@company.example"}, ["changed", "assigned"]),
        ({"recipient": "user1"}, []),
        ({"state": "bounced"}, ["changed"]),
        ({"state": "accepted", "recipient": "user2@company.example"}, ["assigned"]),
        ({"kind": "assigned"}, ["assigned", "assigned"]),
        ({"assignment_id": 2}, ["assigned"]),
        ({"page": 2, "size": 2}, ["assigned"]),
        ({"page": 9}, []),
    ],
)
async def test_mails_are_found_the_newest_first(client, sent, query, kinds):
    page = await found(client, **query)
    assert [mail["kind"] for mail in page["notifications"]] == kinds
    assert page["page"] == query.get("page", 1)
    if "page" not in query:
        assert page["total"] == len(kinds)


async def test_one_mail_is_shown_with_its_attempts(client, sent):
    (failed,) = (await found(client, state="bounced"))["notifications"]
    mail = (await client.get(f"/notifications/{failed['id']}")).json()
    assert (mail["state"], mail["detail"], mail["recipient"]) == (
        "bounced",
        "550 nobody here",
        "user1@company.example",
    )
    assert (mail["payload"]["before"]["team_name"], mail["payload"]["after"]["team_name"]) == (
        "Team 1",
        "Team 2",
    )
    assert mail["message_id"] == f"<{mail['id']}@team-suite.example>"
    assert mail["next_attempt_at"] is None
    (attempt,) = mail["attempt_list"]
    assert (attempt["number"], attempt["outcome"]) == (1, "refused")
    assert attempt["started_at"] <= attempt["finished_at"]


ANN, BOB = UUID(int=1), UUID(int=2)


async def test_everybody_sees_the_mails_to_themselves_alone_whatever_their_role(client, sent, identity):
    every = {mail["id"]: UUID(mail["user_oid"]) for mail in (await found(client))["notifications"]}
    assert sorted(every.values()) == [ANN, ANN, BOB]
    for person, role in ((ANN, "employee"), (BOB, "manager"), (uuid4(), "service")):
        headers = identity.headers(person, role=role)
        own = {mail for mail, owner in every.items() if owner == person}
        page = await found(client, headers)
        assert {mail["id"] for mail in page["notifications"]} == own
        assert page["total"] == len(own)
        for mail in every:
            response = await client.get(f"/notifications/{mail}", headers=headers)
            assert response.status_code == (200 if mail in own else 404)
    others = await found(client, identity.headers(ANN), recipient="user2@company.example")
    assert (others["total"], others["notifications"]) == (0, [])
    permitted = identity.headers(role="service", permissions=["notifications.read"])
    assert (await found(client, permitted))["total"] == 3
    assert (await found(client, identity.headers(role="admin", permissions=[])))["total"] == 0


async def test_nobody_is_answered_without_a_valid_token(client, identity):
    for path in ("/notifications", f"/notifications/{uuid4()}", "/notifications?page=0"):
        for token in ("", "Bearer x", f"Bearer {Identity().token(role='admin')}"):
            response = await client.get(path, headers={"Authorization": token})
            assert response.status_code == 401
            assert response.headers["content-type"] == "application/problem+json"
            assert response.headers["www-authenticate"].startswith("Bearer")


async def test_an_unknown_mail_is_not_found(client):
    response = await client.get(f"/notifications/{uuid4()}")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_senseless_question_is_answered_with_a_problem(client):
    for path in (
        "/notifications?recipent=x",
        "/notifications?state=lost",
        "/notifications?kind=spam",
        "/notifications?page=0",
        "/notifications?page=-1",
        "/notifications?size=1000000000",
        "/notifications?assignment_id=99999999999999999999",
        "/notifications?assignment_id=true",
        "/notifications?recipient=",
        "/notifications?recipient=%00",
        "/notifications?recipient=" + "x" * 400,
        "/notifications?state=accepted&state=bounced",
        "/notifications/not-a-uuid",
        "/notifications/00000000-0000-0000-0000-000000000000?x=1",
    ):
        response = await client.get(path)
        assert response.status_code == 422, path
        assert response.headers["content-type"] == "application/problem+json", path


async def test_it_is_ready_and_explains_itself(client):
    assert (await client.get("/health/ready")).json() == {
        "status": "ok",
        "checks": {"database": "ok", "token_keys": "ok"},
    }
    document = (await client.get("/openapi.json")).json()
    assert {"/notifications", "/notify", "/api/preferences/", "/addresses"} <= set(document["paths"])
    described = document["components"]["schemas"]
    (mail,) = described["NotificationPage"]["example"]["notifications"]
    for model, example in (
        (NotificationOut, mail),
        (NotificationDetails, described["NotificationDetails"]["example"]),
    ):
        # A value that is null is not in the document.
        nulls = dict.fromkeys(described[model.__name__]["required"])
        model.model_validate(nulls | example)


async def test_answers_are_remembered_for_a_day(client, database, clock, rows, until):
    order = {"recipient": "ann@company.example", "template": "order", "data": {"order_id": 1}}
    await client.post("/notify", json=order, headers={"Idempotency-Key": "k"})
    housekeeping = Housekeeping(database, clock=clock, interval_s=0.01)
    kept = asyncio.create_task(housekeeping.run())
    assert len(await rows("SELECT * FROM idempotency_key")) == 1
    # The database's own clock says when it was asked.
    clock.push(seconds=(clock.real_now() - clock.now()).total_seconds(), hours=25)

    async def forgotten():
        return not await rows("SELECT * FROM idempotency_key")

    await until(forgotten)
    housekeeping.stop()
    await kept
