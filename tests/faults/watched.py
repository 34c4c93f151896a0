"""A mailbox watched in this process: the real watch, intake and IMAP client, a scripted server, a real database."""

import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import cast
from unittest.mock import patch

from daemon.imaplogin import ImapAccount
from daemon.intake import Intake
from daemon.leaving import Folders
from daemon.parsers import ParsePool
from daemon.watch import MailboxWatch, WatchSettings
from helpdesk.actions.leases import Lease
from tests.actions.intakes import JEAN, ZOE, IntakeBench, bench
from tests.daemon.inboxes import FakeInbox
from tests.faults.scripted_imap import PASSWORD, USER, ScriptedImap
from tests.faults.small_desk import LIMITS, InlinePool, SmallDesk, What
from tests.servers.smtp_sink import SmtpSink

FOLDERS = Folders()
PATIENCE_SECONDS = 30.0
POLL_SECONDS = 1.0
TIMEOUT_SECONDS = 0.5


@dataclass
class Watched:
    """A desk and the thread that empties its mailbox."""

    bench: IntakeBench
    server: ScriptedImap
    watch: MailboxWatch

    @property
    def quiet(self) -> bool:
        """Whether every mail has left the inbox with its fate, or waits there for its time."""
        ledger = self.bench.ledger()
        waiting = sum(row["look_again_at"] is not None for row in ledger)
        settled = sum(row["settled_at"] is not None for row in ledger)
        return len(self.server.undeleted()) == waiting and len(ledger) - settled == waiting

    def wait_for(self, what: Callable[[], bool], patience_seconds: float = PATIENCE_SECONDS) -> str:
        """Wait until something is so; return what is wrong where it does not come."""
        until = time.monotonic() + patience_seconds
        while not what():
            if not self.watch.is_alive():
                return "the thread that watches the mailbox has died"
            if time.monotonic() > until:
                return f"not so after {patience_seconds:g} s"
            time.sleep(0.02)
        return ""

    def state(self) -> Counter[What]:
        """Return all that a person could see."""
        inbox = FakeInbox()
        inbox.deliver(*self.server.undeleted())
        inbox.folders = {name: self.server.mails(USER, name) for name in ("Done", "Held", "Quarantine")}
        return SmallDesk(self.bench, cast("SmtpSink", None), inbox).state()


def account(server: ScriptedImap, timeout_seconds: float) -> ImapAccount:
    """Return how to get into the scripted mailbox."""
    return ImapAccount(
        "localhost",
        server.port,
        "tls",
        USER,
        PASSWORD,
        str(server.ca_file),
        timeout_seconds=timeout_seconds,
    )


@contextmanager
def watched(
    made: IntakeBench, server: ScriptedImap, timeout_seconds: float = TIMEOUT_SECONDS
) -> Iterator[Watched]:
    """Let a watch work on what the server serves; it is stopped at the end."""
    lease = Lease(made.desk.database, "mailbox:main", "me", 30.0)
    pool = cast("ParsePool", InlinePool())
    intake = Intake(made.desk, "main", 14, FOLDERS, LIMITS, pool, lambda: None, lease=lease)
    folders = (FOLDERS.done, FOLDERS.held, FOLDERS.quarantine)
    settings = WatchSettings("main", account(server, timeout_seconds), folders, POLL_SECONDS)
    watch = MailboxWatch(settings, intake, lease, lambda: None)
    watch.start()
    try:
        yield Watched(made, server, watch)
    finally:
        watch.stop()
        watch.join(PATIENCE_SECONDS)
        made.desk.database.close()


@contextmanager
def in_haste() -> Iterator[None]:
    """Let nobody wait long for a server that is away, nor linger for mail."""
    with ExitStack() as stack:
        stack.enter_context(patch("daemon.watch.reconnect_seconds", lambda *_: 0.01))
        stack.enter_context(patch("daemon.imap.LINGER_SECONDS", (0.01,)))
        yield


class Desks:
    """Small desks on copies of one prepared SQLite database, in *folder*."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = folder / "template.sqlite3"
        self._numbers = count(1)
        made = bench(f"sqlite:///{self._template}", folder)
        made.person(JEAN)
        made.person(ZOE)
        made.desk.database.close()

    def fresh(self) -> IntakeBench:
        """Return a desk that knows its people and no mail."""
        folder = self._folder / f"desk{next(self._numbers)}"
        folder.mkdir()
        return bench(f"sqlite:///{shutil.copy(self._template, folder / 'desk.sqlite3')}", folder)
