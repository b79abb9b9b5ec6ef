"""The table "topic → handler": everything that this service takes from Kafka."""

from collections.abc import Mapping, Sequence

from service_kit.consumer import Route
from service_kit.db import WriteSession
from task_meeting.events import ASSIGNMENT_TOPIC, AssignmentChange, decode_assignment
from task_meeting.service import following


async def on_assignments_changed(session: WriteSession, changes: Sequence[AssignmentChange]) -> None:
    """People were put into projects and teams, moved, renamed or taken out."""
    await following.follow(session, changes)


async def on_assignments_snapshot_read(session: WriteSession, boundaries: Mapping[int, int]) -> int:
    """A re-snapshot was read to its end: what it did not contain was removed meanwhile."""
    return await following.sweep(session, boundaries)


ROUTES = (
    Route(ASSIGNMENT_TOPIC, decode_assignment, on_assignments_changed, sweep=on_assignments_snapshot_read),
)
