"""Applications ask for mails: who gets them, what they say, and that each is asked for once."""

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

ANN = UUID(int=1)
ORDER_UUID = "0199f0c2-4d1a-7c3e-9b5f-2a6f4d9c1b42"
WORDS = {"title": "Your laptop has come", "text": "It waits at the desk.\n\nBring your badge."}
TO_ANN = {"recipient": str(ANN), "template": "message", "data": WORDS}


@pytest.fixture
async def ann(apply, feed, sender, settled):
    """Somebody who is known, and has no mail that waits."""
    await apply(feed.change("r", 1))


@pytest.fixture
def ask(client, identity):
    """Ask for a mail as somebody who may."""

    async def request(body, *, who=ANN, role="employee", permissions=("notifications.send",), key=None):
        headers = identity.headers(who, role, permissions)
        if key is not None:
            headers["Idempotency-Key"] = key
        return await client.post("/notify", json=body, headers=headers)

    return request


@pytest.fixture
def delivered(sender, settled, mail_server):
    """Let a sender send all that waits; returns what the mail server has."""

    async def send():
        async with sender():
            await settled()
        return mail_server.mails

    return send


@pytest.mark.parametrize("order_id", [42, ORDER_UUID])
async def test_an_order_service_asks_as_it_always_did_and_whoever_asked_gets_it(
    ann, ask, delivered, client, identity, order_id
):
    answer = await ask({"order_id": order_id, "channel": "email"})
    assert answer.status_code == 202, answer.text
    (mail,) = await delivered()
    assert mail.recipients == ["user1@company.example"]
    assert str(order_id) in mail.subject + mail.text
    shown = await client.get(answer.headers["Location"], headers=identity.headers(ANN))
    assert shown.json()["id"] == answer.json()["id"]
    assert (shown.json()["state"], shown.json()["subject"]) == ("accepted", f"order:{order_id}")


async def test_a_message_goes_to_whoever_has_the_oid_or_the_address(ann, ask, delivered, mails):
    by_address = await ask({**TO_ANN, "recipient": "Someone@Elsewhere.example"})
    again = await ask({**TO_ANN, "recipient": "someone@elsewhere.example"})
    by_oid = await ask({**TO_ANN, "data": {**WORDS, "link": "https://desk.example/7", "link_label": "See"}})
    assert {it.status_code for it in (by_address, again, by_oid)} == {202}
    found = {mail.recipients[0]: mail for mail in await delivered()}
    assert set(found) == {"user1@company.example", "Someone@elsewhere.example", "someone@elsewhere.example"}
    assert found["user1@company.example"].subject == WORDS["title"]
    assert "Bring your badge." in found["user1@company.example"].text
    assert 'href="https://desk.example/7"' in found["user1@company.example"].html
    strangers = {mail["user_oid"] for mail in await mails()} - {ANN}
    assert len(strangers) == 1, "an address is one person, however it is written"


@pytest.mark.parametrize(
    ("email", "recipient"),
    [
        ("Ann@Company.example", "ann@company.example"),
        ("ann@bücher.example", "ann@bücher.example"),
        ("ann@bücher.example", "Ann@xn--bcher-kva.example"),
        ("ann@xn--bcher-kva.example", "ann@Bücher.example"),
    ],
)
async def test_the_address_of_an_account_is_that_person(ask, mails, database, email, recipient):
    async with database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO person (oid, name, email, role, is_active, updated_at, epoch, lsn, deleted)"
                " VALUES (:oid, 'Ann', :email, 'employee', true, now(), 1, 1, false)"
            ),
            {"oid": ANN, "email": email},
        )
    await ask({**TO_ANN, "recipient": recipient})
    (mail,) = await mails()
    assert (mail["user_oid"], mail["recipient"]) == (ANN, email)


async def test_without_a_key_each_request_is_a_mail(ann, ask, delivered):
    for _ in range(2):
        assert (await ask({"order_id": 42, "channel": "email"})).status_code == 202
    assert len(await delivered()) == 2


async def test_with_a_key_requests_are_one_mail(ann, ask, delivered):
    first = await ask(TO_ANN, key="k")
    assert "Idempotency-Replayed" not in first.headers
    again = await ask(TO_ANN, key="k")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["Location"] == first.headers["Location"]
    assert (await ask({"order_id": 1, "channel": "email"}, key="k")).status_code == 422
    assert (await ask(TO_ANN, who=uuid4(), key="k")).json()["id"] != first.json()["id"], "a key of others"
    assert len(await delivered()) == 2


async def test_two_requests_with_a_key_at_the_same_time_are_one_mail(ann, ask, mails):
    answers = await asyncio.gather(*(ask(TO_ANN, key="k") for _ in range(4)))
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 202}) == 1
    assert all(answer.headers["Retry-After"] for answer in answers if answer.status_code == 409)
    assert len(await mails()) == 1


async def test_words_of_others_are_shown_and_never_obeyed(ann, ask, delivered):
    data = {"title": "<script>alert(1)</script> {{7*7}}", "text": "<b>{{7*7}}</b> {% raw %}\n.\n"}
    assert (await ask({**TO_ANN, "data": data})).status_code == 202
    (mail,) = await delivered()
    assert "<script>alert(1)</script> {{7*7}}" in mail.subject
    assert "<b>{{7*7}}</b> {% raw %}" in mail.text
    assert "<script>" not in mail.html
    assert "&lt;b&gt;{{7*7}}&lt;/b&gt;" in mail.html


async def test_what_somebody_unsubscribed_from_is_not_sent(ann, ask, delivered, mails, database):
    async with database.transaction() as session:
        await session.execute(
            text(
                "INSERT INTO preference (user_oid, kinds, version, updated_at)"
                """ VALUES (:oid, '{"message": {"delivery": "off"}}', 1, now())"""
            ),
            {"oid": ANN},
        )
    await ask(TO_ANN)
    assert await delivered() == []
    (mail,) = await mails()
    assert (mail["state"], mail["reason"]) == ("suppressed", "unsubscribed")


ORDER = {"recipient": str(ANN), "template": "order", "data": {"order_id": 1}}
LONG = "x" * 5_001


# What is wrong with each, by the place that the answer must name.
WRONG = [
    ({}, "/body/order_id"),
    ({"order_id": 1}, "/body/channel"),
    ({"order_id": 1, "channel": "sms"}, "/body/channel"),
    *(
        ({"order_id": wrong, "channel": "email"}, "/body/order_id")
        for wrong in (0, -1, 2**63, True, 1.5, "42", "", None, [])
    ),
    ({"order_id": 1, "channel": "email", "user_oid": str(ANN)}, "/body/user_oid"),
    ({"order_id": 1, "channel": "email", "id": 7}, "/body/id"),
    ({**TO_ANN, "template": "assigned"}, "/body"),
    ({**TO_ANN, "template": ["message"]}, "/body"),
    ({**TO_ANN, "template": None}, "/body"),
    ({**TO_ANN, "data": {"order_id": 1}}, "/body/data/title"),
    ({**TO_ANN, "data": {**WORDS, "title": ""}}, "/body/data/title"),
    ({**TO_ANN, "data": {**WORDS, "title": "x" * 201}}, "/body/data/title"),
    ({**TO_ANN, "data": {**WORDS, "title": "Hello\r\nBcc: eve@evil.example"}}, "/body/data/title"),
    ({**TO_ANN, "data": {**WORDS, "text": LONG}}, "/body/data/text"),
    ({**TO_ANN, "data": {**WORDS, "text": " \n"}}, "/body/data/text"),
    ({**TO_ANN, "data": {**WORDS, "text": "\0"}}, "/body/data/text"),
    ({**TO_ANN, "data": {**WORDS, "text": "a\0b"}}, "/body/data/text"),
    ({**TO_ANN, "data": {**WORDS, "title": "\u200b"}}, "/body/data/title"),
    ({**TO_ANN, "data": {**WORDS, "text": "\u202e\u2060\n"}}, "/body/data/text"),
    ({**TO_ANN, "data": {**WORDS, "link": "javascript:alert(1)"}}, "/body/data/link"),
    ({**TO_ANN, "data": {**WORDS, "link": "https://"}}, "/body/data/link"),
    ({**TO_ANN, "data": {**WORDS, "link_label": "x" * 81}}, "/body/data/link_label"),
    ({**TO_ANN, "data": {**WORDS, "html": "<p>"}}, "/body/data/html"),
    ({**ORDER, "data": {"order_id": 0}}, "/body/data/order_id"),
    ({**ORDER, "data": {"order_id": 1, "status": "a\nb"}}, "/body/data/status"),
    ({**ORDER, "data": {"order_id": 1, "status": "\ufeff"}}, "/body/data/status"),
    *(
        ({**TO_ANN, "recipient": wrong}, "/body/recipient")
        for wrong in (
            str(UUID(int=404)),
            "ann",
            "ann@",
            "a@b.example, c@d.example",
            "ann@company.example\r\nBcc: eve@evil.example",
            "Ann <ann@company.example>",
            "x" * 321,
            None,
            7,
        )
    ),
]


async def test_what_cannot_be_a_mail_is_refused_where_it_is_wrong(ask, mails):
    for body, pointer in WRONG:
        answer = await ask(body)
        assert answer.status_code == 422, body
        assert answer.headers["content-type"] == "application/problem+json"
        assert pointer in [error["pointer"] for error in answer.json()["errors"]], (body, answer.text)
    assert await mails() == []


async def test_what_is_no_json_is_a_problem(client):
    twice = b'{"order_id": 1, "order_id": 2, "channel": "email"}'
    for content in (b"", b"{", b"NaN", twice, b"[" * 10_000, b'"\\ud800"', b"\xff"):
        answer = await client.post("/notify", content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code in {400, 422}, content[:20]
        assert answer.headers["content-type"] == "application/problem+json"


async def test_an_application_says_whom_it_means(ann, ask):
    order = {"order_id": 42, "channel": "email"}
    answer = await ask(order, who=uuid4(), role="service")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/body/recipient"
    named = await ask({**order, "recipient": str(ANN)}, who=uuid4(), role="service")
    assert named.status_code == 202
    assert set(named.json()) == {"id", "template", "state", "created_at"}, "an oid buys no address"


async def test_only_who_may_send_can_ask(ann, ask):
    assert (await ask(TO_ANN, role="manager", permissions=())).status_code == 403
    assert (await ask({}, permissions=("notifications.read", "notifications.manage"))).status_code == 403
