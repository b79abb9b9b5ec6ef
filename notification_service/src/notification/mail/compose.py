"""The message as it goes over the wire: headers that nobody can break out of, and exactly one recipient."""

from dataclasses import dataclass
from email.utils import format_datetime, parseaddr

from notification.errors import UndeliverableError
from notification.mail.calendar import calendar_of
from notification.mail.clean import Address, clean_name, parse_address
from notification.mail.letter import Letter
from notification.mail.lists import Lists
from notification.mail.mime import Message, html_part, mailbox, text_part, unstructured
from notification.mail.render import Page, Renderer
from notification.mail.unsubscribe import Links

MAX_DISPLAY_NAME = 100


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the SMTP connection needs: two addresses and the message's bytes (CRLF line ends)."""

    sender: str
    recipient: Address
    message: bytes


class Composer:
    """Makes letters into messages from one sender."""

    def __init__(self, renderer: Renderer, *, mail_from: str, links: Links, reply_to: str = "") -> None:
        """`mail_from`, and `reply_to` if there is one: an address, or `Name <address>`.

        Raises:
            UndeliverableError: one of them holds no valid address.
        """
        name, address = parseaddr(mail_from)
        self._renderer = renderer
        self._sender = parse_address(address)
        self._from = _mailbox(name, self._sender)
        self._reply_to = _parsed(reply_to) if reply_to else None
        self._lists = Lists(links, self._sender.domain)

    def compose(self, letter: Letter) -> Envelope:
        """Put a letter into words and the words into a message.

        Raises:
            UndeliverableError: the person's address is not valid.
        """
        recipient = parse_address(letter.address)
        unsubscribe_url = self._lists.unsubscribe_url(letter)
        page = self._renderer.render(letter, unsubscribe_url)
        message = self._message(letter, page, recipient, unsubscribe_url)
        return Envelope(str(self._sender), recipient, message.as_bytes())

    def _message(
        self, letter: Letter, page: Page, recipient: Address, unsubscribe_url: str | None
    ) -> Message:
        message = Message()
        message.add("From", self._from)
        message.add("To", _mailbox(letter.name, recipient))
        message.add("Subject", unstructured(page.subject))
        message.add("Date", format_datetime(letter.committed_at))
        message.add("Message-ID", letter.message_id)
        # RFC 3834: nobody's out-of-office answers to this.
        message.add("Auto-Submitted", "auto-generated")
        message.add("Content-Language", page.locale)
        for name, value in self._lists.headers(letter, unsubscribe_url):
            message.add(name, value)
        if reply_to := _organizer(letter, ascii_only=not recipient.needs_smtputf8) or self._reply_to:
            message.add("Reply-To", reply_to)
        message.alternatives += [text_part("plain", page.text), html_part(page.html)]
        if invitation := calendar_of(letter):
            invitation.add_to(message)
        return message


def _organizer(letter: Letter, *, ascii_only: bool) -> str | None:
    """Whom to answer about a meeting; None where nobody is named, or only by what is no address."""
    organizer = letter.payload.get("meeting", {}).get("organizer")
    if organizer is None:
        return None
    try:
        address = parse_address(organizer["email"])
    except UndeliverableError:
        return None
    # Letters beyond ASCII need a server that takes them, which is asked for the recipient's sake alone.
    return None if ascii_only and address.needs_smtputf8 else _mailbox(organizer["name"], address)


def _parsed(written: str) -> str:
    name, text = parseaddr(written)
    address = parse_address(text)
    if address.needs_smtputf8:
        raise UndeliverableError("not every server takes answers' address")
    return _mailbox(name, address)


def _mailbox(name: str, address: Address) -> str:
    return mailbox(clean_name(name, longest=MAX_DISPLAY_NAME), str(address))
