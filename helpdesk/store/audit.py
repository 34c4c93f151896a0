"""The audit trail; rows are only ever added, and staged for the next seal in the same transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, insert

from helpdesk.core.audit import Action, Outcome
from helpdesk.store.ids import new_id
from helpdesk.store.tables import audit_logs, audit_unsealed


@dataclass(frozen=True, slots=True)
class Event:
    """Who did, or tried, what. ``detail`` is metadata: never a text from a mail, never a secret."""

    action: Action
    status: Outcome
    at: datetime
    user_id: int | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
    ip_address: str = ""
    user_agent: str = ""


class AuditTrail:
    """Adds to the audit trail, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, events: Sequence[Event]) -> None:
        """Record what happened."""
        if not events:
            return
        rows = [
            {
                "id": new_id(),
                "user_id": event.user_id,
                "action": event.action.value,
                "status": event.status.value,
                "ip_address": event.ip_address,
                "user_agent": event.user_agent,
                "created_at": event.at,
                "detail": dict(event.detail),
            }
            for event in events
        ]
        self._connection.execute(insert(audit_logs), rows)
        self._connection.execute(insert(audit_unsealed), [{"row_id": row["id"]} for row in rows])
