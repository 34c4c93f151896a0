"""What the repositories give back. What they take are plain rows: the keys are a table's columns."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What the ledger says of one UID. No ``fate``: deferred, or being tried for the ``attempts``-th time."""

    id: int
    fate: str | None
    settled: bool
    attempts: int
    seen_at: datetime
    look_again_at: datetime | None


@dataclass(frozen=True, slots=True)
class HeldMail:
    """A held mail; its bytes are the blob ``raw_sha256``. ``released_at``: when its owner said that it is theirs."""

    id: int
    uidvalidity: int
    uid: int
    sender: str
    verdict: str
    raw_sha256: str
    released_at: datetime | None


@dataclass(frozen=True, slots=True)
class UnsettledMail:
    """A mail with a fate that may still be in the inbox, under the UID that it had there."""

    id: int
    uidvalidity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Effect:
    """The mail that had an effect under a fingerprint, and the ticket it led to."""

    mail_id: int
    ticket_id: int | None


@dataclass(frozen=True, slots=True)
class ListedLetter:
    """A letter for people. ``next_at``: queued, not before; sending, the claim ends; dead, since when."""

    id: int
    state: str
    kind: str
    recipient: str
    message_id: str
    ticket_number: int | None
    attempts: int
    queued_at: datetime
    next_at: datetime
    last_error: str


@dataclass(frozen=True, slots=True)
class ClaimedLetter:
    """A letter that is ours to send until its claim runs out; ``attempts`` counts this one."""

    id: int
    kind: str
    recipient: str
    envelope_from: str
    message_id: str
    attempts: int
    queued_at: datetime
    content: bytes = field(repr=False)
