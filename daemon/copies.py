"""Where a mail lies in the folders: looked for by its id or size, known by its bytes."""

import logging
from dataclasses import dataclass

from daemon.inbox import Inbox
from helpdesk.core.fingerprint import fingerprints_of
from helpdesk.errors import MailRefused
from helpdesk.logs import event
from helpdesk.store.ledger import LedgerMail

LOG = logging.getLogger("helpdesk.intake")
MAX_CANDIDATES = 50  # who sends many mails under one Message-ID must not have all of them fetched


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the ledger says of a mail whose copy is looked for; ``size`` in bytes."""

    message_id: str
    size: int
    fingerprint: str


def wanted_of(mail: LedgerMail) -> Wanted:
    """Return what a copy of a mail in the ledger is looked for by."""
    return Wanted(mail.message_id, mail.size, mail.fingerprint or "")


def copy_in(inbox: Inbox, wanted: Wanted, max_bytes: int) -> tuple[int, bytes] | None:
    """Return UID and bytes of the mail in the folder that is open; None when it is gone, or over *max_bytes*."""
    for uid, size in _candidates(inbox, wanted):
        if size <= max_bytes:
            raw = inbox.fetch([uid]).get(uid)
            if raw is not None and wanted.fingerprint in fingerprints_of(raw):
                return uid, raw
    return None


def count_copies(inbox: Inbox, wanted: Wanted, max_bytes: int) -> int:
    """Return how many copies of the mail are in the open folder, those over *max_bytes* by header and size."""
    found = 0
    for uid, size in _candidates(inbox, wanted):
        if size <= max_bytes:
            raw = inbox.fetch([uid]).get(uid, b"")
        else:
            raw = inbox.fetch_head(uid) if size == wanted.size else b""
        found += wanted.fingerprint in fingerprints_of(raw)
    return found


def _candidates(inbox: Inbox, wanted: Wanted) -> list[tuple[int, int]]:
    """Return UID and size of what may be the mail, those of its very size first."""
    uids = inbox.like(wanted.message_id, wanted.size)[-MAX_CANDIDATES:]
    sizes = inbox.sizes(uids) if uids else {}
    return sorted(sizes.items(), key=lambda pair: pair[1] != wanted.size)


def move_copy(inbox: Inbox, old: str, new: str, wanted: Wanted, max_bytes: int) -> bool:
    """Move the mail from one folder to another; False when it is not there any more, or may not be moved.

    Its fate stands either way, and the reconciliation tries again. Raises MailboxAway.
    """
    try:
        with inbox.opened(old):
            found = copy_in(inbox, wanted, max_bytes)
            if found is not None:
                inbox.move([found[0]], new)
    except MailRefused as refused:
        event(LOG, "copy_stays", logging.ERROR, folder=old, wanted_in=new, error=refused)
        return False
    return found is not None
