"""What the admin's forms accept, what they refuse, and how they say so."""

import pytest
from django.contrib.contenttypes.models import ContentType

from user_team.accounts.models import Account
from user_team.identity.models import Application
from user_team.teams.models import News, Project, Team, UserAssignment
from user_team.users.models import Role, User

ASSIGNMENT_ADD = "/admin/teams/userassignment/add/"


def errors_of(response):
    """Messages of a form that was shown again; the page must not be a success."""
    assert response.status_code == 200, response
    form = response.context["adminform"].form
    formsets = [form.formset for form in response.context["inline_admin_formsets"]]
    inline = [
        message
        for formset in formsets
        for errors in formset.errors
        for field in errors.values()
        for message in field
    ]
    return [message for messages in form.errors.values() for message in messages] + inline


def inline(prefix, *rows, initial=0):
    """Form data of an inline: Django's management form and the rows."""
    data = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": initial}
    for number, row in enumerate(rows):
        data.update({f"{prefix}-{number}-{name}": value for name, value in row.items()})
    return data


def project_form(company, *, name="Site", members=(), teams=()):
    return {
        "organization": company.organization.pk,
        "name": name,
        **inline("teams", *teams),
        **inline("assignments", *members),
        "_save": "Save",
    }


def test_an_assignment_is_added_with_or_without_a_team(admin, company):
    person = company.person()
    for team in (company.team.pk, ""):
        response = admin.post(
            ASSIGNMENT_ADD, {"user": person.pk, "project": company.project.pk, "team": team, "_save": "Save"}
        )
        assert response.status_code == 302
    assert list(
        UserAssignment.objects.filter(user=person).order_by("id").values_list("team_name", flat=True)
    ) == [
        "Backend",
        None,
    ]


@pytest.mark.parametrize("in_team", [True, False])
def test_the_same_assignment_twice_is_a_form_error(admin, company, in_team):
    assignment = company.assignment(team=company.team if in_team else None)
    response = admin.post(
        ASSIGNMENT_ADD,
        {
            "user": assignment.user.pk,
            "project": company.project.pk,
            "team": company.team.pk if in_team else "",
        },
    )
    assert errors_of(response) == ["This person already has this assignment."]


def test_a_team_of_another_project_is_a_form_error(admin, company, rival):
    response = admin.post(
        ASSIGNMENT_ADD, {"user": company.person().pk, "project": company.project.pk, "team": rival.team.pk}
    )
    assert errors_of(response) == ["This team belongs to another project."]


def test_a_team_with_members_cannot_move_to_another_project(admin, company, rival):
    company.assignment()
    response = admin.post(
        f"/admin/teams/team/{company.team.pk}/change/",
        {"project": rival.project.pk, "name": "Moved", **inline("assignments")},
    )
    assert "cannot move" in errors_of(response)[0]


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "ftp://a.example",
        "https://",
        "https://a b.example",
        "https://a.example/\nBcc:x",
        "https://a.example/" + "x" * 500,
    ],
)
def test_only_web_links_are_accepted(admin, company, link):
    data = {"user": company.person().pk, "project": company.project.pk, "application_url": link}
    assert errors_of(admin.post(ASSIGNMENT_ADD, data))
    assert not UserAssignment.objects.exists()


BAD_NAMES = {
    "line break": "Evil\r\nBcc: victim@example.com",
    "NUL": "Evil\x00",
    "zero width": "Ev\u200bil",
    "right to left": "Evil\u202etxt",
    "escape": "Evil\x1b[31m",
    "too long": "x" * 201,
    "blank": "   ",
}


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES)
def test_names_that_would_break_a_mail_or_mislead_a_reader_are_form_errors(admin, company, name):
    project = project_form(company, name=name)
    assert errors_of(admin.post("/admin/teams/project/add/", project))
    team = {"project": company.project.pk, "name": name, **inline("assignments")}
    assert errors_of(admin.post("/admin/teams/team/add/", team))
    assert errors_of(admin.post("/admin/users/organization/add/", {"name": name}))
    assert Project.objects.count() == Team.objects.count() - 1 == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("first_name", bad) for key, bad in BAD_NAMES.items() if key != "blank"]
    + [("last_name", "A\u2066b"), ("username", "a\x00b"), ("username", "a b"), ("username", "x" * 151)]
    + [("email", "a@example.com\nBcc: x"), ("email", "not an address"), ("email", "a" * 250 + "@example.com")]
    + [("time_zone", "Mars/Olympus"), ("time_zone", "../../etc/passwd"), ("locale", "xx"), ("role", "root")]
    + [("organization", "999999999999999999999"), ("organization", "1 OR 1=1")],
)
def test_bad_values_of_a_person_are_form_errors(admin, company, field, value):
    response = admin.post("/admin/users/user/add/", {**person_form(company), field: value})
    assert errors_of(response)
    assert not User.objects.filter(username="new").exists()


def person_form(company, **values):
    return {
        "username": "new",
        "email": "new@example.com",
        "first_name": "Анна-Мария",
        "last_name": "O’Connor",
        "organization": company.organization.pk,
        "role": "employee",
        "locale": "ru",
        "time_zone": "Europe/Moscow",
        "usable_password": "false",
        "_save": "Save",
        **values,
    }


def test_a_person_is_added_without_a_password(admin, company):
    assert admin.post("/admin/users/user/add/", person_form(company)).status_code == 302
    person = User.objects.get(username="new")
    assert (str(person), person.locale, person.time_zone) == ("Анна-Мария O’Connor", "ru", "Europe/Moscow")
    assert not person.has_usable_password()


def test_an_e_mail_is_unique_whatever_its_case(admin, company):
    company.person(email="anna@example.com")
    response = admin.post("/admin/users/user/add/", person_form(company, email="Anna@Example.COM"))
    assert errors_of(response) == ["There is already a person with this e-mail."]


def test_what_a_form_does_not_show_cannot_be_sent(admin, company):
    """Mass assignment: copies, ids and positions are the database's."""
    data = {"user": company.person().pk, "project": company.project.pk, "_save": "Save"}
    admin.post(
        ASSIGNMENT_ADD, {**data, "id": 77, "user_email": "m@evil.example", "row_lsn": 1, "user_role": "admin"}
    )
    row = UserAssignment.objects.get()
    assert (row.pk == 77, row.user_email == "m@evil.example", row.row_lsn == 1, row.user_role) == (
        False,
        False,
        False,
        "employee",
    )


def test_markup_in_names_is_shown_as_text(admin, company):
    company.project.name = "<script>alert(1)</script>{{7*7}}"
    company.project.save()
    company.assignment()
    for page in (
        "/admin/teams/project/",
        "/admin/teams/userassignment/",
        "/admin/teams/userassignmentevent/",
        "/admin/",
    ):
        html = admin.get(page).content.decode()
        assert "<script>alert(1)" not in html
        assert "&lt;script&gt;alert(1)" in html
        assert "{{7*7}}" in html or page == "/admin/"


def test_people_are_added_on_the_page_of_their_team(admin, company):
    person = company.person()
    page = f"/admin/teams/team/{company.team.pk}/change/"
    data = {"project": company.project.pk, "name": "Backend", "_save": "Save"}
    row = {"user": person.pk, "application_url": "https://apply.example/1"}
    assert admin.post(page, {**data, **inline("assignments", row)}).status_code == 302
    assignment = UserAssignment.objects.get()
    assert (assignment.team, assignment.project, assignment.user_name) == (
        company.team,
        company.project,
        str(person),
    )
    twice = admin.post(page, {**data, **inline("assignments", row)})
    assert errors_of(twice) == ["This person already has this assignment."]


@pytest.mark.parametrize("kind", ["team", "project"])
def test_a_person_s_row_of_another_page_is_a_form_error(admin, company, rival, kind):
    row = {"user": company.person().pk, kind: getattr(rival, kind).pk}
    data = project_form(company, members=[row]) | {"project": company.project.pk}
    response = admin.post(f"/admin/teams/{kind}/{getattr(company, kind).pk}/change/", data)
    assert errors_of(response)
    assert not UserAssignment.objects.exists()


def test_a_new_team_can_have_its_first_people_at_once(admin, company):
    data = {"project": company.project.pk, "name": "New", "_save": "Save"}
    response = admin.post(
        "/admin/teams/team/add/", {**data, **inline("assignments", {"user": company.person().pk})}
    )
    assert response.status_code == 302
    assert UserAssignment.objects.get().team.name == "New"


def test_the_same_person_twice_on_one_page_is_a_form_error(admin, company, rival):
    row = {"user": company.person().pk}
    page = f"/admin/teams/project/{company.project.pk}/change/"
    response = admin.post(page, project_form(company, members=[row, row]))
    assert "This person is here twice." in errors_of(response)
    response = admin.post(page, project_form(company, members=[{**row, "team": rival.team.pk}]))
    assert errors_of(response)
    assert not UserAssignment.objects.exists()


def test_teams_and_people_are_added_on_the_page_of_their_project(admin, company):
    page = f"/admin/teams/project/{company.project.pk}/change/"
    row = {"user": company.person().pk, "team": company.team.pk}
    response = admin.post(page, project_form(company, name="Site", members=[row], teams=[{"name": "QA"}]))
    assert response.status_code == 302
    assert UserAssignment.objects.get().project_name == "Site"
    assert company.project.teams.filter(name="QA").exists()


def test_deleting_a_person_shows_and_takes_along_their_assignments(admin, company):
    assignment = company.assignment()
    page = f"/admin/users/user/{assignment.user.pk}/delete/"
    assert str(assignment) in admin.get(page).content.decode()
    assert admin.post(page, {"post": "yes"}).status_code == 302
    assert not UserAssignment.objects.exists()


def test_an_organization_with_people_is_not_deleted(admin, company):
    company.person()
    response = admin.post(f"/admin/users/organization/{company.organization.pk}/delete/", {"post": "yes"})
    assert response.status_code == 200
    assert "protected" in response.content.decode()


def test_thousands_of_people_are_deleted_after_a_page_that_stays_short(admin, company):
    people = User.objects.bulk_create(User(username=f"b{n}", email=f"b{n}@example.com") for n in range(2_000))
    selection = {"action": "delete_selected", "_selected_action": [person.pk for person in people]}
    question = admin.post("/admin/users/user/", selection)
    assert "and 1950 more" in question.content.decode()
    assert admin.post("/admin/users/user/", {**selection, "post": "yes"}).status_code == 302
    assert not User.objects.filter(username__startswith="b").exists()


@pytest.mark.parametrize(
    "page",
    [
        *(
            "/admin/teams/userassignment/?q=%00",
            "/admin/autocomplete/?app_label=teams&term=%00",
            "/admin/%00/",
        ),
        "/admin/users/user/?role__exact=%00",
    ],
)
def test_a_nul_in_an_address_is_a_bad_request(admin, page):
    assert admin.get(page).status_code == 400


@pytest.mark.parametrize("page", ["/admin/", "/admin/login/", "/health/ready"])
def test_a_nul_in_a_cookie_is_a_bad_request(client, page):
    cookie = 'sessionid="\\000' + "a" * 32 + '"'
    assert client.get(page, headers={"Cookie": cookie}).status_code == 400


@pytest.mark.parametrize(
    "page", ["?p=-1", "?p=99999999999999999999", "?o=zzz", "?id__exact=abc", "?q=" + "x" * 3000]
)
def test_odd_list_parameters_are_no_server_error(admin, company, page):
    assert admin.get(f"/admin/teams/userassignment/{page}").status_code in {200, 302}


@pytest.mark.parametrize("kind", ["users/user", "teams/news", "users/userevent", "identity/application"])
@pytest.mark.parametrize(
    "lookup", ["id__regex=[", "e=1&id__regex=[", "pk__range=1", "{date}__year=0", "{date}__iso_year=99999999"]
)
def test_a_lookup_that_the_database_refuses_leads_to_the_list(admin, kind, lookup):
    dates = {"users/user": "date_joined", "teams/news": "published_at", "identity/application": "created"}
    page = f"/admin/{kind}/"
    response = admin.get(f"{page}?{lookup.format(date=dates.get(kind, 'pgh_created_at'))}")
    assert (response.status_code, response.headers["Location"]) == (302, f"{page}?e=1")


def test_an_export_of_a_lookup_that_the_database_refuses_leads_to_the_list(committed_db, sign_in):
    """By itself: in a test's transaction the database would complain of another thing."""
    root = User.objects.create_superuser("root", "root@example.com", role=Role.ADMIN)
    response = sign_in(root).post("/admin/users/user/export/?username__regex=[", {"format": "0"})
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/users/user/")


@pytest.mark.parametrize("page", ["abc", "0", "99999999999999999999"])
def test_a_page_that_the_search_does_not_have_is_empty(admin, company, page):
    response = admin.get(f"/admin/search/?s=a&page={page}", follow=True)
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize("selected", ["abc", "", "1,2"])
@pytest.mark.parametrize("action", ["end_assignments", "move_to_team"])
def test_an_action_on_what_is_no_row_leads_to_the_list(admin, company, action, selected):
    page, assignment = "/admin/teams/userassignment/", company.assignment()
    data = {"action": action, "_selected_action": [assignment.pk, selected], "confirmed": "1"}
    response = admin.post(page, data)
    assert (response.status_code, response.headers["Location"]) == (302, f"{page}?e=1")
    assert UserAssignment.objects.filter(pk=assignment.pk).exists()


@pytest.mark.parametrize("key", ["abc", "-1", "99999999999999999999999", "1%20OR%201=1", "%2e%2e"])
@pytest.mark.parametrize("kind", ["teams/userassignment", "users/user", "identity/application"])
def test_a_row_that_does_not_exist_is_a_message(admin, kind, key):
    response = admin.get(f"/admin/{kind}/{key}/change/", follow=True)
    assert response.status_code in {200, 404}


@pytest.mark.parametrize("model", [Account, Application, User])
@pytest.mark.parametrize("key", ["1", "abc"])
def test_nothing_has_a_page_outside_the_admin(admin, model, key):
    kind = ContentType.objects.get_for_model(model)
    Application.objects.create(
        name="Web", client_type="public", authorization_grant_type="authorization-code"
    )
    keys = [key, *map(str, Application.objects.values_list("pk", flat=True))]
    assert {admin.get(f"/admin/r/{kind.pk}/{each}/").status_code for each in keys} == {404}


def test_a_time_in_the_address_of_new_news_is_ignored(admin):
    form = admin.get("/admin/teams/news/add/?title=Hello&published_at=2026-01-01").context["adminform"].form
    assert (form.initial["title"], form.initial.get("published_at")) == ("Hello", None)


def test_news_are_written(admin, company):
    data = {"organization": company.organization.pk, "title": "Новости", "body": "Line\r\nline"}
    data |= {"published_at_0": "2026-01-05", "published_at_1": "10:00:00", "_save": "Save"}
    assert admin.post("/admin/teams/news/add/", data).status_code == 302
    assert News.objects.get().title == "Новости"


@pytest.mark.parametrize(
    "page",
    [
        f"/admin/{model}/{view}"
        for model in ("teams/project", "teams/team", "teams/userassignment", "teams/news")
        for view in ("", "add/")
    ]
    + ["/admin/users/user/", "/admin/users/user/add/", "/admin/users/organization/", "/admin/auth/group/"]
    + [
        "/admin/axes/accessattempt/",
        "/admin/users/userevent/",
        "/admin/teams/projectevent/",
        "/admin/search/?s=acme&extended=1",
    ],
)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_page_opens_in_both_languages(admin, company, page, language):
    company.assignment()
    assert admin.get(page, headers={"Accept-Language": language}).status_code == 200
