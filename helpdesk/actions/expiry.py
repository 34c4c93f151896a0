"""Each night: what is over is let go of. Logins, old runs of jobs, and kept mail that nobody decided about."""

from datetime import timedelta

from helpdesk.actions.desk import Desk
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.jobs import JobName, JobPlan, Turn
from helpdesk.core.kept import HELD_NOTICE, given_up_until
from helpdesk.errors import LeaseLost
from helpdesk.store.audit import Event
from helpdesk.store.work import Work, in_work

SESSIONS = timedelta(days=30)  # after their end; on a server the procedure forget_logins has the same times
CODES = timedelta(days=1)
LOCKS = timedelta(days=2)
RUNS = timedelta(days=400)
ALERTS = timedelta(days=30)
BATCH = 200


def expire(desk: Desk, plan: JobPlan, turn: Turn) -> str:
    """Let go of what is over; return how many kept mails that were. Their rows stay. Raises StoreAway, LeaseLost."""
    in_work(desk.database, lambda work: _forget(work, desk))
    count = 0
    while expired := in_work(desk.database, lambda work: _expire_some(work, desk, plan)):
        count += expired
        if not turn.going():
            raise LeaseLost("expiring was stopped before its end; what is gone is gone")
    return f"{count} kept mails expired" if count else ""


def _forget(work: Work, desk: Desk) -> None:
    now = desk.clock(work)
    work.upkeep.forget_logins(now - SESSIONS, now - CODES, now - LOCKS)
    work.runs.forget_before(now - RUNS)
    work.alerts.forget_before(now - ALERTS)


def _expire_some(work: Work, desk: Desk, plan: JobPlan) -> int:
    now, kept_for = desk.clock(work), timedelta(days=plan.held_days)
    told = work.runs.last_done(JobName.ENDINGS.value, "", until=now - HELD_NOTICE)
    until = given_up_until(now, kept_for, told.slot if told else None)
    old = work.upkeep.undecided(until, BATCH) if until else []
    old = old or work.upkeep.decided(now - kept_for, BATCH)
    if old:
        work.upkeep.expire([one.id for one in old], now)
    work.audit.add(
        [
            Event(
                Action.MAIL_EXPIRED,
                Outcome.SUCCESS,
                now,
                None,
                {"mail": one.id, "fate": one.fate, "verdict": one.verdict, "days": plan.held_days},
            )
            for one in old
        ]
    )
    return len(old)
