"""UIDs that a mail server restored from a backup gives to other mails than the ledger knows by them."""

from collections.abc import Sequence
from functools import partial

from helpdesk.actions.arrival import Source
from helpdesk.actions.desk import Desk
from helpdesk.actions.mailboxalarms import tell_within
from helpdesk.core.alertwords import UID_REUSED, uids_reused
from helpdesk.store.ledger import LedgerMail
from helpdesk.store.work import Work, in_work


def known_mails(desk: Desk, mail_ids: Sequence[int]) -> dict[int, LedgerMail]:
    """Return what the ledger knows of these mails of one mailbox, by their UIDs there."""
    with Work(desk.database, read_only=True) as work:
        return {mail.uid: mail for mail in work.ledger.by_ids(mail_ids)}


def leave_uids(desk: Desk, source: Source, mail_ids: Sequence[int]) -> None:
    """Let these mails keep their fates and give up their UIDs, which other mails have now; raise an alarm.

    Raises StoreAway or LeaseLost; then they have not.
    """
    in_work(desk.database, partial(_leave, desk, source, mail_ids))


def _leave(desk: Desk, source: Source, mail_ids: Sequence[int], work: Work) -> None:
    if source.lease:
        source.lease.confirm(work)
    work.mails.leave_uids(mail_ids, source.uidvalidity, desk.clock(work))
    kind, reason = f"uid_reused:{source.name}", uids_reused(source.name)
    tell_within(desk, kind, "", UID_REUSED, reason, len(mail_ids), True, work)
