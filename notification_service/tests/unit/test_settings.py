"""What the notifier refuses to start with."""

import pytest
from pydantic import ValidationError
from pydantic_settings import SettingsError

from notification.settings import DomainLimit, Settings


@pytest.fixture
def load(monkeypatch):
    """The settings, from an environment with these variables."""

    def from_environment(**variables):
        for name, value in {"DB_NAME": "x", "DB_USER": "x", "DB_PASSWORD": "x", **variables}.items():
            monkeypatch.setenv(f"NOTIFICATION_{name}", value)
        return Settings()

    return from_environment


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost", "mail"])
def test_a_server_of_our_own_may_be_spoken_to_in_the_clear(load, host):
    assert load(SMTP_HOST=host, SMTP_TLS="none").smtp_tls == "none"


@pytest.mark.parametrize("host", ["smtp.example.com", "10.0.0.7", "fd00::1", "mail.", "127.0.0.1.example"])
def test_any_other_must_encrypt_and_nothing_secret_is_said(load, host):
    with pytest.raises(ValidationError, match="NOTIFICATION_SMTP_TLS must be starttls or tls") as caught:
        load(SMTP_HOST=host, SMTP_TLS="none", SMTP_PASSWORD="open-sesame")
    assert "open-sesame" not in str(caught.value)
    assert load(SMTP_HOST=host, SMTP_TLS="starttls").smtp_tls == "starttls"


def test_a_server_far_away_needs_it_named(load, monkeypatch):
    monkeypatch.delenv("NOTIFICATION_SMTP_TLS", raising=False)
    with pytest.raises(ValidationError, match="NOTIFICATION_SMTP_TLS"):
        load(SMTP_HOST="smtp.example.com")


def test_limits_of_domains_are_json(load):
    limits = load(DOMAIN_LIMITS='{"*": {"per_second": 50}, "gmail.com": {"concurrency": 2}}').domain_limits
    assert limits == {"*": DomainLimit(per_second=50), "gmail.com": DomainLimit(concurrency=2)}


@pytest.mark.parametrize(
    "text",
    [
        "50",
        "{",
        '{"*": 5}',
        '{"*": {"concurrency": 0}}',
        '{"*": {"per_second": 0}}',
        '{"*": {"per_second": -1}}',
        '{"*": {"per_minute": 1}}',
    ],
)
def test_limits_that_make_no_sense_are_refused_by_name(load, text):
    with pytest.raises((ValidationError, SettingsError), match="domain_limits"):
        load(DOMAIN_LIMITS=text)
