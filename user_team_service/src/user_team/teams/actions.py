"""What can be done with many assignments at once. Each asks first, and does all or nothing."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import ModelAdmin

from user_team.teams.forms import MoveForm
from user_team.teams.models import Team, UserAssignment
from user_team.tenancy import signed_in

SHOWN = 20


@admin.action(description=gettext_lazy("Move to another team…"), permissions=["change"])
def move_to_team(
    model_admin: ModelAdmin, request: HttpRequest, queryset: QuerySet[UserAssignment]
) -> HttpResponse | None:
    """Ask for the team, then put all selected assignments into it, and into its project."""
    form = MoveForm(request.POST if "confirmed" in request.POST else None, mover=signed_in(request))
    if form.is_valid() and _same_number(request, queryset):
        with transaction.atomic():
            problem = move(queryset, form.cleaned_data["team"])
        if problem is None:
            messages.success(request, _("Moved to %s.") % form.cleaned_data["team"])
            return None
        form.add_error("team", problem)
    context = {"title": _("Move to another team"), "form": form, "submit": _("Move"), "media": form.media}
    return _ask(model_admin, request, queryset, context)


@admin.action(description=gettext_lazy("End assignments…"), permissions=["delete"])
def end_assignments(
    model_admin: ModelAdmin, request: HttpRequest, queryset: QuerySet[UserAssignment]
) -> HttpResponse | None:
    """Ask, then delete all selected assignments."""
    if "confirmed" in request.POST and _same_number(request, queryset):
        ended, _models = queryset.delete()
        message = ngettext("%d assignment ended.", "%d assignments ended.", ended) % ended
        messages.success(request, message)
        return None
    context = {"title": _("End assignments"), "submit": _("End"), "danger": True}
    return _ask(model_admin, request, queryset, context)


def move(assignments: QuerySet[UserAssignment], team: Team) -> str | None:
    """Put the assignments into the team, unless somebody would be in it twice; then say who, move nobody."""
    locked = UserAssignment.objects.filter(pk__in=assignments.values("pk")).order_by("pk").select_for_update()
    rows = [row for row in locked if row.team_id != team.pk]
    people = [row.user_id for row in rows]
    present = UserAssignment.objects.filter(team=team, user__in=people).values_list("user_id", flat=True)
    doubled = {*present, *(user for user in people if people.count(user) > 1)}
    if doubled:
        names = sorted({row.user_name for row in rows if row.user_id in doubled})
        return _("They would be in this team twice, so nobody was moved: %s.") % ", ".join(names[:SHOWN])
    UserAssignment.objects.filter(pk__in=[row.pk for row in rows]).update(team=team, project=team.project_id)
    return None


def _same_number(request: HttpRequest, queryset: QuerySet[UserAssignment]) -> bool:
    """Do only what was shown: "all that match" may match others by now."""
    if request.POST.get("confirmed") == str(queryset.count()):
        return True
    messages.warning(request, _("The selection has changed meanwhile. Please look again."))
    return False


def _ask(
    model_admin: ModelAdmin, request: HttpRequest, queryset: QuerySet[UserAssignment], context: dict[str, Any]
) -> TemplateResponse:
    count = queryset.count()
    across = request.POST.get("select_across") == "1"
    return TemplateResponse(
        request,
        "admin/teams/userassignment/confirm_action.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "action": request.POST["action"],
            "assignments": queryset[:SHOWN],
            "count": count,
            "more": max(0, count - SHOWN),
            "across": int(across),
            # The whole selection stands for itself; otherwise every selected row is sent again.
            "selected": [] if across else request.POST.getlist(ACTION_CHECKBOX_NAME),
            "checkbox_name": ACTION_CHECKBOX_NAME,
            **context,
        },
    )
