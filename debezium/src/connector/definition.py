"""The connectors' definitions: `debezium/connectors/*.json`, the same for every environment."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from connector.contracts import REPOSITORY

CONNECTORS = REPOSITORY / "debezium" / "connectors"
DJANGO_DB = CONNECTORS / "django_db.json"
_VARIABLE = re.compile(r"\$\{env:(\w+)}")


@dataclass(frozen=True, slots=True)
class Definition:
    """A connector by name, and its options. Secrets are references that only the worker resolves."""

    name: str
    config: Mapping[str, str]

    @property
    def plugin(self) -> str:
        """The connector class without its package, as Connect's validation endpoint wants it."""
        return self.config["connector.class"].rpartition(".")[2]

    @property
    def variables(self) -> list[str]:
        """The variables that the worker's environment has to have."""
        return sorted({name for value in self.config.values() for name in variables_in(value)})

    @property
    def slot(self) -> str:
        return self.config["slot.name"]

    @property
    def needs_its_slot(self) -> bool:
        """Whether what is missing in the slot is lost: an outbox has no rows that a snapshot could read."""
        return self.config["snapshot.mode"] == "no_data"

    @property
    def heartbeat_topic(self) -> str:
        prefix = self.config.get("topic.heartbeat.prefix", "__debezium-heartbeat")
        return f"{prefix}.{self.config['topic.prefix']}"


def variables_in(text: str) -> list[str]:
    """The variables that a text refers to, as ``${env:NAME}``."""
    return _VARIABLE.findall(text)


def load(file: Path = DJANGO_DB) -> Definition:
    raw = json.loads(file.read_text(encoding="utf-8"))
    return Definition(raw["name"], raw["config"])


def load_all(folder: Path = CONNECTORS) -> list[Definition]:
    """Every connector, by its file's name."""
    return [load(file) for file in sorted(folder.glob("*.json"))]
