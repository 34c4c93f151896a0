"""``check``: a plain list of findings, each with what to do. Nothing is changed and nothing is sent."""

import asyncio
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

from daemon import wiring
from daemon.imap import ImapInbox
from helpdesk.config import ImapSettings, Settings
from helpdesk.core.terminal import term_safe
from helpdesk.countries import require_countries
from helpdesk.errors import HelpdeskError, StoreAway
from helpdesk.opening import desk_of, opened_database
from helpdesk.store.blobs import FOLDER_MODE
from helpdesk.store.durability import require_durable
from helpdesk.store.engine import Database
from helpdesk.store.letters import DEAD
from helpdesk.store.schema import require_current
from helpdesk.store.work import Work

PROBE = bytes(4096)  # an empty file can be made on a full disk too


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``trouble``: what must be mended first; ``note``: what somebody should see."""

    what: str
    trouble: str = ""
    note: str = ""

    @property
    def line(self) -> str:
        """The finding as one line, its mark first."""
        mark = "FAIL" if self.trouble else "note" if self.note else "ok  "
        text = self.trouble or self.note
        return f"{mark} {term_safe(f'{self.what}: {text}' if text else self.what)}"


def check(settings: Settings, out: TextIO) -> int:
    """Print every finding; return 1 when something would keep mail from becoming tickets, else 0.

    ``check && systemctl start`` must not leave a desk down because one learner's mailbox is closed: notes do
    not count.
    """
    failed = 0
    for finding in _findings(settings):
        failed += bool(finding.trouble)
        out.write(f"{finding.line}\n")
    out.write(f"{failed} to mend\n" if failed else "all is well\n")
    return 1 if failed else 0


def _findings(settings: Settings) -> Iterator[Finding]:
    yield Finding(f"settings {settings.file or 'from the environment'}")
    yield _try(f"state folder {settings.desk.state_dir}", lambda: _writable(settings.desk.state_dir))
    yield _blobs(settings)
    if (countries := settings.suspicion.country_file) is not None:
        yield _try(f"country file {countries}", lambda: require_countries(countries))
    yield _try(f"audit folder {settings.audit.folder}", lambda: _writable(settings.audit.folder))
    if (figures := settings.metrics.file) is not None:
        yield _try(f"folder of [metrics] file {figures}", lambda: _takes_files(figures.parent))
    yield _try(
        f"[suspicion] alert_file {(alerts := settings.suspicion.alert_file)}", lambda: _takes_alerts(alerts)
    )
    yield from _database(settings)
    for mailbox in settings.mailboxes:
        yield _trust(mailbox)
        yield _try(f"mailbox {mailbox.name}", partial(_log_in, mailbox))
    yield _try(f"relay {settings.smtp.host}:{settings.smtp.port}", lambda: asyncio.run(_greet(settings)))


def _blobs(settings: Settings) -> Finding:
    """Look at the blobs as the daemon, and, where others may read the database, as the group of their folder."""
    folder = settings.desk.blob_dir
    finding = _try(f"blob folder {folder}", lambda: _writable(folder, FOLDER_MODE))
    if finding.trouble or settings.database.url.reveal().startswith("sqlite"):
        return finding
    closed = closed_to_the_group(folder.resolve())
    told = f"its group has no way through {closed}: a shell that runs as another user shows no attachments"
    return Finding(finding.what, note=told if closed else "")


def closed_to_the_group(folder: Path) -> Path | None:
    """Return which folder keeps the group of *folder* from what lies below it, None where none does."""
    group = folder.stat().st_gid
    for above in folder.parents:
        seen = above.stat()
        if not seen.st_mode & (0o011 if seen.st_gid == group else 0o001):
            return above
    below = (one for one in folder.iterdir() if one.is_dir())
    return next((one for one in (folder, *below) if one.stat().st_mode & 0o050 != 0o050), None)


def _database(settings: Settings) -> Iterator[Finding]:
    try:
        database = opened_database(settings, make=True)
    except HelpdeskError as error:
        yield Finding("database", str(error))
        return
    trouble = _trouble(lambda: require_current(database))
    yield _found(f"database {database.shown}", trouble)
    if not isinstance(trouble, StoreAway):
        yield _try("durability", lambda: require_durable(database))
    yield _try("templates", lambda: desk_of(settings, database))
    if trouble is None:
        yield _letters(database)
    database.close()


def _letters(database: Database) -> Finding:
    """Dead letters and tripped caps are nobody's failure to start, but somebody should look at them."""
    try:
        with Work(database, read_only=True) as work:
            dead = work.letters.counts().get(DEAD, 0)
            tripped = len(work.budgets.open_breakers(work.database_now()))
    except HelpdeskError as error:
        return Finding("letters", str(error))
    notes = [f"{dead} dead: helpdeskd.py letter list"] if dead else []
    if tripped:
        notes.append(f"{tripped} cap{'s' * (tripped > 1)} tripped: helpdeskd.py breaker list")
    return Finding("letters", note="; ".join(notes))


def _try(what: str, look: Callable[[], object]) -> Finding:
    return _found(what, _trouble(look))


def _trouble(look: Callable[[], object]) -> HelpdeskError | None:
    try:
        look()
    except HelpdeskError as error:
        return error
    return None


def _found(what: str, trouble: HelpdeskError | None) -> Finding:
    name = what.partition(" ")[2]
    return Finding(what, str(trouble or "").removeprefix(f"{what}: ").removeprefix(f"{name}: "))


def _writable(folder: Path, mode: int = 0o700) -> None:
    with _advised():
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
    _takes_files(folder)


def _takes_files(folder: Path) -> None:
    with _advised():
        probe = folder / ".check"
        try:
            probe.write_bytes(PROBE)
        finally:
            probe.unlink(missing_ok=True)


def _takes_alerts(file: Path) -> None:
    """Open it as the daemon does; where there is none yet, its folder counts."""
    with _advised():
        try:
            os.close(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW))
        except FileNotFoundError:
            _takes_files(file.parent)


@contextmanager
def _advised() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        missing = "make it, or correct the setting" if isinstance(error, FileNotFoundError) else ""
        advice = "make room" if full else missing or "make it writable for the user that runs helpdeskd"
        raise HelpdeskError(f"{error.strerror}; {advice}") from error


def _trust(mailbox: ImapSettings) -> Finding:
    what = f"trust of mailbox {mailbox.name}"
    if not mailbox.trust.configured:
        return Finding(
            what,
            "nothing is configured, so nobody is proven and all mail is held; run: helpdeskd.py trust calibrate",
        )
    return Finding(what)


def _log_in(mailbox: ImapSettings) -> None:
    with ImapInbox(wiring.account_of(mailbox)) as inbox:
        inbox.uids()


async def _greet(settings: Settings) -> None:
    link = await wiring.relay_of(settings).connect()
    await link.quit()
