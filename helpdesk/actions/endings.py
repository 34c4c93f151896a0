"""Each morning: people hear of what is theirs and about to end, held mail and remembered logins."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from helpdesk.actions.desk import Desk
from helpdesk.actions.outbox import letter_row
from helpdesk.actions.reachable import addressee, reachable
from helpdesk.core.jobletters import held_mail_ending, login_ending
from helpdesk.core.jobs import JobPlan, Turn
from helpdesk.core.kept import HELD_NOTICE, may_hear_of_it, told_until
from helpdesk.core.letters import Letter, dedupe_key
from helpdesk.core.standing import standing
from helpdesk.errors import LeaseLost
from helpdesk.store.chunks import chunks
from helpdesk.store.upkeep import HeldBrief
from helpdesk.store.work import Work, in_work

LOGIN_NOTICE = timedelta(days=3)
AT_ONCE = 500  # letters in one transaction


def tell_of_endings(desk: Desk, plan: JobPlan, turn: Turn) -> str:
    """Queue the letters about what ends soon and nobody was told of; return how many.

    Raises StoreAway and LeaseLost.
    """
    until, kept_for = turn.run.slot, timedelta(days=plan.held_days)
    with Work(desk.database, read_only=True) as work:
        last = work.runs.last_done(turn.run.job, turn.run.scope)
        first = told_until(last.slot, kept_for) if last else None
        held: dict[str, list[HeldBrief]] = {}
        for one in work.upkeep.held_by_address(first, told_until(until, kept_for)):
            held.setdefault(one.address, []).append(one)
    count = 0
    for some in chunks(held.values(), AT_ONCE):
        if not turn.going():
            raise LeaseLost("telling of what ends was stopped before its end; the next attempt goes on")
        tell = partial(_tell_owners, desk=desk, held=some, until=until, kept_for=kept_for)
        count += in_work(desk.database, tell)
    count += in_work(desk.database, lambda work: _queue(work, desk, _about_logins(work, desk, until)))
    return f"{count} letters are queued" if count else ""


_Letters = dict[str, tuple[Letter, int | None]]


def _queue(work: Work, desk: Desk, letters: _Letters) -> int:
    """Queue those that are not queued yet; return how many."""
    now, told = desk.clock(work), work.letters.known(letters)
    rows = [
        letter_row(letter, now, person_id=person_id)
        for dedupe, (letter, person_id) in letters.items()
        if dedupe not in told
    ]
    work.letters.add(rows)
    return len(rows)


def _tell_owners(
    work: Work, desk: Desk, held: Sequence[Sequence[HeldBrief]], until: datetime, kept_for: timedelta
) -> int:
    """One letter for each address, however many mails claim to be from there."""
    now = desk.clock(work)
    known = work.people.known_addresses([of_one[0].address for of_one in held])
    found: _Letters = {}
    for of_one in held:
        address = of_one[0].address
        if (owner := known.get(address)) is None:
            continue
        theirs = [one for one in of_one if may_hear_of_it(one.verdict, standing(owner, now))]
        if theirs:
            ends_at = max(min(one.first_seen_at for one in theirs) + kept_for, now + HELD_NOTICE)
            to, dedupe = addressee(owner), dedupe_key("held-ending", address, until.isoformat())
            count = sum(one.count for one in theirs)
            letter = held_mail_ending(desk.stationery, to, count, ends_at, dedupe, now)
            found[dedupe] = letter, to.person_id
    return _queue(work, desk, found)


def _about_logins(work: Work, desk: Desk, until: datetime) -> _Letters:
    """Return a letter about each login that ends soon; a letter has its key from the end, so nobody hears twice."""
    now = desk.clock(work)
    soon = work.upkeep.remembered_ending(now, until + LOGIN_NOTICE)
    ending = [(person_id, ends_at) for person_id, ends_at in soon if ends_at > now]
    at = reachable(work, {person_id for person_id, _ends in ending}, now)
    found: _Letters = {}
    for person_id, ends_at in ending:
        if person_id in at:
            dedupe = dedupe_key("login-ending", str(person_id), ends_at.isoformat())
            found[dedupe] = login_ending(desk.stationery, at[person_id], ends_at, dedupe, now), person_id
    return found
