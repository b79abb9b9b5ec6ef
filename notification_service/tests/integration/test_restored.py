"""After a restore from a backup: nobody is mailed about what the backup remembers."""

import subprocess
import sys
from datetime import timedelta

import pytest

from notification.delivery.queue import Policy, Queue


@pytest.fixture
def restored(stack, database_url):
    """Run `python -m notification restored`; what it printed."""
    environment = {
        **stack.environment,
        "NOTIFICATION_DB_NAME": database_url.database,
        "NOTIFICATION_DB_USER": database_url.username,
        "NOTIFICATION_DB_PASSWORD": database_url.password,
    }

    def run():
        command = [sys.executable, "-m", "notification", "restored"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    return run


async def test_mails_that_may_have_been_sent_since_are_never_sent_again(
    restored, apply, feed, mails, rows, database, clock, sender, settled, mail_server
):
    await apply(feed.change("c", 1, user=1), feed.change("c", 2, user=2))
    await Queue(database, clock=clock, policy=Policy()).exchange([], limit=1, held=[])
    assert {mail["state"] for mail in await mails()} == {"queued", "sending"}
    assert restored() == '{"mails_unconfirmed": 2}\n'
    for mail in await mails():
        assert (mail["state"], mail["lease_owner"], mail["in_doubt"]) == ("unconfirmed", None, True)
        assert "restored from a backup" in mail["detail"]
    (attempt,) = await rows("SELECT * FROM attempt")
    assert (attempt["outcome"], attempt["finished_at"] is None) == ("unconfirmed", False)
    async with sender():
        await apply(feed.change("c", 3, user=3))
        await settled()
    assert [mail.recipients for mail in mail_server.mails] == [["user3@company.example"]]


async def test_what_was_sent_before_the_backup_stays_as_it_is(restored, apply, feed, mails, sender, settled):
    async with sender():
        await apply(feed.change("c", 1, user=1))
        before = await settled()
    assert restored() == '{"mails_unconfirmed": 0}\n'
    assert await mails() == before


async def test_a_digest_that_waited_at_the_backup_is_not_sent_either(
    restored, apply, feed, mails, clock, database, settled, sender, mail_server
):
    policy = Policy(burst=timedelta(minutes=1))
    await apply(*[feed.change("c", number) for number in (1, 2)])
    assert (await Queue(database, clock=clock, policy=policy).exchange([], limit=4, held=[])).mails == []
    assert restored() == '{"mails_unconfirmed": 1}\n'
    clock.push(minutes=2)
    async with sender():
        await apply(feed.change("c", 3))
        found = await settled()
    assert {(mail["kind"], mail["state"], mail["reason"]) for mail in found} == {
        ("digest", "unconfirmed", None),
        ("assigned", "suppressed", "digest"),
        ("assigned", "accepted", None),
    }
    assert len(mail_server.mails) == 1
