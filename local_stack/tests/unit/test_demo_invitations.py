"""What is attached to the mails is counted as exactly as these: who is asked, to what, and how anew."""

from collections import Counter
from email.message import EmailMessage

import pytest

from local_stack.demo.invitations import UNREADABLE, Invitation, count, read

ANNA = Invitation("anna@x.example", "REQUEST", "meeting-1@team-suite", 0)
BORIS = ANNA._replace(address="boris@x.example")
MOVED = ANNA._replace(sequence=1)
OBJECT = "\r\n".join(
    [
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", "METHOD:REQUEST", "BEGIN:VEVENT"),
        *("UID:meeting-1@team-suite", "DTSTAMP:20261121T100000Z", "DTSTART:20261123T100000Z"),
        *("SEQUENCE:0", "SUMMARY:Планёрка", "END:VEVENT", "END:VCALENDAR", ""),
    ]
)


def mail(calendar):
    message = EmailMessage()
    message["Subject"] = "Приглашение"
    message.set_content("Приходите")
    if calendar is not None:
        message.add_attachment(calendar, subtype="calendar", filename="invite.ics")
    return message.as_string()


@pytest.mark.parametrize(
    ("calendar", "found"),
    [(OBJECT, {ANNA}), (None, set()), (OBJECT.replace("SEQUENCE:0", "SEQUENCE:1"), {MOVED})],
    ids=["an invitation", "no calendar object", "a later one"],
)
def test_a_mail_asks_what_its_calendar_object_says(calendar, found):
    assert read(mail(calendar), [ANNA.address]) == found


@pytest.mark.parametrize("broken", ["", "no calendar", OBJECT.replace("UID", "X-ID"), OBJECT[:80]])
def test_what_no_calendar_program_could_read_is_no_invitation(broken):
    [found] = read(mail(broken), [ANNA.address])
    assert found.method == UNREADABLE


@pytest.mark.parametrize(
    ("caught", "lost", "uncalled"),
    [
        ([ANNA, BORIS], 0, 0),
        ([ANNA], 1, 0),
        ([ANNA, BORIS, BORIS], 0, 1),
        ([ANNA, BORIS._replace(sequence=1)], 1, 1),
        ([ANNA, BORIS._replace(uid="meeting-2@team-suite")], 1, 1),
    ],
    ids=["right", "not attached", "once more", "of another change", "of another meeting"],
)
def test_what_is_attached_is_what_was_to_be(caught, lost, uncalled):
    requests, cancellations = count(Counter([ANNA, BORIS]), caught)
    assert (requests.expected, requests.caught) == (2, len(caught))
    assert (requests.lost, requests.uncalled) == (lost, uncalled)
    assert requests.is_exact == (not lost and not uncalled)
    assert cancellations.is_exact


def test_an_unreadable_one_shows_in_a_row_of_its_own():
    *_, unreadable = count(Counter([ANNA]), [ANNA, ANNA._replace(method=UNREADABLE)])
    assert (unreadable.method, unreadable.uncalled, unreadable.is_exact) == (UNREADABLE, 1, False)
