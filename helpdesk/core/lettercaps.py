"""How much automatic mail may go out, and when a letter over a cap may.

Caps count in whole hours and days of UTC. A letter over one is booked into the first hour in which all its
caps have room and takes that room at once, so that letters that wait neither pile up nor overtake a cap.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
HORIZON = timedelta(days=14)  # by then over 500 letters to one person wait; later ones all go out then
SAME_SUBJECT_MINUTES = 10
SAME_SUBJECT_ANSWERS = 2

Window = tuple[str, datetime]  # scope, start
Spent = Callable[[Window], int]


@dataclass(frozen=True, slots=True)
class LetterLimits:
    """How many confirmations may go out; those above wait."""

    per_address_hour: int = 10
    per_address_day: int = 40
    per_domain_hour: int = 200
    per_ticket_hour: int = 3
    overall_hour: int = 600


@dataclass(frozen=True, slots=True)
class Cap:
    """At most *limit* letters of *scope* in each window of *length*, which is an hour or a day."""

    scope: str
    limit: int
    length: timedelta

    def window(self, at: datetime) -> Window:
        """Return the window that *at* falls into."""
        start = at.replace(minute=0, second=0, microsecond=0)
        return self.scope, start.replace(hour=0) if self.length == DAY else start

    def __str__(self) -> str:
        return f"{self.limit} letters {'a day' if self.length == DAY else 'an hour'}"


def caps_on(recipient: str, open_ticket: int | None, limits: LetterLimits) -> tuple[Cap, ...]:
    """Return the caps that a confirmation to *recipient* counts against.

    *open_ticket*: the id of the ticket where there was one before; the letter about its opening is not counted
    but allowed for, which saves a row for each mail.
    """
    domain = recipient.rpartition("@")[2]
    caps = (
        Cap(f"hour:address:{recipient}", limits.per_address_hour, HOUR),
        Cap(f"day:address:{recipient}", limits.per_address_day, DAY),
        Cap(f"hour:domain:{domain}", limits.per_domain_hour, HOUR),
        Cap("hour:all", limits.overall_hour, HOUR),
    )
    if open_ticket is None:
        return caps
    return (*caps, Cap(f"hour:ticket:{open_ticket}", max(limits.per_ticket_hour - 1, 1), HOUR))


def first_free(caps: Iterable[Cap], now: datetime, spent: Spent) -> tuple[datetime, tuple[Cap, ...]]:
    """Return when a letter may go out, and the caps that made it wait; *now* and none where there is room.

    Searches no further than the horizon.
    """
    all_caps = tuple(caps)
    at, tripped = now, dict[Cap, None]()
    while full := next((cap for cap in all_caps if spent(cap.window(at)) >= cap.limit), None):
        tripped[full] = None
        at = full.window(at)[1] + full.length
        if at >= now + HORIZON:
            break
    return at, tuple(tripped)


def starts_ahead(now: datetime, horizon: timedelta) -> tuple[datetime, ...]:
    """Return the starts of all hours and days from *now* to *horizon* later, today's among them."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return (hour.replace(hour=0), *(hour + number * HOUR for number in range(horizon // HOUR + 1)))


def subject_scope(recipient: str, subject: str) -> str:
    """Return the scope under which mails of one person with one subject are counted."""
    key = hashlib.sha256(f"{recipient}\0{subject}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"subject:{key}"


def subject_minutes(now: datetime) -> tuple[datetime, ...]:
    """Return the minutes, this one first, in which equal subjects count against each other."""
    minute = now.replace(second=0, microsecond=0)
    return tuple(minute - number * MINUTE for number in range(SAME_SUBJECT_MINUTES))
