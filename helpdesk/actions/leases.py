"""A lease that one process keeps while it works."""

import threading
import time
from contextlib import suppress

from helpdesk.errors import LeaseLost, StoreAway
from helpdesk.killpoints import Point, reach
from helpdesk.store.engine import Database
from helpdesk.store.work import ATTEMPTS, Work, in_work

RENEW_PARTS = 3  # renewed after a third of its time, so that one late renewal loses nothing


class Lease:
    """Work that only one daemon should do at a time. Safe to use from several threads."""

    def __init__(self, database: Database, name: str, owner: str, seconds: float) -> None:
        self._database = database
        self._name = name
        self._owner = owner
        self._seconds = seconds
        self._kept_at = float("-inf")
        self._fence: int | None = None
        self._one_at_a_time = threading.Lock()

    @property
    def fence(self) -> int | None:
        """The number of the lease, another one for each time that it changed hands; None while it is not ours."""
        return self._fence

    def keep(self) -> bool:
        """Take or renew the lease when it is time; False while it is another's. Raises StoreAway."""
        return self._keep(ATTEMPTS)

    def _keep(self, attempts: int) -> bool:
        with self._one_at_a_time:
            if time.monotonic() - self._kept_at < self._seconds / RENEW_PARTS:
                return True
            asked_at = time.monotonic()
            name, owner, seconds = self._name, self._owner, self._seconds
            self._fence = in_work(
                self._database, lambda work: work.leases.take(name, owner, seconds), attempts=attempts
            )
            if self._fence is None:
                return False
            reach(Point.LEASE_TAKEN)
            self._kept_at = asked_at
            return True

    def renew(self) -> None:
        """Renew the lease if it is ours; for a second thread, while the first waits for a server.

        Once, however it ends: the first may have it locked by what it writes, and asks for it itself after that.
        """
        if self._fence is not None:
            with suppress(StoreAway):  # the first thread tells of it
                self._keep(attempts=1)

    def confirm(self, work: Work) -> None:
        """Let *work* be committed only while the lease is ours by its number. Raises LeaseLost.

        Who was stopped for longer than the lease lasts would write over its new holder's work otherwise.
        """
        fence = self._fence
        if fence is None or not work.leases.hold(self._name, self._owner, fence, self._seconds):
            self._kept_at = float("-inf")
            raise LeaseLost(f"{self._name}: another daemon has taken over; nothing was written")

    def release(self) -> None:
        """Give it back, so that another daemon need not wait. Raises StoreAway."""
        with self._one_at_a_time:
            self._kept_at = float("-inf")
            self._fence = None
            name, owner = self._name, self._owner
            in_work(self._database, lambda work: work.leases.release(name, owner))
