"""What is written on a ticket: how urgent it is, its tags, that it is deleted."""

from collections.abc import Sequence

from helpdesk.actions.desk import Desk
from helpdesk.actions.permits import event_by
from helpdesk.actions.ticketwork import changed, find_ticket, workable_ticket
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.labels import label
from helpdesk.core.people import Language
from helpdesk.core.permissions import Actor, Right
from helpdesk.core.tickets import Ticket, Urgency
from helpdesk.errors import Refused
from helpdesk.store.work import Work, in_work

MAX_TAGS = 20


def change_urgency(desk: Desk, actor: Actor, number: int, urgency: Urgency) -> None:
    """Say how urgent a ticket is; when it is due follows. Raises Refused, NotAllowed."""
    ticket = workable_ticket(desk, actor, Right.WORK_ON_TICKET, number)
    if urgency is ticket.urgency:
        raise Refused(
            f"the urgency of ticket {number} is {urgency.in_words(Language.EN)} already",
            f"l'urgence du ticket {number} est déjà {urgency.in_words(Language.FR)}",
        )

    def job(work: Work) -> None:
        now = work.database_now()
        due_at = desk.due.due_at(urgency, ticket.opened_at or now)
        values = {"urgency": urgency.value, "due_at": due_at, "updated_at": now}
        changed(work, ticket, {"urgency": ticket.urgency.value}, values)
        work.history.add(ticket.id, actor.user_id, "urgency", ticket.urgency.value, urgency.value, now)
        words = {"before": ticket.urgency.value, "after": urgency.value}
        work.audit.add(
            [event_by(actor, Action.URGENCY_CHANGED, Outcome.SUCCESS, now, ticket=number, **words)]
        )

    in_work(desk.database, job)


def tag_ticket(desk: Desk, actor: Actor, number: int, tags: Sequence[str]) -> list[str]:
    """Add tags to a ticket; return all that it has then. Those that it has already stay. Raises Refused."""
    ticket = workable_ticket(desk, actor, Right.WORK_ON_TICKET, number)
    wanted = [tag_name(tag) for tag in tags]

    def job(work: Work) -> list[str]:
        has = work.history.tags_of([ticket.id]).get(ticket.id, [])
        new = [tag for tag in dict.fromkeys(wanted) if tag not in has]
        if len(has) + len(new) > MAX_TAGS:
            raise Refused(
                f"ticket {number} would have {len(has) + len(new)} tags; the limit is {MAX_TAGS}",
                f"le ticket {number} aurait {len(has) + len(new)} étiquettes ; la limite est de {MAX_TAGS}",
            )
        if new:
            work.history.tag(ticket.id, new)
            _note_tags(work, actor, ticket, "", " ".join(new))
        return sorted([*has, *new])

    return in_work(desk.database, job)


def untag_ticket(desk: Desk, actor: Actor, number: int, tags: Sequence[str]) -> list[str]:
    """Take tags off a ticket; return those that it has then. Raises Refused where it has none of them."""
    ticket = workable_ticket(desk, actor, Right.WORK_ON_TICKET, number)
    wanted = {tag_name(tag) for tag in tags}

    def job(work: Work) -> list[str]:
        has = work.history.tags_of([ticket.id]).get(ticket.id, [])
        gone = [tag for tag in has if tag in wanted]
        if not gone:
            raise Refused(
                f"ticket {number} has no such tag; it has: {', '.join(has) or 'none'}",
                f"le ticket {number} n'a pas cette étiquette ; il a : {', '.join(has) or 'aucune'}",
            )
        work.history.untag(ticket.id, gone)
        _note_tags(work, actor, ticket, " ".join(gone), "")
        return [tag for tag in has if tag not in gone]

    return in_work(desk.database, job)


def tag_name(text: str) -> str:
    """Return a tag in the form in which it is kept. Raises Refused where it can have none."""
    try:
        return label(text)
    except ValueError as error:
        french = "lettres, chiffres, points et traits d'union, 50 au plus"
        raise Refused(f"{text}: {error}", f"{text} : attendu {french}") from error


def _note_tags(work: Work, actor: Actor, ticket: Ticket, before: str, after: str) -> None:
    now = work.database_now()
    changed(work, ticket, {}, {"updated_at": now})
    work.history.add(ticket.id, actor.user_id, "tags", before, after, now)
    detail = {"ticket": ticket.number, "before": before, "after": after}
    work.audit.add([event_by(actor, Action.TICKET_TAGGED, Outcome.SUCCESS, now, **detail)])


def delete_ticket(desk: Desk, actor: Actor, number: int) -> None:
    """Take a ticket out of sight, restorable. Raises Refused, and NotAllowed where the table says so."""
    ticket = find_ticket(desk, actor, Right.DELETE_TICKET, number)
    if ticket.deleted:
        raise Refused(f"ticket {number} is deleted already", f"le ticket {number} est déjà supprimé")

    def job(work: Work) -> None:
        now = work.database_now()
        waits = {"status": ticket.status.value}  # a user's own may go only while it does
        changed(work, ticket, waits, {"deleted_at": now, "updated_at": now})
        work.history.add(ticket.id, actor.user_id, "deleted", "", "", now)
        work.audit.add([event_by(actor, Action.TICKET_DELETED, Outcome.SUCCESS, now, ticket=number)])

    in_work(desk.database, job)


def restore_ticket(desk: Desk, actor: Actor, number: int) -> None:
    """Bring a deleted ticket back. Raises Refused, and NotAllowed where the table says so."""
    ticket = find_ticket(desk, actor, Right.RESTORE_TICKET, number)
    if not ticket.deleted:
        raise Refused(f"ticket {number} is not deleted", f"le ticket {number} n'est pas supprimé")

    def job(work: Work) -> None:
        now = work.database_now()
        if not work.tickets.restore(ticket.id, now):
            raise Refused(
                f"ticket {number} was restored by somebody else just now",
                f"le ticket {number} vient d'être restauré par quelqu'un d'autre",
            )
        work.history.add(ticket.id, actor.user_id, "restored", "", "", now)
        work.audit.add([event_by(actor, Action.TICKET_RESTORED, Outcome.SUCCESS, now, ticket=number)])

    in_work(desk.database, job)
