"""Compare a mailbox with the ledger: what lies outside the inbox has its fate, what lies in it is looked at soon."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from daemon.imap import ImapInbox
from daemon.leaving import Folders
from daemon.misplaced import Misplaced, Stray
from helpdesk.actions.arrival import Source
from helpdesk.actions.desk import Desk
from helpdesk.actions.intake import known_source
from helpdesk.actions.reconcile import Key, fates_by_bytes, fates_by_key, forgotten, message_key_in, now_of
from helpdesk.core.batches import batches
from helpdesk.core.reconciling import DAYS, OVERDUE, Reconciled, too_many
from helpdesk.core.tickets import Fate
from helpdesk.errors import LeaseLost
from helpdesk.logs import event
from helpdesk.store.chunks import chunks

LOG = logging.getLogger("helpdesk.reconcile")
GLANCES = 500  # mails in one command; all that is kept of the others are their UIDs
BATCH_MAILS = 50
BATCH_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Scope:
    """What is compared. ``force``: mails are moved even where most of a folder would be."""

    mailbox: str
    inbox_folder: str
    folders: Folders
    max_bytes: int
    days: int = DAYS
    force: bool = False


def reconcile(desk: Desk, inbox: ImapInbox, scope: Scope, going: Callable[[], bool]) -> Reconciled:
    """Compare the mails of the last days, move those that lie wrong, back to the inbox what has no fate.

    Returns what was found.
    *inbox* is a connection of its own. Filing is idempotent, so a mail that goes back does no harm. Raises
    MailboxAway, StoreAway, and LeaseLost as soon as *going()* is False.
    """
    return _Reconciling(desk, inbox, scope, going).run()


class _Reconciling:
    def __init__(self, desk: Desk, inbox: ImapInbox, scope: Scope, going: Callable[[], bool]) -> None:
        self._desk = desk
        self._inbox = inbox
        self._scope = scope
        self._going = going
        self._source: Source = known_source(desk, scope.mailbox, inbox.uidvalidity, 0)
        self._misplaced = Misplaced(desk, inbox, self._source, scope.folders, scope.max_bytes)
        self._compared = self._returned = self._withheld = self._left = self._put_right = 0

    def run(self) -> Reconciled:
        folders = self._scope.folders
        names = (folders.done, folders.held, folders.quarantine)
        self._inbox.make_folders(names)
        without_fate = self._forgotten()  # before old mail goes back to where it would count as such
        lying: dict[str, dict[int, Stray]] = {}
        for name in names:
            with self._inbox.opened(name):
                lying[name] = self._compare(name)
        for (
            name,
            strays,
        ) in lying.items():  # when all are compared: else what is moved would be compared twice
            for uids in self._steps(list(strays)):
                self._put_right += self._misplaced.put_right(name, {uid: strays[uid] for uid in uids})
        found = Reconciled(
            self._scope.mailbox,
            self._compared,
            self._returned,
            self._withheld,
            without_fate,
            self._left - self._put_right,
            self._put_right,
        )
        _tell(found)
        return found

    def _forgotten(self) -> int:
        """Return how many mails have waited in the inbox for too long without anybody looking at them."""
        late = now_of(self._desk) - OVERDUE
        waiting = 0
        for uids in self._steps(sorted([*self._inbox.uids(), *self._inbox.flagged()])):
            suspects = forgotten(self._desk, self._source, uids)
            glances = self._inbox.glances(suspects) if suspects else {}
            waiting += sum(glance.arrived_at < late for glance in glances.values())
        return waiting

    def _compare(self, folder: str) -> dict[int, Stray]:
        """Compare a folder with the ledger; return those of its mails that belong into another one and may go."""
        since = now_of(self._desk) - timedelta(days=self._scope.days)
        missing: list[int] = []
        strays: dict[int, Stray] = {}
        compared = 0
        for uids in self._steps(self._inbox.uids_since(since.date())):
            glances = self._inbox.glances(uids)
            keys = {uid: Key(message_key_in(glance.head), glance.size) for uid, glance in glances.items()}
            fates = fates_by_key(self._desk, self._source, keys)
            compared += len(keys)
            for raws in self._whole({uid: key.size for uid, key in keys.items() if uid not in fates}):
                known = fates_by_bytes(self._desk, self._source, raws)
                missing += [uid for uid in raws if uid not in known]
                fates |= known
            wrong = {uid: keys[uid].size for uid, found in fates.items() if not self._fits(folder, found)}
            for raws in self._whole(wrong):
                strays |= self._misplaced.strays(keys, raws)
        self._compared += compared
        self._left += len(strays)
        self._give_back(folder, missing, compared)
        return {} if too_many(compared, len(strays)) and not self._scope.force else strays

    def _steps(self, uids: list[int]) -> Iterator[list[int]]:
        for some in chunks(uids, GLANCES):
            if not self._going():
                raise LeaseLost(f"mailbox {self._scope.mailbox}: the comparison was stopped before its end")
            yield list(some)

    def _whole(self, sizes: Mapping[int, int]) -> Iterator[dict[int, bytes]]:
        """Yield the mails in batches; of those that are too big, the header."""
        small = {uid: size for uid, size in sizes.items() if size <= self._scope.max_bytes}
        for batch in batches(list(small), small, BATCH_MAILS, BATCH_BYTES):
            yield self._inbox.fetch(batch)
        for uid in sizes.keys() - small.keys():
            if head := self._inbox.fetch_head(uid):
                yield {uid: head}

    def _fits(self, folder: str, fates: Iterable[Fate]) -> bool:
        return any(self._scope.folders.of(fate) == folder for fate in fates)

    def _give_back(self, folder: str, missing: list[int], compared: int) -> None:
        scope = self._scope
        if too_many(compared, len(missing)) and not scope.force:
            self._withheld += len(missing)
            event(LOG, "withheld", logging.ERROR, mailbox=scope.mailbox, folder=folder, mails=len(missing))
            return
        for uids in self._steps(missing):
            self._inbox.move(uids, scope.inbox_folder)
            self._returned += len(uids)
            for uid in uids:
                event(LOG, "returned", logging.ERROR, mailbox=scope.mailbox, folder=folder, uid=uid)


def _tell(found: Reconciled) -> None:
    event(
        LOG,
        "reconciled",
        logging.ERROR if found.alarming else logging.INFO,
        mailbox=found.mailbox,
        compared=found.compared,
        returned=found.returned,
        withheld=found.withheld,
        without_fate=found.without_fate,
        misplaced=found.misplaced,
        put_right=found.put_right,
    )
