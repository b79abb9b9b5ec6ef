"""Run by Alembic; `python -m task_meeting migrate` says on which database."""

from service_kit.migrations import run_env
from task_meeting.models import Base

run_env(Base.metadata)
