"""The audit trail of a running daemon: sealed every few seconds by one of all, copied to daily files by each."""

import logging
from contextlib import suppress
from datetime import timedelta

from daemon.beside import Beside
from helpdesk.actions.desk import Desk
from helpdesk.actions.leases import Lease
from helpdesk.actions.sealing import CopyDiffers, copy_seals, current_anchor, seal_next
from helpdesk.config import AuditSettings
from helpdesk.core.auditchain import SEAL_ROWS, local_day
from helpdesk.errors import StoreAway
from helpdesk.logs import event, failed
from helpdesk.store.auditfiles import AuditFiles
from helpdesk.store.work import Refusal, Work

LOG = logging.getLogger("helpdesk.audit")
LEASE = "audit"
LEASE_SECONDS = 30.0
EVERY_SECONDS = 5.0
REST_SECONDS = 0.2  # between two seals while many rows wait: intake goes first


class Sealing(Beside):
    """Seals and copies while it is entered. A folder that cannot be written stops nothing else; it is told once."""

    def __init__(
        self, desk: Desk, settings: AuditSettings, owner: str, every_seconds: float = EVERY_SECONDS
    ) -> None:
        super().__init__("audit", every_seconds)
        self._desk = desk
        self._keep = timedelta(days=settings.keep_days)
        self._files = AuditFiles(settings.folder)
        self._lease = Lease(desk.database, LEASE, owner, LEASE_SECONDS)
        self._uncopied = False
        self._broken = False
        self._anchored_on = ""

    def look(self) -> None:
        """Seal what waits, copy what is sealed."""
        try:
            if self._lease.keep():
                self._seal()
            self._copy()
            self._tell_anchor()
            self._broken = False
        except StoreAway:
            pass  # the mailboxes tell of it
        except Exception as trouble:  # noqa: BLE001 - one defect here must not end it for good; it is tried again
            if not self._broken:
                failed(LOG, "not_sealed", trouble)
            self._broken = True

    def finish(self) -> None:
        """Give the lease back."""
        with suppress(StoreAway):  # then it runs out by itself
            self._lease.release()

    def _seal(self) -> None:
        with suppress(Refusal):  # another daemon was quicker
            while not self.ending.is_set():
                seal = seal_next(self._desk)
                if seal is None or seal.entry_count < SEAL_ROWS or not self._lease.keep():
                    break
                self.ending.wait(REST_SECONDS)

    def _copy(self) -> None:
        try:
            copy_seals(self._desk, self._files, lambda: not self.ending.is_set())
            self._files.forget_before(self._day(self._keep))
        except (OSError, CopyDiffers) as trouble:
            if not self._uncopied:
                event(LOG, "audit_not_copied", logging.ERROR, folder=self._files.folder, error=trouble)
            self._uncopied = True
            return
        if self._uncopied:
            event(LOG, "audit_copied_again", logging.WARNING, folder=self._files.folder)
        self._uncopied = False

    def _tell_anchor(self) -> None:
        """Once a day, and after a start, let the log keep the end of the chain."""
        day, anchor = self._day(), current_anchor(self._desk)
        if anchor.seq and day != self._anchored_on:
            event(LOG, "audit_anchor", seq=anchor.seq, mac=anchor.mac.hex())
            self._anchored_on = day

    def _day(self, ago: timedelta = timedelta(0)) -> str:
        with Work(self._desk.database, read_only=True) as work:
            return local_day(self._desk.clock(work) - ago, self._desk.stationery.zone)
