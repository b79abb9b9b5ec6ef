"""Profiles: a person as the administration and they themselves describe them."""

from collections.abc import Iterator
from uuid import UUID

from service_kit.auth.challenge import Forbidden
from service_kit.db import ReadSession, WriteSession
from service_kit.http.etag import Match
from service_kit.http.problem import InvalidValueError
from task_meeting.queries import profiles as queries
from task_meeting.schemas import profiles as schemas
from task_meeting.schemas.directory import UserDetail
from task_meeting.service import directory
from task_meeting.service.access import Access

_MANAGE = "profiles.manage"
_FIELDS = frozenset(schemas.Profile.model_fields)
_READ_ONLY = set(schemas.ReadOnly.model_fields)


async def read(session: ReadSession, user_oid: UUID, access: Access) -> tuple[schemas.UserWithProfile, int]:
    """A person with their profile, and its version, 0 before the first change. Raises `NotFound`."""
    user = await directory.user_detail(session, user_oid, access.seen_by)
    row = await queries.find_profile(session, user_oid)
    profile = schemas.Profile() if row is None else schemas.Profile.model_validate(row, from_attributes=True)
    return schemas.UserWithProfile(**dict(user), **dict(profile)), 0 if row is None else row.version


async def change(
    session: WriteSession,
    access: Access,
    user_oid: UUID,
    body: schemas.ProfileInput,
    if_match: Match,
) -> tuple[schemas.UserWithProfile, int]:
    """Replace a profile; what is the same already stays, with its version.

    Raises:
        NotFound: the caller may not know of this person.
        Forbidden: it is another's profile, and the caller does not manage profiles.
        InvalidValueError: a changed field belongs to the administration.
        Problem: 412 for a stale `if_match`.
    """
    user = await directory.user_detail(session, user_oid, access.seen_by)
    if user_oid != access.oid and not access.caller.may(_MANAGE):
        raise Forbidden(_MANAGE)
    _refuse_read_only(user, body)
    row = await queries.lock_profile(session, user_oid)
    if_match.check(row.version)
    present = schemas.Profile.model_validate(row, from_attributes=True)
    wanted = schemas.Profile(**{name: getattr(body, name) for name in _FIELDS})
    version = row.version
    if wanted != present:
        version = await queries.save_profile(session, user_oid, wanted.model_dump(mode="json"))
    return schemas.UserWithProfile(**dict(user), **dict(wanted)), version


def _refuse_read_only(user: UserDetail, body: schemas.ProfileInput) -> None:
    for name in _changed(user, body):
        raise InvalidValueError(
            ("body", name), "Belongs to the administration (user_team): it can only be sent back unchanged"
        )


def _changed(user: UserDetail, body: schemas.ProfileInput) -> Iterator[str]:
    """The given read-only fields that are not as the caller got them; compared as JSON, as they were sent."""
    present = user.model_dump(mode="json")
    given = body.model_dump(mode="json", include=_READ_ONLY & body.model_fields_set)
    return (name for name, value in given.items() if value != present[name])
