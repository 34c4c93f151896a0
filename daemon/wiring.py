"""Put the parts together from the settings: the one place that knows all of them."""

import fcntl
import hashlib
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon.deliver import Delivery
from daemon.imaplogin import ImapAccount
from daemon.intake import Intake, Limits
from daemon.leaving import Folders
from daemon.parsers import ParsePool
from daemon.shift import DeliverySettings
from daemon.smtp import Relay, RelaySettings
from helpdesk.actions.deliver import Outbox
from helpdesk.actions.desk import Desk
from helpdesk.actions.leases import Lease
from helpdesk.config import ImapSettings, Settings
from helpdesk.errors import HelpdeskError
from helpdesk.store.engine import Database

LOCK = "helpdeskd.lock"


def account_of(mailbox: ImapSettings) -> ImapAccount:
    """Return how to get into a mailbox."""
    return ImapAccount(
        mailbox.host,
        mailbox.port,
        mailbox.tls.value,
        mailbox.user,
        mailbox.password.reveal(),
        str(mailbox.ca_file) if mailbox.ca_file else None,
        mailbox.folder,
        mailbox.timeout_seconds,
        mailbox.idle,
    )


def folders_of(mailbox: ImapSettings) -> Folders:
    """Return where a mailbox's settled mail goes."""
    return Folders(mailbox.done_folder, mailbox.held_folder, mailbox.quarantine_folder)


def intake_of(
    settings: Settings,
    mailbox: ImapSettings,
    desk: Desk,
    pool: ParsePool,
    on_letters: Callable[[], None],
    careful: bool,
    lease: Lease,
) -> Intake:
    """Return what empties a mailbox under its *lease*. *careful*: the last process did not stop by itself."""
    limits = Limits(mailbox.batch_mails, mailbox.batch_bytes, settings.limits.caps.max_bytes)
    careful_mails = (
        2 * mailbox.batch_mails if careful else 0
    )  # one batch filed, one parsed: no more was in hand
    return Intake(
        desk,
        mailbox.name,
        mailbox.trust.max_age_days,
        folders_of(mailbox),
        limits,
        pool,
        on_letters,
        careful_mails,
        lease,
    )


def relay_of(settings: Settings) -> Relay:
    """Return the relay that letters go to."""
    smtp = settings.smtp
    return Relay(
        RelaySettings(
            smtp.host,
            smtp.port,
            smtp.tls.value,
            smtp.user,
            smtp.password.reveal(),
            str(smtp.ca_file) if smtp.ca_file else None,
            timeout_seconds=smtp.timeout_seconds,
        )
    )


def delivery_of(settings: Settings, database: Database, beat: Callable[[], None] = lambda: None) -> Delivery:
    """Return what sends the letters."""
    return Delivery(
        Outbox(database), relay_of(settings), DeliverySettings(connections=settings.smtp.connections), beat
    )


def owner_name(settings: Settings) -> str:
    """Return who we are in leases: the same after a restart, another for every host and state folder."""
    folder = hashlib.sha256(str(settings.desk.state_dir.resolve()).encode()).hexdigest()[:12]
    return f"{socket.gethostname()[:40]}:{folder}"


@contextmanager
def only_daemon_here(state_dir: Path) -> Iterator[bool]:
    """Hold the lock of a state folder; gives whether the last holder ended without letting go of it itself.

    Raises HelpdeskError when another process holds it. The lock dies with its process.
    """
    try:
        state_dir.mkdir(mode=0o710, parents=True, exist_ok=True)
        lock = (state_dir / LOCK).open("a+")
    except OSError as error:
        raise HelpdeskError(
            f"{state_dir}: {error.strerror}; make it, or let it belong to the user that runs helpdeskd"
        ) from error
    with lock as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = ["unknown", *file.read().split()][-1]
            raise HelpdeskError(
                f"{state_dir}: another helpdeskd works with this state folder (process {holder}); "
                "stop it, or give this one a state_dir of its own"
            ) from error
        file.seek(0)
        unclean = bool(file.read().strip())
        try:
            os.write(file.fileno(), b"%d " % os.getpid())  # behind what is there: a full disk leaves that
        except OSError as error:
            raise HelpdeskError(
                f"{state_dir}: {error.strerror}; make room there, then start again"
            ) from error
        yield unclean
        file.truncate(0)
