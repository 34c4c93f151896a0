"""What ``status`` says of jobs: what was given up within a week, a lost canary, the certificate that ends first."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from helpdesk.actions.canary import BACK, LOST, STILL_LOST
from helpdesk.actions.status import as_data, canary_lost_in, certificate_in, given_up_in, health_of
from helpdesk.core.health import GIVEN_UP, CertificateSeen, GivenUp, Health
from helpdesk.core.jobs import JobName, RunState
from helpdesk.store.alerts import NewAlert
from helpdesk.store.work import Work, in_work
from tests.actions.intakes import NOW, IntakeBench, bench

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture
def desk(each_url: str, tmp_path: Path) -> Iterator[IntakeBench]:
    made = bench(each_url, tmp_path)
    yield made
    made.close()


def ended(desk: IntakeBench, job: JobName, at: datetime, state: RunState, told: str, scope: str = "") -> None:
    def job_of(work: Work) -> None:
        run = work.runs.add(job.value, scope, at, "x", at)
        work.runs.end(run, state, told, at)

    in_work(desk.desk.database, job_of)


def given_up(desk: IntakeBench) -> tuple[GivenUp, ...]:
    with Work(desk.desk.database, read_only=True) as work:
        return given_up_in(work, NOW)


def test_a_job_that_was_given_up_within_a_week_is_told_of_once(desk: IntakeBench) -> None:
    ended(desk, JobName.EXPIRE, NOW - GIVEN_UP - SECOND, RunState.FAILED, "too old")
    ended(desk, JobName.RECONCILE, NOW - GIVEN_UP, RunState.FAILED, "no", "main")
    ended(desk, JobName.RECONCILE, NOW - HOUR, RunState.FAILED, "away", "main")
    ended(desk, JobName.RECONCILE, NOW, RunState.DONE, "", "other")
    ended(desk, JobName.CLOSE, NOW - HOUR, RunState.OVERTAKEN, "overtaken")
    assert given_up(desk) == (GivenUp("reconcile main", 2, NOW - HOUR, "away", mended=False),)
    ended(desk, JobName.RECONCILE, NOW, RunState.DONE, "", "main")
    assert given_up(desk) == (GivenUp("reconcile main", 2, NOW - HOUR, "away", mended=True),)


@pytest.mark.parametrize(
    ("told", "ago", "lost"),
    [
        pytest.param(LOST, 2 * HOUR - SECOND, True, id="lost"),
        pytest.param(LOST, 2 * HOUR, False, id="lost before it was turned off"),
        pytest.param(STILL_LOST, HOUR, True, id="lost, and none was sent since"),
        pytest.param(BACK, HOUR, False, id="back"),
    ],
)
def test_a_canary_is_lost_while_there_are_any(
    desk: IntakeBench, told: str, ago: timedelta, lost: bool
) -> None:
    ended(desk, JobName.CANARY_BACK, NOW - 3 * HOUR, RunState.DONE, LOST if told == BACK else BACK)
    ended(desk, JobName.CANARY_BACK, NOW - ago, RunState.DONE, told)
    with Work(desk.desk.database, read_only=True) as work:
        assert canary_lost_in(work, NOW) is lost


def test_the_first_alarm_that_no_file_has_is_told(desk: IntakeBench) -> None:
    assert health_of(desk.desk.database, []).untold_since is None
    for kind, at in (("first", NOW - HOUR), ("second", NOW)):
        new = [NewAlert(f"{kind:0>64}", kind, None, 1, 0, 0)]
        in_work(desk.desk.database, lambda work, new=new, at=at: work.alerts.add(new, at))  # type: ignore[misc]
    found = health_of(desk.desk.database, [])
    assert as_data(found, [])["alarms_untold_since"] == found.untold_since == NOW - HOUR


def test_the_certificate_that_ends_first_is_that_of_the_last_look(desk: IntakeBench) -> None:
    with Work(desk.desk.database, read_only=True) as work:
        assert certificate_in(work) is None
    told = "2 looked at, 1 end soon, the first 2026-11-27 08:00 UTC: IMAP x:993"
    ended(desk, JobName.CERTIFICATES, NOW, RunState.DONE, told)
    with Work(desk.desk.database, read_only=True) as work:
        seen = certificate_in(work)
    assert seen == CertificateSeen("IMAP x:993", NOW.replace(day=27, hour=8, minute=0))
    data = as_data(Health(NOW, certificate=seen), [])
    assert data["certificate"] == {"where": "IMAP x:993", "ends_at": seen.ends_at, "days_left": 6}
    assert as_data(Health(NOW), [])["certificate"] is None
