"""The ledger of mails, and the conversations that they became."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Table, UniqueConstraint

from helpdesk.store.columns import JSON, Integer, UtcDateTime, exact, long_text, row_id, words
from helpdesk.store.tables.common import OPTIONS, key, metadata
from helpdesk.store.tables.people import people
from helpdesk.store.tables.tickets import tickets

mailboxes = Table(
    "mailboxes",
    metadata,
    key(),
    Column("name", exact(100), nullable=False, unique=True),
    **OPTIONS,
)

mails = Table(  # the ledger: one row for each mail seen
    "mails",
    metadata,
    key(),
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
    Column("rejected_at", UtcDateTime),  # when a person decided that it stays kept
    UniqueConstraint("mailbox_id", "uidvalidity", "uid"),
    UniqueConstraint("mailbox_id", "effect"),
    Index(None, "message_id"),
    Index(None, "sender", "seen_at"),
    Index(None, "fate", "rejected_at", "seen_at"),
    Index(None, "mailbox_id", "settled_at"),
    Index(None, "mailbox_id", "look_again_at"),
    **OPTIONS,
)

mail_orders = Table(  # what people want done with kept mail; the daemon does it
    "mail_orders",
    metadata,
    key(),
    Column("mail_id", ForeignKey(mails.c.id), nullable=False, index=True),
    Column("mailbox_id", ForeignKey(mailboxes.c.id), nullable=False),
    Column("kind", exact(10), nullable=False),  # release, bind, replay
    Column("address", exact(254), nullable=False),  # as whose mail it is filed; empty for replay
    Column("by_id", ForeignKey(people.c.id), index=True),  # NULL: at the console
    Column("asked_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("done_at", UtcDateTime),
    Column("outcome", words(500), nullable=False),
    Index(None, "mailbox_id", "done_at"),
    **OPTIONS,
)

posts = Table(
    "posts",
    metadata,
    key(),
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
    key(),
    Column("post_id", ForeignKey(posts.c.id), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("name", words(255), nullable=False),
    Column("content_type", words(127), nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", exact(64), nullable=False, index=True),
    Column("inline", Boolean, nullable=False),
    **OPTIONS,
)
