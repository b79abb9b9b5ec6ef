"""The two tables that the capturing connector writes to."""

from django.db import models


class Heartbeat(models.Model):
    """One row that the connector touches every few seconds: its position moves even in quiet times."""

    id = models.IntegerField(primary_key=True)
    ts = models.DateTimeField()

    class Meta:
        db_table = "debezium_heartbeat"
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.ts)


class Signal(models.Model):
    """A request to the connector, such as "read this table again"; it writes its watermarks here too."""

    id = models.CharField(max_length=42, primary_key=True)
    type = models.CharField(max_length=32)
    data = models.CharField(max_length=2048, null=True)  # noqa: DJ001 - the connector writes NULL

    class Meta:
        db_table = "debezium_signal"
        default_permissions = ()

    def __str__(self) -> str:
        return self.type
