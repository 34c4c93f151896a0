"""The letters that go out, and what holds them back."""

from sqlalchemy import Column, ForeignKey, Index, Table

from helpdesk.store.columns import Integer, UtcDateTime, exact, long_bytes, words
from helpdesk.store.tables.common import OPTIONS, key, metadata
from helpdesk.store.tables.mails import mails
from helpdesk.store.tables.people import people
from helpdesk.store.tables.tickets import tickets

letters = Table(  # the outbox: each row is complete, to the last header
    "letters",
    metadata,
    key(),
    Column("kind", exact(40), nullable=False),
    Column("dedupe", exact(64), nullable=False, unique=True),
    Column("message_id", exact(255), nullable=False, unique=True),
    Column("recipient", exact(254), nullable=False, index=True),
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

alerts = Table(  # what people were alerted to, whether or not a letter could go
    "alerts",
    metadata,
    key(),
    Column("dedupe", exact(64), nullable=False, unique=True),  # of a cause and its hour
    Column("kind", exact(60), nullable=False),
    Column("person_id", ForeignKey(people.c.id), index=True),  # whose account or address it is about
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("count", Integer, nullable=False),  # how often within the hour
    Column("letters", Integer, nullable=False),  # how many were queued
    Column("to_owner", Integer, nullable=False),  # how many of these to the person
    Column("told_at", UtcDateTime),  # when it was written to journal and file
    Index(None, "told_at", "id"),
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
