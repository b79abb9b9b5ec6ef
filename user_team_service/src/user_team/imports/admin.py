"""Import and export pages: upload, a dry run with a report, confirmation; all rows or none."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from import_export.admin import ImportExportMixin
from import_export.forms import ConfirmImportForm
from import_export.results import Result
from unfold.contrib.import_export.forms import ExportForm, ImportForm

from user_team.imports.formats import CsvFormat, UnreadableFileError, XlsxFormat

FORMATS = (CsvFormat, XlsxFormat)


class LimitedImportForm(ImportForm):
    def clean_import_file(self) -> UploadedFile:
        file = self.cleaned_data["import_file"]
        if file.size > settings.IMPORT_MAX_BYTES:
            raise ValidationError(
                _("The file is larger than %s.") % filesizeformat(settings.IMPORT_MAX_BYTES)
            )
        return file


class KnownFormatForm(ConfirmImportForm):
    """The library's form takes any text for a format's number, and fails on it later."""

    format = forms.ChoiceField(choices=[(str(n), "") for n in range(len(FORMATS))], widget=forms.HiddenInput)


class SafeImportExportMixin(ImportExportMixin):
    """For admins with `resource_classes`. Importing takes the rights to add and change, exporting to view."""

    import_formats = export_formats = FORMATS
    import_form_class = LimitedImportForm
    confirm_form_class = KnownFormatForm
    export_form_class = ExportForm

    def get_resource_kwargs(self, request: HttpRequest, *_args: Any, **_options: Any) -> dict[str, Any]:
        return {"user": request.user}

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) and self.has_change_permission(request)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_import_data_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_import_data_kwargs(**kwargs), "rollback_on_validation_errors": True}

    def add_data_read_fail_error_to_form(self, form: forms.Form, e: Exception) -> None:
        if isinstance(e, UnicodeDecodeError):
            form.add_error("import_file", _("The file is not UTF-8 text. Save it as “CSV UTF-8” or as XLSX."))
        elif isinstance(e, UnreadableFileError):
            form.add_error("import_file", str(e))
        else:
            super().add_data_read_fail_error_to_form(form, e)

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            return super().process_import(request, **kwargs)
        except (FileNotFoundError, UnreadableFileError, UnicodeDecodeError):
            messages.warning(
                request, _("This file was imported already, or is too old. Please upload it again.")
            )
            return redirect(self._import_url())

    def process_result(self, result: Result, request: HttpRequest) -> HttpResponse:
        """The data may have changed since the dry run; if the rows fit no more, nothing was kept."""
        if result.has_errors() or result.has_validation_errors():
            messages.error(
                request,
                _("The data changed since the check, and the file fits no more. Nothing was imported."),
            )
            return redirect(self._import_url())
        return super().process_result(result, request)

    def get_export_queryset(self, request: HttpRequest) -> Any:
        """Asked once beforehand: the cursor that the rows are read by would hide why a query is refused."""
        rows = super().get_export_queryset(request)
        rows.exists()
        return rows

    def export_action(self, request: HttpRequest) -> HttpResponse:
        """With the filters of the list, which sends odd ones back in the same way."""
        try:
            return super().export_action(request)
        except (IncorrectLookupParameters, DataError):
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def _import_url(self) -> str:
        return f"admin:{self.opts.app_label}_{self.opts.model_name}_import"
