"""Refuse what the table of rights does not allow; every refusal is on record before it is told."""

from datetime import UTC, datetime
from typing import NoReturn

from helpdesk.core.audit import Action, Outcome
from helpdesk.core.people import Language, Person
from helpdesk.core.permissions import Actor, Reach, Right, in_words, may_with_person, may_with_ticket, reach
from helpdesk.core.tickets import Ticket
from helpdesk.errors import NotAllowed, Refused
from helpdesk.store.audit import Event
from helpdesk.store.engine import Database
from helpdesk.store.work import Work, in_work


def event_by(actor: Actor, action: Action, outcome: Outcome, at: datetime, **detail: object) -> Event:
    """Return an audit row about something that *actor* did or tried."""
    return Event(action, outcome, at, actor.user_id, detail, actor.ip_address, actor.user_agent)


def require_right(database: Database, actor: Actor, right: Right) -> Reach:
    """Return how far *right* goes for *actor*. Raises NotAllowed where it goes nowhere."""
    far = reach(actor.person, right)
    if far is Reach.NONE:
        refuse(database, actor, right)
    return far


def require_with_ticket(database: Database, actor: Actor, right: Right, ticket: Ticket) -> None:
    """Raise unless *actor* has *right* over *ticket*: as for a ticket that is not there where it may not be seen."""
    if may_with_ticket(actor, right, ticket):
        return
    if may_with_ticket(actor, Right.SEE_TICKET, ticket):
        refuse(database, actor, right, ticket=ticket.number)
    deny(database, actor, right, ticket=ticket.number)
    raise no_such_ticket(ticket.number)


def require_with_person(
    database: Database, actor: Actor, right: Right, person: Person, team_ids: frozenset[int]
) -> None:
    """Raise NotAllowed unless *actor* has *right* over *person*, a member of *team_ids*."""
    if not may_with_person(actor, right, person, team_ids):
        refuse(database, actor, right, person=person.id)


def refuse(database: Database, actor: Actor, right: Right, **detail: object) -> NoReturn:
    """Put a refusal on record and raise NotAllowed."""
    deny(database, actor, right, **detail)
    english, french = (
        (actor.person.role.in_words(one), in_words(right, one)) for one in (Language.EN, Language.FR)
    )
    raise NotAllowed(
        f"your role ({english[0]}) does not allow this: {english[1]}",
        f"votre rôle ({french[0]}) ne le permet pas : {french[1]}",
    )


def deny(database: Database, actor: Actor, right: Right, **detail: object) -> None:
    """Put a refusal on record."""
    role_change = right is Right.CHANGE_ROLES
    action = Action.UNAUTHORIZED_ROLE_CHANGE if role_change else Action.UNAUTHORIZED_ACCESS

    def job(work: Work) -> None:
        row = event_by(actor, action, Outcome.DENIED, datetime.now(UTC), right=right.value, **detail)
        work.audit.add([row])

    in_work(database, job)


def no_such_ticket(number: int) -> Refused:
    """Return the error for a ticket that is not there, or not for this person to know of."""
    return Refused(f"there is no ticket {number}", f"il n'y a pas de ticket {number}")
