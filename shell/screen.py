"""What the shell prints: lines and tables that fit a terminal, a pipe and a screen reader alike."""

import csv
import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from helpdesk.core.jsontext import json_text
from helpdesk.core.terminal import csv_cell, term_safe, term_safe_block

GAP = "  "
INDENT = "    "
MIN_COLUMN = 8
SHORT = 12
READABLE = 24
MOST_LINES = 3
MOST_ROWS = 6  # of a cell that goes on below
_WHOLE = re.compile(r"[0-9 :./-]*|[A-Z_]{1,40}")  # numbers, ids, times; names of actions
_WORD = re.compile(r" *[^ ]+")  # and the blanks before it
STYLES = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "bold": "1", "dim": "2"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell with a style for people who see colours."""

    text: str
    style: str = ""


def wide(text: str) -> int:
    """Return how many columns a text takes: two for East Asian wide characters, none for combining marks."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def cut(text: str, columns: int) -> str:
    """Return *text* cut to a number of columns, its end marked with "…" where it was."""
    if wide(text) <= columns:
        return text
    return _head(text, columns - 1) + "…"


def _head(text: str, columns: int) -> str:
    used = 0
    for at, character in enumerate(text):
        used += _columns(character)
        if used > columns:
            return text[:at]
    return text


def wrapped(text: str, columns: int) -> list[str]:
    """Return the lines of *columns* that a text takes, broken at blanks; of a long one the first MOST_ROWS."""
    lines: list[str] = []
    while wide(text) > columns and len(lines) < MOST_ROWS - 1:
        fits = len(_head(text, columns))
        blank = text.rfind(" ", 1, fits + 1)
        at = blank if blank > 0 else max(fits, 1)
        lines.append(text[:at].rstrip(" "))
        text = text[at:].lstrip(" ")
    return [*lines, cut(text, columns)]


def broken(line: str, columns: int) -> str:
    """Return a line as lines of *columns*, broken at blanks and indented alike; a word that is longer stays whole."""
    if wide(line) <= columns:
        return line
    indent = line[: min(len(line) - len(line.lstrip(" ")), columns // 2)]
    lines: list[str] = []
    used = columns
    for word in _WORD.findall(line.rstrip(" ")):  # of the blanks at the end each would be a new beginning
        taken = wide(word)
        if used + taken > columns:
            word = indent + word.lstrip(" ") if lines else word
            taken = wide(word)
            lines.append("")
            used = 0
        lines[-1] += word
        used += taken
    return "\n".join(lines)


def beginning(text: str, rows: int, columns: int) -> tuple[str, int]:
    """Return what of *text* fits on *rows* of *columns*, and how many lines are missing, one that was cut counted."""
    lines = text.split("\n")
    for at, line in enumerate(lines):
        taken = max(1, -(-len(line) // columns))
        if taken > rows:
            cut_line = [line[: rows * columns - 1] + "…"] if rows else []
            return "\n".join([*lines[:at], *cut_line]), len(lines) - at
        rows -= taken
    return text, 0


@dataclass(slots=True)
class Screen:
    """Where a verb prints. Nothing reaches it but through ``term_safe``; colours come on top of that.

    ``plain``: for screen readers and pipes, no colours and one field a line instead of tables.
    """

    out: IO[str] = field(default_factory=lambda: sys.stdout)
    error: IO[str] = field(default_factory=lambda: sys.stderr)
    plain: bool = False
    columns: int | None = None

    @property
    def width(self) -> int:
        """How many columns there are."""
        return self.columns or shutil.get_terminal_size((100, 24)).columns

    @property
    def room(self) -> int:
        """How many columns a table may take: where programs read on, as many as it wants, unless COLUMNS is set."""
        is_limited = self.columns or os.environ.get("COLUMNS") or self.out.isatty()
        return self.width if is_limited else sys.maxsize

    @property
    def height(self) -> int:
        """How many lines there are."""
        return shutil.get_terminal_size((100, 24)).lines

    @property
    def in_place(self) -> bool:
        """Whether what stands on the screen can be written over: at a terminal, unless a person hears it."""
        return not self.plain and os.environ.get("TERM", "dumb") != "dumb" and self.out.isatty()

    def clear(self) -> None:
        """Begin at the top of an empty screen; only where ``in_place``."""
        self.out.write("\x1b[H\x1b[2J")
        self.out.flush()

    @property
    def coloured(self) -> bool:
        """Whether styles are shown: at a terminal, unless NO_COLOR (no-color.org) or TERM=dumb says no."""
        told_not = self.plain or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return not told_not and self.out.isatty()

    def say(self, text: str = "", style: str = "", *, as_it_is: bool = False) -> None:
        """Print lines; every character that could steer a terminal is shown instead.

        At a terminal long lines are broken at blanks, but *as_it_is*: a picture, or a text that somebody may copy.
        """
        safe = term_safe_block(text)
        self.out.write(f"{self.styled(safe if as_it_is else self._broken(safe, self.out), style)}\n")

    def line(self, text: str, style: str = "") -> None:
        """Print one line, cut to the width of the screen."""
        self.out.write(f"{self.styled(cut(term_safe(text), self.width), style)}\n")

    def complain(self, text: str, *, as_it_is: bool = False) -> None:
        """Print lines about a mistake, broken as those that are said."""
        safe = term_safe_block(text)
        self.error.write(f"{safe if as_it_is else self._broken(safe, self.error)}\n")

    def _broken(self, safe_text: str, stream: IO[str]) -> str:
        if not (stream.isatty() and self.out.isatty()):  # whose width it is
            return safe_text
        return "\n".join(broken(line, self.width) for line in safe_text.split("\n"))

    def styled(self, safe_text: str, style: str) -> str:
        """Return a text that is safe already with its style, where styles are shown."""
        if not style or not self.coloured:
            return safe_text
        return f"\x1b[{STYLES[style]}m{safe_text}\x1b[0m"

    def json(self, value: Mapping[str, object]) -> None:
        """Print one JSON object on one line, ASCII only: nothing in it can steer a terminal."""
        self.out.write(json_text(value) + "\n")

    def csv(self, cells: Sequence[str]) -> None:
        """Print one line of CSV; no cell can steer a terminal or be taken for a formula by a spreadsheet."""
        csv.writer(self.out, lineterminator="\n").writerow([csv_cell(cell) for cell in cells])

    def table(
        self,
        heads: Sequence[str],
        rows: Sequence[Sequence[str | Cell]],
        grow: int = -1,
        wraps: Collection[int] = (),
    ) -> None:
        """Print a table as wide as the screen at most.

        Column *grow* gives way first when it is too wide, as long as it can be read; numbers, ids, times and
        actions are never cut, and the columns in *wraps* go on below. Columns without anything give their room to
        the others. Where one would be too narrow, rows take two or three lines each, and on a screen narrower
        still one a field.
        """
        cells = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows]
        safe = [[Cell(term_safe(cell.text), cell.style) for cell in row] for row in cells]
        if self.plain:
            self._fields(heads, safe)
            return
        shown = list(range(len(heads)))
        widths = [max(wide(heads[at]), 1, *(wide(row[at].text) for row in safe)) for at in shown]
        if sum(widths) + len(GAP) * (len(widths) - 1) > self.room:
            shown = [at for at in shown if not safe or any(row[at].text for row in safe)]
        least = [
            width
            if self._is_whole(row[at].text for row in safe)
            else min(width, READABLE if at in wraps or at == grow % len(heads) else MIN_COLUMN)
            for at, width in enumerate(widths)
        ]
        lines = [shown]
        if not self._fits(widths, least, shown, grow % len(heads)):
            lines = self._in_lines(widths, shown)
        if len(lines) > MOST_LINES:
            self._fields(heads, safe)
            return
        for row, style in ([Cell(head) for head in heads], "bold"), *((row, "") for row in safe):
            for number, line in enumerate(lines):
                for text in self._lines(row, line, widths, wraps):
                    if text or not number:
                        self.out.write(self.styled(f"{INDENT if number else ''}{text}", style) + "\n")

    def _fields(self, heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        for row in rows:
            for head, cell in zip(heads, row, strict=True):
                if cell.text:
                    self.out.write(f"{head}: {cell.text}\n")
            self.out.write("\n")

    @staticmethod
    def _is_whole(texts: Iterable[str]) -> bool:
        """Say whether half of what stands in a column would say nothing, or something else."""
        return all(_WHOLE.fullmatch(text) for text in texts)

    def _fits(self, widths: list[int], least: Sequence[int], shown: Sequence[int], grow: int) -> bool:
        """Make columns narrower until they fit, none below its *least*; False: as they were, they cannot."""
        room = self.room - len(GAP) * (len(shown) - 1)
        if sum(least[at] for at in shown) > room:
            return False
        over = max(sum(widths[at] for at in shown) - room, 0)
        taken = min(over, max(widths[grow] - READABLE, 0)) if grow in shown else 0
        widths[grow] -= taken
        is_long = [width > SHORT for width in widths]

        def gives_way(at: int) -> tuple[bool, bool, int]:
            return widths[at] > least[at], is_long[at], widths[at]  # single words last, the widest first

        for _ in range(over - taken):
            widths[max(shown, key=gives_way)] -= 1
        return True

    def _in_lines(self, widths: list[int], told: Sequence[int]) -> list[list[int]]:
        """Return which columns of those that are *told* stand on each line, cut only where much of them is seen."""
        lines: list[list[int]] = [[]]
        used = 0
        for at in told:
            if lines[-1] and used + min(widths[at], READABLE) > self.room:
                lines.append([])
                used = len(INDENT)
            widths[at] = min(widths[at], self.room - used)
            lines[-1].append(at)
            used += widths[at] + len(GAP)
        return lines

    def _lines(
        self, row: Sequence[Cell], line: Sequence[int], widths: Sequence[int], wraps: Collection[int]
    ) -> Iterator[str]:
        """Yield a line of a row, and what of its cells goes on below."""
        parts = {
            at: wrapped(row[at].text, widths[at]) if at in wraps else [cut(row[at].text, widths[at])]
            for at in line
        }
        for number in range(max(len(part) for part in parts.values())):
            texts = {at: part[number] if number < len(part) else "" for at, part in parts.items()}
            yield GAP.join(
                self.styled(text, row[at].style) + " " * (widths[at] - wide(text))
                for at, text in texts.items()
            ).rstrip()
