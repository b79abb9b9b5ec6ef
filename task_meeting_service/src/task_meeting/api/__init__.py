"""The HTTP edge: every route under /api."""

from fastapi import APIRouter

from task_meeting.api import (
    calendar,
    comments,
    meetings,
    projects,
    reassigning,
    settings,
    tasks,
    teams,
    trace,
    transfer,
    users,
)

TAGS = {
    "tasks": "Everything that is done with tasks: one at a time, in lists and in files.",
    "comments": "What people say of tasks.",
    "reassigning": "Jobs that give open tasks to other people, and the proof that they chose fairly.",
    "meetings": "When people meet, who comes, and what they decided.",
    "calendar": "One's meetings and deadlines in calendar programs, by a secret link.",
    "users": "Who works on something at present, and what people say of themselves.",
    "projects": "What people work on, and how each project works with its tasks.",
    "teams": "Who works together in a project.",
    "trace": "How a change of an assignment came here, step by step.",
}

router = APIRouter(prefix="/api")
for module in (
    users,
    projects,
    settings,
    teams,
    reassigning,
    transfer,
    tasks,
    comments,
    meetings,
    calendar,
    trace,
):
    router.include_router(module.router)
