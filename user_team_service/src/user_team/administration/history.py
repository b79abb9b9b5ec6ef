"""Who changed what, when, from which value to which: read from the events that the database keeps."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

ACTIONS = {
    "insert": gettext_lazy("Added"),
    "update": gettext_lazy("Changed"),
    "delete": gettext_lazy("Deleted"),
}
COLORS = {"insert": "success", "update": "info", "delete": "danger"}

# What a reader wants to know of each kind of thing, as attributes of its events. Assignments carry readable
# copies.
FIELDS: dict[str, tuple[str, ...]] = {
    "users.User": (
        *("username", "first_name", "last_name", "email", "organization", "role", "locale", "time_zone"),
        *("is_active", "is_staff", "is_superuser"),
    ),
    "teams.Project": ("name", "organization"),
    "teams.Team": ("name", "project"),
    "teams.UserAssignment": (
        *("user_name", "user_email", "user_role", "user_locale", "user_time_zone"),
        *("project_name", "team_name", "application_url"),
    ),
}

# Of something new or deleted, only what its description does not say yet.
FIELDS_AT_ENDS = {"teams.UserAssignment": ("application_url",)}


@dataclass(frozen=True, slots=True)
class FieldChange:
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One event, ready to be shown."""

    when: datetime
    who: str
    action: str
    color: str
    what: str
    changes: Sequence[FieldChange]


def is_tracked(model: type[Model]) -> bool:
    return model._meta.label in FIELDS


def with_previous(events: QuerySet[Any]) -> QuerySet[Any]:
    """Events with their context, and the id of the event before each on the same object as `previous_id`."""
    earlier = events.model.objects.filter(pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__lt=OuterRef("pgh_id"))
    previous_id = Subquery(earlier.order_by("-pgh_id").values("pgh_id")[:1])
    return events.select_related("pgh_context").annotate(previous_id=previous_id)


def entries(events: Iterable[Any]) -> list[Entry]:
    """Entries of events that came through `with_previous`, in their order, in a fixed number of queries."""
    page = list(events)
    if not page:
        return []
    before = type(page[0]).objects.in_bulk([event.previous_id for event in page if event.previous_id])
    authors = _Authors(page)
    reader = _Reader([*page, *before.values()])
    return [
        Entry(
            when=event.pgh_created_at,
            who=authors.of(event),
            action=str(ACTIONS[event.pgh_label]),
            color=COLORS[event.pgh_label],
            what=describe(event),
            changes=reader.changes(before.get(event.previous_id), event),
        )
        for event in page
    ]


def describe(event: Any) -> str:
    """The changed thing by name, as it was called then."""
    label = event.pgh_tracked_model._meta.label
    if label == "teams.UserAssignment":
        place = f"{event.project_name} / {event.team_name}" if event.team_name else event.project_name
        return f"{event.user_name}: {place}"
    if label == "users.User":
        return f"{event.first_name} {event.last_name}".strip() or event.username
    return event.name


def author_of(event: Any) -> str:
    """Who made this one change."""
    return _Authors([event]).of(event)


class _Authors:
    """The people behind some events."""

    def __init__(self, events: Iterable[Any]) -> None:
        ids = {self._id(event) for event in events} - {None}
        self._people = get_user_model().objects.in_bulk(ids)

    def of(self, event: Any) -> str:
        if (user_id := self._id(event)) is None:
            return _("System")
        person = self._people.get(user_id)
        return str(person) if person else _("a deleted person, number %(id)s") % {"id": user_id}

    @staticmethod
    def _id(event: Any) -> int | None:
        return event.pgh_context.metadata.get("user") if event.pgh_context else None


class _Reader:
    """Readable values of some events of one kind, with the names of what they refer to looked up at once."""

    def __init__(self, events: Sequence[Any]) -> None:
        label = events[0].pgh_tracked_model._meta.label
        self._fields = [events[0]._meta.get_field(name) for name in FIELDS[label]]
        self._at_ends = FIELDS_AT_ENDS.get(label, FIELDS[label])
        ids: defaultdict[Any, set[Any]] = defaultdict(set)
        for field in self._fields:
            if field.is_relation:
                ids[field.related_model] |= {getattr(event, field.attname) for event in events}
        self._related = {model: model._base_manager.in_bulk(pks - {None}) for model, pks in ids.items()}

    def changes(self, before: Any, after: Any) -> list[FieldChange]:
        """What differs. A first event is compared with nothing; a deletion shows what was there."""
        fields = self._fields
        if after.pgh_label != "update":
            fields = [field for field in fields if field.name in self._at_ends]
        if after.pgh_label == "delete":
            before, after = after, None
        pairs = [(field, self._value(before, field), self._value(after, field)) for field in fields]
        return [FieldChange(str(field.verbose_name), old, new) for field, old, new in pairs if old != new]

    def _value(self, event: Any, field: Any) -> str:
        if event is None or (value := getattr(event, field.attname)) is None:
            return ""
        if field.is_relation:
            return str(self._related[field.related_model].get(value, f"№ {value}"))
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        return str(dict(field.flatchoices).get(value, value))
