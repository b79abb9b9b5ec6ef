"""Looks for secrets where none may be: in texts, and in whole images as `docker save` writes them."""

import gzip
import io
import tarfile
from collections.abc import Iterator, Mapping
from typing import BinaryIO

_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"


class Leaks:
    """Knows some secrets, and says by their names which of them it has seen."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        """`secrets`: name → value; short values would be found everywhere by chance."""
        assert min(map(len, secrets.values())) >= 16
        self._secrets = {name: value.encode() for name, value in secrets.items()}
        self._overlap = max(map(len, self._secrets.values())) - 1

    def in_text(self, text: str) -> set[str]:
        return self._in_bytes(text.encode())

    def in_images(self, saved: BinaryIO) -> set[str]:
        """What is in any file, of any layer, or in the configuration of images saved into one stream."""
        found: set[str] = set()
        with tarfile.open(fileobj=saved, mode="r|") as archive:
            for member in archive:
                if stream := archive.extractfile(member):
                    found |= self._in_stream(stream)
        return found

    def _in_stream(self, stream: io.BufferedReader) -> set[str]:
        found: set[str] = set()
        tail = b""
        for chunk in _chunks(stream):
            seen = tail + chunk
            found |= self._in_bytes(seen)
            tail = seen[-self._overlap :]
        return found

    def _in_bytes(self, content: bytes) -> set[str]:
        return {name for name, value in self._secrets.items() if value in content}


def _chunks(stream: io.BufferedReader) -> Iterator[bytes]:
    """The content of a file in an archive, unpacked: some engines keep layers compressed."""
    content = gzip.GzipFile(fileobj=stream) if stream.peek(2)[:2] == _GZIP else stream
    while chunk := content.read(_CHUNK):
        yield chunk
