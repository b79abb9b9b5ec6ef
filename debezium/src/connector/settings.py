"""Where Kafka, Connect and the source database are."""

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ConnectorSettings(BaseSettings):
    """Read from the environment; the names are those of `.env.example`."""

    model_config = SettingsConfigDict(env_ignore_empty=True)

    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    connect_url: str = "http://127.0.0.1:8083"
    postgres_host: str = "127.0.0.1"
    postgres_port: int = 5432
    user_team_db_name: str = "django_db"
    debezium_db_user: str = "debezium"
    debezium_db_password: SecretStr = SecretStr("")
