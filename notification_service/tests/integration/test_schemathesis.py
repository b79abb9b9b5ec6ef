"""The whole API, asked by Schemathesis: no server error, and no answer that the document does not name."""

from uuid import UUID

import pytest
from sqlalchemy import insert

from harness.fuzzing import fuzz, served
from notification.app import build_app
from notification.kinds import Kind
from notification.mail.unsubscribe import Links
from notification.models import BouncedAddress

ANN = UUID(int=1)


@pytest.fixture
async def known(apply, feed, mails, database, clock, settings):
    """What exists, by the places in requests that take it."""
    await apply(feed.change("c", 1), feed.change("c", 2, user=2))
    address = {
        "address": "user1@company.example",
        "bounces": 1,
        "detail": "550 no",
        "updated_at": clock.now(),
    }
    async with database.transaction() as session:
        await session.execute(insert(BouncedAddress), [address])
    link = Links(settings.public_url, settings.link_secrets).url(ANN, [Kind.ASSIGNED])
    return {
        "path.notification_id": [str(mail["id"]) for mail in await mails()],
        "path.user_oid": [str(ANN)],
        "path.address": [address["address"]],
        "path.token": [link.rpartition("/")[2]],
        "body.recipient": [str(ANN), address["address"]],
    }


@pytest.mark.timeout(400)  # thousands of requests, on machines that do other things too
async def test_the_api_keeps_to_its_document_whatever_is_sent(
    database_url, settings, identity, known, tmp_path
):
    with served(database_url, lambda own: build_app(settings, own, identity.authenticator())) as url:
        report = fuzz("notification", url, identity.headers(ANN, "admin"), known, tmp_path, examples=2)
    assert not report, report
