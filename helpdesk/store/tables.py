"""Every table, as the migrations under ``sql/`` make it (a test proves that they agree)."""

from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Index, MetaData, Table, UniqueConstraint

from helpdesk.store.columns import JSON, Integer, UtcDateTime, exact, long_bytes, long_text, row_id, words

_ENGINE = {"engine": "InnoDB", "charset": "utf8mb4", "collate": "utf8mb4_unicode_ci"}
OPTIONS: dict[str, Any] = {
    f"{dialect}_{name}": value for dialect in ("mysql", "mariadb") for name, value in _ENGINE.items()
}

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", row_id(), primary_key=True, autoincrement=False)


teams = Table(
    "teams",
    metadata,
    _id(),
    Column("name", words(100), nullable=False, unique=True),
    **OPTIONS,
)

people = Table(
    "people",
    metadata,
    _id(),
    Column("name", words(200), nullable=False),
    Column("role", exact(20), nullable=False),
    Column("language", exact(2), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    **OPTIONS,
)

memberships = Table(
    "memberships",
    metadata,
    Column("team_id", ForeignKey(teams.c.id), primary_key=True),
    Column("person_id", ForeignKey(people.c.id), primary_key=True, index=True),
    **OPTIONS,
)

addresses = Table(
    "addresses",
    metadata,
    _id(),
    Column("person_id", ForeignKey(people.c.id), nullable=False, index=True),
    Column("address", exact(254), nullable=False, unique=True),
    Column("state", exact(20), nullable=False),
    Column("best_verdict", exact(20), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("bounces", Integer, nullable=False, server_default="0"),  # letters in a row that came back
    Column("bounced_at", UtcDateTime),  # when the last of them did
    **OPTIONS,
)

tickets = Table(
    "tickets",
    metadata,
    _id(),
    Column("number", Integer, nullable=False, unique=True),
    Column("subject", words(500), nullable=False),
    Column("status", exact(20), nullable=False),
    Column("urgency", exact(20), nullable=False),
    Column("requester_id", ForeignKey(people.c.id), nullable=False),
    Column("team_id", ForeignKey(teams.c.id)),
    Column("assignee_id", ForeignKey(people.c.id)),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("resolved_at", UtcDateTime),
    Column("deleted_at", UtcDateTime),
    Index(None, "requester_id", "status"),
    Index(None, "assignee_id", "status"),
    Index(None, "team_id", "status"),
    Index(None, "status", "updated_at"),
    **OPTIONS,
)

participants = Table(
    "participants",
    metadata,
    Column("ticket_id", ForeignKey(tickets.c.id), primary_key=True),
    Column("person_id", ForeignKey(people.c.id), primary_key=True, index=True),
    **OPTIONS,
)

mailboxes = Table(
    "mailboxes",
    metadata,
    _id(),
    Column("name", exact(100), nullable=False, unique=True),
    **OPTIONS,
)

mails = Table(  # the ledger: one row for each mail seen
    "mails",
    metadata,
    _id(),
    Column("mailbox_id", ForeignKey(mailboxes.c.id), nullable=False),
    Column("uidvalidity", row_id(), nullable=False),
    Column("uid", row_id(), nullable=False),
    Column("fingerprint", exact(64)),
    Column("effect", exact(64)),  # the fingerprint where the mail had an effect, else NULL
    Column("message_id", exact(255), nullable=False),  # SHA-256 in hex where the id is longer or not ASCII
    Column("size", Integer, nullable=False),
    Column("subject", words(500), nullable=False),
    Column("sender", exact(254), nullable=False),
    Column("dated_at", UtcDateTime),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("fate", exact(20)),  # NULL: deferred, or being tried
    Column("rule", exact(40), nullable=False),
    Column("reason", words(500), nullable=False),
    Column("verdict", exact(20), nullable=False),
    Column("verdict_reason", words(500), nullable=False),
    Column("person_id", ForeignKey(people.c.id), index=True),
    Column("ticket_id", ForeignKey(tickets.c.id), index=True),
    Column("raw_sha256", exact(64)),  # the blob of a held or quarantined mail
    Column("attempts", Integer, nullable=False),
    Column("look_again_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    UniqueConstraint("mailbox_id", "uidvalidity", "uid"),
    UniqueConstraint("mailbox_id", "effect"),
    Index(None, "message_id"),
    Index(None, "sender", "seen_at"),
    Index(None, "fate", "seen_at"),
    Index(None, "mailbox_id", "settled_at"),
    Index(None, "mailbox_id", "look_again_at"),
    **OPTIONS,
)

posts = Table(
    "posts",
    metadata,
    _id(),
    Column("ticket_id", ForeignKey(tickets.c.id), nullable=False, index=True),
    Column("author_id", ForeignKey(people.c.id), index=True),  # NULL: the desk itself
    Column("mail_id", ForeignKey(mails.c.id), index=True),
    Column("internal", Boolean, nullable=False),
    Column("text", long_text(), nullable=False),
    Column("folds", JSON, nullable=False),  # [[start, end, kind], …] into text
    Column("created_at", UtcDateTime, nullable=False),
    **OPTIONS,
)

attachments = Table(
    "attachments",
    metadata,
    _id(),
    Column("post_id", ForeignKey(posts.c.id), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("name", words(255), nullable=False),
    Column("content_type", words(127), nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", exact(64), nullable=False, index=True),
    Column("inline", Boolean, nullable=False),
    **OPTIONS,
)

letters = Table(  # the outbox: each row is complete, to the last header
    "letters",
    metadata,
    _id(),
    Column("kind", exact(40), nullable=False),
    Column("dedupe", exact(64), nullable=False, unique=True),
    Column("message_id", exact(255), nullable=False, unique=True),
    Column("recipient", exact(254), nullable=False),
    Column("envelope_from", exact(254), nullable=False),
    Column("content", long_bytes(), nullable=False),
    Column("person_id", ForeignKey(people.c.id), index=True),
    Column("ticket_id", ForeignKey(tickets.c.id), index=True),
    Column("mail_id", ForeignKey(mails.c.id), index=True),
    Column("state", exact(20), nullable=False),  # queued, sending, sent, dead
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),  # sending: the claim ends; dead: since
    Column("claim", exact(32), nullable=False),
    Column("last_error", words(500), nullable=False),
    Column("queued_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("bounced_at", UtcDateTime),  # when its first delivery report of failure came
    Index(None, "state", "next_at"),
    **OPTIONS,
)

budgets = Table(  # how much automatic mail went to whom in which hour
    "budgets",
    metadata,
    Column("scope", exact(300), primary_key=True),
    Column("window_start", UtcDateTime, primary_key=True),
    Column("used", Integer, nullable=False),
    **OPTIONS,
)

breakers = Table(  # a cap that tripped: letters of its scope wait until it closes
    "breakers",
    metadata,
    Column("scope", exact(300), primary_key=True),
    Column("reason", words(500), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("closes_at", UtcDateTime, nullable=False),
    **OPTIONS,
)

audit_logs = Table(
    "audit_logs",
    metadata,
    _id(),
    Column("user_id", ForeignKey(people.c.id), index=True),
    Column("action", exact(60), nullable=False),
    Column("status", exact(10), nullable=False),  # SUCCESS, FAIL, DENIED
    Column("ip_address", exact(45), nullable=False),
    Column("user_agent", words(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("detail", JSON, nullable=False),
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
