"""Compares what was delivered with the ledger, the tickets, the letters and what the relay received.

``look`` reads all of them once a desk is quiet, ``damages`` judges, ``check`` makes both a line of the table.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.parser import BytesHeaderParser
from pathlib import Path

from imapclient import IMAPClient

from helpdesk.core.tickets import Fate
from tests.faults.desk import FaultDesk
from tests.faults.fault import Tally
from tests.faults.mails import Delivered

EFFECTS = (Fate.OPENED, Fate.APPENDED)
OPENED_KIND = "ticket_opened"
FOLDERS = ("INBOX", "Done", "Held", "Quarantine")
WORST = 10  # how many problems are worth a line


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the ledger."""

    id: int
    message_id: str
    fate: str | None
    ticket_id: int | None
    settled: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """A post that a mail became. ``attachments``: SHA-256 in hex."""

    mail_id: int
    ticket_id: int
    text: str
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A row of the outbox."""

    kind: str
    message_id: str
    state: str
    mail_id: int | None


@dataclass(frozen=True, slots=True)
class Seen:
    """All that a quiet desk shows. ``received``: the Message-IDs that the relay took, in their order.

    ``in_folders``: how many mails with a Message-ID the mailbox holds, all folders together; ``blobs``: the
    SHA-256 of the blobs whose bytes agree with their names.
    """

    ledger: tuple[Entry, ...] = ()
    tickets: tuple[int, ...] = ()
    posts: tuple[Post, ...] = ()
    letters: tuple[LetterRow, ...] = ()
    received: tuple[str, ...] = ()
    in_inbox: int = 0
    in_folders: Counter[str] = field(default_factory=Counter)
    blobs: frozenset[str] = frozenset()


@dataclass(slots=True)
class Damages:
    """What is wrong. ``lost`` and ``doubled``: the words for each case; ``strange``: what else may not be."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    extra_letters: int = 0


def check(desk: FaultDesk, tally: Tally, *, shown_again: bool = False, kinds: Collection[str] = ()) -> Tally:
    """Return *tally* with what a look at the quiet *desk* counts; its own problems stay.

    *shown_again*: the fault shows mails under new UIDs, so the ledger may hold more duplicates than were
    delivered. *kinds*: letters that the fault may cause, beside the confirmations.
    """
    found = damages(desk.delivered, look(desk), shown_again=shown_again, kinds=kinds)
    words = [f"lost: {one}" for one in found.lost] + [f"doubled: {one}" for one in found.doubled]
    problems = (words + found.strange)[:WORST]
    return replace(
        tally,
        mails=sum(mail.copies for mail in desk.delivered),
        lost=tally.lost + len(found.lost),
        doubled=tally.doubled + len(found.doubled),
        extra_letters=tally.extra_letters + found.extra_letters,
        problems=(*tally.problems, *problems),
    )


def damages(
    delivered: Sequence[Delivered], seen: Seen, *, shown_again: bool = False, kinds: Collection[str] = ()
) -> Damages:
    """Judge what is seen of a desk to which *delivered* came."""
    found = Damages()
    entries: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in seen.ledger:
        entries[entry.message_id].append(entry)
    first = {one.message_id: _effect_of(entries[one.message_id]) for one in delivered}
    posts: defaultdict[int, list[Post]] = defaultdict(list)
    for post in seen.posts:
        posts[post.mail_id].append(post)
    for mail in delivered:
        rows = entries.pop(mail.message_id, [])
        _judge_fates(found, mail, rows, seen, shown_again)
        _judge_posts(found, mail, [post for row in rows for post in posts.pop(row.id, [])], first, seen)
    found.strange += [
        f"{name}: in the ledger, but nobody delivered it" for name, rows in entries.items() if rows
    ]
    found.doubled += [f"a post of mail {key} that is no fate of it" for key in posts]
    _judge_tickets(found, seen)
    _judge_letters(found, seen, kinds)
    return found


def look(desk: FaultDesk) -> Seen:
    """Read everything. The desk has to be quiet: the readings are not one moment."""
    inbox, in_folders = _mailbox(desk)
    attachments: defaultdict[int, list[str]] = defaultdict(list)
    for post_id, sha256 in desk.rows("SELECT post_id, sha256 FROM attachments"):
        attachments[post_id].append(sha256)
    posts = desk.rows("SELECT mail_id, ticket_id, text, id FROM posts WHERE mail_id IS NOT NULL")
    ledger = desk.rows("SELECT id, message_id, fate, ticket_id, settled_at IS NOT NULL, reason FROM mails")
    letters = desk.rows("SELECT kind, message_id, state, mail_id FROM letters")
    return Seen(
        ledger=tuple(
            Entry(key, message_id, fate, ticket_id, bool(settled), reason)
            for key, message_id, fate, ticket_id, settled, reason in ledger
        ),
        tickets=tuple(row[0] for row in desk.rows("SELECT id FROM tickets")),
        posts=tuple(
            Post(mail_id, ticket_id, text, tuple(attachments[key])) for mail_id, ticket_id, text, key in posts
        ),
        letters=tuple(LetterRow(*row) for row in letters),
        received=tuple(message_id_of(letter.content) for letter in desk.sink.messages),
        in_inbox=inbox,
        in_folders=in_folders,
        blobs=frozenset(_whole_blobs(desk.folder)),
    )


def copied_twice(delivered: Sequence[Delivered], in_folders: Mapping[str, int]) -> list[str]:
    """Say of which mails the folders hold more copies than came: of an IMAP server that moves by copies."""
    found = [(mail, in_folders.get(mail.message_id, 0)) for mail in delivered]
    return [
        f"{mail.message_id}: came {mail.copies} times, {count} copies in the folders"
        for mail, count in found
        if count > mail.copies
    ]


def message_id_of(content: bytes) -> str:
    """Return a letter's Message-ID."""
    return str(BytesHeaderParser().parsebytes(content)["Message-ID"])


def _effect_of(rows: Sequence[Entry]) -> Entry | None:
    return next((row for row in rows if row.fate in EFFECTS), None)


def _judge_fates(
    found: Damages, mail: Delivered, rows: Sequence[Entry], seen: Seen, shown_again: bool
) -> None:
    """One row for each copy, one of them with the effect, all settled, the mail still in some folder."""
    name = mail.message_id
    fates = Counter(row.fate for row in rows)
    effects = fates[Fate.OPENED] + fates[Fate.APPENDED]
    wanted = Fate.APPENDED if mail.answers else Fate.OPENED
    if not effects:
        found.lost.append(f"{name}: no effect; its fates: {_told(rows)}")
    elif len(rows) < mail.copies or seen.in_folders[name] < mail.copies:
        copies = f"{len(rows)} in the ledger, {seen.in_folders[name]} in the folders"
        found.lost.append(f"{name}: delivered {mail.copies} times, {copies}")
    if effects > 1:
        found.doubled.append(f"{name}: {effects} effects")
    elif effects and not fates[wanted]:
        found.strange.append(f"{name}: should be {wanted}; its fates: {_told(rows)}")
    others = len(rows) - effects
    if others != fates[Fate.DUPLICATE]:
        found.strange.append(f"{name}: its fates: {_told(rows)}")
    elif others > mail.copies - 1 and not shown_again:
        found.doubled.append(f"{name}: delivered {mail.copies} times, {len(rows)} rows in the ledger")
    if unsettled := sum(not row.settled for row in rows):
        found.strange.append(f"{name}: {unsettled} rows not settled")


def _judge_posts(
    found: Damages, mail: Delivered, posts: Sequence[Post], first: dict[str, Entry | None], seen: Seen
) -> None:
    """Its mark in one post of the right ticket, its attachment there and on the disk."""
    name, effect = mail.message_id, first[mail.message_id]
    if effect is None:
        return  # that is told already
    marked = [post for post in posts if mail.mark in post.text]
    if not marked:
        found.lost.append(f"{name}: its text stands in no post")
        return
    if len(posts) > 1:
        found.doubled.append(f"{name}: {len(posts)} posts")
    post, answered = marked[0], first.get(mail.answers)
    if post.text.count("[mark ") != 1:
        found.strange.append(f"{name}: its post holds the text of another mail")
    if post.ticket_id != effect.ticket_id or (answered and post.ticket_id != answered.ticket_id):
        found.strange.append(f"{name}: in another ticket than it belongs to")
    wanted = (mail.attachment,) if mail.attachment else ()
    if post.attachments != wanted or not seen.blobs.issuperset(wanted):
        found.lost.append(f"{name}: its attachment is not as it was sent")


def _judge_tickets(found: Damages, seen: Seen) -> None:
    opened = Counter(row.ticket_id for row in seen.ledger if row.fate == Fate.OPENED)
    found.doubled += [f"ticket {ticket} that no mail opened" for ticket in seen.tickets if not opened[ticket]]
    found.lost += [f"ticket {ticket} is gone" for ticket in opened.keys() - set(seen.tickets)]
    found.strange += [
        f"ticket {ticket}: {count} mails opened it" for ticket, count in opened.items() if count > 1
    ]
    if seen.in_inbox:
        found.strange.append(f"{seen.in_inbox} mails in the inbox")


def _judge_letters(found: Damages, seen: Seen, kinds: Collection[str]) -> None:
    """One letter for each ticket, received at least once; nothing received that was not queued."""
    received = Counter(seen.received)
    by_mail = Counter(letter.mail_id for letter in seen.letters if letter.kind == OPENED_KIND)
    for row in seen.ledger:
        if row.fate == Fate.OPENED and not by_mail[row.id]:
            found.lost.append(f"{row.message_id}: no letter for its ticket")
        if by_mail[row.id] > (row.fate == Fate.OPENED):
            found.doubled.append(f"{row.message_id}: {by_mail[row.id]} letters")
    for letter in seen.letters:
        copies = received.pop(letter.message_id, 0)
        if letter.kind != OPENED_KIND and letter.kind not in kinds:
            found.strange.append(f"a letter {letter.kind}, which nobody had cause for")
        if letter.state != "sent":
            found.strange.append(f"letter {letter.message_id}: {letter.state}, received {copies} times")
        elif not copies:
            found.lost.append(f"letter {letter.message_id}: sent, never received")
        found.extra_letters += max(0, copies - 1)
    found.doubled += [f"letter {name} was received, nobody queued it" for name in received]


def _told(rows: Sequence[Entry]) -> str:
    return ", ".join(f"{row.fate} {row.reason}".strip() for row in rows) or "none"


def _mailbox(desk: FaultDesk) -> tuple[int, Counter[str]]:
    """Return how many mails are in the inboxes, and the Message-IDs of all folders, none that is marked deleted."""
    names: Counter[str] = Counter()
    in_inbox = 0
    for user in desk.users:
        with desk.dovecot.client(user) as client:
            for folder in FOLDERS:
                found = _message_ids(client, folder)
                names.update(found)
                in_inbox += len(found) if folder == "INBOX" else 0
    return in_inbox, names


def _message_ids(client: IMAPClient, folder: str) -> list[str]:
    if not client.folder_exists(folder):
        return []
    client.select_folder(folder, readonly=True)
    uids = client.search("UNDELETED")
    heads = client.fetch(uids, ["BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"]) if uids else {}
    return [message_id_of(head[b"BODY[HEADER.FIELDS (MESSAGE-ID)]"]) for head in heads.values()]


def _whole_blobs(folder: Path) -> list[str]:
    """Return the names of the blobs in all state folders below *folder* that are what their names say."""
    files = [path for path in folder.glob("*/state/blobs/*/*") if not path.name.startswith(".")]
    return [path.name for path in files if hashlib.sha256(path.read_bytes()).hexdigest() == path.name]
