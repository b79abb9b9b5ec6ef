"""The outboxes' slots are made before their tables, and never after."""

import asyncio
import subprocess
import uuid

from connector.contracts import REPOSITORY
from local_stack.testing import Stack

from .conftest import Source

SCRIPT = REPOSITORY / "deploy" / "postgres" / "slots.sql"


async def test_a_slot_is_made_once_and_never_for_an_outbox_that_is_there(
    stack: Stack, source: Source
) -> None:
    mark = uuid.uuid4().hex[:10]
    # Slots have one name on the whole server.
    script = SCRIPT.read_text(encoding="utf-8").replace("outbox_slot", f"{mark}_slot")
    names = [f"django_{mark}_slot", f"task_{mark}_slot"]
    database = source.settings.user_team_db_name

    async def made() -> list[str]:
        psql = [stack.postgres_binary("psql"), "-X", stack.dsn()]
        variables = {"USER_TEAM_DB_NAME": database, "TASK_MEETING_DB_NAME": database}
        options = {"env": {**stack.environment, **variables}, "text": True, "check": True}
        await asyncio.to_thread(subprocess.run, psql, input=script, **options)
        found = "SELECT slot_name FROM pg_replication_slots WHERE slot_name = ANY ($1) ORDER BY 1"
        return [row["slot_name"] for row in await source.connection.fetch(found, names)]

    assert await made() == names
    assert await made() == names
    await source.connection.execute("CREATE TABLE outbox_event (id uuid PRIMARY KEY)")
    await source.connection.execute("SELECT pg_drop_replication_slot($1)", names[0])
    assert await made() == names[1:]
