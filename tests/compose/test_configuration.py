"""The compose files: every combination that is documented is valid."""

import pytest

from harness.compose import Compose
from harness.compose_files import BASE, CONSUMER, TESTS, published
from harness.docker import DockerError

pytestmark = pytest.mark.target("compose")

PROFILES = ("tools", "observability", "tests")


@pytest.mark.parametrize(
    ("files", "profiles"),
    [
        ((BASE,), ()),
        ((BASE,), ("tools", "observability")),
        ((BASE, TESTS), ("tests",)),
        ((BASE, CONSUMER), ("tools", "observability")),
        ((BASE, TESTS, CONSUMER), PROFILES),
    ],
    ids=lambda names: "+".join(names) or "no profile",
)
def test_every_combination_of_files_and_profiles_is_valid(compose: Compose, files, profiles):
    options = [f"--profile={profile}" for profile in profiles]
    services = compose.compose(*options, "config", "--services", files=files).split()
    assert {"postgres", "kafka", "connect", "user-team", "mail"} <= set(services)


def test_every_profile_is_a_known_one(compose: Compose):
    every = compose.compose("config", "--profiles", files=(BASE, TESTS, CONSUMER)).split()
    assert set(every) == set(PROFILES)


@pytest.mark.parametrize("profile", [(), ("--profile=*",)], ids=["default", "all profiles"])
def test_everything_is_published_on_the_loopback_address_by_a_variable(compose: Compose, profile):
    services = compose.configuration(*profile)["services"]
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert {port["host_ip"] for port in ports} == {"127.0.0.1"}
    chosen = {compose.variables[name] for name in published()}
    assert {port["published"] for port in ports} <= chosen


@pytest.mark.parametrize("name", ["POSTGRES_PASSWORD", "USER_TEAM_SECRET_KEY", "NOTIFICATION_DB_PASSWORD"])
def test_without_a_password_nothing_starts(compose: Compose, name):
    """No default password is in use."""
    with pytest.raises(DockerError, match=name):
        compose.compose("config", "--quiet", exported={name: ""})
