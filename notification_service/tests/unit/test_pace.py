"""How fast mails may go to one domain: whoever must wait knows until when, and the others pass."""

from collections import deque

import pytest

from notification.delivery.pace import Pace
from notification.settings import DomainLimit
from service_kit.testing import ManualClock


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def make(clock):
    def make_pace(**limits):
        named = {name.replace("_", "."): DomainLimit(**limit) for name, limit in limits.items()}
        return Pace({"*" if name == "others" else name: limit for name, limit in named.items()}, clock)

    return make_pace


def waits(pace, count, address="ann@slow.example", in_hand=()):
    judge = pace.beside(in_hand)
    return [round(judge(address), 3) for _ in range(count)]


async def test_after_a_quiet_time_a_second_worth_may_go_and_the_rest_stand_in_line(make):
    pace = make(slow_example={"per_second": 4})
    assert waits(pace, 7) == [0, 0, 0, 0, 0.25, 0.5, 0.75]


async def test_who_waited_for_its_place_goes_then(make, clock):
    pace = make(slow_example={"per_second": 4})
    waits(pace, 7)
    for _ in range(3):
        await clock.advance(0.25)
        assert waits(pace, 2)[0] == 0


async def test_no_second_brings_more_than_the_rate(make, clock):
    """Each mail that must wait comes back when it was told to, together with new ones."""
    pace, sent = make(slow_example={"per_second": 5}), []
    line = deque([0.0] * 40)
    while line and clock.monotonic() < 60:
        judge = pace.beside([])
        for due in [due for due in line if due <= clock.monotonic()]:
            line.remove(due)
            if wait := judge("ann@slow.example"):
                line.append(clock.monotonic() + wait)
            else:
                sent.append(clock.monotonic())
        await clock.advance(0.05)
    assert len(sent) == 40
    assert max(sum(at <= other < at + 1 for other in sent) for at in sent) <= 10
    assert 6 <= sent[-1] <= 9


async def test_a_busy_domain_holds_up_no_other(make):
    pace = make(others={"per_second": 1})
    judge = pace.beside([])
    assert [judge("ann@slow.example") > 0 for _ in range(3)] == [False, True, True]
    assert judge("bob@company.example") == 0


async def test_a_domain_of_its_own_limit_is_none_of_the_others(make):
    pace = make(others={"per_second": 1}, slow_example={})
    assert waits(pace, 50) == [0] * 50


async def test_no_more_are_on_their_way_than_may_be(make):
    pace = make(others={"concurrency": 3})
    assert [wait == 0 for wait in waits(pace, 4, in_hand=["slow.example", "company.example"])] == [
        True, True, False, False,
    ]  # fmt: skip


async def test_who_waits_for_a_connection_waits_as_long_as_one_takes(make):
    pace = make(others={"concurrency": 2})
    waits(pace, 1)
    for _ in range(50):
        pace.took("slow.example", 3)
    assert waits(pace, 3, in_hand=["slow.example"] * 2) == [1.5, 3, 4.5]


async def test_a_domain_is_the_same_in_every_spelling(make):
    pace = make(почта_рф={"per_second": 1})
    judge = pace.beside([])
    assert judge("ann@ПОЧТА.РФ") == 0
    assert judge("bob@xn--80a1acny.xn--p1ai") == 1


async def test_what_is_no_address_fails_at_once_and_not_later(make):
    assert waits(make(others={"per_second": 1}), 3, address="nobody") == [0, 0, 0]


async def test_domains_of_long_ago_are_forgotten(make, clock):
    pace = make(others={"per_second": 1})
    judge = pace.beside([])
    for number in range(10_000):
        judge(f"ann@d{number}.example")
    await clock.advance(61)
    judge("ann@one-more.example")
    assert len(pace._lines) == 1


def test_a_limit_of_no_domain_is_an_error_that_names_the_setting(make):
    with pytest.raises(ValueError, match="NOTIFICATION_DOMAIN_LIMITS names 'not a domain'"):
        Pace({"not a domain": DomainLimit()}, ManualClock())
