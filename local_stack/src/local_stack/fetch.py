"""Resolves and downloads Java archives with jgo: ``python -m local_stack.fetch [lock]``.

A program of its own, so that an interrupted start can end a download at once. Where the files come
from is the resolver's business: no address is written down here.
"""

import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jgo.maven import Artifact, MavenContext

from local_stack import jars
from local_stack.errors import StackError
from local_stack.jars import Jar

_PARALLEL = 8
_ATTEMPTS = 4
_TIMEOUT_SECONDS = 30


def fetch(missing: Sequence[Jar]) -> None:
    """Bring these jars into the cache.

    Raises:
        StackError: a download failed several times, or is not what the lock says.
    """
    with ThreadPoolExecutor(_PARALLEL) as pool:
        for count, jar in enumerate(pool.map(_fetch_one, missing), 1):
            sys.stdout.write(f"{count} of {len(missing)}: {jar.path.name}\n")


def _fetch_one(jar: Jar) -> Jar:
    jar.path.parent.mkdir(parents=True, exist_ok=True)
    # Complete and checked before it gets its name: an interrupted download leaves nothing behind.
    with tempfile.TemporaryDirectory(dir=jar.path.parent) as folder:
        download = _download(jar, Path(folder))
        actual = jars.sha256(download)
        if actual != jar.sha256:
            raise StackError(f"{jar.coordinate} is not what jars.lock says: its SHA-256 is {actual}")
        download.replace(jar.path)
    return jar


def _download(jar: Jar, folder: Path) -> Path:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _context(folder / str(attempt)).create_dependency(jar.coordinate).artifact.resolve()
        except Exception as error:  # noqa: BLE001 (whatever the resolver's HTTP client raises)
            reason = error
        time.sleep(2**attempt)
    raise StackError(f"Downloading {jar.coordinate} failed {_ATTEMPTS} times: {reason}")


def resolve(wanted: Path = jars.WANTED) -> list[Jar]:
    """Resolve the wanted coordinates anew, with everything they need, and compute the checksums."""
    with tempfile.TemporaryDirectory() as folder:
        context = _context(Path(folder))
        return [
            Jar(owner, f"{found.groupId}:{found.artifactId}:{found.version}", jars.sha256(found.resolve()))
            for owner, request in tomllib.loads(wanted.read_text()).items()
            for found in _closure(context, request)
        ]


def _closure(context: MavenContext, request: dict[str, list[str]]) -> list[Artifact]:
    direct = [context.create_dependency(text) for text in request["roots"] + request["pins"]]
    given, needed = context.resolver.resolve(direct)
    found = [dependency.artifact for dependency in given + needed if dependency.scope != "test"]
    kept = [artifact for artifact in found if artifact.groupId not in request["left_out"]]
    return sorted(kept, key=lambda artifact: artifact.key)


def _context(folder: Path) -> MavenContext:
    return MavenContext(repo_cache=folder, local_repos=[], timeout=_TIMEOUT_SECONDS)


def main(arguments: Sequence[str]) -> None:
    if arguments == ["lock"]:
        jars.write_lock(resolve())
    else:
        fetch(jars.missing())


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except StackError as failure:
        sys.exit(str(failure))
