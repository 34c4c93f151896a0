"""The comparison of mailboxes and ledger as a job: once a day for each mailbox, however many daemons there are."""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence

from daemon import wiring
from daemon.imap import ImapInbox
from daemon.reconcile import Scope, reconcile
from helpdesk.actions.desk import Desk
from helpdesk.actions.leases import Lease
from helpdesk.actions.reconcile import JOB, not_yet_today, note_reconciled, raise_alarm
from helpdesk.config import ImapSettings, Settings
from helpdesk.core.reconciling import DAYS, Reconciled
from helpdesk.errors import HelpdeskError, LeaseLost
from helpdesk.logs import failed
from helpdesk.opening import desk_of
from helpdesk.store.engine import Database

LOG = logging.getLogger("helpdesk.reconcile")
LEASE_SECONDS = 120.0  # longer than a verb of IMAP may take, so that it is never lost on the way
STOP_SECONDS = 1.5
PAUSE_SECONDS = 900.0  # after a start the inbox is emptied first; after a failure a server may come back


class ReconcileJob:
    """Compares each mailbox with the ledger once a day, and after an unclean stop.

    In a thread, on a connection of its own. *careful*: the last process did not stop by itself.
    """

    def __init__(
        self,
        settings: Settings,
        desk: Desk,
        careful: bool,
        on_letters: Callable[[], None],
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._settings = settings
        self._desk = desk
        self._urgent = {mailbox.name for mailbox in settings.mailboxes} if careful else set()
        self._on_letters = on_letters
        self._pause_seconds = pause_seconds
        self._not_before = time.monotonic() + pause_seconds
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._inbox: ImapInbox | None = None

    def look(self) -> None:
        """Begin where something is due and nothing is at work. Returns at once."""
        busy = self._thread is not None and self._thread.is_alive()
        if not busy and not self._ending.is_set() and time.monotonic() >= self._not_before:
            self._thread = threading.Thread(target=self._run, name="reconcile", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End what is at work, in the middle of a verb too: what it has not done is done another time."""
        self._ending.set()
        if self._inbox is not None:
            self._inbox.abort()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        try:
            names = [mailbox.name for mailbox in self._settings.mailboxes]
            due = {*not_yet_today(self._desk, names), *self._urgent}
            for mailbox in self._settings.mailboxes:
                if mailbox.name in due and not self._ending.is_set():
                    self._one(mailbox)
        except Exception as trouble:  # noqa: BLE001 - this job must not end the daemon; it is tried again
            self._not_before = time.monotonic() + self._pause_seconds
            if not self._ending.is_set():
                failed(LOG, "not_reconciled", trouble)

    def _one(self, mailbox: ImapSettings) -> None:
        lease = lease_on(self._settings, self._desk.database, mailbox.name)
        if not lease.keep():
            return  # another daemon is at it
        try:
            with ImapInbox(wiring.account_of(mailbox)) as self._inbox:
                found = reconcile(
                    self._desk,
                    self._inbox,
                    scope_of(self._settings, mailbox),
                    lambda: lease.keep() and not self._ending.is_set(),
                )
            if raise_alarm(self._desk, found):
                self._on_letters()
            note_reconciled(self._desk, mailbox.name)
            self._urgent.discard(mailbox.name)
        finally:
            self._inbox = None
            lease.release()


def reconcile_now(
    settings: Settings, database: Database, mailboxes: Sequence[ImapSettings], days: int, force: bool
) -> list[Reconciled]:
    """Compare mailboxes at a person's word. Raises HelpdeskError where another process is at it."""
    desk = desk_of(settings, database)
    results = []
    for mailbox in mailboxes:
        lease = lease_on(settings, database, mailbox.name, f":{os.getpid()}")
        if not lease.keep():
            raise HelpdeskError(
                f"mailbox {mailbox.name}: another process is comparing it with the ledger now"
            )
        try:
            with ImapInbox(wiring.account_of(mailbox)) as inbox:
                found = reconcile(desk, inbox, scope_of(settings, mailbox, days, force), lease.keep)
            raise_alarm(desk, found)
        except LeaseLost as lost:
            raise HelpdeskError(f"{lost}; another process has taken over") from lost
        finally:
            lease.release()
        results.append(found)
    return results


def lease_on(settings: Settings, database: Database, mailbox: str, who: str = "") -> Lease:
    """Return the lease under which a mailbox is compared."""
    return Lease(database, f"{JOB}{mailbox}", f"{wiring.owner_name(settings)}{who}", LEASE_SECONDS)


def scope_of(settings: Settings, mailbox: ImapSettings, days: int = DAYS, force: bool = False) -> Scope:
    """Return what is compared of a mailbox."""
    folders, max_bytes = wiring.folders_of(mailbox), settings.limits.caps.max_bytes
    return Scope(mailbox.name, mailbox.folder, folders, max_bytes, days, force)
