"""The table "topic → handler": all that the notifier hears from Kafka."""

from notification.events import ASSIGNMENT_TOPIC, decode_assignment
from notification.service.record import ChangeRecorder
from service_kit.consumer import Route

GROUP = "notification_service"


def build_routes(recorder: ChangeRecorder) -> list[Route]:
    return [Route(ASSIGNMENT_TOPIC, decode_assignment, recorder.record, recorder.sweep)]
