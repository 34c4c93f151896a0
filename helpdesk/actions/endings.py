"""Each morning: people hear of what is theirs and about to end, held mail and remembered logins."""

from datetime import datetime, timedelta

from helpdesk.actions.desk import Desk
from helpdesk.actions.outbox import letter_row
from helpdesk.actions.reachable import addressee, reachable
from helpdesk.core.jobletters import held_mail_ending, login_ending
from helpdesk.core.jobs import JobPlan, Turn
from helpdesk.core.kept import HELD_NOTICE, may_hear_of_it, told_until
from helpdesk.core.letters import Letter, dedupe_key
from helpdesk.core.standing import standing
from helpdesk.store.work import Work, in_work

LOGIN_NOTICE = timedelta(days=3)
FIRST = timedelta(days=1)  # how far back the first run looks for logins, and
FARTHEST = timedelta(days=30)  # one after a long silence; of held mail all are told of before it is given up
MOST_HELD = 5000  # a flood of forged mail is told of in one letter to each owner


def tell_of_endings(desk: Desk, plan: JobPlan, turn: Turn) -> str:
    """Queue the letters about what ends soon and came into sight since the last run; return how many.

    Raises StoreAway.
    """
    count = in_work(desk.database, lambda work: _tell(work, desk, plan, turn))
    return f"{count} letters are queued" if count else ""


def _tell(work: Work, desk: Desk, plan: JobPlan, turn: Turn) -> int:
    now, until = desk.clock(work), turn.run.slot
    last = work.runs.last_done(turn.run.job, turn.run.scope)
    since = max(last.slot if last else until - FIRST, until - FARTHEST)
    letters = _about_held_mail(work, desk, plan, last.slot if last else None, until)
    letters |= _about_logins(work, desk, since, until)
    told = work.letters.known(letters)
    rows = [
        letter_row(letter, now, person_id=person_id)
        for dedupe, (letter, person_id) in letters.items()
        if dedupe not in told
    ]
    work.letters.add(rows)
    return len(rows)


_Letters = dict[str, tuple[Letter, int | None]]


def _about_held_mail(
    work: Work, desk: Desk, plan: JobPlan, since: datetime | None, until: datetime
) -> _Letters:
    """One letter for each address, however many mails claim to be from there."""
    now, kept_for = desk.clock(work), timedelta(days=plan.held_days)
    first = told_until(since, kept_for) if since else None
    held = work.upkeep.held_between(first, told_until(until, kept_for), MOST_HELD)
    known = work.people.known_addresses({one.sender for one in held})
    theirs: dict[str, list[datetime]] = {}
    for one in held:
        owner = known.get(one.sender)
        if owner is not None and may_hear_of_it(one.verdict, standing(owner, now)):
            ends_at = max(one.seen_at + kept_for, now + HELD_NOTICE)
            theirs.setdefault(one.sender, []).append(ends_at)
    found: _Letters = {}
    for address, ends in theirs.items():
        to, dedupe = addressee(known[address]), dedupe_key("held-ending", address, until.isoformat())
        letter = held_mail_ending(desk.stationery, to, len(ends), min(ends), dedupe, now)
        found[dedupe] = letter, to.person_id
    return found


def _about_logins(work: Work, desk: Desk, since: datetime, until: datetime) -> _Letters:
    now = desk.clock(work)
    ending = work.upkeep.remembered_ending(since + LOGIN_NOTICE, until + LOGIN_NOTICE)
    at = reachable(work, {person_id for person_id, _ends in ending}, now)
    found: _Letters = {}
    for person_id, ends_at in ending:
        if person_id in at:
            dedupe = dedupe_key("login-ending", str(person_id), ends_at.isoformat())
            found[dedupe] = login_ending(desk.stationery, at[person_id], ends_at, dedupe, now), person_id
    return found
