"""Every hour: whoever should deal with a ticket hears that it is overdue, once for each date by which it was due."""

from collections.abc import Sequence

from helpdesk.actions.desk import Desk
from helpdesk.actions.outbox import letter_row
from helpdesk.actions.reachable import contacts_of, reachable
from helpdesk.core.jobletters import Late, tickets_overdue
from helpdesk.core.jobs import JobPlan, Turn
from helpdesk.core.letters import Addressee, dedupe_key
from helpdesk.errors import LeaseLost
from helpdesk.store.upkeep import Overdue
from helpdesk.store.work import Work, in_work

BATCH = 200


def remind_of_overdue(desk: Desk, _plan: JobPlan, turn: Turn) -> str:
    """Queue one letter for each person with what is theirs; return how many tickets were told of.

    A ticket is its assignee's, else that of its team's managers, else that of the contacts in the settings. Raises
    StoreAway and LeaseLost.
    """
    count = 0
    while told := in_work(desk.database, lambda work: _tell_some(work, desk)):
        count += told
        if not turn.going():
            raise LeaseLost("reminding was stopped before its end; who was told is not told again")
    return f"{count} tickets told of" if count else ""


def _tell_some(work: Work, desk: Desk) -> int:
    now = desk.clock(work)
    late = work.upkeep.overdue(now, BATCH)
    work.upkeep.note_reminded(late, now)
    rows = []
    for to, theirs in _by_reader(work, desk, late).items():
        listed = [Late(one.number, one.subject, one.due_at) for one in theirs]
        keys = [f"{one.id} {one.due_at.isoformat()}" for one in theirs]
        letter = tickets_overdue(desk.stationery, to, listed, dedupe_key("overdue", to.address, *keys), now)
        rows.append(letter_row(letter, now, person_id=to.person_id))
    work.letters.add(rows)
    return len(late)


def _by_reader(work: Work, desk: Desk, late: Sequence[Overdue]) -> dict[Addressee, list[Overdue]]:
    managers = work.upkeep.managers_of({one.team_id for one in late if one.team_id is not None})
    assignees = {one.assignee_id for one in late if one.assignee_id is not None}
    at = reachable(work, assignees | {one for some in managers.values() for one in some}, desk.clock(work))
    contacts = contacts_of(work, desk)
    found: dict[Addressee, list[Overdue]] = {}
    for one in late:
        theirs = [at[one.assignee_id]] if one.assignee_id in at else []
        theirs = theirs or [at[who] for who in managers.get(one.team_id or 0, ()) if who in at]
        for to in theirs or contacts:
            found.setdefault(to, []).append(one)
    return found
