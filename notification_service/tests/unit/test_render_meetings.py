"""The words of the mails about meetings, by the reader's clock."""

import re

import pytest

from notification.kinds import Kind

INVITED = """\
You are asked to a meeting

Hello, Ann! Maria Lind asks you to come.

Meeting: Atlas: weekly
When: Monday, 23 November 2026, 12:00–13:00 (UTC+03:00)
Local time: Monday, 23 November 2026, 10:00–11:00 (Europe/Berlin)
Place: Room 4
Project: Atlas
Team: Core
Organizer: Maria Lind

Open the meeting's link:
https://meet.example/1?a=1&b=2

Agenda:
  1. What is open
  2. *Who* does it

--\x20
Team Suite sent this message because it is about a meeting of yours. Replies go to Maria Lind.
"""

CANCELLED_RU = """\
Встреча отменена

Здравствуйте, Ann! Она не состоится.

Встреча: Atlas: weekly
Когда: понедельник, 23 ноября 2026, 12:00–13:00 (UTC+03:00)
Местное время: понедельник, 23 ноября 2026, 10:00–11:00 (Europe/Berlin)
Место: Room 4
Проект: Atlas
Команда: Core
Организатор: Maria Lind

--\x20
Team Suite отправил это письмо, потому что оно о вашей встрече. Ответ на него получит Maria Lind.
"""


@pytest.fixture(scope="module")
def render(letter, renderer):
    return lambda *arguments, **changed: renderer.render(letter(*arguments, **changed))


def test_an_invitation_says_all(render):
    page = render(Kind.INVITED)
    assert page.subject == "Invitation: Atlas: weekly"
    assert page.text == INVITED
    assert 'href="https://meet.example/1?a=1&amp;b=2"' in page.html
    assert "1. What is open<br />2. *Who* does it" in page.html


def test_a_cancellation_says_so_in_the_readers_language(render):
    page = render(Kind.MEETING_CANCELLED, locale="ru")
    assert page.subject == "Встреча отменена: Atlas: weekly"
    assert page.text == CANCELLED_RU


def test_who_is_no_longer_asked_reads_that_it_takes_place_without_them(render):
    page = render(Kind.MEETING_CANCELLED, of={"status": "scheduled"})
    assert page.subject == "You are no longer asked to: Atlas: weekly"
    assert "It takes place without you." in page.text


def test_a_change_says_from_what_to_what(render):
    page = render(Kind.MEETING_CHANGED)
    assert "Place: Room 3 → Room 4" in page.text
    assert (
        "When: Monday, 23 November 2026, 11:30–13:00 (UTC+03:00)"
        " → Monday, 23 November 2026, 12:00–13:00 (UTC+03:00)" in page.text
    )
    assert "Meeting: Atlas: weekly\n" in page.text
    assert ">Room 3</del>" in page.html


@pytest.mark.parametrize(
    ("before", "line"),
    [
        ({"title": "Old name"}, "Meeting: Old name → Atlas: weekly"),
        ({"place": None}, "Place: none → Room 4"),
        ({"link": None}, "Link: none → https://meet.example/1?a=1&b=2"),
        ({"link": "javascript:alert(1)"}, "Link: none → https://meet.example/1?a=1&b=2"),
        ({"recurrence": "FREQ=DAILY"}, "Repeats: every day → none"),
        ({"exceptions": []}, "Single dates: changed"),
        (
            {"all_day": True, "start": "2026-11-23", "end": "2026-11-24"},
            "When: Monday, 23 November 2026, all day → Monday, 23 November 2026, 12:00–13:00 (UTC+03:00)",
        ),
    ],
)
def test_whatever_changed_is_shown(render, before, line):
    assert line in render(Kind.MEETING_CHANGED, before=before).text


def test_to_who_is_invited_only_now_nothing_has_changed(render):
    assert "→" not in render(Kind.INVITED, before={"place": "Room 3"}).text


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", None])
def test_whole_days_are_the_same_days_for_everybody(render, zone):
    days = {"all_day": True, "start": "2026-12-03", "end": "2026-12-05"}
    text = render(Kind.INVITED, of=days, time_zone=zone).text
    assert "When: Thursday, 3 December 2026 – Friday, 4 December 2026, all day" in text
    assert "Time zone: Europe/Berlin" in text


def test_the_meetings_zone_is_not_named_where_the_reader_is_in_it(render):
    assert "Local time" not in render(Kind.INVITED, time_zone="Europe/Berlin").text


def test_a_meeting_over_midnight_names_both_days(render):
    text = render(Kind.INVITED, of={"end": "2026-11-24T01:00:00+01:00"}).text
    assert "When: Monday, 23 November 2026, 12:00 – Tuesday, 24 November 2026, 03:00 (UTC+03:00)" in text


def test_a_series_says_how_often_and_when_next(render):
    series = {
        "recurrence": "FREQ=WEEKLY;BYDAY=MO",
        "next_start": "2026-11-30T09:00:00Z",
        "next_end": "2026-11-30T10:00:00Z",
    }
    text = render(Kind.INVITED, of=series).text
    assert "Repeats: every week: Monday\n" in text
    assert "Next time: Monday, 30 November 2026, 12:00–13:00 (UTC+03:00)" in text
    first = {"next_start": "2026-11-23T09:00:00Z", "next_end": "2026-11-23T10:00:00Z"}
    assert "Next time" not in render(Kind.INVITED, of=series | first).text


def test_a_reminder_says_how_soon_it_begins(render):
    page = render(Kind.MEETING_REMINDER)
    assert page.subject == "Begins in 15 minutes: Atlas: weekly"
    assert "When: Sunday, 22 November 2026, 01:45–02:45 (UTC+03:00)" in page.text
    assert render(Kind.MEETING_REMINDER, locale="ru").subject == "Начало через 15 минут: Atlas: weekly"


EVIL = "<script>alert(1)</script>\r\nBcc: eve@evil.example {{ 7*7 }} \u202eexe.gpj\u2066"


@pytest.mark.parametrize("kind", [Kind.INVITED, Kind.MEETING_CHANGED, Kind.MEETING_CANCELLED])
def test_what_people_type_stays_text(render, kind):
    evil = dict.fromkeys(("title", "agenda", "place", "project_name", "team_name"), EVIL)
    person = {"name": EVIL, "email": "eve@evil.example"}
    page = render(kind, name=EVIL, of={**evil, "organizer": person, "link": "javascript:alert(1)"})
    assert "<script" not in page.html
    assert "javascript" not in page.html + page.text
    assert "\n" not in page.subject
    assert not re.search("[\r\u202e\u2066]", page.subject + page.text + page.html)
    for body in (page.text, page.html):
        assert "{{ 7*7 }}" in body
        assert "49" not in body
    assert "<script>alert(1)</script> Bcc: eve@evil.example {{ 7*7 }} exe.gpj" in page.text


def test_a_long_agenda_is_cut(render):
    agenda = "\n".join(f"{number}. {'x' * 300}" for number in range(100))
    text = render(Kind.INVITED, of={"agenda": agenda}).text
    assert "  19. xxx" in text
    assert "  20. xxx" not in text
    assert max(map(len, text.splitlines())) <= 202
    assert "  …\n" in text


def test_a_zone_that_is_none_does_no_harm(render):
    text = render(Kind.INVITED, of={"time_zone": "../etc/passwd"}).text
    assert "When: Monday, 23 November 2026, 12:00–13:00 (UTC+03:00)" in text
    assert "passwd" not in text
