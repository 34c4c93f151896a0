"""Which spans of a text a reader may hide: quotes and signatures. Nothing is ever removed from the text.

What could be an answer stays visible: in doubt nothing is folded. A mail that only quotes is shown whole.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate

from helpdesk.core.announcements import Announcement, announcement_at
from helpdesk.core.attributions import ANSWERS_BELOW, FORWARD_SUBJECT, REPLY_SUBJECT, begins_forward, plain
from helpdesk.core.mail import Fold
from helpdesk.core.signatures import advertises, is_greeting, is_postscript
from helpdesk.core.subjects import ticket_numbers

QUOTE = "quote"
SIGNATURE = "signature"
MAX_SIGNATURE_LINES = 30  # longer than that it is text that stands below a dash
LOOSE_SIGNATURE_LINES = 15

_QUOTED = re.compile(r"[ \t]{0,3}>")
_PROMPT = re.compile(r">>>(?: |$)")


def folds_of(text: str, subject: str = "", *, is_threaded: bool = False) -> tuple[Fold, ...]:
    """Return the spans of *text* that a reader may hide, in order, not overlapping.

    *text* is decoded, its lines end in LF. Quotes: lines that begin with ">" with the line that announces
    them; everything below an announcement that no ">" follows. Signatures: from "-- " on (RFC 3676 §4.3),
    and the line that a program adds about itself. Forwarded mail is content; *subject* tells where only the
    subject says that a mail is a forward. A mail that answers nothing, by its subject and unless it
    *is_threaded*, quotes only what stands behind marks below "A wrote:": the rest in it is the writer's.
    Linear in the length of *text*. Never raises.
    """
    is_forward = FORWARD_SUBJECT.match(subject) is not None
    is_answer = is_threaded or not subject or REPLY_SUBJECT.match(subject) is not None
    folding = _Folding(text.split("\n"), is_forward, is_answer or bool(ticket_numbers(subject)))
    return folding.spans() if folding.leaves_something() else ()


def visible_text(text: str, folds: Sequence[Fold]) -> str:
    """Return *text* without its folded spans and the blank lines around them; no mark stands for a span."""
    starts = (0, *(fold.end for fold in folds))
    ends = (*(fold.start for fold in folds), len(text))
    pieces = (_without_blank_ends(text[start:end]) for start, end in zip(starts, ends, strict=True))
    return "\n\n".join(filter(None, pieces))


def _without_blank_ends(piece: str) -> str:
    first_letter = len(piece) - len(piece.lstrip(" \t\u00a0\n"))
    return piece[piece.rfind("\n", 0, first_letter) + 1 :].rstrip()


class _Folding:
    """The lines of one text, each with the kind of fold it belongs to, empty for what stays visible."""

    def __init__(self, lines: list[str], is_forward: bool, is_answer: bool) -> None:
        self._raw = lines
        self._lines = [plain(line) for line in lines]
        self._filled = [0, *accumulate(map(bool, self._lines))]  # how many lines with text stand before each
        self._dashes = sum(line == "--" for line in self._lines)
        self._is_forward = is_forward
        self._is_answer = is_answer
        self._kinds = [""] * len(lines)
        self._marked: list[tuple[int, int]] = []  # runs of ">" that nothing above them announces
        self._announced_at = len(lines)
        end = self._mark_quotes()
        self._show_what_nothing_announces()
        self._mark_signatures(end)
        self._mark_blank_lines_between()

    def leaves_something(self) -> bool:
        """Say whether any line with text stays visible."""
        return any(line and not kind for line, kind in zip(self._lines, self._kinds, strict=True))

    def spans(self) -> tuple[Fold, ...]:
        """Return the folded lines as spans of characters."""
        return tuple(self._each_span())

    def _each_span(self) -> Iterator[Fold]:
        start = position = 0
        kind = ""
        for line, its_kind in zip(self._raw, self._kinds, strict=True):
            if its_kind != kind:
                if kind:
                    yield Fold(start, position, kind)
                start, kind = position, its_kind
            position += len(line) + 1
        if kind:
            yield Fold(start, position - 1, kind)  # no line end stands after the last line

    def _mark_quotes(self) -> int:
        """Mark the quoted lines; return where a forwarded mail begins, else the number of lines."""
        at = 0
        while at < len(self._lines):
            if begins_forward(self._lines[at]):
                return at
            if _QUOTED.match(self._raw[at]):
                end = self._end_of_quoted_lines(at)
                if not self._only_looks_quoted(at, end):
                    self._mark_run(at, end)
                at = end
            elif (announced := announcement_at(self._lines, at)) is None:
                at += 1
            elif self._is_forward or not (self._is_answer or announced.is_attribution):
                return at
            else:
                at = self._fold_announced(at, announced)
        return at

    def _fold_announced(self, at: int, announced: Announcement) -> int:
        """Fold the announcement with what it announces; return where to go on."""
        body = announced.end
        while body < len(self._lines) and not self._lines[body]:
            body += 1
        if body < len(self._lines) and _QUOTED.match(self._raw[body]):
            if not (announced.certain or self._is_answer):
                return at + 1
            end = self._end_of_quoted_lines(body)
        elif not (announced.certain and self._is_answer):
            return at + 1
        elif not announced.is_attribution and self._is_introduced(at):
            return announced.end
        elif self._answers_announced_at < at:
            return len(self._lines)
        elif announced.is_attribution and self._is_answered_inside(announced.end):
            end = announced.end
        else:
            end = len(self._lines)
        self._mark(at, end, QUOTE)
        self._announced_at = min(self._announced_at, at)
        return end

    def _mark_run(self, at: int, end: int) -> None:
        """Mark lines that begin with ">"; Apple Mail writes the attribution behind the mark too."""
        self._mark(at, end, QUOTE)
        if self._announced_at < at:
            return
        inside = [plain(line.lstrip("> \t")) for line in self._raw[at:end]]
        if any(announcement_at(inside, number) for number in range(len(inside))):
            self._announced_at = at
        else:
            self._marked.append((at, end))

    def _show_what_nothing_announces(self) -> None:
        """What stands above the first announcement is the writer's: a command line, a rule of the house.

        An answer whose writer deleted the only announcement still quotes.
        """
        none = self._announced_at == len(self._lines)
        if not (none and self._is_answer):
            for at, end in self._marked:
                self._mark(at, end, "")

    def _is_introduced(self, at: int) -> bool:
        """Say whether the writer leads over to what stands here: "Voici le mail que j'ai reçu :"."""
        above = next((line for line in reversed(self._lines[max(at - 3, 0) : at]) if line), "")
        return above.endswith(":")

    @cached_property
    def _answers_announced_at(self) -> int:
        """The first line of the writer that says so; the number of lines where none does."""
        said = (at for at, line in enumerate(self._lines) if line[:1] != ">" and ANSWERS_BELOW.search(line))
        return next(said, len(self._lines))

    def _is_answered_inside(self, at: int) -> bool:
        """Say whether ">" stands below before anything else is announced: the first quoted line was cut off."""
        for below in range(at, len(self._lines)):
            if _QUOTED.match(self._raw[below]):
                return True
            if announcement_at(self._lines, below) or begins_forward(self._lines[below]):
                return False
        return False

    def _end_of_quoted_lines(self, at: int) -> int:
        while at < len(self._raw) and _QUOTED.match(self._raw[at]):
            at += 1
        return at

    def _only_looks_quoted(self, at: int, end: int) -> bool:
        """A session at Python's prompt, or a line that begins with "From" and was escaped for an mbox."""
        lines = self._raw[at:end]
        return all(map(_PROMPT.match, lines)) or (len(lines) == 1 and lines[0].startswith(">From "))

    def _mark_signatures(self, end: int) -> None:
        start = 0
        for at in range(end + 1):
            if at == end or self._kinds[at] == QUOTE:
                self._mark_signature(start, at)
                start = at + 1

    def _mark_signature(self, start: int, end: int) -> None:
        """Mark the signature in lines that no quote interrupts."""
        for at in range(start, end):
            if advertises(self._lines[at]) and self._ends_what_was_written(at, end):
                self._mark(at, at + 1, SIGNATURE)
            elif self._lines[at] == "--" and self._begins_signature(at, end):
                self._mark(at, self._postscript(at, end), SIGNATURE)
                return

    def _ends_what_was_written(self, at: int, end: int) -> bool:
        """Say whether nothing of the writer follows; a text may be about such a line."""
        if at + 1 < end and self._lines[at + 1]:
            return False
        below = self._lines[at + 1 : min(end, at + 1 + MAX_SIGNATURE_LINES)]
        next_line = next(filter(None, below), "--")
        return next_line == "--" or advertises(next_line)

    def _begins_signature(self, at: int, end: int) -> bool:
        if not self._raw[at].startswith("--"):
            return False
        lines = self._filled[end] - self._filled[at + 1]
        if self._raw[at] in ("-- ", "--\u00a0"):
            return lines <= MAX_SIGNATURE_LINES
        return lines <= LOOSE_SIGNATURE_LINES and self._dashes == 1 and self._is_apart(at, end)

    def _is_apart(self, at: int, end: int) -> bool:
        """Say whether dashes without a space can begin a signature: below a text, with a gap, above no question."""
        if at and self._lines[at - 1] and not self._kinds[at - 1]:
            return False
        above = [line for line, kind in zip(self._lines[:at], self._kinds, strict=False) if line and not kind]
        below = self._lines[at + 1 : end]
        return not all(map(is_greeting, above)) and not any(line.endswith("?") for line in below)

    def _postscript(self, at: int, end: int) -> int:
        return next((below for below in range(at, end) if is_postscript(self._lines[below])), end)

    def _mark_blank_lines_between(self) -> None:
        """Blank lines between two folds, or after the last, belong to the first of them."""
        at = 0
        while at < len(self._lines):
            if not self._kinds[at] or (at + 1 < len(self._lines) and self._lines[at + 1]):
                at += 1
                continue
            after = at + 1
            while after < len(self._lines) and not self._lines[after] and not self._kinds[after]:
                after += 1
            if after == len(self._lines) or self._kinds[after]:
                self._mark(at + 1, after, self._kinds[at])
            at = after

    def _mark(self, start: int, end: int, kind: str) -> None:
        self._kinds[start:end] = [kind] * (end - start)
