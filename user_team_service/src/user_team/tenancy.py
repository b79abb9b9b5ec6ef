"""Which rows a person may see and touch in the admin: a superuser all, others their own organization's.

Permissions (groups) say what a person may do; this says with which rows. Every list, form choice,
autocomplete, import, export, action and direct URL of the admin goes through `own_rows`.
"""

from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from user_team.history import event_model
from user_team.teams.models import News, Project, Team, UserAssignment
from user_team.users.models import Organization, Role, User

M = TypeVar("M", bound=Model)

# Where a row's organization is found. A model that is not here belongs to nobody.
_ORGANIZATION_OF: dict[type[Model], str] = {
    Organization: "pk",
    User: "organization",
    Project: "organization",
    Team: "project__organization",
    UserAssignment: "project__organization",
    News: "organization",
}

ProjectEvent = event_model(Project)
TeamEvent = event_model(Team)
UserEvent = event_model(User)
UserAssignmentEvent = event_model(UserAssignment)


def signed_in(request: HttpRequest) -> User:
    """The person behind a request to a page that only staff reach."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def is_scoped(model: type[Model]) -> bool:
    """Whether rows of this model belong to an organization."""
    return model in _ORGANIZATION_OF or model in (ProjectEvent, TeamEvent, UserEvent, UserAssignmentEvent)


def own_rows(rows: QuerySet[M], user: User | AnonymousUser) -> QuerySet[M]:
    """Those of `rows` that belong to the person's organization; all for a superuser, none without one."""
    if user.is_superuser:
        return rows
    if not user.is_authenticated or user.organization_id is None:
        return rows.none()
    return rows.filter(_belongs_to(rows.model, user.organization_id))


def owns(user: User | AnonymousUser, row: Model) -> bool:
    """Whether this saved row is one of the person's own."""
    if user.is_superuser:
        return True
    return own_rows(type(row)._default_manager.filter(pk=row.pk), user).exists()


def may_edit_person(editor: User, person: User) -> bool:
    """Only a superuser edits others who sign in to the admin; everybody else and oneself may be edited."""
    return editor.is_superuser or editor.pk == person.pk or not (person.is_staff or person.is_superuser)


def grantable_roles(user: User) -> list[Role]:
    """The roles a person may give to somebody: nobody gives more than they have."""
    return list(Role) if user.is_superuser else Role.up_to(user.role)


def _belongs_to(model: type[Model], organization_id: int) -> Q:
    if model is User:
        return Q(organization=organization_id, is_superuser=False)
    if model in _ORGANIZATION_OF:
        return Q(**{_ORGANIZATION_OF[model]: organization_id})
    if model is UserEvent:
        return Q(organization_id=organization_id, is_superuser=False)
    if model is ProjectEvent:
        return Q(organization_id=organization_id)
    return Q(project_id__in=_projects_of(organization_id))


def _projects_of(organization_id: int) -> QuerySet[Any, Any]:
    """Ids of the organization's projects, and of those it had when they were deleted."""
    current = Project.objects.filter(organization_id=organization_id).order_by().values("pk")
    deleted = ProjectEvent.objects.filter(organization_id=organization_id, pgh_label="delete").values(
        "pgh_obj_id"
    )
    return current.union(deleted)
