"""Walk along the chain of seals and over the rows of the audit trail; note what does not fit.

In pieces, each in a transaction of its own, so that neither memory grows with the trail nor a long reader holds up
the database. Sealing and purging go on meanwhile.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from helpdesk.actions.desk import Desk
from helpdesk.actions.sealing import chain_end, trusted_checkpoint
from helpdesk.core.auditchain import (
    BEFORE_ALL,
    Anchor,
    Checkpoint,
    Entry,
    Fault,
    Finding,
    Seal,
    digest_of,
    is_ours,
    moment,
    row_faults,
    seal_fault,
    unpacked,
)
from helpdesk.store.work import Work

SEALS_AT_ONCE = 20
IDS_AT_ONCE = 5000
SPAN_BITS = 40  # rows are counted by spans of their ids, some four minutes each
MOST_FINDINGS = 1000  # are kept; the rest are counted
NO_DIGEST = b""  # of a row that cannot be read any more


@dataclass(slots=True)
class ChainWalk:
    """One walk. ``top``: the newest seal when it began; ``more`` findings were counted, not kept."""

    desk: Desk
    top: Anchor = field(default_factory=lambda: Anchor(0, BEFORE_ALL))
    rows: int = 0
    seals: int = 0
    unsealed: int = 0
    findings: list[Finding] = field(default_factory=list)
    more: int = 0
    checkpoint: Checkpoint | None = None
    _surplus: Counter[int] = field(default_factory=Counter)  # rows less those in a seal, by span of ids
    _seals_of: dict[int, tuple[int, int]] = field(default_factory=dict)  # the first and last seal of a span

    def run(self, anchors: Sequence[Anchor]) -> None:
        """Look at everything. *anchors*: ends of the chain that must be in it. Raises StoreAway.

        Rows are counted before the seals are read: none that comes meanwhile can hide one too many.
        """
        with self._reading() as work:
            self.top = chain_end(work, self.desk.audit_key)
            made = work.seals.checkpoints()
            self.checkpoint = trusted_checkpoint(work, self.desk.audit_key)
            self.unsealed = work.seals.staged_count()
        for checkpoint in made:
            if not is_ours(self.desk.audit_key, checkpoint):
                self.tell(Finding(Fault.CHECKPOINT_CHANGED, seq=checkpoint.last_seq))
        for row_id in self._ids():
            self._surplus[row_id >> SPAN_BITS] += 1
            self.rows += 1
        met = self._follow({one.seq for one in anchors})
        for one in anchors:
            if not self.is_purged(one.seq) and met.get(one.seq) != one.mac:
                self.tell(Finding(Fault.CHAIN_CUT, seq=one.seq))
        for span, count in sorted(self._surplus.items()):
            if count > 0:
                self._look_into(span)

    def is_purged(self, seq: int) -> bool:
        """Say whether a seal is from before the last one that a purge removed."""
        return self.checkpoint is not None and seq < self.checkpoint.last_seq

    def _reading(self) -> Work:
        return Work(self.desk.database, read_only=True)

    def tell(self, finding: Finding, count: int = 1) -> None:
        """Note a finding that stands for *count* places."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)
            count -= 1
        self.more += count

    def _ids(self, after: int | None = None, below: int | None = None) -> Iterator[int]:
        while True:
            with self._reading() as work:
                found = work.seals.ids_after(after, IDS_AT_ONCE, below)
            yield from found
            if len(found) < IDS_AT_ONCE:
                return
            after = found[-1]

    def _follow(self, wanted: set[int]) -> dict[int, bytes]:
        """Follow the chain from where it begins to its end; return the codes of the seals *wanted*."""
        last = self.checkpoint.anchor if self.checkpoint else Anchor(0, BEFORE_ALL)
        met, prev, seq = {last.seq: last.mac}, last.mac, last.seq
        while seq < self.top.seq:
            with self._reading() as work:
                seals = work.seals.after(seq, SEALS_AT_ONCE)
            for seal in seals:
                before = self._before(seal, Anchor(seq, prev))
                self._look_at(seal, before)
                seq, prev = seal.seq, seal.mac
                if seq in wanted:
                    met[seq] = prev
            if not seals:  # the last ones went since the walk began
                self._tell_missing(self._or_purged(Anchor(seq, prev)).seq + 1, self.top.seq + 1)
                break
        if self.checkpoint is not None:
            met.setdefault(self.checkpoint.last_seq, self.checkpoint.last_mac)
        return met

    def _before(self, seal: Seal, last: Anchor) -> bytes | None:
        """Return the code of the seal before this one; None where that is gone, which is told."""
        if seal.seq == last.seq + 1:
            return last.mac
        last = self._or_purged(last)
        self._tell_missing(last.seq + 1, seal.seq)
        return last.mac if seal.seq == last.seq + 1 else None

    def _or_purged(self, last: Anchor) -> Anchor:
        """Return the last seal that is accounted for: the one met last, or one that a purge has removed since."""
        self.look_for_purge()
        if self.checkpoint is not None and self.checkpoint.last_seq > last.seq:
            return self.checkpoint.anchor
        return last

    def _tell_missing(self, first: int, end: int) -> None:
        told = min(end, first + MOST_FINDINGS)
        for seq in range(first, told):
            self.tell(Finding(Fault.SEAL_REMOVED, seq=seq))
        self.more += max(end - max(told, first), 0)

    def look_for_purge(self) -> None:
        """Let what a purge has removed since the walk began be removed."""
        with self._reading() as work:
            self.checkpoint = trusted_checkpoint(work, self.desk.audit_key)

    def _look_at(self, seal: Seal, before: bytes | None) -> None:
        self.seals += 1
        fault = seal_fault(self.desk.audit_key, seal, before)
        if fault is not None:
            self.tell(Finding(fault, seq=seal.seq))
        entries = unpacked(seal.entries)
        digests = self._digests(entries)
        for entry in entries:
            span = entry.row_id >> SPAN_BITS
            first, last = self._seals_of.get(span, (seal.seq, seal.seq))
            self._seals_of[span] = (min(first, seal.seq), max(last, seal.seq))
            self._surplus[span] -= entry.row_id in digests
        if fault is not Fault.SEAL_CHANGED:  # what it says of its rows is nobody's word
            self._compare(seal, entries, digests)

    def _digests(self, entries: Sequence[Entry]) -> dict[int, bytes]:
        """Return the digests of the rows that are there."""
        ids = [entry.row_id for entry in entries]
        with self._reading() as work:
            rows = work.seals.rows(ids)
            others = [key for key in ids if key not in rows]
            unreadable = work.seals.there(others)
        found = {key: digest_of(self.desk.audit_key, row) for key, row in rows.items()}
        return found | dict.fromkeys(unreadable, NO_DIGEST)

    def _compare(self, seal: Seal, entries: Sequence[Entry], digests: dict[int, bytes]) -> None:
        for again in (True, False):
            cutoff = self.checkpoint.cutoff if self.checkpoint else None
            faults = list(row_faults(entries, digests, cutoff))
            if not again or not any(fault is Fault.ROW_REMOVED for fault, _entry in faults):
                break
            self.look_for_purge()
        for fault, entry in faults:
            at = None if entry.lost else moment(entry.created_us)
            self.tell(Finding(fault, entry.row_id, at, seal.seq))

    def _look_into(self, span: int) -> None:
        """Tell each row of a span that neither stands in a seal nor waits for one."""
        low, high = span << SPAN_BITS, (span + 1) << SPAN_BITS
        left = set(self._ids(low - 1, high))
        first, last = self._seals_of.get(span, (1, 0))
        self._take_sealed(left, first - 1, last)
        with self._reading() as work:
            left -= work.seals.staged_among(left)
        self._take_sealed(left, self.top.seq, None)  # what waited when the walk began is sealed by now
        with self._reading() as work:
            rows = work.seals.rows(left)
            for row_id in sorted(work.seals.there(left)):
                at = rows[row_id]["created_at"] if row_id in rows else None
                self.tell(Finding(Fault.ROW_INSERTED, row_id, at))

    def _take_sealed(self, left: set[int], seq: int, last: int | None) -> None:
        """Take from *left* what the seals behind *seq* cover, up to *last*."""
        while left and (last is None or seq < last):
            with self._reading() as work:
                seals = work.seals.after(seq, SEALS_AT_ONCE)
            for seal in seals:
                left.difference_update(entry.row_id for entry in unpacked(seal.entries))
            if not seals:
                break
            seq = seals[-1].seq
