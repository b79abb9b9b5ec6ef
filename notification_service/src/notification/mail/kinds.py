"""The kinds of mails in the words of their readers."""

from collections.abc import Mapping
from functools import cache

from notification.kinds import Kind
from notification.mail.translations import translations


def about(kind: Kind, locale: str) -> str:
    """What the mails of a kind tell; `locale` is one of `translations.LOCALES`."""
    return _texts(locale)[kind]


@cache
def _texts(locale: str) -> Mapping[Kind, str]:
    gettext = translations(locale).gettext
    return {
        Kind.ASSIGNED: gettext("New assignments to projects and teams"),
        Kind.CHANGED: gettext("Changes of your assignments"),
        Kind.RENAMED: gettext("New names of your projects and teams"),
        Kind.REMOVED: gettext("Ends of your assignments"),
        Kind.INVITED: gettext("Invitations to meetings"),
        Kind.MEETING_CHANGED: gettext("Changes of your meetings"),
        Kind.MEETING_CANCELLED: gettext("Meetings that are cancelled or go on without you"),
        Kind.MEETING_REMINDER: gettext("Reminders of meetings that begin soon"),
        Kind.TASK_ASSIGNED: gettext("Tasks that you are given"),
        Kind.TASK_UNASSIGNED: gettext("Tasks that are no longer yours"),
        Kind.TASK_COMPLETED: gettext("Completed tasks"),
        Kind.TASK_COMMENTED: gettext("Comments on tasks"),
        Kind.TASK_REMINDER: gettext("Reminders of deadlines"),
        Kind.TASK_OVERDUE: gettext("Reminders of tasks that are overdue"),
        Kind.TEAM_NEWS: gettext("News of your teams and your organization"),
        Kind.EMAIL_CHANGED: gettext("Changes of your e-mail address"),
        Kind.ACCESS_CHANGED: gettext("Changes of your access and your role"),
        Kind.MESSAGE: gettext("Messages by other programs"),
        Kind.ORDER: gettext("News of your orders"),
        Kind.DIGEST: gettext("Several mails together in one"),
    }
