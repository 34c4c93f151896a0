"""The desk writes to itself through relay and mailbox, and tells the contacts when a letter is not back in time."""

import hmac
from datetime import datetime, timedelta

from helpdesk.actions.contacts import tell_contacts
from helpdesk.actions.desk import Desk
from helpdesk.actions.outbox import letter_row
from helpdesk.core.alertwords import CANARY_BACK, CANARY_LOST, canary_told
from helpdesk.core.jobletters import canary
from helpdesk.core.jobs import JobPlan, Turn
from helpdesk.core.letters import Addressee, Notice, dedupe_key
from helpdesk.store.work import Work, in_work

LOST, BACK, NONE = "it did not come back", "it came back", "none was sent"
STILL_LOST = "none was sent; the last one did not come back"  # what is known stays known, as after a restart
KNOWN_LOST = (LOST, STILL_LOST)
LOST_ALARM, BACK_ALARM = "canary_lost", "canary_back"
TOO_LATE = "too late in this hour"
LATE = timedelta(minutes=2)


def send_canary(desk: Desk, _plan: JobPlan, turn: Turn) -> str:
    """Queue the letter of this hour to the desk's own address. Raises StoreAway.

    None goes out late, as after a start: it could not be back when it is looked for.
    """

    def job(work: Work) -> str:
        now, key = desk.clock(work), _key(desk, turn.run.slot)
        if now - turn.run.slot > LATE:
            return TOO_LATE
        if not work.letters.known([key]):
            to = Addressee(desk.stationery.desk_address, desk.language)
            work.letters.add([letter_row(canary(desk.stationery, to, key, now), now)])
        return "sent"

    return in_work(desk.database, job)


def look_for_canary(desk: Desk, plan: JobPlan, turn: Turn) -> str:
    """Say whether the letter of this hour is in the ledger; tell the contacts when that changes. Raises StoreAway."""
    return in_work(desk.database, lambda work: _look(work, desk, plan, turn))


def _look(work: Work, desk: Desk, plan: JobPlan, turn: Turn) -> str:
    now = desk.clock(work)
    last = work.runs.last_done(turn.run.job, turn.run.scope)
    was_lost = last is not None and last.told in KNOWN_LOST
    sent = work.letters.message_id_of(_key(desk, turn.run.slot))
    if sent is None:
        return STILL_LOST if was_lost else NONE
    found = BACK if work.ledger.by_message_id(sent, 1) else LOST
    if was_lost == (found == LOST):
        return found
    words = CANARY_LOST if found == LOST else CANARY_BACK
    reason = canary_told(found == BACK, plan.canary_minutes)
    kind = LOST_ALARM if found == LOST else BACK_ALARM
    about = turn.run.slot.isoformat()
    tell_contacts(work, desk, kind, about, lambda language: Notice(words[language], now, 1, reason[language]))
    return found


def _key(desk: Desk, slot: datetime) -> str:
    """The Message-ID follows from it, so nobody may guess it: whoever could would make a dead desk look alive."""
    hour = slot.replace(minute=0, second=0, microsecond=0).isoformat()
    mark = hmac.digest(desk.stationery.key, f"canary\0{hour}".encode(), "sha256").hex()
    return dedupe_key("canary", mark)
