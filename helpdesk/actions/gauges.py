"""How much waits at the desk, for who looks every few seconds: a few queries, each answered from an index."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from helpdesk.actions.status import canary_lost_in, certificate_in, given_up_in, mailbox_seen
from helpdesk.core.health import MailboxSeen
from helpdesk.store.engine import Database
from helpdesk.store.letters import DEAD, QUEUED, SENDING
from helpdesk.store.work import Work

JobEnds = Callable[[Work], Mapping[str, datetime]]


@dataclass(frozen=True, slots=True)
class Gauges:
    """What waits at ``now``, by the database's clock. ``letters`` by state, those sent left out.

    ``due_since``: when the first letter became due, perhaps in the future. ``job_ends``: when each job last
    ended well; ``jobs_given_up``: how many were given up within a week and have not ended well since.
    ``certificate_ends_at``: when the first certificate ends, None: nobody has looked yet.
    """

    now: datetime
    mailboxes: tuple[MailboxSeen, ...]
    letters: Mapping[str, int]
    oldest_unsent: datetime | None
    due_since: datetime | None
    breakers: int
    job_ends: Mapping[str, datetime]
    jobs_given_up: int = 0
    canary_lost: bool = False
    certificate_ends_at: datetime | None = None


def gauges_of(database: Database, mailboxes: Sequence[str], job_ends: JobEnds) -> Gauges:
    """Return what waits. Raises StoreAway."""
    with Work(database, read_only=True) as work:
        now = work.database_now()
        ids = work.mails.mailbox_ids()
        counts = work.letters.counts()
        return Gauges(
            now,
            tuple(mailbox_seen(work, name, ids.get(name)) for name in mailboxes),
            {state: counts.get(state, 0) for state in (QUEUED, SENDING, DEAD)},
            work.letters.oldest_unsent(),
            work.letters.next_due_at(),
            len(work.budgets.open_breakers(now)),
            job_ends(work),
            sum(not one.mended for one in given_up_in(work, now)),
            canary_lost_in(work, now),
            certificate.ends_at if (certificate := certificate_in(work)) else None,
        )
