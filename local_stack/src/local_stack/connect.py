"""Kafka Connect: one distributed worker that has Debezium on its plugin path."""

from typing import TYPE_CHECKING

import httpx2

from local_stack import java
from local_stack.environment import HOST
from local_stack.parts import Process

if TYPE_CHECKING:
    from pathlib import Path

    from local_stack.environment import Context
    from local_stack.processes import Command

_HEAP = "512m"
_JSON = "org.apache.kafka.connect.json.JsonConverter"
_STORED = ("config", "offset", "status")
READABLE = (
    "POSTGRES_HOST|POSTGRES_PORT|USER_TEAM_DB_NAME|TASK_MEETING_DB_NAME"
    "|DEBEZIUM_DB_USER|DEBEZIUM_DB_PASSWORD|SOURCE_EPOCH"
)
"""The variables that a connector's configuration may refer to, as a regular expression."""


def _properties(context: "Context") -> "Path":
    file = context.paths.connect / "worker.properties"
    java.write_properties(
        file,
        {
            "bootstrap.servers": context.exported["KAFKA_BOOTSTRAP_SERVERS"],
            "group.id": "connect",
            **{f"{kind}.storage.topic": f"connect-{kind}s".replace("statuss", "status") for kind in _STORED},
            **{f"{kind}.storage.replication.factor": 1 for kind in _STORED},
            "offset.storage.partitions": 1,
            "status.storage.partitions": 1,
            **{f"{side}.converter": _JSON for side in ("key", "value")},
            **{f"{side}.converter.schemas.enable": "false" for side in ("key", "value")},
            "offset.flush.interval.ms": 1000,
            "connector.client.config.override.policy": "All",
            "listeners": context.exported["CONNECT_URL"],
            "plugin.path": context.paths.connect / "plugins",
            "plugin.discovery": "service_load",
            "config.providers": "env",
            "config.providers.env.class": "org.apache.kafka.common.config.provider.EnvVarConfigProvider",
            "config.providers.env.param.allowlist.pattern": READABLE,
            # A worker that was killed must not hold its connectors for long.
            "session.timeout.ms": 6000,
            "heartbeat.interval.ms": 1500,
            "scheduled.rebalance.max.delay.ms": 0,
        },
    )
    return file


def _worker(context: "Context") -> "Command":
    main = "org.apache.kafka.connect.cli.ConnectDistributed"
    return java.command(context, "connect", _HEAP, main, str(_properties(context)))


async def _is_ready(context: "Context") -> bool:
    """Whether the worker has joined its group and read its topics (KIP-1017)."""
    async with httpx2.AsyncClient(timeout=3) as client:
        return (await client.get(f"http://{HOST}:{context.ports.connect_port}/health")).is_success


WORKER = Process(
    name="connect",
    title="Kafka Connect",
    needs=("kafka", "jars"),
    command=_worker,
    is_ready=_is_ready,
    ports=("CONNECT_PORT",),
    stop_timeout=15,
)
PARTS = (WORKER,)
