"""Letters that came back: mark them and their address, and let further letters to it wait where too many did.

Anybody who was shown one of our letters can forge a report about it. So nothing here lasts: one letter counts
once, a breaker closes by itself after a day, and the next proven mail from the address clears it all.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from helpdesk.actions.breakers import close, trip
from helpdesk.actions.breakers import stopped as stopped
from helpdesk.actions.carry_out import Returned
from helpdesk.actions.rows import note_row
from helpdesk.core.audit import Action
from helpdesk.core.audit import Outcome as AuditOutcome
from helpdesk.core.breakerscopes import BOUNCES, CAME_BACK, why_later, why_waiting
from helpdesk.core.returned import BOUNCES_FORGOTTEN, BOUNCES_WAIT, MAX_BOUNCES, in_words
from helpdesk.store.audit import Event
from helpdesk.store.budgets import Breaker
from helpdesk.store.work import Work


def note_returned(work: Work, returned: Sequence[Returned], now: datetime) -> None:
    """Write what delivery reports say of our letters. Nothing here queues a letter."""
    for one in returned:
        words = in_words(one.bounce)
        if one.bounce is None or not one.bounce.failed:
            work.letters.note_report(one.letter.id, words)
        elif work.letters.mark_returned(one.letter.id, now, words):
            _failed(work, one, words, now)


def _failed(work: Work, one: Returned, words: str, now: datetime) -> None:
    letter = one.letter
    detail = {"letter": letter.id, "mail": one.mail_id, "status": one.bounce.status if one.bounce else ""}
    work.audit.add([Event(Action.LETTER_CAME_BACK, AuditOutcome.FAIL, now, detail=detail)])
    if letter.ticket_id:
        work.posts.add([note_row(now, letter.ticket_id, f"a letter to {letter.recipient} {words}")], [])
    in_a_row = work.people.count_bounce(letter.recipient, now, BOUNCES_FORGOTTEN)
    if in_a_row >= MAX_BOUNCES:
        until = now + BOUNCES_WAIT
        reason = why_later(f"{in_a_row} {CAME_BACK}")
        trip(work, [Breaker(f"{BOUNCES}{letter.recipient}", reason, now, until)], now)
        work.letters.postpone(letter.recipient, until, why_waiting([CAME_BACK]))


def welcome_back(work: Work, addresses: Collection[str], now: datetime) -> None:
    """Begin the count anew for addresses that proven mail came from, and let their letters go."""
    if not addresses:
        return
    work.people.forget_bounces(addresses)
    for breaker in stopped(work, addresses, now).values():
        close(work, breaker, now)
