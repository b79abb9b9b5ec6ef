"""Roles are groups: administrators change what they hold, and nobody loses them by accident."""

from importlib import import_module
from pathlib import Path

import pytest
import yaml
from django.apps import apps
from django.contrib.auth.models import Group

from user_team.identity.permissions import NAMES, effective_permissions, group_name, suite_permissions
from user_team.users.models import Role, User

CONTRACT = Path(__file__).parents[3] / "contracts" / "permissions.yaml"
EMPLOYEE = ["directory.read", "meetings.read", "meetings.write", "tasks.read", "tasks.write"]


def test_permissions_and_roles_are_those_of_the_contract(db):
    contract = yaml.safe_load(CONTRACT.read_text())["permissions"]
    names = {permission["name"] for permission in contract}
    assert names == set(NAMES) == set(suite_permissions().values_list("codename", flat=True))
    for role in Role:
        held = Group.objects.get(name=group_name(role)).permissions.values_list("codename", flat=True)
        assert set(held) == {item["name"] for item in contract if role in item["roles"]}


def test_what_one_may_comes_of_role_groups_and_oneself(company):
    person = company.person()
    assert effective_permissions(person) == EMPLOYEE
    auditors = Group.objects.create(name="Auditors")
    auditors.permissions.set(suite_permissions().filter(codename="notifications.read"))
    person.groups.add(auditors)
    person.user_permissions.set(suite_permissions().filter(codename__in=["projects.all", "tasks.read"]))
    mine = [
        *("directory.read", "meetings.read", "meetings.write", "notifications.read"),
        *("projects.all", "tasks.read", "tasks.write"),
    ]
    assert effective_permissions(person) == mine
    Group.objects.get(name="role: employee").permissions.clear()
    assert effective_permissions(person) == ["notifications.read", "projects.all", "tasks.read"]
    person.groups.add(Group.objects.get(name="Organization administrators"))
    assert len(effective_permissions(person)) == 3, "rights in the admin are no rights in the suite"


def test_roles_may_do_with_meetings_what_they_could_do_with_tasks(company):
    """On a suite that had no meetings, whose administrators had changed what roles may do."""
    meetings = import_module("user_team.identity.migrations.0003_meetings")
    employee, manager = (Group.objects.get(name=f"role: {role}") for role in ("employee", "manager"))
    meetings.take_meetings_away(apps, None)
    employee.permissions.remove(suite_permissions().get(codename="tasks.write"))
    manager.permissions.clear()
    meetings.let_roles_meet(apps, None)
    assert effective_permissions(company.person()) == ["directory.read", "meetings.read", "tasks.read"]
    assert not manager.permissions.exists()


def test_a_superuser_may_everything_whatever_the_role(superuser):
    User.objects.update(role=Role.EMPLOYEE)
    superuser.refresh_from_db()
    assert effective_permissions(superuser) == sorted(NAMES)


class TestInTheAdmin:
    @pytest.fixture
    def group(self, db):
        return Group.objects.get(name="role: manager")

    def test_a_role_s_permissions_are_changed_there(self, admin, group):
        chosen = suite_permissions().filter(codename__in=["tasks.read"])
        page = f"/admin/auth/group/{group.pk}/change/"
        answer = admin.post(page, {"name": "renamed", "permissions": [row.pk for row in chosen]})
        assert answer.status_code == 302, answer.content
        group.refresh_from_db()
        assert group.name == "role: manager"
        assert list(group.permissions.values_list("codename", flat=True)) == ["tasks.read"]

    def test_a_role_s_group_is_not_deleted_alone_nor_with_others(self, admin, group):
        assert admin.post(f"/admin/auth/group/{group.pk}/delete/", {"post": "yes"}).status_code == 403
        other = Group.objects.create(name="Auditors")
        chosen = {"action": "delete_selected", "_selected_action": [group.pk, other.pk], "post": "yes"}
        admin.post("/admin/auth/group/", chosen)
        assert Group.objects.filter(pk__in=[group.pk, other.pk]).count() == 2
        chosen["_selected_action"] = [other.pk]
        admin.post("/admin/auth/group/", chosen)
        assert not Group.objects.filter(pk=other.pk).exists()

    def test_other_groups_are_named_and_renamed(self, admin):
        admin.post("/admin/auth/group/add/", {"name": "Auditors"})
        other = Group.objects.get(name="Auditors")
        admin.post(f"/admin/auth/group/{other.pk}/change/", {"name": "Inspectors"})
        assert Group.objects.filter(name="Inspectors").exists()
