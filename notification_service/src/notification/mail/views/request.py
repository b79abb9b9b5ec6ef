"""What another application asked us to say: a message in its own words, or news of an order."""

from notification.mail.clean import clean_name, clean_paragraphs
from notification.mail.letter import Letter
from notification.mail.reader import Reader
from notification.mail.views.view import View, link_to, name, same


def view_message(letter: Letter, reader: Reader) -> View:
    """Its text, and what to open."""
    message = letter.payload["message"]
    return View(
        topic=reader.gettext("Message"),
        title=clean_name(message["title"]),
        rows=[],
        why=_why(reader),
        body=clean_paragraphs(message["text"]),
        link=link_to(message["link"], name(message["link_label"]) or reader.gettext("Open the link")),
    )


def view_order(letter: Letter, reader: Reader) -> View:
    """Its number and what became of it."""
    order = letter.payload["order"]
    number, status = clean_name(str(order["order_id"])), name(order["status"])
    return View(
        topic=reader.gettext("Order"),
        title=number,
        rows=[
            same(reader.gettext("Order"), number),
            same(reader.gettext("Status"), status),
            same(reader.gettext("When"), reader.time(letter.committed_at)),
        ],
        why=_why(reader),
        words={"status": status},
    )


def _why(reader: Reader) -> str:
    return reader.gettext(
        "Team Suite sent this message for an application that you use. Replies to it are not read."
    )
