"""Figures about tickets: how many, and how long people waited. And how to draw them with characters."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

BLOCKS = "▁▂▃▄▅▆▇█"
EIGHTHS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True, slots=True)
class TicketTimes:
    """What a ticket adds to the figures; ``team`` is empty where it has none."""

    opened_at: datetime
    status: str
    team: str
    first_answered_at: datetime | None
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True)
class Waits:
    """How long it took, in seconds: half of the tickets at most ``median``, nine in ten at most ``nine_in_ten``."""

    count: int = 0
    median: float | None = None
    nine_in_ten: float | None = None


@dataclass(frozen=True, slots=True)
class TicketFigures:
    """The figures of one span. ``per_day`` has every day of it, also those without tickets."""

    total: int = 0
    per_day: Mapping[date, int] = field(default_factory=dict)
    per_status: Mapping[str, int] = field(default_factory=dict)
    per_team: Mapping[str, int] = field(default_factory=dict)
    first_answer: Waits = field(default_factory=Waits)
    resolution: Waits = field(default_factory=Waits)


def figures_of(
    times: Iterable[TicketTimes], since: datetime, until: datetime, zone: tzinfo | None
) -> TicketFigures:
    """Return the figures of the tickets opened from *since* until *until*; days begin by the clock of *zone*."""
    per_day, per_status, per_team = Counter[date](), Counter[str](), Counter[str]()
    answers: list[float] = []
    ends: list[float] = []
    total = 0
    for one in times:
        total += 1
        per_day[one.opened_at.astimezone(zone).date()] += 1
        per_status[one.status] += 1
        per_team[one.team] += 1
        if one.first_answered_at is not None:
            answers.append((one.first_answered_at - one.opened_at).total_seconds())
        if one.resolved_at is not None:
            ends.append((one.resolved_at - one.opened_at).total_seconds())
    days = {day: per_day[day] for day in _days(since.astimezone(zone), until.astimezone(zone))}
    return TicketFigures(total, days, per_status, dict(per_team.most_common()), waits(answers), waits(ends))


def waits(seconds: Sequence[float]) -> Waits:
    """Return what is typical of these waits; a clock that went backwards counts as no wait."""
    if not seconds:
        return Waits()
    ordered = sorted(max(one, 0.0) for one in seconds)
    return Waits(len(ordered), _share(ordered, 0.5), _share(ordered, 0.9))


def _share(ordered: Sequence[float], share: float) -> float:
    """Return the least value that so many of the values do not exceed: one that was really seen."""
    place = -(-len(ordered) * round(share * 100) // 100) - 1  # rounded up, without the errors of floats
    return ordered[max(place, 0)]


def _days(since: datetime, until: datetime) -> Iterable[date]:
    day = since.date()
    last = (until - timedelta(microseconds=1)).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def sparkline(values: Sequence[int]) -> str:
    """Return one block for each value, its height by its share of the greatest; a blank where there is nothing."""
    greatest = max(values, default=0)
    if greatest <= 0:
        return " " * len(values)
    return "".join(BLOCKS[-(-value * len(BLOCKS) // greatest) - 1] if value > 0 else " " for value in values)


def bar(value: int, greatest: int, columns: int) -> str:
    """Return a bar at most *columns* wide, in eighths of a column; what is not nothing is seen."""
    if value <= 0 or greatest <= 0 or columns <= 0:
        return ""
    eighths = max(value * columns * 8 // greatest, 1)
    return EIGHTHS[8] * (eighths // 8) + EIGHTHS[eighths % 8].strip()


def joined(values: Sequence[int], columns: int) -> list[int]:
    """Return *values* added up in groups of one size, at most *columns* of them, the newest group whole."""
    if columns <= 0:
        return []
    size = -(-len(values) // columns) or 1
    first = len(values) % size
    groups = [values[:first]] if first else []
    groups += [values[at : at + size] for at in range(first, len(values), size)]
    return [sum(group) for group in groups]
