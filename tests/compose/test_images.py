"""The images that are published: small, labelled, with a list of what is in them."""

import json
import tomllib

import pytest

from harness.compose import Compose
from harness.compose_files import ROOT
from harness.docker import docker

pytestmark = pytest.mark.target("compose")

MOST_BYTES = 250_000_000
# Image → a container that runs it, its folder, and a package that it cannot do without.
IMAGES = {
    "user-team": ("user-team", "user_team_service", "django"),
    "task-meeting": ("task-meeting-api", "task_meeting_service", "fastapi"),
    "notification": ("notification-api", "notification_service", "mjml-python"),
    "connector": ("connector", "debezium", "aiokafka"),
}
LABELS = ("title", "version", "revision", "licenses")


def facts(name: str) -> dict:
    [image] = json.loads(docker("image", "inspect", name))
    return image


@pytest.fixture(params=IMAGES)
def image(request, compose: Compose) -> dict:
    """What the engine says of an image, as its service uses it."""
    used = compose.container(IMAGES[request.param][0]).facts["Image"]
    return {"Name": request.param, **facts(used)}


def test_it_is_small(image):
    assert image["Size"] <= MOST_BYTES


def test_it_says_what_it_is(image):
    labels = image["Config"]["Labels"] or {}
    assert [name for name in LABELS if not labels.get(f"org.opencontainers.image.{name}")] == []


def test_it_has_an_ordinary_user(image):
    assert image["Config"]["User"].split(":")[0] not in {"", "0", "root"}


def test_it_lists_what_is_in_it(image):
    _, folder, needed = IMAGES[image["Name"]]
    cat = ("run", "--rm", "--network=none", "--entrypoint=cat", image["Id"], "/app/sbom.cdx.json")
    sbom = json.loads(docker(*cat))
    assert sbom["bomFormat"] == "CycloneDX"
    project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]
    assert sbom["metadata"]["component"]["name"] == project["name"]
    components = {component["name"].lower(): component for component in sbom["components"]}
    assert needed in components
    assert [name for name, component in components.items() if not component.get("version")] == []


def test_it_has_neither_an_installer_nor_tests(image):
    installers = "glob.glob('/opt/venv/**/site-packages/pip', recursive=True)"
    look = f"import glob; print(*{installers}, *glob.glob('/app/**/tests', recursive=True))"
    run = ("run", "--rm", "--network=none", "--entrypoint=python", image["Id"], "-c", look)
    assert docker(*run).split() == []
