import pytest
from pydantic import ValidationError

from task_meeting.settings import Settings


@pytest.fixture
def environment(monkeypatch):
    for name in ("NAME", "USER", "PASSWORD"):
        monkeypatch.setenv(f"TASK_MEETING_DB_{name}", "hunter2")
    return monkeypatch


def test_the_defaults_stay_on_this_machine(environment):
    environment.delenv("API_HOST", raising=False)
    environment.delenv("API_ALLOWED_HOSTS", raising=False)
    settings = Settings()
    assert settings.api_host == "127.0.0.1"
    assert settings.api_allowed_hosts == ("127.0.0.1", "localhost", "[::1]")


def test_hosts_are_a_list_with_commas_and_an_empty_instance_is_none(environment):
    environment.setenv("API_ALLOWED_HOSTS", "api.example, localhost,")
    environment.setenv("TASK_MEETING_CONSUMER_INSTANCE_ID", "")
    settings = Settings()
    assert settings.api_allowed_hosts == ("api.example", "localhost")
    assert settings.consumer_instance_id is None


def test_a_wrong_setting_does_not_tell_the_password(environment):
    environment.setenv("TASK_MEETING_API_PORT", "0")
    environment.delenv("TASK_MEETING_DB_USER")
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["", "127.0.0.1:8005", "https://meet.example/", "https://meet.example?a=1"]
)
def test_the_public_address_is_one_that_a_path_can_follow(environment, address):
    environment.setenv("TASK_MEETING_PUBLIC_URL", "https://meet.example/suite")
    assert Settings().public_url == "https://meet.example/suite"
    environment.setenv("TASK_MEETING_PUBLIC_URL", address)
    with pytest.raises(ValidationError):
        Settings()
