"""The ledger: one row for each mail seen, with its one fate."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from helpdesk.store.chunks import chunks
from helpdesk.store.columns import fits_key
from helpdesk.store.failures import AlreadyThere
from helpdesk.store.ids import new_id
from helpdesk.store.rows import Effect, HeldMail, LedgerRow, Row, UnsettledMail
from helpdesk.store.tables import mailboxes, mails

MAX_KEY = 255
HELD = "held"
KEPT = (HELD, "quarantined")


def message_key(message_id: str) -> str:
    """Return what stands for a Message-ID in the ledger: itself, or its SHA-256 where the column cannot hold it."""
    if fits_key(message_id, MAX_KEY):
        return message_id
    return hashlib.sha256(message_id.encode("utf-8", "surrogatepass")).hexdigest()


class Mails:
    """Queries on mails and mailboxes, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def mailbox_id(self, name: str) -> int:
        """Return the id of a mailbox, made when it is new."""
        found = self._connection.scalar(select(mailboxes.c.id).where(mailboxes.c.name == name))
        if found is None:
            found = new_id()
            self._connection.execute(insert(mailboxes), {"id": found, "name": name})
        return found

    def rows_of(self, mailbox_id: int, uidvalidity: int, uids: Collection[int]) -> dict[int, LedgerRow]:
        """Return what the ledger says of those UIDs that it knows."""
        query = select(
            mails.c.uid,
            mails.c.id,
            mails.c.fate,
            mails.c.settled_at,
            mails.c.attempts,
            mails.c.seen_at,
            mails.c.look_again_at,
        ).where(mails.c.mailbox_id == mailbox_id, mails.c.uidvalidity == uidvalidity)
        return {
            row.uid: LedgerRow(
                row.id, row.fate, row.settled_at is not None, row.attempts, row.seen_at, row.look_again_at
            )
            for some in chunks(uids)
            for row in self._connection.execute(query.where(mails.c.uid.in_(some)))
        }

    def effects(self, mailbox_id: int, fingerprints: Collection[str]) -> dict[str, Effect]:
        """Return what had an effect before, by fingerprint."""
        if not fingerprints:
            return {}
        query = select(mails.c.effect, mails.c.id, mails.c.ticket_id).where(
            mails.c.mailbox_id == mailbox_id, mails.c.effect.in_(fingerprints)
        )
        return {row.effect: Effect(row.id, row.ticket_id) for row in self._connection.execute(query)}

    def tickets_by_message_ids(self, message_ids: Collection[str]) -> dict[str, int]:
        """Return the tickets that mails with these Message-IDs opened or joined.

        Where several mails bear one Message-ID, the first that was filed counts: who repeats another's id
        cannot draw the answers to it.
        """
        if not message_ids:
            return {}
        by_key = {message_key(message_id): message_id for message_id in message_ids}
        query = (
            select(mails.c.message_id, mails.c.ticket_id)
            .where(
                mails.c.message_id.in_(by_key), mails.c.ticket_id.is_not(None), mails.c.effect.is_not(None)
            )
            .order_by(mails.c.id.desc())
        )
        return {by_key[row.message_id]: row.ticket_id for row in self._connection.execute(query)}

    def newest_message_id(self, ticket_id: int) -> str:
        """Return the Message-ID of the newest mail that opened or joined a ticket; empty where that is not known."""
        query = (
            select(mails.c.message_id)
            .where(mails.c.ticket_id == ticket_id, mails.c.effect.is_not(None))
            .order_by(mails.c.id.desc())
            .limit(1)
        )
        found = self._connection.scalar(query) or ""
        return found if found.startswith("<") else ""  # else it is a hash

    def lead_to(self, mail_id: int, ticket_id: int) -> str:
        """Note that a mail's post is in another ticket now, where answers to it belong too; return its Message-ID."""
        this = mails.c.id == mail_id
        self._connection.execute(update(mails).where(this).values(ticket_id=ticket_id))
        found: str = self._connection.scalar(select(mails.c.message_id).where(this)) or ""
        return found if found.startswith("<") else ""  # else it is a hash

    def add(self, rows: Sequence[Row]) -> None:
        """Insert ledger rows. Refused as a whole when a UID or an effect is there already."""
        if rows:
            self._connection.execute(insert(mails), rows)

    def replace(self, rows: Sequence[Row]) -> None:
        """Write the outcome of mails whose row exists: deferred, charged with an attempt, or kept and released.

        Raises AlreadyThere when one has its fate meanwhile: no other fate is ever written over.
        """
        released = and_(mails.c.fate.in_(KEPT), mails.c.look_again_at.is_not(None))
        for row in rows:
            unfated = update(mails).where(mails.c.id == row["id"], or_(mails.c.fate.is_(None), released))
            if self._connection.execute(unfated, row).rowcount == 0:
                raise AlreadyThere(f"mail {row['id']} has its fate already")

    def charge(self, ids: Collection[int]) -> None:
        """Count one more attempt for those of these rows that have no fate."""
        for some in chunks(ids):
            unfated = update(mails).where(mails.c.id.in_(some), mails.c.fate.is_(None))
            self._connection.execute(unfated.values(attempts=mails.c.attempts + 1))

    def explain(self, ids: Collection[int], reason: str) -> None:
        """Write why these mails were not answered, or not yet."""
        if ids:
            self._connection.execute(update(mails).where(mails.c.id.in_(ids)).values(reason=reason))

    def settle(self, ids: Collection[int], at: datetime) -> None:
        """Note that these mails have left the inbox."""
        for some in chunks(ids):
            self._connection.execute(update(mails).where(mails.c.id.in_(some)).values(settled_at=at))

    def leave_uids(self, ids: Collection[int], uidvalidity: int, at: datetime) -> None:
        """Let these mails give up their UIDs under *uidvalidity*: for the server they are other mails' now.

        They get a uidvalidity of their own below zero, where no server's is, and have left the inbox.
        """
        for some in chunks(ids):
            there = and_(mails.c.id.in_(some), mails.c.uidvalidity == uidvalidity)
            unsettled = and_(there, mails.c.settled_at.is_(None))
            self._connection.execute(update(mails).where(unsettled).values(settled_at=at))
            self._connection.execute(update(mails).where(there).values(uidvalidity=-mails.c.id))

    def unsettled(self, mailbox_id: int) -> list[UnsettledMail]:
        """Return the mails of a mailbox that have a fate and are not known to have left the inbox."""
        query = select(mails.c.id, mails.c.uidvalidity, mails.c.uid).where(
            mails.c.mailbox_id == mailbox_id, mails.c.settled_at.is_(None), mails.c.fate.is_not(None)
        )
        return [UnsettledMail(row.id, row.uidvalidity, row.uid) for row in self._connection.execute(query)]

    def oldest_unsettled(self, mailbox_id: int) -> datetime | None:
        """Return when the first of a mailbox's unsettled mails was seen, or None when all are settled."""
        query = select(func.min(mails.c.seen_at)).where(
            mails.c.mailbox_id == mailbox_id, mails.c.settled_at.is_(None), mails.c.fate.is_not(None)
        )
        oldest: datetime | None = self._connection.scalar(query)
        return oldest

    def mailbox_ids(self) -> dict[str, int]:
        """Return the mailboxes that the ledger knows, by name."""
        return {row.name: row.id for row in self._connection.execute(select(mailboxes))}

    def without_fate(self, mailbox_id: int) -> tuple[int, int]:
        """Return how many mails of a mailbox are being tried, and how many are deferred.

        The mailbox is asked for as a sum, so that SQLite walks through the few without a fate, not all of it.
        """
        query = select(func.count(), func.count(mails.c.look_again_at)).where(
            mails.c.mailbox_id + 0 == mailbox_id, mails.c.fate.is_(None)
        )
        every, deferred = self._connection.execute(query).one()
        return every - deferred, deferred

    def held(self, ids: Collection[int]) -> dict[int, HeldMail]:
        """Return those of these mails that are held, with their bytes."""
        return {mail.id: mail for mail in self._held(mails.c.id.in_(ids))} if ids else {}

    def released(self, mailbox_id: int) -> list[HeldMail]:
        """Return the mails of a mailbox that are held although their owners said that they are theirs."""
        return self._held(and_(mails.c.mailbox_id == mailbox_id, mails.c.look_again_at.is_not(None)))

    def release(self, ids: Collection[int], at: datetime | None) -> None:
        """Note that held mails are to be filed after all; with None, that they are not."""
        if ids:
            self._connection.execute(
                update(mails).where(mails.c.id.in_(ids), mails.c.fate == HELD).values(look_again_at=at)
            )

    def take_up(self, mail_id: int, fate: str, at: datetime) -> bool:
        """Let a mail that was kept as *fate* be filed again in this transaction; False: it has another meanwhile."""
        kept = and_(mails.c.id == mail_id, mails.c.fate == fate, mails.c.fate.in_(KEPT))
        return self._connection.execute(update(mails).where(kept).values(look_again_at=at)).rowcount > 0

    def _held(self, which: ColumnElement[bool]) -> list[HeldMail]:
        query = select(mails).where(mails.c.fate == HELD, mails.c.raw_sha256.is_not(None), which)
        return [
            HeldMail(
                row.id,
                row.uidvalidity,
                row.uid,
                row.sender,
                row.verdict,
                row.raw_sha256,
                row.look_again_at,
            )
            for row in self._connection.execute(query)
        ]
