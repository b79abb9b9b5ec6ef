"""The kinds of mails in the words of their readers."""

from functools import cache

from jinja2 import Environment

from notification.kinds import Kind
from notification.mail.render import FOLDER, environment


def about(kind: Kind, locale: str) -> str:
    """What the mails of a kind tell, by its folder; `locale` is one of `translations.LOCALES`."""
    return _environment(locale).get_template(f"{kind}/about.txt").render()


@cache
def _environment(locale: str) -> Environment:
    return environment(FOLDER, locale, autoescape=False)
