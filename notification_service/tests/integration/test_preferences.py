"""People choose which mails they get, and when; what waits for them is decided anew."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from notification.kinds import Choice, Kind, deliveries, traits

ANN, BOB = UUID(int=1), UUID(int=2)
URL = "/api/preferences/"
NOTHING = {"language": None, "time_zone": None, "quiet_hours": None, "kinds": {}}
CHOSEN = {
    "language": "ru",
    "time_zone": "Asia/Kathmandu",
    "quiet_hours": {"from": "22:00", "until": "07:00"},
    "kinds": {"assigned": {"delivery": "daily", "at": "08:30"}, "removed": {"delivery": "off"}},
}


@pytest.fixture
def ask(client, identity):
    """Ask as somebody."""

    async def request(method="GET", path=URL, body=None, *, who=ANN, role="employee", **headers):
        signed = identity.headers(who, role) | headers
        return await client.request(method, path, headers=signed, **({} if body is None else {"json": body}))

    return request


async def test_who_never_chose_gets_everything_at_once(ask):
    response = await ask()
    assert (response.status_code, response.headers["ETag"]) == (200, '"v0"')
    shown = response.json()
    assert shown | {"kinds": {}} == NOTHING
    assert set(shown["kinds"]) == set(Kind)
    for kind, preference in shown["kinds"].items():
        assert preference["delivery"] == "immediately"
        assert preference["choices"] == list(deliveries(kind))
        assert preference["at"] is None
        assert preference["about"]


async def test_what_was_chosen_is_shown_and_replaced_as_a_whole(ask):
    chosen = await ask("PUT", body=CHOSEN)
    assert (chosen.status_code, chosen.headers["ETag"]) == (200, '"v1"')
    assert chosen.json() == (await ask()).json()
    shown = chosen.json()
    assert {name: shown[name] for name in ("language", "time_zone", "quiet_hours")} == {
        name: CHOSEN[name] for name in ("language", "time_zone", "quiet_hours")
    }
    other_than_usual = {
        kind: one["delivery"] for kind, one in shown["kinds"].items() if one["delivery"] != "immediately"
    }
    assert other_than_usual == {"assigned": "daily", "removed": "off"}
    assert shown["kinds"]["assigned"]["at"] == "08:30"
    cleared = await ask("PUT", body=NOTHING)
    assert cleared.headers["ETag"] == '"v2"'
    assert {one["delivery"] for one in cleared.json()["kinds"].values()} == {"immediately"}


async def test_what_was_got_can_be_sent_back(ask):
    await ask("PUT", body=CHOSEN)
    got = (await ask()).json()
    again = await ask("PUT", body=got)
    assert (again.status_code, again.headers["ETag"]) == (200, '"v1"')
    assert again.json() == got


async def test_a_day_begins_at_nine_unless_said_otherwise(ask):
    response = await ask("PUT", body=NOTHING | {"kinds": {"assigned": {"delivery": "daily"}}})
    assert response.json()["kinds"]["assigned"]["at"] == "09:00"


async def test_kinds_are_described_in_the_language_of_who_asks(ask):
    about = (await ask()).json()["kinds"]["invited"]["about"]
    assert about == "Invitations to meetings"
    chosen = await ask("PUT", body=NOTHING | {"language": "ru"})
    assert chosen.json()["kinds"]["invited"]["about"] == "Приглашения на встречи"
    by_admin = await ask(path=f"{URL}{ANN}/", who=BOB, role="admin")
    assert by_admin.json()["kinds"]["invited"]["about"] == about


WRONG = [
    ({"kinds": {"birthday": {"delivery": "off"}}}, "/body/kinds/birthday"),
    ({"kinds": {"invited": {"delivery": "daily"}}}, "/body/kinds/invited/delivery"),
    ({"kinds": {"email_changed": {"delivery": "off"}}}, "/body/kinds/email_changed/delivery"),
    ({"kinds": {"digest": {"delivery": "hourly"}}}, "/body/kinds/digest/delivery"),
    ({"kinds": {"assigned": {"delivery": "weekly"}}}, "/body/kinds/assigned/delivery"),
    ({"kinds": {"assigned": {"delivery": "hourly", "at": "09:00"}}}, "/body/kinds/assigned"),
    ({"kinds": {"assigned": {"delivery": "daily", "at": "24:00"}}}, "/body/kinds/assigned/at"),
    ({"kinds": {"assigned": {"delivery": "daily", "at": "9:00"}}}, "/body/kinds/assigned/at"),
    ({"kinds": {"assigned": {"delivery": "daily", "on": "monday"}}}, "/body/kinds/assigned/on"),
    ({"time_zone": "Europe/Atlantis"}, "/body/time_zone"),
    ({"time_zone": "../../etc/passwd"}, "/body/time_zone"),
    ({"language": "de"}, "/body/language"),
    ({"quiet_hours": {"from": "22:00", "until": "22:00"}}, "/body/quiet_hours"),
    ({"quiet_hours": {"from": "22:00"}}, "/body/quiet_hours/until"),
    ({"quiet_hours": {"from": "22:00:30", "until": "07:00"}}, "/body/quiet_hours/from"),
    ({"quiet_hours": {"from": 22, "until": 7}}, "/body/quiet_hours/from"),
    ({"colour": "blue"}, "/body/colour"),
]


async def test_what_nobody_can_choose_is_refused(ask, rows):
    answers = [await ask("PUT", body=NOTHING | wrong) for wrong, _ in WRONG]
    assert {(answer.status_code, answer.headers["content-type"]) for answer in answers} == {
        (422, "application/problem+json")
    }
    for answer, (_, place) in zip(answers, WRONG, strict=True):
        assert answer.json()["errors"][0]["pointer"].startswith(place)
    assert await rows("SELECT * FROM preference") == []


async def test_nothing_is_lost_by_being_forgotten(ask):
    for missing in NOTHING:
        given = {name: value for name, value in NOTHING.items() if name != missing}
        response = await ask("PUT", body=given)
        assert response.json()["errors"][0]["pointer"] == f"/body/{missing}"


async def test_of_two_changes_of_one_version_one_wins(ask):
    first = await ask("PUT", body=CHOSEN, **{"If-Match": '"v0"'})
    late = await ask("PUT", body=NOTHING, **{"If-Match": '"v0"'})
    assert (first.status_code, late.status_code, late.headers["ETag"]) == (200, 412, '"v1"')
    assert (await ask()).json() == first.json()


async def test_others_preferences_do_not_exist_without_the_permission(ask):
    path = f"{URL}{BOB}/"
    for method, body in (("GET", None), ("PUT", CHOSEN)):
        for role in ("employee", "manager"):
            assert (await ask(method, path, body, role=role)).status_code == 404
    changed = await ask("PUT", path, CHOSEN, role="admin")
    assert changed.status_code == 200
    assert (await ask(who=BOB)).json()["time_zone"] == "Asia/Kathmandu"
    assert (await ask(path=f"{URL}{BOB}/", who=BOB)).headers["ETag"] == '"v1"'
    assert (await ask()).headers["ETag"] == '"v0"'


async def test_a_path_is_found_without_its_last_slash(ask):
    assert (await ask(path="/api/preferences")).status_code == 200


@pytest.fixture
def waiting(database, clock):
    """Queue a mail that is due in an hour, or that a digest brings which is due then."""

    async def queue(user=ANN, *, digest=None, kind="assigned", state="queued", attempts=0):
        mail, later = uuid4(), clock.now() + timedelta(hours=1)
        async with database.transaction() as session:
            await session.execute(
                text("""
                    INSERT INTO notification (
                        id, kind, source, subject, user_oid, epoch, lsn, committed_at, recipient, payload,
                        message_id, state, reason, digest_id, attempts, in_doubt, next_attempt_at, created_at)
                    VALUES (:id, :kind, 'tests', :subject, :user_oid, 0, 0, :now, 'ann@company.example', '{}',
                        '<1@company.example>', :state, :reason, :digest, :attempts, false, :later, :now)
                """),
                {
                    "id": mail,
                    "kind": kind,
                    "subject": f"test:{mail}",
                    "user_oid": user,
                    "now": clock.now(),
                    "later": later,
                    "state": "suppressed" if digest else state,
                    "reason": "digest" if digest else None,
                    "digest": digest,
                    "attempts": attempts,
                },
            )
        return mail

    return queue


@pytest.fixture
def state_of(rows):
    async def fetch(mail):
        (row,) = await rows("SELECT *, next_attempt_at AS due FROM notification WHERE id = :id", id=mail)
        return row

    return fetch


async def test_what_waits_for_the_person_is_due_when_they_choose_otherwise(ask, waiting, state_of, clock):
    own, others = await waiting(), await waiting(BOB)
    await ask("PUT", body=CHOSEN)
    assert (await state_of(own))["due"] <= clock.now() < (await state_of(others))["due"]


async def test_what_a_server_deferred_is_not_tried_sooner_for_a_choice(ask, waiting, state_of, clock):
    deferred = await waiting(state="retrying", attempts=3)
    await ask("PUT", body=CHOSEN)
    assert (await state_of(deferred))["due"] > clock.now()


async def test_what_waits_in_a_digest_is_decided_anew(ask, waiting, state_of, rows, clock):
    digest = await waiting(kind="digest")
    member = await waiting(digest=digest)
    await ask("PUT", body=CHOSEN)
    freed = await state_of(member)
    assert (freed["state"], freed["reason"], freed["digest_id"]) == ("queued", None, None)
    assert freed["due"] <= clock.now()
    assert await rows("SELECT * FROM notification WHERE kind = 'digest' AND state = 'queued'") == []


async def test_a_digest_that_a_sender_has_goes_as_it_is(ask, waiting, state_of):
    digest = await waiting(kind="digest", state="sending", attempts=1)
    member = await waiting(digest=digest)
    await ask("PUT", body=CHOSEN)
    assert (await state_of(member))["digest_id"] == digest
    assert (await state_of(digest))["state"] == "sending"


async def test_the_same_choice_disturbs_nothing(ask, waiting, state_of, clock):
    await ask("PUT", body=CHOSEN)
    mail = await waiting()
    await ask("PUT", body=CHOSEN)
    assert (await state_of(mail))["due"] > clock.now()


async def test_every_kind_offers_what_its_traits_say():
    offered = {
        choice: {deliveries(kind) for kind in Kind if traits(kind).choice is choice} for choice in Choice
    }
    assert {choice: len(found) for choice, found in offered.items()} == dict.fromkeys(Choice, 1)
    assert {found[0] for one in offered.values() for found in one} == {"immediately"}
