"""Two tickets become one; a post becomes a ticket of its own."""

from collections.abc import Collection
from dataclasses import dataclass

from helpdesk.actions.desk import Desk
from helpdesk.actions.newticket import confirm, ticket_row
from helpdesk.actions.permits import event_by
from helpdesk.actions.rows import TEXT_CHARS
from helpdesk.actions.tickets import note_look
from helpdesk.actions.ticketwork import changed, workable_ticket
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.letters import Answered
from helpdesk.core.merging import merge_problem, newcomers, split_problem
from helpdesk.core.permissions import Actor, Right
from helpdesk.core.tickets import Status, Ticket
from helpdesk.errors import Refused
from helpdesk.store.posts import ShownPost
from helpdesk.store.work import Work, in_work


@dataclass(frozen=True, slots=True)
class Merging:
    """Two tickets about to become one, and the names of those who will take part in the second from then on."""

    source: Ticket
    target: Ticket
    joining: tuple[str, ...]


def look_at_merging(desk: Desk, actor: Actor, source_number: int, target_number: int) -> Merging:
    """Say what merging two tickets would do, nothing written. Raises Refused, NotAllowed."""
    source = workable_ticket(desk, actor, Right.WORK_ON_TICKET, source_number)
    target = workable_ticket(desk, actor, Right.WORK_ON_TICKET, target_number)
    if problem := merge_problem(source, target):
        raise Refused(*problem)
    with Work(desk.database, read_only=True) as work:
        people = work.people.by_ids(newcomers(source, target))
    return Merging(source, target, tuple(sorted(person.name for person in people.values())))


def merge_tickets(desk: Desk, actor: Actor, source_number: int, target_number: int) -> None:
    """Let one ticket take another over: its posts are read there, its people take part, answers to it land there.

    No letter goes out. What was merged into the source before follows it. Raises Refused, NotAllowed.
    """
    merging = look_at_merging(desk, actor, source_number, target_number)
    source, target = merging.source, merging.target

    def job(work: Work) -> None:
        now = work.database_now()
        resolved_at = source.resolved_at or now
        gone = {"merged_into_id": target.id, "status": Status.RESOLVED.value, "resolved_at": resolved_at}
        changed(work, source, {"status": source.status.value}, gone | {"updated_at": now})
        changed(work, target, {"status": target.status.value}, {"updated_at": now})
        work.tickets.repoint(source.id, target.id)
        fresh = work.tickets.by_ids([source.id, target.id])  # both rows are ours until the end
        work.tickets.join(target.id, newcomers(fresh[source.id], fresh[target.id]))
        work.history.add(source.id, actor.user_id, "merged", "", f"#{target.number}", now)
        work.history.add(target.id, actor.user_id, "took over", "", f"#{source.number}", now)
        detail = {"ticket": source.number, "into": target.number}
        work.audit.add([event_by(actor, Action.TICKET_MERGED, Outcome.SUCCESS, now, **detail)])

    in_work(desk.database, job)


def authors_of(desk: Desk, actor: Actor, number: int) -> list[str]:
    """Return who wrote each post of a ticket as staff see it, in their order. Raises Refused, NotAllowed."""
    return [post.author for post in _ticket_and_posts(desk, actor, number)[2]]


def _ticket_and_posts(
    desk: Desk, actor: Actor, number: int
) -> tuple[Ticket, Collection[int], list[ShownPost]]:
    """Return a ticket, the ids of those that were merged into it, and the posts of them all."""
    ticket = workable_ticket(desk, actor, Right.WORK_ON_TICKET, number)
    with Work(desk.database, read_only=True) as work:
        merged = work.tickets.merged_into(ticket.id)
        return ticket, merged, work.posts.of_tickets([ticket.id, *merged])


def post_at(desk: Desk, actor: Actor, number: int, place: int) -> ShownPost:
    """Return the *place*-th post of a ticket as staff see it, the first being 1; where it is another's, on record.

    Raises Refused, NotAllowed.
    """
    ticket, merged, posts = _ticket_and_posts(desk, actor, number)
    if not 0 < place <= len(posts):
        raise Refused(
            f"ticket {number} has no post {place}; it has 1 to {len(posts)}",
            f"le ticket {number} n'a pas de message {place} ; il a 1 à {len(posts)}",
        )
    note_look(desk, actor, ticket, merged)
    return posts[place - 1]


def split_ticket(desk: Desk, actor: Actor, number: int, post: ShownPost, subject: str) -> int:
    """Make a post of a ticket a ticket of its author; return its number. An empty *subject*: that of the ticket.

    The author gets a confirmation with the new number. Raises Refused, NotAllowed.
    """
    ticket = workable_ticket(desk, actor, Right.WORK_ON_TICKET, number)

    def job(work: Work) -> int:
        now = work.database_now()
        changed(work, ticket, {}, {"updated_at": now})  # from here on nobody else splits it
        said = work.posts.count_said(post.ticket_id)
        problem = split_problem(ticket, post.author_id, post.internal, said)
        if problem or post.author_id is None:
            raise Refused(*(problem or ("nobody wrote it", "personne ne l'a écrit")))
        about = " ".join(subject.split())[:TEXT_CHARS] or ticket.subject
        row = ticket_row(work, desk, post.author_id, about, ticket.urgency, post.created_at)
        row |= {"team_id": ticket.team_id, "updated_at": now}
        work.tickets.add([row])
        if not work.posts.move(post.id, post.ticket_id, row["id"]):
            raise Refused(
                "that post is no longer there; look at the ticket again",
                "ce message n'est plus là ; regardez le ticket de nouveau",
            )
        answered = work.mails.lead_to(post.mail_id, row["id"]) if post.mail_id else ""
        confirm(work, desk, row, post.created_at, Answered(answered) if answered else Answered(), now)
        new = row["number"]
        work.history.add(ticket.id, actor.user_id, "split", "", f"#{new}", now)
        work.history.add(row["id"], actor.user_id, "split", f"#{ticket.number}", "", now)
        detail = {"ticket": ticket.number, "into": new, "post": post.id}
        work.audit.add([event_by(actor, Action.TICKET_SPLIT, Outcome.SUCCESS, now, **detail)])
        return int(new)

    return in_work(desk.database, job)
