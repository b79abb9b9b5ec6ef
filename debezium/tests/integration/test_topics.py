"""The contracted topics on the real broker."""

import uuid
from dataclasses import replace

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from connector.contracts import Topic
from connector.errors import ConnectorError
from connector.topics import Outcome, ensure_topics
from local_stack.testing import Stack


@pytest.fixture
def topic() -> Topic:
    return Topic(f"topic-{uuid.uuid4().hex}", 3, 1, {"cleanup.policy": "compact"})


async def test_a_missing_topic_is_created_as_its_contract_says(stack: Stack, topic: Topic) -> None:
    assert await ensure_topics(stack.bootstrap_servers, [topic]) == {topic.name: Outcome.CREATED}

    admin = AIOKafkaAdminClient(bootstrap_servers=stack.bootstrap_servers)
    await admin.start()
    try:
        [described] = await admin.describe_topics([topic.name])
        [response] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name)])
    finally:
        await admin.close()
    assert len(described["partitions"]) == 3
    assert ("cleanup.policy", "compact") in [entry[:2] for entry in response.resources[0][4]]


async def test_an_existing_topic_is_left_alone(stack: Stack, topic: Topic) -> None:
    await ensure_topics(stack.bootstrap_servers, [topic])
    assert await ensure_topics(stack.bootstrap_servers, [topic]) == {topic.name: Outcome.EXISTED}


async def test_another_number_of_partitions_is_refused(stack: Stack, topic: Topic) -> None:
    await ensure_topics(stack.bootstrap_servers, [topic])
    with pytest.raises(ConnectorError, match="has 3 partitions, its contract says 6"):
        await ensure_topics(stack.bootstrap_servers, [replace(topic, partitions=6)])


async def test_what_the_broker_refuses_is_an_error(stack: Stack, topic: Topic) -> None:
    impossible = replace(topic, config={"cleanup.policy": "sometimes"})
    with pytest.raises(ConnectorError, match=f"Kafka refuses the topic {topic.name}"):
        await ensure_topics(stack.bootstrap_servers, [impossible])


async def test_an_unreachable_broker_is_explained(topic: Topic) -> None:
    with pytest.raises(ConnectorError, match=r"not reachable at 127\.0\.0\.1:1 .*KAFKA_BOOTSTRAP_SERVERS"):
        await ensure_topics("127.0.0.1:1", [topic])
