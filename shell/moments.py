"""Times as people type them: a day, a day and an hour, or how long ago."""

import argparse
import re
from datetime import datetime, timedelta, tzinfo

from helpdesk.core.terminal import term_safe
from shell.verbs import Said

_AGO = re.compile(r"([0-9]{1,5})([mhdw])")
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
        try:
            self._at = datetime.fromisoformat(text.strip())
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{term_safe(text, 40)}: {SINCE[0]}") from error

    def meant(self, now: datetime, zone: tzinfo | None) -> datetime:
        """Return the time, aware. *zone*: of a time that was typed without one; None is the machine's."""
        if self._ago is not None:
            return max(now - self._ago, datetime(1970, 1, 1, tzinfo=now.tzinfo))
        at = self._at or now
        if at.tzinfo is not None:
            return at
        return at.replace(tzinfo=zone) if zone else at.astimezone()


def meant(typed: Moment | None, now: datetime, zone: tzinfo | None) -> datetime | None:
    """Return the time that was typed, None where none was."""
    return typed.meant(now, zone) if typed else None
