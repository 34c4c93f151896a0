"""Mails at which the mailbox fails again and again: they are taken last and alone, and at length left where they are.

A server that cannot read one of its mails answers NO for ever, hangs or hangs up, and one mail must not stop all
others. Only the mail itself is passed over: it stays in the inbox, is told of, and is tried again later.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from helpdesk.errors import MailboxAway
from helpdesk.logs import event

LOG = logging.getLogger("helpdesk.intake")
ALONE_AFTER_FAILURES = 2  # one failure is the network's until it happens again
LEFT_AFTER_FAILURES = 5
LEFT_SECONDS = 15 * 60.0


@dataclass(slots=True)
class _Suspicion:
    """How often in a row the mailbox failed while it was asked about a mail, perhaps among others."""

    failures: int = 0
    left_until: float = 0.0


class Suspects:
    """The suspicious mails of one mailbox, by UID. Forgotten at a restart, and where UIDs mean something else."""

    def __init__(self, mailbox: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._mailbox = mailbox
        self._clock = clock
        self._uidvalidity = 0
        self._known: dict[int, _Suspicion] = {}

    def lists(self, uidvalidity: int, uids: Sequence[int], count: int) -> list[list[int]]:
        """Return what to work on: lists of at most *count* UIDs in their order, then each suspect by itself.

        Of the suspects those come first that failed least. Who is left alone for now is in no list.
        """
        if uidvalidity != self._uidvalidity:
            self._uidvalidity = uidvalidity
            self._known.clear()
        self._known = {uid: self._known[uid] for uid in uids if uid in self._known}
        now = self._clock()
        fine = [uid for uid in uids if self._failures(uid) < ALONE_AFTER_FAILURES]
        alone = [uid for uid in uids if self._failures(uid) >= ALONE_AFTER_FAILURES]
        due = sorted((uid for uid in alone if self._known[uid].left_until <= now), key=self._failures)
        return [fine[start : start + count] for start in range(0, len(fine), count)] + [[uid] for uid in due]

    @contextmanager
    def watching(self, uids: Sequence[int]) -> Iterator[None]:
        """Suspect these mails where the mailbox fails meanwhile; where it does not, clear who was not refused."""
        before = {uid: self._failures(uid) for uid in uids}
        try:
            yield
        except MailboxAway as trouble:
            self.failed(uids, trouble)
            raise
        for uid in uids:
            if uid in self._known and self._failures(uid) == before[uid]:
                del self._known[uid]

    def failed(self, uids: Sequence[int], trouble: MailboxAway) -> None:
        """Count a failure; who failed alone too often is left in the inbox for a while, which is told."""
        for uid in uids:
            self._known.setdefault(uid, _Suspicion()).failures += 1
        if len(uids) == 1 and (left := self._known[uids[0]]).failures >= LEFT_AFTER_FAILURES:
            left.left_until = self._clock() + LEFT_SECONDS
            fields = {"mailbox": self._mailbox, "uid": uids[0], "retry_min": round(LEFT_SECONDS / 60)}
            event(LOG, "left", logging.ERROR, **fields, error=trouble)

    def _failures(self, uid: int) -> int:
        known = self._known.get(uid)
        return known.failures if known else 0
