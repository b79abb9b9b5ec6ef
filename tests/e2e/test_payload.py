"""What the connector sends, byte for byte: the same on every target, and the same as it was.

`golden/teams_userassignment.sql` is played on the source, and what arrives on the topic is compared with
`golden/teams_userassignment.txt`. When messages are meant to change: `--write-golden`, then read the diff.
"""

import asyncio
import json
import re
from pathlib import Path

import pytest

from harness.database import Sql
from harness.suite import Suite
from harness.topic import Record

GOLDEN = Path(__file__).parent / "golden" / "teams_userassignment.txt"
SCENARIO = GOLDEN.with_suffix(".sql")
ASSIGNMENTS = range(990000001, 990000006)
TABLES = ("teams_userassignment", "teams_team", "teams_project", "users_user", "users_organization")
# Positions in the log, times and the connector's run differ; everything else is as it was, to the byte.
VARYING_NUMBER = re.compile(rb'"(row_lsn|__lsn|__ts_ms|__source_ts_ms)":\d+')
VARYING_RUN = re.compile(rb"runId=[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def source(running: Suite):
    """The source database, which is afterwards as it was before."""
    sql = Sql(running.stack.service_dsn("USER_TEAM"))
    yield sql
    for table in TABLES:
        sql.run(f"DELETE FROM {table} WHERE id BETWEEN 990000000 AND 990000999")
    sql.close()


@pytest.fixture(scope="module")
async def messages(running: Suite, source: Sql) -> list[Record]:
    """What the scenario makes of the topic, when its mails are sent too."""
    before = await running.topic.ends()
    for transaction in SCENARIO.read_text(encoding="utf-8").split("\n\n"):
        source.run(transaction)
    async with asyncio.timeout(60):
        while not is_over(records := await running.topic.read(ASSIGNMENTS, before)):
            await asyncio.sleep(0.1)
    running.wait_read(await running.topic.ends())
    running.wait_mailed("golden-")
    return records


def is_over(records: list[Record]) -> bool:
    """Whether every assignment has ended; the first one does so twice."""
    return sum(record.value is None for record in records) == len(ASSIGNMENTS) + 1


def test_the_messages_are_the_golden_ones(messages: list[Record], request: pytest.FixtureRequest):
    """Which of two assignments changes first, when one statement changes both, is the database's choice."""
    arrived = [line(record) for record in sorted(messages, key=lambda record: (record.partition, record.key))]
    if request.config.getoption("write_golden"):
        GOLDEN.write_bytes(b"".join(arrived))
        pytest.skip(f"{GOLDEN.name} was written, and not compared")
    assert arrived == GOLDEN.read_bytes().splitlines(keepends=True)


def test_each_partition_has_them_in_the_order_of_the_log(messages: list[Record]):
    """One after the other was committed, so nothing may overtake."""
    for partition in {record.partition for record in messages}:
        values = [it.value for it in messages if it.partition == partition and it.value is not None]
        positions = [json.loads(value)["__lsn"] for value in values]
        assert positions == sorted(set(positions))


def line(record: Record) -> bytes:
    """A message in one line of the golden file: partition, headers, key, value; a tombstone has no value."""
    headers = b",".join(name.encode() + b"=" + value for name, value in record.headers)
    value = b"tombstone" if record.value is None else VARYING_NUMBER.sub(rb'"\1":*', record.value)
    text = b"%d %b %b %b" % (record.partition, VARYING_RUN.sub(b"runId=*", headers), record.key, value)
    assert b"\n" not in text
    return text + b"\n"
