"""How change capture is doing, as far as this service's own database can tell."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import connection
from django.utils import timezone

from user_team.pipeline.models import Heartbeat
from user_team.teams.models import UserAssignment

SLOT = "debezium_slot"
OUTBOX_SLOT = "django_outbox_slot"
PUBLICATION = "debezium_pub"

# Beyond these a person should look: the connector answers in milliseconds and beats every few seconds.
LAG_WARNING_BYTES = 64 * 1024 * 1024
HEARTBEAT_WARNING = timedelta(seconds=60)


class State(StrEnum):
    """From best to worst."""

    WORKING = "working"
    ABSENT = "absent"  # no slot yet: the connector was never registered
    BEHIND = "behind"
    STOPPED = "stopped"
    LOST = "lost"  # log was thrown away that was not read: a new snapshot helps, but not the outbox


@dataclass(frozen=True, slots=True)
class Slot:
    """A replication slot, from pg_replication_slots.

    Attributes:
        is_ours: it is one of this service's database; the others of the server are other services'.
        active: a connector reads it.
        wal_status: what has become of the log that it needs (PostgreSQL manual, pg_replication_slots).
        lag_bytes: log that the connector has not confirmed.
        confirmed: how far it has confirmed, as a position in bytes.
        retained_bytes: log that the server keeps for it; more than the lag, as open transactions need it.
        safe_bytes: how much more may be written before it is lost; None without such a limit.
    """

    is_ours: bool
    active: bool
    wal_status: str
    lag_bytes: int
    confirmed: int
    retained_bytes: int
    safe_bytes: int | None

    @property
    def lost(self) -> bool:
        """The server threw away log that was not read."""
        return self.wal_status == "lost"


@dataclass(frozen=True, slots=True)
class Capture:
    """How capture itself is doing; cheap to ask. Times are aware. `slots` are all of the server, by name."""

    slots: Mapping[str, Slot]
    is_published: bool
    heartbeat: datetime | None
    heartbeat_age: timedelta | None

    def own(self, name: str) -> Slot | None:
        """The slot of this name in this service's database."""
        slot = self.slots.get(name)
        return slot if slot and slot.is_ours else None


@dataclass(frozen=True, slots=True)
class Health:
    """Everything the start page shows. Times are aware."""

    state: State
    slot: Slot | None
    heartbeat: datetime | None
    heartbeat_age: timedelta | None
    last_captured: UserAssignment | None
    waiting: int

    @property
    def heartbeat_seconds(self) -> int:
        return int(self.heartbeat_age.total_seconds()) if self.heartbeat_age else 0


def read_health() -> Health:
    """Look at the slots, the heartbeat and the assignments; any of them may be missing."""
    capture = read_capture()
    slot = capture.own(SLOT)
    return Health(
        state=_worst(_state(slot, capture.heartbeat_age), _state_of_outbox(capture.own(OUTBOX_SLOT))),
        slot=slot,
        heartbeat=capture.heartbeat,
        heartbeat_age=capture.heartbeat_age,
        last_captured=_last_captured(slot),
        waiting=UserAssignment.objects.filter(row_lsn__gt=slot.confirmed).count() if slot else 0,
    )


def read_capture() -> Capture:
    """Look at the slots, the publication and the heartbeat."""
    heartbeat = Heartbeat.objects.filter(pk=1).values_list("ts", flat=True).first()
    age = max(timezone.now() - heartbeat, timedelta()) if heartbeat else None
    return Capture(slots=_slots(), is_published=_is_published(), heartbeat=heartbeat, heartbeat_age=age)


def _is_published() -> bool:
    """Whether the publication exists and has the table of the assignments."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_publication_tables WHERE pubname = %s AND tablename = %s)",
            [PUBLICATION, UserAssignment._meta.db_table],
        )
        return bool(cursor.fetchone()[0])


def _slots() -> dict[str, Slot]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT slot_name, database = current_database(), active, COALESCE(wal_status, ''),
                COALESCE(pg_current_wal_lsn() - confirmed_flush_lsn, 0)::bigint,
                COALESCE(confirmed_flush_lsn - '0/0'::pg_lsn, 0)::bigint,
                COALESCE(pg_current_wal_lsn() - restart_lsn, 0)::bigint, safe_wal_size
            FROM pg_replication_slots WHERE slot_type = 'logical'
            """
        )
        return {name: Slot(*row) for name, *row in cursor.fetchall()}


def _worst(of_rows: State, of_events: State) -> State:
    """Where nothing is connected yet, nothing can be lost."""
    return of_rows if of_rows is State.ABSENT else max(of_rows, of_events, key=list(State).index)


def _state_of_outbox(slot: Slot | None) -> State:
    """It was made before the first event, so one that is missing was lost."""
    return State.LOST if slot is None else _state(slot, None)


def _state(slot: Slot | None, heartbeat_age: timedelta | None) -> State:
    if slot is None:
        return State.ABSENT
    if slot.lost:
        return State.LOST
    if not slot.active:
        return State.STOPPED
    silent = heartbeat_age is not None and heartbeat_age > HEARTBEAT_WARNING
    return State.BEHIND if silent or slot.lag_bytes > LAG_WARNING_BYTES else State.WORKING


def _last_captured(slot: Slot | None) -> UserAssignment | None:
    """The assignment with the newest change that the connector has confirmed. Deletions leave no row."""
    if slot is None:
        return None
    return UserAssignment.objects.filter(row_lsn__lte=slot.confirmed).order_by("-row_lsn").first()
