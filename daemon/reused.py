"""Whether a mail in the inbox is the one that the ledger has a fate for: UIDs mean other mails after a restore."""

from collections.abc import Iterator, Mapping, Sequence

from daemon.inbox import Glance, Inbox
from helpdesk.actions.arrival import Filed
from helpdesk.actions.desk import Desk
from helpdesk.actions.reconcile import message_key_in
from helpdesk.actions.reused import known_mails
from helpdesk.core.batches import batches
from helpdesk.core.fingerprint import fingerprint_of, fingerprints_of
from helpdesk.store.ledger import LedgerMail

BATCH_MAILS = 50
BATCH_BYTES = 8 * 1024 * 1024


class Recognised:
    """Compares each mail that has its fate with the ledger, once in the life of a connection.

    The Message-ID is enough where it agrees: servers may render a mail anew, and who repeats another's id harms
    none but himself. Else the bytes decide. A mail over *max_bytes* is known by its header.
    """

    def __init__(self, desk: Desk, max_bytes: int) -> None:
        self._desk = desk
        self._max_bytes = max_bytes
        self._inbox: Inbox | None = None
        self._same: set[int] = set()

    def others(self, inbox: Inbox, filed: Sequence[Filed]) -> list[Filed]:
        """Return those of *filed* whose UIDs belong to other mails now. Raises MailboxAway or StoreAway."""
        if inbox is not self._inbox:
            self._inbox, self._same = inbox, set()
        if not (unsure := [one for one in filed if one.mail_id not in self._same]):
            return []
        known = known_mails(self._desk, [one.mail_id for one in unsure])
        glances = inbox.glances([one.uid for one in unsure])
        doubtful = {uid: glance for uid, glance in glances.items() if not _has_the_id(glance, known[uid])}
        other = set(self._with_other_bytes(inbox, known, doubtful)) if doubtful else set()
        self._same |= {known[uid].id for uid in glances.keys() - other}
        return [one for one in unsure if one.uid in other]

    def _with_other_bytes(
        self, inbox: Inbox, known: Mapping[int, LedgerMail], doubtful: Mapping[int, Glance]
    ) -> Iterator[int]:
        small = {uid: glance.size for uid, glance in doubtful.items() if glance.size <= self._max_bytes}
        raws = {
            uid: fingerprints_of(raw)
            for batch in batches(list(small), small, BATCH_MAILS, BATCH_BYTES)
            for uid, raw in inbox.fetch(batch).items()
        }
        for uid in doubtful:
            wanted = known[uid].fingerprint
            if wanted in raws.get(uid, ()):
                continue
            head = inbox.fetch_head(uid)  # by which a mail is known that was never read whole
            if head and fingerprint_of(head) != wanted:
                yield uid


def _has_the_id(glance: Glance, mail: LedgerMail) -> bool:
    return bool(mail.message_id) and message_key_in(glance.head) == mail.message_id
