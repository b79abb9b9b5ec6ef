"""Sessions and errors on a real PostgreSQL."""

import asyncio
from contextlib import aclosing

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service_kit.db import Database, is_transient


@pytest.fixture
async def database(admin_url):
    database = Database(admin_url, application_name="test_db")
    yield database
    await database.close()


END_LISTENERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN "kit_test"'
"""


async def notify(database, channel: str) -> None:
    async with database.transaction() as session:
        await session.execute(text(f"NOTIFY {channel}"))


async def test_listening_wakes_at_once_and_then_at_each_notification(database):
    async with asyncio.timeout(10), aclosing(database.listen("kit_test")) as wakings:
        await anext(wakings)
        waiting = asyncio.ensure_future(anext(wakings))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await notify(database, "kit_test")
        await waiting


async def test_what_comes_while_the_caller_is_busy_wakes_it_once(database):
    async with asyncio.timeout(10), aclosing(database.listen("kit_test")) as wakings:
        await anext(wakings)
        for _ in range(5):
            await notify(database, "kit_test")
        await anext(wakings)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(wakings), 0.1)


async def test_listening_ends_when_the_connection_is_lost(database):
    async with asyncio.timeout(10), aclosing(database.listen("kit_test")) as wakings:
        await anext(wakings)
        async with database.transaction() as session:
            await session.execute(text(END_LISTENERS))
        with pytest.raises(StopAsyncIteration):
            await anext(wakings)


async def pid_of(session) -> int:
    return (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()


async def test_connections_that_the_server_closed_are_replaced_unnoticed(database, admin_url):
    async with database.read() as first, database.read() as second:
        pids = [await pid_of(first), await pid_of(second)]
    other = Database(admin_url, application_name="test_db_other")
    async with other.transaction() as session:
        for pid in pids:
            await session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    await other.close()
    await asyncio.sleep(0.2)  # until the driver has seen it
    for _ in range(3):
        async with database.read() as session:
            assert await pid_of(session) not in pids


async def test_a_read_session_cannot_write(database):
    async with database.read() as session:
        with pytest.raises(DBAPIError, match="read-only"):
            await session.execute(text("CREATE TABLE nothing (id integer)"))


async def error_of(database, statement: str, **parameters) -> DBAPIError:
    async with database.transaction() as session:
        with pytest.raises(DBAPIError) as caught:
            await session.execute(text(statement), parameters)
    return caught.value


@pytest.mark.parametrize(
    ("statement", "transient"),
    [
        ("SELECT 1/0", False),
        ("SELECT CAST('x' AS integer)", False),
        ("SELECT CAST(repeat('x', 3) AS varchar(2)) COLLATE \"nowhere\"", True),
        ("SELECT * FROM a_table_that_is_not_there", True),
        ("SELECT a_column FROM pg_class", True),
        ("DO $$ BEGIN RAISE unique_violation; END $$", False),
        ("DO $$ BEGIN RAISE program_limit_exceeded; END $$", False),
        ("DO $$ BEGIN RAISE deadlock_detected; END $$", True),
        ("DO $$ BEGIN RAISE serialization_failure; END $$", True),
        ("DO $$ BEGIN RAISE disk_full; END $$", True),
        ("DO $$ BEGIN RAISE admin_shutdown; END $$", True),
    ],
)
async def test_which_errors_are_worth_another_try(database, statement, transient):
    assert is_transient(await error_of(database, statement)) is transient


async def test_a_value_that_the_driver_refuses_is_the_datas_fault(database):
    assert not is_transient(await error_of(database, "SELECT CAST(:n AS bigint)", n=2**70))
    assert not is_transient(await error_of(database, "SELECT CAST(:t AS text)", t="a\x00b"))


def test_the_network_is_worth_another_try_and_our_own_mistakes_are_not():
    assert is_transient(ConnectionRefusedError())
    assert is_transient(TimeoutError())
    assert not is_transient(KeyError("a bug"))
