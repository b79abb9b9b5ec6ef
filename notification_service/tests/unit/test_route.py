"""Where a due mail goes, by what its reader chose and by what else comes to them."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest

from notification.kinds import Kind
from notification.service.digests import unfit
from notification.service.route import Drop, Follow, Join, Postpone, Rules, Send, Window, route
from notification.states import Reason, Source

# In Moscow it is 13:30.
NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
NIGHT = {"quiet_from": time(22), "quiet_until": time(8)}
SIESTA = {"quiet_from": time(13), "quiet_until": time(15)}
HOURLY, DAILY = {"delivery": "hourly"}, {"delivery": "daily", "at": "18:00"}
OFF, AT_ONCE = {"delivery": "off"}, {"delivery": "immediately"}
RULES = Rules(max_age=timedelta(hours=72), burst=timedelta(seconds=60))
ANN, DIGEST, IMPORT = UUID(int=1), UUID(int=2), UUID(int=3)
BURST_END = NOW + timedelta(seconds=60)


def utc(hour, minute=0, day=21):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def mail(kind=Kind.ASSIGNED, choice=None, **changed):
    return {
        "id": UUID(int=9),
        "kind": kind,
        "source": Source.ASSIGNMENTS,
        "subject": "assignment:1",
        "user_oid": ANN,
        "committed_at": NOW,
        "expires_at": None,
        "ended": False,
        "holder": ANN,
        "gone": False,
        "inactive": False,
        "outdated": False,
        "told": None,
        "opened": False,
        "resends": 0,
        "resent_at": None,
        "in_doubt": False,
        "recipient": "ann@company.example",
        "time_zone": "Europe/Moscow",
        "choices": choice and {kind: choice},
        "quiet_from": None,
        "quiet_until": None,
        "bounced": None,
        "follows": None,
        "crowded": False,
        "import_oid": None,
        **changed,
    }


def way(kind=Kind.ASSIGNED, **changed):
    return route(mail(kind, **changed), now=NOW, rules=RULES)


@pytest.mark.parametrize(
    ("changed", "decision"),
    [
        ({}, Send()),
        ({"choice": AT_ONCE}, Send()),
        ({"recipient": None}, Postpone(NOW + timedelta(seconds=10))),
        ({"choice": HOURLY}, Join(Window.HOURLY, utc(11))),
        ({"choice": DAILY}, Join(Window.DAILY, utc(15))),
        ({"choice": DAILY, "time_zone": "Asia/Tokyo"}, Join(Window.DAILY, utc(9, day=22))),
        ({"choice": DAILY, "time_zone": "Mars/Olympus"}, Join(Window.DAILY, utc(18))),
        (NIGHT, Send()),
        (SIESTA, Postpone(utc(12))),
        ({"crowded": True}, Join(Window.BURST, BURST_END)),
        ({"import_oid": IMPORT}, Join(Window.BURST, NOW + timedelta(seconds=10))),
        ({"follows": DIGEST}, Follow(DIGEST)),
        ({"follows": DIGEST, "choice": HOURLY}, Follow(DIGEST)),
        # A digest does not end while it is quiet.
        ({"choice": HOURLY, **SIESTA}, Join(Window.HOURLY, utc(12))),
        ({"crowded": True, "quiet_from": time(13, 31), "quiet_until": time(14)}, Join(Window.BURST, utc(11))),
        ({"crowded": True, **SIESTA}, Postpone(utc(12))),
        # What would come too late in a digest goes by itself.
        ({"choice": HOURLY, "expires_at": utc(11)}, Send()),
        ({"choice": HOURLY, "expires_at": utc(11, 1)}, Join(Window.HOURLY, utc(11))),
        ({"crowded": True, "expires_at": BURST_END}, Send()),
    ],
)
def test_it_goes_now_or_later_or_with_others(changed, decision):
    assert way(**changed) == decision


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"ended": True}, Reason.STALE),
        ({"inactive": True}, Reason.STALE),
        ({"committed_at": NOW - timedelta(hours=73), "recipient": None}, Reason.STALE),
        ({"choice": OFF}, Reason.UNSUBSCRIBED),
        ({"bounced": "550 no such user"}, Reason.BOUNCED_BEFORE),
        # The truer reason first.
        ({"ended": True, "choice": OFF}, Reason.STALE),
        ({"choice": OFF, "bounced": "550 no such user"}, Reason.UNSUBSCRIBED),
        ({"bounced": "550 no such user", **SIESTA}, Reason.BOUNCED_BEFORE),
    ],
)
def test_it_never_goes(changed, reason):
    assert way(**changed).reason is reason


@pytest.mark.parametrize("kind", [Kind.EMAIL_CHANGED, Kind.ACCESS_CHANGED])
def test_what_protects_an_account_always_goes_at_once(kind):
    everything = {"choice": OFF, **SIESTA, "crowded": True, "inactive": True, "import_oid": IMPORT}
    assert way(kind, source=Source.ACCOUNTS, **everything) == Send()


def test_what_a_calendar_must_know_is_put_off_by_nothing_but_quiet_hours():
    invitation = {"source": Source.MEETINGS, "crowded": True}
    assert way(Kind.INVITED, choice=DAILY, **invitation) == Send()
    assert way(Kind.INVITED, **invitation, **SIESTA) == Postpone(utc(12))
    assert way(Kind.INVITED, choice=OFF, **invitation).reason is Reason.UNSUBSCRIBED


def test_a_digest_is_let_through_by_all_but_quiet_hours():
    digest = {"source": Source.DIGESTS, "subject": "digest:1", "holder": None}
    assert way(Kind.DIGEST, **digest, crowded=True) == Send()
    assert way(Kind.DIGEST, **digest, **SIESTA) == Postpone(utc(12))


@pytest.mark.parametrize("choice", [OFF, HOURLY])
def test_who_asks_for_a_mail_again_gets_it_now_if_it_is_true(choice):
    asked = {
        "resends": 1,
        "resent_at": NOW,
        "choice": choice,
        "crowded": True,
        "committed_at": NOW - timedelta(days=30),
        **SIESTA,
    }
    assert way(**asked) == Send()
    assert way(**asked, ended=True).reason is Reason.STALE


def test_what_may_have_arrived_is_put_together_with_nothing():
    doubtful = {"in_doubt": True, "choice": DAILY, "crowded": True, "follows": DIGEST}
    assert way(**doubtful) == Send()
    assert way(**doubtful, **SIESTA) == Postpone(utc(12))


def test_nothing_is_grouped_where_that_is_off():
    rules = Rules(max_age=timedelta(hours=72), burst=timedelta())
    assert route(mail(import_oid=IMPORT, crowded=True), now=NOW, rules=rules) == Send()


def test_a_digest_tells_of_an_end_only_who_knows_of_the_beginning():
    told = {"source": Source.TASKS, "subject": "task:1", "told": Kind.TASK_ASSIGNED, "opened": True}
    first = mail(Kind.TASK_UNASSIGNED, **told, id=UUID(int=1))
    between = mail(Kind.TASK_ASSIGNED, **told, id=UUID(int=2), outdated=True)
    last = mail(Kind.TASK_UNASSIGNED, **told, id=UUID(int=3))
    assert list(unfit([first, between, last], now=NOW)) == [UUID(int=2), UUID(int=3)]


def test_a_digest_leaves_out_what_its_reader_has_switched_off_and_nothing_for_its_age():
    old = {"committed_at": NOW - timedelta(days=30)}
    dropped = unfit([mail(id=UUID(int=1), choice=OFF), mail(id=UUID(int=2), **old)], now=NOW)
    assert dropped == {UUID(int=1): Drop(Reason.UNSUBSCRIBED, "the person does not want such mails")}
