"""A desk for fault tests: an empty mailbox, a relay that keeps everything, daemons that can be killed and paused."""

import hashlib
import random
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import update

from helpdesk.killpoints import VARIABLE
from helpdesk.store.engine import open_database
from helpdesk.store.letters import SENDING
from helpdesk.store.tables import leases, letters
from tests.endtoend.world import World
from tests.faults.mails import Delivered, some_mails
from tests.servers.certificates import Certificates
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.mariadb import MariaDb
from tests.servers.process import tail
from tests.servers.smtp_sink import SmtpSink
from tests.servers.sqlite import Sqlite

SEED = 20261124
QUIET_SECONDS = 240.0
LOOK_SECONDS = 0.2
END_SECONDS = 30.0
BATCH_MAILS = 10  # small, so that a few mails make several batches
WORK = re.compile(rb" (?:filed|letter-sent) ")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
QUIET = {
    "letters that wait": "SELECT COUNT(*) FROM letters WHERE state IN ('queued', 'sending')",
    "mails without a fate": "SELECT COUNT(*) FROM mails WHERE fate IS NULL",
    "mails not settled": "SELECT COUNT(*) FROM mails WHERE settled_at IS NULL",
}


class Daemon:
    """One daemon of a desk, started and ended as often as wanted; its state folder and its log stay."""

    def __init__(self, world: World, environ: dict[str, str]) -> None:
        self._world = world
        self._environ = environ
        self._process: subprocess.Popen[str] | None = None
        self._begun_at = 0  # in its log

    @property
    def state_dir(self) -> Path:
        """Its state folder."""
        return self._world.folder / "state"

    @property
    def log(self) -> str:
        """The end of everything that it and its forerunners logged."""
        return tail(self._world.log, 20_000)

    @property
    def works(self) -> bool:
        """Whether it has filed a mail or sent a letter since it was started."""
        with suppress(FileNotFoundError), self._world.log.open("rb") as log:
            log.seek(self._begun_at)
            return bool(WORK.search(log.read()))
        return False

    @property
    def whole_log(self) -> str:
        """Everything that it and its forerunners logged."""
        return self._world.log.read_text("utf-8", "replace")

    @property
    def alive(self) -> bool:
        """Whether its process runs; a paused one does."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None, "it was never started"
        return self._process.pid

    def start(self, kill_at: str = "") -> None:
        """Start it; *kill_at*: ``point:n`` of helpdesk/killpoints.py, where it dies."""
        assert not self.alive, "it runs already"
        self._environ[VARIABLE] = kill_at
        self._begun_at = self._world.log.stat().st_size if self._world.log.exists() else 0
        self._process = self._world.daemon()

    def wait(self, seconds: float) -> int | None:
        """Return its exit status once it has ended, None when it has not within *seconds*."""
        assert self._process is not None, "it was never started"
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """SIGKILL; does nothing to one that is dead."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> int:
        """SIGTERM; return the exit status. Raises TimeoutExpired for one that goes on."""
        assert self._process is not None, "it was never started"
        self._process.terminate()
        return self._process.wait(END_SECONDS)

    def pause(self) -> None:
        """SIGSTOP: it does nothing more, and knows nothing of it."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._send(signal.SIGCONT)

    def _send(self, what: signal.Signals) -> None:
        assert self._process is not None, "it was never started"
        self._process.send_signal(what)


class FaultDesk:
    """One mailbox or several, one database, one relay. Daemons share them; each has a state folder of its own.

    *imap_port* (IMAPS) and *smtp_port*: of a proxy, where one stands before the server. *settings*: more sections
    of the settings, *imap_settings*: more lines of [imap].
    """

    def __init__(
        self,
        folder: Path,
        url: str,
        dovecot: Dovecot,
        sink: SmtpSink,
        *,
        user: str = "desk",
        imap_port: int = 0,
        smtp_port: int = 0,
        imap_settings: str = f"batch_mails = {BATCH_MAILS}\n",
        settings: str = "[limits]\nworkers = 1\n",
        seed: int = SEED,
    ) -> None:
        self.folder, self.url, self.dovecot, self.sink, self.user = folder, url, dovecot, sink, user
        self.chance = random.Random(seed)
        self.delivered: list[Delivered] = []
        self.users = [user]
        self._openers: dict[str, list[str]] = {}
        self.daemons: list[Daemon] = []
        folder.mkdir(parents=True, exist_ok=True)
        self._model = World(
            folder,
            url,
            dovecot,
            sink,
            user=user,
            imap=imap_settings,
            more=settings,
            imap_port=imap_port,
            smtp_port=smtp_port,
        ).prepare()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for daemon in self.daemons:
            daemon.kill()

    def new_daemon(self, url: str = "", environ: dict[str, str] | None = None, user: str = "") -> Daemon:
        """Return another daemon, not started. *url*: where it finds the database, if not where the others do.

        *user*: whose mailbox it empties, if not the one of the others; that is the mailbox's name then, too.
        """
        own = dict(environ or {})
        folder = self.folder / f"daemon{len(self.daemons)}"
        folder.mkdir()
        world = replace(self._model, folder=folder, url=url or self.url, environ=own, started=[])
        if user:
            world = replace(world, user=user, imap=f'name = "{user}"\n{world.imap}')
            self.users.append(user)
        world.write_settings()
        self.daemons.append(Daemon(world, own))
        return self.daemons[-1]

    def deliver(self, count: int, user: str = "", attached_bytes: int = 0) -> list[Delivered]:
        """Put *count* mails into a mailbox: new ones, replies, some with an attachment, some twice.

        *attached_bytes*: each with an attachment of that size.
        """
        openers = self._openers.setdefault(user or self.user, [])  # a reply comes behind what it answers
        mails, raws = some_mails(len(self.delivered) + 1, count, openers, self.chance, attached_bytes)
        self.dovecot.append_many(user or self.user, raws)
        openers += [mail.message_id for mail in mails if not mail.answers]
        self.delivered += mails
        return mails

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a query finds in the database."""
        return self._model.rows(query)

    def filed(self) -> int:
        """Return how many mails have their fate."""
        count: int = self.rows("SELECT COUNT(*) FROM mails WHERE fate IS NOT NULL")[0][0]
        return count

    def most_attempts(self) -> int:
        """Return how often the unluckiest mail that is still to be filed has been in the hands of a dead daemon."""
        return int(self.rows("SELECT MAX(attempts) FROM mails WHERE fate IS NULL")[0][0] or 0)

    def in_inbox(self) -> int:
        """Return how many mails the inboxes hold; those marked deleted have left, on a server without MOVE."""
        return sum(map(self._in_inbox_of, self.users))

    def _in_inbox_of(self, user: str) -> int:
        with self.dovecot.client(user) as client:
            client.select_folder("INBOX", readonly=True)
            return len(client.search("UNDELETED"))

    def holder(self, mailbox: str = "main") -> Daemon:
        """Return the daemon that holds a mailbox's lease."""
        owners = dict(self.rows("SELECT name, owner FROM leases"))
        owner = owners[f"mailbox:{mailbox}"]
        for daemon in self.daemons:
            if owner.endswith(hashlib.sha256(str(daemon.state_dir.resolve()).encode()).hexdigest()[:12]):
                return daemon
        raise LookupError(f"the lease is {owner}'s, who is none of this desk's daemons")

    def unrest(self) -> dict[str, int]:
        """Return what is still to be done, in words, with its count; empty when all is quiet."""
        counts = {"mails in the inbox": self.in_inbox()}
        counts |= {what: self.rows(query)[0][0] for what, query in QUIET.items()}
        return {what: count for what, count in counts.items() if count}

    def wait_until_quiet(self, limit_seconds: float = QUIET_SECONDS) -> float:
        """Wait until nothing is left to do; return the seconds. Raises TimeoutError, which says what is left."""
        begun = time.monotonic()
        while unrest := self.unrest():
            if time.monotonic() > begun + limit_seconds:
                logs = "\n".join(daemon.log[-2000:] for daemon in self.daemons)
                raise TimeoutError(f"not quiet after {limit_seconds:g} s: {unrest}\n{logs}")
            time.sleep(LOOK_SECONDS)
        return time.monotonic() - begun

    def wait_until_filed(self, count: int, limit_seconds: float = QUIET_SECONDS) -> float:
        """Wait until *count* mails have their fate; return the seconds it took. Raises TimeoutError."""
        begun = time.monotonic()
        while (filed := self.filed()) < count:
            if time.monotonic() > begun + limit_seconds:
                raise TimeoutError(f"{filed} of {count} mails filed after {limit_seconds:g} s")
            time.sleep(LOOK_SECONDS)
        return time.monotonic() - begun

    def end_leases(self) -> None:
        """Let what dead daemons held run out at once, as it would within a minute. Only while none runs."""
        assert not any(daemon.alive for daemon in self.daemons), "a living daemon's leases are its own"
        database = open_database(self.url)
        try:
            with database.engine.begin() as connection:
                connection.execute(update(leases).values(expires_at=LONG_AGO))
                connection.execute(update(letters).where(letters.c.state == SENDING).values(next_at=LONG_AGO))
        finally:
            database.close()


@contextmanager
def database_server(engine: str, folder: Path, certificates: Certificates) -> Iterator[Sqlite | MariaDb]:
    """Give the server of an engine as the table names it: SQLite or MariaDB."""
    with nullcontext(Sqlite(folder)) if engine == "SQLite" else MariaDb(certificates=certificates) as server:
        yield server


@contextmanager
def fault_desk(engine: str, folder: Path, *, without: tuple[str, ...] = ()) -> Iterator[FaultDesk]:
    """Give a desk with servers of its own. *without*: what the IMAP server does not offer (MOVE, IDLE, ...)."""
    certificates = Certificates()
    with (
        Dovecot(users={"desk": PASSWORD}, certificates=certificates, without=without) as dovecot,
        SmtpSink(certificates=certificates) as sink,
        database_server(engine, folder, certificates) as server,
        FaultDesk(folder, server.fresh_database(), dovecot, sink) as desk,
    ):
        yield desk
