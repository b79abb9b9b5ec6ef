"""The matrix of contracts/authorization.yaml, which tests play and docs/authorization.md shows."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

_ROOT = Path(__file__).parents[2]
_MATRIX = _ROOT / "contracts" / "authorization.yaml"
PAGE = _ROOT / "docs" / "authorization.md"
BEGIN = "<!-- From here on made of contracts/authorization.yaml by `make openapi`. -->\n"
ROLES = ("employee", "manager", "admin")
RELATIONS = ("own", "colleague", "foreign")

Answer = int | str


class Rule(NamedTuple):
    """Who may call one operation: `answers[role, relation]` is a status, or whether a list holds it."""

    operation: str
    needs: str | None
    answers: Mapping[tuple[str, str], Answer]


def rules(service: str) -> list[Rule]:
    """The rules of a service's operations, by the names that they have in the OpenAPI document."""
    matrix = yaml.safe_load(_MATRIX.read_text(encoding="utf-8"))[service]
    return [
        Rule(
            operation,
            row["needs"],
            {
                (role, relation): row[relation][number]
                for relation in RELATIONS
                if relation in row
                for number, role in enumerate(ROLES)
            },
        )
        for operation, row in matrix.items()
    ]


def table(service: str) -> str:
    """The rules as a Markdown table."""
    pairs = [(role, relation) for role in ROLES for relation in RELATIONS]
    head = ["operation", "needs", *(f"{role}: {relation}" for role, relation in pairs)]
    rows = [
        [f"`{rule.operation}`", f"`{rule.needs}`" if rule.needs else "—", *_cells(rule, pairs)]
        for rule in rules(service)
    ]
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cells(rule: Rule, pairs: list[tuple[str, str]]) -> Iterator[str]:
    return (str(rule.answers.get(pair, "")) for pair in pairs)


def page() -> str:
    """The page as it should be: what was written by hand, and the tables."""
    written = PAGE.read_text(encoding="utf-8").partition(BEGIN)[0]
    tables = "".join(f"\n## {service}\n\n{table(service)}" for service in ("task_meeting", "notification"))
    return written + BEGIN + tables


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
