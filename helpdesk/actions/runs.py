"""Runs of jobs: which are due, who takes them, and how they ended. One row for each slot, however many daemons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from helpdesk.actions.contacts import tell_contacts
from helpdesk.actions.desk import Desk
from helpdesk.core.alertwords import JOB_FAILED
from helpdesk.core.jobs import JobName, Planned, Run, RunState, Step, is_last_attempt, next_step
from helpdesk.core.letters import Notice
from helpdesk.store.work import Refusal, Work, in_work

LEASE = "job:"  # how the lease of a job that is at work is called, before its name
FAILED = "job_failed:"  # how an alarm about a job is called, before its name
OVERTAKEN = "not finished before the next one was due"
CRASHED = "ended with its whole process each time"


@dataclass(frozen=True, slots=True)
class Due:
    """A slot that somebody should see to. ``run``: its row, where there is one."""

    planned: Planned
    slot: datetime
    run: Run | None
    step: Step


def lease_name(planned: Planned) -> str:
    """Return the name of the lease that whoever works on a job holds."""
    return f"{LEASE}{planned.job.value}{f':{planned.scope}' if planned.scope else ''}"


def due_runs(desk: Desk, jobs: Sequence[Planned]) -> list[Due]:
    """Return what is due, the oldest slot first: of each job its last slot, and what was begun or asked for.

    Of slots that nobody saw to only the last one is. Raises StoreAway.
    """
    zone = desk.stationery.zone
    with Work(desk.database, read_only=True) as work:
        now = desk.clock(work)
        latest = {(one.job.value, one.scope): one.rhythm.latest(now, zone) for one in jobs}
        known = {(run.job, run.scope, run.slot): run for run in work.runs.at(set(latest.values()))}
        known |= {(run.job, run.scope, run.slot): run for run in work.runs.open_ones()}
    found = []
    for one in jobs:
        mine = latest[one.job.value, one.scope]
        slots = {slot for job, scope, slot in known if (job, scope) == (one.job.value, one.scope)}
        for slot in sorted(slots | {mine}):
            run = known.get((one.job.value, one.scope, slot))
            step = next_step(run, mine, now)
            if step not in (Step.NOTHING, Step.WAIT):
                found.append(Due(one, slot, run, step))
    return sorted(found, key=lambda due: due.slot)


def to_begin_now(desk: Desk, planned: Planned) -> Due:
    """Return a run out of turn, for the present moment. Raises StoreAway."""
    with Work(desk.database, read_only=True) as work:
        return Due(planned, desk.clock(work), None, Step.TAKE)


def begin_run(desk: Desk, due: Due, owner: str) -> Run | None:
    """Begin an attempt, under the lease of the job; None where another was quicker. Raises StoreAway."""

    def job(work: Work) -> Run | None:
        now = desk.clock(work)
        if due.run is not None:
            return work.runs.take(due.run, owner, now)
        if any(
            run.job == due.planned.job and run.scope == due.planned.scope for run in work.runs.at([due.slot])
        ):
            return None
        return work.runs.add(due.planned.job.value, due.planned.scope, due.slot, owner, now)

    try:
        return in_work(desk.database, job)
    except Refusal:  # the row that another made at the same moment
        return None


def end_run(desk: Desk, run: Run, told: str) -> None:
    """Note that a run is done, and with it what was asked for before it began. Raises StoreAway."""

    def job(work: Work) -> None:
        now = desk.clock(work)
        if work.runs.end(run, RunState.DONE, told, now):
            work.runs.end_asked(run, "done with the run before", now)

    in_work(desk.database, job)


def fail_run(desk: Desk, run: Run, why: str) -> bool:
    """Note that an attempt failed; after the last one tell the contacts, and return True. Raises StoreAway.

    They are told once a day of each job.
    """
    if is_last_attempt(run):
        return _fail(desk, run, why)
    in_work(desk.database, lambda work: work.runs.note(run, why))
    return False


def give_up_run(desk: Desk, run: Run) -> bool:
    """End a run that is tried no more, under the lease of its job, and tell the contacts. Raises StoreAway."""
    return _fail(desk, run, run.told or CRASHED)


def leave_to_next(desk: Desk, run: Run) -> bool:
    """End a run whose next slot is due, under the lease of its job. Raises StoreAway.

    Nobody is told: the next run does its work, and tells where it cannot.
    """
    return in_work(
        desk.database,
        lambda work: work.runs.end(run, RunState.OVERTAKEN, run.told or OVERTAKEN, desk.clock(work)),
    )


def give_back_run(desk: Desk, run: Run) -> None:
    """Let a run that a stop cut off be taken again at once. Raises StoreAway."""
    in_work(desk.database, lambda work: work.runs.give_back(run))


def ask_for_run(desk: Desk, planned: Planned) -> bool:
    """Ask the daemon for a run now; False where one is asked for already. Raises StoreAway."""

    def job(work: Work) -> bool:
        asked = [
            run for run in work.runs.open_ones()
            if (run.job, run.scope, run.attempts) == (planned.job.value, planned.scope, 0)
        ]  # fmt: skip
        if not asked:
            work.runs.add(planned.job.value, planned.scope, desk.clock(work), "", None)
        return not asked

    return in_work(desk.database, job)


def _fail(desk: Desk, run: Run, why: str) -> bool:
    def job(work: Work) -> bool:
        now = desk.clock(work)
        if not work.runs.end(run, RunState.FAILED, why, now):
            return False
        about = f"{run.job} {run.scope}".strip()
        tell_contacts(
            work,
            desk,
            f"{FAILED}{run.job}",
            f"{about} {now:%Y-%m-%d}",
            lambda language: Notice(JOB_FAILED[language], now, run.attempts, f"{about}: {why}"),
            is_event=True,
        )
        return True

    return in_work(desk.database, job)


def runs_of(desk: Desk, limit: int, job: JobName | None = None) -> list[Run]:
    """Return the last runs, newest first. Raises StoreAway."""
    with Work(desk.database, read_only=True) as work:
        return work.runs.newest(limit, job.value if job else "")
