"""One thread for one mailbox: connect, drain, wait for news; back off while a server is away."""

import logging
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from daemon import meters
from daemon.imap import ImapInbox
from daemon.imaplogin import ImapAccount
from daemon.intake import Intake
from helpdesk.actions.leases import Lease
from helpdesk.core.backoff import reconnect_seconds
from helpdesk.errors import LeaseLost, MailboxAway, StoreAway
from helpdesk.logs import event
from helpdesk.store.engine import ANSWERED

LOG = logging.getLogger("helpdesk.mailbox")
IDLE_SECONDS = 9 * 60.0  # NAT boxes forget silent connections, from ten minutes on
LEASE_SECONDS = 30.0
STORE_SECONDS = 10.0  # the longest wait for a database: a desk is back in service soon after it
STANDBY_SECONDS = 1.0  # how often to look whether another daemon's lease has run out


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """How one mailbox is watched."""

    name: str
    account: ImapAccount
    folders: tuple[str, ...]
    poll_seconds: float


class MailboxWatch(threading.Thread):
    """Keeps one inbox empty until told to stop. ``answered`` is set once the inbox was read for real."""

    def __init__(
        self, settings: WatchSettings, intake: Intake, lease: Lease, beat: Callable[[], None]
    ) -> None:
        super().__init__(name=f"mailbox-{settings.name}", daemon=True)
        self.answered = threading.Event()
        self._settings = settings
        self._intake = intake
        self._lease = lease
        self._beat = beat
        self._ending = threading.Event()
        self._inbox: ImapInbox | None = None
        self._trouble = ""
        self._failures = 0

    @property
    def mailbox(self) -> str:
        """The mailbox's name."""
        return self._settings.name

    def keep_lease(self) -> None:
        """Renew the lease that this thread holds, if it does; from another thread, while this one waits."""
        self._lease.renew()

    def stop(self) -> None:
        """Ask the thread to end after the batch in hand."""
        self._ending.set()

    def abort(self) -> None:
        """Cut the connection under a verb that does not end; what was not committed stays in the inbox."""
        if self._inbox is not None:
            self._inbox.abort()

    def run(self) -> None:
        """Watch until stopped."""
        ANSWERED.set(self._beat)
        store_away = False
        while not self._ending.is_set():
            try:
                if store_away:
                    self._lease.keep()  # first see whether it is back: the mail server is left in peace meanwhile
                with ImapInbox(self._settings.account, self._beat) as inbox:
                    self._inbox = inbox
                    inbox.make_folders(self._settings.folders)
                    self._watch(inbox)
            except (MailboxAway, StoreAway) as trouble:
                if self._ending.is_set():
                    break
                self._failures += 1
                if isinstance(trouble, MailboxAway):
                    meters.MAILBOX_UP.labels(self._settings.name).set(0)
                seconds = reconnect_seconds(self._failures, random.random())  # noqa: S311 - spreads load only
                store_away = isinstance(trouble, StoreAway)
                if store_away:
                    seconds = min(seconds, STORE_SECONDS)
                self._tell(str(trouble), seconds)
                self._pause(seconds)
            finally:
                self._inbox = None
        with suppress(StoreAway):  # then the lease runs out by itself
            self._lease.release()

    def _watch(self, inbox: ImapInbox) -> None:
        """Drain and wait by turns, while the lease is ours; another daemon's mailbox is only waited for."""
        lively = False
        while not self._ending.is_set():
            going = self._going()
            self.answered.set()
            meters.MAILBOX_UP.labels(self._settings.name).set(1)
            if not going:
                self._pause(STANDBY_SECONDS)
                continue
            try:
                drained = self._intake.drain(inbox, self._going)
            except LeaseLost as lost:
                event(LOG, "lease_lost", logging.WARNING, mailbox=self._settings.name, error=lost)
                continue
            if drained:
                lively = True
                continue
            self._well_again()
            lively = lively and inbox.linger(lambda: not self._going())
            if not lively:
                inbox.wait(min(self._settings.poll_seconds, IDLE_SECONDS), lambda: not self._going())
            self._failures = 0  # not sooner: a server may let us in and search, and cut us off when we wait

    def _going(self) -> bool:
        """Tell the watchdog that we live, keep the lease, and say whether to go on."""
        self._beat()
        return not self._ending.is_set() and self._lease.keep()

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self._ending.wait(min(left, 1.0)):
            self._beat()  # waiting for a server is progress too: a restart would not bring it back

    def _tell(self, trouble: str, seconds: float) -> None:
        if trouble != self._trouble:  # once for each cause, however long it lasts
            self._trouble = trouble
            event(
                LOG, "away", logging.ERROR, mailbox=self._settings.name, error=trouble, retry_s=round(seconds)
            )

    def _well_again(self) -> None:
        if self._trouble:
            self._trouble = ""
            event(LOG, "back", mailbox=self._settings.name)
