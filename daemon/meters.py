"""What the daemon counts and measures of itself and of its desk (docs/install.md says what each means).

One registry for the process, as a process has one set of figures; nothing of the library's own is in it.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry(auto_describe=True)
# A plain mail takes 1 to 5 ms; twenty seconds are the limit of a worker.
PARSE_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)

MAILS = Counter(
    "helpdesk_mails_total", "Mails filed since the start, by fate.", ["mailbox", "fate"], registry=REGISTRY
)
VERDICTS = Counter(
    "helpdesk_verdicts_total",
    "Verdicts on the senders of mails filed since the start.",
    ["mailbox", "verdict"],
    registry=REGISTRY,
)
PARSE_SECONDS = Histogram(
    "helpdesk_parse_seconds",
    "How long a worker took to read a mail, DNS included; mails of a chunk share its time.",
    buckets=PARSE_BUCKETS,
    registry=REGISTRY,
)
MAILBOX_UP = Gauge(
    "helpdesk_mailbox_up", "1 while the IMAP server answers, else 0.", ["mailbox"], registry=REGISTRY
)
INBOX_MAILS = Gauge(
    "helpdesk_inbox_mails", "Mails in the inbox as of the last look.", ["mailbox"], registry=REGISTRY
)
WITHOUT_FATE = Gauge(
    "helpdesk_mails_without_fate",
    "Mails that are being tried (in_hand) or wait for a verdict (deferred).",
    ["mailbox", "state"],
    registry=REGISTRY,
)
OLDEST_UNSETTLED_SECONDS = Gauge(
    "helpdesk_oldest_unsettled_seconds",
    "How long ago the oldest mail was seen that is filed and may still be in the inbox; 0 for none.",
    ["mailbox"],
    registry=REGISTRY,
)
LETTERS = Gauge("helpdesk_letters", "Letters by state, those sent left out.", ["state"], registry=REGISTRY)
OLDEST_LETTER_SECONDS = Gauge(
    "helpdesk_oldest_letter_seconds",
    "How long ago the oldest unsent letter was queued; 0 for none.",
    registry=REGISTRY,
)
LETTER_DUE_SECONDS = Gauge(
    "helpdesk_letter_due_seconds",
    "For how long a letter has been due and not sent; 0 for none.",
    registry=REGISTRY,
)
BREAKERS_OPEN = Gauge("helpdesk_breakers_open", "Caps that make letters wait.", registry=REGISTRY)
JOB_AGE_SECONDS = Gauge(
    "helpdesk_job_age_seconds", "How long ago a job last ended well.", ["job"], registry=REGISTRY
)
JOBS_GIVEN_UP = Gauge(
    "helpdesk_jobs_given_up", "Jobs given up within a week that did not end well since.", registry=REGISTRY
)
CANARY_LOST = Gauge(
    "helpdesk_canary_lost", "1 where the desk's last letter to itself did not come back.", registry=REGISTRY
)
CERTIFICATE_SECONDS = Gauge(
    "helpdesk_certificate_seconds",
    "How long the certificate is still good that ends first; NaN before the first look.",
    registry=REGISTRY,
)
DATABASE_UP = Gauge(
    "helpdesk_database_up", "1 where the database answered at the last look, else 0.", registry=REGISTRY
)


def count_filed(mailbox: str, fate: str | None, verdict: str) -> None:
    """Count one mail; a deferred one, which has no fate yet, is counted once it has."""
    if fate is not None:
        MAILS.labels(mailbox, fate).inc()
        VERDICTS.labels(mailbox, verdict).inc()


def note_parsed(mails: int, seconds: float) -> None:
    """Note how long a chunk of mails took to read."""
    for _ in range(mails):
        PARSE_SECONDS.observe(seconds / mails)
