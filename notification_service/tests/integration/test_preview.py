"""A mail as its reader sees it: the page, the text, and all headers, without sending anything."""

import re
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, text, update

from notification.models import Notification

ANN, BOB = UUID(int=1), UUID(int=2)
TOKEN = re.compile(r"/unsubscribe/[\w.-]+")


@pytest.fixture
async def mail(apply, feed, mails):
    """A mail to Ann that waits."""
    await apply(feed.change("c", 1))
    return (await mails())[0]


@pytest.fixture
def look(client):
    async def request(mail, accept=None, headers=None):
        asked = {} if accept is None else {"Accept": accept}
        return await client.get(f"/notifications/{mail['id']}/preview", headers=asked | (headers or {}))

    return request


async def test_it_is_what_the_sender_sends(mail, look, sender, settled, mail_server):
    shown = (await look(mail)).json()
    async with sender():
        await settled()
    (sent,) = mail_server.mails
    assert shown["subject"] == sent.subject
    assert TOKEN.sub("", shown["text"]) == TOKEN.sub("", sent.text)
    assert TOKEN.sub("", shown["html"]) == TOKEN.sub("", sent.html)
    assert set(shown["headers"]) == {name for name, _ in sent.message.items()}
    assert shown["headers"]["Message-ID"] == mail["message_id"]
    assert shown["headers"]["To"] == "User 1 <user1@company.example>"
    assert shown["locale"] == "en"
    again = (await look(mail)).json()
    assert TOKEN.sub("", again["text"]) == TOKEN.sub("", shown["text"]), "also of a mail that was sent"


async def test_it_has_the_form_that_one_likes(mail, look):
    for accept, media_type in (
        (None, "application/json"),
        ("*/*", "application/json"),
        ("image/png", "application/json"),
        ("text/html", "text/html; charset=utf-8"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"),
        ("text/plain", "text/plain; charset=utf-8"),
        ("text/html;q=0.4, text/plain;q=0.5", "text/plain; charset=utf-8"),
        ("text/*, application/json;q=0.1", "text/html; charset=utf-8"),
        ("text/html;q=0", "application/json"),
    ):
        answer = await look(mail, accept)
        assert (answer.status_code, answer.headers["content-type"]) == (200, media_type), accept
        assert answer.headers["vary"] == "Accept"


async def test_the_page_can_do_nothing(mail, look):
    policy = (await look(mail, "text/html")).headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none';")
    assert "script" not in policy


async def test_a_link_to_unsubscribe_that_somebody_else_sees_unsubscribes_nobody(mail, look, client, rows):
    path = TOKEN.search((await look(mail)).json()["headers"]["List-Unsubscribe"])[0]
    answer = await client.post(path, data={"List-Unsubscribe": "One-Click"}, headers={"Authorization": ""})
    assert answer.status_code >= 400
    assert await rows("SELECT * FROM preference") == []


async def test_ones_own_mails_need_no_permission_and_those_of_others_are_not_there(mail, look, identity):
    assert (await look(mail, headers=identity.headers(ANN))).status_code == 200
    assert (await look(mail, headers=identity.headers(BOB))).status_code == 404
    assert (await look(mail, headers=identity.headers(uuid4(), "manager"))).status_code == 404
    assert (await look({"id": uuid4()})).status_code == 404


async def test_a_digest_shows_what_it_brings(apply, feed, database, mails, look, client):
    await apply(feed.change("c", 1), feed.change("c", 2, project=2, team=None))
    first, second = await mails()
    digest = {
        **first,
        "id": UUID(int=99),
        "kind": "digest",
        "source": "digests",
        "subject": "digest:x",
        "payload": {"window": "burst", "kind": "assigned"},
    }
    async with database.transaction() as session:
        await session.execute(insert(Notification), [digest])
        members = update(Notification).where(Notification.id != digest["id"])
        await session.execute(members.values(state="suppressed", reason="digest", digest_id=digest["id"]))
    shown = (await look(digest)).json()
    assert "Project 1" in shown["html"]
    assert "Project 2" in shown["text"]
    details = (await client.get(f"/notifications/{digest['id']}")).json()
    assert details["member_ids"] == sorted([str(first["id"]), str(second["id"])])


@pytest.mark.parametrize("of", ["the mail", "what it brings"])
async def test_what_only_a_newer_release_has_words_for_cannot_be_shown(mail, database, look, of):
    async with database.transaction() as session:
        if of == "what it brings":
            digest = {**mail, "id": UUID(int=99), "kind": "digest", "subject": "digest:x"}
            await session.execute(insert(Notification), [digest])
            brought = {"state": "suppressed", "reason": "digest", "digest_id": digest["id"]}
            await session.execute(update(Notification).where(Notification.id == mail["id"]).values(**brought))
        kind = update(Notification).where(Notification.id == mail["id"]).values(kind="birthday")
        await session.execute(kind)
    answer = await look(mail if of == "the mail" else digest)
    assert answer.status_code == 409
    assert "newer release" in answer.json()["detail"]


async def test_what_cannot_be_sent_cannot_be_shown(mail, database, look):
    for address, why in ((None, "not known"), ("nobody", "not valid")):
        async with database.transaction() as session:
            await session.execute(text("DELETE FROM assignment"))
            await session.execute(text("UPDATE notification SET recipient = :to"), {"to": address})
        answer = await look(mail)
        assert answer.status_code == 409
        assert why in answer.json()["detail"]
