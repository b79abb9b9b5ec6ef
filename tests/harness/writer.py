"""A writer that runs throughout a test: plain SQL on the source, each commit entered in a ledger.

It does what people do, in a random order that a seed fixes: creates, moves, hand-overs to another
person, new links, renames of projects, teams and people, deletes, and work that is rolled back.
"""

import random
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from harness.company import Company, Place, found
from harness.database import Row, Sql
from harness.ledger import Ledger, State, Version

COLUMNS = (
    *("project_id", "team_id", "user_id", "project_name", "team_name", "user_oid", "user_email"),
    *("user_name", "user_role", "project_oid", "team_oid", "application_url", "user_locale"),
    *("user_time_zone", "created_at"),
)
_RETURNED = ", ".join(("id", "row_lsn", *COLUMNS))
Changes = list[tuple[int, Version]]


class _Undo(Exception):  # noqa: N818 - it is no error: the writer changed its mind
    """Roll this transaction back."""


class Writer:
    """`with Writer(dsn) as writer:` writes until the block ends; `writer.ledger` says what it did."""

    def __init__(
        self, dsn: str, *, per_second: float = 40, living: int = 30, seed: int | None = None
    ) -> None:
        """Found a company of its own.

        Args:
            dsn: the source database, as the role of the team service.
            per_second: transactions per second at the most.
            living: about how many assignments are kept in force.
            seed: of the order of its actions; a random one is printed, so that a failure can be repeated.
        """
        self._sql = Sql(dsn)
        self._pause_s = 1 / per_second
        self._living = living
        seed = random.randrange(2**32) if seed is None else seed
        print(f"writer's seed: {seed}")  # noqa: T201 - pytest shows it when the test fails
        self._random = random.Random(seed)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._failure: BaseException | None = None
        self._renames = 0
        self.ledger = Ledger()
        self.company: Company = found(self._sql)

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
        self._sql.close()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            while not self._stopping.wait(self._pause_s):
                self._act()
        except BaseException as error:  # noqa: BLE001 - the test's thread raises it
            self._failure = error

    def _act(self) -> None:
        actions: list[Callable[[], Changes]] = [self._create]
        if len(self.ledger.living()) > self._living // 2:
            actions = [self._create, self._create, self._move, self._move, self._hand_over, self._link]
            actions += [self._rename, self._create_many, self._end, self._create_and_undo]
        if len(self.ledger.living()) > self._living:
            actions += [self._end, self._end, self._end]
        try:
            with self._sql.transaction():
                changes = self._random.choice(actions)()
        except _Undo:
            return
        self.ledger.commit(changes)

    # -- the actions: each returns the versions that it makes

    def _create(self) -> Changes:
        return [self._insert(*self._free())]

    def _create_many(self) -> Changes:
        return [self._insert(*free) for free in {self._free() for _ in range(4)}]

    def _create_and_undo(self) -> Changes:
        id_, _ = self._insert(*self._free())
        self.ledger.undone.add(id_)
        raise _Undo

    def _move(self) -> Changes:
        id_, state = self._any()
        free = self._free_places(state["user_id"])
        if not free:
            raise _Undo
        place = self._random.choice(free)
        return self._update("project_id = %s, team_id = %s", [place.project_id, place.team_id], id_)

    def _hand_over(self) -> Changes:
        id_, state = self._any()
        place = Place(state["project_id"], state["team_id"])
        free = [person.id for person in self.company.people if place in self._free_places(person.id)]
        if not free:
            raise _Undo
        return self._update("user_id = %s", [self._random.choice(free)], id_)

    def _link(self) -> Changes:
        id_, state = self._any()
        number = self._random.randrange(10**9)
        new = f"https://apply.example/{number}" if state["application_url"] is None else None
        return self._update("application_url = %s", [new], id_)

    def _rename(self) -> Changes:
        self._renames += 1
        table, column, name, ids = self._random.choice(
            [
                ("teams_project", "project_id", "name", self.company.projects),
                ("teams_team", "team_id", "name", self.company.teams),
                ("users_user", "user_id", "last_name", [person.id for person in self.company.people]),
            ]
        )
        id_ = self._random.choice(ids)
        new = f"{self.company.marker} №{self._renames}"
        self._sql.run(f"UPDATE {table} SET {name} = %s WHERE id = %s", [new, id_])
        query = f"SELECT {_RETURNED} FROM teams_userassignment WHERE {column} = %s"
        return list(_versions(self._sql.rows(query, [id_])))

    def _end(self) -> Changes:
        id_, _ = self._any()
        query = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint FROM teams_userassignment"
        lsn = self._sql.value(f"{query} WHERE id = %s FOR UPDATE", [id_])
        self._sql.run("DELETE FROM teams_userassignment WHERE id = %s", [id_])
        return [(id_, Version(lsn, None))]

    # -- what the actions choose from

    def _any(self) -> tuple[int, State]:
        return self._random.choice(sorted(self.ledger.living().items()))

    def _free(self) -> tuple[int, Place]:
        """A person and a place where they are not yet."""
        free = [
            (person.id, place) for person in self.company.people for place in self._free_places(person.id)
        ]
        if not free:
            raise _Undo
        return self._random.choice(free)

    def _free_places(self, user_id: int) -> list[Place]:
        states = self.ledger.living().values()
        taken = {
            Place(state["project_id"], state["team_id"]) for state in states if state["user_id"] == user_id
        }
        return [place for place in self.company.places if place not in taken]

    def _insert(self, user_id: int, place: Place) -> tuple[int, Version]:
        rows = self._sql.rows(
            "INSERT INTO teams_userassignment (user_id, project_id, team_id, application_url)"
            f" VALUES (%s, %s, %s, %s) RETURNING {_RETURNED}",
            [
                user_id,
                place.project_id,
                place.team_id,
                self._random.choice([None, "https://apply.example/1"]),
            ],
        )
        return next(iter(_versions(rows)))

    def _update(self, change: str, values: list[object], id_: int) -> Changes:
        query = f"UPDATE teams_userassignment SET {change} WHERE id = %s RETURNING {_RETURNED}"
        return list(_versions(self._sql.rows(query, [*values, id_])))


def _versions(rows: Iterable[Row]) -> Iterable[tuple[int, Version]]:
    for row in rows:
        yield row["id"], Version(row["row_lsn"], {column: row[column] for column in COLUMNS})
