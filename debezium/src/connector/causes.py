"""From the errors of Debezium, PostgreSQL and Connect to words that say what to do."""

import re
from dataclasses import dataclass

_CAUSED_BY = re.compile(r"^(?:Caused by: )?[\w.$]+(?:Exception|Error): (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Cause:
    """A pattern of an error's text, and what it means. The words may use the pattern's named groups."""

    pattern: str
    words: str


_CAUSES = [
    Cause(
        r"password authentication failed for user \"(?P<user>[^\"]+)\"",
        "The password of the database role {user!r} is wrong: DEBEZIUM_DB_PASSWORD in the environment of "
        "the Connect worker is missing, or is not the role's.",
    ),
    Cause(
        r"role \"(?P<user>[^\"]+)\" does not exist",
        "The database role {user!r} does not exist: create it with LOGIN REPLICATION, or correct "
        "DEBEZIUM_DB_USER.",
    ),
    Cause(
        r"database \"(?P<database>[^\"]+)\" does not exist",
        "The database {database!r} does not exist: create it, or correct USER_TEAM_DB_NAME or "
        "TASK_MEETING_DB_NAME.",
    ),
    Cause(
        r"permission denied for (?P<kind>\w+) (?P<name>\w+)",
        "The Debezium role may not use the {kind} {name!r}: run deploy/postgres/provision.sql and the "
        "migrations, which grant it.",
    ),
    Cause(
        r"Publication autocreation is disabled|publication \".+\" does not exist",
        "The publication is missing in the source database: run the migrations (`make migrate`), "
        "which create it, then register again.",
    ),
    Cause(
        r"replication slot \"(?P<slot>[^\"]+)\" is active for PID (?P<pid>\d+)",
        "The replication slot {slot!r} is in use by another process (PostgreSQL's PID {pid}): another "
        "connector or pg_recvlogical reads it. Stop that one; a slot has one reader.",
    ),
    Cause(
        r"cannot advance replication slot to (?P<offset>\S+), minimum is (?P<slot>[0-9A-F/]+)",
        "The replication slot stands at {slot}, past the connector's stored position {offset}: the slot was "
        "moved or made anew, or the position is an old one. What lies between may be missing: "
        "docs/runbooks/slot-lost.md says how to go on.",
    ),
    Cause(
        r"can(?:not| no longer) (?:\w+ )+replication slot|requested WAL segment .+ removed",
        "The replication slot is lost: PostgreSQL has removed WAL that it still needed "
        "(max_slot_wal_keep_size). Drop the slot and register again; the rows are then sent anew.",
    ),
    Cause(
        r"this is no longer available on the server",
        "The replication slot was made anew behind the connector's back: what was committed before it is not "
        "in it. Go on without that by `python -m connector register --accept-gap NAME` "
        "(docs/runbooks/slot-lost.md).",
    ),
    Cause(
        r"all replication slots are in use",
        "PostgreSQL has no free replication slot: raise max_replication_slots or drop an unused slot.",
    ),
    Cause(
        r"wal_level.+logical",
        "PostgreSQL does not write logical WAL: set wal_level=logical and restart it.",
    ),
    Cause(
        r"replication role|permission denied to (?:start WAL sender|use replication slots)",
        "The Debezium role lacks the attribute REPLICATION: grant it with ALTER ROLE.",
    ),
    Cause(
        r"Failed to find any class that implements Connector|ClassNotFoundException",
        "The Debezium plugin is not installed in the Connect worker: put its jars into a folder of the "
        "worker's plugin.path.",
    ),
    Cause(
        r"UnknownHostException|connection attempt failed|connection .*refused|connect call failed",
        "The source database cannot be reached from the Connect worker: check POSTGRES_HOST and "
        "POSTGRES_PORT there, and that PostgreSQL is running.",
    ),
    Cause(
        r"too many clients|remaining connection slots",
        "PostgreSQL has no free connection: raise max_connections or close some.",
    ),
]


def explain(error: str, *, otherwise: str = "") -> str:
    """Explain the text of an error, which may be a whole stack trace; the first fitting cause wins.

    Args:
        error: what Debezium, PostgreSQL or Connect said.
        otherwise: the answer if no cause fits; by default the innermost one's text, as it is.
    """
    for cause in _CAUSES:
        if match := re.search(cause.pattern, error, re.IGNORECASE):
            return cause.words.format(**match.groupdict())
    return otherwise or f"The innermost cause is: {innermost(error)}"


def explain_trace(trace: str) -> str:
    """What a stack trace means, and what its innermost cause said: patterns can fit more than they mean."""
    words, said = explain(trace), innermost(trace)
    return words if said in words else f"{words} It said: {said}"


def innermost(trace: str) -> str:
    """The message of the innermost cause of a Java stack trace."""
    causes = _CAUSED_BY.findall(trace)
    return causes[-1] if causes else trace.strip().partition("\n")[0]
