"""The second way out of every alarm: a log event and a line in a file, for when mail itself is what is broken."""

import json
import logging
import os
from pathlib import Path

from helpdesk.actions.desk import Desk
from helpdesk.actions.told import mark_told, untold
from helpdesk.logs import event, failed
from helpdesk.store.alerts import Alerted

LOG = logging.getLogger("helpdesk.alerts")
MAX_BYTES = 1024 * 1024  # then the file is put aside; the one before it is gone
AT_ONCE = 100


class AlertLog:
    """Writes alarms to the journal and to *file* (JSON lines, 0600), each once, whichever process raised them."""

    def __init__(self, desk: Desk, file: Path) -> None:
        self._desk = desk
        self._file = file
        self._broken = False

    def write(self) -> int:
        """Write what stands nowhere yet; return how much that was. Raises StoreAway.

        Marked when written: a crash in between writes an alarm twice, and loses none.
        """
        found = untold(self._desk, AT_ONCE)
        if not found:
            return 0
        for one in found:
            event(
                LOG, "alarm", logging.WARNING,
                kind=one.kind, person=one.person_id, at=one.at, count=one.count, letters=one.letters,
            )  # fmt: skip
        self._append("".join(map(_line, found)).encode("ascii"))
        mark_told(self._desk, [one.id for one in found])
        return len(found)

    def _append(self, lines: bytes) -> None:
        """Write to the file; a full or broken disk is told of when it begins and when it ends, and stops nothing."""
        try:
            _append(self._file, lines)
        except OSError as error:
            if not self._broken:
                failed(LOG, "alert_file_away", error, file=self._file)
            self._broken = True
            return
        if self._broken:
            event(LOG, "alert_file_back", logging.WARNING, file=self._file)
        self._broken = False


def _append(file: Path, lines: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "ab", buffering=0) as target:
        target.write(lines)
        os.fsync(target.fileno())
        size = target.tell()
    if size >= MAX_BYTES:
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
