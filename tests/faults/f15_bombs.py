"""F15: mails made to hurt their reader, and real mails with random damage: each has one fate, the next is served."""

import hashlib
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import psutil

from helpdesk.core.tickets import Fate
from tests.endtoend.world import from_learner
from tests.faults.bombs import BOMBS, Bomb, mutants, zip_bomb
from tests.faults.desk import SEED, Daemon, FaultDesk, fault_desk
from tests.faults.fault import Fault, Tally

LIMIT_SECONDS = 20.0  # for one mail
LIMIT_MIB = 1024  # for one worker
MUTANTS, QUICK_MUTANTS = 200, 40
PLAIN_EVERY = 10  # mutants
WAIT_SECONDS = 120.0
FOLDERS = ("Done", "Held", "Quarantine")


def run(engine: str, folder: Path, quick: bool) -> Tally:
    """Deliver each bomb and then a plain mail, then the mutants with plain mails between them."""
    with fault_desk(engine, folder) as desk:
        daemon = desk.new_daemon()
        daemon.start()
        problems: list[str] = []
        slowest, slowest_name = 0.0, ""
        for number, bomb in enumerate(BOMBS):
            seconds = _served(desk, bomb, number, problems)
            slowest, slowest_name = max((slowest, slowest_name), (seconds, bomb.name))
        if slowest > LIMIT_SECONDS:
            problems.append(f"{slowest_name}: {slowest:.1f} s; the limit is {LIMIT_SECONDS:g}")
        damaged = mutants(QUICK_MUTANTS if quick else MUTANTS, SEED)
        plain = _with_plain(desk, damaged)
        peak_mib = _peak_mib(daemon, problems)
        if status := daemon.stop():
            problems.append(f"the daemon ended with status {status}")
        if "unclean" in daemon.log:
            problems.append("the daemon was started anew")
        problems += _zip_opened(desk)
        mails = 2 * len(BOMBS) + len(damaged) + plain
        opened = _count(desk, f"SELECT COUNT(*) FROM mails WHERE fate = '{Fate.OPENED}'")
        tickets = _count(desk, "SELECT COUNT(*) FROM tickets")
        lost = mails - sum(desk.dovecot.folder_counts(desk.user).get(name, 0) for name in FOLDERS)
        note = f"slowest {slowest:.1f} s ({slowest_name}), a worker's peak {peak_mib:.0f} MiB"
        return Tally(len(BOMBS) + len(damaged), mails, lost, tickets - opened, 0, None, tuple(problems), note)


def _served(desk: FaultDesk, bomb: Bomb, number: int, problems: list[str]) -> float:
    """Deliver a bomb and a plain mail; note what became of them otherwise than it should, return the seconds."""
    before = _count(desk, "SELECT COUNT(*) FROM mails")
    raws = [bomb.make(), _plain(f"{number}")]
    begun = time.monotonic()
    desk.dovecot.append_many(desk.user, raws)
    _wait(desk, before + 2)
    seconds = time.monotonic() - begun
    wanted = [Fate.OPENED if bomb.opens else Fate.QUARANTINED, Fate.OPENED]
    fates = [row[0] for row in desk.rows("SELECT fate FROM mails ORDER BY uid")][before:]
    if fates != wanted:
        problems.append(f"{bomb.name}, and the mail behind it: {fates}, not {wanted}")
    return seconds


def _with_plain(desk: FaultDesk, damaged: Sequence[bytes]) -> int:
    """Deliver mutants with plain mails between them, and wait for their fates; return how many plain ones."""
    before = _count(desk, "SELECT COUNT(*) FROM mails")
    raws: list[bytes] = []
    for start in range(0, len(damaged), PLAIN_EVERY):
        raws += [*damaged[start : start + PLAIN_EVERY], _plain(f"m{start}")]
    desk.dovecot.append_many(desk.user, raws)
    _wait(desk, before + len(raws))
    return len(raws) - len(damaged)


def _wait(desk: FaultDesk, count: int) -> None:
    desk.wait_until_filed(count, WAIT_SECONDS)
    desk.wait_until_quiet(WAIT_SECONDS)


def _plain(mark: str) -> bytes:
    return from_learner(f"Panne {mark}", message_id=f"<plain-{mark}@ecole.example>")


def _peak_mib(daemon: Daemon, problems: list[str]) -> float:
    """Return the peak of the greediest worker; note where one is not held to the limit."""
    peaks = [0]
    for worker in psutil.Process(daemon.pid).children():
        if worker.rlimit(psutil.RLIMIT_AS)[0] != LIMIT_MIB * 1024 * 1024:
            problems.append(f"a child of the daemon may use {worker.rlimit(psutil.RLIMIT_AS)} bytes")
        status = Path(f"/proc/{worker.pid}/status").read_text()
        peaks.append(int(status.partition("VmHWM:")[2].split()[0]))
    return max(peaks) / 1024


def _zip_opened(desk: FaultDesk) -> list[str]:
    """Return a problem where the archive is not among the attachments exactly as it was sent."""
    sent = hashlib.sha256(zip_bomb()).hexdigest()
    kept = _count(desk, f"SELECT COUNT(*) FROM attachments WHERE sha256 = '{sent}'")
    return [] if kept == 1 else [f"the attached archive was kept {kept} times"]


def _count(desk: FaultDesk, query: str) -> int:
    return int(desk.rows(query)[0][0])


FAULTS = [
    Fault("F15 bombs and mutants", engine, partial(run, engine), in_selection=engine == "SQLite")
    for engine in ("SQLite", "MariaDB")
]
