"""What a daemon does about a run: taken, waited for, given up, to the second."""

from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.core.jobs import (
    MAX_ATTEMPTS,
    RETRY_AFTER,
    JobName,
    JobPlan,
    Run,
    RunState,
    Step,
    is_last_attempt,
    next_step,
    planned,
)
from helpdesk.core.slots import Hourly

SLOT = datetime(2026, 11, 26, 2, 30, tzinfo=UTC)
BEGUN = SLOT + timedelta(minutes=1)
SECOND = timedelta(seconds=1)
NEXT = SLOT + timedelta(days=1)


def a_run(attempts: int = 1, started_at: datetime | None = BEGUN, ended_at: datetime | None = None) -> Run:
    return Run(1, "digest", "", SLOT, RunState.RUNNING, "one", attempts, started_at, ended_at, "")


@pytest.mark.parametrize(
    ("run", "latest", "now", "step"),
    [
        pytest.param(None, SLOT, SLOT, Step.TAKE, id="nobody has begun it"),
        pytest.param(a_run(ended_at=BEGUN), SLOT, BEGUN, Step.NOTHING, id="ended"),
        pytest.param(a_run(), SLOT, BEGUN, Step.WAIT, id="begun this moment"),
        pytest.param(
            a_run(), SLOT, BEGUN + RETRY_AFTER - SECOND, Step.WAIT, id="a second before it is tried again"
        ),
        pytest.param(a_run(), SLOT, BEGUN + RETRY_AFTER, Step.TAKE, id="tried again"),
        pytest.param(
            a_run(), SLOT, BEGUN - SECOND, Step.TAKE, id="the clock was set back: nothing waits for it"
        ),
        pytest.param(a_run(MAX_ATTEMPTS - 1), SLOT, BEGUN + RETRY_AFTER, Step.TAKE, id="one attempt is left"),
        pytest.param(a_run(MAX_ATTEMPTS), SLOT, BEGUN + RETRY_AFTER, Step.GIVE_UP, id="no attempt is left"),
        pytest.param(
            a_run(MAX_ATTEMPTS), SLOT, BEGUN + SECOND, Step.WAIT, id="the last may be at work still"
        ),
        pytest.param(a_run(), NEXT, BEGUN + RETRY_AFTER, Step.OVERTAKEN, id="overtaken by the next slot"),
        pytest.param(
            a_run(MAX_ATTEMPTS - 1),
            NEXT,
            BEGUN + RETRY_AFTER,
            Step.OVERTAKEN,
            id="overtaken before its last attempt",
        ),
        pytest.param(
            a_run(MAX_ATTEMPTS), NEXT, BEGUN + RETRY_AFTER, Step.GIVE_UP, id="overtaken, no attempt is left"
        ),
        pytest.param(a_run(), NEXT, BEGUN, Step.WAIT, id="overtaken, and perhaps at work"),
        pytest.param(a_run(0, None), SLOT, BEGUN, Step.TAKE, id="asked for, or given back"),
        pytest.param(a_run(0, None), NEXT, NEXT, Step.TAKE, id="asked for long ago"),
        pytest.param(a_run(1, None), SLOT, BEGUN, Step.TAKE, id="given back after an attempt that failed"),
    ],
)
def test_what_is_done_about_a_run(run: Run | None, latest: datetime, now: datetime, step: Step) -> None:
    assert next_step(run, latest, now) is step


@pytest.mark.parametrize(("attempts", "last"), [(1, False), (MAX_ATTEMPTS - 1, False), (MAX_ATTEMPTS, True)])
def test_the_third_attempt_is_the_last(attempts: int, last: bool) -> None:
    assert is_last_attempt(a_run(attempts)) is last


def test_each_mailbox_has_its_own_comparison() -> None:
    found = [(one.job, one.scope) for one in planned(JobPlan(), ["main", "second"])]
    assert found.count((JobName.DIGEST, "")) == 1
    assert [scope for job, scope in found if job is JobName.RECONCILE] == ["main", "second"]


@pytest.mark.parametrize("wanted", [False, True])
def test_the_canary_flies_where_it_is_wanted_and_is_looked_for_after_its_minutes(wanted: bool) -> None:
    jobs = {one.job: one for one in planned(JobPlan(canary=wanted, canary_minutes=20), [])}
    assert (JobName.CANARY in jobs, JobName.CANARY_BACK in jobs) == (wanted, wanted)
    if wanted:
        assert (jobs[JobName.CANARY].rhythm, jobs[JobName.CANARY_BACK].rhythm) == (Hourly(), Hourly(20))
