"""The table "topic → handler": all that the notifier hears from Kafka."""

from notification.events import (
    ASSIGNMENT_TOPIC,
    MEETING_TOPIC,
    REMINDER_TOPIC,
    decode_assignment,
    decode_meeting,
    decode_reminder,
)
from notification.service.record import ChangeRecorder
from service_kit.consumer import Route

GROUP = "notification_service"


def build_routes(recorder: ChangeRecorder) -> list[Route]:
    return [
        Route(ASSIGNMENT_TOPIC, decode_assignment, recorder.record, recorder.sweep),
        Route(MEETING_TOPIC, decode_meeting, recorder.record_meetings),
        Route(REMINDER_TOPIC, decode_reminder, recorder.record_reminders),
    ]
