"""Versions over HTTP: entity tags and what clients ask of them (RFC 9110, sections 8.8.3 and 13.1)."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Header, Response

from service_kit.http.problem import Problem

_TAG = r'(W/)?"[!#-~]*"'
_TAGS = rf"^(\*|{_TAG}([ \t]*,[ \t]*{_TAG})*)$"
_ANY = "*"
_MAX = 1_000

# A number, or a digest of what is shown.
Version = int | str


def etag(version: Version) -> str:
    """The strong entity tag of a version."""
    return f'"v{version}"'


def not_modified(version: Version) -> Response:
    """The answer to a client that has this version already."""
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag(version)})


@dataclass(frozen=True, slots=True)
class Match:
    """A parsed `If-Match`; without one, every version will do."""

    tags: frozenset[str] | None

    def check(self, version: int) -> None:
        """Raise `Problem` 412, which names the present entity tag, unless the client means this version."""
        present = etag(version)
        # Strong comparison (8.8.3.2): a weak tag equals none.
        if self.tags is not None and not self.tags & {_ANY, present}:
            raise Problem(
                HTTPStatus.PRECONDITION_FAILED,
                "It was changed meanwhile. Read it again, and then change it.",
                headers={"ETag": present},
                extra={"etag": present},
            )


@dataclass(frozen=True, slots=True)
class NoneMatch:
    """A parsed `If-None-Match`; without one, the client has no version."""

    tags: frozenset[str]

    def matches(self, version: Version) -> bool:
        """Whether the client has this version already: the answer is then `not_modified`."""
        # Weak comparison (8.8.3.2).
        return bool({tag.removeprefix("W/") for tag in self.tags} & {_ANY, etag(version)})


def _split(value: str) -> frozenset[str]:
    # A tag of ours holds no comma, so it does not matter that a foreign one may.
    return frozenset(tag.strip() for tag in value.split(","))


# Coroutines, or else the framework would start a thread for each request.
async def _match(
    value: Annotated[
        str | None,
        Header(
            alias="If-Match",
            pattern=_TAGS,
            max_length=_MAX,
            description="The `ETag` of the version that is to be changed; of another one, it is 412.",
            examples=['"v3"'],
        ),
    ] = None,
) -> Match:
    return Match(None if value is None else _split(value))


async def _none_match(
    value: Annotated[
        str | None,
        Header(
            alias="If-None-Match",
            pattern=_TAGS,
            max_length=_MAX,
            description="The `ETag` of the version that the client has; the answer is then 304.",
            examples=['"v3"'],
        ),
    ] = None,
) -> NoneMatch:
    return NoneMatch(frozenset() if value is None else _split(value))


IfMatch = Annotated[Match, Depends(_match)]
IfNoneMatch = Annotated[NoneMatch, Depends(_none_match)]
