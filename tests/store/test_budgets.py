"""Budgets add up in the database, whoever spends; breakers open and close."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event
from typing import Any

import pytest
from sqlalchemy import event

from helpdesk.store.budgets import Breaker, Window
from helpdesk.store.engine import Database
from helpdesk.store.work import Work, in_work

HOUR = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
NEXT = HOUR + timedelta(hours=1)
JEAN: Window = ("address jean@univ.example", HOUR)
ALL: Window = ("all", HOUR)


def spend(database: Database, amounts: dict[Window, int]) -> None:
    in_work(database, lambda work: work.budgets.spend(amounts))


def used(database: Database, *windows: Window) -> dict[Window, int]:
    with Work(database, read_only=True) as work:
        return work.budgets.used(windows)


def test_a_budget_never_touched_is_left_out(database: Database) -> None:
    assert used(database, JEAN, ALL) == {}
    assert used(database) == {}


def test_spending_adds_to_what_was_spent(database: Database) -> None:
    spend(database, {JEAN: 2, ALL: 5})
    spend(database, {JEAN: 3})
    assert used(database, JEAN, ALL) == {JEAN: 5, ALL: 5}


def test_each_hour_has_a_budget_of_its_own(database: Database) -> None:
    later: Window = (JEAN[0], NEXT)
    spend(database, {JEAN: 1, later: 7})
    assert used(database, JEAN) == {JEAN: 1}
    assert used(database, later) == {later: 7}


def test_asking_for_windows_answers_with_these_at_least(database: Database) -> None:
    later: Window = (ALL[0], NEXT)
    spend(database, {JEAN: 1, later: 2})
    found = used(database, JEAN, later)
    assert (found[JEAN], found[later]) == (1, 2)


def test_spending_nothing_writes_nothing(database: Database) -> None:
    spend(database, {})
    assert used(database, JEAN) == {}


def test_what_was_spent_without_commit_is_not_spent(database: Database) -> None:
    with Work(database) as work:
        work.budgets.spend({JEAN: 1})
    assert used(database, JEAN) == {}


@pytest.mark.parametrize("there", [False, True], ids=["in a new window", "in one that exists"])
def test_threads_that_spend_at_once_lose_nothing(database: Database, there: bool) -> None:
    if there:
        spend(database, {JEAN: 1, ALL: 1})
    start = Barrier(4)

    def burn(first: Window, second: Window) -> None:
        start.wait()
        for _ in range(10):
            spend(database, {first: 1, second: 2})

    ways = [(JEAN, ALL), (ALL, JEAN)] * 2
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda way: burn(*way), ways))
    before = int(there)
    assert used(database, JEAN, ALL) == {JEAN: before + 60, ALL: before + 60}


def test_whoever_spends_second_knows_what_the_first_spent(database: Database) -> None:
    spend(database, {ALL: 2})
    rival_spends = Event()

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("INSERT INTO budgets"):
            rival_spends.set()

    def second() -> dict[Window, int]:
        return in_work(database, lambda work: work.budgets.spent_before({ALL: 5, JEAN: 1}))

    with ThreadPoolExecutor(1) as rival, Work(database) as work:
        assert work.budgets.spent_before({JEAN: 3, ALL: 4}) == {JEAN: 0, ALL: 2}
        event.listen(database.engine, "before_cursor_execute", note)
        before = rival.submit(second)
        rival_spends.wait(1.0)  # on SQLite it waits for our commit before it does anything
        work.commit()
        assert before.result() == {JEAN: 3, ALL: 6}
    assert used(database, JEAN, ALL) == {JEAN: 4, ALL: 11}


def test_what_is_given_back_can_be_spent_again(database: Database) -> None:
    spend(database, {ALL: 5})
    spend(database, {ALL: -2})
    assert used(database, ALL) == {ALL: 3}


def test_old_windows_are_forgotten_and_the_one_at_the_border_is_kept(database: Database) -> None:
    before: Window = (ALL[0], HOUR - timedelta(microseconds=1))
    spend(database, {before: 1, ALL: 2})
    in_work(database, lambda work: work.budgets.forget_before(HOUR))
    assert used(database, before, ALL) == {ALL: 2}


def opened(database: Database, at: datetime) -> list[Breaker]:
    with Work(database, read_only=True) as work:
        return work.budgets.open_breakers(at)


def test_a_breaker_is_open_until_its_end_and_not_at_it(database: Database) -> None:
    breaker = Breaker("all", "1001 letters in an hour; 1000 are allowed", HOUR, NEXT)
    in_work(database, lambda work: work.budgets.open_breaker(breaker))
    assert opened(database, NEXT - timedelta(microseconds=1)) == [breaker]
    assert opened(database, NEXT) == []


def test_opening_an_open_breaker_moves_its_end(database: Database) -> None:
    moved = Breaker("all", "again", HOUR, NEXT + timedelta(hours=1))
    in_work(database, lambda work: work.budgets.open_breaker(Breaker("all", "once", HOUR, NEXT)))
    in_work(database, lambda work: work.budgets.open_breaker(moved))
    assert opened(database, HOUR) == [moved]


def test_closing_one_breaker_leaves_the_others(database: Database) -> None:
    kept = Breaker("domain univ.example", "flood", HOUR, NEXT)

    def both(work: Work) -> None:
        work.budgets.open_breaker(Breaker("all", "flood", HOUR, NEXT))
        work.budgets.open_breaker(kept)
        work.budgets.close_breaker("all")

    in_work(database, both)
    assert opened(database, HOUR) == [kept]


MINUTE = timedelta(minutes=1)


def take(database: Database, count: int, now: datetime, limit: int = 5, scope: str = "alerts") -> int:
    return in_work(database, lambda work: work.budgets.take({scope: count}, limit, now))[scope]


def test_room_is_taken_as_far_as_it_goes_and_what_did_not_fit_is_not_counted(database: Database) -> None:
    assert [take(database, count, HOUR) for count in (3, 3, 1)] == [3, 2, 0]
    assert used(database, ("alerts", HOUR)) == {("alerts", HOUR): 5}
    assert take(database, 2, HOUR, scope="another") == 2


@pytest.mark.parametrize(
    ("begun", "later", "room"),
    [
        pytest.param(HOUR, 60 * MINUTE - timedelta(seconds=1), 0, id="in the sixtieth minute"),
        pytest.param(HOUR, 60 * MINUTE, 5, id="a second later"),
        pytest.param(HOUR + 59 * MINUTE, MINUTE, 0, id="beyond the full hour"),
        pytest.param(HOUR.replace(hour=23, minute=59), MINUTE, 0, id="beyond midnight"),
        pytest.param(HOUR.replace(hour=0), 59 * MINUTE, 0, id="from midnight on"),
        pytest.param(HOUR.replace(hour=0), 60 * MINUTE, 5, id="an hour after midnight"),
    ],
)
def test_room_comes_back_sixty_minutes_after_it_was_taken(
    database: Database, begun: datetime, later: timedelta, room: int
) -> None:
    assert take(database, 9, begun) == 5
    assert take(database, 9, begun + later) == room


def test_of_many_at_once_no_more_than_fit_get_room_whichever_of_two_minutes_they_are_in(
    database: Database,
) -> None:
    start = Barrier(8)

    def one(number: int) -> int:
        start.wait(timeout=60)
        return take(database, 1, HOUR + number % 2 * MINUTE)

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(one, range(8))) == 5
