"""The ledger as people read it: whole rows, and what hangs on them. Every query finds its rows by an index."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from helpdesk.store.chunks import chunks
from helpdesk.store.columns import fits_key
from helpdesk.store.mails import MAX_KEY, message_key
from helpdesk.store.people import MAX_ADDRESS
from helpdesk.store.tables import letters, mailboxes, mails, posts

MAX_REBUILDS = 50  # how many uidvalidities of one mailbox are looked through for a UID


@dataclass(frozen=True, slots=True)
class LedgerMail:
    """One row of the ledger with the name of its mailbox. ``message_id`` is as ``message_key`` gives it."""

    id: int
    mailbox_id: int
    mailbox: str
    uidvalidity: int
    uid: int
    fingerprint: str | None
    message_id: str
    size: int
    subject: str
    sender: str
    dated_at: datetime | None
    seen_at: datetime
    fate: str | None
    rule: str
    reason: str
    verdict: str
    verdict_reason: str
    person_id: int | None
    ticket_id: int | None
    raw_sha256: str | None
    attempts: int
    look_again_at: datetime | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class LedgerLetter:
    """A letter as the outbox knows it, without its content."""

    id: int
    kind: str
    message_id: str
    recipient: str
    state: str
    attempts: int
    next_at: datetime
    last_error: str
    queued_at: datetime
    sent_at: datetime | None
    bounced_at: datetime | None
    mail_id: int | None
    ticket_id: int | None


@dataclass(frozen=True, slots=True)
class LedgerPost:
    """The post that a mail became."""

    id: int
    mail_id: int
    ticket_id: int
    created_at: datetime


_MAIL = [mails.c[field.name] for field in fields(LedgerMail) if field.name != "mailbox"]
_LETTER = [letters.c[field.name] for field in fields(LedgerLetter)]
_POST = [posts.c[field.name] for field in fields(LedgerPost)]


class Ledger:
    """Questions about single mails, inside one transaction. Where there is a *limit*, the newest come first."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def by_ids(self, ids: Collection[int]) -> list[LedgerMail]:
        """Return these mails, oldest first."""
        query = select(*_MAIL).order_by(mails.c.id)
        return [mail for some in chunks(ids) for mail in self._mails(query.where(mails.c.id.in_(some)))]

    def by_message_id(self, message_id: str, limit: int) -> list[LedgerMail]:
        """Return the mails that bear a Message-ID, angle brackets included."""
        query = select(*_MAIL).where(mails.c.message_id == message_key(message_id))
        return self._mails(query.order_by(mails.c.id.desc()).limit(limit))

    def by_uid(self, uid: int, mailbox: str = "") -> list[LedgerMail]:
        """Return the mails that had a UID in a mailbox, or in any; one for each uidvalidity at most."""
        query = select(mailboxes.c.id)
        if mailbox:
            query = query.where(mailboxes.c.name == mailbox)
        found: list[LedgerMail] = []
        for mailbox_id in list(self._connection.scalars(query)):
            known = list(self._uidvalidities(mailbox_id))
            rows = select(*_MAIL).where(
                mails.c.mailbox_id == mailbox_id, mails.c.uidvalidity.in_(known), mails.c.uid == uid
            )
            found += self._mails(rows)
        return sorted(found, key=lambda mail: mail.seen_at, reverse=True)

    def _uidvalidities(self, mailbox_id: int) -> Iterator[int]:
        """Step from one to the next in the index: there are few, and a mailbox has many mails under each."""
        query = select(func.max(mails.c.uidvalidity)).where(mails.c.mailbox_id == mailbox_id)
        newest: int | None = self._connection.scalar(query)
        for _ in range(MAX_REBUILDS):
            if newest is None:
                return
            yield newest
            newest = self._connection.scalar(query.where(mails.c.uidvalidity < newest))

    def fates_by_key(self, mailbox_id: int, keys: Collection[str]) -> dict[tuple[str, int], set[str]]:
        """Return the fates of a mailbox's mails, by the key of their Message-ID (never empty) and their size."""
        found: dict[tuple[str, int], set[str]] = {}
        query = select(mails.c.mailbox_id, mails.c.fate, mails.c.message_id, mails.c.size)
        for row in self._fated(mailbox_id, keys, query):
            found.setdefault((row.message_id, row.size), set()).add(row.fate)
        return found

    def fates_by_fingerprint(
        self, mailbox_id: int, keys: Collection[str], fingerprints: Collection[str]
    ) -> dict[str, set[str]]:
        """Return the fates of a mailbox's mails by fingerprint, of those whose Message-ID has one of *keys*."""
        found: dict[str, set[str]] = {}
        query = select(mails.c.mailbox_id, mails.c.fate, mails.c.fingerprint)
        for row in self._fated(mailbox_id, keys, query.where(mails.c.fingerprint.in_(fingerprints))):
            found.setdefault(row.fingerprint, set()).add(row.fate)
        return found

    def settled(
        self, mailbox_id: int, keys: Collection[str], fingerprints: Collection[str]
    ) -> Counter[tuple[str, str]]:
        """Return how many mails have left a mailbox, by fingerprint and fate; *keys*: as ``fates_by_fingerprint``."""
        query = select(mails.c.mailbox_id, mails.c.fate, mails.c.fingerprint)
        query = query.where(mails.c.fingerprint.in_(fingerprints), mails.c.settled_at.is_not(None))
        return Counter((row.fingerprint, row.fate) for row in self._fated(mailbox_id, keys, query))

    def _fated(self, mailbox_id: int, keys: Collection[str], query: Select[Any]) -> Iterator[Row[Any]]:
        """Yield what has a fate; the mailbox is compared here, since SQLite would walk all of it by its index."""
        for some in chunks(keys):
            fated = query.where(mails.c.message_id.in_(some), mails.c.fate.is_not(None))
            for row in self._connection.execute(fated):
                if row.mailbox_id == mailbox_id:
                    yield row

    def by_ticket(self, ticket_id: int, limit: int) -> list[LedgerMail]:
        """Return the mails that opened or joined a ticket, or that repeat one which did."""
        query = select(*_MAIL).where(mails.c.ticket_id == ticket_id)
        return self._mails(query.order_by(mails.c.id.desc()).limit(limit))

    def by_sender(self, address: str, limit: int) -> list[LedgerMail]:
        """Return the mails that claim to come from an address."""
        if not fits_key(address, MAX_ADDRESS):
            return []
        query = select(*_MAIL).where(mails.c.sender == address)
        return self._mails(query.order_by(mails.c.seen_at.desc()).limit(limit))

    def letters_of(self, mail_ids: Collection[int]) -> list[LedgerLetter]:
        """Return the letters that these mails caused, oldest first."""
        return [
            letter
            for some in chunks(mail_ids)
            for letter in self._letters(select(*_LETTER).where(letters.c.mail_id.in_(some)))
        ]

    def letters_about(self, ticket_id: int, limit: int) -> list[LedgerLetter]:
        """Return the newest letters about a ticket that no mail caused, oldest first."""
        query = select(*_LETTER).where(letters.c.ticket_id == ticket_id, letters.c.mail_id.is_(None))
        return self._letters(query.order_by(letters.c.id.desc()).limit(limit))

    def letters_to(self, address: str, limit: int) -> list[LedgerLetter]:
        """Return the newest letters to an address, oldest first."""
        if not fits_key(address, MAX_ADDRESS):
            return []
        query = select(*_LETTER).where(letters.c.recipient == address)
        return self._letters(query.order_by(letters.c.id.desc()).limit(limit))

    def letters_by_message_id(self, message_id: str) -> list[LedgerLetter]:
        """Return our letter with that Message-ID, if there is one."""
        if not fits_key(message_id, MAX_KEY):
            return []
        return self._letters(select(*_LETTER).where(letters.c.message_id == message_id))

    def posts_of(self, mail_ids: Collection[int]) -> dict[int, LedgerPost]:
        """Return the posts that these mails became, by the mail's id."""
        query = select(*_POST)
        return {
            row.mail_id: LedgerPost(*row)
            for some in chunks(mail_ids)
            for row in self._connection.execute(query.where(posts.c.mail_id.in_(some)))
        }

    def _mails(self, query: Select[Any]) -> list[LedgerMail]:
        rows: Sequence[Any] = self._connection.execute(query).all()
        names = self._mailbox_names({row.mailbox_id for row in rows})
        return [LedgerMail(mailbox=names[row.mailbox_id], **row._mapping) for row in rows]

    def _mailbox_names(self, ids: Collection[int]) -> dict[int, str]:
        query = select(mailboxes.c.id, mailboxes.c.name).where(mailboxes.c.id.in_(ids))
        return {row.id: row.name for row in self._connection.execute(query)} if ids else {}

    def _letters(self, query: Select[Any]) -> list[LedgerLetter]:
        found = [LedgerLetter(*row) for row in self._connection.execute(query)]
        return sorted(found, key=lambda letter: letter.id)
