"""Remove what is too old from the audit trail, a little at a time, so that intake hardly notices."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.actions.desk import Desk
from helpdesk.actions.sealing import chain_end, trusted_checkpoint
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.auditchain import BEFORE_ALL, Anchor, checkpoint_of
from helpdesk.store.audit import Event
from helpdesk.store.work import Work, in_work

ROWS_AT_ONCE = 1000
SEALS_AT_ONCE = 100
REST = 4.0  # so many times as long as a piece took we leave the database to others
LONGEST_REST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Purged:
    """What was removed. ``whole``: all that is older than ``cutoff``; else the rest goes next time."""

    rows: int
    seals: int
    cutoff: datetime
    whole: bool


def purge_audit(
    desk: Desk, keep_days: int, ended: Callable[[], bool], rest: Callable[[float], None] = time.sleep
) -> Purged:
    """Remove audit rows older than *keep_days* (90 or more), then the seals that held them; put it on record.

    Ends early once *ended()*. *rest* waits for so many seconds between two pieces. Raises StoreAway.
    """
    now, since, end = _begin(desk, timedelta(days=keep_days))
    cutoff, rows, seals = now - timedelta(days=keep_days), 0, 0
    if since is not None:
        in_work(desk.database, lambda work: _mark(work, desk, cutoff))
    while since is not None and not ended():
        begun = time.monotonic()
        gone, since = _remove_rows(desk, since, cutoff)
        rows += gone
        rest(min(REST * (time.monotonic() - begun), LONGEST_REST_SECONDS))
    more = since is None
    while more and not ended():
        count = in_work(desk.database, lambda work: _remove_seals(work, desk, cutoff, end.seq))
        seals += count
        more = count == SEALS_AT_ONCE
    purged = Purged(rows, seals, cutoff, since is None and not more)
    if rows or seals:
        in_work(desk.database, lambda work: _note(work, desk, purged))
    return purged


def note_purged_files(desk: Desk, count: int, first_day: str) -> None:
    """Put on record that a daemon has removed *count* daily files, those of the days before *first_day*."""

    def job(work: Work) -> None:
        detail = {"files": count, "first_day": first_day}
        work.audit.add([Event(Action.AUDIT_PURGED, Outcome.SUCCESS, desk.clock(work), detail=detail)])

    in_work(desk.database, job)


def _begin(desk: Desk, kept: timedelta) -> tuple[datetime, datetime | None, Anchor]:
    """Return the time, that of the oldest row to be removed, and the newest seal.

    A row that is sealed later may have missed its turn, so that later seals stay.
    """
    with Work(desk.database, read_only=True) as work:
        now = desk.clock(work)
        return now, work.purging.oldest(None, now - kept), chain_end(work, desk.audit_key)


def _mark(work: Work, desk: Desk, cutoff: datetime) -> None:
    """Note what may be gone, before it goes: a purge that dies must not look like somebody else's work."""
    checkpoint = trusted_checkpoint(work, desk.audit_key)
    last = checkpoint.anchor if checkpoint else Anchor(0, BEFORE_ALL)
    work.seals.add_checkpoint(checkpoint_of(desk.audit_key, last, cutoff))


def _remove_rows(desk: Desk, since: datetime, cutoff: datetime) -> tuple[int, datetime | None]:
    """Remove some rows; return how many, and the time of the oldest left; None where none is, but unsealed ones."""

    def job(work: Work) -> int:
        return work.purging.remove_rows(since, cutoff, ROWS_AT_ONCE)

    gone = in_work(desk.database, job)
    if gone < ROWS_AT_ONCE:
        return gone, None
    with Work(desk.database, read_only=True) as work:
        return gone, work.purging.oldest(since, cutoff)


def _remove_seals(work: Work, desk: Desk, cutoff: datetime, up_to: int) -> int:
    """Remove some seals and note where the chain begins now, in one transaction; return how many."""
    first = trusted_checkpoint(work, desk.audit_key)
    last = work.purging.remove_seals(cutoff, up_to, SEALS_AT_ONCE)
    if last is None:
        return 0
    work.seals.add_checkpoint(checkpoint_of(desk.audit_key, last, cutoff))
    return last.seq - (first.last_seq if first else 0)


def _note(work: Work, desk: Desk, purged: Purged) -> None:
    detail = {
        "rows": purged.rows,
        "seals": purged.seals,
        "cutoff": purged.cutoff.isoformat(),
        "whole": purged.whole,
    }
    work.audit.add([Event(Action.AUDIT_PURGED, Outcome.SUCCESS, desk.clock(work), detail=detail)])
