"""The variables that every process of the stack gets, and that `local_stack env` prints."""

from collections.abc import Mapping
from dataclasses import dataclass

from local_stack import credentials
from local_stack.paths import StatePaths
from local_stack.settings import Ports, StackSettings

HOST = "127.0.0.1"
_RATE_LIMIT = "5000/second"
"""Here whoever asks measures: the demo looks many times a second."""
_SETTINGS = (
    "postgres_user",
    "user_team_db_name",
    "user_team_db_user",
    "task_meeting_db_name",
    "task_meeting_db_user",
    "notification_db_name",
    "notification_db_user",
    "debezium_db_user",
    "viewer_db_user",
    "source_epoch",
    "auth_audience",
    "django_superuser_username",
    "django_superuser_email",
)


@dataclass(frozen=True, slots=True)
class Context:
    """What the parts of a stack are made from."""

    settings: StackSettings
    paths: StatePaths
    ports: Ports
    exported: Mapping[str, str]
    """Our own variables, without what was inherited."""
    environ: Mapping[str, str]
    """The children's whole environment."""


def build(environ: Mapping[str, str]) -> Context:
    """Read the settings from `environ`, make missing passwords up, and derive the addresses.

    Raises:
        StackError: a setting is unusable.
    """
    settings = StackSettings.load(environ)
    ports = settings.ports
    paths = settings.paths
    passwords = credentials.load_or_create(paths.secrets, environ)
    exported = {
        **{name.upper(): str(getattr(settings, name)) for name in _SETTINGS},
        **{name.upper(): str(port) for name, port in ports.model_dump().items()},
        **_addresses(ports),
        "API_RATE_LIMIT": _RATE_LIMIT,
        **passwords,
        # The ports above are final: a command that reads them must not shift them again.
        "PORT_OFFSET": "0",
        "LOCAL_STATE_DIR": str(paths.root),
    }
    return Context(settings, paths, ports, exported, {**environ, **exported, "PYTHONUNBUFFERED": "1"})


def _addresses(ports: Ports) -> dict[str, str]:
    """Where the parts find each other; mail goes to the catcher and never to a real server."""
    issuer = f"http://{HOST}:{ports.user_team_port}"
    return {
        "AUTH_ISSUER": issuer,
        "AUTH_JWKS_URL": f"{issuer}/.well-known/jwks.json",
        "API_HOST": HOST,
        "TASK_MEETING_PUBLIC_URL": f"http://{HOST}:{ports.task_meeting_api_port}",
        "NOTIFICATION_PUBLIC_URL": f"http://{HOST}:{ports.notification_api_port}",
        "POSTGRES_HOST": HOST,
        "KAFKA_BOOTSTRAP_SERVERS": f"{HOST}:{ports.kafka_port}",
        "CONNECT_URL": f"http://{HOST}:{ports.connect_port}",
        "NOTIFICATION_SMTP_HOST": HOST,
        "NOTIFICATION_SMTP_PORT": str(ports.smtp_port),
        "NOTIFICATION_SMTP_USERNAME": "",
        "NOTIFICATION_SMTP_PASSWORD": "",
        "NOTIFICATION_SMTP_TLS": "none",
    }
