"""Which mails people get, and when."""

from uuid import UUID

from fastapi import APIRouter, Response

from notification.api.dependencies import NoParameters, Now, Session, SignedIn, Writing
from notification.schemas.preferences import Preferences
from notification.service import preferences
from service_kit.http.answers import TAGGED
from service_kit.http.etag import IfMatch, etag

# Below it paths end with a slash.
PREFIX = "/api/"

router = APIRouter(prefix=f"{PREFIX}preferences", tags=["preferences"])
_WHOSE = f"Oneself, or with `{preferences.MANAGE}` anybody; others are 404."
_EFFECT = (
    "What waits for the person is decided anew at once, also what waits in digests. A kind that is not given"
    " comes immediately from now on."
)


@router.get("/", summary="Show which mails one gets, and when", responses=TAGGED)
async def get_own(
    session: Session, caller: SignedIn, response: Response, _query: NoParameters
) -> Preferences:
    """The caller's preferences, every kind of mail among them, in the caller's language."""
    return _tagged(response, *await preferences.show(session, caller, caller.oid))


@router.put("/", summary="Choose which mails one gets, and when", responses=TAGGED, description=_EFFECT)
async def put_own(
    *,
    session: Writing,
    caller: SignedIn,
    if_match: IfMatch,
    response: Response,
    body: Preferences,
    now: Now,
    _query: NoParameters,
) -> Preferences:
    found = await preferences.replace(session, caller, caller.oid, body, match=if_match, now=now)
    return _tagged(response, *found)


@router.get(
    "/{user_oid}/",
    summary="Show which mails a person gets, and when",
    responses=TAGGED,
    description=f"Their preferences, described in the caller's language. {_WHOSE}",
)
async def get_preferences(
    session: Session, caller: SignedIn, user_oid: UUID, response: Response, _query: NoParameters
) -> Preferences:
    return _tagged(response, *await preferences.show(session, caller, user_oid))


@router.put(
    "/{user_oid}/",
    summary="Choose which mails a person gets, and when",
    responses=TAGGED,
    description=f"{_EFFECT} {_WHOSE}",
)
async def put_preferences(
    *,
    session: Writing,
    caller: SignedIn,
    user_oid: UUID,
    if_match: IfMatch,
    response: Response,
    body: Preferences,
    now: Now,
    _query: NoParameters,
) -> Preferences:
    found = await preferences.replace(session, caller, user_oid, body, match=if_match, now=now)
    return _tagged(response, *found)


def _tagged(response: Response, found: Preferences, version: int) -> Preferences:
    response.headers["ETag"] = etag(version)
    return found
