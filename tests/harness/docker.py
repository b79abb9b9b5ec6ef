"""Docker's containers as the tests see them, by the command line client: it knows where the engine is."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

_PROJECT = "com.docker.compose.project"
_SERVICE = "com.docker.compose.service"


class DockerError(RuntimeError):
    """A docker command failed; says which, and what it printed."""


def docker(*arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """Run a docker command; returns what it printed, on either stream.

    Raises:
        DockerError: it failed.
    """
    done = subprocess.run(
        ["docker", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise DockerError(f"docker {' '.join(arguments)}:\n{done.stdout}")
    return done.stdout


@cache
def builder() -> str:
    """The value of DOCKER_BUILDKIT that works here: BuildKit needs a plugin, the classic builder does not."""
    buildx = subprocess.run(["docker", "buildx", "version"], capture_output=True, check=False)
    return "1" if buildx.returncode == 0 else "0"


def labelled(project: str, service: str | None = None) -> list[str]:
    """The filters that find what belongs to a compose project, or to one service of it."""
    filters = [f"--filter=label={_PROJECT}={project}"]
    return filters if service is None else [*filters, f"--filter=label={_SERVICE}={service}"]


@dataclass(frozen=True, slots=True)
class Container:
    """What `docker inspect` says of a container at one moment."""

    facts: Mapping[str, Any]

    @property
    def id(self) -> str:
        return self.facts["Id"]

    @property
    def service(self) -> str:
        return self.facts["Config"]["Labels"][_SERVICE]

    @property
    def is_one_shot(self) -> bool:
        """Whether it does its work and ends, and is started again only when it has failed."""
        return self.facts["HostConfig"]["RestartPolicy"]["Name"] != "unless-stopped"

    @property
    def is_running(self) -> bool:
        return self.facts["State"]["Running"]

    @property
    def run(self) -> tuple[str, bool, int]:
        """Differs between any two runs of its main process, and when that has ended."""
        return self.facts["State"]["StartedAt"], self.is_running, self.restarts

    @property
    def restarts(self) -> int:
        """How often the engine has started it again, by its restart policy."""
        return self.facts["RestartCount"]

    @property
    def is_ready(self) -> bool:
        """Healthy by its own check, or, if it is to end, ended well."""
        state = self.facts["State"]
        if self.is_one_shot:
            return state["Status"] == "exited" and state["ExitCode"] == 0
        return self.is_running and state.get("Health", {}).get("Status") == "healthy"

    @property
    def has_failed(self) -> bool:
        """Whether it should have ended well, did not, and was given up."""
        state = self.facts["State"]
        return self.is_one_shot and state["Status"] == "exited" and state["ExitCode"] != 0

    def __str__(self) -> str:
        state = self.facts["State"]
        health = state.get("Health", {}).get("Status", "no health check")
        return f"{self.service}: {state['Status']}, exit code {state['ExitCode']}, {health}"


def containers(project: str, service: str | None = None) -> list[Container]:
    """The containers of a project, those that have ended too."""
    ids = docker("ps", "--all", "--quiet", "--no-trunc", *labelled(project, service)).split()
    return [Container(facts) for facts in json.loads(docker("inspect", *ids))] if ids else []
