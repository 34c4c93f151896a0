"""Mails that are flagged as deleted, but not by us: they reached the inbox, so they have a fate like all others."""

from daemon.inbox import Inbox
from helpdesk.actions.arrival import Source
from helpdesk.actions.desk import Desk
from helpdesk.actions.intake import with_fate


class Flagged:
    """Remembers of one connection which flagged mails have their fate: without UIDPLUS ours stay there for good."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._inbox: Inbox | None = None
        self._settled: set[int] = set()

    def without_fate(self, inbox: Inbox, source: Source) -> list[int]:
        """Return the UIDs of flagged mails that have none yet, oldest first. Raises MailboxAway or StoreAway."""
        if inbox is not self._inbox:
            self._inbox, self._settled = inbox, set()
        unknown = [uid for uid in inbox.flagged() if uid not in self._settled]
        if unknown:
            self._settled |= with_fate(self._desk, source, unknown)
        return [uid for uid in unknown if uid not in self._settled]
