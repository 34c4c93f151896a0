"""When jobs are due: each rhythm has slots, moments in UTC that are the same for every daemon that asks."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONDAY = 0
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class Hourly:
    """Once in every hour of UTC, at a minute of it."""

    minute: int = 0

    def latest(self, now: datetime, zone: tzinfo) -> datetime:
        """Return the last slot that is due at *now*; *zone* does not matter."""
        this_hour = now.astimezone(UTC).replace(minute=self.minute, second=0, microsecond=0)
        return this_hour if this_hour <= now else this_hour - _HOUR

    def after(self, now: datetime, zone: tzinfo) -> datetime:
        """Return the first slot that is not due yet at *now*."""
        return self.latest(now, zone) + _HOUR


@dataclass(frozen=True, slots=True)
class Daily:
    """Once on every day, or on one weekday, at a time by the clocks of a zone.

    A time that a change of summer time leaves out is taken as long after midnight as always: 02:30 is 03:30 then.
    Of one that comes twice the first counts.
    """

    at: time
    weekday: int | None = None

    def latest(self, now: datetime, zone: tzinfo) -> datetime:
        """Return the last slot that is due at *now*."""
        day = (
            now.astimezone(zone).date() + _DAY
        )  # where clocks go back over midnight, tomorrow has been already
        while (slot := self._slot(day, zone)) is None or slot > now:
            day -= _DAY
        return slot

    def after(self, now: datetime, zone: tzinfo) -> datetime:
        """Return the first slot that is not due yet at *now*."""
        day = now.astimezone(zone).date() - _DAY
        while (slot := self._slot(day, zone)) is None or slot <= now:
            day += _DAY
        return slot

    def _slot(self, day: date, zone: tzinfo) -> datetime | None:
        if self.weekday is not None and day.weekday() != self.weekday:
            return None
        return datetime.combine(day, self.at, zone).astimezone(UTC)


Rhythm = Hourly | Daily


def daily(text: str) -> Daily:
    """Return the rhythm that "03:30" means. Raises ValueError for anything else."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r}: expected a time like 03:30")
    return Daily(time(int(found[1]), int(found[2])))


def weekly(text: str) -> Daily:
    """Return the rhythm that "monday 07:00" means. Raises ValueError for anything else."""
    day, _blank, at = text.partition(" ")
    if day not in WEEKDAYS:
        raise ValueError(f"{text!r}: expected a weekday and a time, like monday 07:00")
    return Daily(daily(at).at, WEEKDAYS.index(day))
