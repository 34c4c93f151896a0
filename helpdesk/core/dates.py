"""The Date field, as a time or not at all."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz

MAX_OFFSET = timedelta(hours=16)  # the widest zone in use is +14:00
_LONGEST_DATE = 200


def read_date(value: bytes) -> datetime | None:
    """Return the time an unfolded Date value names, in UTC; None when it names none or an impossible one.

    A time without zone is taken as UTC. Years before 1970 are a clock that was never set. Never raises.
    """
    try:
        parts = parsedate_tz(value[:_LONGEST_DATE].decode("latin-1"))
        if parts is None:
            return None
        year, month, day, hour, minute, second = parts[:6]
        offset = timedelta(seconds=parts[9] or 0)
        when = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC) - offset
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    return when if abs(offset) <= MAX_OFFSET and when.year >= 1970 else None
