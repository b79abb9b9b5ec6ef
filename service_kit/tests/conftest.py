import pytest
from sqlalchemy import URL, make_url


@pytest.fixture(scope="session")
def admin_url(stack) -> URL:
    """A role of the shared stack that may create databases."""
    return make_url(stack.dsn()).set(drivername="postgresql+asyncpg")
