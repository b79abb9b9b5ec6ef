"""Where an uploaded file waits between the dry run and its confirmation."""

import contextlib
import os
import re
import tempfile
import time
from pathlib import Path
from uuid import uuid4

from import_export.tmp_storages import BaseStorage

LIFETIME_SECONDS = 60 * 60
_NAME = re.compile(r"[0-9a-f]{32}")


class PrivateFolderStorage(BaseStorage):
    """Files that only this system user can read, and that do not outlive an hour: they name people."""

    def save(self, data: bytes) -> None:
        folder = self._folder()
        _remove_older_than(folder, time.time() - LIFETIME_SECONDS)
        self.name = uuid4().hex
        self._path().write_bytes(data)

    def read(self) -> str | bytes:
        """The content, as text if an encoding was given.

        Raises:
            FileNotFoundError: the file was imported already, is too old, or never was one of ours.
        """
        data = self._path().read_bytes()
        return data.decode(self.encoding) if self.encoding else data

    def remove(self) -> None:
        self._path().unlink(missing_ok=True)

    def _path(self) -> Path:
        if not _NAME.fullmatch(self.name or ""):
            raise FileNotFoundError(self.name)
        return self._folder() / self.name

    @staticmethod
    def _folder() -> Path:
        folder = Path(tempfile.gettempdir()) / f"team-suite-imports-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            raise PermissionError(f"{folder} belongs to somebody else")
        return folder


def _remove_older_than(folder: Path, moment: float) -> None:
    for file in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if file.stat().st_mtime < moment:
                file.unlink()
