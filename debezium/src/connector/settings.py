"""Where Kafka, Connect and the source databases are."""

import re

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from connector.definition import Definition


class ConnectorSettings(BaseSettings):
    """Read from the environment; the names are those of `.env.example`."""

    model_config = SettingsConfigDict(env_ignore_empty=True)

    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    connect_url: str = "http://127.0.0.1:8083"
    postgres_host: str = "127.0.0.1"
    postgres_port: int = 5432
    user_team_db_name: str = "django_db"
    task_meeting_db_name: str = "db_task"
    debezium_db_user: str = "debezium"
    debezium_db_password: SecretStr = SecretStr("")

    def database_of(self, definition: Definition) -> str:
        """The name of the connector's source database, as the worker would resolve it."""
        reference = definition.config["database.dbname"]
        return re.sub(r"\$\{env:(\w+)}", lambda found: getattr(self, found[1].lower()), reference)
