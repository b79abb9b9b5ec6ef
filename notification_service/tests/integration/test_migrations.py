"""The migrations make the tables that the models describe, and keep what is in them."""

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from notification.__main__ import MIGRATIONS
from notification.models import Base
from service_kit import migrations
from service_kit.testing import TemplateDatabase


async def test_the_migrated_schema_is_the_models(database_url):
    def differences(connection):
        return compare_metadata(MigrationContext.configure(connection), Base.metadata)

    engine = create_async_engine(database_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


@pytest.fixture
async def before_subjects(admin_url):
    """A database as it was when all mails were about assignments."""
    template = TemplateDatabase(admin_url, "notification_before_subjects")
    await template.build(lambda url: migrations.upgrade(url, MIGRATIONS, "2026_11_21_1730"))
    async with template.clone() as url:
        yield url
    await template.drop()


async def test_older_mails_are_about_their_assignments(before_subjects):
    engine = create_async_engine(before_subjects)
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO notification (id, kind, assignment_id, user_oid, epoch, lsn, committed_at,"
                " payload, recipient, message_id, state, attempts, in_doubt, next_attempt_at, created_at)"
                " SELECT gen_random_uuid(), 'assigned', 42, gen_random_uuid(), 1, 7, now(), '{}',"
                " 'ann@company.example', '<1@x>', 'queued', 0, false, now(), now()"
            )
        )
    await asyncio.to_thread(migrations.upgrade, before_subjects, MIGRATIONS)
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT subject, source, assignment_id FROM notification"))
        assert found.all() == [("assignment:42", "assignments", 42)]
    await engine.dispose()
