"""News is told once, to everybody whom it is for, whoever publishes it and however."""

from datetime import timedelta
from threading import Thread

import pytest
from django.core.management import call_command
from django.db import Error, transaction
from django.utils import timezone

from user_team.teams.models import News, Project
from user_team.users.models import User

PUBLISH = "UPDATE teams_news SET published_at = now() WHERE title = %s"


@pytest.fixture
def news(company, told):
    """Makes news of the company; the events until then are forgotten."""

    def news(**values):
        told()
        defaults = {"organization": company.organization, "title": "Closed", "body": "On Friday."}
        return News.objects.create(**{**defaults, **values})

    return news


@pytest.fixture
def heard(told):
    """Who was told since the last call: the public ids of each event's recipients."""

    def people():
        events = told()
        assert {event["topic"] for event in events} <= {"news-bus"}
        return [[one["oid"] for one in event["payload"]["data"]["recipients"]] for event in events]

    return people


def oids(*people):
    return [str(person.oid) for person in people]


def now(**ahead):
    return timezone.now() + timedelta(**ahead)


def as_iso(moment):
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_news_of_a_team_is_told_whole(company, news, told):
    anna = company.person(first_name="Анна", last_name="Щёголева", locale="ru", time_zone="Europe/Moscow")
    company.assignment(user=anna)
    item = news(team=company.team, title="Релиз", body="В четверг.\n<b>", published_at=now())
    item.refresh_from_db()
    [event] = told()
    payload = event["payload"]
    assert (event["topic"], event["key"], event["type"]) == ("news-bus", str(item.oid), "news.published.v1")
    assert event["traceparent"].startswith("00-")
    assert payload.pop("uid")
    assert payload == {
        "version": 1,
        "type": "create",
        "news_uid": str(item.oid),
        "created_at": as_iso(item.announced_at),
        "data": {
            "oid": str(item.oid),
            "title": "Релиз",
            "body": "В четверг.\n<b>",
            "published_at": as_iso(item.published_at),
            "organization_uid": str(company.organization.oid),
            "organization_name": "Acme",
            "team_oid": str(company.team.oid),
            "team_name": "Backend",
            "recipients": [
                {
                    "oid": str(anna.oid),
                    "name": "Анна Щёголева",
                    "email": anna.email,
                    "locale": "ru",
                    "time_zone": "Europe/Moscow",
                }
            ],
        },
    }


def test_news_of_an_organization_is_told_to_all_its_active_people(company, rival, news, heard):
    people = [company.person(), company.person(last_name="", first_name="")]
    company.person(is_active=False)
    company.assignment(user=rival.person())  # works for the company, and is none of its people
    news(published_at=now())
    assert heard() == [oids(*people)]


def test_news_of_a_team_is_told_to_whoever_is_in_it(company, rival, news, heard):
    guest, both = rival.person(), company.person()
    for values in (
        {"user": guest},
        {"user": both},
        {"user": both, "team": company.other_team},
        {"user": company.person(is_active=False)},
        {"team": company.other_team},
        {"team": None},
    ):
        company.assignment(**values)
    news(team=company.team, published_at=now())
    assert heard() == [oids(guest, both)]


def test_news_for_nobody_is_an_event_too(company, news, heard):
    news(team=company.team, published_at=now())
    assert heard() == [[]]


def test_more_than_500_people_are_told_by_several_events(company, news, heard):
    User.objects.bulk_create(
        User(username=f"b{n}", email=f"b{n}@example.com", organization=company.organization)
        for n in range(1001)
    )
    news(published_at=now())
    events = heard()
    assert [len(people) for people in events] == [500, 500, 1]
    assert [oid for people in events for oid in people] == oids(*User.objects.order_by("pk"))


def test_only_the_first_publication_is_told(company, news, heard):
    person = company.person()
    item = news()
    assert heard() == []
    for published_at, expected in ((now(), [oids(person)]), (now(days=-1), []), (None, []), (now(), [])):
        item.published_at = published_at
        item.title += "!"
        item.save()  # with the `announced_at` of before the first publication
        assert heard() == expected
    item.delete()
    assert heard() == []


def test_whoever_publishes_however_many(company, news, heard, run):
    person = company.person()
    draft = news()
    drafts = News.objects.bulk_create(
        News(organization=company.organization, title="Bulk", body="…", published_at=published_at)
        for published_at in (now(), now(), None)
    )
    assert heard() == [oids(person)] * 2
    News.objects.filter(pk__in=[item.pk for item in drafts]).update(published_at=now())
    assert heard() == [oids(person)]
    run(PUBLISH, [draft.title])
    run(PUBLISH, ["Bulk"])
    assert heard() == [oids(person)]


def test_nobody_but_the_database_says_that_people_were_told(company, news, heard):
    person = company.person()
    item = news(announced_at=now())
    item.refresh_from_db()
    assert item.announced_at is None
    News.objects.update(announced_at=now(), published_at=now())
    assert heard() == [oids(person)]
    News.objects.update(announced_at=None)
    assert News.objects.get().announced_at is not None


def test_a_rolled_back_publication_tells_nobody_and_is_told_later(company, news, heard):
    company.person()
    item = news()
    with transaction.atomic():
        News.objects.update(published_at=now())
        transaction.set_rollback(True)
    assert heard() == []
    News.objects.filter(pk=item.pk).update(published_at=now())
    assert len(heard()) == 1


def test_two_who_publish_the_same_news_at_once_tell_people_once(
    committed_company, other_connection, keep_events, run
):
    """The second waits for the first, and then sees that people were told."""
    News.objects.create(organization=committed_company.organization, title="Closed", body="On Friday.")
    keep_events()
    one, other = other_connection(), other_connection()
    one.cursor().execute(PUBLISH, ["Closed"])

    def publish():
        other.cursor().execute(PUBLISH, ["Closed"])
        other.commit()

    waiting = Thread(target=publish)
    waiting.start()
    waiting.join(0.2)
    one.commit()
    waiting.join(10)
    assert run("SELECT topic FROM told") == [("news-bus",)]


class TestInTheAdmin:
    URL = "/admin/teams/news/add/"

    @pytest.fixture
    def form(self, company):
        def form(published_at=None, **values):
            moment = published_at and published_at.strftime("%Y-%m-%d %H:%M:%S").split()
            date, time = moment or ("", "")
            text = {"organization": company.organization.pk, "title": "Closed", "body": "On Friday."}
            return {**text, "published_at_0": date, "published_at_1": time, **values}

        return form

    def test_news_is_published_for_a_team(self, admin, company, form, told):
        person = company.assignment().user
        told()
        assert admin.post(self.URL, form(now(), team=company.team.pk)).status_code == 302
        [event] = told()
        assert [one["oid"] for one in event["payload"]["data"]["recipients"]] == oids(person)

    def test_a_browsers_clock_may_be_a_little_ahead(self, admin, form):
        assert admin.post(self.URL, form(now(seconds=40))).status_code == 302
        assert News.objects.get().announced_at is not None

    @pytest.mark.parametrize(
        ("language", "words"), [("en", "news cannot be scheduled"), ("ru", "запланировать новость нельзя")]
    )
    def test_the_future_is_refused_in_words(self, admin, form, language, words):
        page = admin.post(self.URL, form(now(minutes=5)), headers={"Accept-Language": language})
        assert words in page.content.decode()
        assert not News.objects.exists()

    def test_a_team_of_another_organization_is_refused_in_words(self, admin, form, rival):
        page = admin.post(self.URL, form(team=rival.team.pk))
        assert "This team belongs to another organization." in page.content.decode()
        assert not News.objects.exists()

    def test_an_administrator_does_not_see_other_organizations_teams(self, local_admin, form, rival):
        page = local_admin.post(self.URL, form(team=rival.team.pk))
        assert "Select a valid choice" in page.content.decode()

    def test_what_happens_when_it_is_published_is_said(self, admin, company, news):
        page = admin.get(f"/admin/teams/news/{news().pk}/change/").content.decode()
        assert "publishing it again tells nobody" in page
        assert 'name="announced_at' not in page


@pytest.mark.parametrize(
    "change",
    ["published_at = now() + interval '1 hour'", "team_id = (SELECT max(id) FROM teams_team)"],
)
def test_sql_is_refused_what_the_form_refuses(company, rival, news, run, change):
    news()
    with pytest.raises(Error, match="news cannot be"), transaction.atomic():
        run(f"UPDATE teams_news SET {change}")


def test_the_team_of_published_news_may_go_to_another_organization_later(company, rival, news, heard):
    """Nobody is told again, and the news cannot be saved so any more."""
    item = news(team=company.team, published_at=now())
    Project.objects.filter(pk=company.project.pk).update(organization=rival.organization)
    heard()
    with pytest.raises(Error, match="another organization"), transaction.atomic():
        item.save()


def test_what_was_published_before_anybody_could_be_told_is_told_to_nobody(committed_company, run):
    call_command("migrate", "teams", "0005", verbosity=0)
    insert = "INSERT INTO teams_news (organization_id, title, body, published_at) VALUES (%s, %s, '…', "
    for title, published_at in (
        ("old", "now() - interval '1 year'"),
        ("draft", "NULL"),
        ("later", "now() + interval '1 day'"),
    ):
        run(f"{insert} {published_at})", [committed_company.organization.pk, title])
    call_command("migrate", verbosity=0)
    told = {item.title: item.announced_at is not None for item in News.objects.all()}
    assert told == {"old": True, "draft": False, "later": False}
    assert News.objects.values("oid").distinct().count() == 3


def test_a_version_of_this_service_that_knows_no_teams_of_news_can_still_write_it(company, told, run):
    """While a new version is rolled out, the old one runs on the new tables."""
    company.person()
    told()
    run(
        "INSERT INTO teams_news (organization_id, title, body, published_at) VALUES (%s, 'a', 'b', now())",
        [company.organization.pk],
    )
    assert [event["type"] for event in told()] == ["news.published.v1"]
