"""An organization's administrator sees and edits their own organization only, whichever way they try."""

import pytest

from user_team.identity.permissions import suite_permissions
from user_team.teams.models import Project, Team, UserAssignment
from user_team.users.models import Organization, Role, User


@pytest.fixture
def foreign(rival):
    """One row of each kind in the other organization."""
    assignment = rival.assignment()
    return {
        "users/organization": rival.organization,
        "users/user": assignment.user,
        "teams/project": rival.project,
        "teams/team": rival.team,
        "teams/userassignment": assignment,
    }


KINDS = ["users/organization", "users/user", "teams/project", "teams/team", "teams/userassignment"]


@pytest.mark.parametrize("kind", KINDS)
def test_lists_show_own_rows_only(local_admin, company, foreign, kind):
    own = company.assignment()
    html = local_admin.get(f"/admin/{kind}/?all=").content.decode()
    rows = local_admin.get(f"/admin/{kind}/").context["cl"].queryset
    assert foreign[kind] not in rows
    assert rows
    assert "Rival" not in html
    assert str(own.user) in html or kind not in {"users/user", "teams/userassignment"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("view", ["change", "delete", "history"])
def test_direct_addresses_of_foreign_rows_lead_nowhere(local_admin, foreign, kind, view):
    address = f"/admin/{kind}/{foreign[kind].pk}/{view}/"
    for response in (local_admin.get(address), local_admin.post(address, {"post": "yes", "name": "Taken"})):
        assert response.status_code in {302, 403}
    foreign[kind].refresh_from_db()


def test_a_foreign_password_cannot_be_changed(local_admin, foreign):
    response = local_admin.post(
        f"/admin/users/user/{foreign['users/user'].pk}/password/",
        {"password1": "x" * 12, "password2": "x" * 12},
    )
    assert response.status_code in {302, 403, 404}
    assert not User.objects.get(pk=foreign["users/user"].pk).check_password("x" * 12)


@pytest.mark.parametrize(
    ("field", "kind", "expected"),
    [("user", "users/user", 0), ("project", "teams/project", 0), ("team", "teams/team", 0)],
)
def test_autocompletes_offer_own_rows_only(local_admin, foreign, field, kind, expected):
    parameters = {"app_label": "teams", "model_name": "userassignment", "field_name": field}
    results = local_admin.get("/admin/autocomplete/", {**parameters, "term": ""}).json()["results"]
    assert str(foreign[kind].pk) not in {result["id"] for result in results}


@pytest.mark.parametrize("field", ["user", "project", "team"])
def test_foreign_rows_are_no_valid_choice_of_an_assignment(local_admin, company, foreign, field):
    own = {"user": company.person().pk, "project": company.project.pk, "team": company.team.pk}
    theirs = {"user": "users/user", "project": "teams/project", "team": "teams/team"}[field]
    response = local_admin.post(
        "/admin/teams/userassignment/add/", {**own, field: foreign[theirs].pk, "_save": "Save"}
    )
    assert response.status_code == 200
    assert "not one of the available choices" in str(response.context["adminform"].form.errors[field])


def test_foreign_people_cannot_be_put_into_own_teams_on_the_team_page(local_admin, company, foreign):
    data = {"project": company.project.pk, "name": "Backend", "_save": "Save"}
    data |= {"assignments-TOTAL_FORMS": 1, "assignments-INITIAL_FORMS": 0}
    data |= {"assignments-0-user": foreign["users/user"].pk}
    assert local_admin.post(f"/admin/teams/team/{company.team.pk}/change/", data).status_code == 200
    assert not UserAssignment.objects.filter(team=company.team).exists()


def test_own_rows_cannot_be_given_away(local_admin, company, rival):
    person = company.person()
    page = f"/admin/users/user/{person.pk}/change/"
    form = local_admin.get(page).context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value is not None}
    for organization in (rival.organization.pk, ""):
        assert local_admin.post(page, {**data, "organization": organization}).status_code == 200
    data = {"organization": rival.organization.pk, "name": "Gift"}
    data |= {
        f"{prefix}-{key}_FORMS": 0 for prefix in ("teams", "assignments") for key in ("TOTAL", "INITIAL")
    }
    assert local_admin.post(f"/admin/teams/project/{company.project.pk}/change/", data).status_code == 200
    assert User.objects.get(pk=person.pk).organization == company.organization
    assert Project.objects.get(pk=company.project.pk).organization == company.organization


@pytest.mark.parametrize("right", ["is_superuser", "is_staff", "groups", "user_permissions"])
def test_rights_are_neither_shown_nor_taken_from_the_form(local_admin, administrator, company, right):
    for person in (company.person(), administrator):
        page = f"/admin/users/user/{person.pk}/change/"
        form = local_admin.get(page).context["adminform"].form
        assert right not in form.fields
        data = {name: value for name, value in form.initial.items() if value is not None}
        assert local_admin.post(page, {**data, right: "1", "is_active": "on"}).status_code == 302
        changed = User.objects.get(pk=person.pk)
        assert (changed.is_superuser, changed.user_permissions.count()) == (False, 0)
        assert changed.is_staff == (person == administrator)
    added = {
        "username": "x",
        "email": "x@example.com",
        "organization": company.organization.pk,
        "locale": "en",
    }
    added |= {"role": "employee", "time_zone": "UTC", "usable_password": "false", right: "1"}
    assert local_admin.post("/admin/users/user/add/", added).status_code == 302
    assert not User.objects.get(username="x").is_staff


def test_colleagues_who_sign_in_here_cannot_be_edited_or_deleted(local_admin, company):
    colleague = company.person(is_staff=True)
    boss = company.person(is_superuser=True)
    for person, address in (
        (colleague, "change/"),
        (colleague, "password/"),
        (boss, "change/"),
        (boss, "delete/"),
    ):
        response = local_admin.post(
            f"/admin/users/user/{person.pk}/{address}",
            {"password1": "x" * 12, "password2": "x" * 12, "post": "yes"},
        )
        assert response.status_code in {302, 403, 404}
    assert local_admin.post(f"/admin/users/user/{colleague.pk}/delete/", {"post": "yes"}).status_code == 403
    assert not User.objects.get(pk=colleague.pk).check_password("x" * 12)
    assert User.objects.filter(pk=boss.pk).exists()


def test_nobody_gives_a_higher_role_than_their_own(company, sign_in):
    manager = company.administrator()
    User.objects.filter(pk=manager.pk).update(role=Role.MANAGER)
    form = sign_in(manager).get("/admin/users/user/add/").context["adminform"].form
    assert [value for value, _label in form.fields["role"].choices] == ["employee", "manager"]


PASSWORD = {"password1": "stapler battery 7", "password2": "stapler battery 7", "usable_password": "true"}


def set_password(client, person):
    """Whether the person's password is another one now."""
    page = client.post(f"/admin/users/user/{person.pk}/password/", PASSWORD, follow=True)
    assert page.status_code == 200
    done = User.objects.get(pk=person.pk).check_password(PASSWORD["password1"])
    assert done != ("may do more in the suite than you" in page.content.decode())
    return done


def test_nobody_sets_the_password_of_somebody_who_may_do_more(company, sign_in, admin):
    """They could sign in as that somebody, and would have what nobody may give them."""
    manager = company.administrator()
    User.objects.filter(pk=manager.pk).update(role=Role.MANAGER)
    client = sign_in(manager)
    chief, gifted = company.person(role=Role.ADMIN), company.person()
    gifted.user_permissions.set(suite_permissions().filter(codename="projects.all"))
    for person in (chief, gifted):
        assert not set_password(client, person)
        assert set_password(admin, person)
    for person in (company.person(), company.person(role=Role.MANAGER)):
        assert set_password(client, person)


def test_a_person_with_assignments_elsewhere_is_not_deleted_by_one_organization(local_admin, company, rival):
    person = company.person()
    rival.assignment(user=person)
    assert local_admin.post(f"/admin/users/user/{person.pk}/delete/", {"post": "yes"}).status_code == 403
    selection = {"action": "delete_selected", "_selected_action": [person.pk], "post": "yes"}
    local_admin.post("/admin/users/user/", selection)
    assert User.objects.filter(pk=person.pk).exists()


@pytest.mark.parametrize("action", ["end_assignments", "move_to_team"])
def test_bulk_actions_do_not_reach_foreign_rows(local_admin, company, foreign, action):
    theirs, own = foreign["teams/userassignment"], company.assignment()
    data = {"action": action, "_selected_action": [theirs.pk, own.pk], "team": company.other_team.pk}
    local_admin.post("/admin/teams/userassignment/", {**data, "confirmed": 1})
    theirs.refresh_from_db()
    assert theirs.team_id == foreign["teams/team"].pk
    assert not UserAssignment.objects.filter(pk=own.pk, team=company.team).exists()


def test_nobody_moves_assignments_into_a_foreign_team(local_admin, company, rival):
    own = company.assignment()
    data = {"action": "move_to_team", "_selected_action": [own.pk], "team": rival.team.pk, "confirmed": 1}
    response = local_admin.post("/admin/teams/userassignment/", data)
    assert response.status_code == 200
    own.refresh_from_db()
    assert own.team == company.team


def test_filters_do_not_name_foreign_rows(local_admin, company, rival):
    company.assignment()
    page = f"/admin/teams/userassignment/?project__id__exact={rival.project.pk}"
    assert "Rival" not in local_admin.get(page, follow=True).content.decode()


def test_the_log_of_changes_shows_own_rows_only(local_admin, company, rival):
    company.assignment()
    rival.assignment()
    rival.project.delete()
    for kind in ("teams/userassignmentevent", "teams/projectevent", "teams/teamevent", "users/userevent"):
        html = local_admin.get(f"/admin/{kind}/").content.decode()
        assert "Rival" not in html
        assert "person" in html


def test_deleted_own_projects_stay_in_the_log(local_admin, company):
    company.assignment()
    company.project.delete()
    assert "Acme site" in local_admin.get("/admin/teams/userassignmentevent/").content.decode()


def test_the_start_page_counts_and_names_own_rows_only(local_admin, company, rival):
    company.assignment()
    rival.assignment()
    response = local_admin.get("/admin/")
    assert {str(name): count for name, _url, count in response.context["counts"]}["assignments"] == 1
    assert "Rival" not in response.content.decode()


def test_the_search_of_everything_finds_own_rows_only(local_admin, company, rival):
    rival.assignment()
    assert "Rival" not in local_admin.get("/admin/search/?s=rival&extended=1").content.decode()


def test_organizations_are_neither_added_nor_deleted_by_their_administrators(local_admin, company):
    assert local_admin.post("/admin/users/organization/add/", {"name": "Mine"}).status_code == 403
    assert local_admin.get(f"/admin/users/organization/{company.organization.pk}/delete/").status_code == 403
    assert local_admin.get("/admin/users/organization/import/").status_code == 403
    assert local_admin.get("/admin/auth/group/").status_code == 403


def test_staff_without_an_organization_see_nothing(company, sign_in):
    person = company.administrator()
    User.objects.filter(pk=person.pk).update(organization=None)
    client = sign_in(User.objects.get(pk=person.pk))
    company.assignment()
    assert not client.get("/admin/teams/userassignment/").context["cl"].queryset.exists()
    assert Organization.objects.exists()
    assert Team.objects.exists()
