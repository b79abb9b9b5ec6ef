"""Databases and roles: the same `provision.sql` as every other stack's."""

from typing import TYPE_CHECKING

from local_stack import postgres
from local_stack.parts import Run, Step
from local_stack.paths import ROOT

if TYPE_CHECKING:
    from local_stack.environment import Context

_SCRIPT = ROOT / "deploy" / "postgres" / "provision.sql"


async def provide(context: "Context", run: Run) -> None:
    """Make what is missing; set every password to the one in use, so that a changed one takes effect."""
    await run(postgres.psql(context, _SCRIPT))


PARTS = (Step(name="databases", title="Databases and roles", needs=("postgres",), work=provide),)
