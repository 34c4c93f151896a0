"""F8: a slow, a narrow, a half-open and a resetting network before the mailbox, the relay and the database."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from helpdesk.store.engine import open_database
from helpdesk.store.work import in_work
from tests.faults.checker import check
from tests.faults.desk import SEED, Daemon, FaultDesk
from tests.faults.f10_clock import together
from tests.faults.fault import Fault, Tally
from tests.faults.proxy import FINE, Proxy, Weather
from tests.faults.systemd import Ear
from tests.servers.certificates import Certificates
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.mariadb import MariaDb
from tests.servers.smtp_sink import SmtpSink
from tests.store.makers import a_letter

SERVERS = ("mailbox", "relay", "database")
PROBE = "probe"  # the kind of letters that no mail is the cause of
WATCHDOG_SECONDS = 90.0  # as the unit has it
HOLD_SECONDS, QUICK_HOLD_SECONDS = 150.0, 100.0  # both longer than the watchdog has patience
WAVE = 20
OTHERS_SECONDS = 20.0  # for a letter or a mail that has nothing to do with the bad network
EVERY_SECONDS = 5.0
QUIET_SECONDS = 900.0
ONE_MIGRATES = threading.Lock()  # Alembic keeps what it works on in its module
# A verb that began while nothing came back takes its minute, then comes the longest pause between two connects.
LIMIT_SECONDS = 130.0


@dataclass(frozen=True, slots=True)
class Bad:
    """A bad network. ``passes``: mail gets through it, if slowly, so all of it has to, in the end.

    ``attached_bytes``: of one more mail, which comes while it is bad.
    """

    name: str
    weather: Weather
    passes: bool
    attached_bytes: int = 0


LATE, QUICK_LATE = (
    Bad(f"{seconds:g} s late", Weather(latency_seconds=seconds), passes=True) for seconds in (2.0, 0.5)
)
TRICKLING = Bad("1 byte/s", Weather(bytes_per_second=1), passes=False)
HALF_OPEN = Bad("half-open", Weather(silent=True), passes=False)
NARROW = Bad("20 MB at 200 kB/s", Weather(bytes_per_second=200_000), passes=True, attached_bytes=15_000_000)
RESETTING = Bad("30 % reset", Weather(reset_share=0.3, reset_within_bytes=20_000), passes=True)


@dataclass
class Reached:
    """A desk whose daemon reaches one of its servers through a proxy, and what systemd hears of it."""

    desk: FaultDesk
    daemon: Daemon
    proxy: Proxy
    ear: Ear
    problems: list[str] = field(default_factory=list)

    def others_go_on(self, server: str) -> None:
        """Note where a letter waits for the mailbox, or a mail for the relay; nothing goes on without database."""
        if server == "mailbox":
            message_id = _queue_probe(self.desk.url)
            self._within(f"a letter beside a bad {server}", lambda: self._came(message_id))
        elif server == "relay":
            mails = self.desk.deliver(1)
            wanted = sum(mail.copies for mail in self.desk.delivered)
            self._within(f"{len(mails)} mail beside a bad {server}", lambda: self.desk.filed() == wanted)

    def _came(self, message_id: str) -> bool:
        return any(message_id.encode() in letter.content for letter in self.desk.sink.messages)

    def _within(self, what: str, done: Callable[[], bool]) -> None:
        until = time.monotonic() + OTHERS_SECONDS
        while not done():
            if time.monotonic() > until:
                self.problems.append(f"{what} took longer than {OTHERS_SECONDS:g} s")
                return
            time.sleep(0.2)

    def watchdog_was_quiet(self) -> None:
        """Note where a loop was late, or systemd not told that the daemon lives."""
        late = [line for line in self.daemon.whole_log.splitlines() if " late loop=" in line]
        self.problems += [f"the watchdog barked: {line}" for line in late]
        if self.ear.longest_seconds > WATCHDOG_SECONDS:
            self.problems.append(f"systemd heard nothing for {self.ear.longest_seconds:.0f} s")


def bad_network(server: str, folder: Path, quick: bool) -> Tally:
    """Put each bad network before the daemon's *server*, each on a desk of its own, all at once."""
    certificates = Certificates()
    all_bad = [QUICK_LATE if quick else LATE, TRICKLING, HALF_OPEN, RESETTING]
    if server == "mailbox" and not quick:
        all_bad.append(NARROW)
    users = {bad: f"desk{number}" for number, bad in enumerate(all_bad)}
    hold = QUICK_HOLD_SECONDS if quick else HOLD_SECONDS
    with (
        Dovecot(users=dict.fromkeys(users.values(), PASSWORD), certificates=certificates) as dovecot,
        MariaDb(certificates=certificates) as mariadb,
        ThreadPoolExecutor(len(all_bad)) as threads,
    ):
        place = Place(folder, dovecot, mariadb, certificates)
        return together(threads.map(lambda bad: endured(place, server, bad, users[bad], hold), all_bad))


@dataclass(frozen=True, slots=True)
class Place:
    """The servers that desks share, and the folder in which each has its own."""

    folder: Path
    dovecot: Dovecot
    mariadb: MariaDb
    certificates: Certificates


def endured(
    place: Place, server: str, bad: Bad, user: str, hold_seconds: float, wave: int = WAVE, imap: str = ""
) -> Tally:
    """Let mail flow, then let the network before *server* be *bad* for so long, then fine again.

    *wave*: how many mails come before and meanwhile; *imap*: more settings of the mailbox.
    """
    direct = place.mariadb.fresh_database()
    with ExitStack() as stack:
        sink = stack.enter_context(SmtpSink(certificates=place.certificates))
        targets = {"mailbox": place.dovecot.imaps_port, "relay": sink.port, "database": place.mariadb.port}
        proxy = stack.enter_context(Proxy(targets[server], seed=SEED).running())
        url, settings = direct, "[limits]\nworkers = 1\n"
        if server == "database":
            url = direct.replace(f":{place.mariadb.port}/", f":{proxy.port}/")
            settings += f'[database]\nca_file = "{place.mariadb.ca_file}"\n'
        with ONE_MIGRATES:
            desk = FaultDesk(
                place.folder / user,
                direct,
                place.dovecot,
                sink,
                user=user,
                imap_port=proxy.port if server == "mailbox" else 0,
                smtp_port=proxy.port if server == "relay" else 0,
                imap_settings=f"batch_mails = 10\n{imap}",
                settings=settings,
            )
        stack.enter_context(desk)
        ear = stack.enter_context(Ear(WATCHDOG_SECONDS).open())
        reached = Reached(desk, desk.new_daemon(url, ear.environ), proxy, ear)
        return _endured(reached, server, bad, hold_seconds, wave)


def _endured(reached: Reached, server: str, bad: Bad, hold_seconds: float, wave: int) -> Tally:
    desk, proxy = reached.desk, reached.proxy
    desk.deliver(wave)
    reached.daemon.start()
    desk.wait_until_quiet()
    proxy.weather = bad.weather
    desk.deliver(wave)
    if bad.attached_bytes:
        desk.deliver(1, attached_bytes=bad.attached_bytes)
    until = time.monotonic() + hold_seconds
    while time.monotonic() < until:
        reached.others_go_on(server)
        time.sleep(min(EVERY_SECONDS, max(until - time.monotonic(), 0.0)))
        if bad.weather.reset_share:
            proxy.reset_all()  # so that there are always new connections, of which some are reset
    recovery = None
    if bad.passes:
        desk.wait_until_quiet(QUIET_SECONDS)
    proxy.weather = FINE
    if not bad.passes:
        recovery = _recovered(desk, server)
    desk.wait_until_quiet(QUIET_SECONDS)
    reached.watchdog_was_quiet()
    if not reached.daemon.alive or reached.daemon.stop():
        reached.problems.append("the daemon did not survive")
    problems = tuple(f"{bad.name}: {one}" for one in reached.problems)
    tally = Tally(max(proxy.resets, 1), 0, 0, 0, 0, recovery, problems)
    return replace(check(desk, tally, kinds=(PROBE,)), note="")


def _recovered(desk: FaultDesk, server: str) -> float:
    """Return how long it takes until one more mail is filed, or one more letter arrives."""
    begun = time.monotonic()
    filed, letters = desk.filed(), len(desk.sink.messages)
    desk.deliver(5)
    if server == "relay":
        desk.sink.wait_for(letters + 1, QUIET_SECONDS)
    else:
        desk.wait_until_filed(filed + 1)
    return time.monotonic() - begun


def _queue_probe(url: str) -> str:
    """Queue a letter that is due now; return its Message-ID."""
    now = datetime.now(UTC)
    message_id = f"<probe.{time.monotonic_ns()}@help.example>"
    content = f"Message-ID: {message_id}\r\nSubject: probe\r\n\r\nHello\r\n".encode()
    letter = a_letter(
        message_id, kind=PROBE, message_id=message_id, content=content, next_at=now, queued_at=now
    )
    database = open_database(url)
    try:
        in_work(database, lambda work: work.letters.add([letter]))
    finally:
        database.close()
    return message_id


# Letters may come twice where the relay's answer is lost, or the database before it has heard of it.
FAULTS = [
    Fault(
        f"F8 bad network before the {server}",
        "MariaDB",
        partial(bad_network, server),
        extra_allowed=server != "mailbox",
        recover_limit_seconds=LIMIT_SECONDS,
        in_selection=server == "database",  # back soonest; all take longer than the watchdog has patience
    )
    for server in SERVERS
]
