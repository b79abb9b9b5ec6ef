"""Files that people send, as rows; a file that is none is refused as a whole."""

import csv
import io
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec

from service_kit.http import InvalidValueError, Problem
from task_meeting.schemas.transfer import COLUMNS, MAX_ROWS, REQUIRED, Format
from task_meeting.service.transfer.cells import from_cells


class RawRow(NamedTuple):
    """A row as it was sent; `fault` says why its values could not be told."""

    number: int
    values: dict[str, Any]
    fault: str | None = None


def read_rows(body: bytes, file_format: Format) -> list[RawRow]:
    """The rows of a file, blank ones left out.

    Raises:
        InvalidValueError: it is no file of this format, or has other columns.
        Problem: 413, it has too many rows.
    """
    rows: list[RawRow] = []
    for row in _csv_rows(body) if file_format == "csv" else _json_rows(body):
        if len(rows) == MAX_ROWS:
            raise Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The file has over {MAX_ROWS} rows. Split it."
            )
        rows.append(row)
    return rows


def _csv_rows(body: bytes) -> Iterator[RawRow]:
    text = _decode(body)
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(lines, [])]
        _check_columns(header)
        for number, line in enumerate(lines, 1):
            if any(line):
                yield _csv_row(number, header, line)
    except csv.Error as error:
        raise _refused(f"Not a well-formed CSV file: {error}") from None


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused("Not UTF-8 text; spreadsheets call it “CSV UTF-8”") from None


def _check_columns(header: Sequence[str]) -> None:
    missing = [name for name in REQUIRED if name not in header]
    unknown = [name for name in header if name not in COLUMNS]
    repeated = {name for name in header if header.count(name) > 1}
    if missing or unknown or repeated:
        # What is unknown is counted, not repeated: an error shows no input.
        raise _refused(
            f"The columns are {', '.join(COLUMNS)}; the first {len(REQUIRED)} are needed."
            f" Missing: {', '.join(missing) or 'none'}. Unknown: {len(unknown)}."
            f" Repeated: {', '.join(sorted(repeated & set(COLUMNS))) or 'none'}"
        )


def _csv_row(number: int, header: Sequence[str], line: Sequence[str]) -> RawRow:
    if len(line) != len(header):
        return RawRow(number, {}, f"It has {len(line)} cells, and the header has {len(header)}")
    return RawRow(number, from_cells(dict(zip(header, line, strict=True))))


def _json_rows(body: bytes) -> Iterator[RawRow]:
    try:
        rows = msgspec.json.decode(body, type=list[Any])
    except (ValueError, RecursionError):
        raise _refused("Not a JSON array in UTF-8") from None
    for number, row in enumerate(rows, 1):
        if isinstance(row, dict):
            yield RawRow(number, row)
        else:
            yield RawRow(number, {}, "Not an object")


def _refused(detail: str) -> InvalidValueError:
    return InvalidValueError(("body",), detail)
