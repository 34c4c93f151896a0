"""The jobs by the clock, in a thread beside the mailboxes: one at a time, each slot once for all daemons."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import schedule

from helpdesk.actions.desk import Desk
from helpdesk.actions.leases import Lease
from helpdesk.actions.runs import (
    Due,
    begin_run,
    due_runs,
    end_run,
    fail_run,
    give_back_run,
    give_up_run,
    lease_name,
    leave_to_next,
)
from helpdesk.core.jobs import Planned, Run, Step, Turn
from helpdesk.errors import HelpdeskError, StoreAway
from helpdesk.logs import event, failed

LOG = logging.getLogger("helpdesk.jobs")
LOOK_SECONDS = 60
FIRST_SECONDS = 10.0  # after a start the mail that waits comes first
LEASE_SECONDS = 120.0  # longer than a verb of IMAP may take, so that it is never lost on the way
STOP_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Job:
    """A job with what does it. ``work`` says in a few words what came of it; empty: nothing worth a line.

    ``ready``: whether it may begin now. ``cut`` ends what waits for a server, from another thread.
    """

    planned: Planned
    work: Callable[[Turn], str]
    ready: Callable[[], bool] = lambda: True
    cut: Callable[[], None] = lambda: None


class Jobs(threading.Thread):
    """Looks every minute what is due, and does it. ``on_done`` is called after each run: letters may be queued."""

    def __init__(
        self, desk: Desk, owner: str, jobs: Sequence[Job], on_done: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(name="jobs", daemon=True)
        self._desk = desk
        self._owner = owner
        self._jobs = {(job.planned.job.value, job.planned.scope): job for job in jobs}
        self._on_done = on_done
        self._ending = threading.Event()
        self._clock = schedule.Scheduler()

    def run(self) -> None:
        """Look and work until stopped."""
        if self._ending.wait(FIRST_SECONDS):
            return
        self.look()
        while not self._ending.wait(self.seconds_left()):
            self._clock.run_pending()

    def seconds_left(self) -> float:
        """Return how long it is until the next look.

        Where our machine's clock was set back, ``schedule`` would wait until it has come round again.
        """
        left = self._clock.idle_seconds
        if left is None or left > LOOK_SECONDS:
            self._clock.clear()
            self._clock.every(LOOK_SECONDS).seconds.do(self.look)
            return float(LOOK_SECONDS)
        return max(0.0, float(left))

    def stop(self) -> None:
        """End what is at work, in the middle of a verb too, and wait for that no longer than STOP_SECONDS."""
        self._ending.set()
        for job in self._jobs.values():
            job.cut()
        if self.is_alive():
            self.join(STOP_SECONDS)

    def look(self) -> None:
        """Do everything that is due now. Never raises: the next look comes in any case."""
        try:
            for due in due_runs(self._desk, [job.planned for job in self._jobs.values()]):
                if self._ending.is_set():
                    return
                job = self._jobs[due.planned.job.value, due.planned.scope]
                if job.ready():
                    self._see_to(job, due)
        except StoreAway:
            pass  # the mailboxes tell of it
        except Exception as defect:  # noqa: BLE001 - mail must go on whatever is wrong with a job
            failed(LOG, "jobs_failed", defect)

    def _see_to(self, job: Job, due: Due) -> None:
        lease = Lease(self._desk.database, lease_name(job.planned), self._owner, LEASE_SECONDS)
        if not lease.keep():
            return  # another daemon is at it
        try:
            if due.step is Step.GIVE_UP and due.run is not None:
                if give_up_run(self._desk, due.run):
                    self._tell(due.run, "given_up", logging.ERROR)
                    self._on_done()
            elif due.step is Step.OVERTAKEN and due.run is not None:
                if leave_to_next(self._desk, due.run):
                    self._tell(due.run, "overtaken", logging.WARNING)
            elif (run := begin_run(self._desk, due, self._owner)) is not None:
                self._do(job, run, lease)
        finally:
            lease.release()

    def _do(self, job: Job, run: Run, lease: Lease) -> None:
        """Do one attempt and note how it ended, whatever it raises: other jobs must go on."""

        def going() -> bool:
            return not self._ending.is_set() and lease.keep()

        try:
            told = job.work(Turn(run, going))
            end_run(self._desk, run, told)
            self._tell(run, "done", logging.INFO, told=told or None)
        except Exception as trouble:  # noqa: BLE001 - one job must not end the others; it is tried again
            if self._ending.is_set():
                give_back_run(self._desk, run)
                return
            why = (
                str(trouble) if isinstance(trouble, HelpdeskError) else f"a defect ({type(trouble).__name__})"
            )
            last = fail_run(self._desk, run, why)
            failed(
                LOG,
                "job_failed",
                trouble,
                job=run.job,
                scope=run.scope or None,
                attempt=run.attempts,
                last=last,
            )
        self._on_done()

    def _tell(self, run: Run, how: str, level: int, **more: object) -> None:
        slot, scope = run.slot, run.scope or None
        event(LOG, "job", level, job=run.job, scope=scope, slot=slot, how=how, attempt=run.attempts, **more)
