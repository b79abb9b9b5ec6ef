"""The connector's definition keeps the names that are fixed, and agrees with the topic's contract."""

import re

import pytest

from connector import definition
from connector.contracts import load_topics

CONNECTOR = definition.load()
[TOPIC] = load_topics()


def test_the_fixed_names_are_kept() -> None:
    config = CONNECTOR.config
    assert config["connector.class"] == "io.debezium.connector.postgresql.PostgresConnector"
    assert config["slot.name"] == "debezium_slot"
    assert config["publication.name"] == "debezium_pub"
    assert config["plugin.name"] == "pgoutput"
    assert f"{config['topic.prefix']}.{config['table.include.list']}" == TOPIC.name


def test_the_transforms_unwrap_the_row_before_they_take_its_key() -> None:
    names = CONNECTOR.config["transforms"].split(",")
    assert names.index("unwrap") < names.index("extractKey")
    assert CONNECTOR.config["transforms.extractKey.field"] == "id"


def test_every_transform_is_kept_from_heartbeats_and_signals() -> None:
    for name in CONNECTOR.config["transforms"].split(","):
        assert CONNECTOR.config[f"transforms.{name}.predicate"] == "isRow"
    pattern = CONNECTOR.config["predicates.isRow.pattern"]
    assert re.fullmatch(pattern, TOPIC.name)
    assert not re.fullmatch(pattern, CONNECTOR.heartbeat_topic)


def test_a_topic_that_connect_has_to_make_is_like_the_contracted_one() -> None:
    prefix = "topic.creation.rows."
    made = {
        name.removeprefix(prefix): value
        for name, value in CONNECTOR.config.items()
        if name.startswith(prefix) and name not in {prefix + "include", prefix + "replication.factor"}
    }
    assert made == {"partitions": str(TOPIC.partitions), **TOPIC.config}
    assert re.fullmatch(CONNECTOR.config[prefix + "include"], TOPIC.name)


def test_no_secret_is_written_down() -> None:
    for name, value in CONNECTOR.config.items():
        if "password" in name or name == "database.user":
            assert re.fullmatch(r"\$\{env:\w+}", value), name


def test_every_value_is_text_as_connect_wants_it() -> None:
    assert all(isinstance(value, str) for value in CONNECTOR.config.values())


@pytest.mark.parametrize("metadata", ["op", "ts_ms", "lsn", "source.ts_ms", "source.snapshot"])
def test_messages_carry_the_metadata_that_consumers_need(metadata: str) -> None:
    assert metadata in CONNECTOR.config["transforms.unwrap.add.fields"].split(",")
