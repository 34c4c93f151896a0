"""How the desk is doing, as far as the database knows."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from helpdesk.actions.breakers import breakers_in
from helpdesk.actions.canary import KNOWN_LOST
from helpdesk.core.certificates import first_end
from helpdesk.core.health import (
    ALARMED_WITHIN,
    GIVEN_UP,
    NEWLY_DEAD,
    CertificateSeen,
    GivenUp,
    Health,
    LeaseSeen,
    MailboxSeen,
    days_left,
    seconds_left,
)
from helpdesk.core.jobs import JobName, Run
from helpdesk.store.engine import Database
from helpdesk.store.letters import DEAD, QUEUED, SENDING
from helpdesk.store.work import Work

LATELY = timedelta(hours=2)


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
            given_up_in(work, now),
            canary_lost_in(work, now),
            certificate_in(work),
            work.alerts.counts_since(now - ALARMED_WITHIN),
            next((one.at for one in work.alerts.untold(1)), None),
        )


def given_up_in(work: Work, now: datetime) -> tuple[GivenUp, ...]:
    """Return the jobs of which runs were given up lately, each once."""
    by_job: dict[tuple[str, str], list[Run]] = {}
    for run in work.runs.given_up(now - GIVEN_UP):
        by_job.setdefault((run.job, run.scope), []).append(run)
    found = []
    for (job, scope), runs in by_job.items():
        last, done = runs[-1], work.runs.last_done(job, scope)
        mended = done is not None and done.slot > last.slot
        found.append(GivenUp(f"{job} {scope}".strip(), len(runs), last.ended_at or now, last.told, mended))
    return tuple(found)


def canary_lost_in(work: Work, now: datetime) -> bool:
    """Say whether the last canary was lost, if there was one lately: it may have been turned off since."""
    last = work.runs.last_done(JobName.CANARY_BACK.value, "")
    return last is not None and last.told in KNOWN_LOST and now - last.slot < LATELY


def certificate_in(work: Work) -> CertificateSeen | None:
    """Return the certificate that ends first, as the last look told."""
    last = work.runs.last_done(JobName.CERTIFICATES.value, "")
    first = first_end(last.told) if last else None
    return CertificateSeen(first[1], first[0]) if first else None


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
        "given_up_jobs": [asdict(one) for one in health.given_up],
        "canary_lost": health.canary_lost,
        "certificate": asdict(certificate) | {"days_left": days_left(certificate, health.now)}
        if (certificate := health.certificate)
        else None,
        "alarms": dict(health.alarms),
        "alarms_untold_since": health.untold_since,
    }
