"""The second way out of every alarm: a log event and a line in a file, for when mail itself is what is broken."""

import errno
import json
import logging
import os
from contextlib import suppress
from pathlib import Path

from helpdesk.actions.desk import Desk
from helpdesk.actions.leases import Lease
from helpdesk.actions.told import mark_told, untold
from helpdesk.errors import StoreAway
from helpdesk.logs import event, failed
from helpdesk.store.alerts import Alerted

LOG = logging.getLogger("helpdesk.alerts")
LEASE = "alarms"
LEASE_SECONDS = 30.0  # a disk is slow at times
MAX_BYTES = 1024 * 1024  # then it is put aside, in place of the one before; else nothing more is written
AT_ONCE = 100
MOST_WAITING = 1000  # for a file that cannot be written


class AlertLog:
    """Writes alarms to the journal and to *file* (JSON lines, 0600), each once, whichever process raised them.

    Of several daemons one at a time writes, each to its own file, under the lease of *owner*.
    """

    def __init__(self, desk: Desk, file: Path, owner: str) -> None:
        self._desk = desk
        self._file = file
        self._lease = Lease(desk.database, LEASE, owner, LEASE_SECONDS)
        self._broken = False
        self._journaled: set[int] = set()  # alarms that stand in the journal and wait for the file

    def write(self) -> int:
        """Write what stands nowhere yet; return how much that was. Raises StoreAway.

        Marked when written to both: a crash in between writes an alarm twice, and loses none. While the file cannot
        be written the last MOST_WAITING alarms wait for it, unmarked, so that a restart knows them, too, and another
        daemon can write them.
        """
        if not untold(self._desk, 1) or not self._lease.keep():
            return 0
        try:
            return self._write()
        finally:
            with suppress(StoreAway):  # then it runs out by itself
                self._lease.release()

    def _write(self) -> int:
        found = untold(
            self._desk, AT_ONCE + len(self._journaled)
        )  # after the lease: its last holder wrote some
        if not found:
            return 0
        fresh = [one for one in found if one.id not in self._journaled]
        for one in fresh:
            event(
                LOG, "alarm", logging.WARNING,
                kind=one.kind, person=one.person_id, at=one.at, count=one.count, letters=one.letters,
            )  # fmt: skip
        written = self._append("".join(map(_line, found)).encode("ascii"))
        done = found if written else found[:-MOST_WAITING]
        self._journaled = {one.id for one in found[len(done) :]}
        mark_told(self._desk, [one.id for one in done])
        return len(fresh) or len(done)

    def _append(self, lines: bytes) -> bool:
        """Write to the file, or return False; its trouble is told when it begins and ends, and stops nothing."""
        try:
            _append(self._file, lines)
        except OSError as error:
            if not self._broken:
                failed(LOG, "alert_file_away", error, file=self._file)
            self._broken = True
            return False
        if self._broken:
            event(LOG, "alert_file_back", logging.WARNING, file=self._file)
        self._broken = False
        return True


def _append(file: Path, lines: bytes) -> None:
    _put_aside_if_full(file)  # first: where that fails, nothing is written, again and again, to a full file
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "ab", buffering=0) as target:
        before = target.seek(0, os.SEEK_END)
        try:
            if target.write(lines) < len(lines):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(target.fileno())
        except OSError:
            target.truncate(before)  # all of it comes again
            raise


def _put_aside_if_full(file: Path) -> None:
    with suppress(FileNotFoundError):
        if file.lstat().st_size >= MAX_BYTES:
            file.replace(file.with_name(f"{file.name}.1"))


def _line(one: Alerted) -> str:
    fields = {
        "at": one.at.isoformat(),
        "kind": one.kind,
        "person": one.person_id,
        "count": one.count,
        "letters": one.letters,
    }
    return f"{json.dumps(fields, ensure_ascii=True)}\n"
