"""How much waits at the desk, for who looks every few seconds: a few queries, each answered from an index."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from helpdesk.actions.status import mailbox_seen
from helpdesk.core.health import MailboxSeen
from helpdesk.store.engine import Database
from helpdesk.store.letters import DEAD, QUEUED, SENDING
from helpdesk.store.work import Work

JobEnds = Callable[[Work], Mapping[str, datetime]]


@dataclass(frozen=True, slots=True)
class Gauges:
    """What waits at ``now``, by the database's clock. ``letters`` by state, those sent left out.

    ``due_since``: when the first letter became due, perhaps in the future. ``job_ends``: when each job last
    ended well.
    """

    now: datetime
    mailboxes: tuple[MailboxSeen, ...]
    letters: Mapping[str, int]
    oldest_unsent: datetime | None
    due_since: datetime | None
    breakers: int
    job_ends: Mapping[str, datetime]


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
        )
