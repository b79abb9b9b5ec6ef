"""Writes MIME messages: whatever people wrote is encoded, so that it cannot end a header or a part.

The standard library parses every header that it writes, which is nine tenths of the work of a mail
(2.2 of 2.4 ms). The few forms that a mail of ours has are written here; the tests read them with the
standard library, and with an email's worst.
"""

import re
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Sequence
from dataclasses import dataclass, field
from secrets import token_hex

# Of a line, without its end (RFC 5322, section 2.1.1).
_MAX_LINE = 998
# Longer than this a header is encoded, as encoded words can be folded anywhere.
_MAX_PLAIN = 65
# Octets that fit into one encoded word, so that a line with a header's name before it is shorter than 78.
_WORD = 39
_BASE64_LINE = 76
_ATOMS = re.compile(r"[A-Za-z0-9 '_-]*")
# The encoder sees to those that were there, not to those that it makes where it breaks a line.
_LONE_DOT = re.compile(rb"(?m)^\.(?=\r?\n)")
_PLAIN = b"\t\r\n" + bytes(range(0x20, 0x7F))


@dataclass(slots=True)
class Message:
    """Headers, the same said in several forms (the best last), and files."""

    headers: list[str] = field(default_factory=list)
    alternatives: list[bytes] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)

    def add(self, name: str, value: str) -> None:
        """Add a header whose value is written as it has to be.

        Raises:
            ValueError: it holds a control character: whoever made it has not used the functions below.
        """
        if not value.replace("\r\n ", "").isprintable():
            raise ValueError(f"the value of {name} is more than a header")
        self.headers.append(f"{name}: {value}\r\n")

    def as_bytes(self) -> bytes:
        """The message as it goes over the wire, with CRLF line ends."""
        body = multipart("alternative", self.alternatives)
        if self.files:
            body = multipart("mixed", [body, *self.files])
        return "".join([*self.headers, "MIME-Version: 1.0\r\n"]).encode() + body


def mailbox(name: str, address: str) -> str:
    """`Name <address>`: the name is one line, the address was checked."""
    if not name:
        return address
    fold = "\r\n" if len(name + address) > _MAX_PLAIN else ""
    return f"{_phrase(name)}{fold} <{address}>"


def unstructured(text: str) -> str:
    """Words for people, such as a subject: one line."""
    plain = text.isascii() and text.isprintable() and "=?" not in text and len(text) <= _MAX_PLAIN
    return text if plain else _encoded_words(text)


def text_part(subtype: str, text: str, *, parameters: str = "", base64: bool = True) -> bytes:
    """A part of text; `base64`: whether it may be encoded so where that is shorter."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines[-1]:
        lines.append("")
    data = "\r\n".join(lines).encode()
    odd = len(data.translate(None, _PLAIN))
    encoding = "7bit"
    if odd or max(map(len, lines)) > _MAX_LINE or "." in lines:
        encoding, data = _encoded(data, odd, base64=base64)
    kind = f"Content-Type: text/{subtype}; charset=utf-8{parameters}\r\n"
    return f"{kind}Content-Transfer-Encoding: {encoding}\r\n\r\n".encode() + data


def html_part(page: str) -> bytes:
    """A page in ASCII, its other letters as character references: with short lines it needs no encoding."""
    return text_part("html", page.encode("ascii", "xmlcharrefreplace").decode())


def file_part(content_type: str, name: str, data: bytes) -> bytes:
    """An attached file; its name is ours."""
    head = (
        f'Content-Type: {content_type}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n'
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
    )
    return head.encode() + _base64(data)


def multipart(subtype: str, parts: Sequence[bytes]) -> bytes:
    """Several parts as one; nobody can know the line that divides them beforehand."""
    boundary = f"=_{token_hex(12)}"
    divide = f"--{boundary}\r\n".encode()
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'.encode()
    return head + b"".join(divide + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()


def _phrase(name: str) -> str:
    if _ATOMS.fullmatch(name):
        return name
    if name.isascii() and "=?" not in name and len(name) <= _MAX_PLAIN:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return _encoded_words(name)


def _encoded_words(text: str) -> str:
    """As many encoded words as it takes, a line each; none ends inside of a character."""
    chunks, size = [""], 0
    for character in text:
        width = len(character.encode())
        if size + width > _WORD:
            chunks.append("")
            size = 0
        chunks[-1] += character
        size += width
    return "\r\n ".join(f"=?utf-8?b?{b64encode(chunk.encode()).decode()}?=" for chunk in chunks)


def _encoded(data: bytes, odd: int, *, base64: bool) -> tuple[str, bytes]:
    """By the shorter of two encodings: one triples each odd octet, the other adds a third to all."""
    if base64 and 2 * odd > len(data) / 3:
        return "base64", _base64(data)
    return "quoted-printable", _LONE_DOT.sub(b"=2E", b2a_qp(data))


def _base64(data: bytes) -> bytes:
    encoded = b64encode(data)
    lines = (encoded[start : start + _BASE64_LINE] for start in range(0, len(encoded), _BASE64_LINE))
    return b"\r\n".join(lines) + b"\r\n"
