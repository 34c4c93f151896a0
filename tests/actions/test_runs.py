"""Runs of jobs on a desk: what is due, caught up, tried again, given up and told."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from helpdesk.actions.runs import (
    CRASHED,
    OVERTAKEN,
    ask_for_run,
    begin_run,
    due_runs,
    end_run,
    fail_run,
    give_back_run,
    give_up_run,
    lease_name,
    leave_to_next,
    runs_of,
)
from helpdesk.core.jobs import MAX_ATTEMPTS, RETRY_AFTER, JobName, Planned, Run, RunState, Step
from helpdesk.core.slots import Hourly, daily
from helpdesk.store.tables import alerts, letters
from tests.actions.intakes import ADMIN, NOW, IntakeBench, bench

NIGHTLY = Planned(JobName.RECONCILE, "main", daily("03:30"))
HOURLY = Planned(JobName.DIGEST, "", Hourly())
SECOND = timedelta(seconds=1)
LAST_NIGHT = NOW.replace(hour=2, minute=30)  # half past three in Paris


@pytest.fixture
def desk(each_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    made = bench(each_url, tmp_path)
    yield made
    made.close()


def due(desk: IntakeBench, *jobs: Planned) -> list[tuple[datetime, Step]]:
    return [(one.slot, one.step) for one in due_runs(desk.desk, jobs or [NIGHTLY])]


def begin(desk: IntakeBench, owner: str = "one", job: Planned = NIGHTLY) -> Run:
    """Begin the first thing that is due."""
    run = begin_run(desk.desk, due_runs(desk.desk, [job])[0], owner)
    assert run is not None
    return run


def test_the_last_slot_is_due_until_its_run_has_ended_and_the_next_one_to_the_second(
    desk: IntakeBench,
) -> None:
    assert due(desk) == [(LAST_NIGHT, Step.TAKE)]
    run = begin(desk)
    assert due(desk) == []
    end_run(desk.desk, run, "well")
    assert due(desk) == []
    desk.clock[0] = LAST_NIGHT + timedelta(days=1) - SECOND
    assert due(desk) == []
    desk.later(SECOND)
    assert due(desk) == [(LAST_NIGHT + timedelta(days=1), Step.TAKE)]


def test_of_what_was_missed_only_the_last_slot_is_caught_up(desk: IntakeBench) -> None:
    end_run(desk.desk, begin(desk), "")
    desk.later(timedelta(days=10))
    assert due(desk) == [(LAST_NIGHT + timedelta(days=10), Step.TAKE)]


def test_what_is_due_comes_in_the_order_of_its_slots(desk: IntakeBench) -> None:
    assert due(desk, HOURLY, NIGHTLY) == [(LAST_NIGHT, Step.TAKE), (NOW, Step.TAKE)]


def test_of_two_daemons_that_see_the_same_slot_one_begins(desk: IntakeBench) -> None:
    (seen,) = due_runs(desk.desk, [NIGHTLY])
    assert begin_run(desk.desk, seen, "one") is not None
    assert begin_run(desk.desk, seen, "two") is None


def test_a_run_whose_daemon_died_is_taken_by_another_and_the_dead_one_ends_nothing(desk: IntakeBench) -> None:
    dead = begin(desk)
    desk.later(RETRY_AFTER - SECOND)
    assert due(desk) == []
    desk.later(SECOND)
    run = begin(desk, "two")
    assert (run.id, run.attempts, run.owner) == (dead.id, 2, "two")
    end_run(desk.desk, dead, "late")
    assert runs_of(desk.desk, 9)[0].state is RunState.RUNNING
    end_run(desk.desk, run, "well")
    assert [(one.state, one.told, one.attempts) for one in runs_of(desk.desk, 9)] == [
        (RunState.DONE, "well", 2)
    ]


def test_after_the_third_failure_the_contacts_are_told_and_it_is_tried_no_more(desk: IntakeBench) -> None:
    for attempt in range(1, MAX_ATTEMPTS):
        assert not fail_run(desk.desk, begin(desk), f"away {attempt}")
        assert due(desk) == []
        desk.later(RETRY_AFTER)
    assert desk.letters() == []
    assert fail_run(desk.desk, begin(desk), "still away")
    assert desk.letters() == [("alert", ADMIN)]
    (run,) = runs_of(desk.desk, 9)
    assert (run.state, run.told, run.ended_at) == (RunState.FAILED, "still away", desk.now)
    desk.later(RETRY_AFTER)
    assert due(desk) == []
    assert desk.rows(alerts)[0]["kind"] == "job_failed:reconcile"
    (content,) = desk.column(letters, "content")
    told = message_from_bytes(content, policy=default)
    assert "une tâche a échoué" in str(told["Subject"])


def test_a_run_that_ends_with_its_process_each_time_is_given_up_and_told(desk: IntakeBench) -> None:
    for _ in range(MAX_ATTEMPTS):
        run = begin(desk)
        desk.later(RETRY_AFTER)
    assert due(desk) == [(LAST_NIGHT, Step.GIVE_UP)]
    assert give_up_run(desk.desk, run)
    assert not give_up_run(desk.desk, run), "another daemon was quicker"
    assert (runs_of(desk.desk, 9)[0].state, runs_of(desk.desk, 9)[0].told) == (RunState.FAILED, CRASHED)
    assert desk.letters() == [("alert", ADMIN)]


def test_a_job_that_failed_is_an_alarm_where_nobody_can_be_written_to(desk: IntakeBench) -> None:
    alone = replace(desk.desk, alert_addresses=())
    for _attempt in range(MAX_ATTEMPTS):
        fail_run(alone, begin(desk), "away")
        desk.later(RETRY_AFTER)
    assert desk.letters() == []
    (row,) = desk.rows(alerts)
    assert (row["kind"], row["letters"], row["told_at"]) == ("job_failed:reconcile", 0, None)


def test_a_run_that_the_next_slot_overtook_is_left_to_that_one_and_alarms_nobody(desk: IntakeBench) -> None:
    run = begin(desk)
    desk.later(timedelta(days=1))
    assert due(desk) == [(LAST_NIGHT, Step.OVERTAKEN), (LAST_NIGHT + timedelta(days=1), Step.TAKE)]
    assert leave_to_next(desk.desk, run)
    assert not leave_to_next(desk.desk, run), "another daemon was quicker"
    assert (runs_of(desk.desk, 9)[0].state, runs_of(desk.desk, 9)[0].told) == (RunState.OVERTAKEN, OVERTAKEN)
    assert desk.letters() == []


def test_a_run_that_failed_and_was_overtaken_keeps_why(desk: IntakeBench) -> None:
    fail_run(desk.desk, begin(desk), "away")
    desk.later(timedelta(days=1))
    (overtaken, _due) = due_runs(desk.desk, [NIGHTLY])
    assert overtaken.run is not None
    assert leave_to_next(desk.desk, overtaken.run)
    assert runs_of(desk.desk, 9)[0].told == "away"


def test_of_one_job_the_contacts_hear_once_a_day(desk: IntakeBench) -> None:
    for _ in range(2):
        for _attempt in range(MAX_ATTEMPTS):
            fail_run(desk.desk, begin(desk, job=HOURLY), "away")
            desk.later(RETRY_AFTER)
        desk.later(timedelta(hours=1))
    assert [run.state for run in runs_of(desk.desk, 9)] == [RunState.FAILED] * 2
    assert len(desk.letters()) == 1
    assert desk.column(alerts, "count") == [2 * MAX_ATTEMPTS]
    desk.later(timedelta(days=1))
    for _attempt in range(MAX_ATTEMPTS):
        fail_run(desk.desk, begin(desk, job=HOURLY), "away")
        desk.later(RETRY_AFTER)
    assert len(desk.letters()) == 2


def test_a_run_that_a_stop_cut_off_is_due_again_at_once(desk: IntakeBench) -> None:
    give_back_run(desk.desk, begin(desk))
    assert due(desk) == [(LAST_NIGHT, Step.TAKE)]
    assert begin(desk).attempts == 1


def test_what_somebody_asks_for_is_due_at_once_and_only_once(desk: IntakeBench) -> None:
    end_run(desk.desk, begin(desk), "")
    desk.later(SECOND)
    assert ask_for_run(desk.desk, NIGHTLY)
    assert not ask_for_run(desk.desk, NIGHTLY), "it is asked for already"
    assert due(desk) == [(NOW + SECOND, Step.TAKE)]
    end_run(desk.desk, begin(desk), "")
    assert due(desk) == []


def test_a_run_that_begins_after_somebody_asked_is_what_they_asked_for(desk: IntakeBench) -> None:
    ask_for_run(desk.desk, NIGHTLY)
    assert len(due(desk)) == 2
    end_run(desk.desk, begin(desk), "well")
    assert due(desk) == []
    assert [run.state for run in runs_of(desk.desk, 9)] == [RunState.DONE] * 2


def test_each_scope_of_a_job_has_its_own_lease() -> None:
    assert lease_name(HOURLY) == "job:digest"
    assert lease_name(NIGHTLY) == "job:reconcile:main"
