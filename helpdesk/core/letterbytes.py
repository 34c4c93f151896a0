"""A letter as bytes: headers folded and encoded (RFC 5322, RFC 2047), text beside HTML (RFC 2046).

Made by hand because the standard library takes ten times as long, lets ESC and NUL into headers, and encodes
long Message-IDs in References into something that no mail client reads. Every line is ASCII and ends in CRLF.
"""

import binascii
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from helpdesk.core.terminal import term_safe

FOLD_AT = 78  # RFC 5322 §2.1.1: should; 998 is must
MAX_ID = 900
_WORD_BYTES = 42  # of UTF-8 in one encoded word: 56 characters of base64, 68 with its frame; 75 is the limit
_FIRST_WORD_BYTES = 33
_LONG_WORD = 200  # a run without a blank cannot be folded: from here on it is encoded, which can
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*+")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]++>")


def header(name: str, value: str) -> str:
    """Return one header line of free text, ASCII and folded, whatever stands in *value*."""
    safe = _one_blank(term_safe(value))
    if _is_plain(safe):
        return _folded(f"{name}: ", safe.split(" "))
    return _folded(f"{name}: ", _encoded_words(safe))


@lru_cache(maxsize=1024)  # ours stands in every letter
def mailbox_header(name: str, shown: str, address: str) -> str:
    """Return a From, To or Reply-To line with one address; *shown* is left out where it holds an address.

    A display name that looks like an address is what forgers write; some servers refuse it (``a@b via c``).
    """
    safe = _one_blank(term_safe(shown))
    if not safe or "@" in safe:
        return f"{name}: <{address}>\r\n" if safe else f"{name}: {address}\r\n"
    if not _is_plain(safe):
        words = _encoded_words(safe)
    elif _PHRASE.fullmatch(safe):
        words = safe.split(" ")
    else:
        words = ('"' + safe.replace("\\", "\\\\").replace('"', '\\"') + '"').split(" ")
    return _folded(f"{name}: ", [*words, f"<{address}>"])


def ids_header(name: str, message_ids: Iterable[str]) -> str:
    """Return an In-Reply-To or References line; ids stay as they are, and what is none is left out.

    Empty when nothing is left. An id longer than a line may be cannot be answered to.
    """
    ids = [i for i in message_ids if len(i) <= MAX_ID and _MESSAGE_ID.fullmatch(i)]
    return _folded(f"{name}: ", ids) if ids else ""


def reference_chain(references: Sequence[str], message_id: str) -> tuple[str, ...]:
    """Return the References of an answer (RFC 5322 §3.6.4), of a long thread the first id and the last nine.

    Mail clients need the ends of a long chain, not its middle.
    """
    chain = tuple(dict.fromkeys((*references, message_id)))
    return chain if len(chain) <= 10 else (chain[0], *chain[-9:])


def alternative(boundary: str, text: str, html: str) -> bytes:
    """Return Content-Type, blank line and body of a letter that says the same as text and as HTML.

    *text* and *html* have lines that end in LF. *boundary* must hold "=_", which quoted-printable never does.
    """
    return (
        f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'.encode()
        + _part(boundary, "plain", text)
        + _part(boundary, "html", html)
        + f"--{boundary}--\r\n".encode()
    )


def _part(boundary: str, subtype: str, text: str) -> bytes:
    head = (
        f"--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    lines = text.replace("\r\n", "\n").rstrip("\n").replace("\n", "\r\n") + "\r\n"
    return head.encode() + binascii.b2a_qp(lines.encode("utf-8", "replace"), istext=True)


def _one_blank(text: str) -> str:
    """Fold runs of ASCII blanks, which folding would change anyway; no-break spaces stay."""
    return " ".join(filter(None, text.split(" ")))


def _is_plain(text: str) -> bool:
    if not text.isascii() or "=?" in text:  # what looks like an encoded word would be decoded as one
        return False
    return len(text) < _LONG_WORD or max(map(len, text.split(" "))) < _LONG_WORD


def _folded(start: str, words: Sequence[str]) -> str:
    lines = [start]
    for word in words:
        if len(lines[-1]) + len(word) > FOLD_AT and lines[-1].strip() and lines[-1] != start:
            lines[-1] = lines[-1].rstrip(" ")
            lines.append(" ")
        lines[-1] += f"{word} "
    return "\r\n".join(lines).rstrip(" ") + "\r\n"


def _encoded_words(text: str) -> list[str]:
    """Return *text* as encoded words, never split inside a character (RFC 2047 §5)."""
    rest = text.encode("utf-8", "replace")
    words = []
    room = _FIRST_WORD_BYTES  # the first line also holds the header's name
    while len(rest) > room:
        end = room
        while rest[end] & 0xC0 == 0x80:  # inside a character
            end -= 1
        words.append(rest[:end])
        rest, room = rest[end:], _WORD_BYTES
    words.append(rest)
    return [f"=?utf-8?b?{binascii.b2a_base64(word, newline=False).decode()}?=" for word in words]
