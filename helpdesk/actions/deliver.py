"""The outbox from the sender's side: take letters, keep them, say what became of them."""

import random
import secrets
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from helpdesk.core.audit import Action
from helpdesk.core.audit import Outcome as AuditOutcome
from helpdesk.core.backoff import LAST_ATTEMPT, retry_delay
from helpdesk.core.smtpreplies import End, Outcome
from helpdesk.killpoints import Point, reach
from helpdesk.store.audit import Event
from helpdesk.store.engine import Database
from helpdesk.store.rows import ClaimedLetter
from helpdesk.store.work import Work, in_work

GIVEN_UP = "given up after 48 hours"


@dataclass(frozen=True, slots=True)
class Taken:
    """A letter that is ours to send, and the claim by which."""

    letter: ClaimedLetter
    claim: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How one attempt at a letter ended. ``reason``: stage and reply of the relay, fit for a log."""

    taken: Taken
    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class Settled:
    """What was written about a letter: ``end`` is DEAD also for one that ran out of attempts."""

    ended: Ended
    end: End
    again_at: datetime | None = None


class Outbox:
    """The letters of one database. Each method is one transaction; all raise StoreAway.

    *clock* is the database's: the leases of daemons on several hosts need one clock.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[Work], datetime] = Work.database_now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._clock = clock
        self._chance = chance

    def seconds_to_next(self) -> float | None:
        """Return in how many seconds a letter is due, or a dead process's claim on it ends; None: none waits."""
        with Work(self._database, read_only=True) as work:
            due_at = work.letters.next_due_at()
            return None if due_at is None else (due_at - self._clock(work)).total_seconds()

    def take(self, limit: int, lease_seconds: float) -> list[Taken]:
        """Claim up to *limit* letters that are due, oldest first; nobody else sends them while the lease lasts."""

        def job(work: Work) -> list[Taken]:
            claim = secrets.token_hex(16)
            claimed = work.letters.claim(self._clock(work), limit, lease_seconds, claim)
            return [Taken(letter, claim) for letter in claimed]

        taken = in_work(self._database, job)
        if taken:
            reach(Point.LETTERS_CLAIMED)
        return taken

    def keep(self, taken: Sequence[Taken], lease_seconds: float) -> list[Taken]:
        """Lengthen the lease of letters in hand: however long a relay takes, only a dead process loses them.

        Return those that are still ours; the others' leases had run out, and somebody else has taken them.
        """

        def job(work: Work) -> set[int]:
            until = self._clock(work) + timedelta(seconds=lease_seconds)
            by_claim = _ids_by_claim(taken).items()
            return {kept for claim, ids in by_claim for kept in work.letters.renew(ids, claim, until)}

        kept = in_work(self._database, job)
        return [one for one in taken if one.letter.id in kept]

    def release(self, taken: Sequence[Taken], reason: str) -> None:
        """Give letters back that nobody has tried to send; they are due at once."""

        def job(work: Work) -> None:
            for one in taken:
                work.letters.put_back(one.letter.id, one.claim, self._clock(work), reason)

        in_work(self._database, job)

    def settle(self, ends: Sequence[Ended]) -> list[Settled]:
        """Write what became of letters: sent, to be tried again, or dead, with an audit row for each dead one."""

        def job(work: Work) -> list[Settled]:
            now = self._clock(work)
            settled = [self._judged(ended, now) for ended in ends]
            sent = [one.ended.taken for one in settled if one.end is End.SENT]
            for claim, ids in _ids_by_claim(sent).items():
                work.letters.mark_sent(ids, claim, now)
            work.audit.add([_death(one, now) for one in settled if _not_sent(work, one, now)])
            reach(Point.SENT_WRITTEN)
            return settled

        written = in_work(self._database, job)
        reach(Point.SENT_COMMITTED)
        return written

    def _judged(self, ended: Ended, now: datetime) -> Settled:
        end = ended.outcome.end
        if end in (End.SENT, End.DEAD):
            return Settled(ended, end)
        attempts = ended.taken.letter.attempts
        if ended.outcome.relay_fault:  # a relay without our login must not cost a letter
            attempts = min(attempts, LAST_ATTEMPT - 1)
        delay = retry_delay(attempts, now - ended.taken.letter.queued_at, self._chance())
        if delay is None:
            return Settled(replace(ended, reason=f"{GIVEN_UP}; {ended.reason}"), End.DEAD)
        return Settled(ended, end, now + delay)


def _not_sent(work: Work, settled: Settled, now: datetime) -> bool:
    """Write the end of a letter that was not sent; True when it died of it, and was still ours."""
    letter_id, claim, reason = settled.ended.taken.letter.id, settled.ended.taken.claim, settled.ended.reason
    if settled.again_at is not None:
        work.letters.put_back(letter_id, claim, settled.again_at, reason)
        return False
    return settled.end is End.DEAD and work.letters.kill(letter_id, claim, now, reason) > 0


def _death(settled: Settled, now: datetime) -> Event:
    letter = settled.ended.taken.letter
    detail = {
        "letter": letter.id,
        "kind": letter.kind,
        "message_id": letter.message_id,
        "attempts": letter.attempts,
        "reason": settled.ended.reason,
    }
    return Event(Action.LETTER_DEAD, AuditOutcome.FAIL, now, detail=detail)


def _ids_by_claim(taken: Sequence[Taken]) -> Mapping[str, list[int]]:
    ids: defaultdict[str, list[int]] = defaultdict(list)
    for one in taken:
        ids[one.claim].append(one.letter.id)
    return ids
