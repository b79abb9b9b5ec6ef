"""What arrived in a service's database, and in which order: its projection, watched by an audit.

The audit is a trigger of the tests' own, in a schema of its own, on the table of assignments and on the
stored offsets. It keeps what the tables themselves forget: every state that was ever committed there.
"""

import hashlib
from collections.abc import Collection, Mapping
from typing import NamedTuple

from harness import topic
from harness.database import Row, Sql
from harness.ledger import State

_AUDIT = """
CREATE SCHEMA IF NOT EXISTS audit;
CREATE TABLE IF NOT EXISTS audit.applied (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id bigint, lsn bigint, deleted boolean, state jsonb);
CREATE INDEX IF NOT EXISTS applied_id ON audit.applied (id, seq);
CREATE TABLE IF NOT EXISTS audit.offset_moved (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, partition integer, old bigint, new bigint);
CREATE OR REPLACE FUNCTION audit.note_applied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - ARRAY['kafka_partition', 'kafka_offset']
            = to_jsonb(OLD) - ARRAY['kafka_partition', 'kafka_offset'] THEN
        RETURN NULL;  -- a snapshot has seen the row, and nothing about it is new
    END IF;
    INSERT INTO audit.applied (id, lsn, deleted, state) VALUES (NEW.id, NEW.lsn, NEW.deleted, to_jsonb(NEW));
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION audit.note_offset() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit.offset_moved (partition, old, new)
    VALUES (NEW.partition, OLD.next_offset, NEW.next_offset);
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER note_applied AFTER INSERT OR UPDATE ON assignment
    FOR EACH ROW EXECUTE FUNCTION audit.note_applied();
CREATE OR REPLACE TRIGGER note_offset AFTER UPDATE ON consumer_offset
    FOR EACH ROW EXECUTE FUNCTION audit.note_offset();
"""
# These say when and where a row was read, not what it says.
_CIRCUMSTANCES = "'kafka_partition', 'kafka_offset'"


class Applied(NamedTuple):
    """One state of an assignment that was committed in the projection."""

    id: int
    lsn: int
    deleted: bool
    state: State


class Projection:
    """The assignments as one service knows them."""

    def __init__(self, dsn: str, tables: Collection[str]) -> None:
        """`tables`: everything that the service derives from the topic, for `state_hash`."""
        self.sql = Sql(dsn)
        self._tables = tables

    def watch(self) -> None:
        """Begin the audit; once more does nothing."""
        self.sql.run(_AUDIT)

    def shows(self, mark: Mapping[int, int]) -> bool:
        """Whether every assignment has reached its position (see `Ledger.mark`)."""
        rows = self.sql.rows("SELECT id, lsn FROM assignment WHERE id = ANY(%s)", [list(mark)])
        known = {row["id"]: row["lsn"] for row in rows}
        return all(known.get(id_, -1) >= lsn for id_, lsn in mark.items())

    def living(self, user_oids: Collection[object]) -> dict[int, Row]:
        """The assignments in force of these people."""
        query = "SELECT * FROM assignment WHERE NOT deleted AND user_oid = ANY(%s)"
        return {row["id"]: row for row in self.sql.rows(query, [list(user_oids)])}

    def applied(self, ids: Collection[int]) -> list[Applied]:
        """What was committed here about these assignments, in the order of the commits of each."""
        query = "SELECT id, lsn, deleted, state FROM audit.applied WHERE id = ANY(%s) ORDER BY seq"
        return [Applied(**row) for row in self.sql.rows(query, [list(ids)])]

    def offsets_gone_back(self) -> list[Row]:
        """Moves of a stored offset that were no step forward: a zombie's, or a replay's."""
        return self.sql.rows("SELECT * FROM audit.offset_moved WHERE new <= old ORDER BY seq")

    def sweeps(self) -> int:
        """How many snapshots were read to their end, and what they did not contain removed."""
        return self.sql.value("SELECT count(*) FROM snapshot_run WHERE swept_at IS NOT NULL")

    def has_read(self, ends: Mapping[int, int]) -> bool:
        """Whether the consumer is past these offsets (partition → offset)."""
        query = "SELECT partition, next_offset FROM consumer_offset WHERE topic = %s"
        rows = self.sql.rows(query, [topic.NAME])
        stored = {row["partition"]: row["next_offset"] for row in rows}
        return all(stored.get(partition, -1) >= end for partition, end in ends.items())

    def send_back(self, beginnings: Mapping[int, int]) -> None:
        """Set the stored offsets back, as somebody would who wants a replay."""
        with self.sql.transaction():
            for partition, offset in beginnings.items():
                query = "UPDATE consumer_offset SET next_offset = %s WHERE topic = %s AND partition = %s"
                self.sql.run(query, [offset, topic.NAME, partition])
            self.sql.run("DELETE FROM audit.offset_moved")

    def state_hash(self) -> str:
        """Of all that the service derives from the topic."""
        digest = hashlib.sha256()
        for table in self._tables:
            query = f"SELECT (to_jsonb(t) - ARRAY[{_CIRCUMSTANCES}])::text AS row FROM {table} t ORDER BY 1"
            for row in self.sql.rows(query):
                digest.update(row["row"].encode())
        return digest.hexdigest()
