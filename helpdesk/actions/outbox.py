"""Queue letters in the transaction of their cause."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from helpdesk.actions.desk import Desk
from helpdesk.actions.letters import Wanted, book_letters
from helpdesk.core.letters import Addressee, Answered, Letter, dedupe_key, ticket_opened, ticket_reopened
from helpdesk.core.mail import Mail
from helpdesk.core.people import KnownAddress
from helpdesk.core.tickets import Ticket
from helpdesk.store.budgets import Breaker
from helpdesk.store.ids import new_id
from helpdesk.store.letters import QUEUED
from helpdesk.store.rows import Row
from helpdesk.store.work import Work


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A letter to be queued for the requester of ``ticket``; ``mail`` is what it answers."""

    known: KnownAddress
    ticket: Ticket
    mail: Mail
    mail_id: int
    reopened: bool


def letter_row(
    letter: Letter,
    now: datetime,
    *,
    person_id: int | None = None,
    ticket_id: int | None = None,
    mail_id: int | None = None,
) -> Row:
    """Return the outbox row of a letter that is due at once; the ids say whom and what it is about."""
    return {
        "id": new_id(),
        "kind": letter.kind.value,
        "dedupe": letter.dedupe,
        "message_id": letter.message_id,
        "recipient": letter.recipient,
        "envelope_from": letter.envelope_from,
        "content": letter.content,
        "state": QUEUED,
        "attempts": 0,
        "next_at": now,
        "claim": "",
        "last_error": "",
        "queued_at": now,
        "person_id": person_id,
        "ticket_id": ticket_id,
        "mail_id": mail_id,
    }


def queue_confirmations(
    work: Work,
    desk: Desk,
    confirmations: Sequence[Confirmation],
    now: datetime,
) -> tuple[Breaker, ...]:
    """Queue a letter for each confirmation that the caps allow, now or later; return the breakers that tripped."""
    wanted = [
        Wanted(one.known.address, one.mail.subject, one.ticket.id if one.reopened else None)
        for one in confirmations
    ]
    booking = book_letters(work, desk.limits, wanted, now)
    rows = []
    for confirmation, slot in zip(confirmations, booking.slots, strict=True):
        if slot.at is not None:
            row = letter_row(
                _confirmation(desk, confirmation, now),
                now,
                person_id=confirmation.known.person.id,
                ticket_id=confirmation.ticket.id,
                mail_id=confirmation.mail_id,
            )
            rows.append(row | {"next_at": slot.at, "last_error": slot.reason})
    work.letters.add(rows)
    for reason in {slot.reason for slot in booking.slots if slot.reason}:
        unanswered = zip(confirmations, booking.slots, strict=True)
        work.mails.explain([one.mail_id for one, slot in unanswered if slot.reason == reason], reason)
    return booking.opened


def _confirmation(desk: Desk, confirmation: Confirmation, now: datetime) -> Letter:
    person, mail = confirmation.known.person, confirmation.mail
    kind = ticket_reopened if confirmation.reopened else ticket_opened
    return kind(
        desk.stationery,
        Addressee(confirmation.known.address, person.language, person.name, person.id),
        confirmation.ticket.number,
        confirmation.ticket.subject if confirmation.reopened else mail.subject,
        now,
        Answered(mail.message_id, mail.references),
        dedupe_key("reopened" if confirmation.reopened else "opened", str(confirmation.mail_id)),
    )
