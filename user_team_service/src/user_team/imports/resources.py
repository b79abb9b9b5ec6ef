"""What all imports and exports share: natural keys, the organization's border, a report first."""

import unicodedata
from collections.abc import Callable
from typing import Any, TypeVar

import tablib
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.widgets import Widget

from user_team.imports.formats import UnreadableFileError
from user_team.tenancy import own_rows
from user_team.users.models import User

M = TypeVar("M", bound=Model)

# A cell that begins so is run as a formula by spreadsheets (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_ESCAPE = "'"


class NamedWidget(Widget):
    """A reference to a row by names that people know, taken from one or several columns of the line."""

    def __init__(self, find: Callable[[str, dict[str, str]], Model | None]) -> None:
        super().__init__()
        self._find = find

    def clean(self, value: str, row: dict[str, str] | None = None, **_options: Any) -> Model | None:
        return self._find(value, row or {}) if value else None

    def render(self, value: Any, obj: Any = None, **_options: Any) -> str:
        return value.name if value else ""


class SafeResource(ModelResource):
    """Rows are found by natural key, added or changed, never deleted. An unchanged row is left alone.

    Every defect of a line is a message about that line. What the importing person may not see does not exist.
    """

    class Meta:
        abstract = True
        clean_model_instances = True
        skip_unchanged = True
        report_skipped = True

    def __init__(self, *, user: User, **_options: Any) -> None:
        super().__init__()
        self.user = user
        self._keys: dict[tuple[str, ...], int] = {}
        self._found: dict[tuple[Any, ...], Any] = {}

    def get_queryset(self) -> QuerySet[Model]:
        return own_rows(super().get_queryset(), self.user)

    def before_import(self, dataset: tablib.Dataset, **_options: Any) -> None:
        """Refuse a file with other columns than ours as a whole, instead of once per line."""
        expected = [field.column_name for field in self.get_import_fields()]
        missing = [name for name in expected if name not in (dataset.headers or [])]
        unknown = [name for name in dataset.headers or [] if name not in expected]
        if missing or unknown or len(set(dataset.headers)) != len(dataset.headers):
            dataset.wipe()
            raise UnreadableFileError(
                _("The columns must be: %(expected)s. Missing: %(missing)s. Unknown: %(unknown)s.")
                % {
                    "expected": ", ".join(expected),
                    "missing": ", ".join(missing) or "—",
                    "unknown": ", ".join(unknown) or "—",
                }
            )

    def before_import_row(self, row: dict[str, str], row_number: int = 0, **_options: Any) -> None:
        errors: dict[str, ValidationError] = {}
        for column, value in row.items():
            try:
                row[column] = plain(value)
            except ValidationError as error:
                errors[column] = error
        if errors:
            raise ValidationError(
                [f"{column}: {message}" for column, error in errors.items() for message in error]
            )
        self._refuse_repetition(row, row_number)

    def _refuse_repetition(self, row: dict[str, str], row_number: int) -> None:
        key = tuple(row[column].casefold() for column in self.key_columns())
        first = self._keys.setdefault(key, row_number)
        if first != row_number:
            raise ValidationError(_("The same as row %d.") % first)

    def key_columns(self) -> list[str]:
        """The columns that together say which row a line is about."""
        return [self.fields[name].column_name for name in self.get_import_id_fields()]

    def after_import(self, *_args: Any, **_options: Any) -> None:
        """Not what the base class does: it sets the id sequence back below ids that others just took."""

    def export_field(self, field: Field, instance: Model, **options: Any) -> str:
        return defused(str(super().export_field(field, instance, **options) or ""))

    def find(self, model: type[M], message: str, **names: Any) -> M:
        """The one row of the person's own with these names; `ValidationError` with `message` if none."""
        key = (model, *names.values())
        if key not in self._found:
            row = own_rows(model._default_manager.all(), self.user).filter(**names).first()
            if row is None:
                raise ValidationError(message)
            self._found[key] = row
        return self._found[key]


def plain(value: Any) -> str:
    """A cell's text without outer blanks; `ValidationError` for control characters and formulas."""
    text = "" if value is None else str(value).strip(" ")
    if any(unicodedata.category(char) == "Cc" for char in text):
        raise ValidationError(_("Line breaks and invisible characters are not allowed."))
    if text.startswith(_FORMULA_STARTS):
        raise ValidationError(_("Looks like a formula. If it is meant so, put an apostrophe before it."))
    return (
        text.removeprefix(_ESCAPE)
        if text.startswith(tuple(_ESCAPE + start for start in _FORMULA_STARTS))
        else text
    )


def defused(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would run; `plain` takes it off again."""
    return _ESCAPE + text if text.startswith(_FORMULA_STARTS) else text
