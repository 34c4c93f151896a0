"""``make bench-purge``: how quick intake is on MariaDB while millions of old audit rows are removed beside it.

The daemon empties a full mailbox again and again on one database as long as the purge goes on. For every fifth round
the purge stands still, so that a machine that grows slower or quicker meanwhile changes both figures. The ratio of
the medians is what intake keeps.
"""

import argparse
import base64
import json
import secrets
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from bench.mails import mails
from bench.running import migrated_desk, running_desk
from helpdesk.actions.desk import Desk
from helpdesk.actions.purge import Purged, purge_audit
from helpdesk.config import load
from helpdesk.core.auditchain import BEFORE_ALL, MAC_BYTES, SEAL_ROWS, Entry, microseconds, sealed
from helpdesk.opening import desk_of, opened_database
from helpdesk.store.engine import Database, open_database
from helpdesk.store.ids import first_id_at
from helpdesk.store.tables import audit_logs
from helpdesk.store.work import in_work
from tests.servers.certificates import Certificates
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.mariadb import MariaDb
from tests.servers.smtp_sink import SmtpSink

ROWS = 5_000_000
MAILS = 1000
EVERY_ALONE = 5
BUFFER_POOL_BYTES = 2**30
FILE_ROWS = 250_000
KEEP_DAYS = 90
OLDEST = timedelta(days=400)
SEED = 20261126
TIMEOUT_SECONDS = 300.0
USER = "purge"
COLUMNS = "id, user_id, action, status, ip_address, user_agent, created_at, detail"
KEY = base64.b64encode(secrets.token_bytes(32)).decode()


@dataclass
class Purge:
    """A purge in a thread, as the daemon's nightly job runs it; ``going`` unless it is made to stand still."""

    desk: Desk
    ending: threading.Event = field(default_factory=threading.Event)
    going: threading.Event = field(default_factory=threading.Event)
    done: list[Purged] = field(default_factory=list)
    seconds: float = 0.0

    def start(self) -> threading.Thread:
        """Begin."""
        thread = threading.Thread(target=self._run)
        thread.start()
        return thread

    def _run(self) -> None:
        begun = time.perf_counter()
        self.done.append(purge_audit(self.desk, KEEP_DAYS, self.ending.is_set, self._rest))
        self.seconds += time.perf_counter() - begun

    def _rest(self, seconds: float) -> None:
        time.sleep(seconds)
        held = time.perf_counter()
        self.going.wait()
        self.seconds -= time.perf_counter() - held


def main() -> None:
    """Measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(prog="bench.purge", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--rows", type=int, default=ROWS, metavar="N", help=f"old rows (default: {ROWS})")
    parser.add_argument(
        "--mails", type=int, default=MAILS, metavar="N", help=f"mails a round (default: {MAILS})"
    )
    given = parser.parse_args()
    certificates = Certificates()
    with (
        tempfile.TemporaryDirectory(prefix="desk-bench-") as name,
        Dovecot(users={USER: PASSWORD}, certificates=certificates, durable=True) as dovecot,
        MariaDb(certificates=certificates, durable=True) as mariadb,
        SmtpSink(certificates=certificates) as sink,
    ):
        mariadb.execute(f"SET GLOBAL innodb_buffer_pool_size = {BUFFER_POOL_BYTES}")
        url = mariadb.fresh_database()
        migrated_desk(url)
        begun = time.perf_counter()
        load_rows(mariadb, url, given.rows)
        print(f"{given.rows} old rows and their seals loaded in {time.perf_counter() - begun:.0f} s")
        measure = partial(_round, Path(name), url, dovecot, sink, given.mails)
        figures = _measured(Path(name), url, measure)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n")


def _measured(folder: Path, url: str, measure: "partial[float]") -> dict[str, float]:
    measure(0)  # caches fill
    settings = load(folder / "helpdesk.toml", _environ(url))
    database = opened_database(settings)
    purge, alone, beside = Purge(desk_of(settings, database)), list[float](), list[float]()
    thread = purge.start()
    try:
        while thread.is_alive():
            held = (len(alone) + len(beside)) % EVERY_ALONE == 0
            (purge.going.clear if held else purge.going.set)()
            rate = measure(len(alone) + len(beside) + 1)
            if held or thread.is_alive() or not beside:
                (alone if held else beside).append(rate)
    finally:
        purge.ending.set()
        purge.going.set()
        thread.join()
    (purged,), seconds = purge.done, purge.seconds
    left = _old_rows(database, purged.cutoff)
    database.close()
    if left or not purged.whole:
        raise RuntimeError(f"{left} old rows are left")
    figures = {
        "alone_per_s": statistics.median(alone),
        "beside_per_s": statistics.median(beside),
        "slowest_beside_per_s": min(beside),
        "ratio": statistics.median(beside) / statistics.median(alone),
        "rounds": len(beside),
        "purged_rows": purged.rows,
        "purged_seals": purged.seals,
        "purge_s": seconds,
    }
    print(
        f"intake   {figures['alone_per_s']:.0f} mails/s alone ({len(alone)} rounds), {figures['beside_per_s']:.0f} "
        f"beside the purge ({len(beside)} rounds, the slowest {min(beside):.0f}): ratio {figures['ratio']:.2f}"
    )
    print(f"purge    {purged.rows} rows and {purged.seals} seals in {seconds:.0f} s")
    return figures


def _round(folder: Path, url: str, dovecot: Dovecot, sink: SmtpSink, count: int, seed: int) -> float:
    """Return how many mails a second the daemon files from a full mailbox."""
    sink.clear()
    dovecot.append_many(USER, list(mails(count, SEED + seed)))
    with running_desk(folder, url, dovecot, USER, sink, KEY):
        begun = time.perf_counter()
        sink.wait_for(count, TIMEOUT_SECONDS)
        while dovecot.folder_counts(USER)["INBOX"]:
            time.sleep(0.01)
        return count / (time.perf_counter() - begun)


def _environ(url: str) -> dict[str, str]:
    return {
        "HELPDESK_DATABASE_URL": url,
        "HELPDESK_IMAP_PASSWORD": PASSWORD,
        "HELPDESK_SECRET_KEY": KEY,
    }


def _old_rows(database: Database, cutoff: datetime) -> int:
    query = select(func.count()).select_from(audit_logs).where(audit_logs.c.created_at < cutoff)
    with database.engine.connect() as connection:
        return connection.scalar(query) or 0


@dataclass(frozen=True, slots=True)
class OldRows:
    """So many old rows, the same time apart, their ids in the order of their times."""

    count: int
    begin: datetime

    def at(self, number: int) -> datetime:
        """Return when a row was made."""
        return self.begin + (OLDEST - timedelta(days=KEEP_DAYS + 1)) * (number / self.count)

    def id(self, number: int) -> int:
        """Return a row's id."""
        return first_id_at(self.at(number)) + number

    def line(self, number: int) -> str:
        """Return a row as the server reads it from a file."""
        return (
            f"{self.id(number)}\t\\N\tTICKET_OPENED\tSUCCESS\t\t\t{self.at(number).replace(tzinfo=None)}\t"
            f'{{"ticket": {number}, "mail": {self.id(number)}}}\n'
        )

    def entries(self, first: int) -> list[Entry]:
        """Return what a seal holds that begins with a row; the digests are chance."""
        numbers = range(first, min(first + SEAL_ROWS, self.count))
        return [
            Entry(self.id(number), microseconds(self.at(number)), secrets.token_bytes(MAC_BYTES))
            for number in numbers
        ]


def load_rows(server: MariaDb, url: str, count: int) -> None:
    """Insert old rows and the seals over them, past the program."""
    rows = OldRows(count, datetime.now(UTC) - OLDEST)
    file, table = server.folder / "load.tsv", f"{url.rpartition('/')[2]}.audit_logs"
    for first in range(0, count, FILE_ROWS):
        with file.open("w", encoding="ascii") as out:
            out.writelines(rows.line(number) for number in range(first, min(first + FILE_ROWS, count)))
        file.chmod(0o644)
        server.execute(
            "SET SESSION unique_checks = 0",
            f"LOAD DATA INFILE '{file}' INTO TABLE {table} CHARACTER SET utf8mb4 ({COLUMNS})",
        )
    file.unlink()
    server.execute(f"ANALYZE TABLE {table}")
    database, prev = open_database(url), BEFORE_ALL
    for seq, first in enumerate(range(0, count, SEAL_ROWS), 1):
        at = rows.at(first)
        seal = sealed(base64.b64decode(KEY), seq, at.date().isoformat(), prev, rows.entries(first), at)
        in_work(database, lambda work, seal=seal: work.seals.add(seal, ()))  # type: ignore[misc]
        prev = seal.mac
    database.close()


if __name__ == "__main__":
    main()
