"""The words of the mails about tasks that are due."""

from datetime import UTC, datetime, timedelta

import pytest

from notification.kinds import Kind

DEADLINE = datetime(2026, 11, 22, 21, 30, tzinfo=UTC)
DUE = """\
A task is due in 23 hours

Hello, Ann! It is assigned to you and not done yet.

Task: Atlas: close the books
Project: Atlas
Deadline: 23 November 2026, 00:30 (UTC+03:00)
Time left: 23 hours
Local time: 23 November 2026, 06:30 (UTC+09:00), Asia/Tokyo
Priority: high
Status: new

--\x20
Team Suite sent this message because this task is assigned to you. Replies to it are not read.
"""


@pytest.fixture(scope="module")
def render(letter, renderer):
    return lambda *arguments, **changed: renderer.render(letter(*arguments, **changed))


def test_a_reminder_says_when_it_is_due_and_how_long_that_is(render):
    page = render(Kind.TASK_REMINDER)
    assert page.subject == "Due in 23 hours: Atlas: close the books"
    assert page.text == DUE


@pytest.mark.parametrize(
    ("left", "en", "ru"),
    [
        (timedelta(seconds=1), "in 1 minute", "через 1 минуту"),
        (timedelta(minutes=59, seconds=40), "in 60 minutes", "через 60 минут"),
        (timedelta(minutes=90), "in 90 minutes", "через 90 минут"),
        (timedelta(hours=22), "in 22 hours", "через 22 часа"),
        (timedelta(hours=23, minutes=59, seconds=50), "in 24 hours", "через 24 часа"),
        (timedelta(days=3), "in 3 days", "через 3 дня"),
    ],
)
def test_the_time_left_is_reckoned_when_the_mail_goes(render, left, en, ru):
    for locale, words in (("en", f"Due {en}: "), ("ru", f"Срок {ru}: ")):
        assert render(Kind.TASK_REMINDER, locale=locale, now=DEADLINE - left).subject.startswith(words)


def test_an_overdue_task_says_since_when_and_how_long(render):
    page = render(Kind.TASK_OVERDUE)
    assert page.subject == "Overdue: Atlas: close the books"
    assert "Deadline: 20 November 2026, 00:30 (UTC+03:00)" in page.text
    assert "Overdue: 2 days" in page.text
    assert "Просрочка: 2 дня" in render(Kind.TASK_OVERDUE, locale="ru").text


def test_a_task_that_was_meant_by_the_readers_clock_shows_one_time(render):
    for zone in ("Europe/Moscow", None):
        assert "Local time" not in render(Kind.TASK_REMINDER, of={"deadline_time_zone": zone}).text


def test_what_people_type_stays_text(render):
    evil = "<script>x</script>\r\nBcc: eve@evil.example {{ 7*7 }} \u202e"
    page = render(Kind.TASK_REMINDER, of={"title": evil, "project_name": evil, "priority": evil})
    assert "<script" not in page.html
    assert "{{ 7*7 }}" in page.html
    assert page.subject == "Due in 23 hours: <script>x</script> Bcc: eve@evil.example {{ 7*7 }}"
    assert "\u202e" not in page.text + page.html
