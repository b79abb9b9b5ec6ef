"""Called by Alembic; run it with `python -m notification migrate`."""

from notification.models import Base
from service_kit.migrations import run_env

run_env(Base.metadata)
