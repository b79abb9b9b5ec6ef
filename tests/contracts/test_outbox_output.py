"""What the outboxes' connectors really send is what the contracts say, and is sent when it was committed."""

import asyncio
import json
import re
import uuid
from itertools import cycle

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

PERSON = """
    INSERT INTO users_user (username, email, first_name, last_name, role, locale, time_zone, oid,
        password, is_superuser, is_staff, is_active, date_joined)
    VALUES ($1::text, $1::text || '@example.com', 'Анна', 'Щёголева', 'employee', 'ru', 'Asia/Yekaterinburg',
        gen_random_uuid(), 'a hash', false, false, true, now()) RETURNING oid
"""
ORGANIZATION = "INSERT INTO users_organization (name) VALUES ($1) RETURNING id"
JOIN = "UPDATE users_user SET organization_id = $1 WHERE oid = $2"
NEWS = """
    INSERT INTO teams_news (organization_id, title, body)
    VALUES ($1, '«Ёлка» & <b>', E'Коллеги!\n"Релиз" — в четверг.') RETURNING oid
"""
OUTBOX = """
    SELECT column_name, data_type, is_nullable FROM information_schema.columns
    WHERE table_name = 'outbox_event' ORDER BY ordinal_position
"""
PUBLISHED = """
    SELECT pubinsert, pubupdate, pubdelete, pubtruncate FROM pg_publication WHERE pubname LIKE '%outbox%'
"""
INSERT = (
    "INSERT INTO outbox_event (id, topic, key, type, payload, traceparent) VALUES ($1, $2, $3, $4, $5, $6)"
)


@pytest.fixture
async def people(suite):
    connection = await asyncpg.connect(suite.service_dsn("USER_TEAM"))
    yield connection
    await connection.close()


@pytest.fixture
async def tasks(suite):
    connection = await asyncpg.connect(suite.service_dsn("TASK_MEETING"))
    yield connection
    await connection.close()


async def messages_of(suite, topic: str, key: str, count: int) -> list[ConsumerRecord]:
    consumer = AIOKafkaConsumer(bootstrap_servers=suite.bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, number) for number in range(6)])
        found: list = []
        async with asyncio.timeout(30):
            while len(found) < count:
                batches = await consumer.getmany(timeout_ms=200)
                found += [m for batch in batches.values() for m in batch if m.key == key.encode()]
        return found
    finally:
        await consumer.stop()


def problems(contract, message: ConsumerRecord) -> list[str]:
    """What of a message is not as its contract says; nothing that the contract does not name may be in it."""
    value, headers = json.loads(message.value), dict(message.headers)
    described, data = contract.validator.schema["properties"], value["data"]
    found = [error.message for error in contract.validator.iter_errors(value)]
    found += [name for name in value if name not in described]
    found += [name for name in data if name not in described["data"].get("properties", data)]
    if (
        headers.keys() != contract.topic["headers"].keys()
        or headers["type"].decode() not in contract.topic["types"]
    ):
        found.append(f"headers: {headers}")
    if headers["id"].decode() != value["uid"] or not re.fullmatch(
        rb"00-\w{32}-\w{16}-01", headers["traceparent"]
    ):
        found.append(f"id or trace: {headers}")
    return found


async def test_whatever_changes_a_person_keeps_the_contract(suite, people, contracts):
    """Plain SQL, as somebody at the database's prompt would write it."""
    oid = await people.fetchval(PERSON, f"sql{uuid.uuid4().hex[:10]}")
    for change in (
        "is_active = false",
        "last_login = now(), password = 'another'",
        "first_name = first_name",
        "role = 'manager'",
    ):
        await people.execute(f"UPDATE users_user SET {change} WHERE oid = $1", oid)
    undone = people.transaction()
    await undone.start()
    await people.execute("UPDATE users_user SET last_name = 'undone' WHERE oid = $1", oid)
    await undone.rollback()
    await people.execute("DELETE FROM users_user WHERE oid = $1", oid)

    messages = await messages_of(suite, "account-bus", str(oid), 4)

    assert [problem for message in messages for problem in problems(contracts["account-bus"], message)] == []
    values = [json.loads(message.value) for message in messages]
    assert [value["type"] for value in values] == ["create", "update", "update", "delete"]
    assert [value["data"]["is_active"] for value in values] == [True, False, False, False]
    assert [value["data"]["role"] for value in values] == ["employee", "employee", "manager", "manager"]
    assert "tasks.manage" in values[2]["data"]["permissions"]
    assert values[3]["data"] == values[2]["data"]
    assert len({message.partition for message in messages}) == 1
    assert not any(b"a hash" in message.value or b"another" in message.value for message in messages)
    assert await people.fetchval("SELECT count(*) FROM outbox_event") == 0


async def test_news_keeps_the_contract(suite, people, contracts):
    """Published, changed, withdrawn and published again: told once."""
    word = uuid.uuid4().hex[:10]
    organization = await people.fetchval(ORGANIZATION, word)
    anna = await people.fetchval(PERSON, word)
    await people.execute(JOIN, organization, anna)
    oid = await people.fetchval(NEWS, organization)
    for change in ("published_at = now()", "title = 'b'", "published_at = NULL", "published_at = now()"):
        await people.execute(f"UPDATE teams_news SET {change} WHERE oid = $1", oid)
    # What comes after it shows that there is no second message.
    last = await people.fetchval(NEWS, organization)
    await people.execute("UPDATE teams_news SET oid = $1 WHERE oid = $2", uuid.uuid4(), oid)
    await people.execute("UPDATE teams_news SET oid = $1, published_at = now() WHERE oid = $2", oid, last)

    messages = await messages_of(suite, "news-bus", str(oid), 2)

    assert [problem for message in messages for problem in problems(contracts["news-bus"], message)] == []
    first, second = (json.loads(message.value)["data"] for message in messages)
    assert first["title"] == second["title"] == "«Ёлка» & <b>"
    assert first["body"] == 'Коллеги!\n"Релиз" — в четверг.'
    assert [(it["oid"], it["locale"]) for it in first["recipients"]] == [(str(anna), "ru")]


async def test_events_of_the_task_service_arrive_as_they_were_written(suite, tasks, contracts):
    """Word for word, in order, and only if their transaction is committed."""
    for topic in ("task-bus", "reassign-task-bus", "meeting-bus", "reminder-bus"):
        key, undone = str(uuid.uuid4()), tasks.transaction()
        values = [value | {"uid": str(uuid.uuid4())} for value in payloads(contracts[topic])]
        types = [example["headers"]["type"] for example in contracts[topic].examples.values()]
        await undone.start()
        await write(tasks, topic, key, types[0], values[0] | {"uid": str(uuid.uuid4())})
        await undone.rollback()
        async with tasks.transaction():
            for type_, value in zip(cycle(types), values):
                await write(tasks, topic, key, type_, value)

        messages = await messages_of(suite, topic, key, len(values))

        assert [json.loads(message.value) for message in messages] == values
        assert [problem for message in messages for problem in problems(contracts[topic], message)] == []
        assert len({message.partition for message in messages}) == 1
    assert await tasks.fetchval("SELECT count(*) FROM outbox_event") == 0


def payloads(contract) -> list[dict]:
    """The examples, and what a schema guessed from the data would spoil: 500 members."""
    found = [example["value"] for example in contract.examples.values()]
    if contract.topic["topic"] == "reassign-task-bus":
        found.append(found[0] | {"data": {str(uuid.uuid4()): str(uuid.uuid4()) for _ in range(500)}})
    return found


async def write(tasks: asyncpg.Connection, topic: str, key: str, type_: str, value: dict) -> None:
    trace = f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-01"
    await tasks.execute(INSERT, uuid.UUID(value["uid"]), topic, key, type_, json.dumps(value), trace)


async def test_both_outboxes_are_the_same_table_and_publish_inserts_only(people, tasks):
    """What they are made by differs, as the services have nothing in common."""
    assert await people.fetch(OUTBOX) == await tasks.fetch(OUTBOX)
    for connection in (people, tasks):
        assert await connection.fetch(PUBLISHED) == [(True, False, False, False)]
