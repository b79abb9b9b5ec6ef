"""The tables. Importing this package knows them all, which migrations rely on."""

from task_meeting.models.base import CONSUMER_TABLES, Base
from task_meeting.models.directory import Assignment, Person, Project, Team
from task_meeting.models.meetings import (
    CalendarFeed,
    Meeting,
    MeetingAction,
    MeetingOccurrence,
    MeetingPerson,
    MeetingResponse,
    MeetingTeam,
)
from task_meeting.models.profiles import Profile
from task_meeting.models.reassigning import ReassignChoice, ReassignJob, ReassignPool, Rotation
from task_meeting.models.reminders import Reminder, ReminderPlan
from task_meeting.models.tasks import ProjectSettings, Task, TaskChange, TaskComment

__all__ = [
    "CONSUMER_TABLES",
    "Assignment",
    "Base",
    "CalendarFeed",
    "Meeting",
    "MeetingAction",
    "MeetingOccurrence",
    "MeetingPerson",
    "MeetingResponse",
    "MeetingTeam",
    "Person",
    "Profile",
    "Project",
    "ProjectSettings",
    "ReassignChoice",
    "ReassignJob",
    "ReassignPool",
    "Reminder",
    "ReminderPlan",
    "Rotation",
    "Task",
    "TaskChange",
    "TaskComment",
    "Team",
]
