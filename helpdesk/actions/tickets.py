"""Look at tickets."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from helpdesk.actions.desk import Desk
from helpdesk.actions.permits import event_by, require_right
from helpdesk.actions.ticketwork import find_ticket
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.permissions import Actor, Reach, Right, may_with_ticket, reach
from helpdesk.core.tickets import Ticket
from helpdesk.store.history import Change
from helpdesk.store.listing import Arrived, ListedTicket, TicketFilter
from helpdesk.store.posts import ShownAttachment, ShownPost
from helpdesk.store.work import Work, in_work


@dataclass(frozen=True, slots=True)
class ShownTicket:
    """A ticket with its conversation, oldest post first. Nothing in it is fit for a terminal yet.

    ``merged``: the numbers of the tickets whose posts it shows beside its own, by their ids. ``merged_into``: the
    number of the ticket where all of it is shown now.
    """

    ticket: Ticket
    requester: str
    posts: tuple[ShownPost, ...]
    attachments: tuple[ShownAttachment, ...]
    assignee: str = ""
    tags: tuple[str, ...] = ()
    history: tuple[Change, ...] = ()
    team: str = ""
    merged: Mapping[int, int] = field(default_factory=dict)
    merged_into: int | None = None


def shown_ticket(desk: Desk, actor: Actor, number: int) -> ShownTicket:
    """Return a ticket with its conversation, notes and history only for those who may see them.

    That somebody looked at another's ticket is on record. Raises Refused where there is none for *actor*.
    """
    ticket = find_ticket(desk, actor, Right.SEE_TICKET, number)
    inside = may_with_ticket(actor, Right.SEE_NOTES, ticket)
    with Work(desk.database, read_only=True) as work:
        merged = work.tickets.merged_into(ticket.id)
        posts, attached = conversation(work, (ticket.id, *merged), inside)
        wanted = {ticket.requester_id, ticket.assignee_id or ticket.requester_id}
        people = work.people.by_ids(wanted)
        assignee = people[ticket.assignee_id].name if ticket.assignee_id else ""
        shown = ShownTicket(
            ticket,
            people[ticket.requester_id].name,
            posts,
            attached,
            assignee,
            tuple(work.history.tags_of([ticket.id]).get(ticket.id, ())),
            tuple(work.history.of_ticket(ticket.id)) if inside else (),
            work.people.team_names().get(ticket.team_id, "") if ticket.team_id else "",
            merged,
            _number_of(work, ticket.merged_into_id),
        )
    if ticket.requester_id != actor.user_id:
        in_work(desk.database, lambda work: _note_look(work, actor, ticket))
    return shown


def conversation(
    work: Work, ticket_ids: Collection[int], inside: bool
) -> tuple[tuple[ShownPost, ...], tuple[ShownAttachment, ...]]:
    """Return the posts of tickets with their attachments; notes and verdicts only for those *inside*."""
    posts = work.posts.of_tickets(ticket_ids)
    if not inside:
        posts = [replace(post, verdict="", verdict_reason="") for post in posts if not post.internal]
    return tuple(posts), tuple(work.posts.attachments_of([post.id for post in posts]))


def _number_of(work: Work, ticket_id: int | None) -> int | None:
    return work.tickets.by_ids([ticket_id])[ticket_id].number if ticket_id else None


def _note_look(work: Work, actor: Actor, ticket: Ticket) -> None:
    row = event_by(actor, Action.TICKET_SEEN, Outcome.SUCCESS, work.database_now(), ticket=ticket.number)
    work.audit.add([row])


def arrived_posts(desk: Desk, actor: Actor, minutes: int, limit: int) -> list[Arrived]:
    """Return what was written within the last minutes to tickets that *actor* may see, newest first."""
    far = require_right(desk.database, actor, Right.SEE_TICKET)
    notes = reach(actor.person, Right.SEE_NOTES) is not Reach.NONE
    with Work(desk.database, read_only=True) as work:
        since = work.database_now() - timedelta(minutes=minutes)
        return work.listing.arrived(since, actor.person.id, actor.team_ids, far, notes, limit)


def listed_tickets(desk: Desk, actor: Actor, wanted: TicketFilter) -> list[ListedTicket]:
    """Return the tickets that *actor* may see and that *wanted* asks for, in its order, deleted ones left out."""
    far = require_right(desk.database, actor, Right.SEE_TICKET)
    with Work(desk.database, read_only=True) as work:
        return work.listing.tickets(wanted, actor.person.id, actor.team_ids, far, work.database_now())
