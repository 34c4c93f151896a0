"""One indented block is one transaction. Nothing commits by itself: leaving without ``commit()`` leaves no trace."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from helpdesk.errors import StoreAway
from helpdesk.store.audit import AuditTrail
from helpdesk.store.budgets import Budgets
from helpdesk.store.engine import Database
from helpdesk.store.failures import Failure, failure_of
from helpdesk.store.leases import Leases
from helpdesk.store.letters import Letters
from helpdesk.store.mails import Mails
from helpdesk.store.people import People
from helpdesk.store.posts import Posts
from helpdesk.store.tickets import Tickets

Result = TypeVar("Result")
ATTEMPTS = 6
_CLOCKS = {
    "sqlite": "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')",
    "postgresql": "SELECT clock_timestamp() AT TIME ZONE 'UTC'",
}


class Refusal(Exception):
    """A unique or foreign key refused a row: someone else was first, or what it names is gone."""


class Conflict(Exception):
    """The database undid the transaction in favour of another; the whole of it may be run again."""


class Work:
    """A transaction with the repositories on it. Raises StoreAway, Conflict or Refusal, whatever the driver says."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection
        self._now: datetime | None = None

    def __enter__(self) -> Self:
        try:
            self._connection = self._database.engine.connect()
            self._connection.begin()
        except (DBAPIError, PoolTimeout) as error:
            raise self._meaning(error) from error
        connection = self._connection
        self.people = People(connection)
        self.tickets = Tickets(connection)
        self.posts = Posts(connection)
        self.mails = Mails(connection)
        self.letters = Letters(connection)
        self.budgets = Budgets(connection)
        self.leases = Leases(connection, self.database_now)
        self.audit = AuditTrail(connection)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._connection.close()  # rolls back what was not committed
        except DBAPIError as failed:
            if error is None:
                raise self._meaning(failed) from failed
        if isinstance(error, DBAPIError | PoolTimeout):
            raise self._meaning(error) from error

    def commit(self) -> None:
        """Make it so. A conflict may still be told here (Galera certifies at COMMIT)."""
        try:
            self._connection.commit()
        except DBAPIError as error:
            raise self._meaning(error) from error

    def database_now(self) -> datetime:
        """Return the database's clock, read once for a transaction: leases of several hosts need one clock."""
        if self._now is None:
            query = _CLOCKS.get(self._database.kind, "SELECT UTC_TIMESTAMP(6)")
            told = self._connection.exec_driver_sql(query).scalar_one()
            moment = datetime.fromisoformat(told) if isinstance(told, str) else told
            self._now = moment.replace(tzinfo=UTC)
        return self._now

    def _meaning(self, error: DBAPIError | PoolTimeout) -> Exception:
        failure = failure_of(error)
        what = error.orig if isinstance(error, DBAPIError) else error
        if failure is Failure.AWAY:
            return StoreAway(
                f"database {self._database.shown}: {what}; intake waits and tries again, nothing is lost"
            )
        return Conflict(str(what)) if failure is Failure.CONFLICT else Refusal(str(what))


def in_work(database: Database, job: Callable[[Work], Result]) -> Result:
    """Run *job* in a transaction and commit; on a conflict run the whole of it again, at most six times.

    *job* must not act on the world: it may run more than once. Raises StoreAway when the conflicts do not end.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with Work(database) as work:
                result = job(work)
                work.commit()
                return result
        except Conflict as conflict:
            if attempt == ATTEMPTS:
                raise StoreAway(
                    f"database {database.shown}: {ATTEMPTS} conflicts in a row ({conflict}); trying again later"
                ) from conflict
            time.sleep(random.uniform(0.5, 1.5) * 0.02 * 2**attempt)  # noqa: S311 - spreads load, no secret
    raise AssertionError("the last attempt returns or raises")
