"""Java archives: Maven coordinates, locked with their whole closure and checked by SHA-256.

`debezium/jars.toml` says what is wanted, `debezium/jars.lock` names every file (`fetch` makes both
the lock and the downloads), and the cache holds them.
"""

import asyncio
import hashlib
import shutil
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from local_stack.parts import Run, Step
from local_stack.paths import ROOT, cache_dir
from local_stack.processes import Command

if TYPE_CHECKING:
    from local_stack.environment import Context

WANTED = ROOT / "debezium" / "jars.toml"
LOCK = ROOT / "debezium" / "jars.lock"


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the lock: a file, and whose class path it belongs to ("kafka" or "debezium")."""

    owner: str
    coordinate: str
    sha256: str

    @property
    def path(self) -> Path:
        """Where the cache keeps it. The checksum is part of it: two locks may share the cache."""
        _, artifact, version = self.coordinate.split(":")
        return cache_dir() / "jars" / self.sha256[:16] / f"{artifact}-{version}.jar"


def read_lock(file: Path = LOCK) -> list[Jar]:
    lines = (line.split() for line in file.read_text().splitlines() if not line.startswith("#"))
    return [Jar(owner, coordinate, digest.removeprefix("sha256:")) for owner, coordinate, digest in lines]


def write_lock(jars: Iterable[Jar], file: Path = LOCK) -> None:
    lines = [f"{jar.owner} {jar.coordinate} sha256:{jar.sha256}\n" for jar in jars]
    file.write_text("# Made by `make lock` from jars.toml: owner, coordinate, checksum.\n" + "".join(lines))


def class_path(owner: str) -> str:
    return ":".join(str(jar.path) for jar in read_lock() if jar.owner == owner)


def sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def missing() -> list[Jar]:
    """The locked jars that the cache does not have, or has damaged."""
    jars = read_lock()
    with ThreadPoolExecutor() as pool:
        intact = pool.map(lambda jar: jar.path.exists() and sha256(jar.path) == jar.sha256, jars)
        return [jar for jar, is_intact in zip(jars, intact, strict=True) if not is_intact]


def link_plugins(folder: Path) -> None:
    """Make Connect's plugin path: one folder with links to Debezium's jars, and nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    plugin = folder / "debezium-connector-postgres"
    plugin.mkdir(parents=True)
    for jar in read_lock():
        if jar.owner == "debezium":
            (plugin / jar.path.name).symlink_to(jar.path)


async def _provide(context: "Context", run: Run) -> None:
    if await asyncio.to_thread(missing):
        await run(Command((sys.executable, "-m", "local_stack.fetch"), context.environ, ROOT))
    link_plugins(context.paths.connect / "plugins")


PARTS = (Step(name="jars", title="Kafka, Connect and Debezium: archives", work=_provide),)
