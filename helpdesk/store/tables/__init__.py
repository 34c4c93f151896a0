"""Every table, as the migrations under ``sql/`` make it (a test proves that they agree)."""

from helpdesk.store.tables.common import OPTIONS, metadata
from helpdesk.store.tables.logins import (
    credentials,
    login_codes,
    login_failures,
    login_locks,
    places,
    recovery_codes,
    sessions,
)
from helpdesk.store.tables.mails import attachments, mail_orders, mailboxes, mails, posts
from helpdesk.store.tables.outbox import alerts, breakers, budgets, letters
from helpdesk.store.tables.people import addresses, memberships, people, teams
from helpdesk.store.tables.running import (
    audit_checkpoints,
    audit_logs,
    audit_seals,
    audit_unsealed,
    counters,
    job_runs,
    leases,
)
from helpdesk.store.tables.tickets import (
    canned_answers,
    participants,
    tags,
    ticket_events,
    ticket_reminders,
    ticket_words,
    tickets,
)

__all__ = [
    "OPTIONS",
    "addresses",
    "alerts",
    "attachments",
    "audit_checkpoints",
    "audit_logs",
    "audit_seals",
    "audit_unsealed",
    "breakers",
    "budgets",
    "canned_answers",
    "counters",
    "credentials",
    "job_runs",
    "leases",
    "letters",
    "login_codes",
    "login_failures",
    "login_locks",
    "mail_orders",
    "mailboxes",
    "mails",
    "memberships",
    "metadata",
    "participants",
    "people",
    "places",
    "posts",
    "recovery_codes",
    "sessions",
    "tags",
    "teams",
    "ticket_events",
    "ticket_reminders",
    "ticket_words",
    "tickets",
]
