"""What every action needs, bundled once at the start."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from helpdesk.core.lettercaps import LetterLimits
from helpdesk.core.letters import Stationery
from helpdesk.core.people import Language
from helpdesk.core.policy import Policy
from helpdesk.core.suspicion import Thresholds
from helpdesk.core.tickets import DueHours
from helpdesk.store.blobs import Blobs
from helpdesk.store.engine import Database
from helpdesk.store.work import Work


@dataclass(frozen=True, slots=True)
class Desk:
    """One desk. ``addresses`` are its own in lower case, the first one its main one.

    ``reply_keys`` check the marks in answers, the newest first; ``language`` is that of contacts whom nobody
    registered. ``clock`` is the database's: what one daemon writes for later, others read, and our machine's clock
    may be wrong.
    ``audit_key`` seals the audit trail.
    """

    database: Database
    blobs: Blobs
    stationery: Stationery
    policy: Policy
    limits: LetterLimits
    addresses: tuple[str, ...]
    language: Language
    alert_addresses: tuple[str, ...]
    alerts_per_hour: int
    reply_keys: tuple[bytes, ...] = field(repr=False)
    due: DueHours = field(default_factory=DueHours)
    thresholds: Thresholds = field(default_factory=Thresholds)
    audit_key: bytes = field(default=bytes(32), repr=False)
    clock: Callable[[Work], datetime] = lambda work: work.database_now()
