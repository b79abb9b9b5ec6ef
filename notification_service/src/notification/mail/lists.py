"""To which list a mail belongs, and how one leaves it: what mail programs make buttons and rules of."""

from collections.abc import Iterator

from notification.kinds import Kind
from notification.mail.letter import Letter
from notification.mail.unsubscribe import Links, may_refuse


def refusable(letter: Letter) -> list[Kind]:
    """What its reader may have enough of: its kind or, of a digest, those of its members."""
    return sorted({Kind(one.kind) for one in letter.members or [letter] if may_refuse(Kind(one.kind))})


class Lists:
    """Each kind is a list of its own; a digest of several kinds belongs to that of the digests."""

    def __init__(self, links: Links, domain: str) -> None:
        """`domain`: that of the sender's address, by which the lists are named."""
        self._links = links
        self._domain = domain

    def unsubscribe_url(self, letter: Letter) -> str | None:
        """Where its reader says "no more of these"; None for what nobody can switch off."""
        kinds = refusable(letter)
        return self._links.url(letter.user_oid, kinds) if kinds else None

    def headers(self, letter: Letter, unsubscribe_url: str | None) -> Iterator[tuple[str, str]]:
        """RFC 2919, section 3; RFC 2369, section 3.2; RFC 8058, section 3.1. None where there is no link."""
        if unsubscribe_url:
            yield "List-Id", f"<{self._name(refusable(letter))}>"
            yield "List-Unsubscribe", f"<{unsubscribe_url}>"
            yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"

    def _name(self, kinds: list[Kind]) -> str:
        kind = kinds[0] if len(kinds) == 1 else Kind.DIGEST
        return f"{kind.replace('_', '-')}.notifications.{self._domain}"
