"""F12: ten thousand mails at once, at no less than the rate for a thousand, in less than 300 MB."""

import time
from contextlib import nullcontext
from functools import partial
from itertools import islice
from pathlib import Path

from sqlalchemy import text

from bench.mails import mails
from bench.running import running_desk
from helpdesk.store.engine import open_database
from tests.faults.fault import Fault, Tally
from tests.servers.certificates import Certificates
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.mariadb import MariaDb
from tests.servers.smtp_sink import SmtpSink
from tests.servers.sqlite import Sqlite

THOUSAND = 1000
FLOOD = 10_000
QUICK_FLOOD = 2_000
LIMIT_MIB = 300
LEAST_SHARE = 0.9  # of the rate for a thousand: two measurements of one thing differ by that much
QUICK_LEAST_SHARE = 0.7  # of few mails: whatever else runs for some seconds weighs more
LIMIT_SECONDS = 600.0
SEED = 20261123
APPENDED_AT_ONCE = 500


def flood(engine: str, folder: Path, quick: bool) -> Tally:
    """Let a daemon loose on a thousand mails, another on ten thousand, and compare."""
    count = QUICK_FLOOD if quick else FLOOD
    certificates = Certificates()
    users = dict.fromkeys(("few", "many"), PASSWORD)
    with (
        Dovecot(users=users, certificates=certificates, durable=True) as dovecot,
        SmtpSink(certificates=certificates) as sink,
        nullcontext(Sqlite(folder))
        if engine == "SQLite"
        else MariaDb(certificates=certificates, durable=True) as server,
    ):
        rate, _peak, _missing = _emptied(
            folder / "few", server.fresh_database(), dovecot, "few", sink, THOUSAND
        )
        url = server.fresh_database()
        flood_rate, peak_mib, missing = _emptied(folder / "many", url, dovecot, "many", sink, count)
        tickets, fates = _counts(url)
    problems = [] if peak_mib < LIMIT_MIB else [f"{peak_mib:.0f} MiB; the limit is {LIMIT_MIB}"]
    if flood_rate < (QUICK_LEAST_SHARE if quick else LEAST_SHARE) * rate:
        problems.append(f"{flood_rate:.0f} mails/s, but {rate:.0f} for a thousand")
    note = f"{flood_rate:.0f} mails/s, {rate:.0f} for a thousand; peak {peak_mib:.0f} MiB"
    return Tally(
        1,
        count,
        count - min(tickets, fates) + missing,
        max(0, tickets - count),
        0,
        None,
        tuple(problems),
        note,
    )


def _emptied(
    folder: Path, url: str, dovecot: Dovecot, user: str, sink: SmtpSink, count: int
) -> tuple[float, float, int]:
    """Fill a mailbox and let the daemon empty it; return mails a second, peak MiB, and letters that never came."""
    sink.clear()
    folder.mkdir()
    flow = mails(count, SEED)
    while some := list(islice(flow, APPENDED_AT_ONCE)):
        dovecot.append_many(user, some)
    with running_desk(folder, url, dovecot, user, sink) as running:
        begun = time.perf_counter()
        received = len(sink.wait_for(count, LIMIT_SECONDS))
        while dovecot.folder_counts(user)["INBOX"] and time.perf_counter() < begun + LIMIT_SECONDS:
            time.sleep(0.1)
        seconds = time.perf_counter() - begun
        peak_mib, _cpu_s = running.used()
    return count / seconds, peak_mib, count - received


def _counts(url: str) -> tuple[int, int]:
    """Return how many tickets there are, and how many mails have their fate."""
    database = open_database(url)
    try:
        with database.engine.connect() as connection:
            tickets = connection.execute(text("SELECT count(*) FROM tickets")).scalar_one()
            fates = connection.execute(text("SELECT count(*) FROM mails WHERE fate = 'opened'")).scalar_one()
            return tickets, fates
    finally:
        database.close()


FAULTS = [
    Fault("F12 flood", engine, partial(flood, engine), in_selection=engine == "SQLite")
    for engine in ("SQLite", "MariaDB")
]
