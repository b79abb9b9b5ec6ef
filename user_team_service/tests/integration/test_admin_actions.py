"""Many assignments at once: asked first, all or nothing."""

import pytest

from user_team.teams.models import UserAssignment

LIST = "/admin/teams/userassignment/"


def select(action, *assignments, **more):
    return {
        "action": action,
        "_selected_action": [row.pk for row in assignments],
        "select_across": "0",
        **more,
    }


def test_a_move_asks_for_the_team_and_then_moves_everybody(admin, company, rival):
    rows = [company.assignment(), company.assignment(team=None)]
    question = admin.post(LIST, select("move_to_team", *rows))
    assert all(str(row) in question.content.decode() for row in rows)
    done = admin.post(LIST, select("move_to_team", *rows, team=rival.team.pk, confirmed=2), follow=True)
    assert "Moved to Rival site / Backend." in done.content.decode()
    for row in UserAssignment.objects.all():
        assert (row.team_id, row.project_id, row.project_name) == (
            rival.team.pk,
            rival.project.pk,
            "Rival site",
        )


def test_a_move_that_would_put_somebody_into_a_team_twice_moves_nobody(admin, company):
    person = company.person()
    present = company.assignment(user=person, team=company.other_team)
    rows = [company.assignment(user=person), company.assignment()]
    data = select("move_to_team", *rows, team=company.other_team.pk, confirmed=2)
    assert "nobody was moved" in admin.post(LIST, data).content.decode()
    assert UserAssignment.objects.filter(team=company.other_team).get() == present
    both = select("move_to_team", present, rows[0], team=company.other_team.pk, confirmed=2)
    assert "nobody was moved" in admin.post(LIST, both).content.decode()


def test_a_move_without_a_team_asks_again(admin, company):
    row = company.assignment()
    assert admin.post(LIST, select("move_to_team", row, team="", confirmed=1)).status_code == 200
    assert admin.post(LIST, select("move_to_team", row, team="x' OR 1", confirmed=1)).status_code == 200


def test_ending_asks_and_then_deletes(admin, company):
    rows = [company.assignment() for _ in range(3)]
    kept = company.assignment()
    question = admin.post(LIST, select("end_assignments", *rows))
    assert "3 assignments" in question.content.decode()
    assert UserAssignment.objects.count() == 4
    done = admin.post(LIST, select("end_assignments", *rows, confirmed=3), follow=True)
    assert "3 assignments ended." in done.content.decode()
    assert UserAssignment.objects.get() == kept


def test_ten_thousand_are_ended_with_one_confirmation(admin, company):
    rows = company.many_assignments(people=100, teams=100)
    everything = {**select("end_assignments", rows[0]), "select_across": "1"}
    question = admin.post(LIST, everything)
    assert "10000 assignments" in question.content.decode().replace(",", "")
    assert len(question.content) < 100_000
    assert admin.post(LIST, {**everything, "confirmed": question.context["count"]}).status_code == 302
    assert not UserAssignment.objects.exists()


def test_a_selection_that_grew_since_the_question_is_asked_about_again(admin, company):
    row = company.assignment()
    company.assignment()
    data = {**select("end_assignments", row, confirmed=1), "select_across": "1"}
    assert "has changed meanwhile" in admin.post(LIST, data).content.decode()
    assert UserAssignment.objects.count() == 2


@pytest.mark.parametrize(
    ("right", "actions"), [("view", set()), ("change", {"move_to_team"}), ("delete", {"end_assignments"})]
)
def test_actions_take_the_right_for_them(company, sign_in, right, actions):
    person = company.administrator()
    group = person.groups.get()
    group.permissions.set(
        group.permissions.filter(codename__in={"view_userassignment", f"{right}_userassignment"})
    )
    row = company.assignment()
    client = sign_in(person)
    offered = dict(client.get(LIST).context["action_form"].fields["action"].choices) if actions else {}
    assert set(offered) - {""} == actions
    for action in {"move_to_team", "end_assignments"} - actions:
        client.post(LIST, select(action, row, team=company.other_team.pk, confirmed=1))
    row.refresh_from_db()
    assert row.team == company.team
