"""Jobs that only hand over: the weekly report with the end of the chain; and when each job last ended."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from helpdesk.actions.jobs import TASKS, last_ends
from helpdesk.actions.runs import begin_run, end_run, fail_run, to_begin_now
from helpdesk.actions.sealing import current_anchor, seal_next
from helpdesk.actions.weekly import ALREADY_SENT, NOBODY
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.jobs import JobName, JobPlan, Planned, RunState
from helpdesk.core.slots import Hourly
from helpdesk.store.audit import Event
from helpdesk.store.tables import audit_logs, letters, people
from helpdesk.store.work import Work, in_work
from tests.actions.intakes import NOW
from tests.actions.staff import Staffed
from tests.actions.turns import a_turn

MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
WEEKS_END = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)  # midnight in Paris
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def test_the_weekly_report_bears_the_end_of_the_chain_and_goes_out_once(staffed: Staffed) -> None:
    desk = staffed.bench.desk
    in_work(desk.database, lambda work: work.audit.add([Event(Action.LOGIN, Outcome.FAIL, NOW)]))
    assert seal_next(desk)
    report = TASKS[JobName.WEEKLY_REPORT]
    assert report(desk, JobPlan(), a_turn(MONDAY)) == "1 letters are queued"
    assert report(desk, JobPlan(), a_turn(MONDAY)) == ALREADY_SENT
    [row] = [row for row in staffed.bench.rows(letters) if row["kind"] == "weekly_report"]
    text = message_from_bytes(row["content"], policy=default).get_body(("plain",))
    assert text is not None
    assert str(current_anchor(desk)) in "".join(text.get_content().split())


@pytest.mark.parametrize(
    ("at", "count"), [(WEEKS_END - SECOND, 1), (WEEKS_END, 0)], ids=["in it", "after it"]
)
def test_a_desk_that_is_younger_than_the_week_reports_nothing(
    staffed: Staffed, at: datetime, count: int
) -> None:
    desk = staffed.bench.desk
    with desk.database.engine.begin() as connection:
        connection.execute(audit_logs.delete())
    in_work(desk.database, lambda work: work.audit.add([Event(Action.LOGIN, Outcome.FAIL, at)]))
    told = TASKS[JobName.WEEKLY_REPORT](desk, JobPlan(), a_turn(MONDAY))
    assert told == ("1 letters are queued" if count else "nothing sent: the desk is younger than the week")


def test_a_report_that_nobody_can_get_says_so(staffed: Staffed) -> None:
    desk = staffed.bench.desk
    in_work(desk.database, lambda work: work.audit.add([Event(Action.LOGIN, Outcome.FAIL, NOW)]))
    with desk.database.engine.begin() as connection:
        connection.execute(people.update().values(active=False))
    assert TASKS[JobName.WEEKLY_REPORT](desk, JobPlan(), a_turn(MONDAY)) == NOBODY


@pytest.mark.parametrize(
    ("missed", "reported"),
    [pytest.param(0, 1, id="none"), pytest.param(2, 3, id="two weeks"), pytest.param(9, 4, id="nine weeks")],
)
def test_a_report_for_each_week_that_was_missed(staffed: Staffed, missed: int, reported: int) -> None:
    desk = staffed.bench.desk
    last = MONDAY - (missed + 1) * timedelta(days=7)
    in_work(desk.database, lambda work: work.audit.add([Event(Action.LOGIN, Outcome.FAIL, last - 30 * DAY)]))
    in_work(
        desk.database,
        lambda work: work.runs.end(
            work.runs.add(JobName.WEEKLY_REPORT.value, "", last, "x", last), RunState.DONE, "", last
        ),
    )
    for told in (f"{reported} letters are queued", ALREADY_SENT):
        assert TASKS[JobName.WEEKLY_REPORT](desk, JobPlan(), a_turn(MONDAY, JobName.WEEKLY_REPORT)) == told


def test_a_job_counts_from_when_it_last_did_what_it_should(staffed: Staffed) -> None:
    desk = staffed.bench.desk
    digest, compared = (
        Planned(JobName.DIGEST, "", Hourly()),
        Planned(JobName.RECONCILE, "main", JobPlan().nightly),
    )
    for one, ends_well in ((digest, True), (compared, True), (digest, False), (compared, False)):
        begun = begin_run(desk, to_begin_now(desk, one), "x")
        assert begun
        if ends_well:
            end_run(desk, begun, "")
        else:
            fail_run(desk, begun, "no")
        staffed.bench.later(timedelta(hours=1))
    with Work(desk.database, read_only=True) as work:
        assert last_ends(work, JobPlan(), ["main", "other"]) == {
            "digest": NOW,
            "reconcile main": NOW + timedelta(hours=1),
        }
