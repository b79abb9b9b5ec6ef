"""Which events of a tracked model are kept: each carries the row as it became, or as it was when deleted."""

from typing import Any

import pghistory
from django.db.models import Model


def tracked_events() -> tuple[pghistory.Tracker, ...]:
    """New trackers for one model: pghistory binds them to the model they are given to."""
    return pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent()


def event_model(tracked: type[Model]) -> Any:
    """The model of a tracked model's events, which pghistory makes."""
    return tracked.pgh_event_model  # type: ignore[attr-defined]
