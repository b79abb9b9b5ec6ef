"""The demo's counting: whatever is lost, twice, wrong or uncalled for must show."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from local_stack.demo.audit import compare, count_events
from local_stack.demo.choices import ChoiceCount
from local_stack.demo.eventbook import EventBook
from local_stack.demo.invitations import Invitation
from local_stack.demo.ledger import (
    ASSIGNED,
    CHANGED,
    INVITED,
    REMOVED,
    TASK_ASSIGNED,
    TASK_UNASSIGNED,
    Ledger,
)
from local_stack.demo.report import Outcome, hints
from local_stack.demo.services import CaughtMail
from local_stack.demo.state import Assignment, Person, Picture
from local_stack.demo.topics import ACCOUNTS, MEETINGS, REASSIGNMENTS, REMINDERS, TASKS, Event
from local_stack.paths import StatePaths

ANNA = Person("anna@x.example", "Анна", "employee", "ru", "Europe/Moscow")
BORIS = Person("boris@x.example", "Борис", "manager", "ru", "UTC")
CORE = Assignment(ANNA.email, "Bank", "Core", "")
WEB = Assignment(BORIS.email, "Bank", "Web", "https://hr.example/1")


def event(topic, key, type_, data):
    return Event(topic, key, type_, str(uuid4()), {"data": data}, datetime.now(UTC))


def told(person, **more):
    return {"email": person.email, **more}


def given(oid, *, by, before=None):
    """A task goes to somebody, by what somebody does."""
    return {"assignee_oid": oid, "before": {"assignee_oid": before} if before else {}, "actor_oid": by}


def due(*people, kind="task_hour_before"):
    return {"kind": kind, "recipients": [told(person) for person in people]}


def record(number, kind, **more):
    return {
        "id": str(number),
        "message_id": f"<{number}>",
        "kind": kind,
        "digest_id": None,
        "reason": None,
        **more,
    }


class Books:
    """A company of two with one assignment each, as every side shows it."""

    def __init__(self):
        self.ledger = Ledger(frozenset({ANNA, BORIS}))
        self.ledger.assign([CORE, WEB])
        self.committed = self.shown = self.ledger.picture
        self.caught = [CaughtMail("<1>", (ANNA.email,)), CaughtMail("<2>", (BORIS.email,))]
        self.records = [record(n, ASSIGNED) for n in (1, 2, 3)]
        self.book = EventBook()
        self.book.account(ANNA.email, "account.created.v1")
        self.book.task("t1", "task.created.v1", "task.completed.v1")
        self.book.reassigned("j1", {"t1": "boris"})
        self.book.meeting("m1", "meeting.scheduled.v1", {ANNA.email: "invite"})
        self.book.reminded("t1", "task_hour_before", ANNA.email)
        self.arrived = [
            event(ACCOUNTS, "anna", "account.created.v1", {"email": ANNA.email}),
            event(TASKS, "t1", "task.created.v1", {}),
            event(TASKS, "t1", "task.completed.v1", {}),
            event(TASKS, "t1", "task.assigned.v1", given("boris", by="boris")),
            event(REASSIGNMENTS, "j1", "tasks.reassigned.v1", {"t1": "boris"}),
            event(MEETINGS, "m1", "meeting.scheduled.v1", {"recipients": [told(ANNA, action="invite")]}),
            event(REMINDERS, "t1", "reminder.due.v1", due(ANNA)),
        ]

    def audit(self):
        sides = (self.ledger, self.committed, self.shown, self.caught, self.records)
        topics = {"arrived": self.arrived, "oids": {ANNA.email: "anna", BORIS.email: "boris"}}
        return compare(*sides, **topics, events=count_events(self.book, self.arrived), choices=[])

    def state(self, thing):
        return next(count for count in self.audit().states if count.thing == thing)

    def mail(self, kind):
        return next(count for count in self.audit().mails if count.kind == kind)

    def event(self, topic):
        return next(count for count in self.audit().events if count.topic == topic)


@pytest.fixture
def books():
    return Books()


def test_a_faithful_suite_is_exact(books):
    assert books.audit().is_exact
    assert books.mail(ASSIGNED).told == 2


def test_an_assignment_that_did_not_arrive_is_lost(books):
    books.shown = Picture.of([ANNA, BORIS], [CORE])
    assert (books.state("assignments").lost, books.state("people").lost) == (1, 1)
    assert not books.audit().is_exact


@pytest.mark.parametrize("wrong", [{"link": ""}, {"team": "Core"}, {"project": "Shop"}])
def test_an_assignment_with_a_wrong_field_is_lost_and_surplus(books, wrong):
    books.shown = Picture.of([ANNA, BORIS], [CORE, replace(WEB, **wrong)])
    assert (books.state("assignments").lost, books.state("assignments").surplus) == (1, 1)


@pytest.mark.parametrize("field", ["name", "role", "locale", "time_zone"])
def test_a_person_with_a_wrong_field_is_lost_and_surplus(books, field):
    books.shown = Picture.of([replace(ANNA, **{field: "other"}), BORIS], [CORE, WEB])
    assert (books.state("people").lost, books.state("people").surplus) == (1, 1)


def test_an_assignment_that_is_shown_twice_is_surplus(books):
    books.shown = replace(books.shown, assignments=Counter([CORE, WEB, WEB]))
    assert books.state("assignments").surplus == 1


def test_an_admin_that_commits_something_else_is_not_exact(books):
    books.committed = books.shown = Picture.of([ANNA, BORIS], [CORE])
    assert not books.audit().admin_is_right
    assert not books.audit().is_exact


def test_a_mail_that_was_not_caught_is_lost(books):
    del books.caught[0]
    assert books.mail(ASSIGNED).lost == 1
    assert not books.audit().is_exact


def test_the_same_mail_caught_twice_is_a_duplicate(books):
    books.caught.append(books.caught[0])
    assert books.mail(ASSIGNED).duplicate == 1
    assert not books.audit().is_exact


def test_a_second_mail_about_one_change_is_uncalled_for(books):
    books.caught.append(CaughtMail("<3>", (ANNA.email,)))
    assert books.mail(ASSIGNED).uncalled == 1
    assert not books.audit().is_exact


def test_a_mail_to_the_wrong_person_is_lost_and_uncalled_for(books):
    books.caught[1] = CaughtMail("<2>", (ANNA.email,))
    assert (books.mail(ASSIGNED).lost, books.mail(ASSIGNED).uncalled) == (1, 1)


def test_a_mail_that_the_notifier_does_not_know_is_uncalled_for(books):
    books.caught.append(CaughtMail("<9>", (ANNA.email,)))
    assert books.mail("unknown").uncalled == 1
    assert not books.audit().is_exact


def test_what_comes_together_is_told_as_well_as_what_comes_alone(books):
    books.records = [
        record(1, ASSIGNED),
        record(2, ASSIGNED, digest_id="9"),
        record(3, CHANGED, digest_id="9"),
        record(9, "digest"),
    ]
    books.ledger.mails[BORIS.email, CHANGED] += 1
    books.caught[1] = CaughtMail("<9>", (BORIS.email,))
    assert books.audit().is_exact
    assert (books.mail(ASSIGNED).told, books.mail(ASSIGNED).together) == (2, 1)
    books.caught.append(books.caught[1])
    assert books.mail("digest").duplicate == 1
    del books.caught[1:]
    assert (books.mail(ASSIGNED).lost, books.mail(CHANGED).lost) == (1, 1)


def test_who_gets_a_task_and_who_loses_it_are_told_but_not_of_what_they_did(books):
    books.book.assigned("t2", "boris")
    books.arrived.append(event(TASKS, "t2", "task.assigned.v1", given("boris", by="admin", before="anna")))
    assert [books.mail(kind).lost for kind in (TASK_ASSIGNED, TASK_UNASSIGNED)] == [1, 1]
    books.records += [record(4, TASK_ASSIGNED), record(5, TASK_UNASSIGNED)]
    books.caught += [CaughtMail("<4>", (BORIS.email,)), CaughtMail("<5>", (ANNA.email,))]
    assert books.audit().is_exact


def test_of_a_task_that_somebody_gets_and_loses_at_once_nobody_is_told(books):
    books.book.assigned("t2", "anna")
    books.book.task("t2", "task.unassigned.v1")
    given_and_taken = (given("anna", by="admin"), given(None, by="admin", before="anna"))
    kinds = ("task.assigned.v1", "task.unassigned.v1")
    books.arrived += [event(TASKS, "t2", *it) for it in zip(kinds, given_and_taken, strict=True)]
    void = {"reason": "stale", "user_oid": "anna"}
    books.records += [record(4, TASK_ASSIGNED, **void), record(5, TASK_UNASSIGNED, **void)]
    assert books.audit().is_exact


def test_mails_to_others_are_none_of_ours(books):
    books.caught.append(CaughtMail("<9>", ("else@y.example",)))
    assert books.audit().is_exact


def test_an_event_that_did_not_come_is_lost(books):
    books.arrived = [it for it in books.arrived if it.type != "task.completed.v1"]
    assert (books.event(TASKS).lost, books.event(TASKS).arrived) == (1, 2)
    assert not books.audit().is_exact


def test_the_same_event_again_came_twice(books):
    books.arrived.append(books.arrived[1])
    assert (books.event(TASKS).twice, books.event(TASKS).uncalled) == (1, 0)
    assert not books.audit().is_exact


def test_a_second_event_about_one_completion_is_uncalled_for(books):
    books.arrived.append(event(TASKS, "t1", "task.completed.v1", {}))
    assert (books.event(TASKS).twice, books.event(TASKS).uncalled) == (0, 1)


@pytest.mark.parametrize(("place", "topic"), [(3, TASKS), (4, REASSIGNMENTS)])
def test_an_event_that_names_another_assignee_is_lost_and_uncalled_for(books, place, topic):
    wrong = given("anna", by="anna") if topic == TASKS else {"t1": "anna"}
    it = books.arrived[place]
    books.arrived[place] = event(topic, it.key, it.type, wrong)
    assert (books.event(topic).lost, books.event(topic).uncalled) == (1, 1)


@pytest.mark.parametrize(
    ("topic", "wrong"),
    [
        (MEETINGS, {"recipients": [told(BORIS, action="invite")]}),
        (MEETINGS, {"recipients": [told(ANNA, action="cancel")]}),
        (REMINDERS, due(BORIS)),
        (REMINDERS, due(ANNA, kind="task_overdue")),
    ],
)
def test_an_event_that_tells_others_or_otherwise_is_lost_and_uncalled_for(books, topic, wrong):
    [place] = (n for n, it in enumerate(books.arrived) if it.topic == topic)
    books.arrived[place] = replace(books.arrived[place], payload={"data": wrong})
    assert (books.event(topic).lost, books.event(topic).uncalled) == (1, 1)


def test_an_invitation_without_its_calendar_object_is_lost(books):
    asked = Invitation(ANNA.email, "REQUEST", "meeting-m1@team-suite", 0)
    books.ledger.invite(asked, INVITED)
    books.records.append(record("m", INVITED))
    books.caught.append(CaughtMail("<m>", (ANNA.email,), frozenset({asked})))
    assert books.audit().is_exact
    books.caught.append(replace(books.caught.pop(), invitations=frozenset()))
    assert (books.mail(INVITED).is_exact, books.audit().invitations[0].lost) == (True, 1)
    assert not books.audit().is_exact


def test_events_about_others_are_none_of_ours(books):
    books.arrived.append(event(TASKS, "t2", "task.created.v1", {}))
    books.arrived.append(event(ACCOUNTS, "x", "account.created.v1", {"email": "else@y.example"}))
    assert books.audit().is_exact


def test_a_move_calls_for_one_mail_and_a_rename_for_none(books):
    books.ledger.rename_team("Bank", "Core", "Kernel")
    books.ledger.move(replace(CORE, team="Kernel"), "Web")
    books.ledger.remove(WEB)
    assert books.ledger.assignments == {replace(CORE, team="Web")}
    assert books.ledger.mails[ANNA.email, CHANGED] == 1
    assert books.ledger.mails[BORIS.email, REMOVED] == 1
    assert books.ledger.mails.total() == 4


@pytest.mark.parametrize(
    ("spoil", "log"),
    [
        (lambda books: setattr(books, "committed", Picture.of([ANNA], [CORE])), "user-team.log"),
        (lambda books: setattr(books, "shown", Picture.of([ANNA], [CORE])), "task-meeting-consumer.log"),
        (lambda books: books.caught.clear(), "notification-sender.log"),
        (lambda books: books.arrived.clear(), "connect.log"),
    ],
)
def test_what_is_wrong_says_where_to_look(books, tmp_path, spoil, log):
    spoil(books)
    outcome = Outcome(books.audit(), [], resident_bytes=0, ready_seconds=None)
    assert log in " ".join(hints(outcome, StatePaths(tmp_path)))


def test_a_choice_that_comes_out_otherwise_is_not_exact(books, tmp_path):
    audit = replace(books.audit(), choices=[ChoiceCount("of new tasks", made=8, different=1)])
    assert not audit.is_exact
    assert "proof" in " ".join(hints(Outcome(audit, [], 0, None), StatePaths(tmp_path)))
