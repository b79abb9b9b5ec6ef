"""The stack's settings, from the environment and the repository's ``.env``."""

from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values
from pydantic import BaseModel, Field, ValidationError

from local_stack.errors import StackError
from local_stack.paths import ROOT, StatePaths


class Ports(BaseModel):
    """Every port of the stack; a field's upper-case name is its variable."""

    postgres_port: int = Field(default=5432, ge=1, le=65535)
    kafka_port: int = Field(default=9092, ge=1, le=65535)
    kafka_controller_port: int = Field(default=9093, ge=1, le=65535)
    connect_port: int = Field(default=8083, ge=1, le=65535)
    smtp_port: int = Field(default=1025, ge=1, le=65535)
    mail_ui_port: int = Field(default=8025, ge=1, le=65535)
    user_team_port: int = Field(default=8000, ge=1, le=65535)
    user_team_metrics_port: int = Field(default=8100, ge=1, le=65535)
    task_meeting_api_port: int = Field(default=8005, ge=1, le=65535)
    task_meeting_consumer_port: int = Field(default=8105, ge=1, le=65535)
    task_meeting_jobs_port: int = Field(default=8205, ge=1, le=65535)
    notification_api_port: int = Field(default=8003, ge=1, le=65535)
    notification_consumer_port: int = Field(default=8103, ge=1, le=65535)
    notification_sender_port: int = Field(default=8203, ge=1, le=65535)


class StackSettings(Ports):
    """What a person may choose; each field is read from the variable of its upper-case name."""

    local_state_dir: Path = Path(".local")
    port_offset: int = Field(default=0, ge=0)
    postgres_user: str = "postgres"
    user_team_db_name: str = "django_db"
    user_team_db_user: str = "user_team"
    task_meeting_db_name: str = "db_task"
    task_meeting_db_user: str = "task_meeting"
    notification_db_name: str = "db_notification"
    notification_db_user: str = "notification"
    debezium_db_user: str = "debezium"
    viewer_db_user: str = "viewer"
    source_epoch: int = Field(default=1, ge=1)
    auth_audience: str = "team-suite"
    django_superuser_username: str = "admin"
    django_superuser_email: str = "admin@team-suite.example"

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> "StackSettings":
        """Read the settings; an empty variable counts as not set.

        Raises:
            StackError: a value is unusable; the message names its variable.
        """
        given = {name: environ[name.upper()] for name in cls.model_fields if environ.get(name.upper())}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise StackError(f"Unusable settings: {_faults(error)}") from None

    @property
    def ports(self) -> Ports:
        """The ports in use: the chosen ones plus `port_offset`.

        Raises:
            StackError: a sum is no port.
        """
        shifted = {name: getattr(self, name) + self.port_offset for name in Ports.model_fields}
        try:
            return Ports.model_validate(shifted)
        except ValidationError as error:
            raise StackError(f"PORT_OFFSET={self.port_offset} is too big: {_faults(error)}") from None

    @property
    def paths(self) -> StatePaths:
        """The state folder's files; a relative LOCAL_STATE_DIR starts at the repository."""
        return StatePaths(ROOT / self.local_state_dir)


def with_dotenv(environ: Mapping[str, str], dotenv: Path = ROOT / ".env") -> dict[str, str]:
    """The environment over the values of ``.env``: what is exported wins, what is empty counts as not set."""
    values = {name: value for name, value in dotenv_values(dotenv).items() if value}
    return values | dict(environ)


def _faults(error: ValidationError) -> str:
    return "; ".join(f"{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors())
