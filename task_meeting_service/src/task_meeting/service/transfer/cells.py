"""Cells of a CSV file: text that no spreadsheet takes for a formula, and back again without a loss."""

import re
from collections.abc import Mapping
from typing import Any

# What spreadsheets run as a formula begins so (OWASP, "CSV Injection"). Apostrophes before it are counted
# too: without that, an apostrophe that somebody wrote could not be told from one that was put there.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")
_ESCAPE = "'"
# An empty cell of these says null; of the others, that nothing is said.
_NULLABLE = {"team_oid", "assignee_oid", "deadline", "deadline_time_zone"}
_UNSAID = {"oid", "project_oid", "status", "priority"}


def defused(text: str) -> str:
    """The text with an apostrophe before what a spreadsheet would run; `plain` takes it off again."""
    return _ESCAPE + text if _FORMULA.match(text) else text


def plain(cell: str) -> str:
    """What `defused` made the cell of."""
    return cell.removeprefix(_ESCAPE) if _ESCAPED.match(cell) else cell


def to_cell(value: str | list[str] | None) -> str:
    """A JSON value of a row as a cell; labels, which hold no line breaks, have a line each."""
    if value is None:
        return ""
    return defused("\n".join(value) if isinstance(value, list) else value)


def from_cells(cells: Mapping[str, str]) -> dict[str, Any]:
    """The cells of a row, by their columns, as JSON values."""
    values: dict[str, Any] = {}
    for column, cell in cells.items():
        text = plain(cell)
        if column == "labels":
            values[column] = text.replace("\r\n", "\n").split("\n") if text else []
        elif text or column not in _NULLABLE | _UNSAID:
            values[column] = text
        elif column in _NULLABLE:
            values[column] = None
    return values
