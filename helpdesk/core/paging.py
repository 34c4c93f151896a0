"""In which order lists of tickets stand, and the mark at which the next page begins."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from helpdesk.core.tickets import Status, Urgency

MAX_NUMBER = 2**31 - 1
RANKS: Mapping[Urgency, int] = {urgency: rank for rank, urgency in enumerate(Urgency)}
OPEN = tuple(status for status in Status if status is not Status.RESOLVED)


class Order(StrEnum):
    """What comes first. By DUE and URGENCY only tickets that are not resolved are listed."""

    NUMBER = "number"  # the newest
    UPDATED = "updated"  # the last one that something happened to
    DUE = "due"  # the one that is late, or will be first
    URGENCY = "urgency"  # the most urgent, of these the newest

    @property
    def is_of_work(self) -> bool:
        """Whether only tickets that somebody still has to work on have a place in it."""
        return self in (Order.DUE, Order.URGENCY)


@dataclass(frozen=True, slots=True)
class Mark:
    """The last ticket of a page. ``key``: what the list is ordered by; the number itself in order of numbers."""

    number: int
    key: datetime | int

    def in_words(self, order: Order) -> str:
        """Return the mark as a person types it: ``812``, ``2026-11-20T09:00:00.123456Z/812`` or ``high/812``."""
        if isinstance(self.key, datetime):
            return f"{self.key.astimezone(UTC).replace(tzinfo=None).isoformat()}Z/{self.number}"
        return (
            f"{list(Urgency)[self.key].value}/{self.number}" if order is Order.URGENCY else str(self.number)
        )


class NoMark(ValueError):
    """A text is no mark of such a list."""


def read_mark(order: Order, text: str) -> Mark:
    """Return the mark that *text* stands for. Raises NoMark."""
    key, slash, number = text.rpartition("/")
    try:
        if not number.isascii() or not number.isdigit() or not 0 < int(number) <= MAX_NUMBER:
            raise NoMark(text)
        if order is Order.NUMBER:
            if slash:
                raise NoMark(text)
            return Mark(int(number), int(number))
        if order is Order.URGENCY:
            return Mark(int(number), RANKS[Urgency(key)])
        moment = datetime.fromisoformat(key)
        if moment.tzinfo is None:
            raise NoMark(text)
        return Mark(int(number), moment.astimezone(UTC))
    except (ValueError, OverflowError) as error:
        raise NoMark(text) from error
