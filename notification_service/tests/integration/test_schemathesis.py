"""The whole API, asked by Schemathesis: no server error, and no answer that the document does not name."""

import pytest

from harness.fuzzing import fuzz, served
from notification.app import build_app


@pytest.mark.timeout(400)  # thousands of requests, on machines that do other things too
async def test_the_api_keeps_to_its_document_whatever_is_sent(
    database_url, settings, identity, apply, feed, mails, tmp_path
):
    await apply(feed.change("c", 1), feed.change("c", 2, user=2))
    known = {"path.notification_id": [str(mail["id"]) for mail in await mails()]}
    with served(database_url, lambda own: build_app(settings, own, identity.authenticator())) as url:
        report = fuzz("notification", url, identity.headers(role="admin"), known, tmp_path, examples=2)
    assert not report, report
