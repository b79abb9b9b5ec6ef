"""Admin classes whose lists, choices and rights stop at the border of the person's organization."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.contrib.filters.forms import AutocompleteDropdownForm

from user_team.administration.concurrency import ConcurrencyMixin
from user_team.administration.deletion import ShortDeletionListMixin
from user_team.administration.history_pages import HistoryMixin
from user_team.tenancy import is_scoped, own_rows, owns


class SafeAutocompleteSelect(AutocompleteSelect):
    """Django's own fails on a value that is no key when it shows the refused form again."""

    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> list[Any]:
        return super().optgroups(name, [key for key in value if key == "" or str(key).isdecimal()], attr)


class ScopedChoicesMixin(BaseModelAdmin):
    """Foreign keys offer, and accept, only rows of the person's own organization."""

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = SafeAutocompleteSelect(db_field, self.admin_site)
        related = db_field.remote_field.model
        if is_scoped(related):
            kwargs["queryset"] = own_rows(
                kwargs.get("queryset", related._default_manager.all()), request.user
            )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class _ScopedDropdownForm(AutocompleteDropdownForm):
    def __init__(self, request: HttpRequest, name: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, name, *args, **kwargs)
        self.fields[name].queryset = own_rows(self.fields[name].queryset.all(), request.user)


class ScopedFilter(AutocompleteSelectFilter):
    """A filter by a related row; one of another organization is not named even if the URL has its id."""

    form_class = _ScopedDropdownForm


class ScopedAdmin(ScopedChoicesMixin, ConcurrencyMixin, HistoryMixin, ShortDeletionListMixin, ModelAdmin):
    """Rows of other organizations do not exist here: not in lists, not in autocompletes, not by URL."""

    empty_value_display = "—"
    list_per_page = 50
    list_filter_submit = True
    warn_unsaved_form = True
    compressed_fields = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        return own_rows(super().get_queryset(request), request.user)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_view_permission(request, obj) and self._may_touch(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_touch(request, obj)

    @staticmethod
    def _may_touch(request: HttpRequest, obj: Model | None) -> bool:
        """Also asked for what a deletion would take along, which no queryset of ours has seen."""
        return obj is None or owns(request.user, obj)
