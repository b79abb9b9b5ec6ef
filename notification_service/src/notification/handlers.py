"""The table "topic → handler": all that the notifier hears from Kafka."""

from notification.events import (
    ACCOUNT_TOPIC,
    ASSIGNMENT_TOPIC,
    MEETING_TOPIC,
    NEWS_TOPIC,
    REMINDER_TOPIC,
    TASK_DELETED,
    TASK_TOPIC,
    TASK_UPDATED,
    decode_account,
    decode_assignment,
    decode_meeting,
    decode_news,
    decode_reminder,
    task_decoder,
)
from notification.service.record import ChangeRecorder
from notification.service.rules import events_about
from service_kit.consumer import Route

GROUP = "notification_service"


def build_routes(recorder: ChangeRecorder) -> list[Route]:
    heard = events_about("task") | {TASK_DELETED, TASK_UPDATED}
    return [
        Route(ACCOUNT_TOPIC, decode_account, recorder.record_accounts),
        Route(ASSIGNMENT_TOPIC, decode_assignment, recorder.record, recorder.sweep),
        Route(MEETING_TOPIC, decode_meeting, recorder.record_meetings),
        Route(REMINDER_TOPIC, decode_reminder, recorder.record_reminders),
        Route(TASK_TOPIC, task_decoder(heard), recorder.record_tasks),
        Route(NEWS_TOPIC, decode_news, recorder.record_news),
    ]
