"""F11: one of three daemons stands still for longer than its lease and then goes on, or dies for good."""

import signal
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from pathlib import Path

from daemon.shift import DeliverySettings
from daemon.watch import LEASE_SECONDS, STANDBY_SECONDS
from tests.faults.checker import check
from tests.faults.desk import SEED, Daemon, FaultDesk, database_server
from tests.faults.fault import Fault, Tally
from tests.servers.certificates import Certificates
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.smtp_sink import SmtpSink

DAEMONS = 3
DESKS, QUICK_DESKS = 4, 2
ROUNDS, QUICK_ROUNDS = 8, 1
WAVE, MORE = 80, 10
LONGER_SECONDS = 5.0
SHORT_SECONDS = LEASE_SECONDS + LONGER_SECONDS
LONG_SECONDS = (
    DeliverySettings().lease_seconds + LONGER_SECONDS
)  # letters are claimed for longer than mailboxes
DEATH = 0.0
STOPPED = (0, -signal.SIGTERM)  # the latter: one that had only just begun
WORST_SECONDS = 60.0  # for a takeover, before it counts as none
WORK_SECONDS = 3.0  # for the first batch of the new holder, on a busy machine


@dataclass(frozen=True, slots=True)
class Takeover:
    """How long it took until another daemon filed a mail; None: none did while the holder stood still."""

    seconds: float | None
    death: bool


def run(engine: str, folder: Path, quick: bool) -> Tally:
    """Let daemons of several desks stand still at once and add up what came of it."""
    certificates = Certificates()
    users = [f"desk{number}" for number in range(QUICK_DESKS if quick else DESKS)]
    rounds = QUICK_ROUNDS if quick else ROUNDS
    with (
        Dovecot(users=dict.fromkeys(users, PASSWORD), certificates=certificates) as dovecot,
        database_server(engine, folder, certificates) as server,
        ExitStack() as stack,
        ThreadPoolExecutor(len(users)) as threads,
    ):
        desks = []
        for number, user in enumerate(users):
            sink = stack.enter_context(SmtpSink(certificates=certificates))
            url = server.fresh_database()
            desk = FaultDesk(folder / user, url, dovecot, sink, user=user, seed=SEED + number)
            desks.append(stack.enter_context(desk))
        pauses = [
            islice(cycle((SHORT_SECONDS, DEATH, LONG_SECONDS)), n, n + rounds) for n in range(len(desks))
        ]
        tallies = list(threads.map(_one_desk, desks, map(list, pauses), [engine] * len(desks)))
    return _together(tallies)


def _one_desk(desk: FaultDesk, pauses: Sequence[float], engine: str) -> tuple[Tally, list[Takeover]]:
    """Let the holder of the mailbox stand still so long, in the middle of its work, or die where it is DEATH."""
    daemons = [desk.new_daemon() for _ in range(DAEMONS)]
    for daemon in daemons:
        daemon.start()
    takeovers = []
    for seconds in pauses:
        filed = desk.filed()
        desk.deliver(WAVE)
        desk.wait_until_filed(filed + 1)
        time.sleep(desk.chance.uniform(0, 0.3))
        takeovers.append(_without(desk, desk.holder(), seconds))
        desk.wait_until_quiet()
    ends = [daemon.stop() for daemon in daemons]
    problems = [f"a daemon ended with status {end}" for end in ends if end not in STOPPED]
    if engine != "SQLite" and any(one.seconds is None for one in takeovers):
        problems.append("nobody took over from a daemon that stood still")
    return check(desk, Tally(len(pauses), 0, 0, 0, 0, problems=tuple(problems))), takeovers


def _without(desk: FaultDesk, holder: Daemon, seconds: float) -> Takeover:
    """Take one daemon away, for *seconds* or for good; return when another has gone on with its work."""
    begun = time.monotonic()
    if seconds == DEATH:
        holder.kill()
    else:
        holder.pause()
    time.sleep(1.0)  # what was on its way to the database has come there
    filed = desk.filed()
    desk.deliver(MORE)
    took: float | None
    try:
        desk.wait_until_filed(filed + 1, (seconds or WORST_SECONDS) - 2)
        took = time.monotonic() - begun
    except TimeoutError:
        took = None
    if seconds == DEATH:
        holder.start()
        return Takeover(took, death=True)
    time.sleep(max(0.0, begun + seconds - time.monotonic()))
    desk.deliver(MORE)
    holder.resume()
    return Takeover(took, death=False)


def _together(found: Sequence[tuple[Tally, list[Takeover]]]) -> Tally:
    tallies = [tally for tally, _takeovers in found]
    takeovers = [one for _tally, takeovers in found for one in takeovers]
    told = [one.seconds for one in takeovers if one.seconds is not None]
    deaths = sum(one.death for one in takeovers)
    blocked = sum(one.seconds is None for one in takeovers)
    note = f"{len(takeovers) - deaths} pauses, {deaths} deaths"
    if blocked:  # on SQLite no server undoes the transaction of a process that stands still
        note += f"; {blocked} stood still with the database locked, nobody could take over"
    return Tally(
        len(takeovers),
        sum(one.mails for one in tallies),
        sum(one.lost for one in tallies),
        sum(one.doubled for one in tallies),
        sum(one.extra_letters for one in tallies),
        max(told, default=None),
        tuple(problem for one in tallies for problem in one.problems),
        note,
    )


FAULTS = [
    Fault(
        "F11 pauses longer than the lease",
        engine,
        partial(run, engine),
        extra_allowed=True,
        recover_limit_seconds=LEASE_SECONDS + STANDBY_SECONDS + WORK_SECONDS,
        in_selection=engine == "MariaDB",
    )
    for engine in ("SQLite", "MariaDB")
]
