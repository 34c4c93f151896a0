"""Verify the audit trail: every row and seal, the daily files, an anchor that was kept, the triggers."""

from dataclasses import asdict, dataclass

from helpdesk.actions.chainwalk import MOST_FINDINGS, ChainWalk
from helpdesk.actions.copywalk import compare_files
from helpdesk.actions.desk import Desk
from helpdesk.actions.permits import event_by, require_right
from helpdesk.actions.sealing import trusted_checkpoint
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.auditchain import SEALED_WITHIN, Anchor, Fault, Finding
from helpdesk.core.permissions import Actor, Right
from helpdesk.errors import Refused
from helpdesk.store.auditfiles import AuditFiles
from helpdesk.store.work import Work, in_work


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found. ``unsealed`` rows wait for the next seal; ``more`` findings were counted, not kept.

    ``anchor``: the chain's end now. ``files``: whether the daily files could be read, and were compared.
    """

    rows: int
    seals: int
    unsealed: int
    anchor: Anchor
    files: bool
    findings: tuple[Finding, ...]
    more: int

    @property
    def count(self) -> int:
        """How many places do not fit."""
        return len(self.findings) + self.more


def verify_trail(desk: Desk, actor: Actor, files: AuditFiles, anchor: Anchor | None = None) -> Verified:
    """Return what does not fit in the audit trail; that it was verified is on record afterwards.

    *anchor*: an end of the chain that somebody kept. Raises NotAllowed, StoreAway, and Refused for an anchor that is
    older than what is kept.
    """
    require_right(desk.database, actor, Right.AUDIT)
    if anchor is not None:
        _require_kept(desk, anchor)
    walk = ChainWalk(desk)
    walk.run([anchor] if anchor else [])
    readable = compare_files(desk, walk, files)
    _look_at_what_waits(desk, walk)
    _look_at_guards(desk, walk)
    found = Verified(
        walk.rows, walk.seals, walk.unsealed, walk.top, readable, tuple(walk.findings), walk.more
    )
    _note(desk, actor, found, anchor)
    return found


def as_data(found: Verified) -> dict[str, object]:
    """Return what was found as data with stable keys."""
    findings = [asdict(one) | {"fault": one.fault.value} for one in found.findings]
    return asdict(found) | {"findings": findings, "anchor": str(found.anchor), "count": found.count}


def _look_at_what_waits(desk: Desk, walk: ChainWalk) -> None:
    """Tell the rows that no daemon has sealed in time."""
    with Work(desk.database, read_only=True) as work:
        waiting, count = work.seals.waiting_since(desk.clock(work) - SEALED_WITHIN, MOST_FINDINGS)
        rows = work.seals.rows(waiting)
    for row_id in waiting:
        at = rows[row_id]["created_at"] if row_id in rows else None
        walk.tell(Finding(Fault.ROW_UNSEALED, row_id, at))
    walk.more += count - len(waiting)


def _look_at_guards(desk: Desk, walk: ChainWalk) -> None:
    """Tell the triggers that are not there any more."""
    with Work(desk.database, read_only=True) as work:
        missing = work.guards.missing()
    for name in missing:
        walk.tell(Finding(Fault.GUARD_MISSING, what=name))


def _require_kept(desk: Desk, anchor: Anchor) -> None:
    with Work(desk.database, read_only=True) as work:
        checkpoint = trusted_checkpoint(work, desk.audit_key)
    if checkpoint is not None and anchor.seq < checkpoint.last_seq:
        raise Refused(
            f"seal {anchor.seq} was purged with its rows; the oldest one to compare with is {checkpoint.last_seq}",
            f"le sceau {anchor.seq} est purgé avec ses lignes ; le plus ancien comparable est {checkpoint.last_seq}",
        )


def _note(desk: Desk, actor: Actor, found: Verified, anchor: Anchor | None) -> None:
    told = {
        "rows": found.rows,
        "seals": found.seals,
        "findings": found.count,
        "end": str(found.anchor),
        "anchor": anchor and str(anchor),
    }
    outcome = Outcome.FAIL if found.count else Outcome.SUCCESS

    def job(work: Work) -> None:
        work.audit.add([event_by(actor, Action.AUDIT_VERIFIED, outcome, desk.clock(work), **told)])

    in_work(desk.database, job)
