"""A ticket that somebody opens at the keyboard, for themselves or for somebody who is registered."""

from datetime import datetime

from helpdesk.actions.alerts import queue_breaker_alerts
from helpdesk.actions.desk import Desk
from helpdesk.actions.handover import team_named
from helpdesk.actions.letters import Wanted, book_letters
from helpdesk.actions.outbox import letter_row
from helpdesk.actions.permits import deny, event_by, refuse, require_right
from helpdesk.actions.rows import TEXT_CHARS, note_row
from helpdesk.actions.ticketwork import check_text
from helpdesk.core.audit import Action, Outcome
from helpdesk.core.letters import Addressee, Answered, dedupe_key, ticket_opened
from helpdesk.core.people import AddressState, Person
from helpdesk.core.permissions import Actor, Reach, Right, may_give_to_team, placed
from helpdesk.core.tickets import Status, Urgency
from helpdesk.errors import NotAllowed, Refused
from helpdesk.store.ids import new_id
from helpdesk.store.rows import Row
from helpdesk.store.work import Work, in_work


def open_ticket(
    desk: Desk,
    actor: Actor,
    subject: str,
    text: str,
    *,
    address: str = "",
    urgency: Urgency = Urgency.NORMAL,
    team: str = "",
) -> int:
    """Open a ticket for whoever has *address*, or for oneself, and return its number; the requester gets a letter.

    The post bears the name of whoever wrote it. Raises Refused, NotAllowed.
    """
    far = require_right(desk.database, actor, Right.OPEN_TICKET)
    if urgency is not Urgency.NORMAL:
        require_right(desk.database, actor, Right.WORK_ON_TICKET)
    check_text(text)
    subject = " ".join(subject.split())
    if not 0 < len(subject) <= TEXT_CHARS:
        raise Refused(
            f"a subject has 1 to {TEXT_CHARS} characters, this one {len(subject)}",
            f"un objet a 1 à {TEXT_CHARS} caractères, celui-ci {len(subject)}",
        )
    requester = _requester(desk, actor, far, address)
    team_id, assignee_id = placed(actor, requester.id, _team_id(desk, actor, team))

    def job(work: Work) -> int:
        now = work.database_now()
        row = ticket_row(work, desk, requester.id, subject, urgency, now)
        work.tickets.add([row | {"team_id": team_id, "assignee_id": assignee_id}])
        work.posts.add([note_row(now, row["id"], text) | {"author_id": actor.user_id, "internal": False}], [])
        confirm(work, desk, row, now, Answered(), now)
        work.history.add(row["id"], actor.user_id, "opened", "", requester.name, now)
        detail = {"ticket": row["number"], "requester": requester.id}
        work.audit.add([event_by(actor, Action.TICKET_OPENED, Outcome.SUCCESS, now, **detail)])
        return int(row["number"])

    return in_work(desk.database, job)


def _requester(desk: Desk, actor: Actor, far: Reach, address: str) -> Person:
    """Return whom a ticket is for. Who may open for themselves only does not learn who else is registered."""
    if not address:
        if actor.user_id is None:
            raise Refused(
                "nobody is logged in here: say for whom", "personne n'est connecté : dites pour qui"
            )
        return actor.person
    with Work(desk.database, read_only=True) as work:
        known = work.people.known_addresses([address]).get(address)
    if known is not None and known.person.id == actor.user_id:
        return known.person
    if far is not Reach.ALL:
        deny(desk.database, actor, Right.OPEN_TICKET, requester=known.person.id if known else None)
        raise NotAllowed(
            "you may open tickets for yourself only; leave --for out",
            "vous ne pouvez ouvrir de ticket que pour vous-même ; enlevez --for",
        )
    if known is None:
        raise Refused(f"nobody is registered with {address}", f"personne n'est inscrit avec {address}")
    if not known.person.active:
        raise Refused(f"the account of {address} is closed", f"le compte de {address} est fermé")
    return known.person


def _team_id(desk: Desk, actor: Actor, name: str) -> int | None:
    if not name:
        return None
    with Work(desk.database, read_only=True) as work:
        team_id = team_named(work.people.team_names(), name)
    if team_id not in actor.team_ids and not may_give_to_team(actor, team_id):
        refuse(desk.database, actor, Right.ASSIGN_TICKET, team=team_id)
    return team_id


def ticket_row(
    work: Work, desk: Desk, requester_id: int, subject: str, urgency: Urgency, opened_at: datetime
) -> Row:
    """Return the row of a new ticket that waits; its number is taken, so that the counter is locked from here on."""
    return {
        "id": new_id(),
        "number": work.tickets.next_numbers(1)[0],
        "subject": subject,
        "status": Status.WAITING.value,
        "urgency": urgency.value,
        "requester_id": requester_id,
        "opened_at": opened_at,
        "updated_at": opened_at,
        "due_at": desk.due.due_at(urgency, opened_at),
    }


def confirm(work: Work, desk: Desk, row: Row, opened_at: datetime, answered: Answered, now: datetime) -> None:
    """Queue the confirmation of a new ticket for its requester, within the caps, where a letter can reach them."""
    addresses = work.people.addresses_of(row["requester_id"])
    verified = [one for one in addresses if one.state is AddressState.VERIFIED and one.person.active]
    if not verified:
        return
    known = verified[0]
    booking = book_letters(work, desk.limits, [Wanted(known.address, row["subject"])], now)
    slot = booking.slots[0]
    if slot.at is not None:
        to = Addressee(known.address, known.person.language, known.person.name, known.person.id)
        dedupe = dedupe_key("opened", "ticket", str(row["id"]))
        letter = ticket_opened(
            desk.stationery, to, row["number"], row["subject"], opened_at, answered, dedupe
        )
        queued = letter_row(letter, now, person_id=known.person.id, ticket_id=row["id"])
        work.letters.add([queued | {"next_at": slot.at, "last_error": slot.reason}])
    queue_breaker_alerts(work, desk, booking.opened, now)
