"""F3: the database server dies in the middle of a transaction, stays away for a while, and comes back."""

import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import psycopg
import pymysql

from tests.faults.checker import check
from tests.faults.desk import FaultDesk
from tests.faults.fault import Fault, Tally
from tests.servers.certificates import Certificates
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.mariadb import MariaDb
from tests.servers.postgres import Postgres
from tests.servers.smtp_sink import SmtpSink

LIMIT_SECONDS = 15.0  # from the database's first answer to the first mail filed
AWAY_SECONDS = (0.0, 20.0, 75.0)  # one kill each; after a long time away nobody may look ever more rarely
QUICK_AWAY_SECONDS = (0.0, 0.0, 20.0)
MAILS, QUICK_MAILS = 600, 60
IN_HAND_SECONDS = 20.0
WRITING = {
    "MariaDB": "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_rows_modified > 0",
    "PostgreSQL": "SELECT COUNT(*) FROM pg_stat_activity WHERE backend_xid IS NOT NULL",
}
SERVERS: dict[str, type[MariaDb] | type[Postgres]] = {"MariaDB": MariaDb, "PostgreSQL": Postgres}


def run(engine: str, folder: Path, quick: bool) -> Tally:
    """Let mail flow and the database die three times."""
    return killed(
        engine, folder, QUICK_MAILS if quick else MAILS, QUICK_AWAY_SECONDS if quick else AWAY_SECONDS
    )


def killed(engine: str, folder: Path, mails: int, away_seconds: Sequence[float]) -> Tally:
    """Deliver *mails* in as many parts as the server is to die; each time it stays away for so long."""
    certificates = Certificates()
    with (
        Dovecot(users={"desk": PASSWORD}, certificates=certificates) as dovecot,
        SmtpSink(certificates=certificates) as sink,
        SERVERS[engine](certificates=certificates) as server,
        FaultDesk(folder, server.fresh_database(), dovecot, sink) as desk,
    ):
        daemon = desk.new_daemon()
        daemon.start()
        in_transaction, recoveries = 0, []
        for seconds in away_seconds:
            desk.deliver(mails // len(away_seconds))
            in_transaction += _until_writing(server, WRITING[engine])
            server.kill()
            time.sleep(seconds)
            server.start()
            recoveries.append(_back_in_service(desk))
        desk.wait_until_quiet()
        problems = () if daemon.alive else ("the daemon did not survive",)
        daemon.stop()
        note = f"{in_transaction} in mid-transaction; away {', '.join(f'{one:g}' for one in away_seconds)} s"
        faults = len(away_seconds)
        return check(desk, Tally(faults, 0, 0, 0, 0, max(recoveries), problems=problems, note=note))


def _until_writing(server: MariaDb | Postgres, query: str) -> bool:
    """Wait for a moment at which a transaction has written and is not committed; say whether there was one."""
    until = time.monotonic() + IN_HAND_SECONDS
    with suppress(pymysql.err.OperationalError, psycopg.OperationalError):
        while time.monotonic() < until:
            if server.execute(query)[0][0]:
                return True
    return False


def _back_in_service(desk: FaultDesk) -> float:
    """Return how long it takes until one more mail is filed, of those that wait or of some more."""
    filed = desk.filed()
    desk.deliver(5)
    return desk.wait_until_filed(filed + 1)


# Letters may come twice: the relay has them, and the database dies before it has heard of that.
FAULTS = [
    Fault(
        "F3 database dies in mid-transaction",
        engine,
        partial(run, engine),
        extra_allowed=True,
        recover_limit_seconds=LIMIT_SECONDS,
        in_selection=engine == "MariaDB",
    )
    for engine in SERVERS
]
