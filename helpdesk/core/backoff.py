"""When to try again. The chance in it comes from outside, as a number from 0 to 1."""

from datetime import timedelta

FIRST_DELAYS_MINUTES = (1, 2, 5, 15, 30)
GIVE_UP_AFTER = timedelta(hours=48)
LONGEST_DELAY = timedelta(minutes=66)  # an hour and a tenth of chance
LAST_ATTEMPT = len(FIRST_DELAYS_MINUTES) + 1 + 48  # 53 min in short steps, then 48 hourly ones
RECONNECT_SECONDS = (1.0, 10.0, 30.0, 60.0)  # four connects in the first minute, then one a minute


def retry_delay(attempts: int, waited: timedelta, jitter: float) -> timedelta | None:
    """Return how long a letter waits after its n-th attempt failed, or None when that was the last.

    1, 2, 5, 15, 30 minutes, then hourly up to 48 hours; *jitter* moves each by up to 10 % either way, so that
    letters refused together do not come back together. *waited*: since it was queued. Both must be over: crashes
    count attempts up that were none, and a letter may have waited for a daemon that did not run.
    """
    if attempts >= LAST_ATTEMPT and waited >= GIVE_UP_AFTER:
        return None
    step = max(attempts, 1) - 1
    minutes = FIRST_DELAYS_MINUTES[step] if step < len(FIRST_DELAYS_MINUTES) else 60
    return timedelta(minutes=minutes) * (0.9 + 0.2 * jitter)


def reconnect_seconds(failures: int, jitter: float) -> float:
    """Return how long to leave a server alone after *failures* in a row: from 1 s to 60 s, ± 20 %."""
    step = min(max(failures, 1), len(RECONNECT_SECONDS)) - 1
    return min(RECONNECT_SECONDS[step] * (0.8 + 0.4 * jitter), RECONNECT_SECONDS[-1])
