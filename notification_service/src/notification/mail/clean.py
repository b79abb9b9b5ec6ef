"""Names, links and addresses come from people and imports: made safe before they enter a message."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, ValidatedEmail, validate_email

from notification.errors import UndeliverableError

# Hosts of a company's own network (`.local`, `.test`, `localhost`) are as good as any; the library's
# documentation names this list as the place to say so.
SPECIAL_USE_DOMAIN_NAMES.clear()

MAX_NAME = 200
# Of texts that people write for many: a line may be a whole paragraph.
MAX_LINES = 100
MAX_LINE = 2000
MAX_LINK = 2000
# Line and paragraph separators and control characters end or hide text: they become a space.
_BREAKS = {"Cc", "Zl", "Zp", "Zs"}
# Invisible format characters (bidi overrides, zero-width ones), surrogates and private use: dropped.
_INVISIBLE = {"Cf", "Cs", "Co", "Cn"}


def clean_name(text: str, *, longest: int = MAX_NAME) -> str:
    """One visible line: no control, bidi or zero-width character, no double space, at most `longest`."""
    line = " ".join((text if text.isprintable() else _visible(text)).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _visible(text: str) -> str:
    """What `str.isprintable` would say yes to; breaks become spaces."""
    return "".join(
        " " if category in _BREAKS else character
        for character in text
        if (category := unicodedata.category(character)) not in _INVISIBLE
    )


def clean_lines(text: str, *, lines: int, longest: int = MAX_NAME) -> list[str]:
    """A text's visible lines, each made safe; what is too long or too much ends in an ellipsis."""
    visible = [line for line in (clean_name(line, longest=longest) for line in text.splitlines()) if line]
    return visible if len(visible) <= lines else [*visible[:lines], "…"]


def clean_paragraphs(text: str, *, lines: int = MAX_LINES, longest: int = MAX_LINE) -> list[list[str]]:
    """A longer text's paragraphs, which empty lines part, each as its visible lines."""
    paragraphs: list[list[str]] = [[]]
    for raw in text.splitlines():
        if line := clean_name(raw, longest=longest):
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    return _first_lines([paragraph for paragraph in paragraphs if paragraph], lines)


def _first_lines(paragraphs: list[list[str]], left: int) -> list[list[str]]:
    kept: list[list[str]] = []
    for paragraph in paragraphs:
        if left <= 0:
            return [*kept, ["…"]]
        kept.append(paragraph[:left] if len(paragraph) <= left else [*paragraph[:left], "…"])
        left -= len(paragraph)
    return kept


def mask_address(raw: str) -> str:
    """Such as `m…@example.com`: enough for who knows it, too little for who does not."""
    local, _, domain = clean_name(raw).rpartition("@")
    return f"{local[:1]}…@{domain}"


def safe_link(url: str | None) -> str | None:
    """The link when it is a plain http or https one, else None: nothing else may be clicked in a mail."""
    # Of all that is space, only the space itself is printable.
    if not url or len(url) > MAX_LINK or not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.hostname else None


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox. `domain` is ASCII (IDNA); `local` may need the server's SMTPUTF8."""

    local: str
    domain: str

    @property
    def needs_smtputf8(self) -> bool:
        return not self.local.isascii()

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


@lru_cache(maxsize=10_000)
def parse_address(raw: str) -> Address:
    """Exactly one address, or none at all.

    Raises:
        UndeliverableError: it is no address; the reason does not repeat it.
    """
    valid = _validated(raw)
    return Address(valid.local_part, valid.ascii_domain or valid.domain)


def spellings(raw: str) -> set[str]:
    """An address in lower case, its domain in ASCII (IDNA) and in its own letters: either may be on file.

    Raises:
        UndeliverableError: see `parse_address`.
    """
    valid = _validated(raw)
    return {f"{valid.local_part}@{domain}".lower() for domain in (valid.ascii_domain, valid.domain) if domain}


def _validated(raw: str) -> ValidatedEmail:
    try:
        return validate_email(raw.strip(), check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise UndeliverableError("the person's e-mail address is not valid") from error
