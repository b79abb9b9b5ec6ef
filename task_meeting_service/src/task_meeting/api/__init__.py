"""The HTTP edge: every route under /api."""

from fastapi import APIRouter

from task_meeting.api import projects, teams, trace, users

router = APIRouter(prefix="/api")
for module in (users, projects, teams, trace):
    router.include_router(module.router)
