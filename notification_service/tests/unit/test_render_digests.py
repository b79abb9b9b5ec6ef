"""The words of digests: several mails in one."""

from uuid import uuid4

import pytest

from notification.kinds import Choice, Kind, traits
from notification.mail.digest import MAX_ITEMS


@pytest.fixture(scope="module")
def render(letter, renderer):
    def digest(*members, window="daily", kind=None, **changed):
        changed = {"members": members, "window": window, "kind_of_all": kind, **changed}
        payload = {"window": changed.pop("window"), "kind": changed.pop("kind_of_all")}
        return renderer.render(letter(Kind.DIGEST, payload=payload, **changed))

    return digest


@pytest.fixture(scope="module")
def many(letter):
    """So many letters of a kind, each about a project of its own."""

    def make(count, kind=Kind.ASSIGNED, **changed):
        return [
            letter(kind, id=uuid4(), after=_assignment(f"Project {number}"), **changed)
            for number in range(1, count + 1)
        ]

    return make


def _assignment(project):
    return {
        "project_name": project,
        "team_name": "Core",
        "application_url": f"https://hr.example/{project[8:]}",
    }


@pytest.mark.parametrize(
    ("count", "en", "ru"),
    [
        (1, "1 new assignment", "1 новое назначение"),
        (2, "2 new assignments", "2 новых назначения"),
        (5, "5 new assignments", "5 новых назначений"),
        (21, "21 new assignments", "21 новое назначение"),
        (40, "40 new assignments", "40 новых назначений"),
    ],
)
def test_a_burst_says_how_many_of_what(render, many, count, en, ru):
    for locale, subject in (("en", en), ("ru", ru)):
        page = render(*many(count), window="burst", kind=Kind.ASSIGNED, locale=locale)
        assert page.subject == subject
        assert f">{subject}</h1>" in page.html


@pytest.mark.parametrize(
    ("window", "en", "ru"),
    [
        ("daily", "Your day: 2 updates", "Ваш день: 2 обновления"),
        ("hourly", "The last hour: 2 updates", "За последний час: 2 обновления"),
    ],
)
def test_what_comes_at_a_time_says_of_which_time_it_is(render, letter, window, en, ru):
    members = letter(Kind.ASSIGNED), letter(Kind.TASK_COMMENTED)
    assert render(*members, window=window).subject == en
    assert render(*members, window=window, locale="ru").subject == ru


@pytest.mark.parametrize(
    ("locale", "subject"), [("en", "Your day: 3 new tasks"), ("ru", "Ваш день: 3 новые задачи")]
)
def test_where_all_are_of_a_kind_it_is_named(render, letter, locale, subject):
    assert render(*[letter(Kind.TASK_ASSIGNED)] * 3, locale=locale).subject == subject


def test_each_shows_its_subject_its_telling_rows_and_its_link(render, many):
    page = render(*many(2), window="burst", kind=Kind.ASSIGNED)
    shown = (
        "* New assignment: Project 2\n  Team: Core\n  When: 22 November 2026, 01:30 (UTC+03:00)\n"
        "  Open my onboarding request: https://hr.example/2\n"
    )
    assert shown in page.text
    assert ">New assignment: Project 2</h2>" in page.html
    assert 'href="https://hr.example/2"' in page.html


def test_of_a_change_it_shows_what_changed(render, letter):
    item = render(letter(Kind.CHANGED), letter(Kind.CHANGED)).text.partition("* ")[2].partition("* ")[0]
    assert "  Team: Core → Web\n" in item
    assert "When" not in item


def test_what_somebody_wrote_begins_in_it(render, letter):
    news = letter(Kind.TEAM_NEWS, of={"body": "x" * 500 + "\n\nMore"})
    text = render(news, letter(Kind.TASK_COMMENTED, comment="Well done\nall of you")).text
    assert f"  {'x' * 199}…\n" in text
    assert "  Well done\n" in text
    assert "More" not in text


def test_kinds_come_together_under_headings_in_the_order_of_their_first(render, letter):
    kinds = [Kind.TASK_ASSIGNED, Kind.ASSIGNED, Kind.TASK_ASSIGNED]
    page = render(*(letter(kind, id=uuid4()) for kind in kinds))
    tasks, assignments = page.text.index("\n2 new tasks\n"), page.text.index("\n1 new assignment\n")
    assert tasks < page.text.index("* New task") < assignments < page.text.index("* New assignment")
    assert page.html.count("<h2") == 2
    assert page.html.count("<h3") == 3


def test_a_single_kind_needs_no_heading(render, many):
    assert "<h3" not in render(*many(2)).html


@pytest.mark.parametrize(
    ("more", "en", "ru"), [(1, "and 1 more", "и ещё 1"), (12, "and 12 more", "и ещё 12")]
)
def test_of_very_many_only_the_first_are_shown(render, many, more, en, ru):
    for locale, words in (("en", en), ("ru", ru)):
        page = render(*many(MAX_ITEMS + more), locale=locale)
        assert page.text.count("\n* ") == page.html.count("<h2") == MAX_ITEMS
        assert f"Project {MAX_ITEMS}\n" in page.text
        assert f"Project {MAX_ITEMS + 1}" not in page.text + page.html
        assert f"\n{words}\n" in page.text
        assert f">{words}</p>" in page.html
    assert "more\n" not in render(*many(MAX_ITEMS)).text


def test_kinds_that_came_too_late_to_be_shown_are_counted(render, many, letter):
    text = render(*many(MAX_ITEMS), letter(Kind.TASK_ASSIGNED, id=uuid4())).text
    assert f"\n{MAX_ITEMS} new assignments\n" in text
    assert "\n1 new task\n\nand 1 more\n" in text


def test_it_is_never_so_big_that_a_mailbox_cuts_it(render, many):
    assert len(render(*many(1000), locale="ru").html.encode()) < 100_000


def test_all_is_in_the_readers_language_and_by_their_clock(render, many):
    page = render(*many(2, locale="en", time_zone="Asia/Tokyo"), locale="ru", time_zone="Europe/London")
    assert "* Новое назначение: Project 1\n" in page.text
    assert "Когда: 21 ноября 2026, 22:30 (UTC+00:00)" in page.text


def test_what_people_type_stays_text(render, letter):
    evil = "<script>x</script> {{ 7*7 }}"
    page = render(letter(Kind.TASK_ASSIGNED, of={"title": evil}), letter(Kind.TASK_COMMENTED, comment=evil))
    assert "<script" not in page.html
    assert page.html.count("{{ 7*7 }}") >= 3
    assert "* New task: <script>x</script> {{ 7*7 }}\n" in page.text


@pytest.mark.parametrize("kind", [kind for kind in Kind if traits(kind).choice is not Choice.ALWAYS])
def test_whatever_may_wait_can_be_counted(render, letter, kind):
    for locale in ("en", "ru"):
        assert "2 " in render(letter(kind), letter(kind), window="burst", kind=kind, locale=locale).subject
