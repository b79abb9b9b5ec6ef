"""How the admin looks: title, colours and the menu."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


def _item(title: Promise, icon: str, model: str) -> dict[str, Any]:
    """A menu entry for a model, "app.model", for those who may view it."""
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": _may(f"{app}.view_{name}"),
    }


def _may(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


UNFOLD = {
    "SITE_TITLE": "Team Suite",
    "SITE_HEADER": "Team Suite",
    "SITE_SUBHEADER": _("People, teams and projects"),
    "SITE_SYMBOL": "groups",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("user_team/favicon.svg")}
    ],
    "SHOW_LANGUAGES": True,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "8px",
    "DASHBOARD_CALLBACK": "user_team.pipeline.dashboard.add_to_start_page",
    "LOGIN": {"form": "user_team.users.forms.SignInForm"},
    "ACCOUNT": {
        "navigation": [
            {"title": _("Change password"), "link": reverse_lazy("admin:password_change")},
            {"title": _("Second factor"), "link": reverse_lazy("second-factor")},
        ]
    },
    "STYLES": [lambda _request: static("user_team/admin.css")],
    "COMMAND": {
        "search_models": ["users.user", "teams.project", "teams.team", "teams.userassignment", "teams.news"],
    },
    "SIDEBAR": {
        "show_search": False,
        "command_search": True,
        "navigation": [
            {
                "items": [
                    {"title": _("Start page"), "icon": "home", "link": reverse_lazy("admin:index")},
                ],
            },
            {
                "title": _("Who works where"),
                "separator": True,
                "items": [
                    _item(_("Assignments"), "assignment_ind", "teams.userassignment"),
                    _item(_("Projects"), "folder_open", "teams.project"),
                    _item(_("Teams"), "groups", "teams.team"),
                    _item(_("People"), "person", "users.user"),
                    _item(_("Organizations"), "domain", "users.organization"),
                    _item(_("News"), "campaign", "teams.news"),
                ],
            },
            {
                "title": _("What was changed"),
                "separator": True,
                "collapsible": True,
                "items": [
                    _item(_("In assignments"), "history", "teams.userassignmentevent"),
                    _item(_("In projects"), "history", "teams.projectevent"),
                    _item(_("In teams"), "history", "teams.teamevent"),
                    _item(_("In people"), "history", "users.userevent"),
                ],
            },
            {
                "title": _("Signing in"),
                "separator": True,
                "collapsible": True,
                "items": [
                    _item(_("Groups"), "shield_person", "auth.group"),
                    _item(_("Failed sign-ins"), "lock", "axes.accessattempt"),
                    _item(_("Applications"), "apps", "identity.application"),
                ],
            },
        ],
    },
    "COLORS": {
        "primary": {
            "50": "oklch(97.7% .013 236.6)",
            "100": "oklch(95.1% .026 236.8)",
            "200": "oklch(90.1% .058 230.9)",
            "300": "oklch(82.8% .111 230.3)",
            "400": "oklch(74.6% .16 232.7)",
            "500": "oklch(62.3% .169 248)",
            "600": "oklch(54.6% .178 254)",
            "700": "oklch(48.8% .173 257)",
            "800": "oklch(42.4% .139 259)",
            "900": "oklch(37.9% .106 261)",
            "950": "oklch(28.2% .071 262)",
        },
    },
}
