"""The weekly report as a letter, and as the same text on a terminal."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.core.datewords import shown_day, shown_time
from helpdesk.core.letters import (
    NAME_CHARS,
    Addressee,
    Answered,
    Letter,
    LetterKind,
    Stationery,
    assembled,
    defanged,
)
from helpdesk.core.people import Language
from helpdesk.core.terminal import CUT, term_safe
from helpdesk.core.weekly import Compared, Counted, Week, mean, percent, trend
from helpdesk.core.weeklywords import (
    age_in_words,
    kind_in_words,
    trend_in_words,
    verdict_in_words,
    weekday_in_words,
)

LABEL_COLUMNS, COUNT_COLUMNS, TREND_COLUMNS, BAR_COLUMNS = 39, 6, 7, 15  # and two blanks before: 72 in all
BLOCK = "█"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the report: a count with its trend, where it has one, and a bar of so many per cent.

    ``text`` is the whole line, aligned, for who reads the plain part.
    """

    label: str
    count: int
    trend: str
    percent: int
    text: str


def weekly_report(stationery: Stationery, to: Addressee, week: Week, dedupe: str, now: datetime) -> Letter:
    """Return the report for an admin, in their language."""
    values = _values(week, stationery, to.language)
    return assembled(stationery, LetterKind.WEEKLY_REPORT, to, values, dedupe, now, None, Answered())


def report_text(stationery: Stationery, week: Week, language: Language) -> str:
    """Return the plain text of the report, for a terminal; its lines have 72 columns at most."""
    common = {"desk": term_safe(stationery.desk_name), "name": "", "language": language.value}
    template = stationery.templates[language, LetterKind.WEEKLY_REPORT].text
    return template.render(_values(week, stationery, language) | common).rstrip("\n") + "\n"


def _values(week: Week, stationery: Stationery, language: Language) -> dict[str, object]:
    zone, days = stationery.zone, week.days
    last = week.until - timedelta(microseconds=1)
    kinds = [_named(one, kind_in_words(one.name, language)) for one in week.suspicious]
    kept = [_named(one, verdict_in_words(one.name, language)) for one in week.kept]
    per_day = [Counted(weekday_in_words(day, language), count) for day, count in week.per_day.items()]
    ages = [Counted(age_in_words(at, language), count) for at, count in enumerate(week.open_by_age)]
    return {
        "first": shown_day(week.since.astimezone(zone).date(), language),
        "last": shown_day(last.astimezone(zone).date(), language),
        "now": shown_time(week.now, zone, language),
        "suspicious": sum(one.count for one in week.suspicious),
        "kinds": _compared(kinds, days, language),
        "per_day": _counted(per_day),
        "accounts": _counted(_named(one, defanged(one.name, NAME_CHARS)) for one in week.accounts),
        "origins": _counted(_named(one, term_safe(one.name, NAME_CHARS)) for one in week.origins),
        "senders": _counted(_named(one, defanged(one.name, NAME_CHARS)) for one in week.senders),
        "locks": _alone(week.locks, days, language),
        "freezes": _alone(week.freezes, days, language),
        "frozen": [defanged(address, NAME_CHARS) for address in week.frozen_now],
        "frozen_count": week.frozen_count,
        "kept": _compared(kept, days, language),
        "letters_dead": _alone(week.letters_dead, days, language),
        "letters_waiting": week.letters_waiting,
        "oldest_waiting": shown_time(week.oldest_waiting, zone, language) if week.oldest_waiting else "",
        "without_fate": week.without_fate,
        "deferred": week.deferred,
        "opened": _alone(week.opened, days, language),
        "resolved": _alone(week.resolved, days, language),
        "open": sum(week.open_by_age),
        "ages": _counted(ages) if any(week.open_by_age) else [],
        "anchor": term_safe(week.anchor, 200),
    }


def _named(one: Counted | Compared, name: str) -> Compared:
    return Compared(name, one.count, one.before if isinstance(one, Compared) else 0)


def _compared(ones: Iterable[Compared], days: int, language: Language) -> list[Line]:
    listed = list(ones)
    greatest = max((one.count for one in listed), default=0)
    return [
        _line(one, trend_in_words(trend(one, days), mean(one, days), language), greatest) for one in listed
    ]


def _counted(ones: Iterable[Counted | Compared]) -> list[Line]:
    listed = list(ones)
    greatest = max((one.count for one in listed), default=0)
    return [_line(one, "", greatest) for one in listed]


def _alone(one: Compared, days: int, language: Language) -> str:
    """Return a count that stands in a sentence: « 12 (↑ 8,5) »."""
    return f"{one.count} ({trend_in_words(trend(one, days), mean(one, days), language)})"


def _line(one: Counted | Compared, shown_trend: str, greatest: int) -> Line:
    share = percent(one.count, greatest)
    drawn = BLOCK * -(-share * BAR_COLUMNS // 100)
    label = _fitted(one.name, LABEL_COLUMNS)
    text = f"  {label}{one.count:>{COUNT_COLUMNS}}  {shown_trend:<{TREND_COLUMNS}} {drawn}"
    return Line(one.name, one.count, shown_trend, share, text.rstrip())


def _fitted(name: str, columns: int) -> str:
    """Return *name* in just so many columns of a terminal, cut where it is longer."""
    if _columns(name) > columns:
        while _columns(name) > columns - 1:
            name = name[:-1]
        name += CUT
    return name + " " * (columns - _columns(name))


def _columns(text: str) -> int:
    return sum(_column(character) for character in text)


def _column(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
