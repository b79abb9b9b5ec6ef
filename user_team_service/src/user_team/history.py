"""Which events of a tracked model are kept: each carries the row as it became, or as it was when it was deleted."""

import pghistory


def tracked_events() -> tuple[pghistory.Tracker, ...]:
    """New trackers for one model: pghistory binds them to the model they are given to."""
    return pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent()
