"""Use case: a sender lets mails wait, alone or for others, and brings together what has waited."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from notification.kinds import CLOSING, OPENING, is_known
from notification.queries import digests, due, sending
from notification.service.route import Drop, Follow, Join, Postpone, Wait, Window, why_dropped
from notification.service.truth import Row
from notification.states import Source
from service_kit.db import WriteSession

# An arbitrary constant: it makes a person have one digest for a window.
_NAMESPACE = UUID("1f0c2b7e-52a4-4a5c-8a5e-2f6f0c4f9d30")
_TURNING = (*OPENING, *CLOSING)


async def put_off(
    session: WriteSession,
    waits: Sequence[tuple[Row, Wait]],
    *,
    now: datetime,
    oldest: datetime,
    burst: timedelta,
) -> Collection[UUID]:
    """Let due mails wait as it was decided; returns those that digests bring.

    Those of a person about whom somebody else decides at this moment stay due. Where a digest is just being
    sent, what wanted to join it is decided anew at the end of its window, or soon, if it follows others.
    """
    if not waits:
        return ()
    held = await digests.try_hold(session, {mail["user_oid"] for mail, _ in waits})
    mine = [(mail, wait) for mail, wait in waits if mail["user_oid"] in held]
    targets = await _targets(session, mine, now=now, oldest=oldest)
    open_ = await digests.lock_queued(session, set(targets.values()))
    joins = {mail: digest for mail, digest in targets.items() if digest in open_}
    await digests.join(session, joins)
    ends = {
        joins[mail["id"]]: wait.end for mail, wait in mine if mail["id"] in joins and isinstance(wait, Join)
    }
    await digests.prolong(session, ends, longest=burst)
    later = {mail["id"]: until for mail, wait in mine if mail["id"] not in joins and (until := _until(wait))}
    await sending.postpone(session, later)
    return joins


def _until(wait: Wait) -> datetime | None:
    match wait:
        case Postpone(until):
            return until
        case Join(_, end):
            return end
        case Follow():
            return None


async def _targets(
    session: WriteSession, waits: Sequence[tuple[Row, Wait]], *, now: datetime, oldest: datetime
) -> dict[UUID, UUID]:
    """The digest that each mail is to be brought by; those that are missing are written."""
    targets = {mail["id"]: wait.digest_id for mail, wait in waits if isinstance(wait, Follow)}
    joins = [(mail, wait) for mail, wait in waits if isinstance(wait, Join)]
    crowds = {mail["user_oid"] for mail, wait in joins if wait.window is Window.BURST}
    bursts = await digests.open_bursts(session, crowds, oldest=oldest)
    missing: dict[UUID, dict[str, Any]] = {}
    for mail, join in joins:
        burst = bursts.get((mail["user_oid"], mail["kind"])) if join.window is Window.BURST else None
        if burst is None:
            digest = _digest(mail, join)
            burst = digest["id"]
            missing.setdefault(burst, digest)
        targets[mail["id"]] = burst
    await digests.ensure(session, missing.values(), now=now)
    return targets


def _digest(mail: Row, join: Join) -> dict[str, Any]:
    kind = mail["kind"] if join.window is Window.BURST else None
    subject = ":".join(["digest", *([kind] if kind else []), join.end.isoformat()])
    return {
        "id": uuid5(_NAMESPACE, f"{mail['user_oid']} {subject}"),
        "subject": subject,
        "user_oid": mail["user_oid"],
        "until": join.end,
        "recipient": mail["recipient"],
        "payload": json.dumps({"window": join.window, "kind": kind}),
        "domain": mail["message_id"].rpartition("@")[2].rstrip(">"),
    }


async def look_inside(
    session: WriteSession, taken: Sequence[Row], *, now: datetime
) -> Mapping[UUID, Sequence[Row]]:
    """What digests that are due bring, in the order of the changes, checked once more.

    A digest that may have reached its reader goes again as it was. One that was asked for again leaves out
    what is not true any more; if it was accepted before, that has been told. What this release has no words
    for leaves it, and waits for a sender that has.
    """
    if not taken:
        return {}
    brought: dict[UUID, list[Row]] = {digest["id"]: [] for digest in taken}
    await digests.lock_members(session, brought)
    members = await due.take_members(session, brought, now=now)
    too_new = _too_new(members)
    await digests.detach(session, too_new, now=now)
    for member in members:
        if member["id"] not in too_new:
            brought[member["digest_id"]].append(member)
    left_out: set[UUID] = set()
    dropped: dict[UUID, Drop] = {}
    for digest in taken:
        if not digest["in_doubt"]:
            void = unfit(brought[digest["id"]], now=now, resends=digest["resends"])
            left_out.update(void)
            dropped.update(void if digest["accepted_at"] is None else {})
    await sending.drop(session, dropped)
    return {
        digest: sorted((mail for mail in mails if mail["id"] not in left_out), key=_when)
        for digest, mails in brought.items()
    }


def _too_new(members: Sequence[Row]) -> set[UUID]:
    """Those that this release has no words for, with what must not be told before them."""
    unknown: set[tuple[UUID, str, str]] = set()
    found: set[UUID] = set()
    for member in members:
        about = member["digest_id"], member["source"], member["subject"]
        if about in unknown or not is_known(member["kind"]):
            unknown.add(about)
            found.add(member["id"])
    return found


def unfit(members: Sequence[Row], *, now: datetime, resends: int = 0) -> dict[UUID, Drop]:
    """Those of a digest's mails, in the order of their news, that must not go any more.

    That they have waited was the reader's choice, and does not make them old. To a later one counts what
    the same digest tells before it. `resends`: how often somebody asked for the digest to go again.
    """
    dropped: dict[UUID, Drop] = {}
    told: dict[tuple[str, str], str] = {}
    for member in members:
        about = member["source"], member["subject"]
        seen = {**member, "told": told.get(about, member["told"]), "resends": resends}
        if drop := why_dropped(seen, now=now, oldest_news=member["committed_at"]):
            dropped[member["id"]] = drop
        elif member["source"] != Source.TASKS or member["kind"] in _TURNING:
            told[about] = member["kind"]
    return dropped


def _when(mail: Row) -> datetime:
    committed_at: datetime = mail["committed_at"]
    return committed_at
