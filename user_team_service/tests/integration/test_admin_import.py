"""Import and export: a report before anything is kept; all rows or none; harmless in a spreadsheet."""

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from user_team.imports import storage
from user_team.teams.models import Project, Team, UserAssignment
from user_team.users.models import Organization, Role, User

EXAMPLES = Path(__file__).parents[3] / "examples" / "company"
CSV, XLSX = "0", "1"
PEOPLE = "username,email,first_name,last_name,organization,role,locale,time_zone\n"
ASSIGNMENTS = "username,organization,project,team,application_url\n"


@pytest.fixture(autouse=True)
def private_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(storage.tempfile, "gettempdir", lambda: str(tmp_path))
    return tmp_path


def upload(client, kind, content, file_format=CSV):
    data = content if isinstance(content, bytes) else content.encode()
    file = SimpleUploadedFile("table", data)
    return client.post(
        f"/admin/{kind}/import/", {"import_file": file, "format": file_format, "resource": "0"}
    )


def confirm(client, kind, report):
    return client.post(f"/admin/{kind}/process_import/", report.context["confirm_form"].initial, follow=True)


def import_file(client, kind, content, file_format=CSV):
    return confirm(client, kind, upload(client, kind, content, file_format))


def complaints(report):
    """All that the report says is wrong; nothing can be confirmed then."""
    assert report.status_code == 200
    assert "confirm_form" not in report.context
    result = report.context.get("result")
    form = [message for messages in report.context["form"].errors.values() for message in messages]
    if result is None:
        return form
    rows = [f"{row.number}: {error}" for row in result.invalid_rows for error in row.error.messages]
    errors = [f"{number}: {error.error}" for number, errors in result.row_errors() for error in errors]
    return form + rows + errors + [str(error.error) for error in result.base_errors]


def xlsx(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_the_example_company_is_imported_and_a_second_time_changes_nothing(admin):
    kinds = ("users/organization", "users/user", "teams/project", "teams/team", "teams/userassignment")
    for _time in range(2):
        for kind, file in zip(kinds, sorted(EXAMPLES.glob("*.csv")), strict=True):
            page = import_file(admin, kind, file.read_bytes())
            assert page.status_code == 200
    assert (User.objects.count() - 1, Project.objects.count(), Team.objects.count()) == (60, 5, 12)
    assert UserAssignment.objects.count() == 150
    assert UserAssignment.pgh_event_model.objects.count() == 150
    assert not any(person.has_usable_password() for person in User.objects.filter(is_superuser=False))
    assert "150 skipped" in page.content.decode()


def test_the_first_team_management_called_employees_users(admin, company):
    line = "anna,anna@example.com,Anna,K,Acme,user,en,UTC\n"
    for _time in range(2):
        import_file(admin, "users/user", PEOPLE + line)
    assert User.objects.get(username="anna").role == Role.EMPLOYEE


def test_a_dry_run_keeps_nothing(admin, company):
    report = upload(admin, "teams/project", "organization,name\nAcme,New\n")
    assert report.context["result"].totals["new"] == 1
    assert not Project.objects.filter(name="New").exists()


def test_one_bad_line_keeps_all_out(admin, company):
    person = company.person()
    lines = [
        f"{person.username},Acme,Acme site,Backend,https://a.example",
        "nobody,Acme,Acme site,Backend,",
        f"{person.username},Acme,No such project,,",
        f"{person.username},Acme,Acme site,Frontend,javascript:alert(1)",
        f"{person.username},Acme,Acme site,Backend,",
        f"{person.username},Acme,,,",
    ]
    report = upload(admin, "teams/userassignment", ASSIGNMENTS + "\n".join(lines))
    text = "\n".join(complaints(report))
    assert "2: There is no person with the user name “nobody”." in text
    assert "3: There is no project “No such project” in the organization “Acme”." in text
    assert "4: Enter a valid URL." in text
    assert "5: The same as row 1." in text
    assert "6: This field cannot be null." in text
    assert not UserAssignment.objects.exists()


def test_what_became_wrong_after_the_dry_run_is_not_half_imported(admin, company):
    people = [company.person(), company.person()]
    table = ASSIGNMENTS + "".join(f"{person.username},Acme,Acme site,Backend,\n" for person in people)
    report = upload(admin, "teams/userassignment", table)
    people[1].delete()
    page = confirm(admin, "teams/userassignment", report)
    assert "Nothing was imported" in page.content.decode()
    assert not UserAssignment.objects.exists()


def test_confirming_twice_is_a_message(admin, company):
    report = upload(admin, "teams/project", "organization,name\nAcme,New\n")
    assert "Import finished" in confirm(admin, "teams/project", report).content.decode()
    assert "imported already" in confirm(admin, "teams/project", report).content.decode()
    assert Project.objects.filter(name="New").count() == 1


AS_TEXT, AS_SHEET = "organization,name\nAcme,New\n", xlsx(["organization", "name"], ["Acme", "New"])


@pytest.mark.parametrize("checked_as", [(AS_TEXT, CSV), (AS_SHEET, XLSX)])
@pytest.mark.parametrize("file_format", [CSV, XLSX, "2", "-1", "abc", ""])
def test_a_file_is_imported_as_what_it_was_checked_as_or_not_at_all(admin, company, checked_as, file_format):
    checked = upload(admin, "teams/project", *checked_as).context["confirm_form"].initial
    done = admin.post("/admin/teams/project/process_import/", {**checked, "format": file_format}, follow=True)
    assert done.status_code == 200
    assert Project.objects.filter(name="New").exists() == (file_format == checked_as[1])


@pytest.mark.parametrize("query", ["nope=1", "id__exact=abc", "created_at_from_0=x"])
def test_odd_filters_of_an_export_lead_back_to_the_list(admin, company, query):
    page = f"/admin/teams/userassignment/export/?{query}"
    for answer in (admin.get(page), admin.post(page, {"format": CSV, "resource": "0"})):
        assert answer.status_code in {200, 302}


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "", "x" * 500])
def test_only_uploaded_files_are_imported(admin, name):
    data = {"import_file_name": name, "original_file_name": "x.csv", "format": CSV, "resource": "0"}
    response = admin.post("/admin/teams/project/process_import/", data, follow=True)
    assert response.status_code == 200
    assert "root:" not in response.content.decode()


def test_uploads_are_private_and_do_not_stay(admin, company, private_folder, monkeypatch):
    upload(admin, "teams/project", "organization,name\nAcme,One\n")
    (folder,) = private_folder.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    monkeypatch.setattr(storage, "LIFETIME_SECONDS", -1)
    upload(admin, "teams/project", "organization,name\nAcme,Two\n")
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_csv_as_spreadsheets_write_it(admin, company, encoding, separator, line_end):
    table = line_end.join(
        [separator.join(["organization", "name"]), separator.join(["Acme", "Проект «Ёж»"]), "", ""]
    )
    import_file(admin, "teams/project", table.encode(encoding))
    assert Project.objects.filter(name="Проект «Ёж»").exists()


def test_xlsx_works_too(admin, company):
    import_file(
        admin, "teams/project", xlsx(["organization", "name"], ["Acme", "Проект"], ["Acme", 2026]), XLSX
    )
    assert set(Project.objects.values_list("name", flat=True)) == {"Acme site", "Проект", "2026"}


def bomb():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 60_000_000)
    return file.getvalue()


def sheet(size, rows):
    """A workbook that says it has this size, with these rows as XML besides two ordinary ones."""
    old, new = zipfile.ZipFile(io.BytesIO(xlsx(["organization", "name"], ["Acme", "Проект"]))), io.BytesIO()
    with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in old.namelist():
            xml = old.read(name)
            if name.endswith("sheet1.xml"):
                xml = xml.replace(b'<dimension ref="A1:B2"', f'<dimension ref="{size}"'.encode())
                assert size.encode() in xml
                xml = xml.replace(b"</sheetData>", f"{rows}</sheetData>".encode())
            archive.writestr(name, xml)
    return new.getvalue()


def test_the_size_that_a_sheet_claims_costs_nothing(admin, company):
    """Formatted rows and columns count as its size, to the last cell that there can be."""
    last = '<row r="1048576"><c r="A1048576" s="0"/></row>'
    import_file(admin, "teams/project", sheet("A1:XFD1048576", last), XLSX)
    assert set(Project.objects.values_list("name", flat=True)) == {"Acme site", "Проект"}


WIDE = "".join(f'<row r="{number}"><c r="XFD{number}" s="0"/></row>' for number in range(3, 2_000))


@pytest.mark.parametrize(
    ("content", "file_format", "complaint"),
    [
        (sheet("A1:XFD2000", WIDE), XLSX, "too large"),
        ("organization,name\nAcme,Проект\n".encode("cp1251"), CSV, "not UTF-8"),
        (b"\xff\xfe\x00garbage", CSV, "not UTF-8"),
        (b"PK\x03\x04", XLSX, "not a readable XLSX"),
        (b"organization,name\n", XLSX, "not a readable XLSX"),
        (bomb(), XLSX, "too large"),
        (b"x" * (5 * 1024 * 1024 + 1), CSV, "larger than 5"),
        ("organization,name\n" + "Acme,x\n" * 5001, CSV, "more than 5000 rows"),
        ('organization,name\nAcme,"open\n', CSV, "not a well-formed CSV"),
        ("organization,name\nAcme,x,surplus\n", CSV, "Row 1 has more cells"),
        ("organization,name,is_superuser\nAcme,x,1\n", CSV, "Unknown: is_superuser"),
        ("name\nx\n", CSV, "Missing: organization"),
        ("name,name,organization\nx,y,Acme\n", CSV, "The columns must be"),
        ("organization,name\n", CSV, "No valid data"),
        (b"", CSV, "empty"),
        ("organization,name\nAcme,Ev\x00il\n", CSV, "invisible"),
        ("organization,name\nAcme,Ev\u202eil\n", CSV, "invisible"),
        ('organization,name\nAcme,"two\nlines"\n', CSV, "Line breaks"),
        ("organization,name\nAcme,=cmd|' /C calc'!A0\n", CSV, "formula"),
        ("organization,name\nAcme,+1\n", CSV, "formula"),
        ("organization,name\nAcme,@x\n", CSV, "formula"),
        ("organization,name\nAcme," + "x" * 201 + "\n", CSV, "at most 200"),
        ("organization,name\nNowhere,x\n", CSV, "no organization “Nowhere”"),
    ],
)
def test_a_bad_file_is_a_report(admin, company, content, file_format, complaint):
    assert complaint in "\n".join(complaints(upload(admin, "teams/project", content, file_format)))
    assert Project.objects.count() == 1


def test_people_get_no_rights_and_no_password_from_a_file(admin, company):
    import_file(admin, "users/user", PEOPLE + "anna,anna@example.com,Анна,Орлова,Acme,manager,ru,Asia/Omsk\n")
    person = User.objects.get(username="anna")
    assert (person.is_staff, person.is_superuser, person.has_usable_password()) == (False, False, False)
    assert (person.role, person.locale, person.time_zone) == (Role.MANAGER, "ru", "Asia/Omsk")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("anna,ANNA@example.com,,,Acme,employee,ru,UTC", "already a person with this e-mail"),
        ("new,no address,,,Acme,employee,ru,UTC", "valid email"),
        ("new,n@example.com,,,Acme,king,ru,UTC", "not a valid choice"),
        ("new,n@example.com,,,Acme,employee,de,UTC", "not a valid choice"),
        ("new,n@example.com,,,Acme,employee,en,Mars", "is not a time zone"),
        ("a b,n@example.com,,,Acme,employee,en,UTC", "valid username"),
        (",n@example.com,,,Acme,employee,en,UTC", "cannot be blank"),
    ],
)
def test_a_bad_person_is_a_report(admin, company, line, complaint):
    company.person(username="taken", email="anna@example.com")
    assert complaint in "\n".join(complaints(upload(admin, "users/user", PEOPLE + line)))


class TestWhichImportAnAssignmentCameBy:
    """One id for all rows that an import writes, until somebody else writes them."""

    @pytest.fixture
    def rows(self, admin, company):
        """Imports assignments of these people to the team, and returns who came by which import."""

        def rows(*people, url=""):
            lines = "".join(f"{person.username},Acme,Acme site,Backend,{url}\n" for person in people)
            import_file(admin, "teams/userassignment", ASSIGNMENTS + lines)
            return dict(UserAssignment.objects.values_list("user", "import_oid"))

        return rows

    def test_each_new_and_each_changed_row_says_it(self, company, rows):
        new, changed, same = [
            company.assignment(application_url=url).user for url in (None, None, "https://a.example")
        ]
        UserAssignment.objects.filter(user=new).delete()
        found = rows(new, changed, same, url="https://a.example")
        assert found[new.pk] == found[changed.pk]
        assert found[new.pk] is not None
        assert found[same.pk] is None

    def test_each_import_has_an_id_of_its_own(self, company, rows):
        one, other = company.person(), company.person()
        first = rows(one)
        second = rows(one, other)
        assert second[one.pk] == first[one.pk]
        assert second[other.pk] != first[one.pk]
        assert rows(one, url="https://a.example")[one.pk] not in {None, *second.values()}

    @pytest.mark.parametrize(
        "change",
        [
            lambda row: row.save(),
            lambda row: UserAssignment.objects.update(application_url="https://a.example"),
            lambda row: Team.objects.filter(pk=row.team_id).update(name="Renamed"),
            lambda row: User.objects.filter(pk=row.user_id).update(email="other@example.com"),
        ],
        ids=["saved", "updated", "team renamed", "person changed"],
    )
    def test_any_other_change_says_of_none(self, company, rows, change):
        rows(company.person())
        change(UserAssignment.objects.get())
        assert UserAssignment.objects.get().import_oid is None

    def test_it_is_shown_and_cannot_be_written(self, admin, company, rows):
        rows(company.person())
        row = UserAssignment.objects.get()
        page = admin.get(f"/admin/teams/userassignment/{row.pk}/change/").content.decode()
        assert str(row.import_oid) in page
        assert 'name="import_oid"' not in page
        assert not hasattr(row.events.get(), "import_oid")


class TestByAnOrganizationsAdministrator:
    @pytest.mark.parametrize(
        ("kind", "table", "complaint"),
        [
            ("teams/project", "organization,name\nRival,Spy\n", "no organization “Rival”"),
            ("teams/team", "organization,project,name\nRival,Rival site,Spies\n", "no project “Rival site”"),
            (
                "users/user",
                PEOPLE + "spy,spy@example.com,,,Rival,employee,en,UTC\n",
                "no organization “Rival”",
            ),
            ("users/user", PEOPLE + "spy,spy@example.com,,,,employee,en,UTC\n", "organization is missing"),
            ("users/user", PEOPLE + "rivalist,spy@example.com,,,Acme,employee,en,UTC\n", "already exists"),
            ("users/user", PEOPLE + "colleague,c@example.com,,,Acme,employee,en,UTC\n", "Only a superuser"),
            ("teams/userassignment", ASSIGNMENTS + "rivalist,Acme,Acme site,,\n", "no person"),
            ("teams/userassignment", ASSIGNMENTS + "ours,Rival,Rival site,,\n", "no project"),
        ],
    )
    def test_foreign_rows_are_neither_found_nor_made(
        self, local_admin, company, rival, kind, table, complaint
    ):
        rival.person(username="rivalist")
        company.person(username="colleague", is_staff=True)
        company.person(username="ours")
        assert complaint in "\n".join(complaints(upload(local_admin, kind, table)))

    def test_nobody_gives_a_higher_role_than_their_own(self, company, sign_in):
        manager = company.administrator()
        User.objects.filter(pk=manager.pk).update(role=Role.MANAGER)
        table = PEOPLE + "boss,boss@example.com,,,Acme,admin,en,UTC\n"
        assert "cannot give the role" in "\n".join(complaints(upload(sign_in(manager), "users/user", table)))

    def test_own_rows_are_imported(self, local_admin, company):
        import_file(local_admin, "users/user", PEOPLE + "anna,anna@example.com,A,B,Acme,admin,en,UTC\n")
        import_file(local_admin, "teams/userassignment", ASSIGNMENTS + "anna,Acme,Acme site,Backend,\n")
        assert UserAssignment.objects.get().user_role == "admin"

    def test_exports_hold_own_rows_only(self, local_admin, company, rival):
        rival.assignment()
        company.assignment()
        for kind in ("users/user", "teams/project", "teams/team", "teams/userassignment"):
            table = export(local_admin, kind)
            assert "Acme" in table
            assert "Rival" not in table

    def test_without_the_rights_there_is_no_import(self, administrator, sign_in, company):
        administrator.groups.clear()
        for view in ("import", "process_import", "export"):
            assert sign_in(administrator).post(f"/admin/teams/project/{view}/").status_code == 403


def export(client, kind, file_format=CSV):
    response = client.post(f"/admin/{kind}/export/", {"format": file_format, "resource": "0"})
    assert response.status_code == 200
    return response.content if file_format == XLSX else response.content.decode()


FORMULAS = ["=HYPERLINK(1)", "+1+1", "-2+3", "@SUM(A1)"]


def test_formulas_are_harmless_in_an_export_and_come_back_as_they_were(admin, company):
    for formula in FORMULAS:
        Project.objects.create(organization=company.organization, name=formula)
    table = export(admin, "teams/project")
    for formula in FORMULAS:
        assert f"Acme,'{formula}" in table
    cells = [
        row[1].value
        for row in openpyxl.load_workbook(io.BytesIO(export(admin, "teams/project", XLSX))).active
    ]
    assert {f"'{formula}" for formula in FORMULAS} <= set(cells)
    Project.objects.all().delete()
    import_file(admin, "teams/project", table)
    assert set(FORMULAS) <= set(Project.objects.values_list("name", flat=True))


@pytest.mark.parametrize("file_format", [CSV, XLSX])
def test_an_export_of_assignments_can_be_imported_again(admin, company, file_format):
    company.assignment(application_url="https://apply.example/1")
    company.assignment(team=None)
    table = export(admin, "teams/userassignment", file_format)
    rows = set(UserAssignment.objects.values_list("user", "project", "team", "application_url"))
    UserAssignment.objects.all().delete()
    import_file(admin, "teams/userassignment", table, file_format)
    assert set(UserAssignment.objects.values_list("user", "project", "team", "application_url")) == rows
    assert Organization.objects.count() == 1
