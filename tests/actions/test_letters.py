"""Confirmations over a cap wait, visibly, and each goes out in the end."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier, Event
from typing import Any

import pytest
from sqlalchemy import event

from helpdesk.actions.deliver import Ended
from helpdesk.actions.letters import SAME_SUBJECT, Booking, Slot, Wanted, book_letters
from helpdesk.core.lettercaps import LetterLimits
from helpdesk.core.smtpreplies import End, Outcome
from helpdesk.store.budgets import Breaker
from helpdesk.store.engine import open_database
from helpdesk.store.tables import letters
from helpdesk.store.work import Work, in_work
from tests.actions.outboxes import NOON, OutboxBench, bench
from tests.servers.galera import Galera

ONE = timedelta(hours=1)
MANY = LetterLimits(1000, 1000, 1000, 1000, 1000)


@pytest.fixture
def desk(each_url: str) -> Iterator[OutboxBench]:
    made = bench(each_url)
    yield made
    made.close()


def wanted(count: int, recipient: str = "zoe@learn.example", first: int = 0) -> list[Wanted]:
    """Return that many confirmations, each of another ticket with another subject."""
    return [Wanted(recipient, f"subject {number}") for number in range(first, first + count)]


def book(desk: OutboxBench, ones: Sequence[Wanted], limits: LetterLimits | None = None) -> Booking:
    with Work(desk.database) as work:
        booking = book_letters(work, limits or LetterLimits(), ones, desk.now)
        work.commit()
        return booking


def times(booking: Booking) -> list[datetime | None]:
    return [slot.at for slot in booking.slots]


def breakers(desk: OutboxBench) -> dict[str, Breaker]:
    with Work(desk.database) as work:
        return {breaker.scope: breaker for breaker in work.budgets.open_breakers(desk.now)}


def test_nothing_wanted_means_nothing_asked(desk: OutboxBench) -> None:
    assert book(desk, []) == Booking(())


def test_the_eleventh_letter_of_an_hour_waits_for_the_next(desk: OutboxBench) -> None:
    booking = book(desk, wanted(12))
    assert times(booking) == [NOON] * 10 + [NOON + ONE] * 2
    assert [slot.reason for slot in booking.slots] == [""] * 10 + ["waits: 10 letters an hour"] * 2


def test_what_earlier_batches_spent_counts(desk: OutboxBench) -> None:
    assert times(book(desk, wanted(6))) == [NOON] * 6
    assert times(book(desk, wanted(6, first=6))) == [NOON] * 4 + [NOON + ONE] * 2
    assert times(book(desk, wanted(9, first=12))) == [NOON + ONE] * 8 + [NOON + 2 * ONE]


def at_once(desk: OutboxBench, first: Sequence[Wanted], second: Sequence[Wanted]) -> tuple[Booking, Booking]:
    """Book in two transactions: the second is about to write when the first commits; its clock is *desk*'s."""
    second_writes = Event()

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("INSERT INTO budgets"):
            second_writes.set()

    begun_at, desk.now = desk.now, NOON
    with ThreadPoolExecutor(1) as rival, Work(desk.database) as work:
        booking = book_letters(work, LetterLimits(), first, begun_at)
        event.listen(desk.database.engine, "before_cursor_execute", note)
        rivals = rival.submit(book, desk, second)
        second_writes.wait(1.0)  # on SQLite it waits for the commit before it does anything
        work.commit()
        return booking, rivals.result()


def test_two_that_book_at_once_do_not_pass_a_cap_together(desk: OutboxBench) -> None:
    first, second = at_once(desk, wanted(8), wanted(8, first=8))
    assert times(first) == [NOON] * 8
    assert times(second) == [NOON] * 2 + [NOON + ONE] * 6


def test_where_an_hour_ends_a_cap_is_passed_by_no_more_than_one_batch_puts_off(desk: OutboxBench) -> None:
    desk.now = NOON + ONE
    first, second = at_once(desk, wanted(10), wanted(12, first=10))
    assert times(first) == [NOON + ONE] * 10
    assert times(second)[:10] == [NOON] * 10
    assert set(times(second)[10:]) <= {NOON + ONE, NOON + 2 * ONE}


def test_daemons_on_all_nodes_of_a_cluster_do_not_pass_a_cap_together(galera: Galera) -> None:
    urls = galera.fresh_database()
    nodes = [bench(urls[0]), *(OutboxBench(open_database(url)) for url in urls[1:])]
    people = [f"{name}@learn.example" for name in "abcdef"]
    start = Barrier(len(nodes))

    def book_on(node: OutboxBench, first: int) -> Counter[tuple[str, datetime | None]]:
        start.wait()
        found: Counter[tuple[str, datetime | None]] = Counter()
        for person in people:
            ones = wanted(8, person, first)
            booking = in_work(
                node.database,
                partial(book_letters, limits=LetterLimits(), wanted=ones, now=NOON),
                attempts=50,
            )
            found.update((person, at) for at in times(booking))
        return found

    with ThreadPoolExecutor(len(nodes)) as threads:
        booked = sum(threads.map(book_on, nodes, (0, 8, 16)), Counter[tuple[str, datetime | None]]())
    for node in nodes:
        node.database.close()
    galera.drop_database(urls)
    assert booked == {
        (person, NOON + n * ONE): count for person in people for n, count in enumerate((10, 10, 4))
    }


def test_another_person_does_not_wait(desk: OutboxBench) -> None:
    book(desk, wanted(12))
    assert times(book(desk, wanted(1, "sam@learn.example"))) == [NOON]


@pytest.mark.parametrize(
    ("limits", "ones", "later"),
    [
        pytest.param(
            LetterLimits(100, 3, 100, 100, 100),
            wanted(4),
            timedelta(hours=12),
            id="a person's day: until midnight",
        ),
        pytest.param(
            LetterLimits(100, 100, 3, 100, 100),
            [*wanted(3), *wanted(1, "sam@learn.example")],
            ONE,
            id="a domain's hour",
        ),
        pytest.param(
            LetterLimits(100, 100, 100, 4, 100),
            [Wanted("zoe@learn.example", str(number), 1) for number in range(4)],
            ONE,
            id="a ticket's hour, its opening allowed for",
        ),
        pytest.param(
            LetterLimits(100, 100, 100, 100, 3),
            [*wanted(3), *wanted(1, "sam@other.example")],
            ONE,
            id="everybody's hour",
        ),
    ],
)
def test_each_cap_makes_the_letter_after_the_last_wait(
    desk: OutboxBench, limits: LetterLimits, ones: list[Wanted], later: timedelta
) -> None:
    assert times(book(desk, ones, limits)) == [NOON] * 3 + [NOON + later]


def test_a_tripped_cap_is_a_breaker_with_reason_and_timer(desk: OutboxBench) -> None:
    booking = book(desk, wanted(25))
    scope = "hour:address:zoe@learn.example"
    breaker = Breaker(scope, "10 letters an hour: later ones wait", NOON, NOON + 2 * ONE)
    assert booking.opened == (breaker,)
    assert breakers(desk) == {scope: breaker}


def test_an_open_breaker_keeps_its_beginning_and_moves_its_end(desk: OutboxBench) -> None:
    book(desk, wanted(11))
    desk.now += timedelta(minutes=5)
    booking = book(desk, wanted(10, first=11))
    assert booking.opened == ()
    (breaker,) = breakers(desk).values()
    assert (breaker.opened_at, breaker.closes_at) == (NOON, NOON + 2 * ONE)


def test_a_breaker_stays_open_for_the_last_letter_that_waits_for_it(desk: OutboxBench) -> None:
    people = "skzllszzzlkzskks"  # found by trial: here an earlier letter waits longer than a later one
    ones = [Wanted(f"{person}@x.example", f"{number}") for number, person in enumerate(people)]
    booking = book(desk, ones, LetterLimits(1, 100, 100, 100, 3))
    waiting = [slot.at for slot in booking.slots if slot.at and "3 letters an hour" in slot.reason]
    assert waiting[-1] < max(waiting)
    assert breakers(desk)["hour:all"].closes_at == max(waiting)


def test_a_breaker_closes_by_itself(desk: OutboxBench) -> None:
    book(desk, wanted(11))
    desk.now = NOON + ONE
    assert breakers(desk) == {}


def test_no_letter_over_a_cap_is_lost_and_each_goes_out_when_its_time_comes(desk: OutboxBench) -> None:
    booking = book(desk, wanted(47))
    desk.queue(47)
    with desk.database.engine.begin() as connection:
        for number, slot in enumerate(booking.slots, start=1):
            connection.execute(letters.update().where(letters.c.id == number).values(next_at=slot.at))
    sent: Counter[datetime] = Counter()
    for _ in range(24):
        taken = desk.outbox.take(1000, 60)
        sent[desk.now] += len(taken)
        desk.outbox.settle([Ended(one, Outcome(End.SENT), "") for one in taken])
        desk.now += ONE
    assert set(desk.states()) == {"sent"}
    assert [sent[NOON + number * ONE] for number in range(14)] == [10, 10, 10, 10, *[0] * 8, 7, 0]


@pytest.mark.parametrize(
    ("subjects", "minutes", "answered"),
    [
        pytest.param(["a", "a"], 0, [True, True], id="second"),
        pytest.param(["a", "a", "a", "a"], 0, [True, True, False, False], id="third and fourth"),
        pytest.param(["a", "a", "b", "A"], 0, [True, True, True, True], id="others"),
        pytest.param(["a", "a", "a"], 4, [True, True, False], id="over eight minutes"),
        pytest.param(["a", "a", "a"], 5, [True, True, True], id="over ten minutes"),
    ],
)
def test_the_third_equal_subject_within_ten_minutes_is_not_answered(
    desk: OutboxBench, subjects: list[str], minutes: int, answered: list[bool]
) -> None:
    slots: list[Slot] = []
    for number, subject in enumerate(subjects):
        slots += book(desk, [Wanted("zoe@learn.example", subject, number)], MANY).slots
        desk.now += timedelta(minutes=minutes)
    assert [slot.at is not None for slot in slots] == answered
    assert [slot.reason for slot in slots if slot.at is None] == [SAME_SUBJECT] * answered.count(False)


def test_equal_subjects_in_one_batch_count_too_and_leave_a_breaker(desk: OutboxBench) -> None:
    booking = book(desk, [Wanted("zoe@learn.example", "a", number) for number in range(4)], MANY)
    assert times(booking) == [NOON, NOON, None, None]
    (breaker,) = booking.opened
    assert breaker.scope.startswith("subject:")
    assert breaker.reason == f"{SAME_SUBJECT} (zoe@learn.example)"
    assert breaker.closes_at == NOON + timedelta(minutes=10)


def test_what_is_not_answered_takes_no_room(desk: OutboxBench) -> None:
    book(desk, [Wanted("zoe@learn.example", "a", number) for number in range(10)])
    assert times(book(desk, wanted(9))) == [NOON] * 8 + [NOON + ONE]


@pytest.mark.parametrize(
    ("count", "queries"),
    [pytest.param(1, 3, id="one"), pytest.param(50, 3, id="a batch"), pytest.param(150, 8, id="a cap trips")],
)
def test_the_number_of_queries_does_not_grow_with_the_batch(
    desk: OutboxBench, count: int, queries: int
) -> None:
    limits = LetterLimits(100, 1000, 1000, 1000, 1000)
    book(desk, [Wanted("sam@other.example", "warm up")], limits)
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement != "BEGIN IMMEDIATE":
            seen.append(statement)

    event.listen(desk.database.engine, "before_cursor_execute", note)
    book(desk, wanted(count), limits)
    assert len(seen) == queries
