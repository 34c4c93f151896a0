"""One mailbox from inbox to settled: fetch, parse in workers, file, move (design: one mail, a straight line).

While one batch is filed, a second thread moves the one before it out of the inbox, and fetches and parses the next:
neither the mail server's nor the database's disk is waited for by both.
"""

import logging
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

from daemon import meters
from daemon.copies import Wanted, move_copy
from daemon.filedlog import tell_filed
from daemon.flagged import Flagged
from daemon.inbox import Inbox
from daemon.leaving import Folders, Leaving
from daemon.orders import OrderDesk
from daemon.parsers import Examined, ParsePool
from daemon.reused import Recognised
from daemon.suspects import Suspects
from helpdesk.actions.arrival import Arrival, Filed, Source
from helpdesk.actions.desk import Desk
from helpdesk.actions.intake import (
    InboxState,
    Released,
    charge_attempts,
    file_batch,
    inbox_state,
    known_source,
    mark_settled,
    released_mails,
    sweep,
)
from helpdesk.actions.leases import Lease
from helpdesk.actions.reused import leave_uids
from helpdesk.core.batches import batches
from helpdesk.core.fingerprint import fingerprint_of
from helpdesk.core.mail import Mail, Unreadable
from helpdesk.core.tickets import Fate
from helpdesk.core.verdict import bomb
from helpdesk.killpoints import Point, reach
from helpdesk.logs import event

LOG = logging.getLogger("helpdesk.intake")
LOOK_AHEAD_UIDS = 500  # how many UIDs are compared with the ledger in one query
BYTES_SECONDS = 300.0  # how often to look for the bytes of a confirmed mail on a disk that fails
POISON = "three attempts to read it, two of them with nothing else in hand, ended with the whole process"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is fetched at once, and the size over which a mail is not fetched at all."""

    batch_mails: int = 200
    batch_bytes: int = 32 * 1024 * 1024
    max_bytes: int = 40 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Read:
    """A batch that was fetched and parsed. ``started``: when parsing began."""

    arrivals: Sequence[Arrival]
    started: float


class Intake:
    """Empties one inbox. ``careful_mails`` of the oldest go one by one, their attempt counted first."""

    def __init__(
        self,
        desk: Desk,
        mailbox: str,
        max_age_days: int,
        folders: Folders,
        limits: Limits,
        pool: ParsePool,
        on_letters: Callable[[], None],
        careful_mails: int = 0,
        lease: Lease | None = None,
    ) -> None:
        self._desk = desk
        self._mailbox = mailbox
        self._max_age_days = max_age_days
        self._folders = folders
        self._limits = limits
        self._pool = pool
        self._on_letters = on_letters
        self._careful_mails = careful_mails
        self._lease = lease
        self._suspects = Suspects(mailbox)
        self._leaving = Leaving(desk, mailbox, folders, self._suspects, limits.max_bytes)
        self._flagged = Flagged(desk)
        self._recognised = Recognised(desk, limits.max_bytes)
        self._orders = OrderDesk(desk, pool, folders, limits.max_bytes)
        self._swept: tuple[Inbox, int | None] | None = None
        self._unread: dict[int, str] = {}
        self._bytes_again_at = math.inf
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="mailbox")

    def drain(self, inbox: Inbox, going: Callable[[], bool]) -> int:
        """Settle what is in the inbox now, oldest first, while *going()*; return how many mails were looked at.

        Raises MailboxAway, StoreAway or LeaseLost; what was not committed is still in the inbox then.
        """
        source = known_source(self._desk, self._mailbox, inbox.uidvalidity, self._max_age_days, self._lease)
        looked_at = 0
        uids = inbox.uids()
        flagged = self._flagged.without_fate(inbox, source)
        self._leaving.let_stay(flagged)
        meters.INBOX_MAILS.labels(self._mailbox).set(len(uids) + len(flagged))
        term = (inbox, self._lease.fence if self._lease else None)
        if term != self._swept:  # another daemon may have died in between, on the other side of a move
            sweep(self._desk, source, uids)
            self._file_released(inbox, source)
            self._swept = term
        elif time.monotonic() >= self._bytes_again_at:
            self._file_released(inbox, source)
        if self._orders.work(inbox, source, going):
            self._on_letters()
        for some in self._suspects.lists(inbox.uidvalidity, sorted([*uids, *flagged]), LOOK_AHEAD_UIDS):
            with self._suspects.watching(some):
                looked_at += self._look_at(inbox, source, some, going)
            self._leaving.note()
            if not going():
                break
        return looked_at

    def _look_at(self, inbox: Inbox, source: Source, uids: Sequence[int], going: Callable[[], bool]) -> int:
        state = inbox_state(self._desk, source, uids)
        if state.unsettled:
            state = self._without_others(inbox, source, state)
            self._leaving.settle_rest(inbox, source, state.unsettled)
        looked_at = 0
        for uid in state.poisonous:
            size = inbox.sizes([uid]).get(uid, 0)
            looked_at += self._file_unread(inbox, source, uid, size, POISON, deadly=True)
        looked_at += self._careful(inbox, source, state.new, going)
        return looked_at + self._flow(inbox, source, state.new, going)

    def _without_others(self, inbox: Inbox, source: Source, state: InboxState) -> InboxState:
        """Take mails for new that came under UIDs which the ledger knows other mails by."""
        others = self._recognised.others(inbox, state.unsettled)
        if not others:
            return state
        leave_uids(self._desk, source, [one.mail_id for one in others])
        for one in others:
            event(LOG, "uid_reused", logging.ERROR, mailbox=source.name, uid=one.uid, mail=one.mail_id)
        new = sorted([*state.new, *(one.uid for one in others)])
        return replace(state, new=new, unsettled=[one for one in state.unsettled if one not in others])

    def _careful(self, inbox: Inbox, source: Source, uids: list[int], going: Callable[[], bool]) -> int:
        """File the mails that may have taken the last process down, one at a time; return how many."""
        filed = 0
        while self._careful_mails > 0 and uids and going():
            uid = uids.pop(0)
            self._careful_mails -= 1
            charge_attempts(self._desk, source, [uid])
            reach(Point.ATTEMPT_COUNTED)
            filed += self._flow(inbox, source, [uid], going)
        return filed

    def _flow(self, inbox: Inbox, source: Source, uids: Sequence[int], going: Callable[[], bool]) -> int:
        limits = self._limits
        sizes = inbox.sizes(uids)
        fitting = [uid for uid in uids if sizes.get(uid, 0) <= limits.max_bytes]
        count = 0
        read: _Read | None = None
        filed: Sequence[Filed] = ()
        for batch in batches(fitting, sizes, limits.batch_mails, limits.batch_bytes):
            if not going():
                break
            coming = self._beside.submit(self._read_next, inbox, filed, batch)
            try:
                filed = self._file(source, read) if read else ()
            finally:
                wait([coming])  # the connection is for one thread at a time
            count += len(filed)
            read = coming.result()
            self._carry_commands_out(inbox, source, filed)
        self._leaving.settle(inbox, filed)
        if read is not None and going():
            count += self._file_and_settle(inbox, source, read)
        for uid in uids:
            if sizes.get(uid, 0) > limits.max_bytes and going():
                reason = f"{sizes[uid]} bytes; the limit is {limits.max_bytes}"
                count += self._file_unread(inbox, source, uid, sizes[uid], reason)
        return count

    def _read_next(self, inbox: Inbox, filed: Sequence[Filed], batch: Sequence[int]) -> _Read:
        """Settle what is *filed*, then fetch and parse a batch."""
        self._leaving.settle(inbox, filed)
        raws = inbox.fetch(batch)
        reach(Point.FETCHED)
        started = time.monotonic()
        examined = self._pool.examine(list(raws.values()))
        pairs = zip(raws.items(), examined, strict=True)
        return _Read([_arrival(uid, raw, one) for (uid, raw), one in pairs], started)

    def _file_unread(
        self, inbox: Inbox, source: Source, uid: int, size: int, reason: str, deadly: bool = False
    ) -> int:
        """Quarantine a mail without parsing it: it is too big, or it has taken the process down thrice."""
        head = inbox.fetch_head(uid)
        arrival = Arrival(uid, head, Unreadable(size, fingerprint_of(head), reason, deadly), bomb(reason))
        return self._file_and_settle(inbox, source, _Read([arrival], time.monotonic()))

    def _file_and_settle(self, inbox: Inbox, source: Source, read: _Read) -> int:
        filed = self._file(source, read)
        self._leaving.settle(inbox, filed)
        self._carry_commands_out(inbox, source, filed)
        return len(filed)

    def _file(self, source: Source, read: _Read) -> Sequence[Filed]:
        reach(Point.EXAMINED)
        filed = file_batch(self._desk, source, read.arrivals)
        reach(Point.COMMITTED)
        self._on_letters()
        tell_filed(source, filed, read.started)  # before the move: when that fails, nobody tells later
        return filed

    def _carry_commands_out(self, inbox: Inbox, source: Source, filed: Sequence[Filed]) -> None:
        if any(one.fate is Fate.COMMAND for one in filed):
            self._file_released(inbox, source)

    def _file_released(self, inbox: Inbox, source: Source) -> None:
        """File held mails whose owners confirmed them, and move their copies out of the folder Held."""
        found = released_mails(self._desk, source)
        self._tell_unread(source, found)
        for held, raw in ((one.mail, one.raw) for one in found):
            started = time.monotonic()
            if raw is None:
                continue
            [one] = self._pool.examine([raw])
            arrival = replace(_arrival(held.uid, raw, one), confirmed=True)
            filed = file_batch(self._desk, replace(source, uidvalidity=held.uidvalidity), [arrival])
            mark_settled(self._desk, [mail.mail_id for mail in filed])
            tell_filed(source, filed, started)
            self._move_held(inbox, arrival, filed[0].fate)
        self._on_letters()

    def _tell_unread(self, source: Source, found: Sequence[Released]) -> None:
        """Log which confirmed mails cannot be filed, once for each cause; look for the others' bytes later."""
        told, self._unread = self._unread, {}
        for released in found:
            mail_id, trouble = released.mail.id, released.trouble
            if trouble and (released.given_up or told.get(mail_id) != trouble):
                what = "bytes_gone" if released.given_up else "bytes_away"
                blob = released.mail.raw_sha256
                event(LOG, what, logging.ERROR, mailbox=source.name, mail=mail_id, blob=blob, error=trouble)
            if trouble and not released.given_up:
                self._unread[mail_id] = trouble
        self._bytes_again_at = time.monotonic() + BYTES_SECONDS if self._unread else math.inf

    def _move_held(self, inbox: Inbox, arrival: Arrival, fate: Fate | None) -> None:
        """Move a mail that was held to the folder of its fate; it may have been taken away, which is no error."""
        new, seen = self._folders.of(fate or Fate.HELD), arrival.seen
        if new != self._folders.held:
            message_id = seen.message_id if isinstance(seen, Mail) else ""
            wanted = Wanted(message_id, seen.size, seen.fingerprint)
            move_copy(inbox, self._folders.held, new, wanted, self._limits.max_bytes)


def _arrival(uid: int, raw: bytes, one: Examined) -> Arrival:
    judged = one.judged
    return Arrival(
        uid, raw, one.mail, judged.judgement, judged.signed_at, judged.reached_at, route=judged.route
    )
