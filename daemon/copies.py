"""Where a mail lies in the folders: looked for by its id or size, known by its bytes."""

from dataclasses import dataclass

from daemon.imap import Inbox
from helpdesk.core.fingerprint import fingerprints_of

MAX_CANDIDATES = 50  # who sends many mails under one Message-ID must not have all of them fetched


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the ledger says of a mail whose copy is looked for; ``size`` in bytes."""

    message_id: str
    size: int
    fingerprint: str


def copy_in(inbox: Inbox, wanted: Wanted, max_bytes: int) -> tuple[int, bytes] | None:
    """Return UID and bytes of the mail in the folder that is open; None when it is gone, or over *max_bytes*."""
    uids = inbox.like(wanted.message_id, wanted.size)[-MAX_CANDIDATES:]
    sizes = inbox.sizes(uids) if uids else {}
    for uid in sorted(sizes, key=lambda uid: sizes[uid] != wanted.size):  # those of its very size first
        if sizes[uid] <= max_bytes:
            raw = inbox.fetch([uid]).get(uid)
            if raw is not None and wanted.fingerprint in fingerprints_of(raw):
                return uid, raw
    return None


def move_copy(inbox: Inbox, old: str, new: str, wanted: Wanted, max_bytes: int) -> bool:
    """Move the mail from one folder to another; False when it is not there any more. Raises MailboxAway."""
    with inbox.opened(old):
        found = copy_in(inbox, wanted, max_bytes)
        if found is not None:
            inbox.move([found[0]], new)
    return found is not None
