"""Jobs that only hand over: the weekly report with the end of the chain; and when each job last ended."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default

from helpdesk.actions.jobs import TASKS, last_ends
from helpdesk.actions.runs import begin_run, end_run, fail_run, to_begin_now
from helpdesk.actions.sealing import current_anchor, seal_next
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.jobs import JobName, JobPlan, Planned
from helpdesk.core.slots import Hourly
from helpdesk.store.audit import Event
from helpdesk.store.tables import letters
from helpdesk.store.work import Work, in_work
from tests.actions.intakes import NOW
from tests.actions.staff import Staffed
from tests.actions.turns import a_turn

MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def test_the_weekly_report_bears_the_end_of_the_chain_and_goes_out_once(staffed: Staffed) -> None:
    desk = staffed.bench.desk
    in_work(desk.database, lambda work: work.audit.add([Event(Action.LOGIN, Outcome.FAIL, NOW)]))
    assert seal_next(desk)
    report = TASKS[JobName.WEEKLY_REPORT]
    assert report(desk, JobPlan(), a_turn(MONDAY)) == "1 letters are queued"
    assert report(desk, JobPlan(), a_turn(MONDAY)) == ""
    [row] = [row for row in staffed.bench.rows(letters) if row["kind"] == "weekly_report"]
    text = message_from_bytes(row["content"], policy=default).get_body(("plain",))
    assert text is not None
    assert str(current_anchor(desk)) in "".join(text.get_content().split())


def test_a_job_counts_from_when_it_last_did_what_it_should(staffed: Staffed) -> None:
    desk, digest = staffed.bench.desk, Planned(JobName.DIGEST, "", Hourly())
    for ends_well in (True, False):
        begun = begin_run(desk, to_begin_now(desk, digest), "x")
        assert begun
        if ends_well:
            end_run(desk, begun, "")
        else:
            fail_run(desk, begun, "no")
        staffed.bench.later(timedelta(hours=1))
    with Work(desk.database, read_only=True) as work:
        assert last_ends(work, JobPlan()) == {"digest": NOW}
