"""What the notifier reads from the environment."""

import ipaddress
from datetime import timedelta
from email.utils import parseaddr
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from service_kit.auth import AuthSettings
from service_kit.auth.settings import ADDRESS
from service_kit.http import HttpSettings
from service_kit.settings import ServiceSettings

# Characters; the hash that a secret is used with has as many bytes (SHA-256).
_SHORTEST_SECRET = 32


class DomainLimit(BaseModel):
    """How much one sender process sends to one mail domain; what is not given is not limited.

    Attributes:
        concurrency: mails on their way at the same time.
        per_second: mails on the average; after a quiet time as many as in one second may go at once.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    concurrency: int | None = Field(None, ge=1)
    per_second: float | None = Field(None, gt=0)


class Settings(AuthSettings, HttpSettings, ServiceSettings):
    """Every variable is `NOTIFICATION_` and the field's name, except the suite's shared ones."""

    model_config = SettingsConfigDict(env_prefix="NOTIFICATION_", hide_input_in_errors=True)

    api_port: int = Field(8003, ge=1, le=65535)
    public_url: str = Field(
        "http://127.0.0.1:8003",
        pattern=ADDRESS,
        description="The address that people know the API by, without a slash at its end; links begin so.",
    )
    unsubscribe_secrets: SecretStr = Field(
        SecretStr(""), description="Separated by commas: the first signs links, all verify them."
    )
    consumer_port: int = Field(8103, ge=1, le=65535)
    sender_port: int = Field(8203, ge=1, le=65535)
    consumer_instance_id: str | None = Field(None, description="Static membership; unique among consumers.")

    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(1025, ge=1, le=65535)
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_tls: Literal["none", "starttls", "tls"] = "none"
    smtp_timeout_seconds: float = Field(20, gt=0)
    domain_limits: dict[str, DomainLimit] = Field(
        {"*": DomainLimit(concurrency=4, per_second=100)},
        description="By the domain of an address; `*` is for each that is not named. Per sender process.",
    )
    mail_from: str = "Team Suite <no-reply@team-suite.example>"
    reply_to: str = Field("", description="Who reads answers to mails that nobody else is named in.")

    notify_renames: bool = False
    max_event_age_hours: int = Field(72, ge=1)
    burst_seconds: float = Field(
        60,
        ge=0,
        description="Mails of one kind that come to a person within it are put together; 0: none are.",
    )
    sender_workers: int = Field(4, ge=1, le=64)
    sender_lease_seconds: float = Field(30, gt=0)

    @field_validator("consumer_instance_id")
    @classmethod
    def _empty_is_none(cls, value: str | None) -> str | None:
        return value or None

    @field_validator("unsubscribe_secrets")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if any(len(secret) < _SHORTEST_SECRET for secret in _split(value)):
            raise ValueError(f"Each secret has {_SHORTEST_SECRET} characters or more")
        return value

    @field_validator("smtp_tls")
    @classmethod
    def _encrypted_unless_local(cls, value: str, info: ValidationInfo) -> str:
        if value == "none" and not _is_local(info.data.get("smtp_host", "")):
            raise ValueError(
                "NOTIFICATION_SMTP_TLS must be starttls or tls: mails and passwords would cross a network"
                " in plain text, which only a server on this machine or of the same deployment may get"
            )
        return value

    @property
    def max_event_age(self) -> timedelta:
        """Older changes mail nobody: such news is no news."""
        return timedelta(hours=self.max_event_age_hours)

    @property
    def link_secrets(self) -> list[str]:
        """What links are signed with, the newest first."""
        return _split(self.unsubscribe_secrets)

    @property
    def mail_domain(self) -> str:
        """The right-hand side of our Message-IDs."""
        return parseaddr(self.mail_from)[1].rpartition("@")[2]


def _split(secrets: SecretStr) -> list[str]:
    return [secret.strip() for secret in secrets.get_secret_value().split(",") if secret.strip()]


def _is_local(host: str) -> bool:
    """Whether a host is this machine, or one of the same deployment: those have names without a dot."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return "." not in host
