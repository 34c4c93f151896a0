"""Alarms about a mailbox that does not do what it should: once an hour for each cause."""

from functools import partial

from helpdesk.actions.alarms import hour_of
from helpdesk.actions.contacts import tell_contacts
from helpdesk.actions.desk import Desk
from helpdesk.core.letters import Notice
from helpdesk.core.suspicion import Reason
from helpdesk.store.work import Refusal, Work, in_work


def tell_of_mailbox(
    desk: Desk,
    sort: str,
    mailbox: str,
    words: Reason,
    reason: Reason,
    count: int,
    folder: str = "",
) -> None:
    """Raise an alarm of a *sort* about a mailbox, or a *folder* of it, and *count* mails. Raises StoreAway."""
    kind = f"{sort}:{mailbox}"
    try:
        in_work(desk.database, partial(tell_within, desk, kind, folder, words, reason, count, False))
    except Refusal:  # another daemon was quicker
        return


def tell_within(
    desk: Desk, kind: str, folder: str, words: Reason, reason: Reason, count: int, is_event: bool, work: Work
) -> None:
    """Raise an alarm within a transaction of the caller's; *kind* names the mailbox, too.

    *is_event*: mails that come later within the hour are counted, too.
    """
    now = desk.clock(work)
    tell_contacts(
        work,
        desk,
        kind,
        f"{folder} {hour_of(now).isoformat()}",
        lambda language: Notice(words[language], now, count, reason[language]),
        is_event,
    )
