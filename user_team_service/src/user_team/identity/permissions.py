"""What a person may do in the suite, as distinct from rights in this admin.

The names are those of `contracts/permissions.yaml`; a test compares both. Each role has a group that holds
its permissions, so administrators can change what a role may do, and give single people more.
"""

from django.contrib.auth.models import Permission
from django.db.models import Q, QuerySet

from user_team.users.models import Role, User

# Django asks for them as "identity.<name>".
NAMES = {
    "directory.read": "See people, projects and teams",
    "tasks.read": "See tasks",
    "tasks.write": "Create tasks and comments, change one's own tasks",
    "tasks.manage": "Change any task of one's projects, and their settings",
    "meetings.read": "See meetings",
    "meetings.write": "Schedule meetings, change one's own, answer invitations",
    "meetings.manage": "Change and cancel any meeting of one's projects",
    "projects.all": "Act in every project",
    "profiles.manage": "Change other people's profiles",
    "notifications.read": "See everybody's mails",
    "notifications.send": "Ask for mails to anybody",
    "notifications.manage": "Send mails again, and lift the suppression of addresses",
}
# A service's own token says this instead of a person's role.
SERVICE = "service"


def group_name(role: str) -> str:
    """The group that holds what a role may do."""
    return f"role: {role}"


ROLE_GROUPS = frozenset(group_name(role) for role in Role)


def suite_permissions() -> QuerySet[Permission]:
    """The rows of the suite's permissions, by name."""
    kind = Q(content_type__app_label="identity", content_type__model="suitepermission")
    return Permission.objects.filter(kind).order_by("codename")


def may_act_as(user: User, other: User) -> bool:
    """Whether the user gains nothing by signing in as the other one, whose password they would set."""
    return set(effective_permissions(other)) <= set(effective_permissions(user))


def effective_permissions(user: User) -> list[str]:
    """The names of all that the person may do in the suite, sorted; read from the database each time."""
    if user.is_superuser:
        return sorted(NAMES)
    theirs = Q(group__name=group_name(user.role)) | Q(group__user=user) | Q(user=user)
    return list(suite_permissions().filter(theirs).values_list("codename", flat=True).distinct())
