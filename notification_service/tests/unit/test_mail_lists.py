"""What mail programs make of a mail: a button that ends such mails, rules by list, and whom to answer."""

from dataclasses import replace
from email import message_from_bytes, policy
from uuid import UUID

import pytest

from notification.errors import UndeliverableError
from notification.kinds import Kind
from notification.mail.compose import Composer
from notification.mail.preview.letters import samples
from notification.mail.render import Renderer
from notification.mail.unsubscribe import Links, may_refuse

FROM = "Team Suite <no-reply@team-suite.example>"
NAMES = ("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Reply-To")
LETTERS = samples("en")


@pytest.fixture(scope="module")
def renderer():
    return Renderer()


@pytest.fixture(scope="module")
def headers(renderer, links):
    def compose(letter, links=links, **options):
        composer = Composer(renderer, mail_from=FROM, links=links, **options)
        envelope = composer.compose(letter)
        message = message_from_bytes(envelope.message, policy=policy.default)
        return {name: message[name] for name in NAMES}, envelope.message

    return compose


def linked(links, header):
    """What the link of a header says."""
    assert header.startswith("<")
    assert header.endswith(">")
    return links.read(header[1:-1].rpartition("/")[2])


@pytest.mark.parametrize("name", LETTERS)
def test_a_mail_that_can_be_switched_off_says_where_and_others_say_nothing(headers, links, name):
    letter = LETTERS[name]
    found, raw = headers(letter)
    kinds = {Kind(one.kind) for one in letter.members or [letter]}
    if not any(map(may_refuse, kinds)):
        assert (found["List-Id"], found["List-Unsubscribe"], found["List-Unsubscribe-Post"]) == (None,) * 3
        return
    assert set(linked(links, found["List-Unsubscribe"]).kinds) == kinds
    assert linked(links, found["List-Unsubscribe"]).user_oid == letter.user_oid
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert found["List-Unsubscribe"][1:-1].encode() in raw


def test_each_kind_is_a_list_and_several_kinds_are_that_of_the_digests(headers):
    lists = {
        name: headers(LETTERS[name])[0]["List-Id"] for name in ("task_assigned", "digest-burst", "digest")
    }
    assert lists == {
        "task_assigned": "<task-assigned.notifications.team-suite.example>",
        "digest-burst": "<assigned.notifications.team-suite.example>",
        "digest": "<digest.notifications.team-suite.example>",
    }


def test_a_long_link_stays_one_address(headers, secret):
    links = Links(f"https://mail.team-suite.example/{'long' * 100}", [secret])
    found, raw = headers(LETTERS["digest"], links)
    uri = links.url(LETTERS["digest"].user_oid, {Kind(one.kind) for one in LETTERS["digest"].members})
    assert found["List-Unsubscribe"] == f"<{uri}>"
    assert f"List-Unsubscribe: <{uri}>\r\n".encode() in raw
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_the_link_in_the_text_is_that_of_the_header(headers, renderer, links):
    letter = LETTERS["task_assigned"]
    url = headers(letter)[0]["List-Unsubscribe"][1:-1]
    page = renderer.render(letter, url)
    assert url in page.text
    assert url in page.html
    other = replace(letter, user_oid=UUID(int=9))
    assert headers(other)[0]["List-Unsubscribe"][1:-1] != url


def test_answers_go_to_the_organizer_or_to_whom_the_settings_name(headers):
    invited, task = LETTERS["invited"], LETTERS["task_assigned"]
    support = {"reply_to": "Help <help@team-suite.example>"}
    assert headers(task)[0]["Reply-To"] is None
    assert headers(task, **support)[0]["Reply-To"] == "Help <help@team-suite.example>"
    organizer = invited.payload["meeting"]["organizer"]["email"]
    assert headers(invited, **support)[0]["Reply-To"].addresses[0].addr_spec == organizer


@pytest.mark.parametrize("wrong", ["nobody", "помощь@team-suite.example"])
def test_an_address_that_answers_cannot_reach_is_noticed_at_the_start(renderer, links, wrong):
    with pytest.raises(UndeliverableError):
        Composer(renderer, mail_from=FROM, links=links, reply_to=wrong)
