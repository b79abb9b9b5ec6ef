"""Which mails a change of an assignment calls for."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from notification.kinds import Kind
from notification.service.plan import plan_mails

AT = datetime(2026, 11, 21, tzinfo=UTC)
ANN, BOB = UUID(int=1), UUID(int=2)
ROW = {
    "id": 7,
    "epoch": 1,
    "lsn": 100,
    "project_id": 1,
    "project_name": "Atlas",
    "team_id": 3,
    "team_name": "Core",
    "user_oid": ANN,
    "user_name": "Ann",
    "user_email": "ann@company.example",
    "user_locale": "ru",
    "user_time_zone": "Asia/Tokyo",
    "application_url": None,
}


def plan(op, before, after, **options):
    return plan_mails(op, before, after, AT, **options)


def newer(**changed):
    return {**ROW, "lsn": 200, **changed}


def told(intents):
    return [(intent.kind, intent.user_oid) for intent in intents]


def test_a_new_assignment_is_told_to_its_person():
    (mail,) = plan("c", None, ROW)
    assert (mail.kind, mail.user_oid, mail.recipient, mail.locale) == (
        Kind.ASSIGNED,
        ANN,
        "ann@company.example",
        "ru",
    )
    assert mail.payload == {
        "person": {"name": "Ann", "time_zone": "Asia/Tokyo"},
        "before": None,
        "after": {"project_name": "Atlas", "team_name": "Core", "application_url": None},
    }


def test_a_deletion_is_told_with_what_it_was():
    (mail,) = plan("d", ROW, newer())
    assert mail.kind == Kind.REMOVED
    assert mail.payload["before"]["project_name"] == "Atlas"
    assert mail.payload["after"] is None


@pytest.mark.parametrize(
    "changed",
    [
        {"project_id": 2, "project_name": "Zeus"},
        {"team_id": 4, "team_name": "Web"},
        {"team_id": None, "team_name": None},
        {"application_url": "https://hr.example/1"},
    ],
)
def test_a_move_is_told_with_both_ends(changed):
    (mail,) = plan("u", ROW, newer(**changed))
    assert mail.kind == Kind.CHANGED
    assert mail.payload["before"] != mail.payload["after"]


def test_an_assignment_that_goes_to_somebody_else_is_told_to_both():
    removed, assigned = plan("u", ROW, newer(user_oid=BOB, user_name="Bob", user_email="bob@company.example"))
    assert (removed.kind, removed.user_oid, removed.recipient) == (Kind.REMOVED, ANN, "ann@company.example")
    assert (assigned.kind, assigned.user_oid, assigned.recipient) == (
        Kind.ASSIGNED,
        BOB,
        "bob@company.example",
    )
    assert removed.lsn == assigned.lsn == 200


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"project_name": "Atlas 2"},
        {"team_name": "Core 2"},
        {"user_email": "ann@new.example"},
        {"user_name": "Anna"},
        {"user_locale": "en"},
        {"application_url": ""},
    ],
)
def test_nothing_is_told_that_did_not_change_for_the_person(changed):
    assert plan("u", ROW, newer(**changed)) == []


def test_a_rename_is_told_where_that_is_wished():
    assert told(plan("u", ROW, newer(team_name="Core 2"), notify_renames=True)) == [(Kind.RENAMED, ANN)]
    assert plan("u", ROW, newer(user_email="ann@new.example"), notify_renames=True) == []


def test_snapshots_and_updates_of_the_unknown_are_no_news():
    assert plan("r", None, ROW) == []
    assert plan("r", ROW, newer(team_id=9)) == []
    assert plan("u", None, newer(team_id=9)) == []


def test_a_mail_has_the_same_id_whenever_it_is_planned_and_another_one_for_another_change():
    (first,), (again,) = plan("c", None, ROW), plan("c", None, ROW)
    (other,) = plan("c", None, newer())
    assert first.id == again.id != other.id


def test_what_an_import_changed_names_it():
    imported = UUID(int=99)
    for op, before, after in (("c", None, ROW), ("u", ROW, newer(team_id=9))):
        (mail,) = plan(op, before, after, import_oid=imported)
        assert mail.import_oid == imported
    assert plan("c", None, ROW)[0].import_oid is None
