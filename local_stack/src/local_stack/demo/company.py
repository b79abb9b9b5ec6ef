"""The company in `examples/`: the files that are imported, and what they say."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from local_stack.demo.state import Assignment, Person

# In this order each file finds what it refers to.
MODELS = {
    "1-organizations.csv": "users/organization",
    "2-people.csv": "users/user",
    "3-projects.csv": "teams/project",
    "4-teams.csv": "teams/team",
    "5-assignments.csv": "teams/userassignment",
}

Line = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """One CSV file and the admin's model that it is imported into."""

    name: str
    content: str

    @property
    def model(self) -> str:
        return MODELS[self.name]

    @property
    def lines(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.content)))

    def with_columns(self, changes: Mapping[str, Callable[[str], str]]) -> "Table":
        """The same table with some columns' values passed through functions."""
        lines = [{**line, **{name: new(line[name]) for name, new in changes.items()}} for line in self.lines]
        text = io.StringIO()
        writer = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
        return Table(self.name, text.getvalue())


@dataclass(frozen=True, slots=True)
class Company:
    """All files together; a file's name is its key."""

    tables: Mapping[str, Table]

    @classmethod
    def read(cls, folder: Path) -> "Company":
        """The company of a folder, which has a file for each of `MODELS`."""
        return cls({name: Table(name, (folder / name).read_text("utf-8-sig")) for name in MODELS})

    @property
    def organization(self) -> str:
        return self.tables["1-organizations.csv"].lines[0]["name"]

    @property
    def people(self) -> frozenset[Person]:
        return people(self.tables["2-people.csv"].lines)

    @property
    def usernames(self) -> dict[str, str]:
        """User names by address."""
        return {email: name for name, email in emails(self.tables["2-people.csv"].lines).items()}

    @property
    def teams(self) -> list[tuple[str, str]]:
        """Project and name of each team, in the file's order."""
        return [(line["project"], line["name"]) for line in self.tables["4-teams.csv"].lines]

    @property
    def assignments(self) -> frozenset[Assignment]:
        return assignments(self.tables["5-assignments.csv"].lines, emails(self.tables["2-people.csv"].lines))

    def numbered(self, number: int) -> "Company":
        """The company as it is for 1; for more, a copy that shares nothing unique with the others."""
        if number == 1:
            return self
        columns = _renumbering(number)
        return Company({name: table.with_columns(columns[name]) for name, table in self.tables.items()})


def _renumbering(number: int) -> dict[str, dict[str, Callable[[str], str]]]:
    def label(name: str) -> str:
        return f"{name} ({number})"

    def username(name: str) -> str:
        return f"{name}.{number}"

    def email(address: str) -> str:
        return address.replace("@", f"@n{number}.")

    return {
        "1-organizations.csv": {"name": label},
        "2-people.csv": {"organization": label, "username": username, "email": email},
        "3-projects.csv": {"organization": label, "name": label},
        "4-teams.csv": {"organization": label, "project": label},
        "5-assignments.csv": {"organization": label, "project": label, "username": username},
    }


def emails(lines: Iterable[Line]) -> dict[str, str]:
    """Addresses by user name."""
    return {line["username"]: line["email"] for line in lines}


def people(lines: Iterable[Line]) -> frozenset[Person]:
    """The people of a file that was, or could be, exported by the admin."""
    return frozenset(
        Person(
            email=line["email"],
            name=f"{line['first_name']} {line['last_name']}".strip() or line["username"],
            role=line["role"],
            locale=line["locale"],
            time_zone=line["time_zone"],
        )
        for line in lines
    )


def assignments(lines: Iterable[Line], email_of: Mapping[str, str]) -> frozenset[Assignment]:
    """The assignments of a file that was, or could be, exported by the admin."""
    return frozenset(
        Assignment(email_of[line["username"]], line["project"], line["team"], line["application_url"])
        for line in lines
    )
