"""No secret of the stack is where somebody could read it who has none: images, logs, Connect's answers."""

import base64
import gzip
import io
import subprocess
import tarfile

import httpx2
import pytest

from connector import definition
from harness.compose import Compose
from harness.docker import docker
from harness.leaks import Leaks

pytestmark = pytest.mark.target("compose")


@pytest.fixture(scope="module")
def leaks(compose: Compose) -> Leaks:
    """Knows the stack's secrets, as they are and in base64."""
    encoded = {
        f"{name} in base64": base64.b64encode(value.encode()).decode()
        for name, value in compose.secrets.items()
    }
    return Leaks({**compose.secrets, **encoded})


@pytest.fixture(scope="module")
def images(compose: Compose) -> list[str]:
    """The ids of the images that were built here."""
    built = compose.compose("config", "--images").split()
    ours = {name for name in built if name.startswith("team-suite/")}
    assert len(ours) >= 5
    return sorted(ours)


def test_no_image_holds_one(images, leaks: Leaks):
    """In no file of any layer, though a later layer may hide it, and in no configuration."""
    with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as saving:
        assert leaks.in_images(saving.stdout) == set()
    assert saving.returncode == 0


def test_no_image_s_history_shows_one(images, leaks: Leaks):
    histories = [docker("history", "--no-trunc", image) for image in images]
    assert leaks.in_text("\n".join(histories)) == set()


def test_no_container_has_logged_one(compose: Compose, leaks: Leaks):
    every = compose.containers()
    logs = {container.service: docker("logs", container.id) for container in every}
    assert all(logs[container.service] for container in every if container.is_running)
    assert {name: found for name, log in logs.items() if (found := leaks.in_text(log))} == {}


@pytest.mark.parametrize("what", ["", "/config", "/status", "/tasks", "/offsets"])
def test_connect_tells_nobody(compose: Compose, leaks: Leaks, what):
    answer = httpx2.get(f"{compose.connect_url}/connectors/{definition.load().name}{what}", timeout=30)
    assert answer.is_success
    assert leaks.in_text(answer.text) == set()


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_secret_in_a_layer_is_found(leaks: Leaks, compose: Compose, pack):
    """Even at the seam of two chunks."""
    name, value = next(iter(compose.secrets.items()))
    seam = (1 << 20) - 5
    layer = pack(b"x" * seam + value.encode() + b"x" * 100)
    saved = io.BytesIO()
    with tarfile.open(fileobj=saved, mode="w") as archive:
        entry = tarfile.TarInfo("layer.tar")
        entry.size = len(layer)
        archive.addfile(entry, io.BytesIO(layer))
    assert leaks.in_images(io.BytesIO(saved.getvalue())) == {name}
