"""The jobs that the daemon runs by the clock: when they are due, and the one that can be run from here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from helpdesk.actions.alerts import hour_of
from helpdesk.actions.desk import Desk
from helpdesk.actions.digest import hourly
from helpdesk.actions.permits import event_by, require_right
from helpdesk.actions.reconcile import not_yet_today
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.permissions import Actor, Right
from helpdesk.errors import Refused
from helpdesk.store.work import Work, in_work

DIGEST, RECONCILE = "digest", "reconcile"


@dataclass(frozen=True, slots=True)
class JobSeen:
    """One job, of one ``mailbox`` where it has one. ``every`` is hour or day; ``done``: in the present one."""

    name: str
    mailbox: str
    every: str
    done: bool | None


def jobs(desk: Desk, actor: Actor, mailboxes: Sequence[str]) -> list[JobSeen]:
    """Return the jobs of a desk with these mailboxes. Raises NotAllowed."""
    require_right(desk.database, actor, Right.JOBS)
    due = not_yet_today(desk, mailboxes)
    reconciled = [JobSeen(RECONCILE, name, "day", name not in due) for name in mailboxes]
    return [JobSeen(DIGEST, "", "hour", None), *reconciled]


def run_job(desk: Desk, actor: Actor, name: str) -> bool:
    """Run a job now; return whether there was anything to do. Raises NotAllowed, and Refused for what needs IMAP."""
    require_right(desk.database, actor, Right.JOBS)
    if name != DIGEST:
        raise Refused(
            f"{name} looks into the mailboxes, which the shell does not: helpdeskd.py {name}",
            f"{name} regarde dans les boîtes, ce que le shell ne fait pas : helpdeskd.py {name}",
        )
    queued = hourly(desk)

    def job(work: Work) -> None:
        now = work.database_now()
        hour = (hour_of(desk.clock(work)) - timedelta(hours=1)).isoformat()
        row = event_by(actor, Action.JOB_RUN, Outcome.SUCCESS, now, job=name, hour=hour, queued=queued)
        work.audit.add([row])

    in_work(desk.database, job)
    return queued
