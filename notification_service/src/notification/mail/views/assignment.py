"""An assignment before and after a change."""

from collections.abc import Mapping
from typing import Any

from notification.mail.clean import clean_name, safe_link
from notification.mail.letter import Letter
from notification.mail.reader import Reader
from notification.mail.views.view import Row, View, link_to, name, same

Details = Mapping[str, Any]


def view_assignment(letter: Letter, reader: Reader) -> View:
    """Project, team, whether there is another link, and when it happened."""
    before, after = letter.payload["before"], letter.payload["after"]
    old, new = before or after, after or before
    return View(
        topic=reader.gettext("Assignment"),
        title=clean_name(new["project_name"]),
        rows=[
            Row(reader.gettext("Project"), name(old["project_name"]), name(new["project_name"])),
            Row(reader.gettext("Team"), name(old["team_name"]), name(new["team_name"])),
            *_link_row(old, new, reader),
            same(reader.gettext("When"), reader.time(letter.committed_at)),
        ],
        why=reader.gettext(
            "Team Suite sent this message because your assignment changed. Replies to it are not read."
        ),
        link=link_to(after and after["application_url"], reader.gettext("Open my onboarding request")),
    )


def _link_row(old: Details, new: Details, reader: Reader) -> list[Row]:
    link = safe_link(new["application_url"])
    if link == safe_link(old["application_url"]):
        return []
    what = reader.gettext("new link") if link else reader.gettext("removed")
    return [same(reader.gettext("Onboarding request"), what)]
