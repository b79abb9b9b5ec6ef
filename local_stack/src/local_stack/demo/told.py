"""What the mails told whom: each piece of news in a mail of its own, or together with others in one."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from local_stack.demo.eventbook import ASSIGNED as TASK_GIVEN
from local_stack.demo.ledger import TASK_ASSIGNED, TASK_UNASSIGNED
from local_stack.demo.services import CaughtMail, Json
from local_stack.demo.topics import Event

TASK_TAKEN = "task.unassigned.v1"
DIGEST = "digest"
UNKNOWN = "unknown"
"""A mail that the notifier has no record of."""

Telling = tuple[str, str]
"""Address and kind."""


@dataclass(frozen=True, slots=True)
class Told:
    """One piece of news that somebody got; `together` with others, or in a mail of its own."""

    address: str
    kind: str
    together: bool


def told(records: Iterable[Json], caught: Iterable[CaughtMail]) -> list[Told]:
    """What the mails that were caught said, each mail's once.

    Args:
        records: all that the notifier keeps; they tell what a mail is about.
        caught: the mails that the catcher took.
    """
    news = _news_by_mail(list(records))
    mails = {(mail.message_id, address) for mail in caught for address in mail.recipients}
    return [
        Told(address, kind, together)
        for message, address in mails
        for kind, together in news.get(message, [(UNKNOWN, False)])
    ]


def _news_by_mail(records: Collection[Json]) -> Mapping[str, list[tuple[str, bool]]]:
    """Message-ID → the kinds of what it says, and whether it brings that together with others."""
    messages = {record["id"]: record["message_id"] for record in records}
    news: dict[str, list[tuple[str, bool]]] = {}
    for record in records:
        digest = record["digest_id"]
        if record["kind"] != DIGEST:
            message = messages[digest] if digest else record["message_id"]
            news.setdefault(message, []).append((record["kind"], digest is not None))
    return news


def called_for_by_tasks(events: Iterable[Event], addresses: Mapping[str, str]) -> Counter[Telling]:
    """The mails about who gets and who loses a task: nobody is told what they did themselves.

    Args:
        events: what came on the tasks' topic.
        addresses: oid of a person → address, of those whose mails are counted.
    """
    called: Counter[Telling] = Counter()
    for event in events:
        if event.type not in {TASK_GIVEN, TASK_TAKEN}:
            continue
        data = event.payload["data"]
        whom = {TASK_ASSIGNED: data["assignee_oid"], TASK_UNASSIGNED: data["before"].get("assignee_oid")}
        called.update(
            (addresses[oid], kind)
            for kind, oid in whom.items()
            if oid in addresses and oid != data["actor_oid"]
        )
    return called


def void(records: Iterable[Json], addresses: Mapping[str, str]) -> Counter[Telling]:
    """Tasks that somebody got and lost again while the news of both waited: neither is told."""
    return Counter(
        (addresses[record["user_oid"]], record["kind"])
        for record in records
        if record["kind"] in {TASK_ASSIGNED, TASK_UNASSIGNED}
        and record["reason"] == "stale"
        and record["user_oid"] in addresses
    )
