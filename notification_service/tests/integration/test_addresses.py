"""Addresses whose mails came back: people find them, and let them get mails again."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from notification.models import BouncedAddress


@pytest.fixture
async def bounced(database, clock):
    """Five addresses; every second one gets no mail."""
    now = clock.now()
    rows = [
        {
            "address": f"user{number}+x@company.example",
            "bounces": 1 + number % 2,
            "suppressed_at": now if number % 2 else None,
            "detail": "550 5.1.1 no such mailbox",
            "updated_at": now - timedelta(days=number),
        }
        for number in range(5)
    ]
    async with database.transaction() as session:
        await session.execute(insert(BouncedAddress), rows)
    return [row["address"] for row in rows]


async def found(client, **query):
    """All of a list, a page of two at a time."""
    addresses, cursor = [], None
    while True:
        page = await client.get(
            "/addresses", params={**query, "size": 2, **({"cursor": cursor} if cursor else {})}
        )
        assert page.status_code == 200, page.text
        addresses += page.json()["addresses"]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            return addresses


async def test_they_are_found_by_the_alphabet(client, bounced):
    every = await found(client)
    assert [one["address"] for one in every] == bounced
    assert (every[1]["bounces"], every[1]["detail"]) == (2, "550 5.1.1 no such mailbox")
    assert [one["address"] for one in await found(client, suppressed="true")] == bounced[1::2]
    assert [one["address"] for one in await found(client, suppressed="false")] == bounced[::2]


async def test_one_that_is_lifted_is_gone(client, bounced):
    assert (await client.delete("/addresses/USER1%2Bx%40company.example")).status_code == 204
    assert [one["address"] for one in await found(client, suppressed="true")] == bounced[3:4]
    assert (await client.delete("/addresses/user1+x@company.example")).status_code == 404


async def test_the_log_holds_no_address(client, bounced, caplog, capsys):
    await client.delete(f"/addresses/{bounced[1]}")
    written = capsys.readouterr().out
    assert "address_lifted" in written
    assert "/addresses/[secret]" in written
    assert "company.example" not in written


async def test_only_administrators_of_mails_see_and_lift_them(client, bounced, identity):
    headers = identity.headers(role="manager", permissions=["notifications.read", "notifications.send"])
    assert (await client.get("/addresses", headers=headers)).status_code == 403
    assert (await client.delete(f"/addresses/{bounced[1]}", headers=headers)).status_code == 403
