"""Queue letters in the transaction of their cause."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from helpdesk.actions.carry_out import Confirmation
from helpdesk.actions.desk import Desk
from helpdesk.core.letters import Addressee, Answered, Letter, dedupe_key, ticket_opened, ticket_reopened
from helpdesk.store.ids import new_id
from helpdesk.store.letters import QUEUED
from helpdesk.store.rows import Row
from helpdesk.store.work import Work


def letter_row(letter: Letter, now: datetime, **refers_to: int | None) -> Row:
    """Return the outbox row of a letter that is due at once."""
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
        "person_id": None,
        "ticket_id": None,
        "mail_id": None,
    } | refers_to


def queue_confirmations(
    work: Work,
    desk: Desk,
    confirmations: Sequence[Confirmation],
    numbers: Mapping[int | None, int],
    now: datetime,
) -> None:
    """Queue a letter for each confirmation."""
    rows = []
    for confirmation in confirmations:
        person, mail, ticket = confirmation.known.person, confirmation.mail, confirmation.ticket
        number = numbers[ticket.id]
        kind = ticket_reopened if confirmation.reopened else ticket_opened
        letter = kind(
            desk.stationery,
            Addressee(confirmation.known.address, person.language, person.name, person.id),
            number,
            mail.subject,
            now,
            Answered(mail.message_id, mail.references),
            dedupe_key("reopened" if confirmation.reopened else "opened", str(confirmation.mail_id)),
        )
        rows.append(
            letter_row(letter, now, person_id=person.id, ticket_id=ticket.id, mail_id=confirmation.mail_id)
        )
    work.letters.add(rows)
