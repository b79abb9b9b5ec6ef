"""Who changed what, and from which value to which."""

import pytest
from django.db import connection

from user_team.administration import history
from user_team.teams.models import Project, UserAssignment
from user_team.users.models import User


def entries_of(model, **conditions):
    """Newest first."""
    events = model.pgh_event_model.objects.filter(**conditions).order_by("-pgh_id")
    return history.entries(history.with_previous(events))


def changes(entry):
    return {change.label: (change.before, change.after) for change in entry.changes}


@pytest.fixture
def edited(admin, company):
    """A project that was renamed in the admin."""
    assignment = company.assignment()
    data = {"organization": company.organization.pk, "name": "Новое имя", "_save": "Save"}
    data |= {
        f"{prefix}-{key}_FORMS": 0 for prefix in ("teams", "assignments") for key in ("TOTAL", "INITIAL")
    }
    assert admin.post(f"/admin/teams/project/{company.project.pk}/change/", data).status_code == 302
    return assignment


def test_a_change_names_its_author_and_both_values(edited):
    entry = entries_of(Project)[0]
    assert (entry.who, entry.action, entry.what) == ("root", "Changed", "Новое имя")
    assert changes(entry) == {"name": ("Acme site", "Новое имя")}


def test_a_rename_is_in_the_history_of_every_assignment_with_its_author(edited):
    entry = entries_of(UserAssignment)[0]
    assert entry.who == "root"
    assert changes(entry) == {"project name": ("Acme site", "Новое имя")}


def test_the_history_page_shows_it(admin, edited, company):
    for page in (f"teams/project/{company.project.pk}", f"teams/userassignment/{edited.pk}"):
        html = admin.get(f"/admin/{page}/history/").content.decode()
        assert "root" in html
        assert "Acme site" in html
        assert "Новое имя" in html


def test_deleted_assignments_stay_in_the_log(admin, edited):
    admin.post(f"/admin/teams/userassignment/{edited.pk}/delete/", {"post": "yes"})
    entry = entries_of(UserAssignment)[0]
    assert (entry.who, entry.action) == ("root", "Deleted")
    html = admin.get("/admin/teams/userassignmentevent/").content.decode()
    assert edited.user_name in html
    assert "Deleted" in html


def test_an_import_is_in_the_history(admin, company):
    Project.objects.filter(pk=company.project.pk).update(name="By hand")
    assert entries_of(Project)[0].who == "System"


def test_changes_of_people_show_names_instead_of_codes(company, rival, superuser):
    person = company.person()
    User.objects.filter(pk=person.pk).update(organization=rival.organization, role="manager", is_active=False)
    entry = entries_of(User, pgh_obj=person)[0]
    assert changes(entry) == {
        "organization": ("Acme", "Rival"),
        "role": ("Employee", "Manager"),
        "active": ("yes", "no"),
    }


def test_authors_and_organizations_that_are_gone_are_numbers(admin, superuser, edited):
    superuser_id = superuser.pk
    User.objects.filter(pk=superuser_id).delete()
    assert entries_of(Project)[0].who == f"a deleted person, number {superuser_id}"


def test_passwords_and_sign_ins_are_not_kept(company):
    columns = {field.name for field in User.pgh_event_model._meta.fields}
    assert not columns & {"password", "last_login"}
    person = company.person()
    before = User.pgh_event_model.objects.count()
    person.set_password("something new")
    person.save()
    assert User.pgh_event_model.objects.count() == before


def test_a_page_of_history_takes_a_fixed_number_of_queries(company, django_assert_max_num_queries):
    for _ in range(20):
        company.assignment()
    with django_assert_max_num_queries(4):
        assert len(entries_of(UserAssignment)) == 20
    with django_assert_max_num_queries(5):
        entries_of(User)


@pytest.mark.parametrize(
    "kind", ["teams/userassignmentevent", "teams/projectevent", "teams/teamevent", "users/userevent"]
)
def test_nobody_edits_the_log(admin, edited, kind):
    event_id = UserAssignment.pgh_event_model.objects.first().pk
    assert admin.get(f"/admin/{kind}/add/").status_code == 403
    assert admin.post(f"/admin/{kind}/{event_id}/delete/", {"post": "yes"}).status_code in {302, 403}
    assert admin.get(f"/admin/{kind}/").status_code == 200
    assert UserAssignment.pgh_event_model.objects.filter(pk=event_id).exists()


def test_the_log_is_not_published(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_publication_tables WHERE tablename LIKE '%event'")
        assert cursor.fetchall() == [("outbox_event",)]
