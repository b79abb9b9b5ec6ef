"""The contracted topics."""

from connector.contracts import TOPICS, load_topics


def test_the_assignments_topic_is_compacted_after_a_week() -> None:
    [topic] = load_topics()
    week = str(7 * 24 * 60 * 60 * 1000)
    assert topic.name == "django_db.public.teams_userassignment"
    assert topic.partitions == 6
    assert topic.config == {
        "cleanup.policy": "compact",
        "min.compaction.lag.ms": week,
        "delete.retention.ms": week,
    }


def test_each_file_is_named_after_its_topic() -> None:
    assert [file.stem for file in sorted(TOPICS.glob("*.yaml"))] == [topic.name for topic in load_topics()]
