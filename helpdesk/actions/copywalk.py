"""Compare the daily files of the audit trail with its chain: each seal, each row, and whether one is missing."""

from collections.abc import Sequence
from itertools import islice, pairwise

from helpdesk.actions.chainwalk import MOST_FINDINGS, ChainWalk
from helpdesk.actions.desk import Desk
from helpdesk.core.auditchain import Fault, Finding, Seal, moment, seal_fault, unpacked
from helpdesk.core.auditcopies import Copy, copy_faults
from helpdesk.store.auditfiles import AuditFiles
from helpdesk.store.work import Work

AT_ONCE = 20  # seals, of 500 rows each
LARGEST = 2**63 - 1  # that a seal's column holds; a file may say anything


def compare_files(desk: Desk, walk: ChainWalk, files: AuditFiles) -> bool:
    """Tell what the daily files and the chain do not have alike; return whether the files could be read.

    A seal is in the database before it is copied, so that the database may be looked at later.
    """
    met: set[int] = set()
    first_day = ""
    try:
        copies = files.copies()
        while some := list(islice(copies, AT_ONCE)):
            first_day = first_day or some[0].day
            met |= {one.anchor.seq for one in some if one.anchor}
            _compare(desk, walk, some)
    except OSError:
        return False
    if met:
        _look_for_gaps(desk, walk, met, first_day)
    return True


def _compare(desk: Desk, walk: ChainWalk, copies: Sequence[Copy]) -> None:
    wanted = {one.anchor.seq for one in copies if one.anchor and 0 < one.anchor.seq <= LARGEST}
    with Work(desk.database, read_only=True) as work:
        known = work.seals.these(wanted)
    for one in copies:
        if one.anchor is None:
            walk.tell(Finding(Fault.COPY_CHANGED, what=f"{one.day}.log"))
            continue
        seal = known.get(one.anchor.seq)
        if seal is not None and seal.anchor == one.anchor:
            _compare_rows(desk, walk, one, seal)
        elif not _was_purged(walk, one):
            walk.tell(Finding(Fault.CHAIN_CUT, seq=one.anchor.seq))


def _was_purged(walk: ChainWalk, copy: Copy) -> bool:
    walk.look_for_purge()
    last = walk.checkpoint.anchor if walk.checkpoint else None
    return copy.anchor == last or (copy.anchor is not None and walk.is_purged(copy.anchor.seq))


def _compare_rows(desk: Desk, walk: ChainWalk, copy: Copy, seal: Seal) -> None:
    if seal_fault(desk.audit_key, seal, None) is not None:
        return  # the walk tells of it; nobody knows what its rows were
    cutoff = walk.checkpoint.cutoff if walk.checkpoint else None
    for row_id, entry in copy_faults(desk.audit_key, copy, unpacked(seal.entries), cutoff):
        at = moment(entry.created_us) if entry else None
        walk.tell(Finding(Fault.COPY_CHANGED, row_id, at, seal.seq, f"{copy.day}.log"))


def _look_for_gaps(desk: Desk, walk: ChainWalk, met: set[int], first_day: str) -> None:
    """Tell the seals between others that no file has, although their day is none of those whose files are gone."""
    with Work(desk.database, read_only=True) as work:
        gaps = [(low + 1, high) for low, high in pairwise(sorted(met)) if high - low > 1]
        for low, high in gaps[:MOST_FINDINGS]:
            for seal in work.seals.after(low - 1, min(high - low, MOST_FINDINGS)):
                if seal.seq < high and seal.day >= first_day:
                    walk.tell(Finding(Fault.COPY_CHANGED, seq=seal.seq, what=f"{seal.day}.log"))
