"""The topics that the services have agreed on: `contracts/topics/*.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[3]
TOPICS = REPOSITORY / "contracts" / "topics"


@dataclass(frozen=True, slots=True)
class Topic:
    """What the broker has to know of a contract."""

    name: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str]


def load_topics(folder: Path = TOPICS) -> list[Topic]:
    """Every contracted topic, by name."""
    return [_load(file) for file in sorted(folder.glob("*.yaml"))]


def _load(file: Path) -> Topic:
    raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    config = {name: str(value) for name, value in raw.get("config", {}).items()}
    return Topic(raw["topic"], raw["partitions"], raw["replication_factor"], config)
