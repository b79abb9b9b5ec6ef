"""Giving tasks to people: who is eligible, by which strategy, and the same under concurrency.

Nobody gets a task while they leave: whoever is chosen is held where they are until the transaction ends.
Round robin takes turns: its place is locked until then too.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID

from service_kit.db import ReadSession, WriteSession
from service_kit.http import Problem
from task_meeting.queries import eligible as queries
from task_meeting.queries.eligible import Place, Scope
from task_meeting.schemas.project_settings import Strategy
from task_meeting.service.choosing import Choice, Pool, eligible_hash

_SEED_BYTES = 16


class Vacancy(NamedTuple):
    """A task that wants an assignee, other than the present one if it can be."""

    scope: Scope
    task_oid: UUID
    present: UUID | None


@dataclass(frozen=True, slots=True)
class Draw:
    """The choices in one scope, in their order, and what they were computed from."""

    scope: Scope
    strategy: Strategy
    seed: str
    eligible: Sequence[UUID]
    # Before the first choice.
    last: UUID | None
    loads: Mapping[UUID, int]
    chosen: Sequence[tuple[Vacancy, UUID]]

    @property
    def eligible_hash(self) -> str:
        return eligible_hash(self.eligible)

    def choices(self) -> Iterable[tuple[Vacancy, Choice]]:
        """Each task with its choice."""
        fingerprint = self.eligible_hash
        for vacancy, chosen in self.chosen:
            yield vacancy, Choice(chosen, self.strategy, self.seed, fingerprint)

    def places(self) -> set[Place]:
        """Where those who were chosen must be."""
        return {Place(*self.scope, chosen) for _, chosen in self.chosen}


def new_seed() -> str:
    """What makes choices unforeseeable: 32 hexadecimal digits."""
    return secrets.token_hex(_SEED_BYTES)


def nobody_eligible() -> Problem:
    """409: there is no employee whom a task could be given to."""
    return Problem(
        HTTPStatus.CONFLICT, "Nobody is eligible: no employee is in this project or team at present."
    )


async def choose(
    session: WriteSession,
    project_oid: UUID,
    team_oid: UUID | None,
    task_oid: UUID,
    *,
    without: UUID | None = None,
) -> Choice:
    """Choose an assignee for one task by its project's strategy.

    Args:
        session: the caller's transaction; whoever is chosen stays in the project until it ends.
        project_oid: of the task.
        team_oid: of the task, if it has one: then only its people are eligible.
        task_oid: what the choice depends on, beside a new seed.
        without: the present assignee, who is chosen only if nobody else is eligible.

    Raises:
        Problem: 409, nobody is eligible.
    """
    vacancy = Vacancy(Scope(project_oid, team_oid), task_oid, without)
    draws = await draw_all(session, [vacancy], new_seed())
    if not draws:
        raise nobody_eligible()
    ((_, choice),) = draws[0].choices()
    return choice


async def draw_all(
    session: WriteSession, vacancies: Iterable[Vacancy], seed: str, *, strategy: Strategy | None = None
) -> list[Draw]:
    """Choose an assignee for each task, by its project's strategy or by the given one.

    The choices are made draw by draw. Tasks for which nobody is eligible are in none.
    """
    wanted: dict[Scope, list[Vacancy]] = {}
    for vacancy in vacancies:
        wanted.setdefault(vacancy.scope, []).append(vacancy)
    while True:
        ground = await _Ground.of(session, list(wanted), strategy)
        draws = ground.draw(wanted, seed)
        places = set[Place]().union(*(draw.places() for draw in draws))
        if await queries.hold(session, places) == places:
            break
        # Somebody left while we chose, and the next look does not see them any more.
    taken = {draw.scope: draw.chosen[-1][1] for draw in draws if draw.strategy == "round_robin"}
    if taken:
        await queries.move_rotations(session, taken)
    return draws


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the choices are computed from."""

    strategies: Mapping[Scope, Strategy]
    eligible: Mapping[Scope, Sequence[UUID]]
    last: Mapping[Scope, UUID | None]
    loads: Mapping[UUID, int]

    @classmethod
    async def of(cls, session: WriteSession, scopes: Sequence[Scope], strategy: Strategy | None) -> "_Ground":
        eligible = await queries.list_eligible(session, scopes)
        strategies = await _strategies(session, list(eligible), strategy)
        turns = [scope for scope, name in strategies.items() if name == "round_robin"]
        counted = [scope for scope, name in strategies.items() if name == "least_loaded"]
        people = {person for scope in counted for person in eligible[scope]}
        return cls(
            strategies,
            eligible,
            await queries.lock_rotations(session, turns) if turns else {},
            await queries.count_open_tasks(session, people) if people else {},
        )

    def draw(self, wanted: Mapping[Scope, Sequence[Vacancy]], seed: str) -> list[Draw]:
        # One count for all scopes: a person can be in several.
        loads = dict(self.loads)
        return [self._draw(scope, wanted[scope], seed, loads) for scope in wanted if scope in self.eligible]

    def _draw(self, scope: Scope, vacancies: Sequence[Vacancy], seed: str, loads: dict[UUID, int]) -> Draw:
        eligible = self.eligible[scope]
        strategy = self.strategies[scope]
        pool = Pool(eligible, self.last.get(scope), loads)
        before = {person: loads[person] for person in eligible} if strategy == "least_loaded" else {}
        chosen = [(it, pool.choose(strategy, seed, it.task_oid, it.present)) for it in vacancies]
        return Draw(scope, strategy, seed, eligible, self.last.get(scope), before, chosen)


async def _strategies(
    session: ReadSession, scopes: Sequence[Scope], strategy: Strategy | None
) -> dict[Scope, Strategy]:
    if strategy is not None:
        return dict.fromkeys(scopes, strategy)
    of_project = await queries.list_strategies(session, {scope.project_oid for scope in scopes})
    return {scope: of_project.get(scope.project_oid, "random") for scope in scopes}
