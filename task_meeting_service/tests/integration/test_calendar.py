"""Calendars to subscribe to: who sees what by a secret link, and when it leads nowhere."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import urlsplit

import httpx2
import pytest
from ical.calendar_stream import IcsCalendarStream
from structlog.testing import capture_logs

from task_meeting.app import build_app
from task_meeting.service.meetings import feeds

CALENDAR = "/api/calendar/"


@pytest.fixture
def subscribe():
    """The path of a new link to somebody's calendar."""

    async def create_link(client):
        answer = await client.post(CALENDAR)
        assert answer.status_code == 201, answer.text
        return urlsplit(answer.json()["url"]).path

    return create_link


@pytest.fixture
def show(anonymous):
    """The entries that a link leads to, by their titles, as a strict parser reads them."""

    async def read(link):
        answer = await anonymous.get(link)
        assert answer.status_code == 200, answer.text
        return entries(answer)

    return read


def entries(answer):
    (calendar,) = IcsCalendarStream.from_ics(answer.text).calendars
    return {event.summary: event for event in calendar.events}


@pytest.fixture
def task(staff, oid):
    """Create a task of project 1 with a deadline, Ann's unless another assignee is given."""

    async def create_task(title, assignee=1, client=staff.max, **fields):
        body = {
            "title": title,
            "project_oid": str(oid("project", 1)),
            "assignee_oid": str(oid("user", assignee)),
        }
        answer = await client.post(
            "/api/tasks/", json=body | {"deadline": "2027-01-12T18:00:00+03:00"} | fields
        )
        assert answer.status_code == 201, answer.text
        return f"/api/tasks/{answer.json()['oid']}/"

    return create_task


async def test_it_shows_ones_own_meetings_and_deadlines_and_nobody_elses(
    staff, users, oid, schedule, task, subscribe, show, anonymous
):
    await schedule(title="Organized", attendee_oids=users(2))
    await schedule(staff.max, title="Named", attendee_oids=users(1))
    await schedule(
        staff.bob, title="Team's", team_oids=[str(oid("team", 1))], project_oid=str(oid("project", 1))
    )
    await schedule(staff.max, title="Project's", project_oid=str(oid("project", 1)), attendee_oids=users(5))
    await schedule(staff.zoe, title="Foreign", team_oids=[str(oid("team", 2))])
    await task("Due")
    await task("Some day", deadline=None)
    await task("Another's", assignee=2)
    ann, bob = await subscribe(staff.ann), await subscribe(staff.bob)
    shown = await show(ann)
    assert shown.keys() == {"Organized", "Named", "Team's", "Due"}
    assert shown["Due"].dtstart == datetime(2027, 1, 12, 15, tzinfo=UTC)
    assert shown["Named"].organizer.common_name == "User 4"
    # An invitation tells who comes, a calendar need not (RFC 5546, 3.2.1).
    assert not any(event.attendees for event in shown.values())
    assert (await show(bob)).keys() == {"Organized", "Team's", "Another's"}
    answer = await anonymous.get(ann)
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert "X-WR-CALNAME:Team Suite: User 1" in answer.text
    # The link alone counts: whoever else asks with it, and with whatever token.
    for headers in (
        {"Authorization": "Bearer nonsense"},
        {"Authorization": staff.zoe.headers["authorization"]},
    ):
        assert (await anonymous.get(ann, headers=headers)).content == answer.content


async def test_an_entry_keeps_its_uid_raises_its_sequence_and_stays_when_it_is_cancelled(
    staff, schedule, task, subscribe, show
):
    meeting, due = await schedule(title="Weekly", recurrence="FREQ=WEEKLY"), await task("Due")
    link = await subscribe(staff.ann)
    first = await show(link)
    at = f"/api/meetings/{meeting['oid']}/"
    assert (await staff.ann.patch(at, json={"place": "Room 12"})).status_code == 200
    assert (await staff.ann.patch(due, json={"deadline": "2027-01-13T18:00:00+03:00"})).status_code == 200
    second = await show(link)
    assert (await staff.ann.delete(at)).status_code == 204
    assert (await staff.ann.patch(due, json={"status": "cancelled"})).status_code == 200
    third = await show(link)
    for title, kind in (("Weekly", "meeting"), ("Due", "task")):
        versions = [shown[title] for shown in (first, second, third)]
        assert {it.uid for it in versions} == {
            f"{kind}-{(at if kind == 'meeting' else due).split('/')[3]}@team-suite"
        }
        assert [it.sequence - versions[0].sequence for it in versions] == [0, 1, 2]
        assert [it.status for it in versions] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert (first["Weekly"].location, second["Weekly"].location) == (None, "Room 12")
    assert second["Due"].dtstart == datetime(2027, 1, 13, 15, tzinfo=UTC)


async def test_what_has_not_changed_is_not_sent_again(staff, schedule, subscribe, anonymous):
    await schedule()
    link = await subscribe(staff.ann)
    whole = await anonymous.get(link)
    tag = whole.headers["etag"]
    assert tag.startswith('"')
    assert (await anonymous.get(link)).headers["etag"] == tag
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = await anonymous.get(link, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
        assert answer.headers["cache-control"] == "private, no-cache"
    head = await anonymous.head(link)
    assert (head.status_code, head.content) == (200, b"")
    assert {name: head.headers[name] for name in ("etag", "content-length", "content-type")} == {
        name: whole.headers[name] for name in ("etag", "content-length", "content-type")
    }
    await schedule(title="Another")
    changed = await anonymous.get(link, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


async def test_what_one_declined_or_left_and_what_is_long_over_is_not_shown(
    staff, users, oid, schedule, meet, task, subscribe, show, apply, feed, monkeypatch
):
    declined = await schedule(staff.max, title="Declined", attendee_oids=users(1))
    await schedule(
        staff.max, title="Team's", team_oids=[str(oid("team", 1))], project_oid=str(oid("project", 1))
    )
    ann = oid("user", 1)
    await meet(ann, title="Recent", days=-89)
    await meet(ann, title="Long over", days=-91)
    start = f"{datetime.now(UTC) - timedelta(days=100):%Y-%m-%d}"
    end = f"{datetime.now(UTC) - timedelta(days=99):%Y-%m-%d}"
    await schedule(title="Goes on", start=start, end=end, recurrence="FREQ=YEARLY;INTERVAL=2")
    closed = await task("Closed")
    await task("Recent task", deadline=(datetime.now(UTC) - timedelta(days=89)).isoformat())
    await task("Old task", deadline=(datetime.now(UTC) - timedelta(days=91)).isoformat())
    link = await subscribe(staff.ann)
    always = {"Recent", "Goes on", "Closed", "Recent task", "Team's"}
    assert (await show(link)).keys() == always | {"Declined"}
    await staff.ann.put(f"/api/meetings/{declined['oid']}/response/", json={"status": "declined"})
    assert (await show(link)).keys() == always
    monkeypatch.setattr(feeds, "MAX_ENTRIES", 2)
    assert (await show(link)).keys() == {"Recent task", "Closed"}
    monkeypatch.undo()
    assert (await staff.ann.patch(closed, json={"status": "cancelled"})).status_code == 200
    # Into another project: the meetings of the team and what was done in the old one are no longer theirs.
    await apply(feed.change("u", 1, user=1, project=2, team=2))
    assert (await show(link)).keys() == {"Recent", "Goes on"}


async def test_a_link_ends_at_once_and_is_kept_as_a_hash_alone(
    staff, subscribe, anonymous, apply, feed, query
):
    assert (await staff.ann.get(CALENDAR)).json() == {"active": False, "created_at": None}
    other = await subscribe(staff.bob)
    made = (await staff.ann.post(CALENDAR)).json()
    first = urlsplit(made["url"]).path
    assert made["url"].startswith("http://127.0.0.1:8005/api/calendar/")
    assert (await staff.ann.get(CALENDAR)).json() == {"active": True, "created_at": made["created_at"]}
    token = first.removeprefix(CALENDAR).removesuffix(".ics")
    assert len(token) == 43
    stored = await query("SELECT token_hash FROM calendar_feed")
    assert (sha256(token.encode()).digest(),) in stored
    second = await subscribe(staff.ann)
    assert [(await anonymous.get(link)).status_code for link in (first, second, other)] == [404, 200, 200]
    assert (await staff.ann.delete(CALENDAR)).status_code == 204
    assert (await staff.ann.delete(CALENDAR)).status_code == 204
    assert [(await anonymous.get(link)).status_code for link in (second, other)] == [404, 200]
    assert (await staff.ann.get(CALENDAR)).json()["active"] is False
    # Who works on nothing any more may have no account any more either.
    await apply(feed.change("d", 2, user=2))
    assert (await anonymous.get(other)).status_code == 404
    await apply(feed.change("u", 2, user=2))
    assert (await anonymous.get(other)).status_code == 200


async def test_nothing_else_is_a_link(staff, subscribe, anonymous):
    link = await subscribe(staff.ann)
    token = link.removeprefix(CALENDAR).removesuffix(".ics")
    wrong = [
        token[:-1],
        token + "a",
        token.swapcase(),
        "a",
        "*",
        "%20",
        "\N{SNOWMAN}",
        "a" * 1900,
        "a.b",
        "%27--",
    ]
    for path in (*(f"{it}.ics" for it in wrong), token, f"{token}/", f"{token}.ics/", f"{token}.ICS", ".ics"):
        for method in ("GET", "HEAD"):
            answer = await anonymous.request(method, CALENDAR + path)
            assert (path, answer.status_code) == (path, 404)
            assert answer.headers["content-type"] == "application/problem+json"
    assert (await anonymous.get(f"{link}?a=1")).status_code == 422
    assert (await anonymous.get(CALENDAR)).status_code == 401


async def test_no_log_holds_the_secret(staff, subscribe, anonymous):
    with capture_logs() as logs:
        link = await subscribe(staff.ann)
        for path in (link, link.removesuffix(".ics"), f"{link}?a=1", link + "x"):
            await anonymous.get(path)
    token = link.removeprefix(CALENDAR).removesuffix(".ics")
    assert len(logs) == 5
    assert token not in str(logs)


async def test_who_tries_links_is_stopped_by_their_address(database, identity, settings):
    app = build_app(
        settings.model_copy(update={"api_rate_limit": "2/minute"}), database, identity.authenticator()
    )
    transport = httpx2.ASGITransport(app=app, client=("192.0.2.1", 1))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8005") as client:
        answers = [await client.get(f"{CALENDAR}{number}.ics") for number in range(3)]
    assert [it.status_code for it in answers] == [404, 404, 429]
    assert int(answers[-1].headers["retry-after"]) > 0
