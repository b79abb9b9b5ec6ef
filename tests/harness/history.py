"""The history checker: what was committed against what arrived. Each problem is a sentence.

Lost: a committed state that is not there at the end. Ghost: something that is there and was never
committed, or was ended. Twice: one version applied more than once. Order: an older one after a newer.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby, pairwise
from typing import Any
from uuid import UUID

from harness.database import Row
from harness.ledger import Ledger, Mail, State, Version
from harness.projection import Applied

# Mails that need not be sent any more when their turn comes; the sender says why.
_VOID = {
    "the assignment has ended meanwhile",
    "the assignment has gone to somebody else meanwhile",
    "the person never heard of it",
}


def check_rows(ledger: Ledger, arrived: Mapping[int, Row]) -> list[str]:
    """The end: assignments in force in the ledger, against those that a projection shows."""
    living = ledger.living()
    lost = [f"lost: assignment {id_}" for id_ in living.keys() - arrived.keys()]
    ghosts = [f"ghost: assignment {id_}" for id_ in arrived.keys() - living.keys()]
    stale = [
        f"lost: assignment {id_} shows {different}"
        for id_ in living.keys() & arrived.keys()
        if (different := _difference(living[id_], arrived[id_]))
    ]
    return [*lost, *ghosts, *stale]


def check_applied(ledger: Ledger, applied: Iterable[Applied]) -> list[str]:
    """The way: everything that was ever committed in the projection, against the versions of the ledger."""
    problems = []
    by_id: dict[int, list[Applied]] = {}
    for entry in applied:
        # Position 0 is a sweep's: it says that the row is gone, not when; the end shows if that is true.
        if entry.lsn > 0:
            by_id.setdefault(entry.id, []).append(entry)
    for id_, entries in by_id.items():
        if id_ not in ledger.versions:
            problems.append(f"ghost: assignment {id_} was never committed")
        else:
            problems += _check_order(id_, ledger.versions[id_], entries)
    return problems


def _check_order(id_: int, versions: Sequence[Version], entries: Sequence[Applied]) -> list[str]:
    positions = [version.lsn for version in versions]
    numbers = [bisect_right(positions, entry.lsn) - 1 for entry in entries]
    problems = [
        f"twice: version {now} of assignment {id_}"
        if now == before
        else f"order: {before}, {now} of assignment {id_}"
        for before, now in pairwise(numbers)
        if now <= before
    ]
    for number, entry in zip(numbers, entries, strict=True):
        state = versions[number].state if number >= 0 else None
        if number < 0 or entry.deleted != (state is None):
            problems.append(f"ghost: a state of assignment {id_} at {entry.lsn} that was never committed")
        elif state is not None and (different := _difference(state, entry.state)):
            problems.append(f"ghost: version {number} of assignment {id_} shows {different}")
    return problems


def _difference(expected: State, shown: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Column → what it is and what it should be, for the columns that both know."""
    pairs = {column: (shown[column], value) for column, value in expected.items() if column in shown}
    return {column: pair for column, pair in pairs.items() if not _same(*pair)}


def _same(shown: Any, expected: Any) -> bool:
    # The audit's JSON has times and UUIDs as text.
    if isinstance(shown, str) and isinstance(expected, datetime):
        return datetime.fromisoformat(shown) == expected
    if isinstance(shown, str) and isinstance(expected, UUID):
        return UUID(shown) == expected
    return bool(shown == expected)


def check_intents(ledger: Ledger, notifications: Iterable[Row]) -> list[str]:
    """The notifier's mails, against what the ledger's changes call for: the exact set, in order."""
    planned: dict[int, list[list[Mail]]] = {}
    ordered = sorted(notifications, key=lambda row: (row["assignment_id"], row["epoch"], row["lsn"]))
    for (id_, _, _), rows in groupby(
        ordered, key=lambda row: (row["assignment_id"], row["epoch"], row["lsn"])
    ):
        planned.setdefault(id_, []).append(sorted(Mail(row["kind"], row["user_oid"]) for row in rows))
    expected = {id_: mails for id_ in ledger.versions if (mails := ledger.mails(id_))}
    return [
        f"mails about assignment {id_}: {planned.get(id_)}, should be {expected.get(id_)}"
        for id_ in planned.keys() | expected.keys()
        if planned.get(id_) != expected.get(id_)
    ]


def check_mails(notifications: Sequence[Row], caught: Counter[str]) -> list[str]:
    """The mails that were caught, against the notifier's word for each."""
    problems = []
    for row in notifications:
        times = caught[row["message_id"]]
        void = row["state"] == "suppressed" and row["detail"] in _VOID
        if not (void or row["state"] == "accepted"):
            problems.append(f"mail {row['id']} is {row['state']}: {row['detail']}")
        if times != (0 if void else 1):
            problems.append(f"mail {row['id']} is {row['state']} and was caught {times} times")
    known = {row["message_id"] for row in notifications}
    return problems + [f"ghost: a mail that nobody planned, {id_}" for id_ in caught.keys() - known]


def check_mails_after_deaths(notifications: Sequence[Row], caught: Counter[str]) -> list[str]:
    """Like `check_mails`, when a sender died or lost its database in the middle of its work.

    Of a mail that it had handed over nobody knows whether it was taken: it goes once more, or it ends as
    unconfirmed if it is void by then. No other mail may come twice.
    """
    doubtful = {row["message_id"]: row for row in notifications if row["in_doubt"]}
    allowed = {"accepted": {1, 2}, "unconfirmed": {0, 1, 2}}
    problems = [
        f"mail {row['id']}, in doubt, is {row['state']} and was caught {caught[id_]} times"
        for id_, row in doubtful.items()
        if caught[id_] not in allowed.get(row["state"], ())
    ]
    certain = [row for row in notifications if not row["in_doubt"]]
    others = Counter({id_: times for id_, times in caught.items() if id_ not in doubtful})
    return problems + check_mails(certain, others)
