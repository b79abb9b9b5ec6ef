"""What the suite hears about people, whoever changes them and however."""

from io import StringIO
from threading import Thread

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from user_team.accounts.models import Account
from user_team.identity.permissions import effective_permissions, group_name, suite_permissions
from user_team.users.models import Role, User

# What nobody's role loses in these tests.
ALWAYS = ["directory.read", "meetings.read", "meetings.write"]


def run(statement, parameters=()):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


@pytest.fixture
def heard(told):
    """The kind of each event since the last call, and some of the data: `heard("role")`."""

    def kinds(*members):
        payloads = [event["payload"] for event in told()]
        return [(payload["type"], *(payload["data"][name] for name in members)) for payload in payloads]

    return kinds


@pytest.fixture
def person(company, heard):
    person = company.person()
    heard()
    return person


def permission(name):
    return suite_permissions().get(codename=name)


def role_group(role):
    return Group.objects.get(name=group_name(role))


def test_a_new_person_is_told_whole(company, told):
    person = company.person(
        username="anna", email="anna@example.com", first_name="Анна", last_name="Щёголева", locale="ru"
    )
    [event] = told()
    payload, data = event["payload"], event["payload"]["data"]
    assert (event["topic"], event["key"], event["type"]) == (
        "account-bus",
        str(person.oid),
        "account.created.v1",
    )
    assert event["traceparent"].startswith("00-")
    assert (payload["version"], payload["type"], payload["user_uid"]) == (1, "create", str(person.oid))
    assert data.pop("updated_at").endswith("Z")
    assert data == {
        "uid": str(person.oid),
        "username": "anna",
        "name": "Анна",
        "surname": "Щёголева",
        "email": "anna@example.com",
        "role": "employee",
        "permissions": [*ALWAYS, "tasks.read", "tasks.write"],
        "is_active": True,
        "locale": "ru",
        "time_zone": "UTC",
        "organization_uid": str(company.organization.oid),
        "created_at": person.date_joined.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def test_each_change_is_told_and_a_deletion_with_the_last_of_them(person, heard):
    person.last_name = "Renamed"
    person.save()
    person.delete()
    assert heard("surname") == [("update", "Renamed"), ("delete", "Renamed")]


def test_nobody_hears_of_passwords_sign_ins_rights_in_the_admin_or_what_stays_as_it_is(person, heard, client):
    person.set_password("correct horse battery")
    person.is_staff = True
    person.save()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    User.objects.update(last_login=timezone.now())
    person.user_permissions.add(Permission.objects.get(codename="change_team"))
    person.groups.add(Group.objects.create(name="Organization visitors"))
    run("UPDATE users_user SET first_name = first_name")
    assert heard() == []


def test_whoever_writes_however_many(company, heard):
    people = User.objects.bulk_create(User(username=f"b{n}", email=f"b{n}@example.com") for n in range(200))
    assert heard() == [("create",)] * 200
    User.objects.filter(pk__in=[one.pk for one in people[:150]]).update(time_zone="Europe/Moscow")
    assert heard("time_zone") == [("update", "Europe/Moscow")] * 150
    run("UPDATE users_user SET is_active = false WHERE username LIKE 'b%%'")
    assert heard("is_active") == [("update", False)] * 200
    run("DELETE FROM users_user WHERE username LIKE 'b%%'")
    assert heard() == [("delete",)] * 200


def test_a_person_with_another_public_id_is_another_person(person, told):
    old = str(person.oid)
    run("UPDATE users_user SET oid = gen_random_uuid() WHERE id = %s", [person.pk])
    assert [(event["type"], event["key"] == old) for event in told()] == [
        ("account.deleted.v1", True),
        ("account.created.v1", False),
    ]


def _add_to_group(person):
    group = Group.objects.create(name="Auditors")
    group.permissions.add(permission("projects.all"))
    person.groups.add(group)


def _take_group_away(person):
    Group.objects.get(name="Auditors").delete()


def _rename_the_roles_group(person):
    run("UPDATE auth_group SET name = 'no role' WHERE name = 'role: employee'")


CHANGES = [
    (_add_to_group, [*ALWAYS, "projects.all", "tasks.read", "tasks.write"]),
    (_take_group_away, [*ALWAYS, "tasks.read", "tasks.write"]),
    (
        lambda person: person.user_permissions.add(permission("tasks.manage")),
        [*ALWAYS, "tasks.manage", "tasks.read", "tasks.write"],
    ),
    (lambda person: person.user_permissions.clear(), [*ALWAYS, "tasks.read", "tasks.write"]),
    (
        lambda person: role_group(Role.EMPLOYEE).permissions.remove(permission("tasks.write")),
        [*ALWAYS, "tasks.read"],
    ),
    (
        lambda person: run(
            "UPDATE auth_group_permissions SET permission_id = %s WHERE permission_id = %s AND group_id = %s",
            [permission("tasks.manage").pk, permission("tasks.read").pk, role_group(Role.EMPLOYEE).pk],
        ),
        [*ALWAYS, "tasks.manage"],
    ),
    (lambda person: permission("tasks.manage").delete(), ALWAYS),
    (_rename_the_roles_group, []),
]


def test_whatever_changes_what_a_person_may_do_is_told_once(person, heard):
    for change, expected in CHANGES:
        change(person)
        assert heard("permissions") == [("update", expected)], change
        assert effective_permissions(person) == expected


def test_only_those_are_told_of_whom_a_group_is(company, heard):
    manager, employee = company.person(role=Role.MANAGER), company.person()
    heard()
    role_group(Role.MANAGER).permissions.add(permission("projects.all"))
    assert heard("uid") == [("update", str(manager.oid))]
    employee.groups.add(role_group(Role.ADMIN))  # a role's group is a group too
    assert heard("uid") == [("update", str(employee.oid))]


def test_the_account_says_what_a_token_would(company):
    """Both ways to find out what a person may do agree, for every role and way to get a permission."""
    auditors = Group.objects.create(name="Auditors")
    auditors.permissions.set([permission("projects.all"), permission("notifications.read")])
    people = [company.person(role=role) for role in Role for _ in range(3)]
    for person in people[::3]:
        person.groups.add(auditors)
    for person in people[1::3]:
        person.user_permissions.add(permission("profiles.manage"), permission("tasks.read"))
    people.append(company.person(is_superuser=True))
    people.append(company.person(is_active=False))
    said = {account.user_id: account.data["permissions"] for account in Account.objects.all()}
    assert said == {person.pk: effective_permissions(person) for person in people}


def test_everybody_can_be_told_of_again(company, heard):
    people = [company.person() for _ in range(3)]
    heard()
    out = StringIO()
    call_command("republish_accounts", stdout=out)
    assert heard("uid") == [("update", str(person.oid)) for person in people]
    assert "3 people" in out.getvalue()


def test_whoever_was_there_before_the_triggers_is_told_to_be_created(committed_company):
    call_command("migrate", "accounts", "0001", verbosity=0)
    person = committed_company.person()
    assert not Account.objects.exists()
    call_command("migrate", verbosity=0)
    assert Account.objects.get().user_oid == person.oid


@pytest.mark.parametrize("permission_first", [True, False])
def test_two_who_change_the_same_persons_rights_from_two_sides_both_count(
    committed_company, other_connection, permission_first
):
    """One adds the person to a group, the other takes a permission from it; neither sees the other's work."""
    person, group = committed_company.person(), Group.objects.create(name="Auditors")
    group.permissions.add(permission("projects.all"))
    steps = [
        ("INSERT INTO users_user_groups (user_id, group_id) VALUES (%s, %s)", [person.pk, group.pk]),
        ("DELETE FROM auth_group_permissions WHERE group_id = %s", [group.pk]),
    ]
    first, second = reversed(steps) if permission_first else steps
    one, other = other_connection(), other_connection()
    one.cursor().execute(*first)

    def change():
        other.cursor().execute(*second)
        other.commit()

    waiting = Thread(target=change)
    waiting.start()
    waiting.join(0.2)
    one.commit()
    waiting.join(10)
    account = Account.objects.get(user_oid=person.oid)
    assert account.data["permissions"] == effective_permissions(person)
    assert "projects.all" not in account.data["permissions"]
