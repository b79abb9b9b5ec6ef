"""Rows of a file, each checked by itself."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from task_meeting.schemas.transfer import RowError, TaskRow
from task_meeting.service.transfer.reading import RawRow

_MAX_NAME = 100


class Row(NamedTuple):
    """A row whose values are right by themselves."""

    number: int
    task: TaskRow


class RowFaultError(Exception):
    """Why a row cannot be imported."""

    def __init__(self, column: str | None, detail: str) -> None:
        super().__init__(column, detail)
        self.column = column
        self.detail = detail


def check_rows(raw_rows: Iterable[RawRow]) -> tuple[list[Row], list[RowError]]:
    """The rows that are right by themselves, and what is wrong with the others."""
    rows: list[Row] = []
    errors: list[RowError] = []
    seen: dict[object, int] = {}
    for raw in raw_rows:
        try:
            row = Row(raw.number, _parse(raw))
            _refuse_repetition(row, seen)
            rows.append(row)
        except ValidationError as error:
            errors.extend(row_error(raw.number, *told) for told in map(fault_of, error.errors()))
        except RowFaultError as fault:
            errors.append(row_error(raw.number, fault.column, fault.detail))
    return rows, errors


def row_error(number: int, column: str | None, detail: str) -> RowError:
    return RowError(row=number, column=column, detail=detail)


def fault_of(error: Mapping[str, Any]) -> tuple[str | None, str]:
    """The column and the reason of one of pydantic's errors, without the input that it quotes."""
    location: Sequence[str | int] = [part for part in error["loc"] if part != "body"]
    detail: str = error["msg"]
    if error["type"].endswith("_parsing"):
        detail = detail.partition(",")[0]
    return (str(location[0])[:_MAX_NAME] if location else None), detail


def _parse(raw: RawRow) -> TaskRow:
    if raw.fault is not None:
        raise RowFaultError(None, raw.fault)
    return TaskRow.model_validate(raw.values)


def _refuse_repetition(row: Row, seen: dict[object, int]) -> None:
    """One task twice would have two truths; the same new task twice is a slip."""
    first = seen.setdefault(row.task.oid or row.task.model_dump_json(exclude_unset=True), row.number)
    if first != row.number:
        raise RowFaultError(None, f"The same task as in row {first}")
