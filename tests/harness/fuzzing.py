"""Schemathesis over a service's API: whether it keeps to its OpenAPI document, whatever is sent to it.

It asks over HTTP, by its own command line, whose report says how to send a failing request again. All of its
checks are on but two. Not all that fits the schemas is accepted: cursors, entity tags, time zones and who is
in which project are rules that no schema can tell. And a wrong method may be answered as a wrong id: what is
at /api/tasks/export/ is looked for at /api/tasks/{task_oid}/ too.
"""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import URL

from harness.openapi import FOLDER
from harness.ports import free_ports
from service_kit.db import Database
from service_kit.http import HttpServer

# The same requests each time: a failure is a change of the code.
_SEED = 1
# Of the ids in requests, how many are of things that exist.
_KNOWN = 0.8
_STARTED_S = 10


@contextmanager
def served(database_url: URL, build: Callable[[Database], FastAPI]) -> Iterator[str]:
    """The address of an application that runs in a thread of its own, with a loop and a pool of its own."""
    port = free_ports(["api"])["api"]
    servers: list[HttpServer] = []
    made = threading.Event()

    async def serve() -> None:
        database = Database(database_url, application_name="fuzzing")
        servers.append(HttpServer(build(database), host="127.0.0.1", port=port, port_variable="none"))
        made.set()
        try:
            await servers[0].run()
        finally:
            await database.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert made.wait(_STARTED_S)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        servers[0].stop()
        thread.join()


def fuzz(
    service: str,
    url: str,
    headers: Mapping[str, str],
    known: Mapping[str, Sequence[str | int]],
    folder: Path,
    *,
    examples: int,
) -> str:
    """What Schemathesis found wrong with the service: its report, or nothing.

    Args:
        service: whose document is taken.
        url: where it is served.
        headers: of every request, such as the token.
        known: values that exist, by the place that takes them, e.g. `path.task_oid`.
        folder: for its configuration.
        examples: requests of each operation, besides those that the document's borders suggest.
    """
    configuration = folder / "schemathesis.toml"
    configuration.write_text(_configuration(headers, known))
    command = [sys.executable, "-m", "schemathesis.cli", f"--config-file={configuration}", "run"]
    options = [
        f"--url={url}",
        "--phases=examples,coverage,fuzzing",
        f"--max-examples={examples}",
        f"--seed={_SEED}",
        "--generation-deterministic",
        "--suppress-health-check=all",
        "--warnings=off",
        "--checks=all",
        "--exclude-checks=positive_data_acceptance,unsupported_method",
        "--continue-on-failure",
        "--no-color",
    ]
    done = subprocess.run(
        [*command, *options, str(FOLDER / f"{service}.json")],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def _configuration(headers: Mapping[str, str], known: Mapping[str, Sequence[str | int]]) -> str:
    """In TOML, whose strings and arrays are written as in JSON."""
    lines = ["[headers]", *(f"{name} = {json.dumps(value)}" for name, value in headers.items())]
    lines += ["[dictionaries]"]
    lines += [f"{json.dumps(place)} = {{ values = {json.dumps(values)} }}" for place, values in known.items()]
    lines += ["[parameters]"]
    lines += [
        f"{json.dumps(place)} = {{ dictionary = {json.dumps(place)}, probability = {_KNOWN} }}"
        for place in known
    ]
    return "\n".join(lines)
