"""Rows that fill in what a test of the store does not care about."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from helpdesk.core.people import AddressState, Language, Person, Role
from helpdesk.store.engine import Database
from helpdesk.store.ids import new_id
from helpdesk.store.rows import Row
from helpdesk.store.work import Work, in_work

NOW = datetime(2026, 11, 20, 9, 0, 0, 123456, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
Answer = TypeVar("Answer")


def read(database: Database, question: Callable[[Work], Answer]) -> Answer:
    """Return what *question* finds, in a transaction that only reads."""
    with Work(database, read_only=True) as work:
        return question(work)


def a_person(database: Database, address: str = "jean@univ.example") -> Person:
    """Insert a person with a verified address."""

    def add(work: Work) -> Person:
        person = work.people.add("Jean Dupont", Role.USER, Language.FR, NOW)
        work.people.add_address(person, address, AddressState.VERIFIED, NOW)
        return person

    return in_work(database, add)


def a_mailbox(database: Database, name: str = "INBOX") -> int:
    """Insert a mailbox, or find it."""
    return in_work(database, lambda work: work.mails.mailbox_id(name))


def a_ticket(requester: Person, number: int = 1, **given: object) -> Row:
    """Return the row of a ticket."""
    row: Row = {
        "id": new_id(),
        "number": number,
        "subject": "Mon chargeur",
        "status": "waiting",
        "urgency": "normal",
        "requester_id": requester.id,
        "team_id": None,
        "assignee_id": None,
        "opened_at": NOW,
        "updated_at": NOW,
        "resolved_at": None,
        "deleted_at": None,
    }
    return row | given


def a_mail(mailbox_id: int, uid: int = 1, **given: object) -> Row:
    """Return the row of a mail that had no effect."""
    row: Row = {
        "id": new_id(),
        "mailbox_id": mailbox_id,
        "uidvalidity": 7,
        "uid": uid,
        "fingerprint": f"{uid:064x}",
        "effect": None,
        "message_id": f"<{uid}@univ.example>",
        "size": 1000,
        "subject": "Mon chargeur",
        "sender": "jean@univ.example",
        "dated_at": NOW,
        "seen_at": NOW,
        "fate": "ignored",
        "rule": "machine_made",
        "reason": "",
        "verdict": "proven",
        "verdict_reason": "",
        "person_id": None,
        "ticket_id": None,
        "raw_sha256": None,
        "attempts": 0,
        "look_again_at": None,
        "settled_at": None,
        "rejected_at": None,
    }
    return row | given


def a_letter(name: str = "one", **given: object) -> Row:
    """Return the row of a letter that is due."""
    row: Row = {
        "id": new_id(),
        "kind": "ticket_opened",
        "dedupe": name,
        "message_id": f"<{name}@help.example>",
        "recipient": "jean@univ.example",
        "envelope_from": "bounces@help.example",
        "content": b"Subject: x\r\n\r\nx\r\n",
        "person_id": None,
        "ticket_id": None,
        "mail_id": None,
        "state": "queued",
        "attempts": 0,
        "next_at": NOW,
        "claim": "",
        "last_error": "",
        "queued_at": NOW,
        "sent_at": None,
        "bounced_at": None,
    }
    return row | given


def a_post(ticket_id: int, text: str = "Il ne marche plus.", **given: object) -> Row:
    """Return the row of a post."""
    row: Row = {
        "id": new_id(),
        "ticket_id": ticket_id,
        "author_id": None,
        "mail_id": None,
        "internal": False,
        "text": text,
        "folds": [],
        "created_at": NOW,
    }
    return row | given
