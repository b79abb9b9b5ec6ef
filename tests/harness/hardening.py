"""What every container of the suite must have, by what `docker inspect` says of it."""

from collections.abc import Iterator

from harness.docker import Container

_ROOT = {"", "0", "root"}


def faults(container: Container) -> list[str]:
    """What is wrong with a container, in sentences."""
    return [f"{container.service} {fault}" for fault in _faults(container)]


def _faults(container: Container) -> Iterator[str]:
    config, host = container.facts["Config"], container.facts["HostConfig"]
    if config["User"].split(":")[0] in _ROOT:
        yield "runs as root"
    if host["Privileged"] or host["CapDrop"] != ["ALL"] or host["CapAdd"]:
        yield "has capabilities"
    if "no-new-privileges:true" not in (host["SecurityOpt"] or []):
        yield "may gain privileges"
    if not host["ReadonlyRootfs"]:
        yield "has a writable root file system"
    if not host["Memory"]:
        yield "has no memory limit"
    if host["RestartPolicy"]["Name"] not in {"unless-stopped", "on-failure"}:
        yield "is not started again"
    if any(place["HostIp"] != "127.0.0.1" for places in host["PortBindings"].values() for place in places):
        yield "publishes a port to other machines"
    if host["NetworkMode"] == "host" or host["PidMode"] == "host":
        yield "shares the machine's network or processes"
    if any(mount["Source"].endswith("docker.sock") for mount in container.facts["Mounts"]):
        yield "can command the engine"
