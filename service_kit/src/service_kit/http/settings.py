"""Settings of every process that serves HTTP to others."""

from typing import Annotated

import limits
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode


class HttpSettings(BaseSettings):
    """Mixed into a service's settings, beside `ServiceSettings`."""

    api_allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        ("127.0.0.1", "localhost", "[::1]"), validation_alias="API_ALLOWED_HOSTS"
    )

    api_rate_limit: str = Field(
        "100/second",
        validation_alias="API_RATE_LIMIT",
        description="Requests of one caller to one process, or of one address without a valid token.",
    )

    @field_validator("api_rate_limit")
    @classmethod
    def _parses(cls, value: str) -> str:
        limits.parse(value)
        return value

    @field_validator("api_allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            tuple(host.strip() for host in value.split(",") if host.strip())
            if isinstance(value, str)
            else value
        )
