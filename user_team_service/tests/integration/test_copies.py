"""Copies of names, e-mail and role in assignments are true, whoever writes and however."""

import threading
import time

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from user_team.teams.models import Team, UserAssignment


def stored(assignment, *columns):
    return UserAssignment.objects.values_list(*columns).get(pk=assignment.pk)


def assert_true_copies(assignment):
    row = UserAssignment.objects.select_related("project", "team", "user").get(pk=assignment.pk)
    assert (row.project_name, row.project_oid) == (row.project.name, row.project.oid)
    assert (row.team_name, row.team_oid) == ((row.team.name, row.team.oid) if row.team else (None, None))
    assert (row.user_name, row.user_oid) == (str(row.user), row.user.oid)
    assert (row.user_email, row.user_role) == (row.user.email, row.user.role)
    assert (row.user_locale, row.user_time_zone) == (row.user.locale, row.user.time_zone)


def test_a_new_assignment_carries_all_copies_and_its_place_in_the_log(company):
    assignment = company.assignment()
    assert_true_copies(assignment)
    assert assignment.row_lsn > 0
    assert assignment.team_name == "Backend"


def test_an_assignment_without_a_team_is_saved(company):
    """S0, defect 1."""
    assignment = company.assignment(team=None)
    assert_true_copies(assignment)
    assert stored(assignment, "team_name", "team_oid") == (None, None)


def test_a_person_without_a_full_name_goes_by_the_user_name(company):
    assignment = company.assignment(user=company.person(username="ghost", first_name="", last_name=""))
    assert stored(assignment, "user_name") == ("ghost",)


@pytest.mark.parametrize("write", ["save", "update", "sql"])
def test_a_rename_reaches_every_assignment(company, write):
    """S0, defect 5."""
    assignment = company.assignment()
    before = assignment.row_lsn
    changes = [
        (company.project, "name", "Сайт"),
        (company.team, "name", "Бэкенд"),
        (assignment.user, "last_name", "Соколова"),
        (assignment.user, "email", "anna@example.com"),
        (assignment.user, "role", "manager"),
        (assignment.user, "locale", "ru"),
        (assignment.user, "time_zone", "Asia/Tokyo"),
    ]
    for row, column, value in changes:
        if write == "save":
            setattr(row, column, value)
            row.save()
        elif write == "update":
            type(row).objects.filter(pk=row.pk).update(**{column: value})
        else:
            with connection.cursor() as cursor:
                cursor.execute(
                    f"UPDATE {row._meta.db_table} SET {column} = %s WHERE id = %s", [value, row.pk]
                )
        assert_true_copies(assignment)
    assert stored(assignment, "project_name", "team_name", "user_name", "user_role", "row_lsn")[:4] == (
        "Сайт",
        "Бэкенд",
        "Ivan Соколова",
        "manager",
    )
    assert stored(assignment, "row_lsn")[0] > before


def test_saving_without_a_real_change_touches_no_assignment(company):
    assignment = company.assignment()
    company.project.save()
    company.team.save()
    assignment.user.set_password("something else")
    assignment.user.save()
    assert stored(assignment, "row_lsn") == (assignment.row_lsn,)


def test_what_a_client_writes_into_a_copy_is_ignored(company):
    assignment = company.assignment(user=company.person(first_name="Anna", last_name="Orlova"))
    UserAssignment.objects.filter(pk=assignment.pk).update(
        user_name="Mallory", user_email="m@evil.example", project_name="x", user_role="admin"
    )
    assert_true_copies(assignment)
    assignment.user_email = "m@evil.example"
    assignment.save()
    assert_true_copies(assignment)
    assert assignment.user_email != "m@evil.example"


def test_bulk_create_and_plain_sql_fill_the_copies(company):
    first, second = company.person(), company.person()
    UserAssignment.objects.bulk_create(
        [UserAssignment(user=first, project=company.project, team=company.team)]
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO teams_userassignment (project_id, user_id) VALUES (%s, %s)",
            [company.project.pk, second.pk],
        )
    rows = UserAssignment.objects.filter(user__in=[first, second])
    assert rows.count() == 2
    for row in rows:
        assert_true_copies(row)


def test_a_move_brings_the_names_of_the_new_place(company, rival):
    assignment = company.assignment()
    UserAssignment.objects.filter(pk=assignment.pk).update(project=rival.project, team=rival.team)
    assert_true_copies(assignment)
    UserAssignment.objects.filter(pk=assignment.pk).update(team=None)
    assert_true_copies(assignment)
    UserAssignment.objects.filter(pk=assignment.pk).update(user=rival.person())
    assert_true_copies(assignment)


def test_the_same_place_twice_is_refused_also_without_a_team(company):
    person = company.person()
    company.assignment(user=person, team=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        company.assignment(user=person, team=None)
    company.assignment(user=person)
    with pytest.raises(IntegrityError), transaction.atomic():
        company.assignment(user=person)


def test_a_team_of_another_project_is_refused_by_the_database(company, rival):
    assignment = company.assignment()
    with pytest.raises(IntegrityError, match="team_of_project"), transaction.atomic():
        UserAssignment.objects.filter(pk=assignment.pk).update(team=rival.team)
    with pytest.raises(IntegrityError, match="team_of_project"), transaction.atomic():
        Team.objects.filter(pk=company.team.pk).update(project=rival.project, name="Moved")


@pytest.mark.parametrize("table", ["teams_userassignment", "teams_project", "users_user"])
def test_truncating_is_refused(company, table):
    company.assignment()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(InternalError, match="cannot be truncated"), transaction.atomic():
            cursor.execute(f"TRUNCATE {table} CASCADE")


def test_a_link_that_is_no_web_address_is_refused_by_the_database(company):
    with pytest.raises(IntegrityError, match="http_url"), transaction.atomic():
        company.assignment(application_url="javascript:alert(1)")


class TestRaces:
    """Two processes at the same moment. Without locks each of these leaves a stale copy."""

    RENAME = {
        "project": "UPDATE teams_project SET name = 'New' WHERE id = %(project)s",
        "team": "UPDATE teams_team SET name = 'New' WHERE id = %(team)s",
        "user": "UPDATE users_user SET last_name = 'New' WHERE id = %(user)s",
    }
    INSERT = (
        "INSERT INTO teams_userassignment (project_id, team_id, user_id) "
        "VALUES (%(project)s, %(team)s, %(user)s)"
    )

    @pytest.fixture
    def race(self, committed_company, other_connection):
        """Run the first statement, start the second, see it wait, commit the first, then the second."""
        person = committed_company.person()
        ids = {"project": committed_company.project.pk, "team": committed_company.team.pk, "user": person.pk}

        def run(first, second):
            leader, follower = other_connection(), other_connection()
            leader.cursor().execute(first, ids)
            thread = threading.Thread(target=lambda: follower.cursor().execute(second, ids))
            thread.start()
            wait_until_blocked(follower)
            leader.commit()
            thread.join()
            follower.commit()
            return UserAssignment.objects.get(user=person)

        run.person = person
        run.ids = ids
        return run

    @pytest.mark.parametrize("renamed", RENAME)
    def test_an_insert_waits_for_a_rename_in_flight(self, race, renamed):
        assert_true_copies(race(self.RENAME[renamed], self.INSERT))

    @pytest.mark.parametrize("renamed", RENAME)
    def test_a_rename_waits_for_an_insert_in_flight(self, race, renamed):
        assignment = race(self.INSERT, self.RENAME[renamed])
        assert_true_copies(assignment)
        assert "New" in (assignment.project_name, assignment.team_name, assignment.user_name.split()[-1])

    @pytest.mark.parametrize("renamed", RENAME)
    def test_an_edit_does_not_put_an_old_name_back(self, race, committed_company, renamed):
        committed_company.assignment(user=race.person)
        edit = (
            "UPDATE teams_userassignment SET application_url = 'https://a.example' WHERE user_id = %(user)s"
        )
        assignment = race(self.RENAME[renamed], edit)
        assert_true_copies(assignment)
        assert assignment.application_url == "https://a.example"

    @pytest.mark.parametrize("renamed", RENAME)
    def test_a_rename_during_an_edit_is_not_lost(self, race, committed_company, renamed):
        committed_company.assignment(user=race.person)
        edit = (
            "UPDATE teams_userassignment SET application_url = 'https://a.example' WHERE user_id = %(user)s"
        )
        assert_true_copies(race(edit, self.RENAME[renamed]))

    def test_renames_of_project_and_team_at_once_do_not_deadlock(self, race, committed_company):
        committed_company.assignment(user=race.person)
        committed_company.assignment()
        assert_true_copies(race(self.RENAME["project"], self.RENAME["team"]))


def wait_until_blocked(waiting, timeout=10):
    """Until the server says that this connection waits for a lock."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s",
                [waiting.info.backend_pid],
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("the second statement did not wait for the first")


def test_triggers_find_the_setting_that_they_ask_for(company):
    """Unset, each row of a bulk change would raise and catch an error: quadratic time (benchmarks/scale)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('pgtrigger.ignore', true)")
        assert cursor.fetchone() == ("{}",)
