"""What people do with assignments, as plain SQL on the source; each commit is entered in a ledger."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import psycopg2

from harness.company import Company, Person, Place, found
from harness.database import Row, Sql
from harness.ledger import Ledger, Version
from harness.waiting import until

COLUMNS = (
    *("project_id", "team_id", "user_id", "project_name", "team_name", "user_oid", "user_email"),
    *("user_name", "user_role", "project_oid", "team_oid", "application_url", "user_locale"),
    *("user_time_zone", "created_at"),
)
_RETURNED = ", ".join(("id", "row_lsn", *COLUMNS))
_NOW = "(pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"


class Undo(Exception):  # noqa: N818 - it is no error: somebody changed their mind
    """Rolls a transaction of the desk back."""


class Desk:
    """One company's administrator. Every method is a transaction, unless it is called in one."""

    def __init__(self, dsn: str) -> None:
        """`dsn`: the source database, as the role of the team service."""
        self._sql = Sql(dsn)
        self._depth = 0
        self._changes: list[tuple[int, Version]] = []
        self.ledger = Ledger()
        self.company: Company = found(self._sql)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all that is done in the block, or, if it raises, nothing of it."""
        self._depth += 1
        try:
            with self._sql.transaction():
                yield
        except BaseException:
            self.ledger.undone.update(id_ for id_, _ in self._changes if id_ not in self.ledger.versions)
            self._changes = []
            raise
        finally:
            self._depth -= 1
        if self._depth == 0:
            self.ledger.commit(self._changes)
            self._changes = []

    def assign(self, person: Person, place: Place, url: str | None = None) -> int:
        """Create an assignment and return its id."""
        with self.transaction():
            rows = self._sql.rows(
                "INSERT INTO teams_userassignment (user_id, project_id, team_id, application_url)"
                f" VALUES (%s, %s, %s, %s) RETURNING {_RETURNED}",
                [person.id, place.project_id, place.team_id, url],
            )
            self._enter(rows)
        return int(rows[0]["id"])

    def move(self, assignment: int, place: Place) -> None:
        self._change(assignment, "project_id = %s, team_id = %s", place.project_id, place.team_id)

    def hand_over(self, assignment: int, person: Person) -> None:
        self._change(assignment, "user_id = %s", person.id)

    def link(self, assignment: int, url: str | None) -> None:
        self._change(assignment, "application_url = %s", url)

    def rename_project(self, project_id: int, name: str) -> None:
        self._rename("UPDATE teams_project SET name = %s WHERE id = %s", "project_id", project_id, name)

    def rename_team(self, team_id: int, name: str) -> None:
        self._rename("UPDATE teams_team SET name = %s WHERE id = %s", "team_id", team_id, name)

    def rename_person(self, person: Person, last_name: str) -> None:
        self._rename("UPDATE users_user SET last_name = %s WHERE id = %s", "user_id", person.id, last_name)

    def end(self, assignment: int) -> None:
        with self.transaction():
            query = f"SELECT {_NOW} FROM teams_userassignment WHERE id = %s FOR UPDATE"
            lsn = self._sql.value(query, [assignment])
            self._sql.run("DELETE FROM teams_userassignment WHERE id = %s", [assignment])
            self._changes.append((assignment, Version(lsn, None)))

    def close(self) -> None:
        self._sql.close()

    def _change(self, assignment: int, columns: str, *values: object) -> None:
        query = f"UPDATE teams_userassignment SET {columns} WHERE id = %s RETURNING {_RETURNED}"
        with self.transaction():
            self._enter(self._sql.rows(query, [*values, assignment]))

    def _rename(self, update: str, reference: str, id_: int, name: str) -> None:
        """The database's triggers carry the new name into the assignments."""
        query = f"SELECT {_RETURNED} FROM teams_userassignment WHERE {reference} = %s"
        with self.transaction():
            self._sql.run(update, [name, id_])
            self._enter(self._sql.rows(query, [id_]))

    def _enter(self, rows: Iterable[Row]) -> None:
        for row in rows:
            state = {column: row[column] for column in COLUMNS}
            self._changes.append((row["id"], Version(row["row_lsn"], state)))


class LastingDesk(Desk):
    """A desk whose server may die and come back. It finds out what became of the last transaction."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Like a desk's; raises `Undo` when the server went away and nothing was committed."""
        changes = None
        try:
            with super().transaction():
                yield
                changes = self._changes
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            if self._depth or not self._sql.is_lost:
                raise
            # A commit that was cut off may have happened.
            if not changes or not self._happened(changes):
                raise Undo from error
            self.ledger.undone.difference_update(id_ for id_, _ in changes)
            self.ledger.commit(changes)

    def _happened(self, changes: Sequence[tuple[int, Version]]) -> bool:
        """Whether the table shows the last of these changes, once it can be asked."""
        assignment, last = changes[-1]
        rows = until(lambda: self._stamp(assignment), "the server is back", timeout_s=60)
        return rows == [[] if last.state is None else [{"row_lsn": last.lsn}]]

    def _stamp(self, assignment: int) -> list[list[Row]]:
        try:
            return [self._sql.rows("SELECT row_lsn FROM teams_userassignment WHERE id = %s", [assignment])]
        except psycopg2.OperationalError:
            return []
