"""A transaction happens as a whole or not at all, and is run again as a whole when the database undid it."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, text, update

from helpdesk.core.people import Language, Role
from helpdesk.errors import StoreAway
from helpdesk.store.engine import ANSWERED, Database, open_database
from helpdesk.store.tables import counters
from helpdesk.store.work import AlreadyThere, Conflict, Refusal, Work, in_work, jittered_pause
from tests.faults.nth_call import SQLITE_TROUBLES, NthCall, failing_driver
from tests.servers.mariadb import MariaDb
from tests.servers.postgres import Postgres
from tests.servers.sqlite import Sqlite
from tests.store.makers import NOW, a_mail, a_mailbox, a_post, read

NEAR = timedelta(seconds=30)


def count(work: Work, name: str, step: int = 1) -> None:
    """Add to a counter that exists."""
    counter = update(counters).where(counters.c.name == name)
    work._connection.execute(counter.values(value=counters.c.value + step))


def counted(database: Database) -> dict[str, int]:
    with Work(database, read_only=True) as work:
        return {row.name: row.value for row in work._connection.execute(select(counters))}


def make_counters(database: Database, *names: str) -> None:
    rows = [{"name": name, "value": 0} for name in names]
    in_work(database, lambda work: work._connection.execute(insert(counters), rows))


def no_pause(_: int) -> float:
    return 0.0


def noting(attempts: list[int]) -> Callable[[int], float]:
    def pause(attempt: int) -> float:
        attempts.append(attempt)
        return 0.0

    return pause


def test_leaving_without_commit_leaves_no_trace(database: Database) -> None:
    with Work(database) as work:
        person = work.people.add("Jean", Role.USER, Language.FR, NOW)
        work.mails.mailbox_id("INBOX")
    assert read(database, lambda work: work.people.by_ids([person.id])) == {}
    with Work(database) as work:
        assert work.people.by_ids([person.id]) == {}


def test_what_was_committed_is_there(database: Database) -> None:
    with Work(database) as work:
        person = work.people.add("Jean", Role.USER, Language.FR, NOW)
        work.commit()
    assert list(read(database, lambda work: work.people.by_ids([person.id]))) == [person.id]


def test_an_error_in_the_block_leaves_no_trace_and_comes_out_as_it_is(database: Database) -> None:
    make_counters(database, "a")

    def count_then_fail(work: Work) -> None:
        count(work, "a")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        in_work(database, count_then_fail)
    assert counted(database) == {"a": 0}


def test_a_refusal_undoes_the_whole_block_and_is_not_tried_again(database: Database) -> None:
    runs: list[int] = []

    def two_rows(work: Work) -> None:
        runs.append(1)
        work._connection.execute(insert(counters), {"name": "a", "value": 1})
        work._connection.execute(insert(counters), {"name": "é", "value": 1})

    with pytest.raises(Refusal):
        in_work(database, two_rows)
    assert (len(runs), counted(database)) == (1, {})


def test_a_row_that_is_there_makes_the_job_run_once_more_only(database: Database) -> None:
    box = a_mailbox(database)
    in_work(database, lambda work: work.mails.add([a_mail(box)]))
    runs: list[int] = []

    def again(work: Work) -> None:
        runs.append(1)
        work.mails.add([a_mail(box)])

    with pytest.raises(AlreadyThere):
        in_work(database, again, pause=no_pause)
    assert len(runs) == 2


def test_of_two_that_make_the_same_mailbox_at_once_both_find_it(database: Database) -> None:
    first_look = threading.Barrier(2)

    def make(_: int) -> int:
        runs = iter(range(9))

        def job(work: Work) -> int:
            if next(runs) == 0 and database.kind != "sqlite":  # SQLite lets one in at a time
                work._connection.execute(select(counters)).all()
                first_look.wait(5)
            return work.mails.mailbox_id("INBOX")

        return in_work(database, job)

    with ThreadPoolExecutor(2) as threads:
        ids = list(threads.map(make, range(2)))
    assert ids[0] == ids[1] == a_mailbox(database)


@pytest.mark.parametrize("migrated", ["mariadb", "postgres"], indirect=True)
def test_a_deadlock_runs_the_whole_job_of_one_of_the_two_again(database: Database) -> None:
    """Each locks its first row, waits until the other has too, then wants the other's row."""
    make_counters(database, "a", "b")
    both_locked = threading.Barrier(2)
    runs: list[str] = []
    told: list[int] = []

    def cross(first: str, second: str) -> None:
        mine: list[int] = []

        def job(work: Work) -> None:
            runs.append(first)
            mine.append(1)
            count(work, first)
            if len(mine) == 1:
                both_locked.wait(5)
            count(work, second, 10)

        in_work(database, job, pause=noting(told))

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda way: cross(*way), [("a", "b"), ("b", "a")]))
    assert len(runs) == 3
    assert told == [1]
    assert counted(database) == {"a": 11, "b": 11}


@pytest.mark.parametrize("migrated", ["postgres"], indirect=True)
def test_a_transaction_that_cannot_be_serialized_is_run_again(database: Database) -> None:
    make_counters(database, "a")
    runs: list[int] = []

    def job(work: Work) -> None:
        work._connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        work._connection.execute(select(counters)).all()
        runs.append(1)
        if len(runs) == 1:
            in_work(database, lambda other: count(other, "a", 10))
        count(work, "a")

    in_work(database, job, pause=no_pause)
    assert (len(runs), counted(database)) == (2, {"a": 11})


@pytest.fixture
def impatient(sqlite: Sqlite) -> Iterator[Database]:
    """A SQLite database that does not wait for another writer."""
    url = sqlite.fresh_database()
    opened = open_database(url)
    with opened.engine.begin() as connection:
        counters.create(connection)
    with opened.engine.connect() as connection:
        dbapi = connection.connection.dbapi_connection
        assert dbapi is not None
        dbapi.execute("PRAGMA busy_timeout = 0")
    yield opened
    opened.close()
    sqlite.drop_database(url)


def test_a_busy_sqlite_lets_the_job_run_when_the_other_writer_ended(impatient: Database) -> None:
    make_counters(impatient, "a")
    holder = open_database(str(impatient.engine.url))
    other = Work(holder)
    other.__enter__()
    count(other, "a", 10)
    pauses: list[int] = []

    def let_go(attempt: int) -> float:
        pauses.append(attempt)
        if attempt == 2:
            other.commit()
            other.__exit__(None, None, None)
        return 0.0

    in_work(impatient, lambda work: count(work, "a"), pause=let_go)
    holder.close()
    assert pauses == [1, 2]
    assert counted(impatient) == {"a": 11}


@pytest.mark.parametrize(("read_only", "told"), [(True, StoreAway), (False, Conflict)])
def test_a_conflict_that_nobody_runs_again_means_away(
    impatient: Database, read_only: bool, told: type[Exception]
) -> None:
    nth = NthCall(2)  # the first is BEGIN
    with (
        failing_driver(impatient.engine, nth, SQLITE_TROUBLES["locked"]),
        pytest.raises(told, match="locked"),
        Work(impatient, read_only=read_only) as work,
    ):
        work.mails.rows_of(1, 1, [1])
    assert nth.happened


def test_conflicts_that_do_not_end_mean_away(database: Database) -> None:
    runs: list[int] = []
    pauses: list[int] = []

    def job(_: Work) -> None:
        runs.append(1)
        raise Conflict("deadlock")

    with pytest.raises(StoreAway, match="4 conflicts in a row"):
        in_work(database, job, attempts=4, pause=noting(pauses))
    assert (len(runs), pauses) == (4, [1, 2, 3])


@pytest.mark.parametrize(("attempt", "least", "most"), [(1, 0.02, 0.06), (2, 0.04, 0.12), (5, 0.32, 0.96)])
def test_the_pause_doubles_with_each_conflict(attempt: int, least: float, most: float) -> None:
    pauses = [jittered_pause(attempt) for _ in range(200)]
    assert least <= min(pauses) < max(pauses) <= most


def test_a_reader_waits_for_no_writer_and_sees_what_is_committed(database: Database) -> None:
    make_counters(database, "a")
    with Work(database) as writer:
        count(writer, "a")
        started = time.monotonic()
        assert counted(database) == {"a": 0}
        assert time.monotonic() - started < 2
        writer.commit()
    assert counted(database) == {"a": 1}


@pytest.mark.parametrize("migrated", ["sqlite"], indirect=True)
def test_a_writer_of_sqlite_waits_for_the_other_and_loses_nothing(database: Database) -> None:
    make_counters(database, "a")
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: in_work(database, lambda work: count(work, "a")), range(40)))
    assert counted(database) == {"a": 40}


def test_the_databases_clock_is_aware_utc_and_near_ours(database: Database) -> None:
    with Work(database) as work:
        now = work.database_now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < NEAR


def test_the_databases_clock_stands_still_within_a_transaction_and_moves_after(database: Database) -> None:
    with Work(database) as work:
        first = work.database_now()
        time.sleep(0.01)
        assert work.database_now() == first
    with Work(database) as work:
        assert work.database_now() > first


@pytest.mark.parametrize("migrated", ["mariadb", "postgres"], indirect=True)
def test_a_server_in_another_zone_still_tells_utc(database: Database) -> None:
    zone = "'+05:45'" if database.kind != "postgresql" else "'Asia/Kathmandu'"
    with Work(database) as work:
        work._connection.execute(text(f"SET time_zone = {zone}" if "+" in zone else f"SET TIME ZONE {zone}"))
        assert abs(work.database_now() - datetime.now(UTC)) < NEAR


def test_each_answer_is_told_to_the_thread_that_asked_and_to_no_other(database: Database) -> None:
    def asking(questions: int) -> list[str]:
        told: list[str] = []
        ANSWERED.set(lambda: told.append("answer"))
        with Work(database, read_only=True) as work:
            for _ in range(questions):
                work._connection.execute(text("SELECT 1"))
        return told

    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        few, many = one.submit(asking, 3), other.submit(asking, 40)
        assert 3 <= len(few.result()) < 10
        assert 40 <= len(many.result()) < 50


def test_a_connection_that_was_found_to_live_is_an_answer_too(database: Database) -> None:
    told: list[str] = []

    def asking() -> list[str]:
        ANSWERED.set(lambda: told.append("answer"))
        with database.engine.connect():
            return list(told)

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(asking).result()


def test_foreign_keys_hold_on_every_engine(database: Database) -> None:
    with pytest.raises(Refusal):
        in_work(database, lambda work: work.posts.add([a_post(ticket_id=1)], []))


@pytest.fixture(params=["mariadb", "postgres"])
def crashing(request: pytest.FixtureRequest) -> Iterator[tuple[Database, MariaDb | Postgres]]:
    """A database whose server a test may kill; runs again afterwards."""
    server: MariaDb | Postgres = request.getfixturevalue(request.param)
    url = server.fresh_database()
    opened = open_database(url)
    with opened.engine.begin() as connection:
        counters.create(connection)
    make_counters(opened, "a")
    yield opened, server
    if not runs_now(server):
        server.start()
    opened.close()
    server.drop_database(url)


def runs_now(server: MariaDb | Postgres) -> bool:
    return server._process is not None


def before(work: Work) -> None:
    count(work, "a")


def test_a_server_that_dies_means_away_and_works_again_when_it_is_back(
    crashing: tuple[Database, MariaDb | Postgres],
) -> None:
    database, server = crashing

    def cut_in_the_middle(work: Work) -> None:
        count(work, "a")
        server.kill()
        count(work, "a")

    for job in (cut_in_the_middle, before):  # in the middle of a transaction, and before one
        with pytest.raises(StoreAway) as away:
            in_work(database, job)
        assert database.shown in str(away.value)
        assert "correct-horse" not in str(away.value)
    server.start()
    in_work(database, before)
    assert counted(database) == {"a": 1}


def test_a_server_that_dies_at_commit_means_away(crashing: tuple[Database, MariaDb | Postgres]) -> None:
    database, server = crashing
    with Work(database) as work:
        count(work, "a")
        server.kill()
        with pytest.raises(StoreAway):
            work.commit()
    server.start()
    assert counted(database) == {"a": 0}


def test_connections_that_died_while_nobody_looked_are_replaced(
    crashing: tuple[Database, MariaDb | Postgres],
) -> None:
    database, server = crashing
    in_work(database, before)
    server.kill()
    server.start()
    in_work(database, before)
    assert counted(database) == {"a": 2}
