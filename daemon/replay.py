"""``replay``: file a held or quarantined mail again by today's rules, and move its copy where it belongs."""

from collections.abc import Iterator
from typing import TextIO

from daemon.copies import copy_in, move_copy, wanted_of
from daemon.imap import ImapInbox
from daemon.leaving import Folders
from daemon.pools import parse_pool
from daemon.wiring import account_of, folders_of
from helpdesk.actions.arrival import Arrival, Source
from helpdesk.actions.replay import Replayed, kept_bytes, kept_mail, replay
from helpdesk.config import ImapSettings, Settings
from helpdesk.core.asked import Asked
from helpdesk.core.terminal import term_safe
from helpdesk.core.tickets import Fate
from helpdesk.errors import EXIT_FAILED, MailboxAway, Refused
from helpdesk.opening import desk_of
from helpdesk.store.engine import Database
from helpdesk.store.ledger import LedgerMail

SHOWN_CHARS = 300


def replay_mail(settings: Settings, database: Database, question: Asked, dry_run: bool, out: TextIO) -> int:
    """File the mail that is meant, and say what today's rules make of it beside what it was.

    *dry_run*: only say it. Returns 0, or 1 where it would be filed and stays as it is. Raises Refused.
    """
    mail = kept_mail(database, question)
    mailbox = _mailbox_of(settings, mail)
    desk = desk_of(settings, database)
    max_bytes = settings.limits.caps.max_bytes
    raw = kept_bytes(desk, mail)
    if raw is None or len(raw) != mail.size:
        raw = _from_its_folder(mailbox, mail, raw, max_bytes)
    with parse_pool(settings, mailbox) as pool:
        [seen] = pool.examine(
            [raw], int(mail.seen_at.timestamp())
        )  # signatures end: what counts is when it came
    source = Source(mail.mailbox_id, mail.mailbox, mail.uidvalidity, mailbox.trust.max_age_days)
    judged = seen.judged
    arrival = Arrival(
        mail.uid, raw, seen.mail, judged.judgement, judged.signed_at, judged.reached_at, again=True
    )
    told = replay(desk, source, mail, arrival, dry_run)
    out.writelines(f"{term_safe(line, SHOWN_CHARS)}\n" for line in lines_of(mail, told, dry_run))
    if told.filed and told.fate:
        out.write(f"{term_safe(_moved(mailbox, mail, told.fate, max_bytes), SHOWN_CHARS)}\n")
    return 0 if told.filed or dry_run else EXIT_FAILED


def lines_of(mail: LedgerMail, told: Replayed, dry_run: bool) -> Iterator[str]:
    """Yield today's ruling beside the old one, and what came of it."""
    yield f"mail {mail.id} from {mail.sender or '(cannot be read)'}: {mail.subject or '(no subject)'}"
    yield f"  was    {mail.fate}, by the rule {mail.rule}: {mail.reason}"
    yield f"         verdict {mail.verdict}: {mail.verdict_reason}"
    because = f": {told.reason}" if told.reason else ""
    yield f"  today  {told.fate or 'would wait'}, by the rule {told.ruling.rule}{because}"
    yield f"         verdict {told.judgement.verdict}: {told.judgement.reason}"
    if dry_run:
        yield "Nothing was changed: this was a dry run."
    elif told.filed is None:
        yield "Nothing was changed: by today's rules it stays where it is."
    else:
        number = told.filed.ticket_number
        yield f"Filed again: {told.fate}{f', ticket {number}' if number else ''}."


def _mailbox_of(settings: Settings, mail: LedgerMail) -> ImapSettings:
    for mailbox in settings.mailboxes:
        if mailbox.name == mail.mailbox:
            return mailbox
    names = ", ".join(mailbox.name for mailbox in settings.mailboxes)
    raise Refused(f"mail {mail.id} is of the mailbox {mail.mailbox}; the settings have {names} only")


def _from_its_folder(mailbox: ImapSettings, mail: LedgerMail, head: bytes | None, max_bytes: int) -> bytes:
    """Return the whole mail from the folder that it was moved to; *head*: what was kept of it, if anything."""
    folder = folders_of(mailbox).of(Fate(mail.fate or ""))
    if mail.size > max_bytes:
        raise Refused(
            f"mail {mail.id} has {mail.size} bytes, and only its header was kept; the limit is {max_bytes}. "
            "Raise [limits] max_bytes to have it filed"
        )
    with ImapInbox(account_of(mailbox)) as inbox, inbox.opened(folder):
        found = copy_in(inbox, wanted_of(mail), max_bytes)
    if found is None or not found[1].startswith(head or b""):
        raise Refused(
            f"mail {mail.id} cannot be filed: it was not kept whole, and the folder {folder} does not have it"
        )
    return found[1]


def _moved(mailbox: ImapSettings, mail: LedgerMail, fate: Fate, max_bytes: int) -> str:
    """Move the copy and say what came of it: the mail is filed whatever the IMAP server says."""
    folders: Folders = folders_of(mailbox)
    old, new = folders.of(Fate(mail.fate or "")), folders.of(fate)
    if old == new:
        return f"Its copy stays in {old}."
    try:
        with ImapInbox(account_of(mailbox)) as inbox:
            moved = move_copy(inbox, old, new, wanted_of(mail), max_bytes)
    except MailboxAway as trouble:
        return f"Its copy could not be moved from {old} to {new}: {trouble}"
    return f"Its copy was moved from {old} to {new}." if moved else f"Its copy is not in {old} any more."
