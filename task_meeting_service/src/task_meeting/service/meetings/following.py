"""Who is asked to meetings by their team, or by name in their project, follows who is where.

The meetings are locked last, after the assignments were written, and a change is compared with what others
have committed until then: of two consumers that take a person out of two teams of one meeting, the second
one tells them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Literal
from uuid import UUID

from service_kit.db import WriteSession
from task_meeting.events import AssignmentChange, AssignmentRow, Recipient
from task_meeting.models import Meeting
from task_meeting.queries import membership as queries
from task_meeting.queries.eligible import Place
from task_meeting.queries.membership import Attendance, Leaver, Member
from task_meeting.service.meetings.changing import announce
from task_meeting.service.meetings.telling import News

# As many meetings as are locked, changed and held in memory at once.
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Moves:
    """By which assignments somebody may have come or gone.

    `before` has the place of each before, or None if it was not active; `after` is what they may be now. A
    snapshot of a million new rows passes here, so nothing is made of these before a meeting is concerned.
    """

    before: Mapping[int, Place | None]
    after: Sequence[AssignmentRow] = ()

    def teams(self) -> set[UUID]:
        """Those that may have won or lost somebody."""
        return {place.team_oid for place in self._places() if place.team_oid is not None}

    def teams_left(self) -> set[UUID]:
        """Those that may have lost somebody."""
        return {it.team_oid for it in self.before.values() if it is not None and it.team_oid is not None}

    def users(self) -> set[UUID]:
        """Those who may have come or gone."""
        return {place.user_oid for place in self._places()}

    def undone(self, members: Iterable[Member]) -> Iterator[Member]:
        """The members that there would be without the moves, given those that there are now."""
        yield from (member for member in members if member.assignment_id not in self.before)
        for number, place in self.before.items():
            if place is not None and place.team_oid is not None:
                yield Member(number, place.team_oid, place.user_oid)

    def _places(self) -> Iterator[Place | AssignmentRow]:
        yield from (place for place in self.before.values() if place is not None)
        yield from self.after


def list_moves(changes: Sequence[AssignmentChange], before: Mapping[int, Place]) -> Moves:
    """What changes may move, given the active assignments that they meet."""
    moving = [change for change in changes if _moves(change, before.get(change.row.id))]
    return Moves(
        {change.row.id: before.get(change.row.id) for change in moving},
        [change.row for change in moving if not change.deleted],
    )


async def follow(session: WriteSession, moves: Moves, leavers: Collection[Leaver]) -> None:
    """Tell those who came or went, by moves that were written, which meetings they are (no longer) asked to.

    Those who left a project are no longer asked by name to its meetings either. Only meetings that take place
    once more count, and whoever was or is asked otherwise too is told nothing.
    """
    teams = moves.teams()
    if not teams and not leavers:
        return
    if left := moves.teams_left():
        # Those that were joined are locked since they were written.
        await queries.lock_teams(session, left)
    ids = await queries.list_meetings_to_come(session, teams, leavers, datetime.now(UTC))
    for start in range(0, len(ids), _CHUNK):
        meetings = await queries.lock_scheduled(session, ids[start : start + _CHUNK])
        came, went = await _compare(session, moves, leavers, meetings)
        await _tell(session, meetings, came, went)


async def _compare(
    session: WriteSession, moves: Moves, leavers: Collection[Leaver], meetings: Sequence[Meeting]
) -> tuple[set[Attendance], set[Attendance]]:
    """Who is newly asked to which of the meetings, and who no longer."""
    ids = [meeting.id for meeting in meetings]
    users = moves.users() | {leaver.user_oid for leaver in leavers}
    dismissed = await queries.dismiss(session, ids, leavers)
    otherwise = await queries.list_named(session, ids, users)
    otherwise |= {Attendance(meeting.id, meeting.organizer_oid) for meeting in meetings}
    teams = await queries.list_teams_asked(session, ids)
    members = await queries.list_members(session, set(chain(*teams.values())), users)
    after = _attending(teams, members)
    before = dismissed | _attending(teams, moves.undone(members))
    return after - before - otherwise, before - after - otherwise


def _attending(teams: Mapping[int, Collection[UUID]], members: Iterable[Member]) -> set[Attendance]:
    """Who is asked to which meeting by a team, given the teams that are asked to each."""
    people: dict[UUID, set[UUID]] = {}
    for member in members:
        people.setdefault(member.team_oid, set()).add(member.user_oid)
    return {
        Attendance(meeting_id, user_oid)
        for meeting_id, asked in teams.items()
        for team_oid in asked
        for user_oid in people.get(team_oid, ())
    }


async def _tell(
    session: WriteSession, meetings: Sequence[Meeting], came: set[Attendance], went: set[Attendance]
) -> None:
    people = await queries.list_people(session, {it.user_oid for it in came | went})
    recipients: dict[int, list[Recipient]] = {}
    for attendance in sorted(came | went):
        it = people[attendance.user_oid]
        action: Literal["invite", "cancel"] = "invite" if attendance in came else "cancel"
        recipient = Recipient(it.oid, it.name, it.email, it.locale, it.time_zone, action)
        recipients.setdefault(attendance.meeting_id, []).append(recipient)
    await announce(
        session,
        [
            News(meeting, "meeting.changed.v1", recipients[meeting.id])
            for meeting in meetings
            if meeting.id in recipients
        ],
    )


def _moves(change: AssignmentChange, before: Place | None) -> bool:
    """Whether somebody may come or go by it."""
    if before is None:
        return not change.deleted
    row = change.row
    return change.deleted or (row.team_oid, row.user_oid) != (before.team_oid, before.user_oid)
