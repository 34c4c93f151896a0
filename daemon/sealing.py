"""The audit trail of a running daemon: sealed every few seconds by one of all, copied to daily files by each."""

import logging
from contextlib import suppress
from datetime import datetime, timedelta

from daemon.beside import Beside
from helpdesk.actions.desk import Desk
from helpdesk.actions.leases import Lease
from helpdesk.actions.purge import note_purged_files
from helpdesk.actions.sealing import CopyDiffers, copy_seals, moment_and_anchor, seal_next
from helpdesk.config import AuditSettings
from helpdesk.core.auditchain import SEAL_ROWS, Anchor, local_day
from helpdesk.errors import StoreAway
from helpdesk.logs import event, failed
from helpdesk.store.auditfiles import AuditFiles
from helpdesk.store.work import Refusal

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
        self._forgotten = 0  # files that are gone, which is not on record yet
        self._uncopied = False
        self._broken = False
        self._anchored_on = ""
        self._in_order: tuple[Anchor, str] | None = None  # how it stood when the files lacked nothing

    def look(self) -> None:
        """Seal what waits, copy what is sealed; no more than two questions where nothing has changed."""
        try:
            if self._lease.keep():
                self._seal()
            now, anchor = moment_and_anchor(self._desk)
            self._tell_anchor(self._day(now), anchor)
            stand = anchor, self._day(now - self._keep)
            if stand != self._in_order:
                self._in_order = stand if self._copy(first_day=stand[1]) else None
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

    def _copy(self, first_day: str) -> bool:
        """Copy what the files lack and remove those before *first_day*; return whether that could be done."""
        try:
            copy_seals(self._desk, self._files, lambda: not self.ending.is_set())
            self._forget_before(first_day)
        except (OSError, CopyDiffers) as trouble:
            if not self._uncopied:
                event(LOG, "audit_not_copied", logging.ERROR, folder=self._files.folder, error=trouble)
            self._uncopied = True
            return False
        if self._uncopied:
            event(LOG, "audit_copied_again", logging.WARNING, folder=self._files.folder)
        self._uncopied = False
        return True

    def _forget_before(self, first_day: str) -> None:
        """Remove the files of the days before *first_day*, on record, even where the database was away meanwhile."""
        try:
            for _path in self._files.forget_before(first_day):
                self._forgotten += 1
        finally:
            if self._forgotten:
                note_purged_files(self._desk, self._forgotten, first_day)
                self._forgotten = 0

    def _tell_anchor(self, day: str, anchor: Anchor) -> None:
        """Once a day, and after a start, let the log keep the end of the chain."""
        if anchor.seq and day != self._anchored_on:
            event(LOG, "audit_anchor", seq=anchor.seq, mac=anchor.mac.hex())
            self._anchored_on = day

    def _day(self, moment: datetime) -> str:
        return local_day(moment, self._desk.stationery.zone)
