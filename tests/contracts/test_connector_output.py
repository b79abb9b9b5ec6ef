"""Invariant 5, from the other side: what the connector really sends is what the contract says."""

import asyncio
import json
import uuid

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

TOPIC = "django_db.public.teams_userassignment"
ORGANIZATION = "INSERT INTO users_organization (name) VALUES ($1) RETURNING id"
PROJECT = """
    INSERT INTO teams_project (name, oid, organization_id) VALUES ($1, gen_random_uuid(), $2) RETURNING id
"""
TEAM = """
    INSERT INTO teams_team (name, oid, project_id) VALUES ('«Ёлка»', gen_random_uuid(), $1) RETURNING id
"""
ASSIGNMENT = """
    INSERT INTO teams_userassignment (project_id, user_id, import_oid) VALUES ($1, $2, $3) RETURNING id
"""
MOVE = """
    UPDATE teams_userassignment SET team_id = $1, application_url = 'https://example.com/a?b=1' WHERE id = $2
"""
PERSON = """
    INSERT INTO users_user (username, email, first_name, last_name, role, locale, time_zone, oid,
        password, is_superuser, is_staff, is_active, date_joined)
    VALUES ($1::text, $1::text || '@example.com', 'Анна', 'Щёголева', 'employee', 'ru', 'Asia/Yekaterinburg',
        gen_random_uuid(), '!', false, false, true, now()) RETURNING id
"""


@pytest.fixture
async def source(suite):
    connection = await asyncpg.connect(suite.service_dsn("USER_TEAM"))
    yield connection
    await connection.close()


async def make_changes(source: asyncpg.Connection, import_oid: uuid.UUID) -> int:
    """One assignment's whole life: imported without a team, put into one, renamed along, deleted."""
    word = uuid.uuid4().hex[:10]
    organization = await source.fetchval(ORGANIZATION, word)
    project = await source.fetchval(PROJECT, f"Личный кабинет {word}", organization)
    team = await source.fetchval(TEAM, project)
    user = await source.fetchval(PERSON, word)
    assignment = await source.fetchval(ASSIGNMENT, project, user, import_oid)
    await source.execute(MOVE, team, assignment)
    await source.execute("UPDATE teams_team SET name = 'Берёза' WHERE id = $1", team)
    await source.execute("DELETE FROM teams_userassignment WHERE id = $1", assignment)
    return assignment


async def messages_of(bootstrap_servers: str, assignment: int, count: int) -> list:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(TOPIC, number) for number in range(6)])
        found: list = []
        async with asyncio.timeout(30):
            while len(found) < count:
                batches = await consumer.getmany(timeout_ms=200)
                found += [m for batch in batches.values() for m in batch if m.key == str(assignment).encode()]
        return found
    finally:
        await consumer.stop()


async def test_the_connectors_real_output_keeps_the_contract(suite, source, assignments):
    import_oid = uuid.uuid4()
    assignment = await make_changes(source, import_oid)
    *changes, tombstone = await messages_of(suite.bootstrap_servers, assignment, 5)
    values = [json.loads(message.value) for message in changes]
    assert [value["__op"] for value in values] == ["c", "u", "u", "d"]
    assert [value["team_name"] for value in values] == [None, "«Ёлка»", "Берёза", "Берёза"]
    assert [value["import_oid"] for value in values] == [str(import_oid), None, None, None]
    for value in values:
        assert [error.message for error in assignments.validator.iter_errors(value)] == []
        # Nothing is sent that the contract does not describe.
        assert value.keys() <= assignments.validator.schema["properties"].keys()
        assert value["row_lsn"] <= value["__lsn"]
    versions = [value["__lsn"] for value in values]
    assert versions == sorted(set(versions))
    assert {dict(message.headers).get("epoch") for message in changes} == {b"1"}
    assert tombstone.value is None
    assert len({message.partition for message in (*changes, tombstone)}) == 1
