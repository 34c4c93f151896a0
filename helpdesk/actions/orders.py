"""Carry out what people at the keyboard want done with kept mail: the daemon's side, which reads mail safely."""

from dataclasses import replace

from helpdesk.actions.arrival import Arrival, Source
from helpdesk.actions.desk import Desk
from helpdesk.actions.replay import Replayed, replay
from helpdesk.core.kept import OrderKind, Word
from helpdesk.errors import Refused
from helpdesk.store.ledger import LedgerMail
from helpdesk.store.quarantine import Order
from helpdesk.store.work import Work, in_work

MAX_ATTEMPTS = 2  # a mail that takes the process down each time it is read must not do so for ever
CONSOLE = "the console"


def pending_orders(desk: Desk, mailbox_id: int) -> list[tuple[Order, LedgerMail]]:
    """Return what is to be done in a mailbox, the first order first."""
    with Work(desk.database, read_only=True) as work:
        orders = work.quarantine.pending(mailbox_id)
        mails = {mail.id: mail for mail in work.ledger.by_ids({order.mail_id for order in orders})}
    return [(order, mails[order.mail_id]) for order in orders]


def begin(desk: Desk, order: Order) -> bool:
    """Count an attempt before the mail is read; False, and the order is over, where there were too many."""
    if order.attempts >= MAX_ATTEMPTS:
        conclude(desk, order, f"not done: {order.attempts} attempts to read it ended with the whole process")
        return False
    in_work(desk.database, lambda work: work.quarantine.charge(order.id))
    return True


def obey(desk: Desk, source: Source, order: Order, mail: LedgerMail, read: Arrival) -> Replayed | None:
    """File *mail*, *read* again, as *order* wants it; None where it cannot be. What came of it is noted.

    Raises StoreAway and LeaseLost.
    """
    word = None if order.kind is OrderKind.REPLAY else Word(order.address, order.by_id, order.by or CONSOLE)
    source = replace(source, uidvalidity=mail.uidvalidity)
    try:
        told = replay(desk, source, mail, replace(read, again=True, word=word), dry_run=False)
    except Refused as refused:
        conclude(desk, order, f"not done: {refused}")
        return None
    conclude(desk, order, _outcome(told))
    return told


def conclude(desk: Desk, order: Order, outcome: str) -> None:
    """Note what came of an order: it is not looked at again."""
    in_work(desk.database, lambda work: work.quarantine.conclude(order.id, outcome, work.database_now()))


def _outcome(told: Replayed) -> str:
    if told.filed is not None:
        number = told.filed.ticket_number
        return f"{told.fate}{f', ticket {number}' if number else ''}, by the rule {told.filed.rule}"
    because = f": {told.reason}" if told.reason else ""
    return f"stays as it is ({told.fate or 'would wait'}, by the rule {told.ruling.rule}){because}"
