"""One indented block is one transaction. Nothing commits by itself: leaving without ``commit()`` leaves no trace."""

import logging
import random
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from helpdesk.errors import StoreAway
from helpdesk.store.alerts import Alerts
from helpdesk.store.audit import AuditTrail
from helpdesk.store.budgets import Budgets
from helpdesk.store.canned import Canned
from helpdesk.store.directory import Directory
from helpdesk.store.engine import READ_ONLY, Database
from helpdesk.store.failures import AlreadyThere as AlreadyThere
from helpdesk.store.failures import Conflict as Conflict
from helpdesk.store.failures import Refusal as Refusal
from helpdesk.store.failures import meaning
from helpdesk.store.figures import Figures
from helpdesk.store.guards import Guards
from helpdesk.store.history import History
from helpdesk.store.jobs import Runs
from helpdesk.store.leases import Leases
from helpdesk.store.ledger import Ledger
from helpdesk.store.letters import Letters
from helpdesk.store.listing import Listing
from helpdesk.store.logins import Logins
from helpdesk.store.mails import Mails
from helpdesk.store.people import People
from helpdesk.store.posts import Posts
from helpdesk.store.purging import Purging
from helpdesk.store.quarantine import Quarantine
from helpdesk.store.seals import Seals
from helpdesk.store.search import Search
from helpdesk.store.sessions import Sessions
from helpdesk.store.suggestions import Suggestions
from helpdesk.store.teams import Teams
from helpdesk.store.tickets import Tickets
from helpdesk.store.trail import Trail
from helpdesk.store.upkeep import Upkeep
from helpdesk.store.weekly import Weekly

LOG = logging.getLogger("helpdesk.store")
Result = TypeVar("Result")
ATTEMPTS = 6
_CLOCKS = {
    "sqlite": "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')",
    "postgresql": "SELECT clock_timestamp() AT TIME ZONE 'UTC'",
}


class Work:
    """A transaction with the repositories on it.

    Raises StoreAway, Conflict, Refusal or AlreadyThere, whatever the driver says; a statement's own error
    becomes one of them where the block ends. *read_only* work waits for no writer, and must not write; nobody
    runs it again, so that a conflict in it is a StoreAway too.
    """

    def __init__(self, database: Database, *, read_only: bool = False) -> None:
        self._database = database
        self._read_only = read_only
        self._connection: Connection
        self._now: datetime | None = None

    def __enter__(self) -> Self:
        self._connection = self._begun()
        connection = self._connection
        self.people = People(connection)
        self.directory = Directory(connection, self.people)
        self.teams = Teams(connection)
        self.tickets = Tickets(connection)
        self.posts = Posts(connection)
        self.mails = Mails(connection)
        self.ledger = Ledger(connection)
        self.quarantine = Quarantine(connection)
        self.letters = Letters(connection)
        self.budgets = Budgets(connection)
        self.alerts = Alerts(connection)
        self.leases = Leases(connection, self.database_now)
        self.runs = Runs(connection)
        self.upkeep = Upkeep(connection)
        self.audit = AuditTrail(connection)
        self.trail = Trail(connection)
        self.seals = Seals(connection)
        self.guards = Guards(connection)
        self.purging = Purging(connection)
        self.figures = Figures(connection)
        self.weekly = Weekly(connection)
        self.history = History(connection)
        self.canned = Canned(connection)
        self.listing = Listing(connection)
        self.search = Search(connection)
        self.suggestions = Suggestions(connection)
        self.logins = Logins(connection)
        self.sessions = Sessions(connection)
        return self

    def _begun(self) -> Connection:
        try:
            connection = self._database.engine.connect()
        except (StatementError, PoolTimeout) as trouble:
            raise self._meaning(trouble) from trouble
        try:
            connection.execution_options(**{READ_ONLY: self._read_only})
            connection.begin()
        except StatementError as trouble:
            connection.close()
            raise self._meaning(trouble) from trouble
        return connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._connection.close()  # rolls back what was not committed
        except StatementError as trouble:
            if error is None:
                raise self._meaning(trouble) from trouble
        if isinstance(error, StatementError):
            raise self._meaning(error) from error

    def commit(self) -> None:
        """Make it so. A conflict may still be told here (Galera certifies at COMMIT)."""
        try:
            self._connection.commit()
        except StatementError as trouble:
            raise self._meaning(trouble) from trouble

    def database_now(self) -> datetime:
        """Return the database's clock, read once for a transaction: leases of several hosts need one clock."""
        if self._now is None:
            query = _CLOCKS.get(self._database.kind, "SELECT UTC_TIMESTAMP(6)")
            told = self._connection.exec_driver_sql(query).scalar_one()
            moment = datetime.fromisoformat(told) if isinstance(told, str) else told
            self._now = moment.replace(tzinfo=UTC)
        return self._now

    def server_certificate(self) -> bytes | None:
        """Return the certificate (DER) that the server has shown; None without TLS, and from PostgreSQL's driver."""
        sock = getattr(self._connection.connection.driver_connection, "_sock", None)
        return sock.getpeercert(binary_form=True) if isinstance(sock, ssl.SSLSocket) else None

    def _meaning(self, trouble: StatementError | PoolTimeout) -> Exception:
        told = meaning(trouble, self._database.shown)
        if self._read_only and isinstance(told, Conflict):
            return StoreAway(f"database {self._database.shown}: {told}; trying again later")
        return told


def jittered_pause(attempt: int) -> float:
    """Return how many seconds to wait after the *attempt*-th conflict: 20 to 60 ms, then twice as long each time."""
    return random.uniform(0.01, 0.03) * float(2**attempt)  # noqa: S311 - spreads load, no secret


def in_work(
    database: Database,
    job: Callable[[Work], Result],
    *,
    attempts: int = ATTEMPTS,
    pause: Callable[[int], float] = jittered_pause,
) -> Result:
    """Run *job* in a transaction and commit; on a conflict run the whole of it again, at most *attempts* times.

    *job* must not act on the world: it may run more than once. A row that exists already makes it run once
    more too, since another process may have been first and the job will see it now. *pause* says how many
    seconds to wait after which attempt. Raises StoreAway when the conflicts do not end, and Refusal.
    """
    met_another = False
    attempt = 0
    while True:
        attempt += 1
        try:
            with Work(database) as work:
                result = job(work)
                work.commit()
                return result
        except AlreadyThere:
            if met_another or attempt >= attempts:
                raise
            met_another = True
        except Conflict as conflict:
            if attempt >= attempts:
                raise StoreAway(
                    f"database {database.shown}: {attempt} conflicts in a row ({conflict}); trying again later"
                ) from conflict
            LOG.info("run again after conflict %d: %s", attempt, conflict)
            time.sleep(pause(attempt))
