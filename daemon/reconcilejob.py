"""The comparison of mailboxes and ledger as a job: each night for each mailbox, and after an unclean stop."""

import os
import time
from collections.abc import Sequence

from daemon import wiring
from daemon.imap import ImapInbox
from daemon.jobs import LEASE_SECONDS, Job
from daemon.reconcile import Scope, reconcile
from helpdesk.actions.desk import Desk
from helpdesk.actions.leases import Lease
from helpdesk.actions.reconcile import raise_alarm
from helpdesk.actions.runs import ask_for_run, lease_name
from helpdesk.config import ImapSettings, Settings
from helpdesk.core.jobs import JobName, Planned, Turn
from helpdesk.core.reconciling import DAYS, Reconciled
from helpdesk.errors import HelpdeskError, LeaseLost
from helpdesk.opening import desk_of
from helpdesk.store.engine import Database

PAUSE_SECONDS = 900.0  # after a start the inbox is emptied first


class Comparison:
    """Compares one mailbox with the ledger, on a connection of its own, once the inbox was emptied after a start."""

    def __init__(
        self, settings: Settings, desk: Desk, mailbox: ImapSettings, pause_seconds: float = PAUSE_SECONDS
    ) -> None:
        self._settings = settings
        self._desk = desk
        self._mailbox = mailbox
        self._not_before = time.monotonic() + pause_seconds
        self._inbox: ImapInbox | None = None

    def ready(self) -> bool:
        """Say whether it may begin."""
        return time.monotonic() >= self._not_before

    def work(self, turn: Turn) -> str:
        """Compare; return what was found, in numbers. Raises HelpdeskError."""
        try:
            with ImapInbox(wiring.account_of(self._mailbox)) as self._inbox:
                scope = scope_of(self._settings, self._mailbox)
                found = reconcile(self._desk, self._inbox, scope, turn.going)
        finally:
            self._inbox = None
        raise_alarm(self._desk, found)
        return (
            f"{found.compared} compared, {found.returned} returned, {found.withheld} withheld, "
            f"{found.without_fate} forgotten, {found.put_right} put right, {found.misplaced} misplaced"
        )

    def cut(self) -> None:
        """End it in the middle of a verb."""
        if (inbox := self._inbox) is not None:
            inbox.abort()


def comparisons(
    settings: Settings, desk: Desk, careful: bool, pause_seconds: float = PAUSE_SECONDS
) -> list[Job]:
    """Return the comparison of each mailbox as a job. *careful*: the last process did not stop by itself.

    Raises StoreAway.
    """
    jobs = []
    for mailbox in settings.mailboxes:
        one = Comparison(settings, desk, mailbox, pause_seconds)
        jobs.append(Job(_planned(settings, mailbox.name), one.work, one.ready, one.cut))
        if careful:
            ask_for_run(desk, jobs[-1].planned)
    return jobs


def _planned(settings: Settings, mailbox: str) -> Planned:
    return Planned(JobName.RECONCILE, mailbox, settings.jobs.nightly)


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
    name = lease_name(_planned(settings, mailbox))
    return Lease(database, name, f"{wiring.owner_name(settings)}{who}", LEASE_SECONDS)


def scope_of(settings: Settings, mailbox: ImapSettings, days: int = DAYS, force: bool = False) -> Scope:
    """Return what is compared of a mailbox."""
    folders, max_bytes = wiring.folders_of(mailbox), settings.limits.caps.max_bytes
    return Scope(mailbox.name, mailbox.folder, folders, max_bytes, days, force)
