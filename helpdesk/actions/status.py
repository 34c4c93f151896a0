"""How the desk is doing, as far as the database knows."""

from collections.abc import Sequence
from dataclasses import asdict

from helpdesk.actions.breakers import breakers_in
from helpdesk.core.health import NEWLY_DEAD, Health, LeaseSeen, MailboxSeen, seconds_left
from helpdesk.store.engine import Database
from helpdesk.store.letters import DEAD, QUEUED, SENDING
from helpdesk.store.work import Work


def health_of(database: Database, mailboxes: Sequence[str]) -> Health:
    """Return how the desk is doing; nobody has looked into its inboxes yet. Raises StoreAway."""
    with Work(database, read_only=True) as work:
        now = work.database_now()
        ids = work.mails.mailbox_ids()
        return Health(
            now,
            tuple(LeaseSeen(*lease) for lease in work.leases.everyone()),
            tuple(mailbox_seen(work, name, ids.get(name)) for name in mailboxes),
            work.letters.counts(),
            work.letters.oldest_unsent(),
            work.letters.next_due_at(),
            work.letters.dead_since(now - NEWLY_DEAD),
            work.people.bouncing(),
            tuple(breakers_in(work)),
        )


def mailbox_seen(work: Work, name: str, mailbox_id: int | None) -> MailboxSeen:
    """Return what the ledger knows of a mailbox, None: nothing yet; nobody has looked into its inbox."""
    if mailbox_id is None:
        return MailboxSeen(name, None, "", 0, 0, None)
    in_hand, deferred = work.mails.without_fate(mailbox_id)
    return MailboxSeen(name, None, "", in_hand, deferred, work.mails.oldest_unsettled(mailbox_id))


def as_data(health: Health, wrong: list[str]) -> dict[str, object]:
    """Return what --json shows, the same from the shell as from the daemon."""
    return {
        "well": not wrong,
        "troubles": wrong,
        "now": health.now,
        "daemons": [
            {"owner": one.owner, "alive": one.ends_at > health.now, "lease_ends_at": one.ends_at}
            for one in health.daemons
        ],
        "leases": [
            {"name": one.name, "owner": one.owner, "seconds_left": seconds_left(one, health.now)}
            for one in health.work
        ],
        "mailboxes": [asdict(one) for one in health.mailboxes],
        "letters": {state: health.letters.get(state, 0) for state in (QUEUED, SENDING, DEAD)},
        "oldest_unsent": health.oldest_unsent,
        "newly_dead": health.newly_dead,
        "bouncing_addresses": health.bouncing,
        "breakers": [asdict(one) for one in health.breakers],
    }
