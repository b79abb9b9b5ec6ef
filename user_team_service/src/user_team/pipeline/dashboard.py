"""What the start page shows: do changes reach the other services, how much is there, what changed last."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from user_team.administration import history
from user_team.pipeline.health import State, read_health
from user_team.teams.models import Project, Team, UserAssignment
from user_team.tenancy import UserAssignmentEvent, own_rows, owns
from user_team.users.models import User

RECENT = 8

# What each state means for the reader: a headline, an explanation, and the colour of the label.
EXPLANATIONS = {
    State.WORKING: (_("Working"), _("Changes reach the other services at once."), "success"),
    State.ABSENT: (
        _("Not connected"),
        _("The connector is not registered yet: run make setup-connector."),
        "warning",
    ),
    State.BEHIND: (_("Behind"), _("The connector is running, but late. Its log tells why."), "warning"),
    State.STOPPED: (
        _("Stopped"),
        _("No connector is reading. Changes are kept, and sent when it is back."),
        "danger",
    ),
    State.LOST: (
        _("Changes lost"),
        _("Log that was not read is gone, and events with it. See the runbook slot-lost."),
        "danger",
    ),
}


def add_to_start_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's dashboard callback."""
    health = read_health()
    headline, explanation, color = EXPLANATIONS[health.state]
    events = own_rows(history.with_previous(UserAssignmentEvent.objects.order_by("-pgh_id")), request.user)
    captured = health.last_captured
    return {
        **context,
        "captured": captured if captured and owns(request.user, captured) else None,
        "captured_at": _changed_at(captured) if captured else None,
        "health": health,
        "health_headline": headline,
        "health_explanation": explanation,
        "health_color": color,
        "counts": [
            (
                model._meta.verbose_name_plural,
                url,
                own_rows(model._default_manager.all(), request.user).count(),
            )
            for model, url in (
                (User, "admin:users_user_changelist"),
                (Project, "admin:teams_project_changelist"),
                (Team, "admin:teams_team_changelist"),
                (UserAssignment, "admin:teams_userassignment_changelist"),
            )
        ],
        "recent": history.entries(events[:RECENT]),
    }


def _changed_at(assignment: UserAssignment) -> datetime | None:
    newest = UserAssignmentEvent.objects.filter(pgh_obj=assignment).order_by("-pgh_id")
    return newest.values_list("pgh_created_at", flat=True).first()
