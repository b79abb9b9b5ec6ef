"""What is said on one SMTP connection, mail after mail (RFC 5321), and what the answers mean for each."""

import re
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import NamedTuple

from notification.mail.compose import Envelope
from notification.mail.outcome import Outcome, Result
from notification.mail.wire import Answer, Wire

# First digits of answers (RFC 5321, section 4.2.1).
_YES, _GO_AHEAD, _NO = 2, 3, 5
_UNAVAILABLE = 421
# "Authentication required", "too weak", "credentials invalid": about us, not about this mail.
_ABOUT_US = {530, 534, 535, 538}
# An enhanced code (RFC 3463) that says for good: X.1 is the address's fault, X.2 the mailbox's.
_ENHANCED = re.compile(r"5\.(\d{1,3})\.\d{1,3}\b")
_OF_ADDRESS, _OF_MAILBOX = "1", "2"
_MAX_WORDS = 300
LOST = (OSError, TimeoutError)


class _Step(Enum):
    MAIL = auto()
    RCPT = auto()
    DATA = auto()
    MESSAGE = auto()


class _Declined(NamedTuple):
    """The server said no at a step."""

    step: _Step
    answer: Answer


class Conversation:
    """One wire after its hello. Whatever goes wrong with the connection closes it."""

    def __init__(self, wire: Wire, offers: Mapping[str, str], *, timeout_s: float, max_bytes: int) -> None:
        """`offers`: what the server can do, by lower-case keyword (RFC 5321, section 4.1.1.1)."""
        self._wire = wire
        self._offers = offers
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes

    @property
    def is_open(self) -> bool:
        return self._wire.is_open

    async def quit(self) -> None:
        """Say goodbye, shortly, and close."""
        try:
            self._wire.ask(b"QUIT\r\n")
            await self._wire.answer(1)
        except LOST:
            pass
        finally:
            self._wire.close()

    def refuse(self, envelope: Envelope) -> Result | None:
        """The server's no that needs no asking, by what it offers; None when it is worth asking."""
        if envelope.recipient.needs_smtputf8 and "smtputf8" not in self._offers:
            return Result(
                Outcome.REFUSED, "the server cannot send to an address with such letters (no SMTPUTF8)"
            )
        size, longest = len(envelope.message), self._longest()
        if size > longest:
            return Result(Outcome.REFUSED, f"the mail has {size} bytes, and {longest} is the limit")
        return None

    async def deliver(self, envelope: Envelope) -> Result:
        """Hand over one mail.

        Raises:
            OSError, TimeoutError: the connection was lost before the message was sent.
        """
        try:
            declined = await self._begin(self._commands(envelope))
        except LOST:
            self._wire.abort()
            raise
        if declined is not None:
            return await self._declined(declined)
        return await self._finish(envelope.message)

    def _longest(self) -> int:
        """In bytes: our own limit or the server's (RFC 1870), where 0 or nothing means none."""
        advertised = self._offers.get("size", "")
        limit = int(advertised) if advertised.isdecimal() else 0
        return min(limit or self._max_bytes, self._max_bytes)

    def _commands(self, envelope: Envelope) -> dict[_Step, bytes]:
        options = " SMTPUTF8" if envelope.recipient.needs_smtputf8 else ""
        if "size" in self._offers:
            options += f" SIZE={len(envelope.message)}"
        return {
            _Step.MAIL: _line(f"MAIL FROM:<{envelope.sender}>{options}"),
            _Step.RCPT: _line(f"RCPT TO:<{envelope.recipient}>"),
            _Step.DATA: _line("DATA"),
        }

    async def _begin(self, commands: Mapping[_Step, bytes]) -> _Declined | None:
        """MAIL, RCPT and DATA, up to the server's "go ahead": nothing is accepted before that.

        Returns the first no. They go in one write where the server can take that (RFC 2920).
        """
        if "pipelining" in self._offers:
            return await self._ask(commands, list(commands))
        for step in commands:
            if declined := await self._ask(commands, [step]):
                return declined
        return None

    async def _ask(self, commands: Mapping[_Step, bytes], steps: Sequence[_Step]) -> _Declined | None:
        self._wire.ask(*(commands[step] for step in steps))
        declined = None
        for step in steps:
            try:
                answer = await self._wire.answer(self._timeout_s)
            except LOST:
                if declined is None:
                    raise
                # It hung up after its no, as many do after 421: that no is the answer.
                self._wire.abort()
                return declined
            wanted = _GO_AHEAD if step is _Step.DATA else _YES
            if declined is None and answer.code // 100 != wanted:
                declined = _Declined(step, answer)
            elif declined is not None and answer.code // 100 == _GO_AHEAD:
                # It awaits a message to nobody: an empty one ends that (RFC 2920, section 3.1).
                await self._finish(b"")
        return declined

    async def _finish(self, message: bytes) -> Result:
        """The message and its final dot: from here on silence means that nobody knows."""
        try:
            self._wire.ask(_stuffed(message) + b".\r\n")
            answer = await self._wire.answer(self._timeout_s)
        except LOST as error:
            self._wire.abort()
            return Result(Outcome.UNCONFIRMED, f"after the message was sent: {words(error)}")
        if answer.code // 100 == _YES:
            return Result(Outcome.ACCEPTED, words(answer))
        return await self._declined(_Declined(_Step.MESSAGE, answer))

    async def _declined(self, declined: _Declined) -> Result:
        """A no: for good (5xx) or for now; the connection is made ready for the next mail."""
        code = declined.answer.code
        if code == _UNAVAILABLE or code in _ABOUT_US:
            self._wire.abort()
        else:
            await self._reset()
        final = code // 100 == _NO and code not in _ABOUT_US
        outcome = Outcome.REFUSED if final else Outcome.DEFERRED
        return Result(outcome, words(declined.answer), hard=final and _is_hard(declined))

    async def _reset(self) -> None:
        try:
            self._wire.ask(b"RSET\r\n")
            await self._wire.answer(self._timeout_s)
        except LOST:
            self._wire.abort()


def _stuffed(message: bytes) -> bytes:
    """With a second dot wherever a line begins with one (RFC 5321, section 4.5.2)."""
    doubled = message.replace(b"\n.", b"\n..")
    return b"." + doubled if doubled.startswith(b".") else doubled


def words(said: object) -> str:
    """What somebody said, shortly: an answer, or an error."""
    return (str(said) or type(said).__name__)[:_MAX_WORDS]


def _is_hard(declined: _Declined) -> bool:
    """Whether a final no is about the address itself, so that no other mail to it could fare better.

    The enhanced code decides where there is one: a 550 to RCPT with 5.7 is about us and our rights.
    """
    enhanced = _ENHANCED.match(declined.answer.text)
    if enhanced is None:
        return declined.step is _Step.RCPT
    return enhanced[1] == _OF_ADDRESS or (enhanced[1] == _OF_MAILBOX and declined.step is _Step.RCPT)


def _line(command: str) -> bytes:
    """A command's bytes.

    Raises:
        ValueError: it would be more than one line.
    """
    if not command.isprintable():
        raise ValueError("a command holds a control character")
    return f"{command}\r\n".encode()
