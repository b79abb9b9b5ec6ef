"""The lock of the Java archives, and what comes into the cache."""

import hashlib
import re
import tomllib
from pathlib import Path

import pytest

from local_stack import fetch, jars
from local_stack.errors import StackError
from local_stack.jars import Jar


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def jar() -> Jar:
    return Jar("kafka", "org.example:thing:1.0", hashlib.sha256(b"right").hexdigest())


def deliver(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Have every download bring this content."""

    def download(_: Jar, folder: Path) -> Path:
        file = folder / "download.jar"
        file.write_bytes(content)
        return file

    monkeypatch.setattr(fetch, "_download", download)


def test_every_line_of_the_lock_is_exact() -> None:
    locked = jars.read_lock()
    assert {jar.owner for jar in locked} == {"kafka", "debezium"}
    assert all(re.fullmatch(r"[0-9a-f]{64}", jar.sha256) for jar in locked)
    assert all(re.fullmatch(r"[\w.-]+:[\w.-]+:[\w.-]+", jar.coordinate) for jar in locked)


def test_the_lock_has_everything_that_is_wanted() -> None:
    wanted = tomllib.loads(jars.WANTED.read_text())
    locked = {(jar.owner, jar.coordinate) for jar in jars.read_lock()}
    asked = {(owner, text) for owner, it in wanted.items() for text in it["roots"] + it["pins"]}
    assert asked <= locked


def test_debezium_is_never_on_the_workers_class_path() -> None:
    names = {Path(path).name for path in jars.class_path("kafka").split(":")}
    assert not {name for name in names if name.startswith("debezium")}
    assert "kafka-clients-4.3.1.jar" in names
    assert "kafka-clients" not in jars.class_path("debezium")


def test_the_lock_is_read_as_it_was_written(tmp_path: Path, jar: Jar) -> None:
    jars.write_lock([jar], tmp_path / "jars.lock")
    assert jars.read_lock(tmp_path / "jars.lock") == [jar]


def test_a_download_comes_into_the_cache(jar: Jar, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(monkeypatch, b"right")
    fetch.fetch([jar])
    assert jar.path.read_bytes() == b"right"


def test_a_download_that_is_not_what_was_locked_is_refused(jar: Jar, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(monkeypatch, b"wrong")
    with pytest.raises(StackError, match=r"org\.example:thing:1\.0 is not what jars\.lock says"):
        fetch.fetch([jar])
    assert not jar.path.exists()
    assert list(jar.path.parent.iterdir()) == []


def test_a_download_that_fails_is_tried_again(
    jar: Jar, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    attempts: list[Path] = []

    class Broken:
        def __init__(self, folder: Path) -> None:
            attempts.append(folder)

        def create_dependency(self, coordinate: str) -> None:
            raise OSError("connection reset")

    monkeypatch.setattr(fetch, "_context", Broken)
    monkeypatch.setattr(fetch.time, "sleep", lambda seconds: None)
    with pytest.raises(StackError, match="failed 4 times: connection reset"):
        fetch.fetch([jar])
    assert len(attempts) == 4


def test_a_damaged_file_in_the_cache_is_missing(
    jar: Jar, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(jars, "read_lock", lambda: [jar])
    deliver(monkeypatch, b"right")
    assert jars.missing() == [jar]
    fetch.fetch([jar])
    assert jars.missing() == []
    jar.path.write_bytes(b"damaged")
    assert jars.missing() == [jar]
