"""A ticket and the moves it may make."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """Where a ticket stands: en attente, en cours, résolu."""

    WAITING = "waiting"
    IN_PROGRESS = "in_progress"
    RESOLVED = "resolved"


class Urgency(StrEnum):
    """How soon it hurts."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"


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
    """One ticket as the rules see it. ``participants`` are person ids, the requester's not among them."""

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
