"""The Helm chart, rendered, as tests ask it."""

import subprocess
from collections.abc import Iterator

import pytest
import yaml

from connector.contracts import REPOSITORY

CHART = REPOSITORY / "deploy" / "helm" / "team-suite"
TOOL = REPOSITORY / "deploy" / "bin" / "deploy-tool"
# A helm may have been built without knowing any.
KUBERNETES = "1.37.0"
WORKLOADS = ("Deployment", "Job")
# Arguments of `render`, by the name of the installation that they make.
INSTALLATIONS = {"default": (), "production": ("--values", str(CHART / "values-production.yaml"))}


def tool(name: str) -> str:
    found = subprocess.run([TOOL, "--no-install", name], capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip(f"{name} is not on PATH, and `make lint-deploy` has not compiled it yet")
    return found.stdout.strip()


def template(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [tool("helm"), "template", "suite", str(CHART), "--kube-version", KUBERNETES, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def render(*arguments: str) -> list[dict]:
    done = template(*arguments)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def of(chart: list[dict], *kinds: str) -> list[dict]:
    found = [document for document in chart if document["kind"] in kinds]
    assert found, f"no {kinds}"
    return found


def the(chart: list[dict], kind: str) -> dict:
    (only,) = of(chart, kind)
    return only


def workloads(chart: list[dict]) -> Iterator[tuple[str, dict]]:
    """Name and pod template of everything of ours that runs."""
    for document in of(chart, *WORKLOADS):
        yield document["metadata"]["name"], document["spec"]["template"]


def containers(chart: list[dict]) -> Iterator[tuple[str, dict]]:
    for name, pod in workloads(chart):
        for container in pod["spec"].get("initContainers", []) + pod["spec"]["containers"]:
            yield name, container


def variables(container: dict) -> dict[str, str | None]:
    assert len({entry["name"] for entry in container["env"]}) == len(container["env"]), "a variable twice"
    return {entry["name"]: entry.get("value") for entry in container["env"]}
