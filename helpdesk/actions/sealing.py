"""Seal the audit trail, and copy what is sealed to daily files; both go on where they were left."""

from collections.abc import Callable
from datetime import datetime

from helpdesk.actions.desk import Desk
from helpdesk.core.auditchain import (
    BEFORE_ALL,
    SEAL_ROWS,
    Anchor,
    Checkpoint,
    Seal,
    entry_of,
    is_ours,
    local_day,
    sealed,
    unpacked,
)
from helpdesk.core.auditcopies import copy_of
from helpdesk.errors import HelpdeskError
from helpdesk.store.auditfiles import AuditFiles
from helpdesk.store.work import Work, in_work

SEALS_AT_ONCE = 8


class CopyDiffers(HelpdeskError):
    """The daily files end in a seal that the database does not have: it was restored, or its chain was cut."""


def seal_next(desk: Desk) -> Seal | None:
    """Seal the oldest rows that wait, of one local day and at most SEAL_ROWS; None where none waits.

    Whoever seals at the same time is refused by the seal's number and looks again. Raises StoreAway.
    """
    with Work(desk.database, read_only=True) as work:
        if not work.seals.staged(1):
            return None
    return in_work(desk.database, lambda work: _seal(work, desk))


def _seal(work: Work, desk: Desk) -> Seal | None:
    staged = work.seals.staged(SEAL_ROWS)
    if not staged:
        return None
    rows, zone, now = work.seals.rows(staged), desk.stationery.zone, desk.clock(work)
    days = {key: local_day(row["created_at"], zone) for key, row in rows.items()}
    day = next((days[key] for key in staged if key in days), local_day(now, zone))
    covered = [key for key in staged if days.get(key, day) == day]
    entries = [entry_of(desk.audit_key, key, rows.get(key)) for key in covered]
    last = chain_end(work, desk.audit_key)
    seal = sealed(desk.audit_key, last.seq + 1, day, last.mac, entries, now)
    work.seals.add(seal, covered)
    return seal


def chain_end(work: Work, key: bytes) -> Anchor:
    """Return the newest seal, kept or purged; number 0 where there was none."""
    last = work.seals.last()
    if last is not None:
        return last
    checkpoint = trusted_checkpoint(work, key)
    return checkpoint.anchor if checkpoint else Anchor(0, BEFORE_ALL)


def trusted_checkpoint(work: Work, key: bytes) -> Checkpoint | None:
    """Return the newest checkpoint that was made with the key."""
    return next((one for one in work.seals.checkpoints() if is_ours(key, one)), None)


def current_anchor(desk: Desk) -> Anchor:
    """Return the newest seal, for people to keep elsewhere; number 0 where there is none. Raises StoreAway."""
    return moment_and_anchor(desk)[1]


def moment_and_anchor(desk: Desk) -> tuple[datetime, Anchor]:
    """Return the desk's time and the newest seal at that time; number 0 where there is none. Raises StoreAway."""
    with Work(desk.database, read_only=True) as work:
        return desk.clock(work), chain_end(work, desk.audit_key)


def shown_anchor(desk: Desk) -> str:
    """Return the end of the chain as reports show it, empty while nothing is sealed. Raises StoreAway."""
    anchor = current_anchor(desk)
    return str(anchor) if anchor.seq else ""


def copy_seals(desk: Desk, files: AuditFiles, going: Callable[[], bool]) -> int:
    """Add the seals that the daily files lack, while *going()*; return how many.

    Raises OSError where the files cannot be written, CopyDiffers where they belong to another chain, and StoreAway.
    """
    last, count = files.last(), 0
    with Work(desk.database, read_only=True) as work:
        _require_same(work, desk, last)
    while going():
        with Work(desk.database, read_only=True) as work:
            seals = work.seals.after(last.seq if last else 0, SEALS_AT_ONCE)
            copies = [
                copy_of(one, work.seals.rows([entry.row_id for entry in unpacked(one.entries)]))
                for one in seals
            ]
        for seal, content in zip(seals, copies, strict=True):
            files.append(seal.day, content, seal.anchor)
            last, count = seal.anchor, count + 1
        if len(seals) < SEALS_AT_ONCE:
            break
    return count


def _require_same(work: Work, desk: Desk, last: Anchor | None) -> None:
    if last is None or work.seals.one(last.seq) == last:
        return
    checkpoint = trusted_checkpoint(work, desk.audit_key)
    if checkpoint is None or last.seq > checkpoint.last_seq:
        raise CopyDiffers(
            f"the daily files end with seal {last.seq}, which the database does not have: run `audit verify`; "
            "after a restored backup move the files to another folder"
        )
