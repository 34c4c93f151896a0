"""``status``: how the desk is doing, for a person or for a monitoring script."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from typing import TextIO

from daemon.imap import ImapInbox
from daemon.wiring import account_of
from helpdesk.actions.reconcile import unfiled
from helpdesk.actions.status import as_data, health_of
from helpdesk.config import ImapSettings, Settings
from helpdesk.core.alertwords import kind_in_words
from helpdesk.core.health import Health, MailboxSeen, days_left, seconds_left, shown, troubles
from helpdesk.core.jsontext import json_text
from helpdesk.core.people import Language
from helpdesk.core.terminal import term_safe
from helpdesk.errors import EXIT_FAILED, MailboxAway
from helpdesk.store.engine import Database
from helpdesk.store.letters import DEAD, QUEUED, SENDING

INBOX_SECONDS = 10.0  # how long a mailbox may take for each answer
OLDEST = 200  # of the mails without a fate, by UID, so many are asked when they came
NAME_CHARS = 60


def status(settings: Settings, database: Database, as_json: bool, out: TextIO) -> int:
    """Write how the desk is doing; return 0 while a daemon is alive and nothing is stuck, else 1."""
    health = health_of(database, [mailbox.name for mailbox in settings.mailboxes])
    looked = zip(settings.mailboxes, health.mailboxes, strict=True)
    health = replace(
        health, mailboxes=tuple(_with_inbox(database, mailbox, seen) for mailbox, seen in looked)
    )
    wrong = troubles(health)
    if as_json:
        out.write(json_text(as_data(health, wrong)) + "\n")
    else:
        out.writelines(f"{line}\n" for line in lines_of(health, wrong))
    return EXIT_FAILED if wrong else 0


def _with_inbox(database: Database, mailbox: ImapSettings, seen: MailboxSeen) -> MailboxSeen:
    account = replace(account_of(mailbox), timeout_seconds=INBOX_SECONDS)
    try:
        with ImapInbox(account) as inbox:
            uids = inbox.uids()
            oldest = unfiled(database, mailbox.name, inbox.uidvalidity, uids)[:OLDEST]
            came = [glance.arrived_at.astimezone(UTC) for glance in inbox.glances(oldest).values()]
            return replace(seen, inbox=len(uids), oldest_unfiled=min(came, default=None))
    except MailboxAway as away:
        return replace(seen, away=str(away))


def lines_of(health: Health, wrong: list[str]) -> Iterator[str]:
    """Yield the lines for a terminal, what is wrong last."""
    for daemon in health.daemons:
        alive = daemon.ends_at > health.now
        yield _line("daemon", daemon.owner, "alive" if alive else f"silent since {shown(daemon.ends_at)}")
    for lease in health.work:
        left = seconds_left(lease, health.now)
        yield _line("lease", lease.name, f"{lease.owner}, {left} s left" if left else "free")
    for mailbox in health.mailboxes:
        inbox = "away" if mailbox.inbox is None else f"{mailbox.inbox} in the inbox"
        oldest = f", unsettled since {shown(mailbox.oldest_unsettled)}" if mailbox.oldest_unsettled else ""
        oldest += f", not filed since {shown(mailbox.oldest_unfiled)}" if mailbox.oldest_unfiled else ""
        told = f"{inbox}, {mailbox.in_hand} in hand, {mailbox.deferred} deferred{oldest}"
        yield _line("mailbox", mailbox.name, told)
    counts = ", ".join(f"{health.letters.get(state, 0)} {state}" for state in (QUEUED, SENDING, DEAD))
    oldest = f", the oldest since {shown(health.oldest_unsent)}" if health.oldest_unsent else ""
    yield _line("letters", "", f"{counts}{oldest}")
    if health.bouncing:
        yield _line("addresses", "", f"{health.bouncing} from which letters came back")
    for breaker in health.breakers:
        told = f"{breaker.letters} letters wait until {shown(breaker.closes_at)}: {breaker.reason}"
        yield _line("breaker", breaker.scope, told)
    for job in health.given_up:
        since = "; a later run did it" if job.mended else ""
        times = "once" if job.times == 1 else f"{job.times} times, the last"
        told = f"given up {times} {shown(job.at)}: {job.told}{since}"
        yield _line("job", job.job, told)
    if (certificate := health.certificate) is not None:
        days = days_left(certificate, health.now)
        yield _line(
            "certificate", certificate.where, f"ends first, {shown(certificate.ends_at)}, {days} days left"
        )
    for kind, count in health.alarms.items():
        yield _line("alarms", "", f"{count} in 24 hours: {kind_in_words(kind, Language.EN)}")
    yield from (f"TROUBLE    {term_safe(one)}" for one in wrong)
    if not wrong:
        yield "all is well"


def _line(what: str, name: str, told: str) -> str:
    return " ".join(filter(None, (f"{what:<10}", term_safe(name, NAME_CHARS), term_safe(told))))
