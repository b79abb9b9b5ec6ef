"""The outbox, and what was last said of each person. Only triggers write them (`triggers.py`)."""

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now


class OutboxEvent(models.Model):
    """A message to be. A trigger deletes it at once: Debezium reads the insert in the log."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID())
    topic = models.TextField()
    key = models.TextField()
    type = models.TextField()
    payload = models.JSONField()
    traceparent = models.TextField(null=True)  # noqa: DJ001 - as in every other outbox
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "outbox_event"
        default_permissions = ()

    def __str__(self) -> str:
        return self.type


class Account(models.Model):
    """A person as the suite knows them: what the last event said.

    An event is sent when a person's `data` differs from it, and a deletion sends it once more.
    """

    user_oid = models.UUIDField(primary_key=True)
    user_id = models.BigIntegerField(db_index=True)
    data = models.JSONField()
    updated_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.user_oid)
