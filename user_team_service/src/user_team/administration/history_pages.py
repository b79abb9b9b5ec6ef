"""The pages that show histories: one object's, and the log of all changes of a kind, deletions too."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from user_team.administration import history
from user_team.tenancy import own_rows

PAGE_SIZE = 50


class HistoryMixin(admin.ModelAdmin):
    """An object's history page tells before and after, for models whose events are kept."""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        if not history.is_tracked(self.model):
            return super().history_view(request, object_id, extra_context)
        obj = self.get_object(request, object_id)
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        events = history.with_previous(obj.events.order_by("-pgh_id"))
        page = Paginator(events, PAGE_SIZE).get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Change history: %s") % obj,
            "page": page,
            "entries": history.entries(page),
            "object": obj,
            "opts": self.opts,
            "module_name": str(self.opts.verbose_name_plural),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/change_history.html", context)


class ChangeLogAdmin(ModelAdmin):
    """All changes of one kind of thing, newest first. Nobody edits it, a superuser neither."""

    list_display = ("when", "who", "action", "what", "changes")
    list_display_links = None
    list_filter = (("pgh_created_at", RangeDateTimeFilter),)
    list_filter_submit = True
    list_per_page = PAGE_SIZE
    list_fullwidth = True
    ordering = ("-pgh_id",)
    actions = None
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        return own_rows(history.with_previous(super().get_queryset(request)), request.user)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Attach to each event of the page its readable entry, all looked up together."""
        changelist = super().get_changelist_instance(request)
        events = list(changelist.result_list)
        for event, entry in zip(events, history.entries(events), strict=True):
            event.entry = entry
        changelist.result_list = events
        return changelist

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @display(description=gettext_lazy("when"), ordering="pgh_created_at")
    def when(self, event: Any) -> Any:
        return event.entry.when

    @display(description=gettext_lazy("who"))
    def who(self, event: Any) -> str:
        return event.entry.who

    @display(description=gettext_lazy("action"), label=history.COLORS)
    def action(self, event: Any) -> Any:
        return event.pgh_label, event.entry.action

    @display(description=gettext_lazy("what"))
    def what(self, event: Any) -> str:
        return event.entry.what

    @display(description=gettext_lazy("before and after"))
    def changes(self, event: Any) -> str:
        return render_to_string("admin/field_changes.html", {"changes": event.entry.changes})
