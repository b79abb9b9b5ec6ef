"""The contracts as the tests see them."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[2]
TOPIC_FILES = sorted((ROOT / "contracts" / "topics").glob("*.yaml"))


class Contract(NamedTuple):
    """One topic's contract."""

    topic: dict[str, Any]
    validator: Draft202012Validator
    examples: dict[str, dict[str, Any]]


def load(path: Path) -> Contract:
    topic = yaml.safe_load(path.read_text())
    schema = json.loads((ROOT / topic["value"]["schema"]).read_text())
    examples = {
        file.stem: json.loads(file.read_text()) for file in sorted((ROOT / topic["examples"]).glob("*.json"))
    }
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return Contract(topic, validator, examples)


CONTRACTS = {path.stem: load(path) for path in TOPIC_FILES}


@pytest.fixture(params=CONTRACTS.values(), ids=CONTRACTS.keys())
def contract(request) -> Contract:
    return request.param


EVENTS = {name: contract for name, contract in CONTRACTS.items() if "types" in contract.topic}


@pytest.fixture(params=EVENTS.values(), ids=EVENTS.keys())
def events(request) -> Contract:
    """A topic of business events, from an outbox."""
    return request.param


@pytest.fixture
def contracts() -> dict[str, Contract]:
    """Topic → its contract."""
    return CONTRACTS


@pytest.fixture
def assignments() -> Contract:
    return CONTRACTS["django_db.public.teams_userassignment"]
