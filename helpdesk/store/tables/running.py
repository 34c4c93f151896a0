"""What the running of the desk needs: the audit trail, leases, counters."""

from sqlalchemy import Column, ForeignKey, Index, Table

from helpdesk.store.columns import JSON, Integer, UtcDateTime, exact, words
from helpdesk.store.tables.common import OPTIONS, key, metadata
from helpdesk.store.tables.people import people

audit_logs = Table(
    "audit_logs",
    metadata,
    key(),
    Column("user_id", ForeignKey(people.c.id)),
    Column("action", exact(60), nullable=False),
    Column("status", exact(10), nullable=False),  # SUCCESS, FAIL, DENIED
    Column("ip_address", exact(45), nullable=False),
    Column("user_agent", words(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("detail", JSON, nullable=False),
    Index(None, "action", "created_at"),
    Index(None, "status", "created_at"),
    Index(None, "user_id", "created_at"),
    **OPTIONS,
)

leases = Table(
    "leases",
    metadata,
    Column("name", exact(150), primary_key=True),
    Column("owner", exact(64), nullable=False),
    Column("fence", Integer, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    **OPTIONS,
)

counters = Table(
    "counters",
    metadata,
    Column("name", exact(40), primary_key=True),
    Column("value", Integer, nullable=False),
    **OPTIONS,
)
