"""The contracted topics."""

import pytest

from connector.contracts import TOPICS, load_topics

WEEK = str(7 * 24 * 60 * 60 * 1000)
TOPICS_BY_NAME = {topic.name: topic for topic in load_topics()}


def test_the_assignments_topic_is_compacted_after_a_week() -> None:
    topic = TOPICS_BY_NAME["django_db.public.teams_userassignment"]
    assert topic.partitions == 6
    assert topic.config == {
        "cleanup.policy": "compact",
        "min.compaction.lag.ms": WEEK,
        "delete.retention.ms": WEEK,
    }


def test_the_latest_of_every_person_is_kept_and_everything_of_a_week() -> None:
    assert TOPICS_BY_NAME["account-bus"].config == {
        "cleanup.policy": "compact",
        "min.compaction.lag.ms": WEEK,
    }


@pytest.mark.parametrize("name", ["task-bus", "reassign-task-bus", "meeting-bus", "news-bus", "reminder-bus"])
def test_what_happened_is_kept_for_ever(name: str) -> None:
    assert TOPICS_BY_NAME[name].config == {"cleanup.policy": "delete", "retention.ms": "-1"}


def test_each_file_is_named_after_its_topic() -> None:
    assert [file.stem for file in sorted(TOPICS.glob("*.yaml"))] == [topic.name for topic in load_topics()]
