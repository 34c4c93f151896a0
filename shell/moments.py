"""Times as people type them: a day, a day and an hour, or how long ago."""

import argparse
import contextlib
import re
from datetime import datetime, timedelta, tzinfo

from helpdesk.core.terminal import term_safe
from shell.verbs import Said

_AGO = re.compile(r"([0-9]{1,5})([mhdw])")
FIRST_YEAR, LAST_YEAR = 1970, 2999  # near the ends of the calendar a time has no equal in other zones
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
SINCE: Said = (
    "from then on: 2026-11-26, '2026-11-26 09:05', 7d, 12h",
    "depuis : 2026-11-26, '2026-11-26 09:05', 7d, 12h",
)
UNTIL: Said = ("before then, typed alike", "avant ce moment, saisi de même")


class Moment:
    """A time that was typed; what it means hangs on the clock and the zone when the verb runs."""

    def __init__(self, text: str) -> None:
        self._ago: timedelta | None = None
        self._at: datetime | None = None
        if found := _AGO.fullmatch(text.strip().lower()):
            self._ago = timedelta(**{_UNITS[found[2]]: int(found[1])})
            return
        with contextlib.suppress(ValueError):
            self._at = datetime.fromisoformat(text.strip())
        if self._at is None or not FIRST_YEAR <= self._at.year <= LAST_YEAR:
            raise argparse.ArgumentTypeError(
                f"{term_safe(text, 40) or '-'} is no moment from {FIRST_YEAR} to {LAST_YEAR},"
                " as 2026-11-26, '2026-11-26 09:05', or 7d for seven days ago"
            )

    def meant(self, now: datetime, zone: tzinfo | None) -> datetime:
        """Return the time, aware. *zone*: of a time that was typed without one; None is the machine's."""
        if self._ago is not None:
            return max(now - self._ago, datetime(FIRST_YEAR, 1, 1, tzinfo=now.tzinfo))
        at = self._at or now
        if at.tzinfo is not None:
            return at
        return at.replace(tzinfo=zone) if zone else at.astimezone()


def meant(typed: Moment | None, now: datetime, zone: tzinfo | None) -> datetime | None:
    """Return the time that was typed, None where none was."""
    return typed.meant(now, zone) if typed else None
