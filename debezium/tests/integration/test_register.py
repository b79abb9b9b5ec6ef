"""Registration on the real Connect, Debezium, PostgreSQL and Kafka."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx2
import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from connector.contracts import Topic
from connector.errors import ConnectorError
from connector.register import register
from connector.topics import ensure_topics
from local_stack.testing import Stack

from .conftest import Source

PATIENCE = 30.0


async def messages(stack: Stack, topic: str, count: int) -> list[ConsumerRecord]:
    """The first messages of a topic with one partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        async with asyncio.timeout(20):
            return [await consumer.getone() for _ in range(count)]
    finally:
        await consumer.stop()


async def slot_reader(source: Source) -> int | None:
    slot = source.definition.config["slot.name"]
    statement = "SELECT active_pid FROM pg_replication_slots WHERE slot_name = $1"
    return await source.connection.fetchval(statement, slot)


async def test_a_registered_connector_captures_rows_with_their_epoch(stack: Stack, source: Source) -> None:
    await ensure_topics(stack.bootstrap_servers, [Topic(source.topic, 1, 1, {})])
    await source.connection.execute("INSERT INTO teams_userassignment VALUES (1, 'Анна', NULL, now(), 5)")
    await register(source.settings, source.definition, patience=PATIENCE)
    await source.connection.execute("UPDATE teams_userassignment SET user_name = 'Ольга'")
    await source.connection.execute("DELETE FROM teams_userassignment")

    snapshot, updated, deleted, tombstone = await messages(stack, source.topic, 4)

    rows = [json.loads(message.value) for message in (snapshot, updated, deleted)]
    assert [row["__op"] for row in rows] == ["r", "u", "d"]
    assert [row["user_name"] for row in rows] == ["Анна", "Ольга", "Ольга"]
    assert [row["__deleted"] for row in rows] == ["false", "false", "true"]
    assert all({"__lsn", "__ts_ms", "__source_ts_ms", "__source_snapshot"} <= row.keys() for row in rows)
    assert rows[0]["created_at"].endswith("Z")
    assert tombstone.value is None
    for message in (snapshot, updated, deleted, tombstone):
        assert message.key == b"1"
        assert dict(message.headers)["epoch"] == b"1"


async def test_a_second_registration_leaves_the_running_task_alone(source: Source) -> None:
    await register(source.settings, source.definition, patience=PATIENCE)
    # It may be between two connections when it says for the first time that it reads.
    while not (before := await slot_reader(source)):
        await asyncio.sleep(0.1)
    await register(source.settings, source.definition, patience=PATIENCE)
    assert await slot_reader(source) == before


async def test_a_changed_option_takes_effect(stack: Stack, source: Source) -> None:
    await register(source.settings, source.definition, patience=PATIENCE)
    await register(source.settings, source.changed(poll__interval__ms="7"), patience=PATIENCE)
    async with httpx2.AsyncClient(base_url=stack.connect_url) as client:
        config = (await client.get(f"/connectors/{source.definition.name}/config")).json()
    assert config["poll.interval.ms"] == "7"


async def test_no_secret_is_in_what_connect_shows(stack: Stack, source: Source) -> None:
    await register(source.settings, source.definition, patience=PATIENCE)
    async with httpx2.AsyncClient(base_url=stack.connect_url) as client:
        shown = (await client.get(f"/connectors/{source.definition.name}")).text
    assert stack.variables["DEBEZIUM_DB_PASSWORD"] not in shown


async def test_a_wrong_password_is_explained(source: Source) -> None:
    with pytest.raises(ConnectorError, match="password of the database role 'debezium' is wrong"):
        await register(source.settings, source.changed(database__password="wrong"), patience=PATIENCE)


async def test_an_unreachable_database_is_explained(source: Source) -> None:
    with pytest.raises(ConnectorError, match="source database cannot be reached"):
        await register(source.settings, source.changed(database__port="1"), patience=PATIENCE)


async def test_a_missing_database_is_explained(source: Source) -> None:
    with pytest.raises(ConnectorError, match="database 'nowhere' does not exist"):
        await register(source.settings, source.changed(database__dbname="nowhere"), patience=PATIENCE)


async def test_a_variable_that_the_worker_lacks_is_named(source: Source) -> None:
    with pytest.raises(ConnectorError, match=r"lacks ANOTHER_HOST$"):
        await register(
            source.settings, source.changed(database__hostname="${env:ANOTHER_HOST}"), patience=PATIENCE
        )


async def test_a_missing_plugin_is_explained(source: Source) -> None:
    mysql = source.changed(connector__class="io.debezium.connector.mysql.MySqlConnector")
    with pytest.raises(ConnectorError, match="plugin is not installed"):
        await register(source.settings, mysql, patience=PATIENCE)


async def test_a_missing_publication_is_explained_and_the_next_registration_heals_it(source: Source) -> None:
    await source.connection.execute("DROP PUBLICATION debezium_pub")
    with pytest.raises(ConnectorError, match=r"publication is missing .* run the migrations"):
        await register(source.settings, source.definition, patience=PATIENCE)
    await source.connection.execute(
        "CREATE PUBLICATION debezium_pub FOR TABLE teams_userassignment, debezium_heartbeat, debezium_signal"
    )
    await register(source.settings, source.definition, patience=PATIENCE)


async def test_a_slot_that_somebody_else_reads_is_found_before_the_connector_is_made(
    stack: Stack, source: Source
) -> None:
    async with foreign_reader(stack, source):
        with pytest.raises(ConnectorError, match=r"in use by another process .* It is pg_recvlogical"):
            await register(source.settings, source.definition, patience=PATIENCE)
    async with httpx2.AsyncClient(base_url=stack.connect_url) as client:
        assert (await client.get(f"/connectors/{source.definition.name}")).status_code == 404


async def test_a_slot_taken_from_a_running_connector_is_explained_although_it_says_running(
    stack: Stack, source: Source
) -> None:
    await register(source.settings, source.definition, patience=PATIENCE)
    async with httpx2.AsyncClient(base_url=stack.connect_url) as client:
        await client.put(f"/connectors/{source.definition.name}/stop")
        async with asyncio.timeout(20):
            while await slot_reader(source):
                await asyncio.sleep(0.1)
        async with foreign_reader(stack, source):
            await client.put(f"/connectors/{source.definition.name}/resume")
            with pytest.raises(ConnectorError, match=r"no heartbeat for 3 s\. .*in use by another process"):
                await register(source.settings, source.definition, patience=3)


@pytest.mark.parametrize(("halt", "state"), [("stop", "STOPPED"), ("pause", "PAUSED")])
async def test_registering_lets_a_connector_that_was_stopped_go_on(
    stack: Stack, source: Source, halt: str, state: str
) -> None:
    """Connect keeps it stopped through a change of its configuration, and through its own restart."""
    await register(source.settings, source.definition, patience=PATIENCE)
    async with httpx2.AsyncClient(base_url=stack.connect_url) as client:
        connector = f"/connectors/{source.definition.name}"
        await client.put(f"{connector}/{halt}")
        async with asyncio.timeout(20):
            while (await client.get(f"{connector}/status")).json()["connector"]["state"] != state:
                await asyncio.sleep(0.1)
    await register(source.settings, source.definition, patience=PATIENCE)


async def test_an_unreachable_worker_is_explained(source: Source) -> None:
    settings = source.settings.model_copy(update={"connect_url": "http://127.0.0.1:1"})
    with pytest.raises(ConnectorError, match=r"Kafka Connect is not reachable at http://127\.0\.0\.1:1"):
        await register(settings, source.definition, patience=PATIENCE)


async def test_an_unreachable_broker_is_explained(source: Source) -> None:
    settings = source.settings.model_copy(update={"kafka_bootstrap_servers": "127.0.0.1:1"})
    with pytest.raises(ConnectorError, match=r"Kafka is not reachable at 127\.0\.0\.1:1"):
        await register(settings, source.definition, patience=PATIENCE)


@asynccontextmanager
async def foreign_reader(stack: Stack, source: Source) -> AsyncIterator[None]:
    """pg_recvlogical reads the connector's slot, which is made if it is missing."""
    slot = source.definition.config["slot.name"]
    reader = await asyncio.create_subprocess_exec(
        str(stack.postgres_binary("pg_recvlogical")),
        *("--dbname", f"host=127.0.0.1 port={source.settings.postgres_port} user=debezium "),
        *(
            "--slot",
            slot,
            "--create-slot",
            "--if-not-exists",
            "--plugin",
            "pgoutput",
            "--start",
            "--no-loop",
            "--file",
            "/dev/null",
        ),
        *("--option", "proto_version=1", "--option", "publication_names=debezium_pub"),
        env={
            **stack.environment,
            "PGDATABASE": source.settings.user_team_db_name,
            "PGPASSWORD": stack.variables["DEBEZIUM_DB_PASSWORD"],
        },
    )
    try:
        deadline = time.monotonic() + 20
        while await slot_reader(source) is None:
            assert time.monotonic() < deadline, "pg_recvlogical does not come to read the slot"
            await asyncio.sleep(0.1)
        yield
    finally:
        with suppress(ProcessLookupError):
            reader.terminate()
        await reader.wait()
