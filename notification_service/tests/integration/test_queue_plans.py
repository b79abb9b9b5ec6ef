"""How PostgreSQL goes about the statements of the sender, which it executes for every few mails."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from notification.queries import due, sending
from service_kit.db import Database

# So often PostgreSQL makes a plan for the values at hand, before it thinks of keeping one (plancache.c).
FIRST = 5


@pytest.fixture
async def session(database_url):
    database = Database(
        database_url, application_name="test", pool_size=1, server_settings=due.SERVER_SETTINGS
    )
    async with database.transaction() as session:
        yield session
    await database.close()


async def take(session, now):
    await due.take_due(session, now=now, limit=17, oldest=now, burst=timedelta(minutes=1))
    await sending.next_due(session)


async def prepared(session):
    """The statements of `take`, with how many of their plans were kept ones."""
    find = text("SELECT statement, generic_plans FROM pg_prepared_statements WHERE statement LIKE :part")
    rows = await session.execute(find, {"part": "%FROM notification n%"})
    return {row.statement: row.generic_plans for row in rows}


async def test_a_round_is_not_planned_anew(session, clock):
    for _ in range(2 * FIRST):
        await take(session, clock.now())
    kept = await prepared(session)
    assert len(kept) == 2
    assert all(plans >= FIRST for plans in kept.values()), kept


async def test_a_plan_of_empty_tables_goes_by_the_indexes(session, clock):
    await take(session, clock.now())
    for statement in await prepared(session):
        connection = await (await session.connection()).get_raw_connection()
        explain = await connection.driver_connection.prepare(f"EXPLAIN (GENERIC_PLAN) {statement}")
        plan = await explain.fetch(*(None for _ in explain.get_parameters()))
        reads = [line for (line,) in plan if "Scan" in line]
        assert reads
        assert not [line for line in reads if "Seq Scan" in line], reads
