"""Use case: a batch of what Kafka brings becomes the projection's new state and mails to write."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import UNSET

from notification.events import (
    TASK_DELETED,
    AccountEvent,
    AssignmentRow,
    MeetingEvent,
    NewsEvent,
    ReminderEvent,
    TaskEvent,
)
from notification.queries import assignments, mails, people
from notification.service.accounts import follow
from notification.service.hear import meeting_news, published_news, reminder_news, task_news, withdrawal
from notification.service.intents import Intent, News, intents_of
from notification.service.plan import plan_mails
from notification.service.subjects.forms import Row
from service_kit.cdc import Change
from service_kit.clock import Clock
from service_kit.db import WriteSession

_COLUMNS = (
    "id",
    "project_id",
    "project_name",
    "team_id",
    "team_name",
    "user_oid",
    "user_name",
    "user_email",
    "user_locale",
    "user_time_zone",
    "application_url",
)


@dataclass(slots=True)
class _Fold:
    """The batch so far: what each row has become, and what follows from it."""

    rows: dict[int, Row]
    written: dict[int, dict[str, Any]] = field(default_factory=dict)
    # Snapshot rows that brought nothing new; a sweep must know that they were seen.
    seen: dict[int, dict[str, Any]] = field(default_factory=dict)
    intents: list[Intent] = field(default_factory=list)


class ChangeRecorder:
    """Decides and stores what changes and events mean for the people that they concern."""

    def __init__(
        self, *, clock: Clock, max_event_age: timedelta, notify_renames: bool, mail_domain: str
    ) -> None:
        """A change or an event older than `max_event_age` mails nobody; the projection it moves."""
        self._clock = clock
        self._max_event_age = max_event_age
        self._notify_renames = notify_renames
        self._mail_domain = mail_domain

    async def record(self, session: WriteSession, changes: Sequence[Change[AssignmentRow]]) -> None:
        """Apply a batch in its order; what was applied before changes nothing and mails nobody."""
        fold = _Fold({**await assignments.lock(session, {change.row.id for change in changes})})
        now = self._clock.now()
        for change in changes:
            self._apply(fold, change, oldest_news=now - self._max_event_age)
        await assignments.write(session, fold.written.values())
        await assignments.note_seen(session, list(fold.seen.values()))
        await mails.insert(session, fold.intents, now=now, domain=self._mail_domain)

    async def sweep(self, session: WriteSession, boundaries: Mapping[int, int]) -> int:
        """Mark what a re-snapshot did not contain as deleted, and drop the mails that are void now.

        Nobody is mailed: when these assignments ended, and whether the person was told, is unknown.
        """
        swept = await assignments.sweep(session, boundaries)
        await mails.cancel_unsent(
            session,
            [f"assignment:{number}" for number in swept],
            "the assignment was gone in a new snapshot",
        )
        return len(swept)

    async def record_meetings(self, session: WriteSession, events: Sequence[MeetingEvent]) -> None:
        """Queue the mails about a batch of meetings' events; one that comes again queues nothing."""
        await self._queue(session, map(meeting_news, events))

    async def record_reminders(self, session: WriteSession, events: Sequence[ReminderEvent]) -> None:
        """Queue the mails about a batch of reminders."""
        await self._queue(session, map(reminder_news, events))

    async def record_tasks(self, session: WriteSession, events: Sequence[TaskEvent]) -> None:
        """Queue the mails about a batch of tasks' events, and drop what is not true any more."""
        actors = {event.data.actor_oid for event in events if event.data.actor_oid is not None}
        names = await people.names(session, actors)
        await self._queue(session, [task_news(event, names) for event in events])
        gone = [event.data.subject for event in events if event.type == TASK_DELETED]
        await mails.cancel_unsent(session, gone, "the task was deleted meanwhile")
        await mails.withdraw_reminders(session, [it for it in map(withdrawal, events) if it is not None])

    async def record_news(self, session: WriteSession, events: Sequence[NewsEvent]) -> None:
        """Queue the mails about a batch of published news."""
        await self._queue(session, map(published_news, events))

    async def record_accounts(self, session: WriteSession, events: Sequence[AccountEvent]) -> None:
        """Follow the people in a batch's order; what was applied before changes nothing and mails nobody."""
        now = self._clock.now()
        known = await people.lock(session, {event.data.uid for event in events})
        followed = follow(known, events, oldest_news=now - self._max_event_age)
        await people.write(session, followed.people.values())
        await mails.insert(session, followed.intents, now=now, domain=self._mail_domain)

    async def _queue(self, session: WriteSession, heard: Iterable[News]) -> None:
        now = self._clock.now()
        fresh = [news for news in heard if news.committed_at >= now - self._max_event_age]
        intents = [intent for news in fresh for intent in intents_of(news)]
        await mails.insert(session, intents, now=now, domain=self._mail_domain)

    def _apply(self, fold: _Fold, change: Change[AssignmentRow], *, oldest_news: datetime) -> None:
        known = fold.rows.get(change.row.id)
        after = _row_after(known, change)
        if known is not None and change.version <= (known["epoch"], known["lsn"]):
            if change.is_snapshot:
                fold.seen[change.row.id] = after
            return
        fold.rows[change.row.id] = fold.written[change.row.id] = after
        if change.is_snapshot or (committed_at := change.committed_at or change.captured_at) < oldest_news:
            return
        fold.intents += plan_mails(
            change.row.op,
            None if known is None or known["deleted"] else known,
            after,
            committed_at,
            import_oid=_import_of(change),
            notify_renames=self._notify_renames,
        )


def _import_of(change: Change[AssignmentRow]) -> UUID | None:
    # A deleted row still names the import of the change before.
    return None if change.deleted or change.row.import_oid is UNSET else change.row.import_oid


def _row_after(known: Row | None, change: Change[AssignmentRow]) -> dict[str, Any]:
    """The whole row after a change; a column that the change lacks keeps what is known of it."""
    row = change.row
    after: dict[str, Any] = {column: getattr(row, column) for column in _COLUMNS}
    for column, value in after.items():
        if value is UNSET:
            after[column] = known[column] if known is not None else None
    after["epoch"], after["lsn"] = change.version
    after["deleted"] = change.deleted
    after["kafka_partition"] = change.message.partition
    after["kafka_offset"] = change.message.offset
    return after
