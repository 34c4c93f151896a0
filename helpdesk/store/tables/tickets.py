"""Tickets and what is known of each."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Table, UniqueConstraint, text

from helpdesk.store.columns import Integer, UtcDateTime, exact, long_text, short_bytes, words
from helpdesk.store.tables.common import OPTIONS, key, metadata
from helpdesk.store.tables.people import people, teams

tickets = Table(
    "tickets",
    metadata,
    key(),
    Column("number", Integer, nullable=False, unique=True),
    Column("subject", words(500), nullable=False),
    Column("status", exact(20), nullable=False),
    Column("urgency", exact(20), nullable=False),
    Column("requester_id", ForeignKey(people.c.id), nullable=False),
    Column("team_id", ForeignKey(teams.c.id)),
    Column("assignee_id", ForeignKey(people.c.id)),
    Column("opened_at", UtcDateTime, nullable=False, index=True),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("resolved_at", UtcDateTime),
    Column("deleted_at", UtcDateTime),
    Column("due_at", UtcDateTime),  # when somebody should have dealt with it, by its urgency
    Column("first_answered_at", UtcDateTime),  # when staff first wrote to the requester
    Column(
        "merged_into_id", ForeignKey("tickets.id"), index=True
    ),  # the ticket that took its conversation over
    Column("closed_at", UtcDateTime),  # when it was closed for good, long after it was resolved
    # Each list of `store.listing` is read from one of these in its order; the last columns only filter.
    Index(None, "requester_id", "status", "number"),
    Index(None, "assignee_id", "status", "number", "urgency"),
    Index(None, "assignee_id", "status", "updated_at", "number"),
    Index(None, "team_id", "status", "number", "urgency", "assignee_id"),
    Index(None, "team_id", "status", "updated_at", "number"),
    Index(None, "status", "urgency", "number"),
    Index(None, "status", "updated_at", "number"),
    Index(None, "status", "due_at", "number"),
    Index(None, "closed_at", "status", "updated_at"),
    # SQLite counts no rows and would begin other lists with it.
    Index(None, "deleted_at", "number", sqlite_where=text("deleted_at IS NOT NULL")),
    **OPTIONS,
)

ticket_reminders = Table(  # of which ticket, with which due date, somebody was told
    "ticket_reminders",
    metadata,
    Column("ticket_id", ForeignKey(tickets.c.id), primary_key=True),
    Column("due_at", UtcDateTime, primary_key=True),
    Column("told_at", UtcDateTime, nullable=False),
    **OPTIONS,
)

participants = Table(
    "participants",
    metadata,
    Column("ticket_id", ForeignKey(tickets.c.id), primary_key=True),
    Column("person_id", ForeignKey(people.c.id), primary_key=True, index=True),
    **OPTIONS,
)

ticket_events = Table(  # a ticket's history: what was changed by whom; it stays as long as the ticket
    "ticket_events",
    metadata,
    key(),
    Column("ticket_id", ForeignKey(tickets.c.id), nullable=False, index=True),
    Column("person_id", ForeignKey(people.c.id), index=True),  # NULL: the desk itself
    Column("kind", exact(30), nullable=False),
    Column("before", words(200), nullable=False),
    Column("after", words(200), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    **OPTIONS,
)

tags = Table(
    "tags",
    metadata,
    Column("ticket_id", ForeignKey(tickets.c.id), primary_key=True),
    Column("tag", exact(50), primary_key=True),
    Index(None, "tag", "ticket_id"),
    **OPTIONS,
)

canned_answers = Table(
    "canned_answers",
    metadata,
    key(),
    Column("name", exact(50), nullable=False),
    Column("language", exact(2), nullable=False),
    Column("text", long_text(), nullable=False),
    UniqueConstraint("name", "language"),
    **OPTIONS,
)

ticket_words = Table(  # by which words a ticket is found; `store.wordindex` says how
    "ticket_words",
    metadata,
    Column("block", Integer, primary_key=True, autoincrement=False),
    Column("word", short_bytes(32), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("internal", Boolean, primary_key=True),  # it stands in a note: only staff may find it
    sqlite_with_rowid=False,
    **OPTIONS,
)
