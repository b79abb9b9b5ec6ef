"""A writer that runs throughout a test and does at random, but in a seed's order, what people do."""

import random
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from harness.company import Company, Person, Place
from harness.desk import Desk, Undo
from harness.ledger import Ledger, State

_PAUSE_S = 1 / 40
_LIVING = 30
"""About how many assignments it keeps in force."""


class Writer:
    """`with Writer(dsn) as writer:` writes until the block ends; `writer.ledger` says what it did."""

    def __init__(self, dsn: str, *, seed: int | None = None, desk: Callable[[str], Desk] = Desk) -> None:
        """Found a company of its own.

        Args:
            dsn: the source database, as the role of the team service.
            desk: makes the desk that it works at.
            seed: of the order of its actions; a random one is printed, so that a failure can be repeated.
        """
        self._desk = desk(dsn)
        seed = random.randrange(2**32) if seed is None else seed
        print(f"writer's seed: {seed}")  # noqa: T201 - pytest shows it when the test fails
        self._random = random.Random(seed)
        self._renames = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._failure: BaseException | None = None

    @property
    def ledger(self) -> Ledger:
        return self._desk.ledger

    @property
    def company(self) -> Company:
        return self._desk.company

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Finish the transaction under way. Raises what made the writer fail, if anything did."""
        self._stopping.set()
        self._thread.join()
        self._desk.close()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            while not self._stopping.wait(_PAUSE_S):
                with suppress(Undo), self._desk.transaction():
                    self._random.choice(self._actions())()
        except BaseException as error:  # noqa: BLE001 - the test's thread raises it
            self._failure = error

    def _actions(self) -> list[Callable[[], None]]:
        living = len(self.ledger.living())
        if living <= _LIVING // 2:
            return [self._assign]
        ending = [self._end] * (4 if living > _LIVING else 1)
        creating = [self._assign, self._assign, self._assign_many, self._assign_and_undo]
        return [*creating, *ending, self._move, self._move, self._hand_over, self._link, self._rename]

    def _assign(self) -> None:
        person, place = self._choose(self._free())
        self._desk.assign(person, place, self._random.choice([None, "https://apply.example/1"]))

    def _assign_many(self) -> None:
        """More than one change in one transaction, and of one row too."""
        free = self._free()
        for person, place in self._random.sample(free, min(4, len(free))):
            self._desk.link(self._desk.assign(person, place), f"https://apply.example/{person.id}")

    def _assign_and_undo(self) -> None:
        self._assign()
        raise Undo

    def _move(self) -> None:
        assignment, state = self._any()
        places = [place for person, place in self._free() if person.id == state["user_id"]]
        self._desk.move(assignment, self._choose(places))

    def _hand_over(self) -> None:
        assignment, state = self._any()
        here = Place(state["project_id"], state["team_id"])
        self._desk.hand_over(
            assignment, self._choose([person for person, place in self._free() if place == here])
        )

    def _link(self) -> None:
        assignment, state = self._any()
        number = self._random.randrange(10**9)
        self._desk.link(assignment, None if state["application_url"] else f"https://apply.example/{number}")

    def _rename(self) -> None:
        self._renames += 1
        name = f"{self.company.marker} №{self._renames}"
        rename, which = self._random.choice(
            [
                (self._desk.rename_project, self.company.projects),
                (self._desk.rename_team, self.company.teams),
                (self._desk.rename_person, self.company.people),
            ]
        )
        rename(self._random.choice(which), name)

    def _end(self) -> None:
        self._desk.end(self._any()[0])

    def _any(self) -> tuple[int, State]:
        return self._random.choice(sorted(self.ledger.living().items(), key=lambda item: item[0]))

    def _free(self) -> list[tuple[Person, Place]]:
        """Who could be assigned where: not where they are already."""
        states = self.ledger.living().values()
        taken = {(state["user_id"], state["project_id"], state["team_id"]) for state in states}
        company = self.company
        every = [(person, place) for person in company.people for place in company.places]
        return [(who, at) for who, at in every if (who.id, at.project_id, at.team_id) not in taken]

    def _choose(self, options: list):
        if not options:
            raise Undo
        return self._random.choice(options)
