"""This service knows of no other: no Kafka client, no call out. Its database is how it speaks."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import user_team

SOURCES = sorted(Path(user_team.__file__).parent.rglob("*.py"))
FORBIDDEN = {
    *(
        "aiokafka",
        "kafka",
        "confluent_kafka",
        "faststream",
        "aiosmtplib",
        "smtplib",
        "socket",
        "http.client",
        "urllib3",
    ),
    *("requests", "httpx", "httpx2", "aiohttp", "urllib"),
    *("service_kit", "task_meeting", "notification", "connector", "local_stack"),
}


def imported_names(source):
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_there_is_source_to_look_at():
    assert len(SOURCES) > 40


@pytest.mark.parametrize(
    "source", SOURCES, ids=lambda path: str(path.relative_to(Path(user_team.__file__).parent))
)
def test_no_module_imports_a_kafka_client_a_service_or_a_way_out(source):
    names = set(imported_names(source))
    assert not (names | {name.split(".")[0] for name in names}) & FORBIDDEN


def test_no_kafka_client_is_loaded_by_anything_it_imports():
    program = (
        "import sys, django; django.setup(); import user_team.urls\n"
        "print(sorted(n for n in sys.modules if n.split('.')[0] in "
        "{'aiokafka', 'kafka', 'confluent_kafka', 'service_kit', 'httpx', 'aiohttp'}))"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "user_team.settings", "USER_TEAM_SECRET_KEY": "x" * 60}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
