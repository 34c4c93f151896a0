"""Text from outside, made fit for a terminal, a log line, a CSV cell or a plain letter.

What could steer a terminal or deceive a reader is shown as an escape (``\\x1b``, ``\\u202e``), never dropped.
"""

import re
import unicodedata

MARKS_IN_A_ROW = 4
TAB_COLUMNS = 8
CUT = "…"

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"
# Blank or without width, so two texts that differ look alike. FE0E and FE0F (text or emoji look) stay.
_UNSEEN = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u2800\u3164"
    "\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001345f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_PREPENDED = "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2"  # Arabic and Syriac signs of category Cf
_LINES = "\u2028\u2029"
_NO_CHARACTERS = "\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff\U000f0000-\U0010ffff"
_UNSAFE = _BIDI + _UNSEEN + _PREPENDED + _LINES + _NO_CHARACTERS

_BAD_IN_LINE = re.compile(f"[\x00-\x08\x0a-\x1f\x7f-\x9f{_UNSAFE}]")
_BAD_IN_BLOCK = re.compile(f"[\x00-\x09\x0b-\x1f\x7f-\x9f{_UNSAFE}]")
# Marks are no word characters: only a row of five such characters can hold more than four of them.
_MAYBE_MARKS = re.compile(f"[^\\w\x00-\u02ff]{{{MARKS_IN_A_ROW + 1},}}+")
_PLAIN_BLOCK = re.compile("[\n -~]*+")
_FORMULA = re.compile("[\\s\"'\u200b\ufeff]*+[=+\\-@|%＝＋－＠｜％\u2212]")
_ESCAPES = {"\n": "\\n", "\r": "\\r"}


def term_safe(text: str, limit: int | None = None) -> str:
    """Return *text* as one line that is safe to print, at most *limit* characters long (not columns).

    NFC. Controls, bidi marks, characters without width, private and unpaired ones become escapes; a newline
    becomes ``\\n``, a tab a space; of more than four combining marks in a row the rest becomes ``…``.
    """
    room = len(text) if limit is None else max(limit, 0)
    head = text[: room * (MARKS_IN_A_ROW + 2)]  # far more than is shown: NFC joins few characters into one
    safe = head if head.isascii() and head.isprintable() else _line(head)
    if limit is not None and (len(safe) > room or len(head) < len(text)):
        return safe[: max(room - 1, 0)] + CUT
    return safe


def cut_at_blank(text: str, limit: int) -> str:
    """Return at most *limit* characters of a line: whole words, no less than half, and ``…`` where it is longer."""
    if len(text) <= limit:
        return text
    words = text[: limit - 1].rpartition(" ")[0]
    return f"{words} {CUT}" if len(words) >= limit // 2 else text[: limit - 1] + CUT


def term_safe_block(text: str) -> str:
    """Return *text* as lines that are safe to print: as ``term_safe``, but LF stays and tabs are expanded."""
    if _PLAIN_BLOCK.fullmatch(text):
        return text
    lines = _calm(text.replace("\r\n", "\n"))
    return _BAD_IN_BLOCK.sub(_escaped, lines.expandtabs(TAB_COLUMNS))


def csv_cell(text: str) -> str:
    """Return *text* as one line that no spreadsheet takes for a formula, after blanks and quotes too.

    The cell is not quoted: that is the CSV writer's work.
    """
    safe = term_safe(text)
    return "'" + safe if text[:1] in ("\t", "\r", "\n") or _FORMULA.match(text) else safe


def _line(text: str) -> str:
    return _BAD_IN_LINE.sub(_escaped, _calm(text).replace("\t", " "))


def _calm(text: str) -> str:
    """NFC, with few marks in a row: cut before, since sorting a long row of marks takes quadratic time,
    and after, since composed characters may come apart under NFC."""
    return _with_few_marks(unicodedata.normalize("NFC", _with_few_marks(text)))


def _with_few_marks(text: str) -> str:
    return _MAYBE_MARKS.sub(_cut_marks, text)


def _cut_marks(found: re.Match[str]) -> str:
    kept: list[str] = []
    in_a_row = 0
    for character in found[0]:
        in_a_row = in_a_row + 1 if unicodedata.category(character)[0] == "M" else 0
        if in_a_row <= MARKS_IN_A_ROW:
            kept.append(character)
        elif in_a_row == MARKS_IN_A_ROW + 1:
            kept.append(CUT)
    return "".join(kept)


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    if (short := _ESCAPES.get(character)) is not None:
        return short
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
