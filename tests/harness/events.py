"""Business events, held to their contracts, and waited for."""

import asyncio
import json
from collections.abc import Callable, Sequence
from functools import cache

import yaml
from jsonschema import Draft202012Validator

from connector.contracts import REPOSITORY, TOPICS
from local_stack.demo.topics import Event, Followed


@cache
def _contract(topic: str) -> tuple[Draft202012Validator, Sequence[str]]:
    """What values have to be like, and which types there are."""
    contract = yaml.safe_load((TOPICS / f"{topic}.yaml").read_text(encoding="utf-8"))
    schema = json.loads((REPOSITORY / contract["value"]["schema"]).read_text(encoding="utf-8"))
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER), contract["types"]


def faults(event: Event) -> list[str]:
    """How an event breaks the contract of its topic."""
    validator, types = _contract(event.topic)
    found = [error.message for error in validator.iter_errors(dict(event.payload))]
    if event.type not in types:
        found.append(f"unknown type {event.type}")
    return found


async def arrival(followed: Followed, is_wanted: Callable[[Event], bool], count: int) -> list[Event]:
    """The events that are wanted, once there are as many as expected."""
    async with asyncio.timeout(30):
        while len(found := [event for event in followed.events if is_wanted(event)]) < count:
            await asyncio.sleep(0.02)
    return found
