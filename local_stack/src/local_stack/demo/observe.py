"""Taking pictures: what the admin has committed, and what the task service shows."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from local_stack.demo import company
from local_stack.demo.admin import Admin
from local_stack.demo.services import Json, TaskService
from local_stack.demo.state import Assignment, Person, Picture


async def committed(admin: Admin, organization: str) -> Picture:
    """The organization's people and assignments as the admin exports them."""
    people = [line for line in await admin.export_csv("users/user") if line["organization"] == organization]
    rows = await admin.export_csv("teams/userassignment")
    placed = [line for line in rows if line["organization"] == organization]
    return Picture.of(company.people(people), company.assignments(placed, company.emails(people)))


@dataclass(frozen=True, slots=True)
class Shown:
    """What the task service shows, and the ids that go with it."""

    picture: Picture
    users: dict[str, str]
    """User oids by e-mail."""
    projects: dict[str, str]
    """Project oids by name."""
    teams: dict[tuple[str, str], str]
    """Team oids by project and name."""
    assignments: list[int]
    """Assignment ids."""


async def shown(task: TaskService, emails: Collection[str]) -> Shown:
    """What the task service shows of the people with these addresses, in its lists and its details."""
    users = [user for user in await task.users() if user["email"] in emails]
    details = [await task.user(user["oid"]) for user in users]
    rows = [(user["email"], row) for user in details for row in user["assignments"]]
    ours = {row["project_oid"] for _, row in rows}
    projects = {item["oid"]: item["name"] for item in await task.projects() if item["oid"] in ours}
    teams = [team for team in await task.teams() if team["project_oid"] in ours]
    names = [(projects[team["project_oid"]], team["name"]) for team in teams]
    picture = Picture(
        people=Counter(_person(user) for user in details if user["assignments"]),
        projects=Counter(projects.values()),
        teams=Counter(names),
        assignments=Counter(assignment(email, row) for email, row in rows),
    )
    return Shown(
        picture,
        users={user["email"]: user["oid"] for user in users},
        projects={name: oid for oid, name in projects.items()},
        teams={name: team["oid"] for name, team in zip(names, teams, strict=True)},
        assignments=[row["id"] for _, row in rows],
    )


def assignment(email: str, row: Json) -> Assignment:
    """An assignment out of the task service's answer."""
    return Assignment(email, row["project_name"], row["team_name"] or "", row["application_url"] or "")


def _person(user: Json) -> Person:
    return Person(user["email"], user["name"], user["role"], user["locale"], user["time_zone"])
