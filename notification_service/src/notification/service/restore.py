"""Use case: the database was restored from a backup, and knows nothing of what happened after it."""

from datetime import datetime

from notification.queries import sending
from service_kit.db import WriteSession

RESTORED = "the database was restored from a backup: the mail may have been sent after that was made"


async def end_unfinished(session: WriteSession, *, now: datetime) -> int:
    """Mark every mail that waited or was being sent as unconfirmed; returns how many there were.

    Most of them were sent soon after the backup was made. Sending them now would tell people twice, and
    of changes that the restore may have undone.
    """
    return await sending.end_unfinished(session, now=now, detail=RESTORED)
