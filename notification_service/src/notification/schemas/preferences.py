"""What people choose: of which mails, when, in which language and by which clock."""

from functools import cache
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from notification.kinds import Delivery, Kind


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in _time_zones():
        raise ValueError("Not a time zone of the IANA database")
    return name


ClockTime = Annotated[
    str,
    Field(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
        description="By the person's clock, to the minute.",
        examples=["09:00"],
    ),
]
TimeZone = Annotated[
    str,
    AfterValidator(_known_zone),
    Field(max_length=64, description="A name of the IANA time zone database.", examples=["Europe/Moscow"]),
]


class _Strict(BaseModel):
    """What it does not know, it refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class QuietHours(_Strict):
    """From when to when no mail comes but what protects an account; they may span midnight."""

    model_config = ConfigDict(serialize_by_alias=True)

    begin: ClockTime = Field(alias="from", examples=["22:00"])
    until: ClockTime = Field(examples=["07:00"])

    @model_validator(mode="after")
    def _ends_later(self) -> Self:
        if self.begin == self.until:
            raise ValueError("Quiet hours end at another time than they begin")
        return self


_ANSWERED: Any = {"json_schema_extra": {"readOnly": True}}


class KindPreference(_Strict):
    """When the mails of a kind may come."""

    delivery: Delivery = Field(examples=["daily"])
    at: ClockTime | None = Field(
        None, description="When the mails of a day come together: only with `daily`, and 09:00 without it."
    )
    choices: list[Delivery] | None = Field(
        None,
        description="What may be chosen for the kind. It may be sent back, and says nothing.",
        **_ANSWERED,
    )
    about: str | None = Field(
        None, description="The kind in words. It may be sent back, and says nothing.", **_ANSWERED
    )

    @model_validator(mode="after")
    def _only_daily_has_a_time(self) -> Self:
        if self.at is not None and self.delivery is not Delivery.DAILY:
            raise ValueError("Only what comes daily comes at a time")
        return self


_EXAMPLE: dict[str, Any] = {
    "language": "ru",
    "time_zone": "Europe/Moscow",
    "quiet_hours": {"from": "22:00", "until": "07:00"},
    "kinds": {
        "assigned": {
            "delivery": "daily",
            "at": "09:00",
            "choices": ["immediately", "hourly", "daily", "off"],
            "about": "Новые назначения в проекты и команды",
        }
    },
}


class Preferences(_Strict):
    """Everything that a person chooses: all four fields, so that nothing is lost by being forgotten."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    language: Literal["en", "ru"] | None = Field(description="Of the mails; null: as in the account.")
    time_zone: TimeZone | None = Field(description="The clock of hours and days; null: as in the account.")
    quiet_hours: QuietHours | None = Field(description="Null: none.")
    kinds: dict[Kind, KindPreference] = Field(
        description="By kind. One that is not given has its default: it comes immediately."
    )
