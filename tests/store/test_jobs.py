"""Runs of jobs: one row for each slot, and nobody writes over another's attempt."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from helpdesk.core.jobs import Run, RunState
from helpdesk.store.engine import Database
from helpdesk.store.work import AlreadyThere, Work, in_work

SLOT = datetime(2026, 11, 26, 2, 30, tzinfo=UTC)
NOW = SLOT + timedelta(minutes=1)


def begun(database: Database, slot: datetime = SLOT, job: str = "digest", scope: str = "") -> Run:
    return in_work(database, lambda work: work.runs.add(job, scope, slot, "one", NOW))


def asked(database: Database, slot: datetime = SLOT) -> Run:
    return in_work(database, lambda work: work.runs.add("digest", "", slot, "", None))


def read(database: Database, slot: datetime = SLOT) -> Run:
    with Work(database, read_only=True) as work:
        (found,) = work.runs.at([slot])
        return found


def test_a_slot_has_one_run_of_each_job_and_scope(database: Database) -> None:
    begun(database)
    begun(database, scope="main")
    begun(database, job="reconcile")
    begun(database, SLOT + timedelta(hours=1))
    with pytest.raises(AlreadyThere):
        begun(database)


def test_what_is_begun_is_read_as_it_was_written(database: Database) -> None:
    run = begun(database)
    assert read(database) == run
    assert (run.state, run.attempts, run.started_at, run.ended_at) == (RunState.RUNNING, 1, NOW, None)


def test_what_is_asked_for_waits_for_somebody(database: Database) -> None:
    run = asked(database)
    assert (run.state, run.attempts, run.started_at) == (RunState.ASKED, 0, None)
    taken = in_work(database, lambda work: work.runs.take(run, "two", NOW))
    assert taken == read(database)
    assert taken is not None
    assert (taken.state, taken.owner, taken.attempts, taken.started_at) == (RunState.RUNNING, "two", 1, NOW)


def test_of_many_that_take_one_at_once_one_gets_it(database: Database) -> None:
    run, start = begun(database), Barrier(6)

    def take(owner: str) -> Run | None:
        start.wait()
        return in_work(database, lambda work: work.runs.take(run, owner, NOW))

    with ThreadPoolExecutor(6) as threads:
        got = [one for one in threads.map(take, map(str, range(6))) if one is not None]
    assert [one.attempts for one in got] == [2]
    assert read(database) == got[0]


def test_whoever_lost_a_run_cannot_end_it(database: Database) -> None:
    """It slept past its lease; its successor is at work."""
    run = begun(database)
    later = in_work(database, lambda work: work.runs.take(run, "two", NOW))
    assert later is not None
    assert not in_work(database, lambda work: work.runs.end(run, RunState.FAILED, "late", NOW))
    in_work(database, lambda work: work.runs.note(run, "late"))
    in_work(database, lambda work: work.runs.give_back(run))
    assert read(database) == later
    assert in_work(database, lambda work: work.runs.end(later, RunState.DONE, "well", NOW))
    assert not in_work(database, lambda work: work.runs.end(later, RunState.FAILED, "again", NOW))
    assert (read(database).state, read(database).told) == (RunState.DONE, "well")
    assert in_work(database, lambda work: work.runs.take(read(database), "three", NOW)) is None


def test_a_run_that_is_given_back_has_had_no_attempt(database: Database) -> None:
    run = begun(database)
    in_work(database, lambda work: work.runs.give_back(run))
    assert (read(database).attempts, read(database).started_at) == (0, None)


def test_only_what_has_not_ended_is_open(database: Database) -> None:
    ended, later = begun(database), begun(database, SLOT + timedelta(hours=1))
    first = asked(database, SLOT - timedelta(hours=1))
    in_work(database, lambda work: work.runs.end(ended, RunState.DONE, "", NOW))
    with Work(database, read_only=True) as work:
        assert work.runs.open_ones() == [first, later]
        assert work.runs.last_of("digest", "") == read(database)
        assert work.runs.last_of("digest", "main") is None
        assert [run.slot for run in work.runs.newest(2)] == [later.slot, ended.slot]
        assert work.runs.newest(2, "reconcile") == []


def test_what_was_asked_for_before_a_run_began_is_done_with_it(database: Database) -> None:
    before = asked(database, NOW)
    after = asked(database, NOW + timedelta(microseconds=1))
    run = begun(database)
    in_work(database, lambda work: work.runs.end_asked(run, "with another", NOW))
    with Work(database, read_only=True) as work:
        assert work.runs.open_ones() == [run, after]
    assert (read(database, NOW).state, read(database, NOW).told) == (RunState.DONE, "with another")
    assert before.ended_at is None


def test_old_runs_are_forgotten_to_the_moment(database: Database) -> None:
    begun(database)
    assert in_work(database, lambda work: work.runs.forget_before(SLOT)) == 0
    assert in_work(database, lambda work: work.runs.forget_before(SLOT + timedelta(microseconds=1))) == 1


def test_a_long_story_is_cut(database: Database) -> None:
    run = begun(database)
    in_work(database, lambda work: work.runs.note(run, "é" * 600))
    in_work(database, lambda work: work.runs.end(run, RunState.FAILED, "é" * 600, NOW))
    assert read(database).told == "é" * 500
