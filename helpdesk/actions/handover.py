"""Who is responsible for a ticket: a person, a team, oneself, nobody. Each change is judged and on record."""

from collections.abc import Mapping
from functools import partial

from helpdesk.actions.desk import Desk
from helpdesk.actions.permits import event_by, refuse
from helpdesk.actions.ticketwork import changed, workable_ticket
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.people import Person, Role
from helpdesk.core.permissions import (
    Actor,
    Reach,
    Right,
    may_assign_to,
    may_give_to_team,
    may_unassign,
    reach,
)
from helpdesk.core.tickets import Ticket
from helpdesk.errors import Refused
from helpdesk.store.work import Work, in_work


def assign_ticket(desk: Desk, actor: Actor, number: int, address: str) -> Person:
    """Make whoever has *address* responsible for a ticket. Raises Refused, NotAllowed."""
    ticket = workable_ticket(desk, actor, Right.ASSIGN_TICKET, number)
    with Work(desk.database, read_only=True) as work:
        known = work.people.known_addresses([address]).get(address)
        teams = work.people.teams_of([known.person.id]) if known else {}
    if known is None and reach(actor.person, Right.ASSIGN_TICKET) is Reach.ALL:
        raise Refused(f"nobody is registered with {address}", f"personne n'est inscrit avec {address}")
    if known is not None and reach(actor.person, Right.ASSIGN_TICKET) is Reach.ALL:
        _require_assignable(known.person, address)
    if known is None or not may_assign_to(actor, known.person, teams.get(known.person.id, frozenset())):
        # The same words for an address that nobody has: who may not assign may not find that out either.
        refuse(
            desk.database, actor, Right.ASSIGN_TICKET, ticket=number, to=known.person.id if known else None
        )
    _give(desk, actor, ticket, known.person)
    return known.person


def _require_assignable(person: Person, address: str) -> None:
    """Raise Refused where nobody may make *person* responsible, whatever their rights."""
    if not person.active:
        raise Refused(f"the account of {address} is closed", f"le compte de {address} est fermé")
    if person.role is Role.USER:
        raise Refused(
            f"{address} is not staff: tickets are assigned to agents, managers and admins",
            f"{address} n'est pas du personnel : un ticket s'attribue à un agent, un responsable ou un admin",
        )


def take_ticket(desk: Desk, actor: Actor, number: int) -> None:
    """Make oneself responsible for a ticket that is nobody's. Raises Refused, NotAllowed."""
    ticket = workable_ticket(desk, actor, Right.ASSIGN_TICKET, number)
    if not may_assign_to(actor, actor.person, actor.team_ids):
        refuse(desk.database, actor, Right.ASSIGN_TICKET, ticket=number, to=actor.user_id)
    if actor.user_id is None:
        raise Refused("nobody is logged in here", "personne n'est connecté ici")
    if ticket.assignee_id not in (None, actor.user_id):
        raise Refused(
            f"somebody else has ticket {number}; to take it over: ticket assign {number} YOUR-ADDRESS",
            f"quelqu'un d'autre a le ticket {number} ; pour le reprendre : ticket assign {number} VOTRE-ADRESSE",
        )
    _give(desk, actor, ticket, actor.person)


def unassign_ticket(desk: Desk, actor: Actor, number: int) -> None:
    """Make nobody responsible for a ticket. Raises Refused, NotAllowed."""
    ticket = workable_ticket(desk, actor, Right.ASSIGN_TICKET, number)
    if not may_unassign(actor, ticket.assignee_id):
        refuse(desk.database, actor, Right.ASSIGN_TICKET, ticket=number, to=None)
    _give(desk, actor, ticket, None)


def give_to_team(desk: Desk, actor: Actor, number: int, name: str) -> str:
    """Give a ticket to a team, whose name is returned as it is written. Raises Refused, NotAllowed."""
    ticket = workable_ticket(desk, actor, Right.ASSIGN_TICKET, number)
    with Work(desk.database, read_only=True) as work:
        names = work.people.team_names()
    team_id = team_named(names, name)
    if not may_give_to_team(actor, team_id):
        refuse(desk.database, actor, Right.ASSIGN_TICKET, ticket=number, team=team_id)
    if team_id == ticket.team_id:
        raise Refused(f"it is that team's already: {names[team_id]}", f"il est déjà à {names[team_id]}")
    before = names.get(ticket.team_id or 0, "")
    words = ("team", before, names[team_id])
    in_work(desk.database, partial(_change, actor, ticket, "team_id", team_id, words, {"team": team_id}))
    return names[team_id]


def team_named(names: Mapping[int, str], wanted: str) -> int:
    """Return the id of the team with a name, upper or lower case. Raises Refused where there is none."""
    for team_id, name in names.items():
        if name.casefold() == wanted.strip().casefold():
            return team_id
    known = ", ".join(names.values())
    raise Refused(
        f"there is no team {wanted}; there is: {known or 'none'}",
        f"il n'y a pas d'équipe {wanted} ; il y a : {known or 'aucune'}",
    )


def _give(desk: Desk, actor: Actor, ticket: Ticket, to: Person | None) -> None:
    to_id = to.id if to else None
    if to_id == ticket.assignee_id:
        name = to.name if to else "nobody"
        raise Refused(
            f"ticket {ticket.number} is assigned to {name} already",
            f"le ticket {ticket.number} est déjà attribué à {to.name if to else 'personne'}",
        )
    with Work(desk.database, read_only=True) as work:
        before = work.people.by_ids([ticket.assignee_id] if ticket.assignee_id else [])
    names = [one.name for one in before.values()]
    words = ("assignee", names[0] if names else "", to.name if to else "")
    in_work(desk.database, partial(_change, actor, ticket, "assignee_id", to_id, words, {"to": to_id}))


def _change(
    actor: Actor,
    ticket: Ticket,
    column: str,
    value: int | None,
    words: tuple[str, str, str],
    detail: Mapping[str, object],
    work: Work,
) -> None:
    now = work.database_now()
    changed(work, ticket, {column: getattr(ticket, column)}, {column: value, "updated_at": now})
    work.history.add(ticket.id, actor.user_id, *words, now)
    row = event_by(actor, Action.TICKET_ASSIGNED, Outcome.SUCCESS, now, ticket=ticket.number, **detail)
    work.audit.add([row])
