"""Databases, roles and slots: by the same files as every other stack's."""

from typing import TYPE_CHECKING

from local_stack import postgres
from local_stack.parts import Run, Step
from local_stack.paths import ROOT
from local_stack.state import Scope

if TYPE_CHECKING:
    from local_stack.environment import Context

_FOLDER = ROOT / "deploy" / "postgres"


async def provide(context: "Context", run: Run) -> None:
    """Make what is missing; set every password to the one in use, so that a changed one takes effect."""
    await run(postgres.psql(context, _FOLDER / "provision.sql"))


async def _make_slots(context: "Context", run: Run) -> None:
    await run(postgres.psql(context, _FOLDER / "slots.sql"))


PARTS = (
    Step(name="databases", title="Databases and roles", needs=("postgres",), work=provide),
    # Not with the databases: as long as nobody reads them, slots keep PostgreSQL's log.
    Step(
        name="slots",
        title="Slots of the outboxes",
        needs=("databases",),
        scope=Scope.ALL,
        work=_make_slots,
    ),
)
