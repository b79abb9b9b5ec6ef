"""Following people by their account events: the newest state wins, however often and late the others come."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notification.events import Account
from notification.service.accounts import follow
from service_kit.business import BusinessEvent
from service_kit.messages import Message

AT = datetime(2026, 11, 21, 10, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
ANN = UUID(int=1)


def event(number, *, at=None, since=None, offset=None, what="updated", oid=ANN, **changed):
    """The event `number` of a person, a millisecond after the one before."""
    at = at or AT + timedelta(milliseconds=number)
    account = Account(
        **{
            "uid": oid,
            "username": "ann",
            "name": "Ann",
            "surname": "Reed",
            "email": "ann@company.example",
            "role": "employee",
            "is_active": True,
            "locale": "en",
            "time_zone": "Europe/London",
            "updated_at": since or at,
            **changed,
        }
    )
    place = Message("account-bus", 0, number if offset is None else offset, b"1", b"{}")
    return BusinessEvent(UUID(int=1000 + number), f"account.{what}.v1", at, account, place)


def hear(*events, known=None, oldest_news=LONG_AGO):
    return follow(known or {}, events, oldest_news=oldest_news)


def told(followed):
    return [(intent.kind, intent.recipient) for intent in followed.intents]


def test_a_first_sight_tells_nobody():
    followed = hear(event(1, what="created"), event(2, oid=UUID(int=2), role="manager"))
    assert told(followed) == []
    assert {row["name"] for row in followed.people.values()} == {"Ann Reed"}


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"name": "Anna"},
        {"locale": "ru"},
        {"time_zone": "Asia/Tokyo"},
        {"email": "Ann@Company.example"},
    ],
)
def test_nobody_is_told_of_what_concerns_no_access(changed):
    assert told(hear(event(1), event(2, **changed))) == []


def test_another_address_is_told_to_the_old_one():
    (mail,) = hear(event(1), event(2, email="eve@other.example", locale="ru")).intents
    assert (mail.kind, mail.recipient, mail.locale) == ("email_changed", "ann@company.example", "ru")
    assert mail.payload["account"] == {"old_email": "ann@company.example", "new_email": "eve@other.example"}
    assert mail.subject == f"account:{ANN}"


def test_a_first_address_is_told_to_nobody():
    assert told(hear(event(1, email=""), event(2))) == []


def test_other_access_is_told_to_the_person_even_if_it_ends():
    (mail,) = hear(event(1), event(2, role="manager", is_active=False)).intents
    assert (mail.kind, mail.recipient) == ("access_changed", "ann@company.example")
    assert mail.payload["account"] == {
        "role": "manager",
        "old_role": "employee",
        "is_active": False,
        "was_active": True,
    }


def test_one_event_may_be_two_kinds_of_news():
    followed = hear(event(1), event(2, email="ann@new.example", role="admin"))
    assert told(followed) == [
        ("email_changed", "ann@company.example"),
        ("access_changed", "ann@new.example"),
    ]
    assert len({intent.id for intent in followed.intents}) == 2


def test_nobody_is_told_that_an_account_is_gone_or_back():
    followed = hear(event(1), event(2, what="deleted", role="manager"), event(3, role="admin"))
    assert told(followed) == []
    assert followed.people[ANN]["deleted"] is False


def test_what_a_restore_undid_is_followed_and_told_to_nobody():
    followed = hear(event(1), event(5, role="admin"), event(9, since=AT + timedelta(milliseconds=1)))
    assert told(followed) == [("access_changed", "ann@company.example")]
    assert followed.people[ANN]["role"] == "employee"


def test_two_changes_of_one_transaction_are_told():
    begun = AT + timedelta(milliseconds=1)
    followed = hear(event(0), event(2, since=begun, role="manager"), event(3, since=begun, role="admin"))
    assert [intent.payload["account"]["old_role"] for intent in followed.intents] == ["employee", "manager"]


def test_of_one_millisecond_the_later_in_kafka_is_newer():
    first, second = event(1, at=AT, role="manager"), event(2, at=AT, role="admin")
    assert hear(first, second).people[ANN]["role"] == "admin"
    assert hear(second, first).people[ANN]["role"] == "admin"


def test_old_news_moves_the_person_only():
    followed = hear(event(1), event(2, role="admin"), oldest_news=AT + timedelta(hours=1))
    assert told(followed) == []
    assert followed.people[ANN]["role"] == "admin"


STATES = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["employee", "manager", "admin"]),
        "email": st.sampled_from(["", "ann@a.example", "ann@b.example"]),
        "is_active": st.booleans(),
        "what": st.sampled_from(["updated", "updated", "deleted"]),
    }
)


@given(data=st.data())
def test_whatever_comes_again_or_late_makes_nobody_older_and_mails_nobody(data):
    history = [event(number, **state) for number, state in enumerate(data.draw(st.lists(STATES, min_size=1)))]
    deliveries = data.draw(st.lists(st.sampled_from(range(len(history))), min_size=1))
    known, intents, newest = {}, [], []
    while deliveries:
        size = data.draw(st.integers(1, len(deliveries)))
        batch, deliveries = deliveries[:size], deliveries[size:]
        # Each time it stands elsewhere in Kafka.
        places = [Message("account-bus", 0, data.draw(st.integers(0, 2**40)), b"1", b"{}") for _ in batch]
        events = [
            history[number]._replace(message=place) for number, place in zip(batch, places, strict=True)
        ]
        followed = follow(known, events, oldest_news=LONG_AGO)
        known = {**known, **followed.people}
        intents += followed.intents
        for number in batch:
            if number > max(newest, default=-1):
                newest.append(number)
    last = history[newest[-1]]
    assert (known[ANN]["role"], known[ANN]["email"]) == (last.data.role, last.data.email)
    assert known[ANN]["deleted"] == (last.type == "account.deleted.v1")
    assert len({intent.id for intent in intents}) == len(intents)
    steps = [(history[before], history[after]) for before, after in pairwise(newest)]
    assert len(intents) == sum(news_between(*step) for step in steps)


def news_between(before, after):
    """How many mails the step from one event to another calls for."""
    if "account.deleted.v1" in (before.type, after.type):
        return 0
    was, now = before.data, after.data
    moved = was.email not in ("", now.email)
    return moved + ((was.role, was.is_active) != (now.role, now.is_active))
