"""Folders that take no mail, for reasons that lie in none of the mails: these are not blamed, people are told."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from daemon.attempt import SURE_REFUSALS, Attempt
from daemon.suspects import Suspects
from helpdesk.actions.desk import Desk
from helpdesk.actions.mailboxalarms import tell_of_mailbox
from helpdesk.core.alertwords import FOLDER_REFUSES, folder_refuses
from helpdesk.core.health import LATE
from helpdesk.core.terminal import term_safe
from helpdesk.errors import MailRefused
from helpdesk.logs import event

LOG = logging.getLogger("helpdesk.intake")
INBOX = ""  # where it is the inbox that lets no mail go
REFUSAL_CHARS = 200


@dataclass(slots=True)
class _Closed:
    """Since when, by the process's clock, a folder has taken nothing; when that was last seen, of how many mails."""

    since: float
    seen: float
    refused: MailRefused
    mails: int


class Refusing:
    """Tells apart what a folder refuses from what a mail is refused for. One mailbox, one process."""

    def __init__(
        self, desk: Desk, mailbox: str, suspects: Suspects, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._desk = desk
        self._mailbox = mailbox
        self._suspects = suspects
        self._clock = clock
        self._closed: dict[str, _Closed] = {}
        self._alone: dict[str, set[int]] = {}

    def closed(self, folder: str) -> bool:
        """Say whether the folder took nothing at the last attempt."""
        return folder in self._closed

    def conclude(self, folder: str, attempt: Attempt, mails: int) -> None:
        """Blame the mails that were refused, unless the folder is at fault: nothing has gone, of three at least."""
        alone = self._alone.setdefault(folder, set())
        if attempt.went:
            alone.clear()
            self._opened(folder)
        alone.update(one.uid for one, _refused in attempt.refused)
        if attempt.closed:
            self.close(folder, attempt.closed, mails - len(attempt.went))
        elif attempt.refused and not attempt.went and len(alone) >= SURE_REFUSALS:
            self.close(folder, attempt.refused[-1][1], mails)
        else:
            for one, refused in attempt.refused:
                self._suspects.failed([one.uid], refused)

    def close(self, folder: str, refused: MailRefused, mails: int) -> None:
        """Note that a folder takes none of so many mails."""
        since = self._closed[folder].since if folder in self._closed else self._clock()
        if folder not in self._closed:
            fields = {"mailbox": self._mailbox, "folder": folder or "(inbox)", "mails": mails}
            event(LOG, "folder_refuses", logging.ERROR, **fields, error=refused)
        self._closed[folder] = _Closed(since, self._clock(), refused, mails)

    def _opened(self, folder: str) -> None:
        if self._closed.pop(folder, None):
            event(LOG, "folder_takes", mailbox=self._mailbox, folder=folder or "(inbox)")

    def tell(self) -> None:
        """Raise an alarm for each folder that has taken nothing for some minutes. Raises StoreAway.

        Where no mail is left that it could take, nobody knows whether it would.
        """
        now, late = self._clock(), LATE.total_seconds()
        for folder, one in self._closed.items():
            if now - one.since > late > now - one.seen:
                reason = folder_refuses(self._mailbox, folder, term_safe(str(one.refused), REFUSAL_CHARS))
                about = (self._mailbox, FOLDER_REFUSES, reason, one.mails, folder)
                tell_of_mailbox(self._desk, "folder_refuses", *about)
