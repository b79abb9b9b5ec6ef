"""Choices are computed again from what was published of them: whatever was chosen otherwise must show."""

from datetime import UTC, datetime

import pytest

from local_stack.demo.choices import fingerprint, of_job, of_new_tasks
from local_stack.demo.topics import TASKS, Event

ELIGIBLE = ["11", "22", "33"]
# sha256("b:task") modulo 3 is 2, modulo 2 is 1.
CHOSEN, WITHOUT_33 = "33", "22"


def news(assignee, *, version=1, eligible=ELIGIBLE):
    choice = {"strategy": "random", "seed": "b", "eligible_hash": fingerprint(eligible)}
    data = {"oid": "task", "assignee_oid": assignee, "version": version, "choice": choice}
    return Event(TASKS, "task", "task.assigned.v1", "1", {"data": data}, datetime.now(UTC))


def proof(after, *, before="33", eligible=ELIGIBLE):
    pool = {"number": 1, "eligible": eligible, "eligible_hash": fingerprint(eligible)}
    choice = {"task_oid": "task", "pool": 1, "before_oid": before, "after_oid": after, "reason": None}
    return {"seed": "b", "pools": [pool], "choices": [choice]}


@pytest.mark.parametrize(
    ("event", "different"),
    [(news(CHOSEN), 0), (news("11"), 1), (news(CHOSEN, eligible=["11", "22"]), 1)],
    ids=["right", "somebody else", "among others"],
)
def test_the_choice_at_a_creation_is_checked(event, different):
    count = of_new_tasks([event, news("11", version=2)], ["task"], ELIGIBLE)
    assert (count.made, count.different, count.is_exact) == (1, different, not different)


def test_choices_of_other_tasks_are_none_of_ours():
    assert of_new_tasks([news("11")], ["another"], ELIGIBLE).made == 0


@pytest.mark.parametrize(
    ("given", "different"),
    [
        (proof(WITHOUT_33), 0),
        (proof(CHOSEN, before="44"), 0),
        (proof(CHOSEN), 1),
        (proof("22", eligible=["11", "22"]), 1),
    ],
    ids=["without the present one", "the present one has left", "the present one again", "among others"],
)
def test_the_choices_of_a_job_are_checked(given, different):
    count = of_job(given, ELIGIBLE)
    assert (count.made, count.different) == (1, different)
