"""PostgreSQL: the server binaries of a Python wheel, called directly."""

import asyncio
import os
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from local_stack import pghome
from local_stack.environment import HOST
from local_stack.errors import StackError
from local_stack.parts import Process, Run, Step
from local_stack.paths import ROOT
from local_stack.pghome import Home
from local_stack.processes import Command

if TYPE_CHECKING:
    from local_stack.environment import Context

_OPTIONS = {
    "listen_addresses": HOST,
    # A socket's path may hold about 100 bytes, a state folder's may be longer: TCP only.
    "unix_socket_directories": "",
    "wal_level": "logical",
    "max_wal_senders": "20",
    "max_replication_slots": "20",
    # A slot that nobody reads is given up before it fills the disk.
    "max_slot_wal_keep_size": "1GB",
    "max_wal_size": "512MB",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d %a ",
}


async def _make_cluster(context: "Context", run: Run) -> None:
    place = await asyncio.to_thread(pghome.prepare, context.paths)
    if place.data.exists():
        return
    # Under another name until it is complete: an interrupted initdb leaves what looks like a cluster.
    unfinished = place.data.with_name("data.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    password_file = _password_file(context, place)
    if place.run_as:
        os.chown(unfinished, *place.run_as)
        os.chown(password_file, *place.run_as)
    try:
        await run(_initdb(context, place, unfinished, password_file))
    finally:
        password_file.unlink(missing_ok=True)
    unfinished.rename(place.data)


def _initdb(context: "Context", place: Home, data: Path, password_file: Path) -> Command:
    return _command(
        context,
        place,
        *("initdb", "--pgdata", str(data), "--username", context.settings.postgres_user),
        *("--pwfile", str(password_file), "--auth=scram-sha-256", "--encoding=UTF8"),
        # Works for Cyrillic without ICU, which these binaries do not have.
        *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
    )


def _password_file(context: "Context", place: Home) -> Path:
    file = place.data.with_name("password")
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(context.exported["POSTGRES_PASSWORD"] + "\n")
    return file


def _command(context: "Context", place: Home, program: str, *arguments: str) -> Command:
    environ = {"PATH": context.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
    return Command((str(place.binaries / program), *arguments), environ, place.data.parent, place.run_as)


def _server(context: "Context") -> Command:
    place = pghome.home(context.paths)
    options = _OPTIONS | {"port": str(context.ports.postgres_port)}
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    return _command(context, place, "postgres", "-D", str(place.data), *flags)


def psql(context: "Context", script: Path) -> Command:
    """Run an SQL script as the superuser, with the stack's variables in its environment."""
    program = pghome.home(context.paths).binaries / "psql"
    address = {
        "PGHOST": HOST,
        "PGPORT": str(context.ports.postgres_port),
        "PGUSER": context.settings.postgres_user,
        "PGPASSWORD": context.exported["POSTGRES_PASSWORD"],
        "PGDATABASE": "postgres",
    }
    return Command((str(program), "-X", "-f", str(script)), {**context.environ, **address}, ROOT)


async def connect(context: "Context", database: str = "postgres") -> asyncpg.Connection:
    """Connect as the superuser; the caller closes it."""
    return await asyncpg.connect(
        host=HOST,
        port=context.ports.postgres_port,
        user=context.settings.postgres_user,
        password=context.exported["POSTGRES_PASSWORD"],
        database=database,
        timeout=5,
        ssl=False,
    )


async def _is_ready(context: "Context") -> bool:
    try:
        connection = await connect(context)
    except asyncpg.InvalidPasswordError:
        raise StackError(
            f"The databases in {context.paths.postgres} were made with another POSTGRES_PASSWORD: "
            "give that one, or remove them with `make local-clean`"
        ) from None
    await connection.close()
    return True


PARTS = (
    Step(name="cluster", title="PostgreSQL: data folder", work=_make_cluster),
    Process(
        name="postgres",
        title="PostgreSQL",
        needs=("cluster",),
        command=_server,
        is_ready=_is_ready,
        ports=("POSTGRES_PORT",),
        stop_signal=signal.SIGINT,  # "fast": it ends its sessions instead of waiting for them
    ),
)
