"""Log lines as JSON objects. Nothing here, or in what we log, names a person."""

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from user_team import environment

# Of the request that this thread works on; empty between requests.
request_id: ContextVar[str] = ContextVar("request_id", default="")


def configuration() -> dict[str, Any]:
    """The `logging.config.dictConfig` of the whole process, by LOG_LEVEL and LOG_FORMAT (json or console)."""
    stderr = {"class": "logging.StreamHandler", "formatter": environment.text("LOG_FORMAT", "json")}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {"()": "user_team.logs.JsonFormatter"},
            "console": {
                "()": "user_team.logs.ConsoleFormatter",
                "format": "%(asctime)s %(levelname)-8s %(name)s: %(message)s",
            },
        },
        "handlers": {"stderr": stderr},
        "root": {"handlers": ["stderr"], "level": environment.text("LOG_LEVEL", "INFO")},
        "loggers": {
            **{name: {"handlers": [], "propagate": True} for name in ("gunicorn.error", "django.server")},
            # Axes writes user names and addresses; user_team.users.signals reports the same events without.
            "axes": {"level": "CRITICAL"},
            # At DEBUG they write codes and tokens.
            **{name: {"level": "INFO"} for name in ("oauth2_provider", "oauthlib")},
        },
    }


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `timestamp` (UTC, ISO 8601), `level`, `logger`, `event`.

    What else is known follows: `request_id`, the record's own `fields`, an `exception`.
    """

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **_context(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class ConsoleFormatter(logging.Formatter):
    """A line for people, with the same fields behind the message."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        fields = "".join(f" {name}={value}" for name, value in _context(record).items())
        return super().formatMessage(record) + fields


def _context(record: logging.LogRecord) -> dict[str, Any]:
    """What a record carries beside its message."""
    # Django's own records about a request may come after its id has left the thread.
    found = getattr(getattr(record, "request", None), "request_id", "") or request_id.get()
    return {**({"request_id": found} if found else {}), **getattr(record, "fields", {})}
