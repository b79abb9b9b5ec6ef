"""What the compose files say, without a stack of theirs."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
