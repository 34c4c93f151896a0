"""The jobs that need nothing but the database, and all jobs as people at the keyboard see, ask for and run them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from helpdesk.actions.blobcare import collect_blobs
from helpdesk.actions.canary import look_for_canary, send_canary
from helpdesk.actions.closing import close_resolved
from helpdesk.actions.desk import Desk
from helpdesk.actions.digest import hourly
from helpdesk.actions.endings import tell_of_endings
from helpdesk.actions.expiry import expire
from helpdesk.actions.overdue import remind_of_overdue
from helpdesk.actions.permits import event_by, require_right
from helpdesk.actions.purge import purge_audit
from helpdesk.actions.runs import ask_for_run, begin_run, end_run, runs_of, to_begin_now
from helpdesk.actions.sealing import shown_anchor
from helpdesk.actions.weekly import queue_report, why_none
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.jobs import JobName, JobPlan, Planned, Run, Turn, planned
from helpdesk.core.permissions import Actor, Right
from helpdesk.core.weekly import weeks_to_report
from helpdesk.errors import Refused, StoreAway
from helpdesk.store.work import Work, in_work

BY_HAND = "shell"
Task = Callable[[Desk, JobPlan, Turn], str]


def _digest(desk: Desk, _plan: JobPlan, _turn: Turn) -> str:
    return "letters are queued" if hourly(desk) else ""


def _purge_audit(desk: Desk, plan: JobPlan, turn: Turn) -> str:
    purged = purge_audit(desk, plan.audit_days, lambda: not turn.going())
    return f"{purged.rows} rows and {purged.seals} seals are gone" if purged.rows or purged.seals else ""


def _weekly_report(desk: Desk, _plan: JobPlan, turn: Turn) -> str:
    with Work(desk.database, read_only=True) as work:
        last = work.runs.last_done(turn.run.job, turn.run.scope)
        weeks = [
            (since, until)
            for since, until in weeks_to_report(
                turn.run.slot, last.slot if last else None, desk.stationery.zone
            )
            if work.purging.oldest(None, until) is not None  # else the desk is younger
        ]
    count = sum(queue_report(desk, since, until, shown_anchor(desk)) for since, until in weeks)
    if count:
        return f"{count} letters are queued"
    return why_none(desk) if weeks else "nothing sent: the desk is younger than the week"


def last_ends(work: Work, plan: JobPlan, mailboxes: Sequence[str]) -> dict[str, datetime]:
    """Return when each job last did what it should, of those that ever did; one of a mailbox bears its name, too."""
    last = {
        f"{one.job} {one.scope}".strip(): work.runs.last_done(one.job.value, one.scope)
        for one in planned(plan, mailboxes)
    }
    return {name: run.ended_at for name, run in last.items() if run and run.ended_at}


# What came of it, in a few words; empty where there was nothing to do.
TASKS: Mapping[JobName, Task] = {
    JobName.DIGEST: _digest,
    JobName.OVERDUE: remind_of_overdue,
    JobName.CLOSE: close_resolved,
    JobName.EXPIRE: expire,
    JobName.COLLECT_BLOBS: collect_blobs,
    JobName.PURGE_AUDIT: _purge_audit,
    JobName.WEEKLY_REPORT: _weekly_report,
    JobName.ENDINGS: tell_of_endings,
    JobName.CANARY: send_canary,
    JobName.CANARY_BACK: look_for_canary,
}
IN_SHELL = frozenset(
    (JobName.DIGEST, JobName.OVERDUE, JobName.CLOSE)
)  # what the shell's user of the database may do


@dataclass(frozen=True, slots=True)
class JobSeen:
    """One job, of one ``scope`` where it has one. ``last``: its last run that ended; ``open``: one that has not."""

    name: str
    scope: str
    next_at: datetime
    last: Run | None
    open: Run | None


def jobs(desk: Desk, actor: Actor, plan: JobPlan, mailboxes: Sequence[str]) -> list[JobSeen]:
    """Return the jobs of a desk with these mailboxes. Raises NotAllowed."""
    require_right(desk.database, actor, Right.JOBS)
    with Work(desk.database, read_only=True) as work:
        now = desk.clock(work)
        unended = {(run.job, run.scope): run for run in work.runs.open_ones()}
        return [
            JobSeen(
                one.job.value,
                one.scope,
                one.rhythm.after(now, desk.stationery.zone),
                work.runs.last_of(one.job.value, one.scope),
                unended.get((one.job.value, one.scope)),
            )
            for one in planned(plan, mailboxes)
        ]


def job_runs(desk: Desk, actor: Actor, limit: int, name: str = "") -> list[Run]:
    """Return the last runs, of one job or of all, newest first. Raises NotAllowed."""
    require_right(desk.database, actor, Right.JOBS)
    return runs_of(desk, limit, JobName(name) if name else None)


def run_job(desk: Desk, actor: Actor, plan: JobPlan, mailboxes: Sequence[str], name: str) -> str | None:
    """Run a job now and return what came of it; None where the daemon was asked to, which does so within a minute.

    Raises NotAllowed, and Refused for a job that this desk does not have.
    """
    require_right(desk.database, actor, Right.JOBS)
    wanted = [one for one in planned(plan, mailboxes) if one.job.value == name]
    if not wanted:
        raise Refused(
            f"{name} is not turned on in the settings", f"{name} n'est pas activé dans les réglages"
        )
    told = None
    if wanted[0].job in IN_SHELL:
        told = _run_here(desk, plan, wanted[0])
    else:
        for one in wanted:
            ask_for_run(desk, one)

    def job(work: Work) -> None:
        row = event_by(
            actor, Action.JOB_RUN, Outcome.SUCCESS, work.database_now(), job=name, asked=told is None
        )
        work.audit.add([row])

    in_work(desk.database, job)
    return told


def _run_here(desk: Desk, plan: JobPlan, one: Planned) -> str:
    run = begin_run(desk, to_begin_now(desk, one), BY_HAND)
    if run is None:
        raise StoreAway(f"{one.job.value}: another began it at the same moment; try again")
    told = TASKS[one.job](desk, plan, Turn(run, lambda: True))
    end_run(desk, run, told)
    return told
