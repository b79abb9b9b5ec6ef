"""The Makefile explains itself."""

import subprocess

import pytest

from local_stack.paths import ROOT

TARGETS = (
    *("help", "demo", "install", "local-up", "local-down", "local-status", "local-logs", "local-clean"),
    *("local-kafka-ui", "local-migrate"),
    *("up", "up-django", "up-observability", "down", "clean", "ps", "logs", "logs-django", "logs-fastapi"),
    *("restart-django", "sh-django", "sh-fastapi", "db", "images", "prune"),
    *("migrate", "createsuperuser", "setup-connector", "parked", "redrive", "backup", "restore"),
    *("test", "tests-fastapi", "test-compose", "lint", "format", "lock"),
)


@pytest.fixture(scope="module")
def shown() -> str:
    return subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("target", TARGETS)
def test_help_explains_every_target(shown: str, target: str) -> None:
    [line] = [line for line in shown.splitlines() if line.split()[:1] == [target]]
    assert len(line.split()) > 2


def test_help_is_what_make_does_by_itself(shown: str) -> None:
    plain = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert plain == shown
