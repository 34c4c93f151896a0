"""Look at tickets."""

from dataclasses import dataclass

from helpdesk.actions.desk import Desk
from helpdesk.actions.permits import event_by, require_right
from helpdesk.actions.ticketwork import find_ticket
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.permissions import Actor, Right, may_with_ticket
from helpdesk.core.tickets import Ticket
from helpdesk.store.history import Change
from helpdesk.store.listing import ListedTicket, TicketFilter
from helpdesk.store.posts import ShownAttachment, ShownPost
from helpdesk.store.work import Work, in_work


@dataclass(frozen=True, slots=True)
class ShownTicket:
    """A ticket with its conversation, oldest post first. Nothing in it is fit for a terminal yet."""

    ticket: Ticket
    requester: str
    posts: tuple[ShownPost, ...]
    attachments: tuple[ShownAttachment, ...]
    assignee: str = ""
    tags: tuple[str, ...] = ()
    history: tuple[Change, ...] = ()


def shown_ticket(desk: Desk, actor: Actor, number: int) -> ShownTicket:
    """Return a ticket with its conversation, notes and history only for those who may see them.

    That somebody looked at another's ticket is on record. Raises Refused where there is none for *actor*.
    """
    ticket = find_ticket(desk, actor, Right.SEE_TICKET, number)
    inside = may_with_ticket(actor, Right.SEE_NOTES, ticket)
    with Work(desk.database, read_only=True) as work:
        posts = [post for post in work.posts.of_ticket(ticket.id) if inside or not post.internal]
        attached = work.posts.attachments_of([post.id for post in posts])
        wanted = {ticket.requester_id, ticket.assignee_id or ticket.requester_id}
        people = work.people.by_ids(wanted)
        assignee = people[ticket.assignee_id].name if ticket.assignee_id else ""
        shown = ShownTicket(
            ticket,
            people[ticket.requester_id].name,
            tuple(posts),
            tuple(attached),
            assignee,
            tuple(work.history.tags_of([ticket.id]).get(ticket.id, ())),
            tuple(work.history.of_ticket(ticket.id)) if inside else (),
        )
    if ticket.requester_id != actor.user_id:
        in_work(desk.database, lambda work: _note_look(work, actor, ticket))
    return shown


def _note_look(work: Work, actor: Actor, ticket: Ticket) -> None:
    row = event_by(actor, Action.TICKET_SEEN, Outcome.SUCCESS, work.database_now(), ticket=ticket.number)
    work.audit.add([row])


def listed_tickets(desk: Desk, actor: Actor, wanted: TicketFilter) -> list[ListedTicket]:
    """Return the tickets that *actor* may see and that *wanted* asks for, in its order, deleted ones left out."""
    far = require_right(desk.database, actor, Right.SEE_TICKET)
    with Work(desk.database, read_only=True) as work:
        return work.listing.tickets(wanted, actor.person.id, actor.team_ids, far, work.database_now())
