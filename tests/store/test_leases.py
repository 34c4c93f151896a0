"""Leases: one owner at a time, by the database's clock alone, with a fence that tells owners apart."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from helpdesk.store.engine import Database
from helpdesk.store.leases import Leases
from helpdesk.store.tables import leases
from helpdesk.store.work import Work, in_work

NAME = "mailbox INBOX"
LONG_S = 60.0
SHORT_S = 0.2


def take(database: Database, owner: str, seconds: float = LONG_S, name: str = NAME) -> int | None:
    return in_work(database, lambda work: work.leases.take(name, owner, seconds))


def take_at(database: Database, owner: str, now: datetime) -> int | None:
    with Work(database) as work:
        taken = Leases(work._connection, lambda: now).take(NAME, owner, LONG_S)
        work.commit()
        return taken


def release(database: Database, owner: str) -> None:
    in_work(database, lambda work: work.leases.release(NAME, owner))


def ends_at(database: Database) -> datetime:
    with Work(database, read_only=True) as work:
        end: datetime = work._connection.scalars(select(leases.c.expires_at)).one()
        return end


def test_the_first_to_ask_has_the_lease_with_fence_1(database: Database) -> None:
    assert take(database, "one") == 1


def test_another_is_refused_while_it_runs_and_changes_nothing(database: Database) -> None:
    take(database, "one")
    before = ends_at(database)
    assert take(database, "two", seconds=LONG_S * 2) is None
    assert ends_at(database) == before
    assert take(database, "one") == 1


def test_the_owner_keeps_it_with_the_same_fence_and_a_later_end(database: Database) -> None:
    take(database, "one")
    before = ends_at(database)
    assert take(database, "one", seconds=LONG_S * 2) == 1
    assert ends_at(database) > before


def test_two_names_are_two_leases(database: Database) -> None:
    assert take(database, "one") == 1
    assert take(database, "two", name="outbox") == 1


def test_a_lease_that_ran_out_goes_to_another_with_a_greater_fence(database: Database) -> None:
    take(database, "one", SHORT_S)
    time.sleep(SHORT_S + 0.05)
    assert take(database, "two") == 2
    assert take(database, "one") is None


def test_the_owner_that_slept_past_its_end_keeps_its_fence_when_nobody_came(database: Database) -> None:
    take(database, "one", SHORT_S)
    time.sleep(SHORT_S + 0.05)
    assert take(database, "one") == 1


def test_the_fence_grows_by_one_with_every_change_of_owner(database: Database) -> None:
    fences = []
    for owner in ("one", "two", "two", "one", "three"):
        fences.append(take(database, owner))
        if owner != "two" or len(fences) == 3:
            release(database, owner)
    assert fences == [1, 2, 2, 3, 4]


def test_a_released_lease_is_free_at_once(database: Database) -> None:
    take(database, "one")
    release(database, "one")
    assert take(database, "two") == 2


def test_only_the_owner_can_release(database: Database) -> None:
    take(database, "one")
    release(database, "two")
    assert take(database, "two") is None


def test_releasing_what_nobody_has_does_nothing(database: Database) -> None:
    release(database, "one")
    assert take(database, "one") == 1


@pytest.mark.parametrize(
    ("passed", "fence"),
    [
        pytest.param(timedelta(seconds=LONG_S), None, id="to the microsecond of its end it runs"),
        pytest.param(timedelta(seconds=LONG_S, microseconds=1), 2, id="a microsecond later it is free"),
    ],
)
def test_expiry_is_told_by_the_clock_it_is_given(
    database: Database, passed: timedelta, fence: int | None
) -> None:
    """The clock is ``Work.database_now``: a host whose own clock is wrong neither steals nor loses a lease."""
    with Work(database) as work:
        start = work.database_now()
        assert Leases(work._connection, lambda: start).take(NAME, "one", LONG_S) == 1
        assert Leases(work._connection, lambda: start + passed).take(NAME, "two", LONG_S) == fence


@pytest.mark.parametrize(
    ("set_back", "left_s"),
    [
        pytest.param(0, LONG_S, id="not at all"),
        pytest.param(LONG_S, 2 * LONG_S, id="by no more than a lease: it runs a little longer"),
        pytest.param(LONG_S + 0.001, LONG_S, id="by more: it is cut to its usual length"),
        pytest.param(24 * 3600, LONG_S, id="a day"),
    ],
)
def test_a_lease_outlives_a_clock_that_was_set_back_by_its_usual_length_at_most(
    database: Database, set_back: float, left_s: float
) -> None:
    """Nobody can tell whether its owner lives: who does renews it, who is dead loses it as always."""
    with Work(database) as work:
        start = work.database_now()
        later = start - timedelta(seconds=set_back)
        assert Leases(work._connection, lambda: start).take(NAME, "one", LONG_S) == 1
        assert Leases(work._connection, lambda: later).take(NAME, "two", LONG_S) is None
        work.commit()
    assert ends_at(database) == later + timedelta(seconds=left_s)
    assert take_at(database, "two", later + timedelta(seconds=left_s, milliseconds=1)) == 2


def test_its_living_owner_keeps_it_when_the_clock_was_set_back(database: Database) -> None:
    start = datetime(2026, 11, 26, 12, tzinfo=UTC)
    assert take_at(database, "one", start) == 1
    back = start - timedelta(days=1)
    assert take_at(database, "two", back) is None
    assert take_at(database, "one", back + timedelta(seconds=LONG_S / 3)) == 1
    assert take_at(database, "two", back + timedelta(seconds=LONG_S)) is None


def test_our_own_clock_has_no_say(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    take(database, "one")
    monkeypatch.setattr(time, "time", lambda: 4e9)
    assert take(database, "two") is None


def test_of_many_that_ask_at_once_one_gets_it(database: Database) -> None:
    start = Barrier(6)

    def ask(owner: str) -> int | None:
        start.wait()
        return take(database, owner)

    with ThreadPoolExecutor(6) as threads:
        got = list(threads.map(ask, [f"owner {number}" for number in range(6)]))
    assert sorted(fence for fence in got if fence is not None) == [1]


def test_of_many_that_ask_at_once_for_one_that_ran_out_one_gets_it(database: Database) -> None:
    take(database, "gone")
    release(database, "gone")
    start = Barrier(6)

    def ask(owner: str) -> int | None:
        start.wait()
        return take(database, owner)

    with ThreadPoolExecutor(6) as threads:
        got = list(threads.map(ask, [f"owner {number}" for number in range(6)]))
    assert [fence for fence in got if fence is not None] == [2]
