"""The connectors' definitions keep the names that are fixed, and agree with the topics' contracts."""

import re
from collections.abc import Sequence

import pytest

from connector import definition
from connector.contracts import load_topics
from connector.definition import Definition

CONNECTOR, *OUTBOXES = definition.load_all()
ALL = [CONNECTOR, *OUTBOXES]
TOPIC, *EVENT_TOPICS = sorted(load_topics(), key=lambda topic: "." not in topic.name)


def names(definitions: Sequence[Definition]) -> list[str]:
    return [one.name for one in definitions]


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


def test_the_names_of_the_outboxes_are_kept() -> None:
    assert names(OUTBOXES) == ["django-outbox-connector", "task-outbox-connector"]
    for outbox, source in zip(OUTBOXES, ("django", "task"), strict=True):
        assert outbox.slot == f"{source}_outbox_slot"
        assert outbox.config["publication.name"] == f"{source}_outbox_pub"


def test_the_outboxes_differ_in_nothing_but_their_names() -> None:
    first, second = (dict(outbox.config) for outbox in OUTBOXES)
    differing = {name for name in first if first[name] != second.get(name)}
    assert differing == {
        *("database.dbname", "topic.prefix", "slot.name", "publication.name"),
        "predicates.isEvent.pattern",
    }
    assert first.keys() == second.keys()


@pytest.mark.parametrize("outbox", OUTBOXES, ids=names(OUTBOXES))
def test_an_outbox_takes_events_as_they_are_and_nothing_else(outbox: Definition) -> None:
    config = outbox.config
    assert outbox.needs_its_slot
    assert config["value.converter"].endswith(".StringConverter")
    assert not any("expand.json" in name for name in config)
    assert re.fullmatch(config["predicates.isEvent.pattern"], f"{config['topic.prefix']}.public.outbox_event")
    assert not re.fullmatch(config["predicates.isEvent.pattern"], outbox.heartbeat_topic)


@pytest.mark.parametrize("outbox", OUTBOXES, ids=names(OUTBOXES))
def test_a_topic_that_an_outbox_has_to_make_loses_nothing(outbox: Definition) -> None:
    config = outbox.config
    for topic in EVENT_TOPICS:
        assert re.fullmatch(config["topic.creation.events.include"], topic.name)
        assert config["topic.creation.events.partitions"] == str(topic.partitions)
    assert not re.fullmatch(config["topic.creation.events.include"], outbox.heartbeat_topic)
    assert config["topic.creation.events.retention.ms"] == "-1"


@pytest.mark.parametrize("connector", ALL, ids=names(ALL))
def test_no_secret_is_written_down(connector: Definition) -> None:
    for name, value in connector.config.items():
        if "password" in name or name == "database.user":
            assert re.fullmatch(r"\$\{env:\w+}", value), name


@pytest.mark.parametrize("connector", ALL, ids=names(ALL))
def test_every_value_is_text_as_connect_wants_it(connector: Definition) -> None:
    assert all(isinstance(value, str) for value in connector.config.values())


@pytest.mark.parametrize("option", ["topic.prefix", "slot.name", "publication.name"])
def test_no_two_connectors_share_a_name(option: str) -> None:
    assert len({connector.config[option] for connector in ALL}) == len(ALL)


@pytest.mark.parametrize("metadata", ["op", "ts_ms", "lsn", "source.ts_ms", "source.snapshot"])
def test_messages_carry_the_metadata_that_consumers_need(metadata: str) -> None:
    assert metadata in CONNECTOR.config["transforms.unwrap.add.fields"].split(",")
