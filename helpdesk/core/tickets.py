"""A ticket and the moves it may make."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from helpdesk.core.people import Language
from helpdesk.errors import Refused


class Status(StrEnum):
    """Where a ticket stands: en attente, en cours, résolu."""

    WAITING = "waiting"
    IN_PROGRESS = "in_progress"
    RESOLVED = "resolved"

    def in_words(self, language: Language) -> str:
        """Return what people call it."""
        french = {"waiting": "en attente", "in_progress": "en cours", "resolved": "résolu"}
        return french[self.value] if language is Language.FR else self.value.replace("_", " ")


class Urgency(StrEnum):
    """How soon it hurts."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"

    def in_words(self, language: Language) -> str:
        """Return what people call it."""
        french = {"low": "basse", "normal": "normale", "high": "haute", "critical": "critique"}
        return french[self.value] if language is Language.FR else self.value


@dataclass(frozen=True, slots=True)
class DueHours:
    """Within how many hours somebody should have dealt with a ticket, by its urgency."""

    low: int = 168
    normal: int = 72
    high: int = 24
    critical: int = 4

    def due_at(self, urgency: Urgency, opened_at: datetime) -> datetime:
        """Return when a ticket that was opened then is due."""
        return opened_at + timedelta(hours=getattr(self, urgency.value))


class IllegalMove(Refused):
    """A ticket cannot go from where it stands to where it was to go."""


MOVES: Mapping[Status, frozenset[Status]] = {
    Status.WAITING: frozenset((Status.IN_PROGRESS, Status.RESOLVED)),
    Status.IN_PROGRESS: frozenset((Status.WAITING, Status.RESOLVED)),
    Status.RESOLVED: frozenset((Status.IN_PROGRESS,)),
}
USER_MOVES: Mapping[Status, frozenset[Status]] = {  # of one's own: close it, or ask again
    Status.WAITING: frozenset((Status.RESOLVED,)),
    Status.IN_PROGRESS: frozenset((Status.RESOLVED,)),
    Status.RESOLVED: frozenset((Status.WAITING,)),
}


def check_move(
    number: int, now: Status, wanted: Status, moves: Mapping[Status, frozenset[Status]] = MOVES
) -> None:
    """Raise IllegalMove unless *moves* let ticket *number* go from *now* to *wanted*."""
    if wanted in moves[now]:
        return
    possible = [status for status in Status if status in moves[now]]
    if wanted is now:
        raise IllegalMove(
            f"ticket {number} is {now.in_words(Language.EN)} already",
            f"le ticket {number} est déjà {now.in_words(Language.FR)}",
        )
    raise IllegalMove(
        f"ticket {number} is {now.in_words(Language.EN)}: it cannot become {wanted.in_words(Language.EN)}; from here"
        f" it can become {' or '.join(status.in_words(Language.EN) for status in possible)}",
        f"le ticket {number} est {now.in_words(Language.FR)} : il ne peut pas devenir"
        f" {wanted.in_words(Language.FR)} ; il peut devenir"
        f" {' ou '.join(status.in_words(Language.FR) for status in possible)}",
    )


class Fate(StrEnum):
    """What became of a mail. A deferred mail has none yet: it stays in the inbox."""

    OPENED = "opened"
    APPENDED = "appended"
    COMMAND = "command"
    HELD = "held"
    QUARANTINED = "quarantined"
    IGNORED = "ignored"
    BOUNCE = "bounce"
    DUPLICATE = "duplicate"


KEPT = (Fate.HELD, Fate.QUARANTINED)  # kept whole for a person to look at; these alone can be filed again


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket as the rules see it. ``participants`` are person ids, the requester's not among them.

    ``closed_at``: when it was closed for good, long after it was resolved; an answer to it opens a new one.
    """

    id: int
    number: int
    subject: str
    status: Status
    requester_id: int
    team_id: int | None = None
    assignee_id: int | None = None
    resolved_at: datetime | None = None
    deleted: bool = False
    participants: frozenset[int] = frozenset()
    urgency: Urgency = Urgency.NORMAL
    opened_at: datetime | None = None
    updated_at: datetime | None = None
    due_at: datetime | None = None
    first_answered_at: datetime | None = None
    merged_into_id: int | None = None
    closed_at: datetime | None = None
