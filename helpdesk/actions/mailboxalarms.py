"""Alarms about a mailbox that does not do what it should: once an hour for each cause."""

from functools import partial

from helpdesk.actions.alarms import hour_of
from helpdesk.actions.contacts import tell_contacts
from helpdesk.actions.desk import Desk
from helpdesk.core.letters import Notice
from helpdesk.core.suspicion import Reason
from helpdesk.store.work import Refusal, Work, in_work


def tell_of_mailbox(desk: Desk, sort: str, mailbox: str, words: Reason, reason: Reason, count: int) -> None:
    """Raise an alarm of a *sort* about a mailbox and *count* of its mails. Raises StoreAway."""
    try:
        in_work(desk.database, partial(_tell, desk, f"{sort}:{mailbox}", words, reason, count))
    except Refusal:  # another daemon was quicker
        return


def _tell(desk: Desk, kind: str, words: Reason, reason: Reason, count: int, work: Work) -> None:
    now = desk.clock(work)
    notice = Notice(words[desk.language], now, count, reason[desk.language])
    tell_contacts(work, desk, kind, hour_of(now).isoformat(), notice)
