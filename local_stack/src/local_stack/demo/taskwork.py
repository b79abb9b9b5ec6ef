"""What people do with tasks: each act goes through the API, and what it calls for is booked."""

import asyncio
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from local_stack.demo import choices
from local_stack.demo.choices import ChoiceCount
from local_stack.demo.errors import DemoError
from local_stack.demo.eventbook import EventBook
from local_stack.demo.services import Json, Tasks
from local_stack.demo.topics import Event

_JOB_SECONDS = 30.0
_NEAR = timedelta(minutes=40)
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Site:
    """A project: who is there and may get a task (sorted), and one of them, who works on it."""

    project: str
    eligible: Sequence[str]
    worker: str


@dataclass(slots=True)
class Taskwork:
    """The work on one project. `boss` sees every project, `worker` is the site's."""

    boss: Tasks
    worker: Tasks
    site: Site
    book: EventBook
    chosen: list[str] = field(default_factory=list)
    """Oids of the tasks whose assignee was chosen."""
    finished: list[str] = field(default_factory=list)
    proof: Json = field(default_factory=lambda: {"seed": "", "pools": [], "choices": []})

    async def give_out(self, number: int) -> None:
        """One task for whom it may concern, and one for nobody yet."""
        chosen = await self._create(self.boss, f"Count the chairs {number}")
        self.book.assigned(chosen["oid"], chosen["assignee_oid"])
        self.chosen.append(chosen["oid"])
        await self._create(self.boss, f"Paint the wall {number}", assignee_oid=None)

    async def finish(self, number: int) -> None:
        """The worker reports a task of their own, says something, and completes it; then once more."""
        title, worker = f"Закрыть квартал {number}", self.site.worker
        task = (await self._create(self.worker, title, assignee_oid=worker, priority="high"))["oid"]
        self.book.assigned(task, worker)
        await self.worker.comment(task, "Счета за октябрь **нашлись**.")
        self.book.task(task, "task.commented.v1")
        for status in ("in_progress", "review", "done", "done"):
            await self.worker.change(task, status=status)
        self.book.task(task, *["task.status-changed.v1"] * 3, "task.completed.v1")
        self.finished.append(task)

    async def remind(self, project: str, person: str) -> str:
        """A task that is due within the hour; returns its oid. One that is done reminds nobody."""
        due = (datetime.now(UTC) + _NEAR).isoformat()
        done = self.finished[-1]
        await self.boss.change(done, deadline=due)
        self.book.task(done, "task.updated.v1")
        task = await self.boss.create(
            title="Send the offer", project_oid=project, assignee_oid=person, deadline=due
        )
        self.book.task(task["oid"], "task.created.v1")
        self.book.assigned(task["oid"], person)
        return str(task["oid"])

    async def reassign(self) -> Json:
        """A job gives all open tasks to other people; asking for it twice makes one. Returns the job.

        Raises:
            DemoError: it was made twice, or is not done in time.
        """
        key = str(uuid.uuid4())
        first, second = [await self.boss.reassign(key, project_oid=self.site.project) for _ in range(2)]
        if first["oid"] != second["oid"]:
            raise DemoError(f"One Idempotency-Key made two jobs: {first['oid']}, {second['oid']}")
        job = await self._done(first["oid"])
        self.proof = await self.boss.proof(job["oid"])
        given = {it["task_oid"]: it["after_oid"] for it in self.proof["choices"] if it["reason"] is None}
        self.book.reassigned(job["oid"], given)
        return job

    def counts(self, events: Sequence[Event]) -> list[ChoiceCount]:
        """Every choice that was made, computed again."""
        eligible = self.site.eligible
        new = choices.of_new_tasks(events, self.chosen, eligible)
        return [new, choices.of_job(self.proof, eligible)]

    async def _create(self, who: Tasks, title: str, **fields: object) -> Json:
        task = await who.create(title=title, project_oid=self.site.project, **fields)
        self.book.task(task["oid"], "task.created.v1")
        return task

    async def _done(self, oid: str) -> Json:
        deadline = time.monotonic() + _JOB_SECONDS
        while (job := await self.boss.job(oid))["status"] not in {"done", "failed"}:
            if time.monotonic() > deadline:
                raise DemoError(f"The job {oid} is {job['status']} after {_JOB_SECONDS:g} s")
            await asyncio.sleep(_LOOK_SECONDS)
        if job["error"]:
            raise DemoError(f"The job {oid} has failed: {job['error']}")
        return job
