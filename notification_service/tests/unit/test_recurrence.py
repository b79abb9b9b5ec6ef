"""Recurrence rules in words."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notification.mail.reader import Reader
from notification.mail.recurrence import in_words

BERLIN = ZoneInfo("Europe/Berlin")
EN, RU = Reader("en", BERLIN), Reader("ru", BERLIN)


@pytest.mark.parametrize(
    ("rule", "en", "ru"),
    [
        ("FREQ=DAILY", "every day", "каждый день"),
        ("FREQ=DAILY;INTERVAL=2", "every 2 days", "каждые 2 дня"),
        ("FREQ=DAILY;INTERVAL=21", "every 21 days", "каждый 21 день"),
        ("FREQ=WEEKLY;BYDAY=MO,WE", "every week: Monday, Wednesday", "каждую неделю: понедельник, среда"),
        ("FREQ=WEEKLY;INTERVAL=5;WKST=SU", "every 5 weeks", "каждые 5 недель"),
        ("FREQ=MONTHLY;COUNT=1", "every month, 1 time", "каждый месяц, 1 раз"),
        ("FREQ=MONTHLY;INTERVAL=3;COUNT=4", "every 3 months, 4 times", "каждые 3 месяца, 4 раза"),
        (
            "FREQ=YEARLY;UNTIL=20261231",
            "every year, until 31 December 2026",
            "каждый год, до 31 декабря 2026",
        ),
        (
            "FREQ=YEARLY;INTERVAL=2;UNTIL=20261231T233000Z",
            "every 2 years, until 1 January 2027",
            "каждые 2 года, до 1 января 2027",
        ),
    ],
)
def test_a_simple_rule_is_told(rule, en, ru):
    assert (in_words(rule, BERLIN, EN), in_words(rule, BERLIN, RU)) == (en, ru)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=MONTHLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=MONTHLY;BYMONTHDAY=15",
        "FREQ=HOURLY",
        "FREQ=DAILY;UNTIL=soon",
        "FREQ=DAILY;UNTIL=00010101T000000Z",
        "FREQ=DAILY;INTERVAL=x",
        "",
    ],
)
def test_any_other_only_repeats(rule):
    assert in_words(rule, ZoneInfo("America/New_York"), EN) == "repeats"


@given(st.text(max_size=60) | st.from_regex(r"FREQ=(DAILY|WEEKLY);(COUNT|INTERVAL|UNTIL|BYDAY)=\w{0,20}"))
def test_no_rule_stops_a_mail(rule):
    assert in_words(rule, BERLIN, RU)
