"""What is typed in the shell, word by word. No sign has a power of its own but blanks, and quotes around a word.

An apostrophe within a word is an apostrophe (``j'ai``); ``>``, ``|`` and ``;`` are signs like any other.
"""

import re
from collections.abc import Sequence

from shell.verbs import Noun, full_words

_WORDS = re.compile(r"""(--[\w-]+=)?(?:"([^"]*)"|'([^']*)')(?=\s|$)|(\S+)""")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_NO_TEXT = re.compile("[\ud800-\udfff]")  # bytes that are no UTF-8
TAB_COLUMNS = 4
_PLAIN = re.compile(r"[^\s\"'<>|;&#]+")


def words_of(line: str) -> list[str]:
    """Return the words of a line, without the quotes around them."""
    found = []
    for option, in_double, in_single, bare in _WORDS.findall(line):
        found.append(bare or f"{option}{in_double}{in_single}")
    return found


def line_of(words: Sequence[str]) -> str:
    """Return words as one line that cmd2 takes apart into the same words again.

    A word with quotes of both kinds in it loses the double ones: cmd2 knows no escape.
    """
    return " ".join(one if _PLAIN.fullmatch(one) else _quoted(one) for one in words)


def _quoted(word: str) -> str:
    if '"' not in word:
        return f'"{word}"'
    return f"'{word}'" if "'" not in word else f'"{word.replace(chr(34), chr(0x201D))}"'


def line_in_full(line: str, nouns: Sequence[Noun]) -> str:
    """Return a typed line for cmd2, its noun and verb in full, also where they follow ``help``.

    Raises WrongUsage where they can mean several.
    """
    words = words_of(line)
    start = 1 if words[:1] == ["help"] else 0
    return line_of([*words[:start], *full_words(words[start:], nouns)])


def begun_in_full(begun: str, nouns: Sequence[Noun]) -> str:
    """Return the beginning of a line, its noun and verb in full and all else as it was. Raises WrongUsage."""
    parts = re.split(r"(\s+)", begun)
    at = [number for number, part in enumerate(parts) if part and not part.isspace()]
    if at and parts[at[0]] == "help":
        at = at[1:]
    for number, full in zip(at[:2], full_words([parts[one] for one in at[:2]], nouns), strict=True):
        parts[number] = full
    return "".join(parts)


def without_controls(text: str) -> str:
    """Return what was typed or pasted as text: lines and signs, blanks for tabs, no control characters."""
    return _NO_TEXT.sub("\ufffd", _CONTROLS.sub("", text).expandtabs(TAB_COLUMNS))
