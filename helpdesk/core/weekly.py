"""One week of the desk as figures: what is compared with what, which days, and how old open tickets are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

from helpdesk.core.audit import Action
from helpdesk.core.standing import day_begins
from helpdesk.core.suspicion import SUSPICIOUS as SUSPICIOUS_ACTIONS

MAX_DAYS = 31  # with the four weeks before it, within the 90 days that audit rows are kept
BEFORE_DAYS = 28
MOST_WEEKS = 4  # that one run reports; what was before them is asked for with a span
TOP = 5
SHOWN_FROZEN = 10
LONGEST_DEFERRED = timedelta(hours=72)  # a mail waits 48 hours for its verdict; then it is held
AGE_DAYS = (1, 3, 7, 14, 30)  # where the ages of open tickets are parted

LOGIN = Action.LOGIN.value  # counts where it failed; the others count however they ended
LOCKED = Action.LOGIN_LOCKED.value
FROZEN = Action.ADDRESS_FROZEN.value
SUSPICIOUS = tuple(action.value for action in SUSPICIOUS_ACTIONS)


class Trend(StrEnum):
    """How a count stands to the mean of the four weeks before; NOTHING: there was nothing then."""

    MORE = "more"
    LESS = "less"
    SAME = "same"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Compared:
    """How many in the span, and ``before``: in the four weeks before it, all together."""

    name: str
    count: int
    before: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of what."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Week:
    """The figures from ``since`` until ``until``; what waits, is open or frozen is as of ``now``.

    ``suspicious`` and ``kept`` hold what there was, in the span or before; ``kept`` by verdict. ``accounts``: who
    was aimed at, by address; ``origins``: from which network addresses; ``senders``: whose mail was kept.
    ``without_fate`` must be 0; ``deferred`` mails wait for a verdict. No name in it is fit to be shown as it is.
    """

    since: datetime
    until: datetime
    now: datetime
    suspicious: tuple[Compared, ...]
    per_day: Mapping[date, int]
    accounts: tuple[Counted, ...]
    origins: tuple[Counted, ...]
    senders: tuple[Counted, ...]
    locks: Compared
    freezes: Compared
    frozen_now: tuple[str, ...]
    frozen_count: int
    kept: tuple[Compared, ...]
    letters_dead: Compared
    letters_waiting: int
    oldest_waiting: datetime | None
    without_fate: int
    deferred: int
    opened: Compared
    resolved: Compared
    open_by_age: tuple[int, ...]
    anchor: str = ""

    @property
    def days(self) -> int:
        """How many days the span has."""
        return len(self.per_day)


def last_week(moment: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the last whole week that has ended at *moment*: Monday to Monday, by the clock of *zone*."""
    day = moment.astimezone(zone).date()
    monday = day - timedelta(days=day.weekday())
    return day_begins(monday - timedelta(days=7), zone), day_begins(monday, zone)


def weeks_to_report(slot: datetime, last: datetime | None, zone: tzinfo) -> list[tuple[datetime, datetime]]:
    """Return the whole weeks that have ended at *slot* and had not at *last*, the oldest first, MOST_WEEKS at most.

    *last*: for when the last report was; None: there was none, so only the last week is due.
    """
    weeks = [last_week(slot, zone)]
    ended = last_week(last, zone)[1] if last else weeks[0][0]
    while len(weeks) < MOST_WEEKS and weeks[-1][0] > ended:
        weeks.append(last_week(weeks[-1][0], zone))
    return weeks[::-1]


def day_edges(since: datetime, until: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """Return *since*, each midnight of *zone* after it, and *until*; one day has 23, 24 or 25 hours."""
    edges = [since]
    day = since.astimezone(zone).date() + timedelta(days=1)
    while (midnight := day_begins(day, zone)) < until:
        edges.append(midnight)
        day += timedelta(days=1)
    return (*edges, until)


def four_weeks_before(since: datetime, zone: tzinfo) -> datetime:
    """Return when the four weeks before a span began: at the same time of the day, as people count."""
    local = since.astimezone(zone)
    first = day_begins(local.date() - timedelta(days=BEFORE_DAYS), zone)
    return first + (since - day_begins(local.date(), zone))


def trend(compared: Compared, days: int) -> Trend:
    """Return how a count of *days* days stands to the mean: alike within a tenth of it, or half a piece."""
    if compared.before == 0:
        return Trend.NOTHING
    usual = compared.before * days  # all in 28ths, without the errors of floats
    difference = compared.count * BEFORE_DAYS - usual
    if 10 * abs(difference) <= max(usual, 5 * BEFORE_DAYS):
        return Trend.SAME
    return Trend.MORE if difference > 0 else Trend.LESS


def mean(compared: Compared, days: int) -> float:
    """Return how many *days* days of the four weeks before had."""
    return compared.before * days / BEFORE_DAYS


def percent(count: int, greatest: int) -> int:
    """Return how long a bar is, in per cent of the longest one; what is not nothing is seen."""
    if count <= 0 or greatest <= 0:
        return 0
    return max(count * 100 // greatest, 1)


def age_edges(now: datetime) -> tuple[datetime, ...]:
    """Return before when tickets were opened that have reached each of AGE_DAYS, the oldest first."""
    just_reached = now + timedelta(microseconds=1)
    return tuple(just_reached - timedelta(days=days) for days in reversed(AGE_DAYS))


def present(counts: Mapping[str, tuple[int, int]], order: Sequence[str]) -> tuple[Compared, ...]:
    """Return what there was, in *order*, and then what has no place in it, the most frequent first.

    *counts*: how many in the span and before.
    """
    others = sorted(counts.keys() - set(order), key=lambda name: (-counts[name][0], name))
    ordered = [name for name in (*order, *others) if any(counts.get(name, ()))]
    return tuple(Compared(name, *counts[name]) for name in ordered)
