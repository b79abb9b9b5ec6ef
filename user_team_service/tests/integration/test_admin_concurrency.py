"""Two people, or one impatient one, at the same time: a message, never an error page, never a silent loss."""

import threading

import pytest
from django.db import OperationalError, connection
from django.test import Client

from user_team.teams.models import Project, UserAssignment
from user_team.users.models import User


def edit_form(client, page):
    """What the browser holds after opening the page."""
    form = client.get(page).context["adminform"].form
    data = {name: "" if value is None else value for name, value in form.initial.items()}
    for prefix in ("teams", "assignments"):
        data |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    return data


def test_the_second_of_two_editors_is_told(admin, local_admin, company, superuser):
    page = f"/admin/teams/project/{company.project.pk}/change/"
    mine, theirs = edit_form(local_admin, page), edit_form(admin, page)
    assert "seen_version" in mine
    assert admin.post(page, {**theirs, "name": "First"}).status_code == 302
    response = local_admin.post(page, {**mine, "name": "Second"})
    assert response.status_code == 200
    assert "root changed this at" in response.content.decode()
    assert Project.objects.get(pk=company.project.pk).name == "First"
    assert local_admin.post(page, {**edit_form(local_admin, page), "name": "Second"}).status_code == 302


def whole_page(client, page):
    """What the browser holds of a page that has rows of other things."""
    response = client.get(page)
    data = values(response.context["adminform"].form)
    for inline in response.context["inline_admin_formsets"]:
        for form in (inline.formset.management_form, *inline.formset.initial_forms):
            data |= values(form)
    return data


def values(form):
    return {
        form.add_prefix(name): "" if form[name].value() is None else form[name].value()
        for name in form.fields
    }


@pytest.mark.parametrize("kind", ["project", "team"])
def test_a_page_does_not_undo_what_somebody_did_to_its_rows_meanwhile(admin, local_admin, company, kind):
    """The page sends every row again; the second editor may not even have looked at this one."""
    assignment = company.assignment()
    page = f"/admin/teams/{kind}/{getattr(company, kind).pk}/change/"
    mine, theirs = whole_page(local_admin, page), whole_page(admin, page)
    new = {"assignments-0-application_url": "https://hr.example/1"}
    assert admin.post(page, theirs | new).status_code == 302
    response = local_admin.post(page, mine | {"name": "Renamed"})
    assert response.status_code == 200
    assert "root changed this at" in response.content.decode()
    assignment.refresh_from_db()
    assert assignment.application_url == "https://hr.example/1"
    assert local_admin.post(page, whole_page(local_admin, page) | {"name": "Renamed"}).status_code == 302


def test_the_names_of_teams_are_no_exception(admin, local_admin, company):
    page = f"/admin/teams/project/{company.project.pk}/change/"
    mine, theirs = whole_page(local_admin, page), whole_page(admin, page)
    assert admin.post(page, theirs | {"teams-0-name": "Core"}).status_code == 302
    assert local_admin.post(page, mine | {"teams-1-name": "Web"}).status_code == 200
    assert set(company.project.teams.values_list("name", flat=True)) == {"Core", "Frontend"}


def test_rows_that_change_by_themselves_hold_up_nobody(local_admin, company):
    """A person's new name is in the copies of their assignments, which no page changes."""
    assignment = company.assignment()
    page = f"/admin/teams/project/{company.project.pk}/change/"
    mine = whole_page(local_admin, page)
    User.objects.filter(pk=assignment.user_id).update(first_name="Renamed")
    assert local_admin.post(page, mine | {"name": "Another"}).status_code == 302


def test_signing_in_meanwhile_is_no_change_of_a_person(admin, company):
    person = company.person()
    page = f"/admin/users/user/{person.pk}/change/"
    data = edit_form(admin, page)
    User.objects.filter(pk=person.pk).update(last_login="2026-11-21T10:00:00Z")
    data = {name: value for name, value in data.items() if value != []}
    assert admin.post(page, {**data, "first_name": "New"}).status_code == 302


def test_editing_what_was_just_deleted_is_a_message(admin, company):
    assignment = company.assignment()
    page = f"/admin/teams/userassignment/{assignment.pk}/change/"
    data = edit_form(admin, page)
    UserAssignment.objects.all().delete()
    assert "Perhaps it was deleted" in admin.post(page, data, follow=True).content.decode()


@pytest.mark.parametrize("team", [True, False])
def test_a_double_click_saves_once_and_says_so(committed_company, sign_in, team):
    """Both requests pass validation before either has saved; the database lets one through."""
    company = committed_company
    root = User.objects.create_superuser("root", "root@example.com", "x")
    data = {
        "user": company.person().pk,
        "project": company.project.pk,
        "team": company.team.pk if team else "",
    }
    cookies = sign_in(root).cookies
    validated = threading.Barrier(2, timeout=20)
    pages = []

    def click():
        client = Client(raise_request_exception=False)
        client.cookies = cookies
        with connection.execute_wrapper(wait_before_insert):
            pages.append(client.post("/admin/teams/userassignment/add/", data, follow=True))
        connection.close()

    def wait_before_insert(execute, sql, params, many, context):
        if 'INSERT INTO "teams_userassignment"' in sql:
            validated.wait()
        return execute(sql, params, many, context)

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()
    assert [page.status_code for page in pages] == [200, 200]
    assert sum("Somebody changed the same data" in page.content.decode() for page in pages) == 1
    assert UserAssignment.objects.count() == 1


@pytest.mark.parametrize("code", ["40001", "40P01", "55P03"])
def test_a_deadlock_is_a_message(admin, company, code):
    """The error is the server's own, raised where a deadlock would be."""

    def fail(execute, sql, params, many, context):
        if sql.startswith("UPDATE") or 'UPDATE "teams_project"' in sql:
            sql, params = f"DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '{code}'; END $$", None
        return execute(sql, params, many, context)

    page = f"/admin/teams/project/{company.project.pk}/change/"
    data = {**edit_form(admin, page), "name": "New"}
    with connection.execute_wrapper(fail):
        response = admin.post(page, data)
    assert response.status_code == 302
    assert "Please try again" in admin.get(response.url).content.decode()


def test_other_database_errors_are_not_hidden(admin, company):
    def fail(execute, sql, params, many, context):
        if 'UPDATE "teams_project"' in sql:
            sql, params = "DO $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$", None
        return execute(sql, params, many, context)

    page = f"/admin/teams/project/{company.project.pk}/change/"
    data = {**edit_form(admin, page), "name": "New"}
    with connection.execute_wrapper(fail), pytest.raises(OperationalError):
        admin.post(page, data)
