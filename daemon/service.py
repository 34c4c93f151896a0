"""The running service: a thread for each mailbox, the letters in the event loop, systemd kept informed."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from daemon import meters, sentry, wiring
from daemon.alertlog import AlertLog
from daemon.beside import Beside
from daemon.certificates import look_at_certificates
from daemon.deliver import Delivery
from daemon.intake import Intake
from daemon.jobs import Job, Jobs
from daemon.metrics import Metrics
from daemon.notify import Lateness, Watchdog, ping_seconds
from daemon.parsers import ParsePool
from daemon.pools import Pools
from daemon.presence import Presence
from daemon.reconcilejob import comparisons
from daemon.sealing import Sealing
from daemon.settingsseen import look_at_settings
from daemon.watch import LEASE_SECONDS, MailboxWatch, WatchSettings
from helpdesk import killpoints
from helpdesk.actions.clocks import after_a_clock_set_back
from helpdesk.actions.desk import Desk
from helpdesk.actions.jobs import TASKS, last_ends
from helpdesk.actions.leases import RENEW_PARTS, Lease
from helpdesk.actions.rolealarms import alarm_of_role_changes
from helpdesk.config import ImapSettings, Settings
from helpdesk.core.jobs import JobName, planned
from helpdesk.errors import HelpdeskError, StoreAway
from helpdesk.logs import event, failed
from helpdesk.opening import desk_of, opened_database
from helpdesk.store.engine import Database
from helpdesk.store.schema import require_current

LOG = logging.getLogger("helpdesk.service")
STOP_SECONDS = 1.5  # how long a batch in hand may take after SIGTERM before its connection is cut
STARTING_SECONDS = 0.5  # how often to look whether all is ready; systemd is to hear of it soon
TICK_SECONDS = 2.0  # … and from then on whether all still lives: an idle desk is to cost next to nothing
SWITCH_SECONDS = 0.001  # how long letters wait for a thread that files mail; Python's own 5 ms starves them
CLOCK_SECONDS = 10.0
ALARM_SECONDS = 5.0
QUERY_SECONDS = 60.0  # what a silent database is waited for; connecting anew comes after that
SPARE_SECONDS = 20.0
DELIVERY_LIMIT_SECONDS = 80.0


@dataclass(slots=True)
class Service:
    """Everything that runs, between start and stop."""

    settings: Settings
    desk: Desk
    watchdog: Watchdog
    watches: list[MailboxWatch]
    delivery: Delivery
    jobs: Jobs
    beside: Sequence[Beside] = ()
    lateness: Lateness = field(default_factory=Lateness)

    async def until_stopped(self, stop: asyncio.Event) -> int:
        """Run until *stop*; return the exit status."""
        for watch in self.watches:
            watch.start()
        self.jobs.start()
        letters = asyncio.create_task(self.delivery.run(stop), name="letters")
        chores = [
            asyncio.create_task(self._keep_leases(), name="leases"),
            asyncio.create_task(self._look_at_clock(), name="clock"),
            asyncio.create_task(self._tell_alarms(), name="alarms"),
        ]
        pings = ping_seconds() or TICK_SECONDS
        status, ready = 0, False
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), min(pings, TICK_SECONDS if ready else STARTING_SECONDS))
            ready = self._tell_systemd()
            if not stop.is_set() and (dead := self._dead([letters, *chores])):
                event(LOG, "broken", logging.CRITICAL, loops=",".join(dead))
                status = 1
                stop.set()
        for chore in chores:
            chore.cancel()
        self.watchdog.stopping()
        await self._stop(letters)
        event(LOG, "stopped", status=status)
        return status

    def _dead(self, tasks: "Sequence[asyncio.Task[None]]") -> list[str]:
        """Return which parts have ended, though nobody stopped them; log why. Nobody else would miss them."""
        over = [task for task in tasks if task.done()]
        for task in over:
            if defect := task.exception():
                failed(LOG, "ended", defect, loop=task.get_name())
        threads = [loop.name for loop in (*self.watches, self.jobs) if not loop.is_alive()]
        return [*threads, *(one.name for one in self.beside if one.died), *(task.get_name() for task in over)]

    async def _tell_alarms(self) -> None:
        """Write alarms to journal and file, also those that were raised at a keyboard."""
        alarms = AlertLog(self.desk, self.settings.suspicion.alert_file, wiring.owner_name(self.settings))
        while True:
            with contextlib.suppress(StoreAway):  # the mailboxes tell of it
                if await asyncio.to_thread(_told, self.desk, alarms):
                    self.delivery.wake()
            await asyncio.sleep(ALARM_SECONDS)

    async def _look_at_clock(self) -> None:
        """Free the letters that would wait until a clock that was set back has come round again."""
        while True:
            with contextlib.suppress(StoreAway):  # the mailboxes tell of it
                if freed := await asyncio.to_thread(after_a_clock_set_back, self.desk.database):
                    event(LOG, "clock_set_back", logging.WARNING, letters=freed)
                    self.delivery.wake()
            await asyncio.sleep(CLOCK_SECONDS)

    async def _keep_leases(self) -> None:
        """Renew leases while a mailbox is slow: a big fetch may take longer than a lease. Not while it is stuck."""
        while True:
            await asyncio.sleep(LEASE_SECONDS / RENEW_PARTS)
            for watch in self.watches:
                if f"mailbox {watch.mailbox}" not in self.lateness.known:
                    await asyncio.to_thread(watch.keep_lease)

    def _tell_systemd(self) -> bool:
        """Feed the watchdog, log who is late; return whether systemd was told that all is ready."""
        answered = all(watch.answered.is_set() for watch in self.watches)
        # a mailbox answers only after its lease came from the database
        ready = self.watchdog.ready(answered, answered)
        late, back = self.lateness.news(self.watchdog.feed())
        for name in late:
            event(LOG, "late", logging.ERROR, loop=name)
        for name in back:
            event(LOG, "on_time_again", logging.WARNING, loop=name)
        return ready

    async def _stop(self, letters: "asyncio.Task[None]") -> None:
        for watch in self.watches:
            watch.stop()
        joined = (asyncio.to_thread(watch.join, STOP_SECONDS) for watch in self.watches)
        await asyncio.gather(asyncio.to_thread(self.jobs.stop), *joined)
        for watch in self.watches:
            if watch.is_alive():
                event(LOG, "cut", logging.WARNING, mailbox=watch.name)
                watch.abort()
        with contextlib.suppress(asyncio.CancelledError, HelpdeskError):
            await letters


def _told(desk: Desk, alarms: AlertLog) -> bool:
    """Raise what is to be raised of role changes, write all alarms; return whether there may be new letters."""
    raised = alarm_of_role_changes(desk)
    alarms.write()
    return raised


def run(settings: Settings, pools: Pools) -> int:
    """Serve until SIGTERM or SIGINT. Raises HelpdeskError for what must be mended before a start."""
    killpoints.arm(os.environ)
    sys.setswitchinterval(SWITCH_SECONDS)
    with wiring.only_daemon_here(settings.desk.state_dir) as unclean:
        database = opened_database(settings, make=True)
        require_current(database)
        if unclean:
            event(LOG, "unclean", logging.WARNING, note="the last run was cut off; going carefully at first")
        with sentry.reporting(settings.sentry_dsn):
            status = asyncio.run(_serve(settings, database, pools, unclean))
        database.close()
    return status


async def _serve(settings: Settings, database: Database, pools: Pools, careful: bool) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    watchdog = Watchdog()
    delivery = wiring.delivery_of(settings, database, watchdog.register("letters", DELIVERY_LIMIT_SECONDS))
    desk = desk_of(settings, database)
    owner = wiring.owner_name(settings)
    watches = []
    for mailbox in settings.mailboxes:
        pool = pools[mailbox.name]
        lease = Lease(database, f"mailbox:{mailbox.name}", owner, LEASE_SECONDS)
        intake = wiring.intake_of(settings, mailbox, desk, pool, delivery.wake, careful, lease)
        watches.append(watch_of(settings, mailbox, intake, pool, lease, watchdog))
    look_at_settings(settings, desk, owner)
    event(LOG, "started", pid=os.getpid(), mailboxes=len(watches), database=database.kind)
    for mailbox in settings.mailboxes:
        if not mailbox.trust.configured:
            event(LOG, "nobody_proven", logging.ERROR, mailbox=mailbox.name, advice=NO_TRUST)
    jobs = Jobs(desk, owner, _jobs(settings, desk, careful), delivery.wake)
    names = [mailbox.name for mailbox in settings.mailboxes]
    beside = (
        Presence(database, owner),
        Sealing(desk, settings.audit, owner),
        Metrics(settings.metrics, database, names, partial(last_ends, plan=settings.jobs, mailboxes=names)),
    )
    with contextlib.ExitStack() as stack:
        for one in beside:
            stack.enter_context(one)
        service = Service(settings, desk, watchdog, watches, delivery, jobs, beside)
        status = await service.until_stopped(stop)
    for pool in pools.values():
        pool.close()  # a mailbox that was cut off files nothing more
    return status


def _jobs(settings: Settings, desk: Desk, careful: bool) -> list[Job]:
    """Return what runs by the clock, each with what does it."""
    in_database = [
        Job(one, partial(TASKS[one.job], desk, settings.jobs))
        for one in planned(settings.jobs, ())
        if one.job in TASKS
    ]
    certificates = [
        Job(one, partial(look_at_certificates, settings, desk))
        for one in planned(settings.jobs, ())
        if one.job is JobName.CERTIFICATES
    ]
    return [*in_database, *comparisons(settings, desk, careful), *certificates]


def watch_of(
    settings: Settings,
    mailbox: ImapSettings,
    intake: Intake,
    pool: ParsePool,
    lease: Lease,
    watchdog: Watchdog,
) -> MailboxWatch:
    """Return what watches a mailbox. Each step of its workers is a step of its own."""
    limit_seconds = mailbox_limit_seconds(mailbox.timeout_seconds, settings.limits.worker_seconds)
    beat = watchdog.register(f"mailbox {mailbox.name}", limit_seconds)
    pool.on_parsed, pool.on_progress = meters.note_parsed, beat
    return MailboxWatch(_watch_settings(mailbox), intake, lease, beat)


def mailbox_limit_seconds(timeout_seconds: float, worker_seconds: float) -> float:
    """Return for how long a mailbox may make no step: longer than a silent mail server or database is waited for.

    Longer, too, than a worker may take to be given mails and to read the first.
    """
    return max(timeout_seconds, QUERY_SECONDS, 2 * worker_seconds) + SPARE_SECONDS


NO_TRUST = "every mail will be held: run `helpdeskd.py trust calibrate` and set [imap.trust]"


def _watch_settings(mailbox: ImapSettings) -> WatchSettings:
    folders = wiring.folders_of(mailbox)
    return WatchSettings(
        mailbox.name,
        wiring.account_of(mailbox),
        (folders.done, folders.held, folders.quarantine),
        mailbox.poll_seconds,
    )
