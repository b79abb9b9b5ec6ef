"""What this service reads from the environment; .env.example explains each variable."""

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from service_kit.auth import AuthSettings
from service_kit.auth.settings import ADDRESS
from service_kit.http import HttpSettings
from service_kit.settings import ServiceSettings


class Settings(AuthSettings, HttpSettings, ServiceSettings):
    """Variables begin with `TASK_MEETING_`, but for those that the whole suite shares."""

    model_config = SettingsConfigDict(env_prefix="TASK_MEETING_", hide_input_in_errors=True)

    api_port: int = Field(8005, ge=1, le=65535)
    public_url: str = Field(
        "http://127.0.0.1:8005",
        pattern=ADDRESS,
        description="The address that people know the API by, without a slash at its end; links begin so.",
    )
    consumer_port: int = Field(8105, ge=1, le=65535, description="Health and metrics of the consumer.")
    jobs_port: int = Field(8205, ge=1, le=65535, description="Health and metrics of the jobs' process.")
    consumer_instance_id: str | None = Field(None, description="Static membership; unique among consumers.")

    @field_validator("consumer_instance_id")
    @classmethod
    def _empty_is_none(cls, value: str | None) -> str | None:
        return value or None
