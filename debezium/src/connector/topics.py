"""Creates the contracted topics, and says where an existing one differs from its contract."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError, NoError, TopicAlreadyExistsError, for_code

from connector.contracts import Topic
from connector.errors import ConnectorError


class Outcome(StrEnum):
    """What became of one topic."""

    CREATED = "created"
    EXISTED = "existed"


async def ensure_topics(bootstrap_servers: str, topics: Sequence[Topic]) -> dict[str, Outcome]:
    """Create the topics that are missing.

    Raises:
        ConnectorError: Kafka is out of reach, refuses one, or has one with another number of partitions.
    """
    async with _admin(bootstrap_servers) as admin:
        outcomes = await _create(admin, topics)
        await _check_partitions(admin, [topic for topic in topics if outcomes[topic.name] is Outcome.EXISTED])
        return outcomes


def unreachable(bootstrap_servers: str) -> ConnectorError:
    """The error that says that Kafka is."""
    return ConnectorError(f"Kafka is not reachable at {bootstrap_servers} (KAFKA_BOOTSTRAP_SERVERS)")


@asynccontextmanager
async def _admin(bootstrap_servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        await admin.start()
        yield admin
    except KafkaConnectionError as error:
        raise unreachable(bootstrap_servers) from error
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> dict[str, Outcome]:
    requested = [
        NewTopic(topic.name, topic.partitions, topic.replication_factor, topic_configs=dict(topic.config))
        for topic in topics
    ]
    # The call itself never raises: each topic has its own error code in the response.
    response = await admin.create_topics(requested)
    return {name: _outcome(name, code, message) for name, code, message in response.topic_errors}


def _outcome(name: str, code: int, message: str | None) -> Outcome:
    error = for_code(code)
    if error is NoError:
        return Outcome.CREATED
    if error is TopicAlreadyExistsError:
        return Outcome.EXISTED
    raise ConnectorError(f"Kafka refuses the topic {name}: {message or error.description} ({error.__name__})")


async def _check_partitions(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> None:
    if not topics:
        return
    described = await admin.describe_topics([topic.name for topic in topics])
    found = {entry["topic"]: len(entry["partitions"]) for entry in described}
    wrong = [
        f"{topic.name} has {found[topic.name]} partitions, its contract says {topic.partitions}"
        for topic in topics
        if found[topic.name] != topic.partitions
    ]
    if wrong:
        raise ConnectorError(
            "; ".join(wrong) + ". More partitions would move keys to other ones and break their order: "
            "empty and delete the topic, or change the contract."
        )
