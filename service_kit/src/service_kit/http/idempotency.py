"""Idempotency keys: a request that is sent twice has one effect, and both times the same answer.

The answer is stored in the transaction of the effect: neither ever exists without the other.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from sqlalchemy import Column, DateTime, Integer, LargeBinary, MetaData, Row, Table, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB

from service_kit.db import WriteSession
from service_kit.http.problem import Problem

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_RETRY_AFTER_S = "1"

_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(:lock)")
_FIND = text(
    "SELECT fingerprint, status, body, headers FROM idempotency_key"
    " WHERE caller_oid = :caller_oid AND key = :key"
)
_STORE = text(
    "INSERT INTO idempotency_key (caller_oid, key, fingerprint, status, body, headers)"
    " VALUES (:caller_oid, :key, :fingerprint, :status, :body, CAST(:headers AS jsonb))"
)
_FORGET = text("DELETE FROM idempotency_key WHERE created_at < :before")


def define(metadata: MetaData) -> Table:
    """Add the table of keys to a service's metadata, so that its migrations and its code agree on it."""
    return Table(
        "idempotency_key",
        metadata,
        Column("caller_oid", Uuid, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("fingerprint", LargeBinary, nullable=False),
        Column("status", Integer, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now(), index=True),
    )


async def forget_old(session: WriteSession, before: datetime) -> int:
    """Delete the answers that are older, and return how many: keys are promised for 24 hours."""
    # The session's type knows no row counts, the result of a DELETE does.
    result: Any = await session.execute(_FORGET, {"before": before})
    deleted: int = result.rowcount
    return deleted


@dataclass(frozen=True, slots=True)
class Answer:
    """A success: what is answered, now and each time that the request comes again."""

    status: int
    body: BaseModel | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return b"" if self.body is None else self.body.model_dump_json(by_alias=True).encode()


class IdempotentRequest:
    """A request with its key, if it has one."""

    def __init__(self, key: str | None, request: Request) -> None:
        self._key = key
        self._request = request

    async def run(
        self, session: WriteSession, caller_oid: UUID, work: Callable[[], Awaitable[Answer]]
    ) -> Response:
        """Do `work`, unless the caller's key says that it was done: then its answer is given again.

        What `work` raises is stored nowhere: the caller's transaction rolls back, and the key is free.

        Raises:
            Problem: 409 while a request with this key is under way, 422 when it was used for another one.
        """
        if self._key is None:
            return _response(await work())
        await self._lock(session, caller_oid, self._key)
        fingerprint = await self._fingerprint()
        place = {"caller_oid": caller_oid, "key": self._key}
        stored = (await session.execute(_FIND, place)).one_or_none()
        if stored is not None:
            return _replay(stored, fingerprint)
        answer = await work()
        await session.execute(
            _STORE,
            {
                **place,
                "fingerprint": fingerprint,
                "status": answer.status,
                "body": answer.content,
                "headers": json.dumps(dict(answer.headers)),
            },
        )
        return _response(answer)

    @staticmethod
    async def _lock(session: WriteSession, caller_oid: UUID, key: str) -> None:
        """Hold the key until the transaction ends: its row can be seen before its lock is free."""
        digest = hashlib.sha256(f"{HEADER} {caller_oid} {key}".encode()).digest()
        lock = int.from_bytes(digest[:8], signed=True)
        if not (await session.execute(_TRY_LOCK, {"lock": lock})).scalar_one():
            raise Problem(
                HTTPStatus.CONFLICT,
                "A request with this Idempotency-Key is under way.",
                headers={"Retry-After": _RETRY_AFTER_S},
            )

    async def _fingerprint(self) -> bytes:
        """What makes two requests the same: method, address and body, however its JSON is written."""
        url = self._request.url
        parts = (self._request.method, url.path, url.query)
        body = _canonical(await self._request.body())
        return hashlib.sha256("\0".join(parts).encode() + b"\0" + body).digest()


def _canonical(body: bytes) -> bytes:
    """The body as JSON in one form; what is none stays as it is, such as a file in whatever encoding."""
    try:
        return msgspec.json.encode(msgspec.json.decode(body), order="sorted")
    except (ValueError, RecursionError):
        return body


def _replay(stored: Row[Any], fingerprint: bytes) -> Response:
    if stored.fingerprint != fingerprint:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "This Idempotency-Key was used for another request.")
    return _json(stored.status, stored.body, {**stored.headers, REPLAYED: "true"})


def _response(answer: Answer) -> Response:
    return _json(answer.status, answer.content, answer.headers)


def _json(status: int, body: bytes, headers: Mapping[str, str]) -> Response:
    return Response(body, status, dict(headers), media_type="application/json" if body else None)


def _once(
    request: Request,
    key: Annotated[
        str | None,
        Header(
            alias=HEADER,
            pattern=r"^[!-~]+$",
            min_length=1,
            max_length=200,
            description="Sent again with the same key within 24 hours, the request has no second effect and"
            " gets the same answer.",
            examples=["4f0c2f7e-8d5b-4d43-9f2b-0a6f4d9c1b11"],
        ),
    ] = None,
) -> IdempotentRequest:
    return IdempotentRequest(key, request)


Once = Annotated[IdempotentRequest, Depends(_once)]
