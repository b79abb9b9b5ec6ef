"""The words that searches know: of tasks that were there before, and of those that are written at once."""

import asyncio
from contextlib import AsyncExitStack

from sqlalchemy import text

from service_kit import migrations
from service_kit.db import Database
from service_kit.testing import TemplateDatabase
from task_meeting.__main__ import MIGRATIONS

CREATE = text(
    "INSERT INTO task (project_oid, title, description, status, open, priority, labels, reporter_oid,"
    " version, created_at, updated_at)"
    " SELECT it, :title, '', 'new', true, 1, '{}', it, 1, now(), now() - :days * interval '1 day'"
    " FROM uuidv7() AS it"
)


async def test_tasks_that_were_there_before_words_were_kept_are_found(admin_url):
    old = TemplateDatabase(admin_url, "task_words")
    await old.build(lambda url: migrations.upgrade(url, MIGRATIONS, "2026_11_21_1810"))
    try:
        async with old.clone() as url, AsyncExitStack() as stack:
            database = Database(url, application_name="test")
            stack.push_async_callback(database.close)
            async with database.transaction() as session:
                await session.execute(
                    CREATE, [{"title": "Old счёт", "days": 9}, {"title": "Old bill", "days": 0}]
                )
            await asyncio.to_thread(migrations.upgrade, url, MIGRATIONS)
            async with database.read() as session:
                kept = await session.scalars(text("SELECT word FROM task_word ORDER BY word"))
                assert [*kept] == ["bill", "old", "счёт"]
    finally:
        await old.drop()


async def test_two_that_write_a_new_word_at_once_wait_for_nobody(database, query, said):
    async with database.transaction() as first:
        await first.execute(CREATE, {"title": "zebra aardvark", "days": 0})
        async with database.transaction() as second:
            await second.execute(text("SET LOCAL lock_timeout = '1s'"))
            await second.execute(CREATE, {"title": "aardvark zebra", "days": 0})
        await first.execute(CREATE, {"title": "aardvark", "days": 0})
    assert await said("aard zeb") == "('aardvark') & ('zebra')"
    assert await query("SELECT word, count(*) FROM task_word GROUP BY word ORDER BY word") == [
        ("aardvark", 2),
        ("zebra", 2),
    ]
