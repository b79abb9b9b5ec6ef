"""Settings that every service has. A service subclasses `ServiceSettings` and names its own prefix."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings
from sqlalchemy import URL


class ServiceSettings(BaseSettings):
    """What a service reads from the environment; secrets come from nowhere else.

    Fields with an alias are shared by the whole suite and carry no prefix; the others get the
    `env_prefix` of the subclass, e.g. `TASK_MEETING_DB_PASSWORD`.
    """

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", validation_alias="LOG_LEVEL")
    log_format: Literal["json", "console"] = Field("json", validation_alias="LOG_FORMAT")
    api_host: str = Field("127.0.0.1", validation_alias="API_HOST")
    postgres_host: str = Field("127.0.0.1", validation_alias="POSTGRES_HOST")
    postgres_port: int = Field(5432, validation_alias="POSTGRES_PORT", ge=1, le=65535)
    kafka_bootstrap_servers: str = Field("127.0.0.1:9092", validation_alias="KAFKA_BOOTSTRAP_SERVERS")
    db_name: str
    db_user: str
    db_password: SecretStr
    db_pool_size: int = Field(5, ge=1, le=100)

    @property
    def database_url(self) -> URL:
        """The service's own database; the driver is asyncpg."""
        return URL.create(
            "postgresql+asyncpg",
            username=self.db_user,
            password=self.db_password.get_secret_value(),
            host=self.postgres_host,
            port=self.postgres_port,
            database=self.db_name,
        )
