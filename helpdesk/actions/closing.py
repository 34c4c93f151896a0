"""Each night: resolved tickets about which nobody has said anything for long are closed for good."""

from datetime import timedelta

from helpdesk.actions.desk import Desk
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.jobs import JobPlan, Turn
from helpdesk.errors import LeaseLost
from helpdesk.store.audit import Event
from helpdesk.store.work import Work, in_work

BATCH = 200


def close_resolved(desk: Desk, plan: JobPlan, turn: Turn) -> str:
    """Close what was silent for ``close_after_days``, with an entry in history and trail; return how many.

    Raises StoreAway and LeaseLost.
    """
    if not plan.close_after_days:
        return ""
    count = 0
    while closed := in_work(desk.database, lambda work: _close_some(work, desk, plan)):
        count += closed
        if not turn.going():
            raise LeaseLost("closing was stopped before its end; what was closed stays so")
    return f"{count} tickets closed" if count else ""


def _close_some(work: Work, desk: Desk, plan: JobPlan) -> int:
    now = desk.clock(work)
    closed = work.upkeep.close_resolved(now - timedelta(days=plan.close_after_days), now, BATCH)
    for ticket_id, _number in closed:
        work.history.add(ticket_id, None, "closed", "", "", now)
    detail = {"days": plan.close_after_days}
    events = [
        Event(Action.TICKET_CLOSED, Outcome.SUCCESS, now, None, {"ticket": number} | detail)
        for _id, number in closed
    ]
    work.audit.add(events)
    return len(closed)
