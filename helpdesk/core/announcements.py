"""Where a quoted mail is announced: an attribution, a separator, or the head of the old mail."""

from collections.abc import Sequence
from dataclasses import dataclass

from helpdesk.core.attributions import (
    ADDRESS,
    BETWEEN_DASHES,
    DATE_AND_ADDRESS,
    LABEL,
    MAX_ATTRIBUTION_LINES,
    MAX_JOINED_CHARS,
    OPENER,
    QUOTE_ON_THE_LINE,
    QUOTING,
    RULE,
    SEPARATOR,
    TIME,
    VERB_INSIDE,
    VERB_LAST,
    WRITTEN_AT,
    YEAR,
    begins_with_marks,
)

MAX_HEAD_LINES = 14
MAX_UNLABELLED = 3  # a long list of recipients goes over several lines


@dataclass(frozen=True, slots=True)
class Announcement:
    """``end`` is the line after it. ``certain``: a quote follows even where no ">" does.

    ``is_attribution``: one sentence, as programs write it whose users answer between the lines too.
    """

    end: int
    certain: bool
    is_attribution: bool


def announcement_at(lines: Sequence[str], at: int) -> Announcement | None:
    """Return the announcement that begins at line *at* of *lines* (as ``plain`` makes them), if any."""
    line = lines[at]
    if not line:
        return None
    if begins_with_marks(line):
        return _separator(lines, at)
    if _begins_a_head(lines, at) and (end := _head_end(lines, at)) > at:
        return Announcement(end, certain=True, is_attribution=False)
    return _attribution(lines, at)


def _separator(lines: Sequence[str], at: int) -> Announcement | None:
    line = lines[at]
    if SEPARATOR.match(line):
        return Announcement(_after_separator(lines, at + 1), certain=True, is_attribution=False)
    dashed = BETWEEN_DASHES.match(line)
    if dashed and OPENER.match(dashed[1]) and _is_certain(f"{dashed[1]}:", False):
        return Announcement(at + 1, certain=True, is_attribution=True)
    if not RULE.match(line):
        return None
    below = _next_filled(lines, at + 1)
    end = _head_end(lines, below)
    return Announcement(end, certain=True, is_attribution=False) if end > below else None


def _after_separator(lines: Sequence[str], at: int) -> int:
    below = _next_filled(lines, at)
    if below == len(lines):
        return at
    end = _head_end(lines, below)
    if end > below:
        return end
    attribution = _attribution(lines, below)
    return attribution.end if attribution else at


def _next_filled(lines: Sequence[str], at: int) -> int:
    while at < len(lines) and not lines[at]:
        at += 1
    return at


def _begins_a_head(lines: Sequence[str], at: int) -> bool:
    """Most heads begin with the author; GMX and Orange name the date before."""
    line = lines[at]
    label = LABEL.match(line) if ":" in line else None
    if label is None:
        return False
    if label["author"] is not None or _is_of_sfr(line):
        return True
    below = LABEL.match(lines[at + 1]) if label["date"] is not None and at + 1 < len(lines) else None
    return below is not None and below["author"] is not None


def _head_end(lines: Sequence[str], at: int) -> int:
    """Return the line after the head of a mail; *at* where none begins.

    A head has an author, a date with its hour, and a recipient or subject; an address, or else all four with
    "Sent:". Less than that is the writer's own: "De : Lyon, Date : 13 juin, À : Paris".
    """
    kinds: set[str] = set()
    unlabelled = 0
    has_address = has_hour = is_sent = False
    end = at
    for number in range(at, min(at + MAX_HEAD_LINES, len(lines))):
        line = lines[number]
        label = LABEL.match(line) if line else None
        if label is not None:
            kinds.add(str(label.lastgroup))
            has_address = has_address or ("@" in line and ADDRESS.search(line) is not None)
            if label["date"] is not None:
                has_hour = has_hour or TIME.search(line) is not None or _is_of_sfr(line)
                is_sent = is_sent or not WRITTEN_AT.match(line)
            end = number + 1
        elif line:
            unlabelled += 1
            if number == at or unlabelled > MAX_UNLABELLED or "subject" in kinds:
                break
    most = {"author", "date"} <= kinds and kinds & {"recipient", "subject"} and has_hour
    return end if most and (has_address or (is_sent and {"recipient", "subject"} <= kinds)) else at


def _is_of_sfr(line: str) -> bool:
    return line[:10].lower() == "message du"


def _attribution(lines: Sequence[str], at: int) -> Announcement | None:
    """The attribution that begins here; programs and relays break it over up to four lines."""
    first = lines[at]
    opens = OPENER.match(first) is not None
    has_address = "@" in first and ADDRESS.search(first) is not None
    if not (opens or has_address):
        names = first[-1] == ":" and _has_verb(first)  # "Jean Dupont a écrit :"
        return Announcement(at + 1, certain=False, is_attribution=True) if names else None
    if (on_the_line := QUOTE_ON_THE_LINE.match(first)) and opens and _is_certain(on_the_line[1], True):
        return Announcement(at + 1, certain=True, is_attribution=False)
    joined = ""
    for end in range(at + 1, min(at + 1 + MAX_ATTRIBUTION_LINES, len(lines) + 1)):
        part = lines[end - 1]
        joined = f"{joined} {part}" if joined else part
        if not part or len(joined) > MAX_JOINED_CHARS:
            return None
        if part[-1] in ":>" and (certain := _is_certain(joined, has_address)) is not None:
            is_prose = any(_opens(lines, later, end) for later in range(at + 1, end))
            return None if is_prose else Announcement(end, certain, is_attribution=True)
    return None


def _opens(lines: Sequence[str], at: int, end: int) -> bool:
    """Say whether a certain attribution begins only here: the lines before are the writer's."""
    return OPENER.match(lines[at]) is not None and _is_certain(" ".join(lines[at:end]), False) is True


def _is_certain(joined: str, has_address: bool) -> bool | None:
    """Say how sure it is that *joined* announces a quote; None: it does not. *has_address*: in its first line."""
    if QUOTING.match(joined) or DATE_AND_ADDRESS.match(joined):
        return False
    if joined[-1] != ":":
        return None
    has_address = has_address or ADDRESS.search(joined) is not None
    dated = TIME.search(joined) is not None and (has_address or YEAR.search(joined) is not None)
    if _has_verb(joined):
        return dated
    is_foreign = "<" in joined and has_address and dated and YEAR.search(joined) is not None
    return True if is_foreign else None


def _has_verb(joined: str) -> bool:
    return VERB_LAST.search(joined) is not None or VERB_INSIDE.search(joined) is not None
