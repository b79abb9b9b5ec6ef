"""Kafka: one node that is broker and controller, on the loopback address."""

import base64
import uuid
from typing import TYPE_CHECKING

from aiokafka.admin import AIOKafkaAdminClient

from local_stack import java
from local_stack.environment import HOST
from local_stack.parts import Process, Run, Step

if TYPE_CHECKING:
    from pathlib import Path

    from local_stack.environment import Context
    from local_stack.processes import Command

_HEAP = "320m"


def _properties(context: "Context") -> "Path":
    ports = context.ports
    file = context.paths.kafka / "server.properties"
    java.write_properties(
        file,
        {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{HOST}:{ports.kafka_controller_port}",
            "listeners": f"PLAINTEXT://{HOST}:{ports.kafka_port},CONTROLLER://{HOST}:{ports.kafka_controller_port}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{ports.kafka_port}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "log.dirs": context.paths.kafka / "data",
            # Topics are made on purpose, with the partitions of their contract.
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 4,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            # One node has nobody to wait for: not for other consumers, and after a kill not for the
            # session of its own former life.
            "group.initial.rebalance.delay.ms": 0,
            "broker.session.timeout.ms": 3000,
            "broker.heartbeat.interval.ms": 500,
            "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
        },
    )
    return file


async def format_logs(context: "Context", run: Run) -> None:
    """Give the log folder its cluster id; Kafka refuses a folder without one."""
    if (context.paths.kafka / "data" / "meta.properties").exists():
        return
    # 22 characters of URL-safe base64. A dash at the beginning would make an option of it.
    cluster = "k" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]
    tool = ("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(_properties(context)))
    await run(java.command(context, "kafka", "128m", *tool))


def _broker(context: "Context") -> "Command":
    return java.command(context, "kafka", _HEAP, "kafka.Kafka", str(_properties(context)))


async def _is_ready(context: "Context") -> bool:
    """Whether the broker has registered itself: the list of the cluster's nodes has it then."""
    client = AIOKafkaAdminClient(
        bootstrap_servers=context.exported["KAFKA_BOOTSTRAP_SERVERS"], request_timeout_ms=3000
    )
    try:
        await client.start()
        return bool((await client.describe_cluster())["brokers"])
    finally:
        await client.close()


BROKER = Process(
    name="kafka",
    title="Kafka",
    needs=("kafka-format",),
    command=_broker,
    is_ready=_is_ready,
    ports=("KAFKA_PORT", "KAFKA_CONTROLLER_PORT"),
)
PARTS = (
    Step(name="kafka-format", title="Kafka: log folder", needs=("java-caches",), work=format_logs),
    BROKER,
)
