"""Use case: people choose which mails they get, and when, in which language and by which clock."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

from notification.kinds import Delivery, Kind, deliveries
from notification.mail.kinds import about
from notification.mail.translations import choose_locale
from notification.mail.unsubscribe import Unsubscription
from notification.models import Preference
from notification.queries import digests
from notification.queries import preferences as queries
from notification.schemas.preferences import KindPreference, Preferences, QuietHours
from service_kit.auth import Caller
from service_kit.db import ReadSession, WriteSession
from service_kit.http import InvalidValueError, NotFound
from service_kit.http.etag import Match

MANAGE = "notifications.manage"
DEFAULT_AT = "09:00"
_OFF = {"delivery": Delivery.OFF}
# What a person chose, as columns of `preference`.
_Values = dict[str, Any]


async def show(session: ReadSession, caller: Caller, user_oid: UUID) -> tuple[Preferences, int]:
    """What a person chose and may choose, in the caller's language; and the version, 0 before a first choice.

    Raises:
        NotFound: it is somebody else, and the caller does not manage mails.
    """
    _check_caller(caller, user_oid)
    row = await queries.find(session, user_oid)
    locale = await language_of(session, caller.oid)
    return _shown(_values(row), locale), row.version if row else 0


async def replace(
    session: WriteSession, caller: Caller, user_oid: UUID, body: Preferences, *, match: Match, now: datetime
) -> tuple[Preferences, int]:
    """Replace what a person chose; what waits for them is decided anew. The same choice keeps its version.

    Raises:
        NotFound: see `show`.
        InvalidValueError: a kind does not offer what is chosen for it.
        Problem: 412 for a stale `match`.
    """
    _check_caller(caller, user_oid)
    wanted = _wanted(body)
    await digests.hold(session, user_oid)
    row = await queries.find(session, user_oid)
    match.check(row.version if row else 0)
    version = await _save(session, user_oid, row, wanted, now)
    return _shown(wanted, await language_of(session, caller.oid)), version


async def switch(session: WriteSession, who: Unsubscription, now: datetime, *, off: bool) -> None:
    """Switch kinds off, or on again with their defaults. What is so already stays as it is."""
    await digests.hold(session, who.user_oid)
    row = await queries.find(session, who.user_oid)
    present = _values(row)
    kept = {
        kind: choice
        for kind, choice in present["kinds"].items()
        if kind not in who.kinds or (not off and choice != _OFF)
    }
    switched = dict.fromkeys(map(str, who.kinds), _OFF) if off else {}
    await _save(session, who.user_oid, row, {**present, "kinds": kept | switched}, now)


async def are_off(session: ReadSession, who: Unsubscription) -> bool:
    """Whether none of these kinds comes to the person."""
    kinds = _values(await queries.find(session, who.user_oid))["kinds"]
    return all(kinds.get(kind) == _OFF for kind in who.kinds)


async def language_of(session: ReadSession, user_oid: UUID) -> str:
    """One of `translations.LOCALES`: what the person chose, or that of their account."""
    return choose_locale(await queries.locale_of(session, user_oid))


async def _save(
    session: WriteSession, user_oid: UUID, row: Preference | None, wanted: _Values, now: datetime
) -> int:
    version = row.version if row else 0
    if wanted == _values(row):
        return version
    await queries.save(session, user_oid, wanted, version=version + 1, now=now)
    await digests.reconsider(session, user_oid=user_oid, now=now)
    return version + 1


def _check_caller(caller: Caller, user_oid: UUID) -> None:
    if caller.oid != user_oid and not caller.may(MANAGE):
        raise NotFound("person")


def _values(row: Preference | None) -> _Values:
    """What is stored, or the defaults."""
    columns = ("locale", "time_zone", "quiet_from", "quiet_until")
    return {column: getattr(row, column, None) for column in columns} | {"kinds": row.kinds if row else {}}


def _wanted(body: Preferences) -> _Values:
    """What is asked for, as it is stored: of a default nothing is kept."""
    quiet = body.quiet_hours
    return {
        "locale": body.language,
        "time_zone": body.time_zone,
        "quiet_from": quiet and time.fromisoformat(quiet.begin),
        "quiet_until": quiet and time.fromisoformat(quiet.until),
        "kinds": {
            str(kind): _choice(kind, chosen)
            for kind, chosen in body.kinds.items()
            if chosen.delivery is not Delivery.IMMEDIATELY
        },
    }


def _choice(kind: Kind, chosen: KindPreference) -> dict[str, str]:
    if chosen.delivery not in deliveries(kind):
        raise InvalidValueError(("body", "kinds", kind, "delivery"), "Not among the choices of this kind")
    at = {"at": chosen.at or DEFAULT_AT} if chosen.delivery is Delivery.DAILY else {}
    return {"delivery": chosen.delivery, **at}


def _shown(values: _Values, locale: str) -> Preferences:
    quiet_from, quiet_until = values["quiet_from"], values["quiet_until"]
    quiet = {"from": f"{quiet_from:%H:%M}", "until": f"{quiet_until:%H:%M}"} if quiet_from else None
    return Preferences(
        language=values["locale"],
        time_zone=values["time_zone"],
        quiet_hours=quiet and QuietHours.model_validate(quiet),
        kinds={kind: _shown_kind(kind, values["kinds"].get(kind, {}), locale) for kind in Kind},
    )


def _shown_kind(kind: Kind, choice: dict[str, str], locale: str) -> KindPreference:
    choices = deliveries(kind)
    return KindPreference.model_validate(
        {"delivery": choices[0], **choice, "choices": choices, "about": about(kind, locale)}
    )
