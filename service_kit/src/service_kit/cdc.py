"""Row changes as Debezium's `unwrap` transform flattens them: the row's columns and `__` metadata.

Versions: a streamed change is as new as its place in the source's WAL, `(epoch, __lsn)`. A snapshot
row's `__lsn` is the snapshot's place, not the row's: a transaction that was in flight at the snapshot
has changes below it and commits later, so comparing with it would lose them. The row's own `row_lsn`,
written by the source under the row lock, is exact, so a snapshot row is as new as that (ADR 3).
The epoch is raised on purpose when the source's WAL starts anew (a restore from an older backup).
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Generic, Literal, NamedTuple, TypeVar

import msgspec

from service_kit.messages import Message, Unprocessable

UNAVAILABLE = "__debezium_unavailable_value"
FIRST_EPOCH = 1
# What a bigint holds. The consumer stores it in a table of its own, too, where an error parks nothing.
_Lsn = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class RowChange(msgspec.Struct, kw_only=True):
    """The metadata of every row change; a service's subclass adds the columns that it reads.

    Unknown columns are ignored. A column that may be missing (added later at the source) has a
    default of `msgspec.UNSET` in the subclass, and then keeps its value in the projection.
    """

    op: Literal["c", "u", "d", "r"] = msgspec.field(name="__op")
    lsn: _Lsn = msgspec.field(name="__lsn")
    captured_ms: int = msgspec.field(name="__ts_ms")
    committed_ms: int | None = msgspec.field(name="__source_ts_ms", default=None)
    snapshot: str | None = msgspec.field(name="__source_snapshot", default=None)
    row_lsn: _Lsn | None = None

    @property
    def version_lsn(self) -> int:
        """Where in the source's WAL this state of the row was made (see the module's docstring)."""
        if self.op == "r" and self.row_lsn is not None:
            return min(self.row_lsn, self.lsn)
        return self.lsn


R = TypeVar("R", bound=RowChange)


class Change(NamedTuple, Generic[R]):
    """A decoded row change and the message that brought it."""

    row: R
    epoch: int
    message: Message

    @property
    def version(self) -> tuple[int, int]:
        return (self.epoch, self.row.version_lsn)

    @property
    def deleted(self) -> bool:
        return self.row.op == "d"

    @property
    def is_snapshot(self) -> bool:
        return self.row.op == "r"

    @property
    def committed_at(self) -> datetime | None:
        """When the source committed it, aware, in UTC."""
        return None if self.row.committed_ms is None else utc_from_ms(self.row.committed_ms)

    @property
    def captured_at(self) -> datetime:
        """When Debezium read it, aware, in UTC."""
        return utc_from_ms(self.row.captured_ms)


def utc_from_ms(milliseconds: int) -> datetime:
    """Milliseconds since 1970 as an aware time in UTC.

    Raises:
        Unprocessable: it lies outside the years that a time can hold.
    """
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise Unprocessable(f"not a time: {milliseconds} ms") from error


def row_change_decoder(row_type: type[R]) -> Callable[[Message], Change[R] | None]:
    """Make the decoder of one table's topic.

    Returns:
        A function from a message to its change. A tombstone is None: the delete before it said
        everything. It raises `Unprocessable` with the reason for anything else that is not a change
        of this table.
    """
    decode = msgspec.json.Decoder(row_type).decode

    def decode_change(message: Message) -> Change[R] | None:
        if message.key is None:
            raise Unprocessable("no key: a row change is keyed by its row's id")
        if message.value is None:
            return None
        if UNAVAILABLE.encode() in message.value:
            raise Unprocessable("a column's value is unavailable: the table needs REPLICA IDENTITY FULL")
        try:
            return Change(decode(message.value), _epoch(message), message)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unprocessable(f"not a row change: {error}") from error

    return decode_change


def _epoch(message: Message) -> int:
    raw = message.header("epoch")
    if raw is None:
        return FIRST_EPOCH
    if not raw.isdigit():
        raise Unprocessable("the epoch header is not a whole number")
    return int(raw)
