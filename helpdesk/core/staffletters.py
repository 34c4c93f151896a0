"""Letters that staff cause: an answer, the end of a ticket, the code for a login from a new place."""

from datetime import datetime

from helpdesk.core.datewords import shown_time
from helpdesk.core.letters import (
    NAME_CHARS,
    Addressee,
    Answered,
    Letter,
    LetterKind,
    Stationery,
    assembled,
    quoted,
)
from helpdesk.core.replytokens import Mark
from helpdesk.core.terminal import term_safe, term_safe_block


def login_code(
    stationery: Stationery,
    to: Addressee,
    code: str,
    minutes: int,
    place: str,
    dedupe: str,
    now: datetime,
    new_place: bool = True,
) -> Letter:
    """Return the code for a login, to the person who gave the right password just now.

    *new_place*: they come from a new place; otherwise several logins had failed before.
    """
    values: dict[str, object] = {
        "code": code,
        "minutes": minutes,
        "place": term_safe(place, NAME_CHARS),
        "new_place": new_place,
        "when": shown_time(now, stationery.zone, to.language),
    }
    return assembled(stationery, LetterKind.LOGIN_CODE, to, values, dedupe, now, None, Answered())


def ticket_answered(
    stationery: Stationery,
    to: Addressee,
    number: int,
    subject: str,
    text: str,
    author: str,
    resolved: bool,
    answered: Answered,
    dedupe: str,
    now: datetime,
) -> Letter:
    """Return what staff write to a requester. *text* is staff's own; *resolved*: it ends the ticket."""
    values: dict[str, object] = {
        "number": number,
        "subject": quoted(subject, to.language),
        "text": term_safe_block(text).strip("\n"),
        "author": term_safe(author, NAME_CHARS),
        "resolved": resolved,
    }
    mark = Mark("t", number)
    return assembled(stationery, LetterKind.TICKET_ANSWERED, to, values, dedupe, now, mark, answered)


def ticket_resolved(
    stationery: Stationery,
    to: Addressee,
    number: int,
    subject: str,
    answered: Answered,
    dedupe: str,
    now: datetime,
) -> Letter:
    """Return the note that a ticket was resolved, for its requester."""
    values: dict[str, object] = {"number": number, "subject": quoted(subject, to.language)}
    kind = LetterKind.TICKET_RESOLVED
    return assembled(stationery, kind, to, values, dedupe, now, Mark("t", number), answered)
