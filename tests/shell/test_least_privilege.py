"""With the rights that the scripts in sql/ give, the shell does its day's work and the daemon files mail."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import insert

from daemon.jobs import Job, Jobs
from helpdesk.actions.jobs import TASKS
from helpdesk.actions.people import add_person
from helpdesk.actions.runs import runs_of
from helpdesk.actions.weekly import queue_report
from helpdesk.core.jobs import JobName, JobPlan, RunState, planned
from helpdesk.core.kept import HELD_NOTICE
from helpdesk.core.people import AddressState, Language, Role
from helpdesk.core.weekly import last_week
from helpdesk.store.tables import audit_logs, budgets, letters, mails
from helpdesk.store.work import Work, in_work
from tests.actions.intakes import JEAN, NOW, IntakeBench, a_mail, bench
from tests.shell.desks import PASSWORD, ShellDesk, said
from tests.store.granting import Granted, granted_on


@pytest.fixture(scope="module", params=["mariadb", "postgres"])
def granted(request: pytest.FixtureRequest) -> Iterator[Granted]:
    """A migrated database with both users, on each server in turn."""
    with granted_on(request.getfixturevalue(request.param)) as made:
        yield made


def run_every_job(desk: IntakeBench) -> None:
    """Let the daemon's user do what runs by the clock, with tickets, mails and files that it is about."""
    desk.file(a_mail(message_id="<3@univ.example>", says=("spf=pass smtp.mailfrom=univ.example",)))
    desk.file(a_mail("Résolu", message_id="<4@univ.example>"))
    desk.resolve(3, NOW)
    desk.later(timedelta(days=60))
    plan = JobPlan(canary=True)
    jobs = [
        Job(one, partial(TASKS[one.job], desk.desk, plan)) for one in planned(plan, ()) if one.job in TASKS
    ]
    _tell_of_endings_before(desk)
    daemon = Jobs(desk.desk, "me", jobs)
    daemon.look()
    runs = runs_of(desk.desk, 99)
    assert {run.state for run in runs} == {RunState.DONE}, [run.told for run in runs]
    assert {run.job for run in runs} == {one.planned.job.value for one in jobs}
    told = {run.job: run.told for run in runs}
    assert (told["close"], told["overdue"]) == ("1 tickets closed", "2 tickets told of")
    assert told["expire"] == "1 kept mails expired"
    desk.later(-timedelta(days=60))


def _tell_of_endings_before(desk: IntakeBench) -> None:
    """Nothing is given up before its owner was told a week ago."""

    def job(work: Work) -> None:
        slot = desk.now - HELD_NOTICE
        work.runs.end(work.runs.add(JobName.ENDINGS.value, "", slot, "me", slot), RunState.DONE, "", slot)

    in_work(desk.desk.database, job)


def test_the_daemon_files_mail_and_the_shell_works_on_it(granted: Granted, tmp_path: Path) -> None:
    jean = add_person(granted.owner, JEAN, "Jean Dupont", Role.USER, Language.FR, AddressState.VERIFIED)
    desk = bench(granted.daemon_url, tmp_path)
    desk.file(a_mail(), a_mail("Mon écran", message_id="<2@univ.example>"))
    assert [row["fate"] for row in desk.rows(mails)] == ["opened", "opened"]
    in_work(desk.desk.database, lambda work: work.leases.take("imap:main", "me", 30))
    run_every_job(desk)

    shell = ShellDesk(tmp_path, granted.shell_url)
    boss = shell.person("Boss", Role.ADMIN, password=PASSWORD)
    assert queue_report(desk.desk, *last_week(desk.now, desk.desk.stationery.zone)) == 1
    keyboard = shell.keyboard(boss)
    with granted.owner.engine.begin() as connection:
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
        connection.execute(insert(budgets), {"scope": "refused:spoof", "window_start": hour, "used": 3})
    assert "letters are queued" in said(keyboard, "job run digest").out
    for line in (
        "ticket list",
        "ticket show 1 --history",
        "ticket note 1 note",
        "ticket reply 1 --yes --resolve answer",
        "ticket undo 1",
        "ticket status 2 in_progress",
        "person add zoe@univ.example --name Zoé",
        "session list --all",
        "unlock boss@help.example",
        "job list",
        "job runs",
        *(f"job run {one.value}" for one in JobName if "canary" not in one.value),  # which is off
    ):
        told = said(keyboard, line)
        assert (told.status, told.error) == (0, ""), line
    login = said(shell.plain_keyboard(), "login", f"{boss.address}\n{PASSWORD}\n")
    assert (login.status, login.error) == (0, "")
    totp = said(keyboard, "totp on", "000000\n")
    assert "this code is not right" in totp.error
    said(keyboard, "password", f"{PASSWORD}\nanother four words\nanother four words\n")
    with Work(granted.shell, read_only=True) as work:
        assert work.logins.of(boss.person.id) is not None
    assert {row["user_id"] for row in shell.rows(audit_logs)} >= {None, boss.person.id}
    assert jean.person.id in {row["person_id"] for row in shell.rows(letters)}
    shell.close()
    desk.desk.database.close()
