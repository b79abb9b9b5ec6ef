"""The checker itself: it must see every kind of fault that the tests beside it rely on it to see."""

from collections import Counter
from uuid import UUID, uuid4

import pytest

from harness.history import (
    check_applied,
    check_intents,
    check_mails,
    check_mails_after_deaths,
    check_rows,
)
from harness.ledger import Ledger, Version
from harness.projection import Applied

ANN, BOB = UUID(int=1), UUID(int=2)
FIRST = {"project_id": 1, "team_id": None, "application_url": None, "user_oid": ANN}
SECOND = FIRST | {"team_id": 5}


@pytest.fixture
def ledger() -> Ledger:
    """Assignment 1 was made, moved and ended; assignment 2 was made and handed over."""
    ledger = Ledger()
    ledger.commit([(1, Version(100, FIRST)), (1, Version(200, SECOND)), (1, Version(300, None))])
    ledger.commit([(2, Version(400, FIRST)), (2, Version(500, FIRST | {"user_oid": BOB}))])
    return ledger


def applied(*entries: tuple[int, int, dict | None]) -> list[Applied]:
    return [Applied(id_, lsn, state is None, state or {}) for id_, lsn, state in entries]


def intents(*entries: tuple[int, int, str, UUID]) -> list[dict]:
    names = ("assignment_id", "lsn", "kind", "user_oid")
    return [dict(zip(names, entry, strict=True)) | {"epoch": 1} for entry in entries]


RIGHT = [
    *[(1, 110, "assigned", ANN), (1, 210, "changed", ANN), (1, 310, "removed", ANN)],
    *[(2, 410, "assigned", ANN), (2, 510, "removed", ANN), (2, 510, "assigned", BOB)],
]


def test_a_right_end_has_no_problem(ledger):
    assert check_rows(ledger, {2: FIRST | {"user_oid": BOB}}) == []


@pytest.mark.parametrize(
    ("arrived", "problem"),
    [
        ({}, "lost: assignment 2"),
        ({2: FIRST}, "lost: assignment 2 shows"),
        ({1: SECOND, 2: FIRST | {"user_oid": BOB}}, "ghost: assignment 1"),
    ],
)
def test_a_wrong_end_is_seen(ledger, arrived, problem):
    [found] = check_rows(ledger, arrived)
    assert found.startswith(problem)


@pytest.mark.parametrize(
    "way",
    [
        [(1, 100, FIRST), (1, 250, SECOND), (1, 301, None)],
        [(1, 299, SECOND), (1, 300, None)],  # a batch may skip what the same batch replaces
        [(1, 150, FIRST), (2, 450, FIRST), (1, 310, None)],
        [(1, 150, FIRST), (1, 0, None)],  # a sweep
    ],
)
def test_a_right_way_has_no_problem(ledger, way):
    assert check_applied(ledger, applied(*way)) == []


@pytest.mark.parametrize(
    ("way", "problem"),
    [
        ([(1, 100, FIRST), (1, 101, FIRST)], "twice: version 0"),
        ([(1, 210, SECOND), (1, 110, FIRST)], "order: 1, 0"),
        ([(1, 110, SECOND)], "ghost: version 0 of assignment 1 shows"),
        ([(1, 99, FIRST)], "ghost: a state of assignment 1 at 99"),
        ([(1, 310, FIRST)], "ghost: a state of assignment 1 at 310"),
        ([(9, 100, FIRST)], "ghost: assignment 9 was never committed"),
    ],
)
def test_a_wrong_way_is_seen(ledger, way, problem):
    [found] = check_applied(ledger, applied(*way))
    assert found.startswith(problem)


def test_the_exact_set_of_mails_has_no_problem(ledger):
    assert check_intents(ledger, intents(*RIGHT)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        RIGHT[1:],
        [*RIGHT, (1, 320, "removed", ANN)],
        [*RIGHT, (3, 600, "assigned", ANN)],
        [(1, 110, "assigned", BOB), *RIGHT[1:]],
        [(1, 110, "changed", ANN), (1, 210, "assigned", ANN), *RIGHT[2:]],
    ],
    ids=["missing", "twice", "of nobody's change", "to somebody else", "in another order"],
)
def test_another_set_of_mails_is_seen(ledger, wrong):
    assert len(check_intents(ledger, intents(*wrong))) == 1


def mail(state: str, detail: str | None = None) -> dict:
    return {"id": uuid4(), "message_id": "<1@x>", "state": state, "detail": detail}


@pytest.mark.parametrize(
    ("row", "caught", "problems"),
    [
        (mail("accepted"), {"<1@x>": 1}, 0),
        (mail("accepted"), {"<1@x>": 2}, 1),
        (mail("accepted"), {}, 1),
        (mail("suppressed", "the assignment has ended meanwhile"), {}, 0),
        (mail("suppressed", "the assignment has ended meanwhile"), {"<1@x>": 1}, 1),
        (mail("suppressed", "for no good reason"), {}, 2),
        (mail("bounced", "550"), {"<1@x>": 1}, 1),
        (mail("accepted"), {"<1@x>": 1, "<2@x>": 1}, 1),
    ],
)
def test_every_planned_mail_is_caught_once_and_no_other(row, caught, problems):
    assert len(check_mails([row], Counter(caught))) == problems


@pytest.mark.parametrize(
    ("state", "in_doubt", "times", "problems"),
    [
        ("accepted", True, 1, 0),
        ("accepted", True, 2, 0),
        ("accepted", True, 3, 1),
        ("accepted", True, 0, 1),
        ("unconfirmed", True, 0, 0),
        ("unconfirmed", True, 2, 0),
        ("unconfirmed", True, 3, 1),
        ("bounced", True, 1, 1),
        ("accepted", False, 1, 0),
        ("accepted", False, 2, 1),
        ("unconfirmed", False, 1, 1),
    ],
)
def test_only_what_a_dead_sender_had_in_its_hands_may_come_twice(state, in_doubt, times, problems):
    row = {**mail(state), "in_doubt": in_doubt}
    assert len(check_mails_after_deaths([row], Counter({row["message_id"]: times}))) == problems
