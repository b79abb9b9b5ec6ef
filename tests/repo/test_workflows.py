"""What actionlint cannot know of the workflows: this repository, and the rules that it keeps."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from harness.makefile import missing_targets

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WORKFLOWS = {file.name: yaml.safe_load(file.read_text(encoding="utf-8")) for file in FILES}
USES = re.compile(r"^\s*(?:- )?uses: (?P<action>\S+)(?: # (?P<version>\S+))?$", re.MULTILINE)
MAKE = re.compile(r"(?:^|[;&|] *)make (?P<target>[a-z][a-z-]*)", re.MULTILINE)
IMAGE = re.compile(r"\}/(?P<name>[a-z-]+):\$")


def jobs() -> Iterator[tuple[str, dict]]:
    for file, workflow in WORKFLOWS.items():
        for name, job in workflow["jobs"].items():
            yield f"{file}: {name}", job


def steps() -> Iterator[tuple[str, dict]]:
    for place, job in jobs():
        for step in job.get("steps", ()):
            yield place, step


def test_there_are_workflows():
    assert {"ci.yml", "publish.yml", "locks.yml"} <= WORKFLOWS.keys()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_action_is_pinned_to_a_commit_and_says_its_version(file):
    used = list(USES.finditer(file.read_text(encoding="utf-8")))
    assert len(used) == file.read_text(encoding="utf-8").count("uses:")
    unpinned = [
        found["action"]
        for found in used
        if not found["action"].startswith("./")
        and not (re.search(r"@[0-9a-f]{40}$", found["action"]) and found["version"])
    ]
    assert unpinned == []


def test_an_action_has_one_version_everywhere():
    pins: dict[str, set[str]] = {}
    for file in FILES:
        for found in USES.finditer(file.read_text(encoding="utf-8")):
            name, _, commit = found["action"].partition("@")
            pins.setdefault(name, set()).add(f"{commit} {found['version']}")
    assert {name: sorted(pin) for name, pin in pins.items() if len(pin) > 1} == {}


def test_a_workflow_may_nothing_but_read_unless_a_job_says_so():
    assert {file: workflow.get("permissions") for file, workflow in WORKFLOWS.items()} == {
        file: {"contents": "read"} if file == "ci.yml" else {} for file in WORKFLOWS
    }
    silent = [place for place, job in jobs() if not place.startswith("ci.yml") and not job.get("permissions")]
    assert silent == []


def test_only_publication_and_the_proposal_of_locks_may_write():
    writers = {
        place
        for place, job in jobs()
        if any(access == "write" for access in (job.get("permissions") or {}).values())
    }
    assert writers == {"publish.yml: images", "locks.yml: propose"}


def test_no_checkout_leaves_its_token_behind():
    kept = [
        place
        for place, step in steps()
        if step.get("uses", "").startswith("actions/checkout@")
        and step.get("with", {}).get("persist-credentials") is not False
    ]
    assert kept == []


def test_no_secret_but_the_workflow_s_own_token_is_used():
    for file in FILES:
        assert set(re.findall(r"secrets\.(\w+)", file.read_text(encoding="utf-8"))) <= {"GITHUB_TOKEN"}


def test_every_job_ends_some_time():
    endless = [place for place, job in jobs() if "uses" not in job and "timeout-minutes" not in job]
    assert endless == []


def test_every_workflow_says_what_happens_to_runs_at_once():
    assert [file for file, workflow in WORKFLOWS.items() if not workflow.get("concurrency")] == []


def test_every_make_target_exists():
    used = {found["target"] for _, step in steps() for found in MAKE.finditer(step.get("run", ""))}
    assert used >= {"lint", "test", "test-compose", "lint-workflows", "lint-deploy"}
    assert missing_targets(used) == set()


@pytest.mark.parametrize("file", ["ci.yml", "publish.yml"])
def test_the_images_are_those_of_the_compose_file(file):
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    ours = {
        IMAGE.search(service["image"])["name"]: service["build"]["args"]["SERVICE"]
        for service in compose["services"].values()
        if "build" in service
    }
    matrix = WORKFLOWS[file]["jobs"]["images"]["strategy"]["matrix"]["include"]
    assert {entry["image"]: entry["service"] for entry in matrix} == ours
    assert [service for service in ours.values() if not (ROOT / service / "pyproject.toml").is_file()] == []
