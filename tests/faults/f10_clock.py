"""F10: a clock that is wrong by an hour or a day either way, and one that jumps while daemons run and die."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from daemon.watch import LEASE_SECONDS, STANDBY_SECONDS
from tests.faults.checker import check
from tests.faults.clock import Clock
from tests.faults.desk import SEED, FaultDesk, database_server
from tests.faults.fault import Fault, Tally
from tests.servers.certificates import Certificates
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.smtp_sink import SmtpSink

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OFFS, QUICK_OFFS = (HOUR, -HOUR, DAY, -DAY), (DAY, -DAY)
ROUNDS, QUICK_ROUNDS = 3, 1
WAVE, MORE = 40, 10
WORST_SECONDS = 100.0  # for a takeover, before it counts as none
QUIET_SECONDS = 150.0  # far less than the smallest jump
WORK_SECONDS = 6.0  # for the first batch of the new holder, on a busy machine
LIMIT_SECONDS = LEASE_SECONDS + 2 * STANDBY_SECONDS + WORK_SECONDS


@contextmanager
def several(engine: str, folder: Path, count: int) -> Iterator[list[FaultDesk]]:
    """Give desks on one server of each kind, each with a mailbox, a database and a relay of its own."""
    certificates = Certificates()
    users = [f"desk{number}" for number in range(count)]
    with (
        Dovecot(users=dict.fromkeys(users, PASSWORD), certificates=certificates) as dovecot,
        database_server(engine, folder, certificates) as server,
        ExitStack() as stack,
    ):
        desks = []
        for number, user in enumerate(users):
            sink = stack.enter_context(SmtpSink(certificates=certificates))
            url = server.fresh_database()
            desk = FaultDesk(folder / user, url, dovecot, sink, user=user, seed=SEED + number)
            desks.append(stack.enter_context(desk))
        yield desks


def apart(folder: Path, quick: bool) -> Tally:
    """Let two daemons with different clocks share a mailbox, and each in turn die in the middle of its work.

    On MariaDB: where every daemon has the database's clock to itself, on SQLite, all run on one machine.
    """
    offs = QUICK_OFFS if quick else OFFS
    rounds = 2 * (QUICK_ROUNDS if quick else ROUNDS)  # the wrong one's turn, the right one's
    with several("MariaDB", folder, len(offs)) as desks, ThreadPoolExecutor(len(desks)) as threads:
        return together(threads.map(partial(_apart, rounds=rounds), desks, offs))


def _apart(desk: FaultDesk, off: timedelta, rounds: int) -> Tally:
    clock = Clock(desk.folder / "clock")
    clock.set_off(off)
    for environ in ({}, clock.environ):
        desk.new_daemon(environ=environ).start()
    took = [_takeover(desk) for _ in range(rounds)]
    return _end(desk, Tally(rounds, 0, 0, 0, 0, max(took)))


def jumps(engine: str, folder: Path, quick: bool) -> Tally:
    """Let the clock of two daemons jump there and back, while both live and at the death of one."""
    offs = QUICK_OFFS if quick else OFFS
    rounds = QUICK_ROUNDS if quick else ROUNDS
    with several(engine, folder, len(offs)) as desks, ThreadPoolExecutor(len(desks)) as threads:
        return together(threads.map(partial(_jumps, rounds=rounds), desks, offs))


def _jumps(desk: FaultDesk, off: timedelta, rounds: int) -> Tally:
    clock = Clock(desk.folder / "clock")
    for _ in range(2):
        desk.new_daemon(environ=clock.environ).start()
    took = []
    for _ in range(rounds):
        for to, deadly in ((off, False), (timedelta(), True), (off, True), (timedelta(), False)):
            if deadly:
                took.append(_takeover(desk, clock, to))
                continue
            filed = desk.filed()
            desk.deliver(WAVE)
            desk.wait_until_filed(filed + 1)
            clock.set_off(to)
            desk.deliver(MORE)
            desk.wait_until_quiet(QUIET_SECONDS)
    return _end(desk, Tally(4 * rounds, 0, 0, 0, 0, max(took)))


def _takeover(desk: FaultDesk, clock: Clock | None = None, to: timedelta = timedelta()) -> float:
    """Kill the daemon that has the mailbox, let the *clock* jump, and return how long nobody files anything."""
    filed = desk.filed()
    desk.deliver(WAVE)
    desk.wait_until_filed(filed + 1)
    holder = desk.holder()
    holder.kill()
    begun = time.monotonic()
    if clock is not None:
        clock.set_off(to)
    filed = desk.filed()
    desk.deliver(MORE)
    desk.wait_until_filed(filed + 1, WORST_SECONDS)
    took = time.monotonic() - begun
    holder.start()
    desk.wait_until_quiet(QUIET_SECONDS)
    return took


def _end(desk: FaultDesk, tally: Tally) -> Tally:
    alive = all(daemon.alive for daemon in desk.daemons)
    ends = [daemon.stop() for daemon in desk.daemons]
    problems = () if alive and not any(ends) else (f"the daemons ended with {ends}",)
    return check(desk, replace(tally, problems=problems))


def together(tallies: Sequence[Tally] | Iterator[Tally]) -> Tally:
    """Add up what several desks showed."""
    some = list(tallies)
    return Tally(
        sum(one.faults for one in some),
        sum(one.mails for one in some),
        sum(one.lost for one in some),
        sum(one.doubled for one in some),
        sum(one.extra_letters for one in some),
        max((one.recover_seconds for one in some if one.recover_seconds is not None), default=None),
        tuple(problem for one in some for problem in one.problems),
    )


# Letters may come twice: a daemon dies that has just sent one.
FAULTS = [
    Fault(
        "F10 clocks apart",
        "MariaDB",
        apart,
        extra_allowed=True,
        recover_limit_seconds=LIMIT_SECONDS,
        in_selection=False,
    ),
    *(
        Fault(
            "F10 clock jumps",
            engine,
            partial(jumps, engine),
            extra_allowed=True,
            recover_limit_seconds=LIMIT_SECONDS,
            in_selection=engine == "SQLite",
        )
        for engine in ("SQLite", "MariaDB")
    ),
]
