"""How mails that have their fate leave the inbox: one command for each folder, and no mail is copied twice."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from daemon import meters
from daemon.attempt import Attempt, spread
from daemon.copies import count_copies, wanted_of
from daemon.inbox import Inbox
from daemon.refusing import INBOX, Refusing
from daemon.suspects import Suspects
from helpdesk.actions.arrival import Filed, Source
from helpdesk.actions.desk import Desk
from helpdesk.actions.intake import left_before, mark_settled
from helpdesk.core.tickets import Fate
from helpdesk.errors import MailRefused, MailStays
from helpdesk.killpoints import Point, reach


@dataclass(frozen=True, slots=True)
class Folders:
    """Where settled mail goes."""

    done: str = "Done"
    held: str = "Held"
    quarantine: str = "Quarantine"

    def of(self, fate: Fate) -> str:
        """Return the folder of a fate."""
        match fate:
            case Fate.HELD:
                return self.held
            case Fate.QUARANTINED:
                return self.quarantine
            case _:
                return self.done


class Leaving:
    """Settles the mails of one mailbox. One that the server refuses to move stays, the others go all the same."""

    def __init__(
        self, desk: Desk, mailbox: str, folders: Folders, suspects: Suspects, max_bytes: int
    ) -> None:
        self._desk = desk
        self._mailbox = mailbox
        self._folders = folders
        self._max_bytes = max_bytes
        self._refusing = Refusing(desk, mailbox, suspects)
        self._moved: list[int] = []
        self._staying: frozenset[int] = frozenset()
        # By uidvalidity and UID: what has a copy and is still there.
        self._copied: set[tuple[int, int]] = set()

    def let_stay(self, uids: Iterable[int]) -> None:
        """Leave these mails where they are, whatever becomes of them: somebody else flagged them as deleted.

        They count as gone, and go when that person's client expunges them. Until the next call.
        """
        self._staying = frozenset(uids)

    def settle(self, inbox: Inbox, filed: Sequence[Filed]) -> None:
        """Move what has a fate out of the inbox; the ledger hears of it at ``note``."""
        for folder, ones in self._by_folder(filed).items():
            self._move(inbox, ones, folder)
            reach(Point.MOVED)

    def settle_rest(self, inbox: Inbox, source: Source, filed: Sequence[Filed]) -> None:
        """Move what an earlier round, or another process, has left; where there is no MOVE, it may have a copy."""
        if inbox.can_move:
            self.settle(inbox, filed)
            return
        for folder, ones in self._by_folder(filed).items():
            if self._refusing.closed(folder):  # to look for all their copies each time would cost too much
                few, ones = spread(ones)
                self._settle_copied(inbox, source, few, folder)
            if ones and not self._refusing.closed(folder):
                self._settle_copied(inbox, source, ones, folder)
            reach(Point.MOVED)

    def _settle_copied(self, inbox: Inbox, source: Source, ones: Sequence[Filed], folder: str) -> None:
        try:
            self._look_for_copies(inbox, source, ones, folder)
        except MailRefused as refused:
            self._refusing.close(folder, refused, len(ones))
            return
        there = [one for one in ones if (inbox.uidvalidity, one.uid) in self._copied]
        if there:
            self._remove(inbox, there)
        if rest := [one for one in ones if one not in there]:
            self._move(inbox, rest, folder)

    def note(self) -> None:
        """Say in the ledger which mails have left the inbox; after a crash before this, ``sweep`` does.

        Folders that have taken nothing for a while are told of.
        """
        moved, self._moved = self._moved, []
        if moved:
            reach(Point.SETTLED)
            meters.INBOX_MAILS.labels(self._mailbox).dec(len(moved))
            mark_settled(self._desk, moved)
            reach(Point.NOTED)
        self._refusing.tell()

    def _by_folder(self, filed: Sequence[Filed]) -> dict[str, list[Filed]]:
        by_folder: dict[str, list[Filed]] = {}
        for one in filed:
            if one.fate is not None and one.uid in self._staying:
                self._moved.append(one.mail_id)
            elif one.fate is not None:
                by_folder.setdefault(self._folders.of(one.fate), []).append(one)
        return by_folder

    def _look_for_copies(self, inbox: Inbox, source: Source, ones: Sequence[Filed], folder: str) -> None:
        """Find out which of these mails have a copy in the folder that belongs to no other mail of the ledger."""
        unknown = [one.mail_id for one in ones if (inbox.uidvalidity, one.uid) not in self._copied]
        if not unknown:
            return
        mails, gone = left_before(self._desk, source, unknown)
        taken: Counter[str | None] = Counter()
        for (fingerprint, fate), count in gone.items():
            if self._folders.of(fate) == folder:
                taken[fingerprint] += count
        with inbox.opened(folder):
            for mail in mails:
                if count_copies(inbox, wanted_of(mail), self._max_bytes) > taken[mail.fingerprint]:
                    taken[mail.fingerprint] += 1
                    self._copied.add((inbox.uidvalidity, mail.uid))

    def _move(self, inbox: Inbox, ones: Sequence[Filed], folder: str) -> None:
        attempt = Attempt(lambda some: self._move_some(inbox, some, folder)).at(ones)
        self._refusing.conclude(folder, attempt, len(ones))

    def _move_some(self, inbox: Inbox, ones: Sequence[Filed], folder: str) -> None:
        try:
            inbox.move([one.uid for one in ones], folder)
        except MailStays:
            self._copied.update((inbox.uidvalidity, one.uid) for one in ones)
            self._remove(inbox, ones)
        else:
            self._moved += [one.mail_id for one in ones]

    def _remove(self, inbox: Inbox, ones: Sequence[Filed]) -> None:
        """Let mails go that have their copies."""
        attempt = Attempt(lambda some: inbox.remove([one.uid for one in some])).at(ones)
        self._copied.difference_update((inbox.uidvalidity, one.uid) for one in attempt.went)
        self._moved += [one.mail_id for one in attempt.went]
        self._refusing.conclude(INBOX, attempt, len(ones))
