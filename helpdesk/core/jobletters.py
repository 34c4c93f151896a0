"""Letters that jobs cause: tickets that are overdue, and what is about to end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from helpdesk.core.datewords import shown_time
from helpdesk.core.letters import Addressee, Answered, Letter, LetterKind, Stationery, assembled, quoted

MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class Late:
    """A ticket that is overdue."""

    number: int
    subject: str
    due_at: datetime


def tickets_overdue(
    stationery: Stationery, to: Addressee, late: Sequence[Late], dedupe: str, now: datetime
) -> Letter:
    """Return the reminder of tickets that are overdue; of many the first twenty are named."""
    listed = [
        {
            "number": one.number,
            "subject": quoted(one.subject, to.language),
            "due": shown_time(one.due_at, stationery.zone, to.language),
        }
        for one in late[:MOST_LISTED]
    ]
    values: dict[str, object] = {"tickets": listed, "count": len(late), "more": len(late) - len(listed)}
    return assembled(stationery, LetterKind.TICKETS_OVERDUE, to, values, dedupe, now, None, Answered())


def held_mail_ending(
    stationery: Stationery, to: Addressee, count: int, ends_at: datetime, dedupe: str, now: datetime
) -> Letter:
    """Return the note that held mail will be removed, to the owner of the address that it came from.

    It repeats nothing of that mail, not even its subject: whether it is theirs nobody knows.
    """
    ends = shown_time(ends_at, stationery.zone, to.language)
    values: dict[str, object] = {"count": count, "ends": ends}
    return assembled(stationery, LetterKind.HELD_MAIL_ENDING, to, values, dedupe, now, None, Answered())


def login_ending(
    stationery: Stationery, to: Addressee, ends_at: datetime, dedupe: str, now: datetime
) -> Letter:
    """Return the note that a login which scripts remember is about to end, to its owner."""
    values: dict[str, object] = {"ends": shown_time(ends_at, stationery.zone, to.language)}
    return assembled(stationery, LetterKind.LOGIN_ENDING, to, values, dedupe, now, None, Answered())


def canary(stationery: Stationery, to: Addressee, dedupe: str, now: datetime) -> Letter:
    """Return a letter of the desk to itself."""
    return assembled(stationery, LetterKind.CANARY, to, {}, dedupe, now, None, Answered())
