"""A company of a test's own in the source database: people, projects and teams with unique names."""

import uuid
from dataclasses import dataclass, field

from harness.database import Sql

PASSWORD = "a password of their own"
"""What somebody signs in with, once an administrator has given them one."""


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    oid: uuid.UUID
    username: str
    email: str


@dataclass(frozen=True, slots=True)
class Place:
    """A project and, perhaps, one of its teams."""

    project_id: int
    team_id: int | None


@dataclass(frozen=True, slots=True)
class Company:
    """`marker` begins every name and address in it, so that nothing of another test is mistaken for it."""

    marker: str
    organization_id: int
    people: list[Person] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)

    @property
    def projects(self) -> list[int]:
        return sorted({place.project_id for place in self.places})

    @property
    def teams(self) -> list[int]:
        return sorted({place.team_id for place in self.places if place.team_id is not None})


def found(sql: Sql, *, people: int = 12, projects: int = 2, teams: int = 2) -> Company:
    """Create a company; each project has so many teams and can also be worked on without one."""
    marker = f"t{uuid.uuid4().hex[:8]}"
    with sql.transaction():
        organization = sql.value(
            "INSERT INTO users_organization (name) VALUES (%s) RETURNING id", [f"{marker} Org"]
        )
        company = Company(marker, organization)
        company.people.extend(_hire(sql, company, number) for number in range(people))
        for number in range(projects):
            project = _start_project(sql, company, f"{marker} Проект {number}")
            company.places.append(Place(project, None))
            company.places.extend(
                Place(project, _make_team(sql, project, f"{marker} Team {number}.{team}"))
                for team in range(teams)
            )
    return company


def _hire(sql: Sql, company: Company, number: int) -> Person:
    name = f"{company.marker}-{number}"
    row = sql.rows(
        "INSERT INTO users_user (password, is_superuser, username, is_staff, is_active, date_joined, oid,"
        " first_name, last_name, email, role, locale, time_zone, organization_id)"
        " VALUES ('!', false, %s, false, true, now(), %s, %s, 'Иванова', %s, 'employee', %s,"
        " 'Europe/Moscow', %s) RETURNING id, oid, username, email",
        [
            name,
            uuid.uuid4(),
            name,
            f"{name}@company.example",
            ("ru", "en")[number % 2],
            company.organization_id,
        ],
    )[0]
    return Person(**row)


def _start_project(sql: Sql, company: Company, name: str) -> int:
    return sql.value(
        "INSERT INTO teams_project (name, oid, organization_id) VALUES (%s, %s, %s) RETURNING id",
        [name, uuid.uuid4(), company.organization_id],
    )


def _make_team(sql: Sql, project: int, name: str) -> int:
    return sql.value(
        "INSERT INTO teams_team (name, oid, project_id) VALUES (%s, %s, %s) RETURNING id",
        [name, uuid.uuid4(), project],
    )
