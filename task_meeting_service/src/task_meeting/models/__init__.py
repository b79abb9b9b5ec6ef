"""The tables. Importing this package knows them all, which migrations rely on."""

from task_meeting.models.base import CONSUMER_TABLES, Base
from task_meeting.models.directory import Assignment, Person, Project, Team

__all__ = ["CONSUMER_TABLES", "Assignment", "Base", "Person", "Project", "Team"]
