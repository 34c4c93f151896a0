"""The thread of the jobs: one at a time; no failure stops another, and a stop is quick."""

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from daemon import jobs as jobs_module
from daemon.jobs import LOOK_SECONDS, Job, Jobs
from helpdesk.actions.runs import begin_run, due_runs, lease_name, runs_of
from helpdesk.core.jobs import MAX_ATTEMPTS, RETRY_AFTER, JobName, Planned, RunState, Turn
from helpdesk.core.slots import Hourly
from helpdesk.errors import MailboxAway, StoreAway
from helpdesk.store.work import in_work
from tests.actions.intakes import ADMIN, IntakeBench, bench

FIRST = Planned(JobName.DIGEST, "first", Hourly())
SECOND = Planned(JobName.DIGEST, "second", Hourly())


class Stage:
    """A desk with two jobs that note when they are run. ``does``: what the first one does."""

    def __init__(self, desk: IntakeBench) -> None:
        self.desk = desk
        self.ran: list[str] = []
        self.woken = 0
        self.ready = True
        self.does: Callable[[Turn], str] = lambda _turn: "well"
        self.cut = threading.Event()

    def first(self, turn: Turn) -> str:
        self.ran.append("first")
        return self.does(turn)

    def second(self, _turn: Turn) -> str:
        self.ran.append("second")
        return ""

    def wake(self) -> None:
        self.woken += 1

    def jobs(self, owner: str = "one") -> Jobs:
        made = [Job(FIRST, self.first, lambda: self.ready, self.cut.set), Job(SECOND, self.second)]
        return Jobs(self.desk.desk, owner, made, self.wake)

    def states(self) -> dict[str, RunState]:
        return {run.scope: run.state for run in runs_of(self.desk.desk, 9)}


@pytest.fixture
def stage(sqlite_url: str, tmp_path: Path) -> Iterator[Stage]:
    made = Stage(bench(sqlite_url, tmp_path))
    yield made
    made.desk.close()


def test_each_job_runs_once_a_slot_and_its_end_is_noted_and_wakes_the_letters(stage: Stage) -> None:
    jobs = stage.jobs()
    jobs.look()
    jobs.look()
    assert stage.ran == ["first", "second"]
    assert [(run.scope, run.state, run.told) for run in runs_of(stage.desk.desk, 9)] == [
        ("second", RunState.DONE, ""),
        ("first", RunState.DONE, "well"),
    ]
    assert stage.woken == 2
    stage.desk.later(timedelta(hours=1))
    jobs.look()
    assert stage.ran == ["first", "second"] * 2


def test_a_job_that_is_not_ready_waits_alone(stage: Stage) -> None:
    stage.ready = False
    jobs = stage.jobs()
    jobs.look()
    assert stage.ran == ["second"]
    stage.ready = True
    jobs.look()
    assert stage.ran == ["second", "first"]


@pytest.mark.parametrize("trouble", [MailboxAway("away"), RuntimeError("a defect")], ids=["away", "defect"])
def test_a_job_that_fails_is_a_line_and_after_the_third_time_an_alert_and_the_others_go_on(
    stage: Stage, trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_turn: Turn) -> str:
        raise trouble

    caplog.set_level(logging.ERROR, "helpdesk.jobs")
    stage.does = fail
    jobs = stage.jobs()
    for _ in range(MAX_ATTEMPTS + 1):
        jobs.look()
        stage.desk.later(RETRY_AFTER)
    assert stage.ran[: MAX_ATTEMPTS + 1] == ["first", "second", "first", "first"]
    assert [record.getMessage() for record in caplog.records[:MAX_ATTEMPTS]] == ["job_failed"] * MAX_ATTEMPTS
    assert stage.desk.letters() == [("alert", ADMIN)]
    why = next(
        run for run in runs_of(stage.desk.desk, 9, JobName.DIGEST) if run.state is RunState.FAILED
    ).told
    assert why == ("away" if isinstance(trouble, MailboxAway) else "a defect (RuntimeError)")


def test_what_a_living_daemon_has_in_hand_is_left_to_it(stage: Stage) -> None:
    in_work(stage.desk.desk.database, lambda work: work.leases.take(lease_name(FIRST), "two", 60))
    stage.jobs().look()
    assert stage.ran == ["second"]
    in_work(stage.desk.desk.database, lambda work: work.leases.release(lease_name(FIRST), "two"))
    stage.jobs().look()
    assert stage.ran == ["second", "first"]


def test_a_run_that_dies_with_its_daemon_each_time_is_given_up(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "helpdesk.jobs")
    for _ in range(MAX_ATTEMPTS):
        assert begin_run(stage.desk.desk, due_runs(stage.desk.desk, [FIRST])[0], "dead") is not None
        stage.desk.later(RETRY_AFTER)
    stage.jobs().look()
    assert stage.states()["first"] is RunState.FAILED
    assert stage.desk.letters() == [("alert", ADMIN)]
    assert caplog.records[0].getMessage() == "job"


def test_a_run_that_died_with_its_daemon_before_the_clock_jumped_alarms_nobody(stage: Stage) -> None:
    assert begin_run(stage.desk.desk, due_runs(stage.desk.desk, [FIRST])[0], "dead") is not None
    stage.desk.later(timedelta(days=1))
    stage.jobs().look()
    of_first = [run.state for run in runs_of(stage.desk.desk, 9) if run.scope == "first"]
    assert of_first == [RunState.DONE, RunState.OVERTAKEN]
    assert stage.ran == ["first", "second"]
    assert stage.desk.letters() == []


def test_a_database_that_is_away_is_no_end(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> list[object]:
        raise StoreAway("away")

    jobs = stage.jobs()
    with monkeypatch.context() as patched:
        patched.setattr(jobs_module, "due_runs", away)
        jobs.look()
    jobs.look()
    assert stage.ran == ["first", "second"]


def test_a_defect_in_looking_is_told_and_no_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> list[object]:
        raise RuntimeError("a defect")

    caplog.set_level(logging.ERROR, "helpdesk.jobs")
    monkeypatch.setattr(jobs_module, "due_runs", broken)
    stage.jobs().look()
    assert [record.getMessage() for record in caplog.records] == ["jobs_failed"]


def test_a_stop_cuts_off_what_is_at_work_and_another_does_it_at_once(stage: Stage) -> None:
    begun = threading.Event()

    def hang(turn: Turn) -> str:
        begun.set()
        assert turn.going()
        assert stage.cut.wait(60)
        assert not turn.going()
        raise MailboxAway("cut")

    stage.does = hang
    jobs = stage.jobs()
    jobs.start()
    assert begun.wait(60)
    jobs.stop()
    jobs.join(60)
    assert stage.ran == ["first"]
    stage.does = lambda _turn: "well"
    stage.jobs("two").look()
    assert stage.ran == ["first", "first", "second"]
    assert stage.desk.letters() == []


def test_the_thread_looks_at_once_and_ends_when_told(stage: Stage) -> None:
    done = threading.Event()

    def tell(_turn: Turn) -> str:
        done.set()
        return ""

    stage.does = tell
    jobs = stage.jobs()
    jobs.start()
    assert done.wait(60)
    jobs.stop()
    jobs.join(60)
    assert not jobs.is_alive()


def test_a_clock_of_ours_that_was_set_back_does_not_keep_it_from_looking(stage: Stage) -> None:
    jobs = stage.jobs()
    assert jobs.seconds_left() == LOOK_SECONDS
    assert 0 < jobs.seconds_left() <= LOOK_SECONDS
    plan_again_after(jobs, timedelta(days=1))  # what a clock that was set back by a day makes of it
    assert jobs.seconds_left() == LOOK_SECONDS
    plan_again_after(jobs, -timedelta(hours=1))
    assert jobs.seconds_left() == 0, "one that was set forward only makes it look at once"


def plan_again_after(jobs: Jobs, by: timedelta) -> None:
    (look,) = jobs._clock.jobs
    assert look.next_run is not None
    look.next_run += by
