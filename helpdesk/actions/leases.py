"""A lease that one process keeps while it works."""

import time

from helpdesk.killpoints import Point, reach
from helpdesk.store.engine import Database
from helpdesk.store.work import in_work

RENEW_PARTS = 3  # renewed after a third of its time, so that one late renewal loses nothing


class Lease:
    """Work that only one daemon should do at a time. Not thread-safe: each loop has its own."""

    def __init__(self, database: Database, name: str, owner: str, seconds: float) -> None:
        self._database = database
        self._name = name
        self._owner = owner
        self._seconds = seconds
        self._kept_at = float("-inf")

    def keep(self) -> bool:
        """Take or renew the lease when it is time; False while it is another's. Raises StoreAway."""
        if time.monotonic() - self._kept_at < self._seconds / RENEW_PARTS:
            return True
        name, owner, seconds = self._name, self._owner, self._seconds
        if in_work(self._database, lambda work: work.leases.take(name, owner, seconds)) is None:
            return False
        reach(Point.LEASE_TAKEN)
        self._kept_at = time.monotonic()
        return True

    def release(self) -> None:
        """Give it back, so that another daemon need not wait. Raises StoreAway."""
        self._kept_at = float("-inf")
        name, owner = self._name, self._owner
        in_work(self._database, lambda work: work.leases.release(name, owner))
