"""Structured logs: one JSON object a line on standard output, the standard library's records included.

Nothing personal goes into a log line: events carry ids, never names or addresses.
"""

import logging
import sys

import structlog
from structlog.typing import Processor

# Tracebacks without the frames' variables, which may hold a password or a person's name.
_TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def configure_logging(*, service: str, level: str = "INFO", log_format: str = "json") -> None:
    """Send every log line of this process through structlog.

    Args:
        service: what the lines are marked with, e.g. `task_meeting.consumer`.
        level: a standard level name.
        log_format: `json` for machines, `console` for people.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_formatter(shared, log_format))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # aiokafka logs an error for each attempt while a broker is away; our readiness says it once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL if level != "DEBUG" else logging.DEBUG)
    # Asking for keys every half a minute is no news.
    logging.getLogger("httpx2").setLevel(logging.WARNING if level != "DEBUG" else logging.DEBUG)
    structlog.contextvars.bind_contextvars(service=service)


def _formatter(shared: list[Processor], log_format: str) -> logging.Formatter:
    render: list[Processor] = (
        [_TRACEBACKS, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if log_format == "json"
        else [structlog.dev.ConsoleRenderer()]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
    )
