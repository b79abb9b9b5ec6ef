"""The file formats of import and export: CSV as people's spreadsheets write it, and XLSX."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import tablib
from django.conf import settings
from django.utils.translation import gettext as _
from import_export.formats import base_formats

# Read within seconds; a thousand columns of as many rows as may be imported.
_MAX_CELLS = 5_000_000


class UnreadableFileError(Exception):
    """The file cannot be read as a table; the message is for the person who uploaded it."""


class CsvFormat(base_formats.CSV):
    """UTF-8, with or without a byte order mark; comma or semicolon, whichever the header line has more of."""

    def create_dataset(self, in_stream: str | bytes, **_options: Any) -> tablib.Dataset:
        text = in_stream if isinstance(in_stream, str) else in_stream.decode(self.encoding or "utf-8-sig")
        header = text.partition("\n")[0]
        delimiter = ";" if header.count(";") > header.count(",") else ","
        try:
            return _table(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
        except csv.Error as error:
            raise UnreadableFileError(_("This is not a well-formed CSV file: %s.") % error) from error


class XlsxFormat(base_formats.XLSX):
    """The active sheet of a workbook; a formula counts as its last result."""

    def create_dataset(self, in_stream: bytes) -> tablib.Dataset:
        try:
            _refuse_bomb(in_stream)
            book = openpyxl.load_workbook(io.BytesIO(in_stream), read_only=True, data_only=True)
            return _table(_lines(book.active))
        except UnreadableFileError:
            raise
        except Exception as error:  # whatever the damage in the file leads openpyxl to
            raise UnreadableFileError(_("This is not a readable XLSX workbook.")) from error


def _refuse_bomb(data: bytes) -> None:
    """A workbook is a ZIP archive: look at its unpacked size before anything unpacks it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > settings.IMPORT_MAX_UNPACKED_BYTES:
        raise UnreadableFileError(_("The workbook is too large."))


def _lines(sheet: Any) -> Iterator[list[str]]:
    """The rows of a worksheet, each as long as its last cell.

    What a sheet says of its own size is not asked: where somebody has formatted whole rows or columns, it is
    all 17 billion cells.
    """
    sheet.reset_dimensions()
    cells = 0
    for row in sheet.iter_rows(values_only=True):
        cells += len(row)
        if cells > _MAX_CELLS:
            raise UnreadableFileError(_("The workbook is too large."))
        yield [_text(cell) for cell in row]


def _table(lines: Iterable[Sequence[str]]) -> tablib.Dataset:
    """The lines as a dataset; the first is the header, blank ones are left out."""
    filled = (line for line in lines if any(cell.strip() for cell in line))
    header = [cell.strip() for cell in next(filled, [])]
    while header and not header[-1]:
        header.pop()
    dataset = tablib.Dataset(headers=header)
    for number, line in enumerate(filled, 1):
        if number > settings.IMPORT_MAX_ROWS:
            raise UnreadableFileError(
                _("The file has more than %d rows. Split it.") % settings.IMPORT_MAX_ROWS
            )
        dataset.append(_fitted(line, len(header), number))
    return dataset


def _fitted(line: Sequence[str], width: int, number: int) -> list[str]:
    if any(cell.strip() for cell in line[width:]):
        raise UnreadableFileError(_("Row %d has more cells than the header.") % number)
    return [*line[:width], *[""] * (width - len(line))]


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell)
