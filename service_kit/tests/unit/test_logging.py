import json
import logging

import pytest
import structlog

from service_kit.logging import configure_logging


@pytest.fixture(autouse=True)
def logging_as_it_was():
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def fail(password: str) -> None:
    raise ValueError("a reason")


def test_one_json_object_a_line_and_no_variable_of_a_frame(capsys):
    configure_logging(service="tests", level="INFO", log_format="json")
    try:
        fail(password="hunter2")
    except ValueError:
        structlog.get_logger("kit").exception("it failed", offset=7)
    logging.getLogger("library").warning("from %s", "elsewhere")
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first.items() >= {"event": "it failed", "offset": 7, "service": "tests", "level": "error"}.items()
    assert "a reason" in json.dumps(first)
    assert "hunter2" not in json.dumps(first)
    assert second.items() >= {"event": "from elsewhere", "logger": "library"}.items()
