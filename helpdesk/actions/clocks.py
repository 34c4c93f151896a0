"""What a clock that was set back leaves behind: letters that would wait for it to come round again."""

from collections.abc import Callable
from datetime import datetime, timedelta

from helpdesk.core.backoff import LONGEST_DELAY
from helpdesk.store.engine import Database
from helpdesk.store.work import Work, in_work

CLAIM = timedelta(seconds=30)  # long enough for a living daemon to renew it
LONGEST_CLAIM = 2 * CLAIM


def after_a_clock_set_back(
    database: Database, clock: Callable[[Work], datetime] = lambda work: work.database_now()
) -> int:
    """Let no letter wait for longer than any may, and return how many would have.

    Where the database's clock was never set back, that is none, and nothing is written. Raises StoreAway.
    """
    with Work(database, read_only=True) as work:
        now = clock(work)
        ids = work.letters.misdated(now, LONGEST_CLAIM, LONGEST_DELAY)
    if ids:
        in_work(database, lambda work: work.letters.redate(ids, now, now + CLAIM))
    return len(ids)
