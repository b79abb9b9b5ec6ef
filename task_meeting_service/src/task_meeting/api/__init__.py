"""The HTTP edge: every route under /api."""

from fastapi import APIRouter

from task_meeting.api import comments, projects, reassigning, settings, tasks, teams, trace, transfer, users

router = APIRouter(prefix="/api")
for module in (users, projects, settings, teams, reassigning, transfer, tasks, comments, trace):
    router.include_router(module.router)
