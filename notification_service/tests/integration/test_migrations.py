"""The migrations make the tables that the models describe."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

from notification.models import Base


async def test_the_migrated_schema_is_the_models(database_url):
    def differences(connection):
        return compare_metadata(MigrationContext.configure(connection), Base.metadata)

    engine = create_async_engine(database_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()
