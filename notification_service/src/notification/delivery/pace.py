"""How fast mails go to one domain: a provider blocks whoever comes too fast, or with too many at once."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from notification.errors import UndeliverableError
from notification.mail.clean import parse_address
from notification.settings import DomainLimit
from service_kit.clock import Clock

_OTHERS = "*"
_UNLIMITED = DomainLimit()
# A hair less than a whole mail: due times have microseconds only.
_ONE = 0.99
# Of an attempt, until some were seen; and how much the newest one counts.
_FIRST_GUESS_S, _NEWEST = 0.2, 0.2
_MANY_DOMAINS = 10_000


def domain_of(address: str) -> str:
    """In ASCII (IDNA) and lower case; empty for what is no address."""
    try:
        return parse_address(address).domain.lower()
    except UndeliverableError:
        return ""


@dataclass(slots=True)
class _Line:
    """A domain's token bucket, and those who wait for it: the last of them until `end_s`."""

    tokens: float
    filled_s: float
    end_s: float = 0
    attempt_s: float = _FIRST_GUESS_S


class Pace:
    """The limits of one sender process: with n processes n times as much may go.

    A mail that must wait gets the next free place in its domain's line, as a time. It is not looked at
    before, so however many of them wait, mails to other domains pass, and nobody asks again and again.
    """

    def __init__(self, limits: Mapping[str, DomainLimit], clock: Clock) -> None:
        """Raises ValueError for a name that is no domain."""
        self._limits = {_name(domain): limit for domain, limit in limits.items()}
        self._clock = clock
        self._lines: dict[str, _Line] = {}

    def beside(self, in_hand: Iterable[str]) -> Callable[[str], float]:
        """The judge of one round, in which mails to these domains are on their way.

        It says of a recipient's address how many seconds the mail must wait; 0: it goes, and counts.
        """
        counts = Counter(in_hand)

        def seconds_to_wait(address: str) -> float:
            domain = domain_of(address)
            wait_s = self._wait(domain, counts[domain])
            counts[domain] += not wait_s
            return wait_s

        return seconds_to_wait

    def took(self, domain: str, seconds: float) -> None:
        """An attempt to a domain lasted so long: those who wait for a free connection learn from it."""
        if line := self._lines.get(domain):
            line.attempt_s += _NEWEST * (seconds - line.attempt_s)

    def _wait(self, domain: str, in_hand: int) -> float:
        limit = self._limits.get(domain) or self._limits.get(_OTHERS, _UNLIMITED)
        if limit == _UNLIMITED or not domain:
            return 0
        now_s = self._clock.monotonic()
        line = self._line(domain, limit, now_s)
        busy = limit.concurrency is not None and in_hand >= limit.concurrency
        if line.tokens >= _ONE and not busy:
            line.tokens -= 1
            return 0
        line.end_s = max(line.end_s, now_s) + _interval_s(limit, line.attempt_s if busy else 0)
        return line.end_s - now_s

    def _line(self, domain: str, limit: DomainLimit, now_s: float) -> _Line:
        """The domain's line, its bucket filled up to now."""
        if domain not in self._lines:
            self._forget(now_s)
            self._lines[domain] = _Line(_capacity(limit), now_s)
        line = self._lines[domain]
        if limit.per_second is not None:
            more = (now_s - line.filled_s) * limit.per_second
            line.tokens, line.filled_s = min(_capacity(limit), line.tokens + more), now_s
        else:
            line.tokens = _capacity(limit)
        return line

    def _forget(self, now_s: float) -> None:
        """Of a domain that nobody has mailed for long nothing is left to know."""
        if len(self._lines) >= _MANY_DOMAINS:
            self._lines = {
                domain: line
                for domain, line in self._lines.items()
                if max(line.end_s, line.filled_s + 60) > now_s
            }


def _capacity(limit: DomainLimit) -> float:
    """What may go at once: one second's worth, and at least one mail."""
    return max(1.0, limit.per_second or 1.0)


def _interval_s(limit: DomainLimit, attempt_s: float) -> float:
    """Between two mails of a line: by the rate, and by how soon one of those on their way has arrived."""
    by_rate = 1 / limit.per_second if limit.per_second else 0
    return max(by_rate, attempt_s / (limit.concurrency or 1))


def _name(domain: str) -> str:
    if domain == _OTHERS:
        return domain
    if not (name := domain_of(f"postmaster@{domain}")):
        raise ValueError(f"NOTIFICATION_DOMAIN_LIMITS names {domain!r}, which is no domain")
    return name
