"""The real containers: what they may not, and what they are."""

import copy

import pytest

from harness.compose import Compose
from harness.docker import Container, docker
from harness.hardening import faults

pytestmark = pytest.mark.target("compose")

SERVICES = {
    *("postgres", "databases", "kafka", "connect", "topics", "connector", "mail"),
    *("user-team-migrate", "user-team"),
    *("task-meeting-migrate", "task-meeting-api", "task-meeting-consumer", "task-meeting-jobs"),
    *("notification-migrate", "notification-api", "notification-consumer", "notification-sender"),
}
BREAKS = {
    "runs as root": ("Config", "User", "0:0"),
    "has capabilities": ("HostConfig", "CapAdd", ["SYS_ADMIN"]),
    "may gain privileges": ("HostConfig", "SecurityOpt", None),
    "has a writable root file system": ("HostConfig", "ReadonlyRootfs", False),
    "has no memory limit": ("HostConfig", "Memory", 0),
    "is not started again": ("HostConfig", "RestartPolicy", {"Name": "no"}),
    "publishes a port to other machines": ("HostConfig", "PortBindings", {"1/tcp": [{"HostIp": "0.0.0.0"}]}),
    "shares the machine's network or processes": ("HostConfig", "PidMode", "host"),
}


def test_every_service_has_one_container(compose: Compose):
    assert sorted(container.service for container in compose.containers()) == sorted(SERVICES)


def test_every_container_is_confined(compose: Compose):
    assert [fault for container in compose.containers() for fault in faults(container)] == []


@pytest.mark.parametrize("fault", BREAKS)
def test_a_container_that_is_not_confined_is_noticed(compose: Compose, fault):
    part, name, value = BREAKS[fault]
    facts = copy.deepcopy(compose.container("user-team").facts)
    facts[part][name] = value
    assert faults(Container(facts)) == [f"user-team {fault}"]


def test_no_process_is_root_s(compose: Compose):
    """Whatever the configuration says: what the machine sees."""
    running = [container for container in compose.containers() if container.is_running]
    users = {container.service: {user for _, user in processes(container)} for container in running}
    assert [service for service, uids in users.items() if not uids or "0" in uids] == []


def processes(container: Container) -> list[list[str]]:
    """Pid and uid of each."""
    return [line.split() for line in docker("top", container.id, "-eo", "pid,uid").splitlines()[1:]]


def test_containers_reach_only_what_they_need(compose: Compose):
    """The mail catcher sees no database, and the APIs no broker."""
    networks = {
        container.service: {name.removeprefix(f"{compose.project}_") for name in _networks(container)}
        for container in compose.containers()
    }
    assert networks["mail"] == {"mail"}
    assert "database" not in networks["kafka"]
    assert all("events" not in networks[api] for api in ("user-team", "task-meeting-api", "notification-api"))
    assert "default" not in set.union(*networks.values())


def test_data_lies_in_named_volumes_only(compose: Compose):
    """One without a name would stay behind at every `down`, and `down --volumes` would not know it."""
    nameless = [
        (container.service, mount["Destination"])
        for container in compose.containers()
        for mount in container.facts["Mounts"]
        if mount["Type"] == "volume" and not mount["Name"].startswith(f"{compose.project}_")
    ]
    assert nameless == []


def _networks(container: Container) -> set[str]:
    return set(container.facts["NetworkSettings"]["Networks"])
