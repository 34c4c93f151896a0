"""Named places where a test lets the process die, to prove that nothing is lost or doubled there.

HELPDESK_KILL_AT=``point:n`` kills it, as SIGKILL does, when it comes to that place for the n-th time. Without
the variable a place costs one call that looks at an empty table.
"""

import os
import signal
from collections.abc import Mapping
from enum import StrEnum

from helpdesk.errors import BadSettings

VARIABLE = "HELPDESK_KILL_AT"


class Point(StrEnum):
    """The places, in the order in which a mail and then its letter come by."""

    LEASE_TAKEN = "lease-taken"  # this mailbox is ours, nobody knows more
    ATTEMPT_COUNTED = "attempt-counted"  # a careful mail is charged, not read
    FETCHED = "fetched"  # the bytes of a batch are here, not parsed
    EXAMINED = "examined"  # parsed, nothing written
    BLOBS_WRITTEN = "blobs-written"  # attachments on the disk, no row names them
    ROWS_WRITTEN = "rows-written"  # all rows of the batch, not committed
    COMMITTED = "committed"  # the fates are certain, the mails still in the inbox
    COPIED = "copied"  # without MOVE: in two folders
    FLAGGED = "flagged"  # without MOVE: marked deleted, not expunged
    MOVED = "moved"  # one folder's mails have left the inbox
    SETTLED = "settled"  # all have, the ledger has not heard of it
    NOTED = "noted"  # the ledger knows
    LETTERS_CLAIMED = "letters-claimed"  # ours to send, nothing sent
    LETTER_BEGUN = "letter-begun"  # MAIL, RCPT and DATA are on the wire
    DOT_SENT = "dot-sent"  # ambiguous: the relay may have it
    ACCEPTED = "accepted"  # ambiguous: the relay has it, the outbox has not heard of it
    SENT_WRITTEN = "sent-written"  # ambiguous: "sent" is written, not committed
    SENT_COMMITTED = "sent-committed"  # the outbox knows


AMBIGUOUS = frozenset((Point.DOT_SENT, Point.ACCEPTED, Point.SENT_WRITTEN))
_left: dict[Point, int] = {}


def arm(environ: Mapping[str, str]) -> None:
    """Take the place to die at from the environment. Raises BadSettings for one that there is not."""
    _left.clear()
    if not (wanted := environ.get(VARIABLE)):
        return
    name, _, count = wanted.partition(":")
    if name not in set(Point) or not (count or "1").isdecimal() or int(count or 1) < 1:
        raise BadSettings(
            [f"{VARIABLE}: {wanted!r} is no place; use one of {', '.join(Point)}, with :n for the n-th time"]
        )
    _left[Point(name)] = int(count or 1)


def reach(point: Point) -> None:
    """Die here when the time has come."""
    if _left and point in _left:
        _left[point] -= 1
        if _left[point] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
