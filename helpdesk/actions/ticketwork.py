"""Work on tickets from the keyboard: answer, note, move. Each is one transaction, judged by the table of rights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from helpdesk.actions.desk import Desk
from helpdesk.actions.outbox import letter_row
from helpdesk.actions.permits import event_by, no_such_ticket, require_with_ticket
from helpdesk.actions.rows import note_row
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.letters import Addressee, Answered, Letter, dedupe_key
from helpdesk.core.people import AddressState, Role
from helpdesk.core.permissions import Actor, Right
from helpdesk.core.staffletters import ticket_answered, ticket_resolved
from helpdesk.core.tickets import MOVES, USER_MOVES, Status, Ticket, check_move
from helpdesk.errors import Refused
from helpdesk.store.work import Work, in_work

MAX_TEXT_CHARS = 100_000
MAX_RECIPIENTS = 50  # of one answer


@dataclass(frozen=True, slots=True)
class Sent:
    """An answer that was written: its post, whom it goes to and from when on it cannot be taken back."""

    post_id: int
    recipients: tuple[str, ...]
    goes_at: datetime


def find_ticket(desk: Desk, actor: Actor, right: Right, number: int) -> Ticket:
    """Return a ticket over which *actor* has *right*. Raises Refused, NotAllowed and StoreAway."""
    with Work(desk.database, read_only=True) as work:
        found = list(work.tickets.by_numbers([number]).values())
    if not found:
        raise no_such_ticket(number)
    require_with_ticket(desk.database, actor, right, found[0])
    return found[0]


def workable_ticket(desk: Desk, actor: Actor, right: Right, number: int) -> Ticket:
    """Return a ticket that *actor* may change now. Raises Refused for one that is deleted, closed or merged."""
    ticket = find_ticket(desk, actor, right, number)
    if ticket.deleted:
        raise Refused(
            f"ticket {number} is deleted; first: ticket restore {number}",
            f"le ticket {number} est supprimé ; d'abord : ticket restore {number}",
        )
    if ticket.closed_at is not None:
        raise Refused(
            f"ticket {number} is closed since {ticket.closed_at:%Y-%m-%d}: open a new one",
            f"le ticket {number} est clos depuis le {ticket.closed_at:%Y-%m-%d} : ouvrez-en un nouveau",
        )
    if ticket.merged_into_id is not None:
        with Work(desk.database, read_only=True) as work:
            into = work.tickets.by_ids([ticket.merged_into_id])[ticket.merged_into_id].number
        raise Refused(
            f"ticket {number} was merged into ticket {into}: work on that one",
            f"le ticket {number} a été fusionné dans le ticket {into} : continuez avec celui-ci",
        )
    return ticket


def change_status(desk: Desk, actor: Actor, number: int, status: Status) -> Ticket:
    """Move a ticket; its requester is told when somebody else resolves it. Raises IllegalMove, Refused."""
    own = actor.person.role is Role.USER
    ticket = workable_ticket(desk, actor, Right.CLOSE_OWN if own else Right.WORK_ON_TICKET, number)
    check_move(number, ticket.status, status, USER_MOVES if own else MOVES)

    def job(work: Work) -> None:
        now = work.database_now()
        move(work, actor, ticket, status, now)
        if status is Status.RESOLVED:
            letters = [
                ticket_resolved(
                    desk.stationery, to, number, ticket.subject, answered_mail(work, ticket),
                    dedupe_key("resolved", str(ticket.id), now.isoformat(), to.address), now,
                )
                for to in addressees(work, ticket, actor)
            ]  # fmt: skip
            queue(work, ticket, letters, now, now)

    in_work(desk.database, job)
    return replace(ticket, status=status)


def move(work: Work, actor: Actor, ticket: Ticket, status: Status, now: datetime) -> None:
    """Write a move that was judged, unless somebody else has moved the ticket meanwhile."""
    resolved_at = now if status is Status.RESOLVED else None
    values = {"status": status.value, "resolved_at": resolved_at, "updated_at": now}
    changed(work, ticket, {"status": ticket.status.value}, values)
    work.history.add(ticket.id, actor.user_id, "status", ticket.status.value, status.value, now)
    before_and_after = {"ticket": ticket.number, "before": ticket.status.value, "after": status.value}
    work.audit.add([event_by(actor, Action.STATUS_CHANGED, Outcome.SUCCESS, now, **before_and_after)])


def changed(work: Work, ticket: Ticket, seen: Mapping[str, object], values: Mapping[str, object]) -> None:
    """Change a ticket's row.

    Raises Refused where it is no longer as it was *seen*, or deleted, closed or merged meanwhile.
    """
    there = {"merged_into_id": ticket.merged_into_id, "deleted_at": None, "closed_at": ticket.closed_at}
    if not work.tickets.change(ticket.id, there | dict(seen), **values):
        raise Refused(
            f"ticket {ticket.number} was changed by somebody else just now; look at it again",
            f"le ticket {ticket.number} vient d'être modifié par quelqu'un d'autre ; regardez-le de nouveau",
        )


def preview_answer(desk: Desk, actor: Actor, number: int, text: str, resolve: bool) -> list[Letter]:
    """Return the letters as they would go out, nothing written. Raises Refused."""
    ticket = workable_ticket(desk, actor, Right.WORK_ON_TICKET, number)
    check_text(text)
    with Work(desk.database, read_only=True) as work:
        return _answers(work, desk, actor, ticket, text, resolve, 0, work.database_now())


def answer_ticket(desk: Desk, actor: Actor, number: int, text: str, resolve: bool, undo_seconds: int) -> Sent:
    """Write to the people of a ticket; the letters go out after *undo_seconds*. Raises Refused.

    A user's own follow-up is a post, without letters; it opens the ticket again where it was resolved.
    """
    own = actor.person.role is Role.USER
    ticket = workable_ticket(desk, actor, Right.FOLLOW_UP if own else Right.WORK_ON_TICKET, number)
    check_text(text)

    def job(work: Work) -> Sent:
        now = work.database_now()
        goes_at = now + timedelta(seconds=undo_seconds)
        post = note_row(now, ticket.id, text) | {"author_id": actor.user_id, "internal": False}
        work.posts.add([post], [])
        letters = [] if own else _answers(work, desk, actor, ticket, text, resolve, post["id"], now)
        queue(work, ticket, letters, now, goes_at)
        if not own and ticket.first_answered_at is None:
            work.tickets.change(ticket.id, {}, first_answered_at=now)
        _move_on(work, actor, ticket, own, resolve, now)
        work.audit.add([event_by(actor, Action.TICKET_ANSWERED, Outcome.SUCCESS, now, ticket=number)])
        return Sent(post["id"], tuple(letter.recipient for letter in letters), goes_at)

    return in_work(desk.database, job)


def _move_on(work: Work, actor: Actor, ticket: Ticket, own: bool, resolve: bool, now: datetime) -> None:
    """An answer begins the work on a ticket or ends it; a user's follow-up opens it again."""
    wanted = ticket.status
    if resolve:
        wanted = Status.RESOLVED
    elif own and ticket.status is Status.RESOLVED:
        wanted = Status.WAITING
    elif not own and ticket.status is Status.WAITING:
        wanted = Status.IN_PROGRESS
    if wanted is ticket.status:
        work.tickets.touch([ticket.id], now)
    else:
        move(work, actor, ticket, wanted, now)


def add_note(desk: Desk, actor: Actor, number: int, text: str) -> None:
    """Write an internal note, which the people of the ticket never see. Raises Refused."""
    ticket = workable_ticket(desk, actor, Right.WORK_ON_TICKET, number)
    check_text(text)

    def job(work: Work) -> None:
        now = work.database_now()
        work.posts.add([note_row(now, ticket.id, text) | {"author_id": actor.user_id}], [])
        work.tickets.touch([ticket.id], now)
        work.audit.add([event_by(actor, Action.NOTE_ADDED, Outcome.SUCCESS, now, ticket=number)])

    in_work(desk.database, job)


def check_text(text: str) -> None:
    """Raise Refused for a text that says nothing, or too much."""
    if not text.strip():
        raise Refused("the text is empty: nothing was written", "le texte est vide : rien n'a été écrit")
    if len(text) > MAX_TEXT_CHARS:
        raise Refused(
            f"the text has {len(text)} characters; the limit is {MAX_TEXT_CHARS}",
            f"le texte a {len(text)} caractères ; la limite est de {MAX_TEXT_CHARS}",
        )


def addressees(work: Work, ticket: Ticket, actor: Actor) -> list[Addressee]:
    """Return whom a letter about a ticket goes to: its requester and participants, at a verified address each."""
    found = []
    for person_id in (ticket.requester_id, *sorted(ticket.participants)):
        if person_id == actor.user_id:
            continue
        verified = [one for one in work.people.addresses_of(person_id) if one.state is AddressState.VERIFIED]
        if verified and verified[0].person.active:
            person = verified[0].person
            found.append(Addressee(verified[0].address, person.language, person.name, person.id))
    return found[:MAX_RECIPIENTS]


def answered_mail(work: Work, ticket: Ticket) -> Answered:
    """Return the newest mail of a ticket, so that an answer stands below it in mail clients."""
    message_id = work.mails.newest_message_id(ticket.id)
    return Answered(message_id) if message_id else Answered()


def queue(work: Work, ticket: Ticket, letters: Sequence[Letter], now: datetime, goes_at: datetime) -> None:
    """Queue letters about a ticket, to go out at *goes_at*."""
    rows = [letter_row(letter, now, ticket_id=ticket.id) | {"next_at": goes_at} for letter in letters]
    work.letters.add(rows)


def _answers(
    work: Work,
    desk: Desk,
    actor: Actor,
    ticket: Ticket,
    text: str,
    resolve: bool,
    post_id: int,
    now: datetime,
) -> list[Letter]:
    answered = answered_mail(work, ticket)
    return [
        ticket_answered(
            desk.stationery, to, ticket.number, ticket.subject, text, actor.person.name, resolve, answered,
            answer_key(post_id, number), now,
        )
        for number, to in enumerate(addressees(work, ticket, actor))
    ]  # fmt: skip


def answer_key(post_id: int, number: int) -> str:
    """Return the key of the letter to the *number*-th recipient of an answer."""
    return dedupe_key("answer", str(post_id), str(number))
