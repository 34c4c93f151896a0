"""What a running daemon shows of itself: that it lives, in the database, and each breaker, in the log."""

import logging
from contextlib import suppress

from daemon.beside import Beside
from helpdesk.actions.breakers import open_breakers
from helpdesk.actions.leases import RENEW_PARTS, Lease
from helpdesk.core.health import DAEMON, BreakerSeen
from helpdesk.errors import StoreAway
from helpdesk.logs import event
from helpdesk.store.engine import Database

LOG = logging.getLogger("helpdesk.breakers")
LEASE_SECONDS = 30.0


class Presence(Beside):
    """Keeps the lease ``daemon:OWNER``, which ``status`` reads, while it is entered."""

    def __init__(self, database: Database, owner: str, lease_seconds: float = LEASE_SECONDS) -> None:
        super().__init__("presence", lease_seconds / RENEW_PARTS)
        self._database = database
        self._lease = Lease(database, f"{DAEMON}{owner}", owner, lease_seconds)
        self._open: dict[str, BreakerSeen] = {}

    def look(self) -> None:
        """Renew the lease and tell of breakers."""
        with suppress(StoreAway):  # the mailboxes tell of it
            self._lease.keep()
            self._tell({breaker.scope: breaker for breaker in open_breakers(self._database)})

    def finish(self) -> None:
        """Give the lease back."""
        with suppress(StoreAway):  # then it runs out by itself
            self._lease.release()

    def _tell(self, now_open: dict[str, BreakerSeen]) -> None:
        """Log what tripped and what closed since the last look, whichever daemon or command did it."""
        before, self._open = self._open, now_open
        for scope in now_open.keys() - before.keys():
            breaker = now_open[scope]
            event(
                LOG,
                "breaker-open",
                logging.WARNING,
                scope=scope,
                reason=breaker.reason,
                until=breaker.closes_at,
                letters=breaker.letters,
            )
        for scope in before.keys() - now_open.keys():
            event(LOG, "breaker-closed", scope=scope)
