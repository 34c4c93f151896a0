"""Take an answer back while none of its letters has gone out: the ticket stands as it did before."""

from datetime import datetime

from helpdesk.actions.desk import Desk
from helpdesk.actions.permits import event_by
from helpdesk.actions.ticketwork import MAX_RECIPIENTS, answer_key, find_ticket, move
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.people import Role
from helpdesk.core.permissions import Actor, Right, may_with_ticket
from helpdesk.core.tickets import Status
from helpdesk.errors import Refused
from helpdesk.store.listing import ListedTicket
from helpdesk.store.posts import ShownPost
from helpdesk.store.work import Work, in_work

LOOKED_AT = 20  # of one's newest answers: they go out within minutes


def undoable_tickets(desk: Desk, actor: Actor) -> list[ListedTicket]:
    """Return the tickets to which *actor* has an answer that can still be taken back, the newest answer first."""
    if actor.user_id is None:
        return []
    with Work(desk.database, read_only=True) as work:
        now, newest = work.database_now(), dict[int, int]()
        for post_id, ticket_id in work.posts.newest_answers(actor.user_id, LOOKED_AT):
            newest.setdefault(ticket_id, post_id)
        wait = work.letters.could_take_back({post: _keys(post) for post in newest.values()}, now)
        waits = [ticket_id for ticket_id, post in newest.items() if post in wait]
        found = work.tickets.by_ids(waits)
        open_ones = [found[one] for one in waits if may_with_ticket(actor, Right.WORK_ON_TICKET, found[one])]
        return work.listing.by_numbers([ticket.number for ticket in open_ones])


def undo_answer(desk: Desk, actor: Actor, number: int) -> str:
    """Take one's last answer back while none of its letters has gone out; return its text. Raises Refused.

    The ticket's status, and when it was first answered, are what they were before, where nobody changed them since.
    """
    ticket = find_ticket(desk, actor, Right.WORK_ON_TICKET, number)

    def job(work: Work) -> str:
        now = work.database_now()
        posts = work.posts.of_ticket(ticket.id)
        answers = [post for post in posts if not post.internal and post.mail_id is None]
        post = next((post for post in reversed(answers) if post.author_id == actor.user_id), None)
        if post is None or not work.letters.take_back(_keys(post.id), now):
            raise Refused(
                f"there is no answer of yours to ticket {number} that could still be taken back",
                f"vous n'avez pas de réponse au ticket {number} qui puisse encore être annulée",
            )
        work.posts.remove(post.id)
        following = _next_answer(work, [one for one in answers if one.id > post.id])
        _move_back(work, actor, ticket.id, post, following is not None)
        first = {"first_answered_at": post.created_at}
        work.tickets.change(ticket.id, first, first_answered_at=following)
        work.history.add(ticket.id, actor.user_id, "answer undone", "", "", now)
        row = event_by(actor, Action.TICKET_ANSWER_UNDONE, Outcome.SUCCESS, now, ticket=number)
        work.audit.add([row])
        return post.text

    return in_work(desk.database, job)


def _keys(post_id: int) -> list[str]:
    """Return the keys of all letters that an answer can have."""
    return [answer_key(post_id, number) for number in range(MAX_RECIPIENTS)]


def _next_answer(work: Work, later: list[ShownPost]) -> datetime | None:
    """Return when staff answered for the first time among these posts."""
    people = work.people.by_ids({post.author_id for post in later if post.author_id is not None})
    staff = {person.id for person in people.values() if person.role is not Role.USER}
    return next((post.created_at for post in later if post.author_id in staff), None)


def _move_back(work: Work, actor: Actor, ticket_id: int, answer: ShownPost, answered: bool) -> None:
    """Undo the move that came with an answer, unless the ticket was moved, closed or deleted since.

    *answered*: somebody else has answered since, so it is being worked on.
    """
    ticket = work.tickets.by_ids([ticket_id])[ticket_id]
    moves = [change for change in work.history.of_ticket(ticket_id) if change.kind == "status"]
    if not moves or moves[-1].at != answer.created_at or moves[-1].after != ticket.status.value:
        return
    before = Status(moves[-1].before)
    if before is Status.WAITING and answered:
        before = Status.IN_PROGRESS
    if ticket.closed_at is None and not ticket.deleted and ticket.status is not before:
        move(work, actor, ticket, before, work.database_now())
