"""What Kafka carries to the notifier (contracts/events): a module for each topic, with what mails may say."""

from notification.events.accounts import ACCOUNT_DELETED, ACCOUNT_TOPIC, Account, AccountEvent, decode_account
from notification.events.assignments import ASSIGNMENT_TOPIC, AssignmentRow, decode_assignment
from notification.events.meetings import MEETING_TOPIC, MeetingEvent, MeetingNews, decode_meeting
from notification.events.news import NEWS_TOPIC, NewsEvent, NewsItem, decode_news
from notification.events.people import Person, Recipient
from notification.events.reminders import REMINDER_TOPIC, ReminderDue, ReminderEvent, decode_reminder
from notification.events.tasks import (
    TASK_ASSIGNED,
    TASK_COMPLETED,
    TASK_DELETED,
    TASK_TOPIC,
    TASK_UNASSIGNED,
    TASK_UPDATED,
    Task,
    TaskEvent,
    task_decoder,
)

__all__ = [
    "ACCOUNT_DELETED",
    "ACCOUNT_TOPIC",
    "ASSIGNMENT_TOPIC",
    "MEETING_TOPIC",
    "NEWS_TOPIC",
    "REMINDER_TOPIC",
    "TASK_ASSIGNED",
    "TASK_COMPLETED",
    "TASK_DELETED",
    "TASK_TOPIC",
    "TASK_UNASSIGNED",
    "TASK_UPDATED",
    "Account",
    "AccountEvent",
    "AssignmentRow",
    "MeetingEvent",
    "MeetingNews",
    "NewsEvent",
    "NewsItem",
    "Person",
    "Recipient",
    "ReminderDue",
    "ReminderEvent",
    "Task",
    "TaskEvent",
    "decode_account",
    "decode_assignment",
    "decode_meeting",
    "decode_news",
    "decode_reminder",
    "task_decoder",
]
