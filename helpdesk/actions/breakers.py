"""Breakers: who trips them, what they make wait, and how they are closed before their time."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from helpdesk.actions.permits import event_by
from helpdesk.actions.resend import require_letters
from helpdesk.core.audit import Action
from helpdesk.core.audit import Outcome as AuditOutcome
from helpdesk.core.breakerscopes import BOUNCES, Scope, name_of, scope_in_words, scope_of, waits_for
from helpdesk.core.health import BreakerSeen
from helpdesk.core.permissions import Actor
from helpdesk.errors import Refused
from helpdesk.store.audit import Event
from helpdesk.store.budgets import Breaker
from helpdesk.store.engine import Database
from helpdesk.store.work import Work, in_work


def trip(work: Work, breakers: Iterable[Breaker], now: datetime) -> tuple[Breaker, ...]:
    """Open breakers; those open already keep their beginning. Return the others."""
    wanted = tuple(breakers)
    if not wanted:
        return ()
    already = {breaker.scope: breaker for breaker in work.budgets.open_breakers(now)}
    for breaker in wanted:
        if (before := already.get(breaker.scope)) is None:
            work.budgets.open_breaker(breaker)
        elif before.closes_at < breaker.closes_at:
            longer = Breaker(breaker.scope, breaker.reason, before.opened_at, breaker.closes_at)
            work.budgets.open_breaker(longer)
    return tuple(breaker for breaker in wanted if breaker.scope not in already)


def stopped(work: Work, addresses: Collection[str], now: datetime) -> Mapping[str, Breaker]:
    """Return the breakers that make letters to these addresses wait, by address."""
    found = work.budgets.open_among([f"{BOUNCES}{address}" for address in addresses], now)
    return {breaker.scope.removeprefix(BOUNCES): breaker for breaker in found}


def open_breakers(database: Database, by: Actor | None = None) -> list[BreakerSeen]:
    """Return the breakers that are open now, with how many letters wait because of each.

    *by*: None for the daemon's own command line. Raises NotAllowed.
    """
    require_letters(database, by)
    with Work(database, read_only=True) as work:
        return breakers_in(work)


def breakers_in(work: Work) -> list[BreakerSeen]:
    """Return what ``open_breakers`` does, in a transaction that there is already."""
    return [_seen(work, breaker) for breaker in work.budgets.open_breakers(work.database_now())]


def reset(database: Database, scope: str, by: Actor | None = None) -> int:
    """Close a breaker, begin its count anew, and let the letters go that wait for it alone; return how many.

    Letters that other caps make wait as well keep their time. Raises Refused when no such breaker is open.
    """
    require_letters(database, by)
    return in_work(database, lambda work: _reset(work, scope, by))


def _reset(work: Work, scope: str, by: Actor | None) -> int:
    now = work.database_now()
    is_open = {breaker.scope: breaker for breaker in work.budgets.open_breakers(now)}
    if scope not in is_open:
        raise Refused(
            f"no breaker {scope} is open; open are: {', '.join(is_open) or 'none'}",
            f"aucun disjoncteur {scope} n'est ouvert ; ouverts : {', '.join(is_open) or 'aucun'}",
        )
    released = close(work, is_open[scope], now)
    detail = {"scope": scope, "letters": released}
    row = Event(Action.BREAKER_RESET, AuditOutcome.SUCCESS, now, detail=detail)
    work.audit.add([event_by(by, row.action, row.status, now, **detail) if by else row])
    return released


def close(work: Work, breaker: Breaker, now: datetime) -> int:
    """Do in *work* what ``reset`` does, but for the audit."""
    scope = scope_of(breaker.scope)
    work.budgets.close_breaker(breaker.scope)
    work.budgets.forget(breaker.scope)
    if scope.by == "bounce":
        work.people.forget_bounces([scope.value])
    name = name_of(scope, breaker.reason)
    alone = [letter_id for letter_id, note in _booked(work, scope, now) if waits_for(note) == {name}]
    work.letters.hurry(alone, now)
    return len(alone)


def _seen(work: Work, breaker: Breaker) -> BreakerSeen:
    scope = scope_of(breaker.scope)
    name = name_of(scope, breaker.reason)
    ticket_ids = [scope.ticket_id] if scope.ticket_id else []
    number = next((ticket.number for ticket in work.tickets.by_ids(ticket_ids).values()), None)
    waiting = sum(name in waits_for(note) for _id, note in _booked(work, scope, work.database_now()))
    words = scope_in_words(scope, number)
    return BreakerSeen(breaker.scope, words, breaker.reason, breaker.opened_at, breaker.closes_at, waiting)


def _booked(work: Work, scope: Scope, now: datetime) -> list[tuple[int, str]]:
    if scope.by == "subject":  # such letters are not written at all
        return []
    if scope.of == "address":
        return work.letters.booked(now, recipient=scope.value)
    if scope.of == "domain":
        return work.letters.booked(now, domain=scope.value)
    return work.letters.booked(now, ticket_id=scope.ticket_id)
