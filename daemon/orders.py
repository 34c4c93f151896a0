"""What people at the keyboard want done with kept mail: read it again in the workers, file it, move its copy."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from daemon.copies import copy_in, move_copy, wanted_of
from daemon.inbox import Inbox
from daemon.parsers import ParsePool
from helpdesk.actions.arrival import Arrival, Source
from helpdesk.actions.desk import Desk
from helpdesk.actions.orders import begin, conclude, obey, pending_orders
from helpdesk.actions.replay import Replayed, kept_bytes
from helpdesk.core.tickets import KEPT, Fate
from helpdesk.errors import HelpdeskError
from helpdesk.logs import event
from helpdesk.store.ledger import LedgerMail
from helpdesk.store.quarantine import Order

LOG = logging.getLogger("helpdesk.intake")
NOT_WHOLE = "not done: it was not kept whole, and its folder does not have it"


class Folders(Protocol):
    """Where mail of each fate lies."""

    def of(self, fate: Fate) -> str:
        """Return the folder of a fate."""


@dataclass(frozen=True, slots=True)
class OrderDesk:
    """Carries out the orders of one mailbox. ``max_bytes``: a larger mail is not read."""

    desk: Desk
    pool: ParsePool
    folders: Folders
    max_bytes: int

    def work(self, inbox: Inbox, source: Source, going: Callable[[], bool]) -> bool:
        """Do what was ordered while *going()*; return whether something was filed. One mail harms no other.

        Raises MailboxAway, StoreAway or LeaseLost.
        """
        filed = False
        for order, mail in pending_orders(self.desk, source.mailbox_id):
            if not going():
                break
            if mail.fate not in KEPT:
                conclude(self.desk, order, f"not done: it is {mail.fate or 'in the inbox'} meanwhile")
                continue
            if not begin(self.desk, order):
                continue
            try:
                told = self._one(inbox, source, order, mail)
            except HelpdeskError:
                raise
            except Exception as defect:  # noqa: BLE001 - one mail must not stop all others for good
                conclude(self.desk, order, f"not done: by a defect ({type(defect).__name__})")
                event(LOG, "order_failed", logging.ERROR, mail=mail.id, error=type(defect).__name__)
                continue
            self._tell(source, order, mail, told)
            if told is not None and told.filed is not None and told.fate is not None:
                filed = True
                self._move(inbox, mail, told.fate)
        return filed

    def _one(self, inbox: Inbox, source: Source, order: Order, mail: LedgerMail) -> Replayed | None:
        raw = kept_bytes(self.desk, mail)
        if raw is None or len(raw) != mail.size:
            raw = self._from_its_folder(inbox, mail, raw)
        if raw is None:
            conclude(self.desk, order, NOT_WHOLE)
            return None
        # Signatures end: what counts is when it came.
        [seen] = self.pool.examine([raw], int(mail.seen_at.timestamp()))
        judged = seen.judged
        read = Arrival(mail.uid, raw, seen.mail, judged.judgement, judged.signed_at, judged.reached_at)
        return obey(self.desk, source, order, mail, read)

    def _from_its_folder(self, inbox: Inbox, mail: LedgerMail, head: bytes | None) -> bytes | None:
        if mail.size > self.max_bytes:
            return None
        with inbox.opened(self.folders.of(Fate(mail.fate or ""))):
            found = copy_in(inbox, wanted_of(mail), self.max_bytes)
        return found[1] if found is not None and found[1].startswith(head or b"") else None

    def _move(self, inbox: Inbox, mail: LedgerMail, fate: Fate) -> None:
        old, new = self.folders.of(Fate(mail.fate or "")), self.folders.of(fate)
        if old != new:
            move_copy(inbox, old, new, wanted_of(mail), self.max_bytes)

    def _tell(self, source: Source, order: Order, mail: LedgerMail, told: Replayed | None) -> None:
        event(
            LOG,
            "ordered",
            mailbox=source.name,
            mail=mail.id,
            order=order.kind.value,
            was=mail.fate,
            fate=told.fate if told else None,
            rule=told.ruling.rule if told else None,
            ticket=told.filed.ticket_number if told and told.filed else None,
        )
