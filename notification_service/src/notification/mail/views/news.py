"""What an organization or a team tells its people."""

from datetime import datetime

from notification.mail.clean import clean_name, clean_paragraphs
from notification.mail.letter import Letter
from notification.mail.reader import Reader
from notification.mail.views.view import View, name, same


def view_news(letter: Letter, reader: Reader) -> View:
    """The whole text, who tells it and since when."""
    news = letter.payload["news"]
    organization, team = clean_name(news["organization_name"]), name(news["team_name"])
    return View(
        topic=reader.gettext("News"),
        title=clean_name(news["title"]),
        rows=[
            same(reader.gettext("Organization"), organization),
            same(reader.gettext("Team"), team),
            same(reader.gettext("Published"), reader.time(datetime.fromisoformat(news["published_at"]))),
        ],
        why=reader.gettext(
            "Team Suite sent this message because it is news for your team or your organization."
            " Replies to it are not read."
        ),
        body=clean_paragraphs(news["body"]),
        words={"organization": organization, "team": team},
    )
