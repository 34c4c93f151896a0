"""How much automatic mail went to whom in which hour, and the breakers that tripped."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects import mysql, sqlite

from helpdesk.core.suspicion import MINUTE, minutes_back
from helpdesk.store.columns import fits_key
from helpdesk.store.names import MYSQL
from helpdesk.store.tables import breakers, budgets

Window = tuple[str, datetime]  # scope, start of the hour or day
MAX_SCOPE = 300
TAKEN_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Breaker:
    """A tripped cap: letters of ``scope`` wait until ``closes_at``."""

    scope: str
    reason: str
    opened_at: datetime
    closes_at: datetime


class Budgets:
    """Queries on budgets and breakers, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def used(self, windows: Collection[Window]) -> dict[Window, int]:
        """Return how much of each budget is spent; windows never touched are left out."""
        if not windows:
            return {}
        scopes = {scope for scope, _start in windows}
        starts = {start for _scope, start in windows}
        query = select(budgets).where(budgets.c.scope.in_(scopes), budgets.c.window_start.in_(starts))
        return {(scope, start): used for scope, start, used in self._connection.execute(query)}

    def spent_before(self, amounts: Mapping[Window, int]) -> dict[Window, int]:
        """Spend, and return what of each budget had been spent before, exactly."""
        self.spend(amounts)
        used = self.used(amounts)
        return {window: used[window] - amount for window, amount in amounts.items()}

    def take(self, wanted: Mapping[str, int], limit: int, now: datetime) -> dict[str, int]:
        """Spend from each scope what is wanted, as far as *limit* goes within 60 minutes; return how much that was.

        Counted by whole minutes, this one and the 59 before it. What is counted for the whole day makes rivals wait
        for our end, in whatever minute they begin; one that waited may find what was spent in the minute after its.
        """
        if not wanted:
            return {}
        wanted = {scope: min(count, limit) for scope, count in wanted.items()}
        minutes = minutes_back(now + MINUTE, TAKEN_MINUTES + 1)
        self.count(wanted, now)
        used = self.used([(scope, start) for scope in wanted for start in minutes])
        given = {}
        for scope, count in wanted.items():
            before = sum(used.get((scope, start), 0) for start in minutes) - count
            given[scope] = min(count, max(0, limit - before))
        self.give_back({scope: count - given[scope] for scope, count in wanted.items()}, now)
        return given

    def give_back(self, counts: Mapping[str, int], now: datetime) -> None:
        """Give back what was taken at *now*, in the same transaction."""
        self.count({scope: -count for scope, count in counts.items() if count}, now)

    def count(self, counts: Mapping[str, int], now: datetime) -> None:
        """Spend from each scope what ``take`` counts, whatever the limit."""
        this = minutes_back(now, 1)[0]
        day = this.replace(hour=0, minute=0)
        self.spend(
            {
                window: count
                for scope, count in counts.items()
                for window in ((f"{scope}:day", day), (scope, this))
            }
        )

    def used_below(self, prefix: str, start: datetime) -> dict[str, int]:
        """Return what was spent in the windows that began at *start*, for the scopes that begin with *prefix*."""
        after = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        query = select(budgets.c.scope, budgets.c.used).where(
            budgets.c.scope >= prefix, budgets.c.scope < after, budgets.c.window_start == start
        )
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def spend(self, amounts: Mapping[Window, int]) -> None:
        """Add to budgets, as ``used = used + n`` in the database: nothing is lost between two daemons.

        Who spends first and reads ``used`` then knows exactly what others spent before: until this transaction
        ends no other gets past its own spending from the same window. A negative amount gives back.
        """
        if not amounts:
            return
        rows = [
            {"scope": scope, "window_start": start, "used": amount}
            for (scope, start), amount in sorted(amounts.items())  # one order for all: no deadlock
        ]
        self._connection.execute(self._upsert(), rows)

    def _upsert(self) -> Any:
        kind = self._connection.dialect.name
        if kind in MYSQL:
            added = mysql.insert(budgets)
            return added.on_duplicate_key_update(used=budgets.c.used + added.inserted.used)
        row: Any = sqlite.insert(budgets)
        if kind == "postgresql":
            from sqlalchemy.dialects import postgresql  # it costs each start of the shell on another database

            row = postgresql.insert(budgets)
        return row.on_conflict_do_update(
            index_elements=[budgets.c.scope, budgets.c.window_start],
            set_={"used": budgets.c.used + row.excluded.used},
        )

    def forget_before(self, start: datetime) -> None:
        """Drop windows that no cap looks at any more."""
        self._connection.execute(delete(budgets).where(budgets.c.window_start < start))

    def forget(self, scope: str) -> None:
        """Begin the counts of a scope anew, in all its windows."""
        self._connection.execute(delete(budgets).where(budgets.c.scope == scope))

    def open_breakers(self, now: datetime) -> list[Breaker]:
        """Return the breakers that are open now."""
        query = select(breakers).where(breakers.c.closes_at > now).order_by(breakers.c.scope)
        return [Breaker(*row) for row in self._connection.execute(query)]

    def open_among(self, scopes: Collection[str], now: datetime) -> list[Breaker]:
        """Return those of these scopes' breakers that are open now."""
        keys = [scope for scope in scopes if fits_key(scope, MAX_SCOPE)]
        if not keys:
            return []
        query = select(breakers).where(breakers.c.scope.in_(keys), breakers.c.closes_at > now)
        return [Breaker(*row) for row in self._connection.execute(query)]

    def open_breaker(self, breaker: Breaker) -> None:
        """Open a breaker, or move the end of one that is open."""
        self.close_breaker(breaker.scope)
        self._connection.execute(
            insert(breakers),
            {
                "scope": breaker.scope,
                "reason": breaker.reason,
                "opened_at": breaker.opened_at,
                "closes_at": breaker.closes_at,
            },
        )

    def close_breaker(self, scope: str) -> None:
        """Close a breaker."""
        self._connection.execute(delete(breakers).where(breakers.c.scope == scope))
