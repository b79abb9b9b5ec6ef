"""Projects, teams and assignments as tables."""

import uuid
from typing import Any

from django.utils.translation import gettext as _
from import_export.fields import Field

from user_team.imports.resources import NamedWidget, SafeResource
from user_team.teams.models import Project, Team, UserAssignment
from user_team.users.models import Organization, User


class ProjectResource(SafeResource):
    """Projects, found by organization and name."""

    organization = Field("organization", "organization")

    class Meta(SafeResource.Meta):
        model = Project
        fields = ("organization", "name")
        import_id_fields = ("organization", "name")

    def __init__(self, *, user: User, **options: Any) -> None:
        super().__init__(user=user, **options)
        self.fields["organization"].widget = NamedWidget(self._organization)

    def _organization(self, name: str, _row: dict[str, str]) -> Organization:
        return self.find(Organization, _("There is no organization “%s”.") % name, name__iexact=name)


class _InProjectResource(SafeResource):
    """Something in a project, which is named by organization and project."""

    organization = Field("project__organization__name", "organization", readonly=True)
    project = Field("project", "project")

    def __init__(self, *, user: User, **options: Any) -> None:
        super().__init__(user=user, **options)
        self.fields["project"].widget = NamedWidget(self._project)

    def _project(self, name: str, row: dict[str, str]) -> Project:
        organization = row["organization"]
        message = _("There is no project “%(project)s” in the organization “%(organization)s”.")
        return self.find(
            Project,
            message % {"project": name, "organization": organization},
            name__iexact=name,
            organization__name__iexact=organization,
        )


class TeamResource(_InProjectResource):
    """Teams, found by project and name."""

    class Meta(SafeResource.Meta):
        model = Team
        fields = ("organization", "project", "name")
        import_id_fields = ("project", "name")

    def key_columns(self) -> list[str]:
        return ["organization", "project", "name"]


class UserAssignmentResource(_InProjectResource):
    """Assignments, found by person, project and team. The team may be empty."""

    user = Field("user", "username")
    team = Field("team", "team")
    application_url = Field("application_url", "application_url", default=None)

    class Meta(SafeResource.Meta):
        model = UserAssignment
        fields = ("user", "organization", "project", "team", "application_url")
        import_id_fields = ("user", "project", "team")

    def __init__(self, *, user: User, **options: Any) -> None:
        super().__init__(user=user, **options)
        self.fields["user"].widget = PersonWidget(self._person)
        self.fields["team"].widget = NamedWidget(self._team)

        self._import_oid = uuid.uuid4()

    def before_save_instance(self, instance: UserAssignment, _row: dict[str, str], **_options: Any) -> None:
        """Only of rows that are new or differ: the others are not saved."""
        instance.import_oid = self._import_oid

    def key_columns(self) -> list[str]:
        return ["username", "organization", "project", "team"]

    def _person(self, username: str, _row: dict[str, str]) -> User:
        return self.find(User, _("There is no person with the user name “%s”.") % username, username=username)

    def _team(self, name: str, row: dict[str, str]) -> Team:
        message = _("There is no team “%(team)s” in the project “%(project)s”.")
        project = self._project(row["project"], row)
        return self.find(
            Team, message % {"team": name, "project": row["project"]}, name__iexact=name, project=project
        )


class PersonWidget(NamedWidget):
    def render(self, value: Any, obj: Any = None, **_options: Any) -> str:
        return value.username if value else ""
