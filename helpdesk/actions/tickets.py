"""Look at tickets."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from helpdesk.actions.desk import Desk
from helpdesk.actions.permits import event_by, require_right
from helpdesk.actions.ticketwork import find_ticket
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.paging import OPEN
from helpdesk.core.permissions import Actor, Reach, Right, may_with_ticket, reach
from helpdesk.core.searchwords import Wanted, has_word, snippet, wanted_words
from helpdesk.core.tickets import Ticket
from helpdesk.errors import Refused
from helpdesk.store.history import Change
from helpdesk.store.listing import Arrived, Eyes, ListedTicket, TicketFilter
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


@dataclass(frozen=True, slots=True)
class FoundTicket:
    """A ticket with the place where the words stand; none where they stand in its subject only."""

    ticket: ListedTicket
    snippet: str


def shown_ticket(desk: Desk, actor: Actor, number: int) -> ShownTicket:
    """Return a ticket with its conversation, notes and history only for those who may see them.

    That somebody looked at what another asked is on record. Raises Refused where there is none for *actor*.
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
    note_look(desk, actor, ticket, merged)
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


def note_look(desk: Desk, actor: Actor, ticket: Ticket, merged: Collection[int]) -> None:
    """Put on record that *actor* read a ticket, where it, or one of those *merged* into it (ids), is another's."""

    def job(work: Work) -> None:
        tickets = (ticket, *work.tickets.by_ids(merged).values())
        if any(one.requester_id != actor.user_id for one in tickets):
            now = work.database_now()
            work.audit.add([event_by(actor, Action.TICKET_SEEN, Outcome.SUCCESS, now, ticket=ticket.number)])

    if merged or ticket.requester_id != actor.user_id:
        in_work(desk.database, job)


def arrived_posts(desk: Desk, actor: Actor, minutes: int, limit: int) -> list[Arrived]:
    """Return what was written within the last minutes to tickets that *actor* may see, newest first."""
    eyes = eyes_of(desk, actor)
    notes = reach(actor.person, Right.SEE_NOTES) is not Reach.NONE
    with Work(desk.database, read_only=True) as work:
        since = work.database_now() - timedelta(minutes=minutes)
        return work.listing.arrived(since, eyes, notes, limit)


def listed_tickets(desk: Desk, actor: Actor, wanted: TicketFilter) -> list[ListedTicket]:
    """Return the tickets that *actor* may see and that *wanted* asks for, in its order.

    Deleted ones: those that *actor* may restore. Raises Refused for resolved tickets in an order of work to do.
    """
    eyes = _eyes_for(desk, actor, wanted)
    if wanted.order.is_of_work and wanted.statuses and not set(wanted.statuses) & set(OPEN):
        raise Refused(
            f"by {wanted.order.value} only tickets that are not resolved are listed; sort them by number or updated",
            f"le tri par {wanted.order.value} ne montre que des tickets non résolus ; triez par number ou updated",
        )
    with Work(desk.database, read_only=True) as work:
        return work.listing.tickets(wanted, eyes, work.database_now())


def searched_tickets(desk: Desk, actor: Actor, typed: str, wanted: TicketFilter) -> list[FoundTicket]:
    """Return the newest tickets that hold all words that were *typed*, within what *actor* may see.

    What *wanted* asks for must hold too; its order is of no account. That others' tickets were found is on record.
    Raises Refused where no word was typed.
    """
    eyes = _eyes_for(desk, actor, wanted)
    words = wanted_words(typed)
    if not words:
        raise Refused(
            "there is no word in this to look for; type words or numbers",
            "il n'y a là aucun mot à chercher ; tapez des mots ou des nombres",
        )
    notes = reach(actor.person, Right.SEE_NOTES) is not Reach.NONE
    with Work(desk.database, read_only=True) as work:
        numbers = work.search.numbers(words, wanted, eyes, work.database_now(), notes=notes)
        texts = work.search.texts(numbers, notes=notes)
        found = work.listing.by_numbers(numbers)
    others = sum(ticket.requester_id != actor.user_id for ticket in found)
    if others:
        in_work(desk.database, lambda work: _note_search(work, actor, len(found), others))
    return [FoundTicket(ticket, _place(texts.get(ticket.number, []), words)) for ticket in found]


def _note_search(work: Work, actor: Actor, found: int, others: int) -> None:
    """The words stay out of it: who looks for a name or an illness means no one to read that for 90 days."""
    detail = {"found": found, "others": others}
    row = event_by(actor, Action.TICKETS_SEARCHED, Outcome.SUCCESS, work.database_now(), **detail)
    work.audit.add([row])


def eyes_of(desk: Desk, actor: Actor) -> Eyes:
    """Return what *actor* may see. Raises NotAllowed where that is nothing."""
    far = require_right(desk.database, actor, Right.SEE_TICKET)
    return Eyes(actor.person.id, actor.team_ids, far)


def _eyes_for(desk: Desk, actor: Actor, wanted: TicketFilter) -> Eyes:
    """Return what *actor* may see of what is wanted. Raises NotAllowed where that is nothing."""
    if not wanted.deleted:
        return eyes_of(desk, actor)
    far = require_right(desk.database, actor, Right.RESTORE_TICKET)
    return Eyes(actor.person.id, actor.team_ids, far)


def _place(texts: Sequence[str], words: Sequence[Wanted]) -> str:
    """Return a line of the post that holds most of the words, the newest of several."""
    best = max(reversed(texts), key=lambda text: sum(has_word(text, word) for word in words), default="")
    return snippet(best, words)
