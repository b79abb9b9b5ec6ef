"""Where things lie: the repository, the download cache and one stack's state folder."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
"""The checked-out repository."""

SHELTER_PREFIX = "team-suite-"


def cache_dir() -> Path:
    """Downloads that every checkout shares and that `clean` leaves alone (XDG base directories)."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "team-suite"


@dataclass(frozen=True, slots=True)
class StatePaths:
    """The files of one stack. Nothing else is written, except for the cache and `shelter`."""

    root: Path

    @property
    def state(self) -> Path:
        """What the supervisor reports (see `state.StackState`)."""
        return self.root / "state.json"

    @property
    def wanted(self) -> Path:
        """What the supervisor is asked for (see `state.Wanted`)."""
        return self.root / "wanted.json"

    @property
    def lock(self) -> Path:
        """Locked by the supervisor for as long as it lives."""
        return self.root / "supervisor.lock"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets.env"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's home: a folder, or a link to `shelter`."""
        return self.root / "postgres"

    @property
    def kafka(self) -> Path:
        return self.root / "kafka"

    @property
    def connect(self) -> Path:
        return self.root / "connect"

    @property
    def mail(self) -> Path:
        return self.root / "mail"

    @property
    def temporary(self) -> Path:
        return self.root / "tmp"

    @property
    def shelter(self) -> Path:
        """Stands in for `postgres` when that lies below a folder the server's user may not enter."""
        digest = hashlib.sha256(os.fsencode(self.root.resolve())).hexdigest()[:16]
        return Path("/var/tmp") / f"{SHELTER_PREFIX}{digest}"  # noqa: S108 (its owner is checked before use)

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"
