"""A running daemon keeps a lease of its own and tells of breakers; both end with it."""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from daemon.presence import Presence
from helpdesk.store.budgets import Breaker
from helpdesk.store.engine import Database, open_database
from helpdesk.store.tables import metadata
from helpdesk.store.work import Work, in_work
from tests.servers.sqlite import Sqlite

WAIT_SECONDS = 20.0


@pytest.fixture
def database(sqlite: Sqlite) -> Iterator[Database]:
    opened = open_database(sqlite.fresh_database())
    metadata.create_all(opened.engine)
    yield opened
    opened.close()


def seconds_left(database: Database) -> float | None:
    """Return how long the lease of the daemon still lasts; below zero: it is over; None: it never began."""
    with Work(database, read_only=True) as work:
        ends = [ends for name, _owner, ends in work.leases.everyone() if name == "daemon:host:1"]
        return (ends[0] - work.database_now()).total_seconds() if ends else None


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_lease_is_taken_kept_and_given_back(database: Database) -> None:
    with Presence(database, "host:1", 3.0):
        until(lambda: (seconds_left(database) or 0) > 0)
        with Work(database, read_only=True) as work:
            [(_name, _owner, first)] = work.leases.everyone()

        def renewed() -> bool:
            with Work(database, read_only=True) as work:
                return work.leases.everyone()[0][2] > first

        until(renewed)
    until(lambda: (seconds_left(database) or 0) < 0)


def test_a_breaker_is_told_once_when_it_opens_and_once_when_it_closes(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="helpdesk.breakers")
    now = datetime.now(UTC)
    breaker = Breaker("hour:all", "600 letters an hour: later ones wait", now, now + timedelta(hours=1))

    def told() -> list[str]:
        return [record.msg for record in caplog.records]

    with Presence(database, "host:1", 0.3):
        in_work(database, lambda work: work.budgets.open_breaker(breaker))
        until(lambda: "breaker-open" in told())
        in_work(database, lambda work: work.budgets.close_breaker("hour:all"))
        until(lambda: "breaker-closed" in told())
    assert told() == ["breaker-open", "breaker-closed"]


def test_a_database_that_is_away_is_waited_for(database: Database) -> None:
    metadata.drop_all(database.engine)
    with Presence(database, "host:1", 0.3) as presence:
        time.sleep(0.3)
        assert presence.is_alive()
