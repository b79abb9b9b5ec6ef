"""Letters as people get them, of every kind one and of some more, for previews and tests.

Their "now" is fixed, and so is all that follows from it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from notification.kinds import Choice, Kind, traits
from notification.mail.letter import Letter
from notification.mail.preview.worlds import WORLDS, World

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
_UNSUBSCRIBE_URL = "https://mail.team-suite.example/unsubscribe/7d2f6c0e58a14d0e"
_SPACE = UUID("0b6b2a52-9c0e-4f7a-9a39-5a6f0c1d2e3f")
# More than a digest shows.
_IMPORTED = 53

Payload = Mapping[str, Any]


def samples(locale: str) -> Mapping[str, Letter]:
    """Letters in a language of `WORLDS`, each by a name that begins with its kind."""
    world = WORLDS[locale]
    single = {
        f"{kind}{'-' if face else ''}{face}": _letter(world, kind, about, payload)
        for kind, face, about, payload in (
            *_assignments(world), *_meetings(world), *_tasks(world), *_others(world)
        )
    }  # fmt: skip
    return {**single, **_digests(world, single)}


def unsubscribe_url(letter: Letter) -> str | None:
    """What the foot of a sample leads to: of a digest, the kinds in it can be switched off."""
    fixed = traits(letter.kind).choice is Choice.ALWAYS and not letter.members
    return None if fixed else _UNSUBSCRIBE_URL


_Sample = tuple[Kind, str, str, Payload]


def _letter(world: World, kind: Kind, about: str, payload: Payload, members: Sequence[Letter] = ()) -> Letter:
    name, address = world.reader
    # Of a digest all members have ids of their own.
    id_ = uuid5(_SPACE, f"{kind} {about} {payload}")
    return Letter(
        id=id_,
        kind=kind,
        subject=f"{about}:{uuid5(_SPACE, about)}",
        user_oid=uuid5(_SPACE, name),
        message_id=f"<{id_}@team-suite.example>",
        name=name,
        address=address,
        locale=world.locale,
        time_zone=world.time_zone,
        committed_at=NOW - timedelta(minutes=2),
        now=NOW,
        payload=payload,
        members=members,
    )


def _assignments(world: World) -> list[_Sample]:
    portal, payments, _ = world.projects
    core, web = world.teams
    link = f"https://hr.{world.domain}/onboarding/1042"
    was, now = _assignment(portal, core), _assignment(portal, web, link)
    elsewhere, renamed = _assignment(payments, core), _assignment(world.projects[2], core)
    return [
        (Kind.ASSIGNED, "", "assignment", {"before": None, "after": _assignment(portal, core, link)}),
        (Kind.CHANGED, "", "assignment", {"before": was, "after": now}),
        (Kind.RENAMED, "", "assignment", {"before": was, "after": renamed}),
        (Kind.REMOVED, "", "assignment", {"before": elsewhere, "after": None}),
    ]


def _assignment(project: str, team: str, link: str | None = None) -> Payload:
    return {"project_name": project, "team_name": team, "application_url": link}


def _meetings(world: World) -> list[_Sample]:
    meeting = {
        "oid": str(uuid5(_SPACE, "meeting")),
        "title": world.meeting,
        "agenda": world.agenda,
        "place": world.place[1],
        "link": f"https://meet.{world.domain}/portal-weekly",
        "project_name": world.projects[0],
        "team_name": world.teams[1],
        "organizer": {"name": world.boss[0], "email": world.boss[1]},
        "start": "2026-11-24T10:00:00+01:00",
        "end": "2026-11-24T11:00:00+01:00",
        "all_day": False,
        "time_zone": "Europe/Berlin",
        "recurrence": "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU",
        "next_start": "2026-11-24T09:00:00Z",
        "next_end": "2026-11-24T10:00:00Z",
        "status": "scheduled",
    }
    soon = {**meeting, "start": "2026-11-23T08:45:00Z", "end": "2026-11-23T09:45:00Z", "recurrence": None}
    earlier = {"start": "2026-11-24T09:00:00+01:00", "end": "2026-11-24T09:30:00+01:00"}
    called_off = {**meeting, "status": "cancelled"}
    return [
        (Kind.INVITED, "", "meeting", {"meeting": meeting, "before": {}}),
        (
            Kind.MEETING_CHANGED,
            "",
            "meeting",
            {"meeting": meeting, "before": {**earlier, "place": world.place[0]}},
        ),
        (Kind.MEETING_CANCELLED, "", "meeting", {"meeting": called_off, "before": {}}),
        (Kind.MEETING_CANCELLED, "without-you", "meeting", {"meeting": meeting, "before": {}}),
        (Kind.MEETING_REMINDER, "", "meeting", {"meeting": _unsaid(soon, "organizer", "agenda")}),
    ]


def _unsaid(payload: Payload, *names: str) -> Payload:
    """What a reminder of an occurrence does not carry."""
    return {name: value for name, value in payload.items() if name not in names}


def _tasks(world: World) -> list[_Sample]:
    task = {
        "oid": str(uuid5(_SPACE, "task")),
        "title": world.tasks[0],
        "project_name": world.projects[1],
        "priority": "high",
        "status": "in_progress",
        "deadline": "2026-11-24T07:30:00Z",
        "deadline_time_zone": "Asia/Yekaterinburg",
    }
    # As the bus of tasks tells it: it names no project, and does not repeat what a comment says.
    told = {**task, "project_name": None}
    bare = {**told, "title": world.tasks[1], "deadline": None, "priority": "normal", "status": "new"}
    boss, colleague = world.boss[0], world.colleague
    comment = {**_acted(task, colleague), "comment": world.comment}
    return [
        (Kind.TASK_ASSIGNED, "", "task", _acted({**told, "status": "new"}, boss)),
        (Kind.TASK_ASSIGNED, "by-nobody", "task", _acted(bare, None)),
        (Kind.TASK_UNASSIGNED, "", "task", _acted(told, boss)),
        (Kind.TASK_COMPLETED, "", "task", _acted({**told, "status": "done"}, colleague)),
        (Kind.TASK_COMMENTED, "", "task", _acted(told, colleague)),
        (Kind.TASK_COMMENTED, "quoted", "task", comment),
        (Kind.TASK_REMINDER, "", "task", {"task": task}),
        (Kind.TASK_OVERDUE, "", "task", {"task": {**task, "deadline": "2026-11-21T15:00:00Z"}}),
    ]


def _acted(task: Payload, actor: str | None) -> dict[str, Any]:
    return {"task": task, "actor_name": actor, "comment": None}


def _others(world: World) -> list[_Sample]:
    title, text, label = world.message
    address = {"old_email": world.reader[1], "new_email": f"new.{world.reader[1]}"}
    news = {
        "oid": str(uuid5(_SPACE, "news")),
        "title": world.news[0],
        "body": world.news[1],
        "organization_name": world.organization,
        "team_name": None,
        "published_at": "2026-11-23T08:28:00Z",
    }
    message = {
        "title": title,
        "text": text,
        "link": f"https://reports.{world.domain}/2026-10",
        "link_label": label,
    }
    return [
        (Kind.TEAM_NEWS, "", "news", {"news": news}),
        (Kind.TEAM_NEWS, "of-a-team", "news", {"news": {**news, "team_name": world.teams[1]}}),
        (Kind.EMAIL_CHANGED, "", "account", {"account": address}),
        (Kind.ACCESS_CHANGED, "", "account", _access(role="manager")),
        (Kind.ACCESS_CHANGED, "switched-off", "account", _access(is_active=False)),
        (Kind.ACCESS_CHANGED, "switched-on", "account", _access(was_active=False)),
        (Kind.MESSAGE, "", "request", {"message": message}),
        (Kind.ORDER, "", "order", {"order": {"order_id": 1042, "status": world.order, "channel": "email"}}),
    ]


def _access(*, role: str = "employee", is_active: bool = True, was_active: bool = True) -> Payload:
    account = {"role": role, "old_role": "employee", "is_active": is_active, "was_active": was_active}
    return {"account": account}


def _digests(world: World, single: Mapping[str, Letter]) -> Mapping[str, Letter]:
    names = ("assigned", "task_assigned", "task_assigned-by-nobody", "task_commented", "team_news")
    day = [single[name] for name in names]
    faces = {
        "digest": ("daily", None, day),
        "digest-hourly": ("hourly", None, [single["task_assigned"], single["task_assigned-by-nobody"]]),
        "digest-burst": ("burst", Kind.ASSIGNED, _imported(world)),
    }
    return {
        face: _letter(world, Kind.DIGEST, "digest", {"window": window, "kind": kind}, members)
        for face, (window, kind, members) in faces.items()
    }


def _imported(world: World) -> list[Letter]:
    """Assignments of one person that came at once."""
    return [
        _letter(
            world,
            Kind.ASSIGNED,
            "assignment",
            {"before": None, "after": _assignment(f"{project} {number}", world.teams[number % 2])},
        )
        for number in range(1, _IMPORTED + 1)
        for project in (world.projects[number % 3],)
    ]
