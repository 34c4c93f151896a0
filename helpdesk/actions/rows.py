"""The rows that a mail leaves behind: in the ledger, as a post, as attachments."""

from dataclasses import dataclass
from datetime import datetime

from helpdesk.actions.arrival import Arrival, Source
from helpdesk.core.mail import Mail
from helpdesk.core.rules import Facts
from helpdesk.core.tickets import Fate, Ticket
from helpdesk.store.ids import new_id
from helpdesk.store.mails import message_key
from helpdesk.store.rows import Row

TEXT_CHARS = 500  # of subjects, reasons and the like, as the columns allow


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a decision comes to for the ledger. ``keep_raw``: the mail is kept whole as a blob."""

    fate: Fate | None
    reason: str = ""
    ticket: Ticket | None = None
    about_ticket_id: int | None = None
    again_at: datetime | None = None
    keep_raw: bool = False

    @property
    def ticket_id(self) -> int | None:
        """The ticket that the mail opened or joined, or that it is only about."""
        return self.ticket.id if self.ticket else self.about_ticket_id


def ledger_row(
    source: Source, now: datetime, arrival: Arrival, mail_id: int, facts: Facts, rule: str, outcome: Outcome
) -> Row:
    """Return the ledger's row for a mail that was looked at."""
    seen, judgement = arrival.seen, arrival.judgement
    mail = seen if isinstance(seen, Mail) else None
    return tried_row(source, arrival.uid, now) | {
        "id": mail_id,
        "fingerprint": seen.fingerprint,
        "effect": seen.fingerprint if outcome.fate in (Fate.OPENED, Fate.APPENDED) else None,
        "message_id": message_key(mail.message_id) if mail else "",
        "size": seen.size,
        "subject": mail.subject[:TEXT_CHARS] if mail else "",
        "sender": arrival.sender,
        "dated_at": mail.date if mail else None,
        "fate": outcome.fate.value if outcome.fate else None,
        "rule": rule,
        "reason": outcome.reason[:TEXT_CHARS],
        "verdict": judgement.verdict.value,
        "verdict_reason": judgement.reason[:TEXT_CHARS],
        "person_id": facts.known.person.id if facts.known else None,
        "ticket_id": outcome.ticket_id,
        "attempts": 0,
        "look_again_at": outcome.again_at,
    }


def tried_row(source: Source, uid: int, now: datetime) -> Row:
    """Return the ledger's row for a mail whose first attempt has begun and that nothing is known of yet."""
    return {
        "id": new_id(),
        "mailbox_id": source.mailbox_id,
        "uidvalidity": source.uidvalidity,
        "uid": uid,
        "fingerprint": None,
        "effect": None,
        "message_id": "",
        "size": 0,
        "subject": "",
        "sender": "",
        "dated_at": None,
        "seen_at": now,
        "fate": None,
        "rule": "",
        "reason": "",
        "verdict": "",
        "verdict_reason": "",
        "person_id": None,
        "ticket_id": None,
        "raw_sha256": None,
        "attempts": 1,
        "look_again_at": None,
        "settled_at": None,
    }


def post_row(now: datetime, ticket_id: int, mail: Mail, mail_id: int, author_id: int) -> Row:
    """Return the post that a mail becomes: its whole text, and what of it a reader may hide."""
    return note_row(now, ticket_id, mail.text) | {
        "author_id": author_id,
        "mail_id": mail_id,
        "internal": False,
        "folds": [[fold.start, fold.end, fold.kind] for fold in mail.folds],
    }


def note_row(now: datetime, ticket_id: int, text: str) -> Row:
    """Return a note by the desk itself, for staff only."""
    return {
        "id": new_id(),
        "ticket_id": ticket_id,
        "author_id": None,
        "mail_id": None,
        "internal": True,
        "text": text,
        "folds": [],
        "created_at": now,
    }


def attachment_rows(post_id: int, mail: Mail) -> list[Row]:
    """Return a row for each attachment, in the order of the mail; their bytes are blobs."""
    return [
        {
            "id": new_id(),
            "post_id": post_id,
            "position": position,
            "name": attachment.name[:255],
            "content_type": attachment.content_type[:127],
            "size": attachment.size,
            "sha256": attachment.sha256,
            "inline": attachment.inline,
        }
        for position, attachment in enumerate(mail.attachments)
    ]
