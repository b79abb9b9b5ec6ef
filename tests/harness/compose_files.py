"""What the compose files say, without a stack of theirs."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
BASE, TESTS, CONSUMER = "docker-compose.yml", "docker-compose.tests.yml", "docker-compose.consumer.yml"
_PUBLISHED = re.compile(r"127\.0\.0\.1:\$\{(\w+)")


def published() -> set[str]:
    """The variables of all ports that the files publish on this machine."""
    files = (ROOT / name for name in (BASE, TESTS))
    return {name for file in files for name in _PUBLISHED.findall(file.read_text(encoding="utf-8"))}


def one_service_per_image(configuration: Mapping[str, Any]) -> list[str]:
    """A service per image that is built: the classic builder would build it anew for each that uses it."""
    services = configuration["services"].items()
    return sorted({service["image"]: name for name, service in services if "build" in service}.values())


def told_alone() -> dict[str, set[str]]:
    """By service, the variables that it takes from `.env` for itself, beside those that services share."""
    tree = _entries(yaml.compose((ROOT / BASE).read_text(encoding="utf-8")))
    shared = [node for name, node in tree.items() if name.startswith("x-")]
    found = {}
    for name, service in _entries(tree["services"]).items():
        environment = _entries(service).get("environment")
        if environment is not None and not any(environment is node for node in shared):
            own = _entries(environment).items()
            found[name] = {variable for variable, value in own if variable != "<<" and _is_taken(value)}
    return found


def _entries(mapping: yaml.MappingNode) -> dict[str, Any]:
    return {key.value: value for key, value in mapping.value}


def _is_taken(value: yaml.Node) -> bool:
    """Whether it is passed on: by a reference, or with nothing after its name."""
    return value.tag == "tag:yaml.org,2002:null" or "${" in value.value
