"""What becomes of the open tasks of people who leave a project, in the transaction that takes them out.

Somebody leaves when the last of their active assignments in a project ends, in whatever way: it is deleted,
moved, or was not in a snapshot. Who comes back within one batch never left.
"""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from service_kit.cdc import FIRST_EPOCH
from service_kit.db import WriteSession
from task_meeting.events import AssignmentChange
from task_meeting.models import Task
from task_meeting.queries import leaving as queries
from task_meeting.queries.eligible import Scope
from task_meeting.queries.leaving import Membership
from task_meeting.service.assigning import Vacancy, draw_all, new_seed
from task_meeting.service.choosing import Choice
from task_meeting.service.tasks.changing import Change, change

REASON = "left_project"
# As many tasks as are changed and held in memory at once.
_CHUNK = 500


async def list_possible_leavers(
    session: WriteSession, changes: Sequence[AssignmentChange]
) -> set[Membership]:
    """Who may leave which project by changes that are about to be applied. New rows cost no query."""
    known = [change for change in changes if not _is_new(change)]
    if not known:
        return set()
    before = await queries.list_active(session, {change.row.id for change in known})
    return {
        before[change.row.id]
        for change in known
        if change.row.id in before and not _keeps(change, before[change.row.id])
    }


async def list_ended(session: WriteSession, ids: Collection[int]) -> set[Membership]:
    """Who may have left which project by the end of these assignments."""
    return await queries.list_ended(session, ids) if ids else set()


async def give_up_tasks(session: WriteSession, memberships: Collection[Membership]) -> None:
    """Take their open tasks from those who are no longer in the project, as its settings say.

    Tasks are given to others by the project's strategy, or wait for an assignee; so do those for which nobody
    is eligible.
    """
    while memberships:
        tasks = await queries.lock_left_tasks(session, memberships, _CHUNK)
        choices = await _choose(session, tasks)
        await change(session, [_change(task, choices.get(task.oid)) for task in tasks])
        if len(tasks) < _CHUNK:
            return


def _is_new(change: AssignmentChange) -> bool:
    """Whether the row cannot have been there: in a later epoch, an id may have come again."""
    return change.row.op == "c" and change.epoch == FIRST_EPOCH


def _keeps(change: AssignmentChange, before: Membership) -> bool:
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
