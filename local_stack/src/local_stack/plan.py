"""The whole start plan, in one place."""

from local_stack import caches, connect, databases, jars, kafka, mail, postgres, services
from local_stack.parts import Plan, Process
from local_stack.state import Scope

PLAN: Plan = (
    *jars.PARTS,
    *caches.PARTS,
    *postgres.PARTS,
    *databases.PARTS,
    *kafka.PARTS,
    *connect.PARTS,
    *mail.PARTS,
    *services.PARTS,
)


def within(scope: Scope) -> Plan:
    """The parts that run in this scope."""
    return [part for part in PLAN if part.scope is Scope.INFRA or scope is Scope.ALL]


def port_variables(scope: Scope) -> list[str]:
    """The variables of every port that is listened on in this scope."""
    return [name for part in within(scope) if isinstance(part, Process) for name in part.ports]
