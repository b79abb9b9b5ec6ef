"""Log lines as JSON objects. Nothing here, or in what we log, names a person."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from user_team import environment


def configuration() -> dict[str, Any]:
    """The `logging.config.dictConfig` of the whole process, by LOG_LEVEL and LOG_FORMAT (json or console)."""
    stderr = {"class": "logging.StreamHandler", "formatter": environment.text("LOG_FORMAT", "json")}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {"()": "user_team.logs.JsonFormatter"},
            "console": {"format": "%(asctime)s %(levelname)-8s %(name)s: %(message)s"},
        },
        "handlers": {"stderr": stderr},
        "root": {"handlers": ["stderr"], "level": environment.text("LOG_LEVEL", "INFO")},
        "loggers": {
            **{name: {"handlers": [], "propagate": True} for name in ("gunicorn.error", "django.server")},
            # Axes writes user names and addresses; user_team.users.signals reports the same events without.
            "axes": {"level": "CRITICAL"},
        },
    }


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `timestamp` (UTC, ISO 8601), `level`, `logger`, `event`, maybe `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
