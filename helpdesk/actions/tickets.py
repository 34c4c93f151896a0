"""Look at tickets."""

from dataclasses import dataclass

from helpdesk.core.tickets import Ticket
from helpdesk.errors import Refused
from helpdesk.store.engine import Database
from helpdesk.store.posts import ShownAttachment, ShownPost
from helpdesk.store.work import Work


@dataclass(frozen=True, slots=True)
class ShownTicket:
    """A ticket with its conversation, oldest post first. Nothing in it is fit for a terminal yet."""

    ticket: Ticket
    requester: str
    posts: tuple[ShownPost, ...]
    attachments: tuple[ShownAttachment, ...]


def shown_ticket(database: Database, number: int) -> ShownTicket:
    """Return a ticket with its conversation. Raises Refused when there is none with that number."""
    with Work(database, read_only=True) as work:
        found = list(work.tickets.by_numbers([number]).values())
        if not found:
            raise Refused(f"there is no ticket {number}")
        ticket = found[0]
        posts = work.posts.of_ticket(ticket.id)
        attached = work.posts.attachments_of([post.id for post in posts])
        requester = work.people.by_ids([ticket.requester_id])[ticket.requester_id]
        return ShownTicket(ticket, requester.name, tuple(posts), tuple(attached))


def newest_tickets(database: Database, limit: int) -> list[Ticket]:
    """Return the newest tickets, newest first, deleted ones left out."""
    with Work(database, read_only=True) as work:
        return work.tickets.newest(limit)
