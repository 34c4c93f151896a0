"""Header values as text: encoded words (RFC 2047) as they are really written, and raw 8-bit values."""

import binascii
import re

from helpdesk.core.charsets import decode
from helpdesk.core.transfer import decode_base64

MAX_ENCODED_WORDS = 100

_WORD = re.compile(rb"=\?([^?=\s]{1,75}+)\?([bBqQ])\?")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def decode_words(value: bytes, max_words: int = MAX_ENCODED_WORDS) -> str:
    """Return an unfolded header value as one line of text.

    Adjacent words of one charset are joined before they are decoded, since some programs split a character
    between two of them. Words inside quotes or without blanks around are decoded too: RFC 2047 §5 forbids
    them, many write them. What looks like a word after the first *max_words* stays as it is.
    """
    if b"=?" not in value:
        return one_line(decode(value, "")[0])
    runs: list[tuple[str | None, bytes]] = []
    position = 0
    for _ in range(max_words):
        start = value.find(b"=?", position)
        if start < 0:
            break
        _add(runs, None, value[position:start])
        if (word := _word_at(value, start)) is None:
            _add(runs, None, b"=?")
            position = start + 2
            continue
        if len(runs) > 1 and runs[-1][0] is None and not runs[-1][1].strip():
            runs.pop()  # blanks between two words only keep them apart (RFC 2047 §6.2)
        _add(runs, word[0], word[1])
        position = word[2]
    _add(runs, None, value[position:])
    return one_line("".join(decode(data, charset or "")[0] for charset, data in runs))


def one_line(text: str) -> str:
    """Return *text* stripped, with every control character and line separator turned into a blank."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return without_surrogates(_CONTROLS.sub(" ", text)).strip()


def without_surrogates(text: str) -> str:
    """Return *text* fit for UTF-8: unpaired surrogates become U+FFFD."""
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def cut_to_bytes(text: str, limit: int) -> str:
    """Return *text*, or so many of its first characters as UTF-8 puts into *limit* bytes."""
    if len(text) * 4 <= limit or len(data := text.encode("utf-8")) <= limit:
        return text
    return data[:limit].decode("utf-8", "ignore")


def _add(runs: list[tuple[str | None, bytes]], charset: str | None, data: bytes) -> None:
    if runs and runs[-1][0] == charset:
        runs[-1] = (charset, runs[-1][1] + data)
    elif data:
        runs.append((charset, data))


def _word_at(value: bytes, start: int) -> tuple[str, bytes, int] | None:
    """Return charset, content and end of the word at *start*; None when none begins there."""
    head = _WORD.match(value, start)
    if head is None or (end := value.find(b"?=", head.end())) < 0:
        return None
    encoded = value[head.end() : end]
    if b"=?" in encoded:  # never closed: another word begins before its end
        return None
    content = decode_base64(encoded) if head[2] in b"bB" else binascii.a2b_qp(encoded, header=True)
    charset = head[1].decode("latin-1").lower().partition("*")[0]  # RFC 2231 §5: charset*language
    return charset, content, end + 2
