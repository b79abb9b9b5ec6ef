"""One click and no more: what mail programs (RFC 8058) and people do with the links of mails."""

import re
from base64 import b64encode
from hashlib import sha256
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import structlog

from notification.kinds import Kind
from notification.mail.unsubscribe import Links

ANN = UUID(int=1)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def anybody(client):
    """A client that is not signed in."""
    del client.headers["Authorization"]
    return client


@pytest.fixture
def link(links):
    """The path of the link of a mail to Ann."""

    def make(*kinds):
        return urlsplit(links.url(ANN, kinds or [Kind.ASSIGNED])).path

    return make


@pytest.fixture
def chosen(rows):
    """What is stored of Ann's choice by kind, and its version."""

    async def fetch():
        found = await rows("SELECT * FROM preference WHERE user_oid = :oid", oid=ANN)
        return (found[0]["kinds"], found[0]["version"]) if found else ({}, 0)

    return fetch


async def test_the_button_of_a_mail_program_stops_the_mails(
    anybody, apply, feed, mails, sender, settled, mail_server
):
    await apply(feed.change("c", 1, user=1))
    async with sender():
        await settled()
    (mail,) = mail_server.mails
    uri = mail.message["List-Unsubscribe"].removeprefix("<").removesuffix(">")
    name, value = mail.message["List-Unsubscribe-Post"].split("=")
    answer = await anybody.post(uri, files={name: (None, value)})
    assert (answer.status_code, answer.headers.get("location"), answer.cookies) == (200, None, {})
    await apply(feed.change("c", 2, user=1))
    async with sender():
        first, second = await settled()
    assert len(mail_server.mails) == 1
    assert (first["state"], second["state"], second["reason"]) == ("accepted", "suppressed", "unsubscribed")


@pytest.mark.parametrize("encoded", ["files", "data"])
async def test_both_ways_to_write_a_form_are_understood(anybody, link, chosen, encoded):
    form = {"List-Unsubscribe": (None, "One-Click")} if encoded == "files" else ONE_CLICK
    assert (await anybody.post(link(), **{encoded: form})).status_code == 200
    assert await chosen() == ({"assigned": {"delivery": "off"}}, 1)


async def test_looking_changes_nothing(anybody, link, chosen):
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"):
        answer = await anybody.request(method, link())
        assert answer.status_code == (200 if method in {"GET", "HEAD"} else 405), method
    assert await chosen() == ({}, 0)


async def test_a_second_click_changes_nothing_more(anybody, link, chosen):
    answers = [await anybody.post(link(), data=ONE_CLICK) for _ in range(2)]
    assert answers[0].text == answers[1].text
    assert await chosen() == ({"assigned": {"delivery": "off"}}, 1)


async def test_only_the_kinds_of_the_link_stop_and_they_can_come_again(
    anybody, link, chosen, client, identity
):
    body = {
        "language": None,
        "time_zone": None,
        "quiet_hours": None,
        "kinds": {"removed": {"delivery": "hourly"}, "invited": {"delivery": "off"}},
    }
    headers = identity.headers(ANN, "employee")
    assert (await client.put("/api/preferences/", json=body, headers=headers)).status_code == 200
    path = link(Kind.ASSIGNED, Kind.REMOVED)
    await anybody.post(path, data=ONE_CLICK)
    off = {"delivery": "off"}
    assert await chosen() == ({"assigned": off, "removed": off, "invited": off}, 2)
    answer = await anybody.post(path, data={"List-Unsubscribe": "Undo"})
    assert answer.status_code == 200
    assert await chosen() == ({"invited": off}, 3)


async def test_undoing_what_was_not_done_leaves_a_choice_as_it_was(anybody, link, chosen, client, identity):
    body = {
        "language": None,
        "time_zone": None,
        "quiet_hours": None,
        "kinds": {"assigned": {"delivery": "daily"}},
    }
    await client.put("/api/preferences/", json=body, headers=identity.headers(ANN, "employee"))
    await anybody.post(link(), data={"List-Unsubscribe": "Undo"})
    assert await chosen() == ({"assigned": {"delivery": "daily", "at": "09:00"}}, 1)


BODIES = [
    {"data": {}},
    {"data": {"List-Unsubscribe": "No"}},
    {"data": {"list-unsubscribe": "One-Click"}},
    {"data": {"List-Unsubscribe": ["One-Click", "Undo"]}},
    {"json": ONE_CLICK},
    {"content": b"List-Unsubscribe=One-Click", "headers": {"Content-Type": "text/plain"}},
    {"content": b"\xff\x00", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
    {"content": b"--x\r\n\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
    {"content": b"List-Unsubscribe=One-Click", "headers": {"Content-Type": "multipart/form-data"}},
]


async def test_another_body_is_refused(anybody, link, chosen):
    statuses = {(await anybody.post(link(), **body)).status_code for body in BODIES}
    too_large = await anybody.post(link(), data=ONE_CLICK | {"more": "x" * 10_000})
    assert (statuses, too_large.status_code) == ({422}, 413)
    assert await chosen() == ({}, 0)


async def test_a_link_of_somebody_else_is_none(anybody, link, chosen):
    forged = urlsplit(Links("http://127.0.0.1:8003", ["not ours"]).url(ANN, [Kind.ASSIGNED])).path
    for path in (forged, f"{link()}x", "/unsubscribe/<b>nonsense", "/unsubscribe/%D0%B9", link(Kind.DIGEST)):
        for method in ("GET", "POST"):
            answer = await anybody.request(method, path, data=ONE_CLICK if method == "POST" else None)
            assert (answer.status_code, answer.json()["detail"]) == (404, "No such link.")
    assert await chosen() == ({}, 0)


async def test_the_page_says_what_will_end_and_then_how_to_take_it_back(anybody, link):
    path = link(Kind.ASSIGNED, Kind.MEETING_REMINDER)
    before = await anybody.get(path)
    after = await anybody.post(path, data=ONE_CLICK)
    for page in (before, after):
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "<li>New assignments to projects and teams</li>" in page.text
        assert "<li>Reminders of meetings that begin soon</li>" in page.text
        assert '<html lang="en">' in page.text
        assert "<script" not in page.text
        assert "user1@company.example" not in page.text
    assert 'value="One-Click"' in before.text
    assert 'value="Undo"' in after.text
    assert (await anybody.get(path)).text == after.text


async def test_the_page_speaks_the_language_of_the_person(anybody, link, client, identity):
    body = {"language": "ru", "time_zone": None, "quiet_hours": None, "kinds": {}}
    await client.put("/api/preferences/", json=body, headers=identity.headers(ANN, "employee"))
    page = await anybody.get(link())
    assert '<html lang="ru">' in page.text
    assert "Больше не присылать такие письма?" in page.text
    assert page.headers["Content-Language"] == "ru"


async def test_nothing_runs_in_the_page_and_nobody_frames_it(anybody, link):
    page = await anybody.get(link())
    policy = page.headers["Content-Security-Policy"]
    (style,) = re.findall("<style>(.*?)</style>", page.text, re.DOTALL)
    allowed = b64encode(sha256(style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{allowed}'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    )
    assert (page.headers["Referrer-Policy"], page.headers["Cache-Control"]) == ("no-referrer", "no-store")


async def test_the_secret_of_a_link_is_in_no_log(anybody, link):
    with structlog.testing.capture_logs() as logs:
        await anybody.get(link())
        await anybody.post(link(), data=ONE_CLICK)
    assert [entry["path"] for entry in logs if entry["event"] == "http_request"] == [
        "/unsubscribe/[secret]"
    ] * 2
    assert link().removeprefix("/unsubscribe/") not in str(logs)
