"""What the running of the desk needs: the audit trail, leases, counters, jobs."""

from sqlalchemy import Column, ForeignKey, Index, Table, UniqueConstraint

from helpdesk.store.columns import JSON, Integer, UtcDateTime, exact, long_bytes, row_id, short_bytes, words
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

audit_unsealed = (
    Table(  # the rows of the audit trail that no seal covers yet; without a reference, so that one
        "audit_unsealed",  # that is removed in between is missed
        metadata,
        Column("row_id", row_id(), primary_key=True, autoincrement=False),
        **OPTIONS,
    )
)

audit_seals = Table(
    "audit_seals",
    metadata,
    Column("seq", row_id(), primary_key=True, autoincrement=False),
    Column("day", exact(10), nullable=False),  # in the desk's time zone
    Column("first_at", UtcDateTime, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("entry_count", Integer, nullable=False),
    Column("entries", long_bytes(), nullable=False),
    Column("prev", short_bytes(32), nullable=False),
    Column("mac", short_bytes(32), nullable=False),
    **OPTIONS,
)

audit_checkpoints = Table(  # where the chain of seals begins after each purge
    "audit_checkpoints",
    metadata,
    key(),
    Column("last_seq", row_id(), nullable=False),
    Column("last_mac", short_bytes(32), nullable=False),
    Column("cutoff", UtcDateTime, nullable=False),
    Column("mac", short_bytes(32), nullable=False),
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

job_runs = (
    Table(  # one row for each run of a job; its key is what makes it one, however many daemons there are
        "job_runs",
        metadata,
        key(),
        Column("job", exact(40), nullable=False),
        Column("scope", exact(100), nullable=False),  # a mailbox; empty for a job that has no scope
        Column("slot", UtcDateTime, nullable=False, index=True),  # the moment that it is for
        Column("state", exact(10), nullable=False),  # asked, running, done, failed, overtaken
        Column("owner", exact(64), nullable=False),  # who began the last attempt
        Column("attempts", Integer, nullable=False),
        Column("started_at", UtcDateTime),
        Column("ended_at", UtcDateTime, index=True),
        Column("told", words(500), nullable=False),
        UniqueConstraint("job", "scope", "slot"),
        **OPTIONS,
    )
)
