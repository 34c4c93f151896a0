"""Mails in another folder than that of their fate: what a kill between two commands leaves, or a person's hand."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from daemon.copies import Wanted, count_copies
from daemon.inbox import Inbox
from daemon.leaving import Folders
from helpdesk.actions.arrival import Source
from helpdesk.actions.desk import Desk
from helpdesk.actions.reconcile import Key, copies_due, fates_by_bytes
from helpdesk.core.fingerprint import fingerprint_of
from helpdesk.core.tickets import Fate
from helpdesk.errors import MailRefused
from helpdesk.logs import event

LOG = logging.getLogger("helpdesk.reconcile")


@dataclass(frozen=True, slots=True)
class Stray:
    """A mail that lies in the wrong folder. ``fingerprint``: of as much as was fetched; ``folder``: where it belongs.

    No ``folder``: the ledger does not say one.
    """

    key: Key
    fingerprint: str
    folder: str


@dataclass(frozen=True, slots=True)
class Misplaced:
    """Puts mails of one mailbox where they belong, as far as the ledger leaves no doubt."""

    desk: Desk
    inbox: Inbox
    source: Source
    folders: Folders
    max_bytes: int

    def strays(self, keys: Mapping[int, Key], raws: Mapping[int, bytes]) -> dict[int, Stray]:
        """Return by UID what is known of mails that lie wrong: their bytes say which mails of the ledger they are."""
        fates = fates_by_bytes(self.desk, self.source, raws)
        return {
            uid: Stray(keys[uid], fingerprint_of(raw), self._only_folder(fates.get(uid, set())))
            for uid, raw in raws.items()
        }

    def _only_folder(self, fates: set[Fate]) -> str:
        folders = {self.folders.of(fate) for fate in fates}
        return folders.pop() if len(folders) == 1 else ""

    def put_right(self, folder: str, strays: Mapping[int, Stray]) -> int:
        """Move mails out of *folder* to where they belong; return how many. Raises MailboxAway.

        Without MOVE a mail may have its copy there already: then only the one here goes.
        """
        done = 0
        for uid, stray in strays.items():
            if not stray.folder or stray.folder == folder:
                continue
            fields = {"mailbox": self.source.name, "uid": uid, "folder": folder, "wanted_in": stray.folder}
            try:
                there = not self.inbox.can_move and self._has_its_copies(stray)
                with self.inbox.opened(folder):
                    if there:
                        self.inbox.remove([uid])
                    else:
                        self.inbox.move([uid], stray.folder)
            except MailRefused as refused:
                event(LOG, "misplaced", logging.ERROR, **fields, error=refused)
                continue
            done += 1
            event(LOG, "put_right", **fields)
        return done

    def _has_its_copies(self, stray: Stray) -> bool:
        due = copies_due(self.desk, self.source, stray.key, stray.fingerprint)
        wanted = Wanted(stray.key.message_id, stray.key.size, stray.fingerprint)
        with self.inbox.opened(stray.folder):
            there = count_copies(self.inbox, wanted, self.max_bytes)
        here = sum(count for fate, count in due.items() if self.folders.of(fate) == stray.folder)
        return there >= max(here, 1)  # a mail that has not left the inbox by the ledger counts as well
