"""What is typed in the shell, word by word. No sign has a power of its own but blanks, and quotes around a word.

An apostrophe within a word is an apostrophe (``j'ai``, ``'Anne O'Brien'``): a quote ends where a blank follows it.
``>``, ``|`` and ``;`` are signs like any other.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

from shell.verbs import Noun, full_words

_BEGINS = re.compile(r"""(--[\w-]+=)?(["']?)(\S*)""")
_NO_BLANK = re.compile(r"\S")
_ENDS = {quote: re.compile(rf"{quote}(?=\s|$)") for quote in ("'", '"')}
_ALL_QUOTED = re.compile(r"""(?:"([^"]*)"|'([^']*)')""")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_NO_TEXT = re.compile("[\ud800-\udfff]")  # bytes that are no UTF-8
TAB_COLUMNS = 4
_OF_OTHER_SHELLS = {"exit": "quit", "?": "help"}


class Word(str):
    """A word without the quotes around it, which knows where in its line it stands."""

    __slots__ = ("_line", "_start")
    _line: str
    _start: int

    def __new__(cls, word: str, line: str, start: int) -> Self:
        """Make the word that begins at *start*."""
        made = super().__new__(cls, word)
        made._line, made._start = line, start
        return made

    @property
    def to_the_end(self) -> str:
        """The line from this word on, as it was typed; quotes around all of it are no part of it."""
        rest = self._line[self._start :].rstrip()
        quoted = _ALL_QUOTED.fullmatch(rest)
        return quoted[1] or quoted[2] or "" if quoted else rest


@dataclass(frozen=True, slots=True)
class Begun:
    """A word as it is typed, which begins at *start*. ``option``: what takes it as ``--option=``, with that.

    ``quote``: the one that it was begun with, which may not be closed yet; ``text``: the word without it.
    """

    start: int
    option: str
    quote: str
    text: str


def words_of(line: str) -> list[Word]:
    """Return the words of a line, without the quotes around them."""
    return [
        Word(f"{one.option}{'' if is_closed else one.quote}{one.text}", line, one.start)
        for one, _end, is_closed in _taken_apart(line)
    ]


def word_begun(line: str) -> Begun:
    """Return the word that is being typed at the end of *line*, an empty one behind a blank.

    All behind a quote that never ends belongs to it, so that names can be completed in quotes.
    """
    for one, end, is_closed in _taken_apart(line):
        if one.quote and not is_closed:
            return replace(one, text=line[end - len(one.text) :])
        if end == len(line):
            return one
    return Begun(len(line), "", "", "")


def _taken_apart(line: str) -> Iterator[tuple[Begun, int, bool]]:
    """Yield each word with where it ends, and whether it is closed by the quote with which it begins."""
    ends = {quote: [one.start() for one in pattern.finditer(line)] for quote, pattern in _ENDS.items()}
    at = 0
    while (first := _NO_BLANK.search(line, at)) and (begins := _BEGINS.match(line, first.start())):
        option, quote, text = begins.groups("")
        start, inside = begins.start(), begins.end(2)
        there = ends.get(quote, [])
        if is_closed := (number := bisect_left(there, inside)) < len(there):
            text = line[inside : there[number]]
        at = there[number] + 1 if is_closed else begins.end()
        yield Begun(start, option, quote, text), at, is_closed


def as_typed(word: str, quote: str = "") -> str | None:
    """Return *word* as it is typed to mean itself, in these quotes where they will do; None where nothing will."""
    ways = (f"{quote}{word}{quote}", f'"{word}"', f"'{word}'")
    return next((typed for typed in ways if words_of(typed) == [word]), None)


def text_of(words: Sequence[str]) -> str | None:
    """Return the text that begins with the first of *words*, as it was typed where that is known; None for none."""
    if not words:
        return None
    return words[0].to_the_end if isinstance(words[0], Word) else " ".join(words)


def line_in_full(line: str, nouns: Sequence[Noun]) -> str:
    """Return a line, or its beginning, its noun and verb in full and all else as it was, also behind ``help``.

    What other shells call help and quit is that. Raises WrongUsage where they can mean several.
    """
    parts = re.split(r"(\s+)", line)
    at = [number for number, part in enumerate(parts) if part and not part.isspace()]
    if at:
        parts[at[0]] = _OF_OTHER_SHELLS.get(parts[at[0]], parts[at[0]])
    if at and parts[at[0]] == "help":
        at = at[1:]
    for number, full in zip(at[:2], full_words([parts[one] for one in at[:2]], nouns), strict=True):
        parts[number] = full
    return "".join(parts)


def is_text(word: str) -> bool:
    """Whether a word of the command line holds no bytes that are no UTF-8."""
    return not _NO_TEXT.search(word)


def without_controls(text: str) -> str:
    """Return what was typed or pasted as text: lines and signs, blanks for tabs, no control characters."""
    return _NO_TEXT.sub("\ufffd", _CONTROLS.sub("", text).expandtabs(TAB_COLUMNS))
