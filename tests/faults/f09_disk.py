"""F9: the disk of the database, of the blobs or of the log is full for a while, at one byte or another."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.checker import check
from tests.faults.desk import Daemon, FaultDesk
from tests.faults.disk import Disk, FileLimit, TinyFileSystem, tiny_file_system
from tests.faults.fault import Fault, Tally
from tests.servers.certificates import Certificates
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.smtp_sink import SmtpSink
from tests.servers.sqlite import Sqlite

DATABASE_BYTES, GROWN_BYTES = 4 * 1024 * 1024, 16 * 1024 * 1024
STATE_BYTES = LOG_BYTES = 1024 * 1024
SPARES, QUICK_SPARES = (0, 4096, 16384, 65536, 131072, 262144), (0, 65536)
HOLD_SECONDS, QUICK_HOLD_SECONDS = 15.0, 3.0
WAVE, FLOOD = 30, 400
TOLD_SECONDS = 40.0
SAYS = ("disk is full", "No space left on device")
LIMIT_SECONDS = 15.0  # from there being room to the first mail filed


@dataclass
class Crowded:
    """A desk with a disk of its own, and its one daemon."""

    desk: FaultDesk
    daemon: Daemon
    disk: Disk

    def until_told(self) -> list[str]:
        """Wait until the log says that the disk is full; return what is wrong where it does not.

        A database may have room left in its own files: mail comes in until that is used up.
        """
        if isinstance(self.disk, FileLimit):
            return []  # its log is full as well
        until = time.monotonic() + TOLD_SECONDS
        while not any(words in self.daemon.log for words in SAYS):
            if time.monotonic() > until:
                return [f"nobody was told within {TOLD_SECONDS:g} s that the disk is full"]
            if not self.desk.in_inbox():
                self.desk.deliver(WAVE)
            time.sleep(0.1)
        return []

    def untouched(self) -> list[str]:
        """Say what is wrong where a mail has left the inbox whose fate is not in the database."""
        left = sum(mail.copies for mail in self.desk.delivered) - self.desk.in_inbox()
        filed = self.desk.filed()
        return [] if left <= filed else [f"{left} mails have left the inbox, {filed} have a fate"]


def database(folder: Path, quick: bool) -> Tally:
    """Let the database's disk get full by itself, then for a while at one byte or another."""
    return database_full(folder, QUICK_SPARES if quick else SPARES, _hold(quick))


def database_full(folder: Path, spares: Sequence[int], hold_seconds: float, by_itself: bool = True) -> Tally:
    """See ``database``."""
    size = DATABASE_BYTES if by_itself else GROWN_BYTES
    with tiny_file_system(folder / "database", size) as disk, _desk(folder) as desk:
        daemon = desk.new_daemon()
        crowded = Crowded(desk, daemon, disk or FileLimit(lambda: daemon.pid))
        daemon.start()
        if by_itself and isinstance(disk, TinyFileSystem):
            return _ended(crowded, [_by_itself(crowded, disk), *_rounds(crowded, spares, hold_seconds)])
        return _ended(crowded, list(_rounds(crowded, spares, hold_seconds)))


def blobs(folder: Path, quick: bool) -> Tally:
    """Let the disk of the state folder be full, to which attachments go."""
    return blobs_full(folder, (0, 8192) if quick else (0, 2048, 4096, 8192, 16384), _hold(quick))


def blobs_full(folder: Path, spares: Sequence[int], hold_seconds: float) -> Tally:
    """See ``blobs``."""
    with _desk(folder) as desk:
        daemon = desk.new_daemon()
        with tiny_file_system(daemon.state_dir, STATE_BYTES) as disk:
            crowded = Crowded(desk, daemon, disk or FileLimit(lambda: daemon.pid))
            daemon.start()
            return _ended(crowded, list(_rounds(crowded, spares, hold_seconds)))


def log(folder: Path, _quick: bool) -> Tally:
    """Let the log's disk be full: work goes on unseen, and is seen again when there is room."""
    with _desk(folder) as desk, tiny_file_system(folder / "logs", LOG_BYTES) as disk:
        daemon = desk.new_daemon()
        (daemon.state_dir.parent / "daemon.log").symlink_to(folder / "logs" / "daemon.log")
        crowded = Crowded(desk, daemon, disk or FileLimit(lambda: daemon.pid))
        daemon.start()
        _in_peace(desk)
        if isinstance(disk, TinyFileSystem):
            disk.fill()
            _in_peace(desk)
            disk.make_room()
        before = daemon.log
        _in_peace(desk)
        problems = [] if daemon.log != before else ["nothing was logged after there was room"]
        return _ended(crowded, [(0.0, problems)])


def _hold(quick: bool) -> float:
    return QUICK_HOLD_SECONDS if quick else HOLD_SECONDS


@contextmanager
def _desk(folder: Path) -> Iterator[FaultDesk]:
    certificates = Certificates()
    (folder / "database").mkdir(exist_ok=True)
    url = Sqlite(folder / "database").fresh_database()
    with (
        Dovecot(users={"desk": PASSWORD}, certificates=certificates) as dovecot,
        SmtpSink(certificates=certificates) as sink,
        FaultDesk(folder / "desk", url, dovecot, sink) as desk,
    ):
        yield desk


def _in_peace(desk: FaultDesk) -> None:
    desk.deliver(WAVE)
    desk.wait_until_quiet()


def _by_itself(crowded: Crowded, disk: TinyFileSystem) -> tuple[float, list[str]]:
    crowded.desk.deliver(FLOOD)
    problems = crowded.until_told() + crowded.untouched()
    return _recovered(crowded, lambda: disk.grow(GROWN_BYTES)), problems


def _rounds(
    crowded: Crowded, spares: Sequence[int], hold_seconds: float
) -> Iterator[tuple[float, list[str]]]:
    """Fill the disk up to each *spare*, keep it so, make room; yield the seconds to recover and the problems."""
    for spare in spares:
        _in_peace(crowded.desk)
        log_path = crowded.daemon.state_dir.parent / "daemon.log"
        log_path.write_text("")  # so that what it says now is about this time
        crowded.disk.fill(spare)
        crowded.desk.deliver(WAVE)
        problems = crowded.until_told() + crowded.untouched()
        time.sleep(hold_seconds)
        problems += crowded.untouched()
        yield _recovered(crowded, crowded.disk.make_room), [f"{spare} bytes left: {one}" for one in problems]


def _recovered(crowded: Crowded, make_room: Callable[[], None]) -> float:
    """Make room; return how long it takes until one more mail is filed. Leaves the desk quiet."""
    filed = crowded.desk.filed()
    crowded.desk.deliver(5)
    make_room()
    seconds = crowded.desk.wait_until_filed(filed + 1)
    crowded.desk.wait_until_quiet()
    return seconds


def _ended(crowded: Crowded, rounds: Sequence[tuple[float, list[str]]]) -> Tally:
    problems = [problem for _seconds, some in rounds for problem in some]
    if not crowded.daemon.alive:
        problems.append("the daemon did not survive")
    elif status := crowded.daemon.stop():
        problems.append(f"the daemon ended with status {status}")
    worst = max(seconds for seconds, _some in rounds)
    tally = Tally(len(rounds), 0, 0, 0, 0, worst, tuple(problems), crowded.disk.how)
    return check(crowded.desk, tally)


FAULTS = [
    Fault(name, "SQLite", run, recover_limit_seconds=LIMIT_SECONDS, in_selection=run is not blobs)
    for name, run in (
        ("F9 the database's disk is full", database),
        ("F9 the disk of the blobs is full", blobs),
        ("F9 the log's disk is full", log),
    )
]
