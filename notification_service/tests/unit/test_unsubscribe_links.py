"""Links that unsubscribe: whoever has one is believed, and nobody can make one up."""

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notification.kinds import Kind
from notification.mail.unsubscribe import Links, UnsubscribeTokenError, Unsubscription, may_refuse

ANN = UUID(int=1)
URL = "https://mail.company.example/suite"
OLD, NEW = "the secret of last year", "the secret of this year"
CHOOSABLE = [kind for kind in Kind if may_refuse(kind)]


def token_of(url):
    return url.removeprefix(f"{URL}/unsubscribe/")


@given(oid=st.uuids(), kinds=st.sets(st.sampled_from(CHOOSABLE), min_size=1))
def test_a_link_says_who_wants_no_more_of_what(oid, kinds):
    links = Links(URL, [NEW])
    url = links.url(oid, kinds)
    assert re.fullmatch(r"https://mail\.company\.example/suite/unsubscribe/[A-Za-z0-9_.-]+", url)
    assert len(url) < 500
    found = links.read(token_of(url))
    assert (found.user_oid, set(found.kinds)) == (oid, kinds)


def test_a_link_is_the_same_each_time():
    one, other = Links(URL, [NEW]), Links(URL, [NEW])
    assert one.url(ANN, [Kind.ASSIGNED, Kind.REMOVED]) == other.url(ANN, [Kind.REMOVED, Kind.ASSIGNED])


def test_after_a_rotation_old_links_are_good_and_new_ones_are_signed_anew():
    before, between, after = Links(URL, [OLD]), Links(URL, [NEW, OLD]), Links(URL, [NEW])
    old, new = (token_of(links.url(ANN, [Kind.ASSIGNED])) for links in (before, between))
    assert between.read(old) == after.read(new) == Unsubscription(ANN, (Kind.ASSIGNED,))
    with pytest.raises(UnsubscribeTokenError):
        after.read(old)


@given(place=st.integers(0, 80), letter=st.sampled_from("Az0-_."))
def test_a_changed_link_is_refused(place, letter):
    links = Links(URL, [NEW])
    token = token_of(links.url(ANN, [Kind.ASSIGNED]))
    # The last letter of the signature has bits that say nothing.
    changed = token[:place] + letter + token[place + 1 :]
    if place < len(token) - 1 and changed != token:
        with pytest.raises(UnsubscribeTokenError):
            links.read(changed)


@given(token=st.text())
def test_what_was_made_up_is_refused(token):
    with pytest.raises(UnsubscribeTokenError):
        Links(URL, [NEW]).read(token)


@pytest.mark.parametrize("kind", [Kind.DIGEST, Kind.EMAIL_CHANGED, "a kind of former times"])
def test_what_nobody_can_switch_off_has_no_link(kind):
    links = Links(URL, [NEW])
    with pytest.raises(UnsubscribeTokenError):
        links.read(token_of(links.url(ANN, [kind])))


def test_without_a_secret_there_are_no_links():
    with pytest.raises(ValueError, match="NOTIFICATION_UNSUBSCRIBE_SECRETS"):
        Links(URL, [])
