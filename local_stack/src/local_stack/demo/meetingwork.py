"""What people do with meetings: each act goes through the API, and who is told of it is booked."""

import asyncio
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from local_stack.demo.errors import DemoError
from local_stack.demo.eventbook import EventBook
from local_stack.demo.invitations import Invitation
from local_stack.demo.ledger import INVITED, MEETING_CANCELLED, MEETING_CHANGED, Ledger
from local_stack.demo.services import Meetings, Notifier
from local_stack.demo.timing import Latencies, moment

_MAIL_SECONDS = 30.0
_LOOK_SECONDS = 0.05
# What becomes of a meeting for somebody: the kind of the mail, and what that asks a calendar program.
_TOLD = {
    "invite": (INVITED, "REQUEST"),
    "update": (MEETING_CHANGED, "REQUEST"),
    "cancel": (MEETING_CANCELLED, "CANCEL"),
}


@dataclass(frozen=True, slots=True)
class Meetingwork:
    """The meetings of one organizer, who is mailed nothing of what they do themselves.

    Guests are named by their addresses. `sequence` is the number of times that anybody was told of a change.
    """

    meetings: Meetings
    notifier: Notifier
    ledger: Ledger
    book: EventBook
    mailed: Latencies

    async def schedule(self, guests: Collection[str], **fields: object) -> str:
        """A meeting, soon; returns its oid."""
        meeting = await self.meetings.schedule(**_at(10), time_zone="Europe/Berlin", **fields)
        oid = str(meeting["oid"])
        await self._told(oid, "meeting.scheduled.v1", guests, "invite", sequence=0)
        return oid

    async def welcome(self, oid: str, guest: str, sequence: int) -> None:
        """Somebody has come into a team that is asked: the suite finds that out by itself."""
        await self._told(oid, "meeting.changed.v1", [guest], "invite", sequence=sequence)

    async def move(self, oid: str, guests: Collection[str], sequence: int) -> None:
        await self.meetings.change(oid, **_at(14))
        await self._told(oid, "meeting.changed.v1", guests, "update", sequence=sequence)

    async def cancel(self, oid: str, guests: Collection[str], sequence: int) -> None:
        await self.meetings.cancel(oid)
        await self._told(oid, "meeting.cancelled.v1", guests, "cancel", sequence=sequence)

    async def _told(
        self, oid: str, type_: str, guests: Collection[str], action: str, *, sequence: int
    ) -> None:
        self.book.meeting(oid, type_, dict.fromkeys(guests, action))
        kind, method = _TOLD[action]
        for guest in guests:
            self.ledger.invite(Invitation(guest, method, f"meeting-{oid}@team-suite", sequence), kind)
        await self._wait_for_mails(oid, len(guests))

    async def _wait_for_mails(self, oid: str, newest: int) -> None:
        """A mail that still waits when the next change comes would give way to that one's."""
        expected = sum(n for it, n in self.ledger.invitations.items() if oid in it.uid)
        deadline = time.monotonic() + _MAIL_SECONDS
        while len(mails := await self.notifier.mails(subject=f"meeting:{oid}", state="accepted")) < expected:
            if time.monotonic() > deadline:
                raise DemoError(f"Of {expected} mails about a meeting, {len(mails)} are sent")
            await asyncio.sleep(_LOOK_SECONDS)
        for mail in mails[:newest]:
            self.mailed.add(moment(mail, "committed_at"), moment(mail, "accepted_at"))


def _at(hour: int) -> dict[str, str]:
    """An hour's beginning and end in two days: local times."""
    day = (datetime.now(UTC) + timedelta(days=2)).date()
    return {"start": f"{day}T{hour:02}:00", "end": f"{day}T{hour + 1:02}:00"}
