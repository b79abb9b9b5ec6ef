"""What becomes of the open tasks of people who leave a project, in the transaction that takes them out.

Somebody leaves when the last of their active assignments in a project ends, in whatever way: it is deleted,
moved, or was not in a snapshot. Who comes back within one batch never left.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from service_kit.db import WriteSession
from task_meeting.events import AssignmentChange
from task_meeting.models import Task
from task_meeting.queries import leaving as queries
from task_meeting.queries.eligible import Place, Scope
from task_meeting.queries.membership import Leaver
from task_meeting.service.assigning import Vacancy, draw_all, new_seed
from task_meeting.service.choosing import Choice
from task_meeting.service.tasks.changing import Change, change

REASON = "left_project"
# As many tasks as are changed and held in memory at once.
_CHUNK = 500


def list_leavers(changes: Iterable[AssignmentChange], before: Mapping[int, Place]) -> set[Leaver]:
    """Who may leave which project by changes, given the active assignments that they meet."""
    known = ((change, before[change.row.id]) for change in changes if change.row.id in before)
    return {leaver(place) for change, place in known if not _keeps(change, leaver(place))}


def leaver(place: Place) -> Leaver:
    """Who may leave which project when an assignment ends."""
    return Leaver(place.user_oid, place.project_oid)


async def give_up_tasks(session: WriteSession, leavers: Collection[Leaver]) -> None:
    """Take their open tasks from those who are no longer in the project, as its settings say.

    Tasks are given to others by the project's strategy, or wait for an assignee; so do those for which nobody
    is eligible.
    """
    while leavers:
        tasks = await queries.lock_left_tasks(session, leavers, _CHUNK)
        choices = await _choose(session, tasks)
        await change(session, [_change(task, choices.get(task.oid)) for task in tasks])
        if len(tasks) < _CHUNK:
            return


def _keeps(change: AssignmentChange, before: Leaver) -> bool:
    return not change.deleted and before == (change.row.user_oid, change.row.project_oid)


async def _choose(session: WriteSession, tasks: Sequence[Task]) -> Mapping[UUID, Choice]:
    on_leave = await queries.list_on_leave(session, {task.project_oid for task in tasks})
    vacancies = [
        Vacancy(Scope(task.project_oid, task.team_oid), task.oid, task.assignee_oid)
        for task in tasks
        if on_leave.get(task.project_oid) == "reassign"
    ]
    if not vacancies:
        return {}
    draws = await draw_all(session, vacancies, new_seed())
    return {vacancy.task_oid: choice for draw in draws for vacancy, choice in draw.choices()}


def _change(task: Task, choice: Choice | None) -> Change:
    fields = {"assignee_oid": choice and choice.assignee_oid}
    return Change(task, fields, choice=choice, reason=REASON)
