"""Kept mail as a list of open cases, and what people want done with it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, insert, or_, select, update

from helpdesk.core.kept import OrderKind
from helpdesk.core.tickets import Fate
from helpdesk.store.columns import fits_key
from helpdesk.store.ids import new_id
from helpdesk.store.mails import KEPT
from helpdesk.store.tables import mail_orders, mailboxes, mails, memberships, people

MAX_OUTCOME = 500
MAX_ADDRESS, MAX_VERDICT = 254, 20
UNKEPT = tuple(fate.value for fate in Fate if fate.value not in KEPT)


@dataclass(frozen=True, slots=True)
class KeptFilter:
    """Which kept mails, newest first. Everything given must hold; ``before``: a mail's id, for the next page.

    ``sender``: a whole address, or ``@domain``. ``rejected``: those that were decided, instead of the open ones.
    """

    fates: tuple[str, ...] = KEPT
    verdict: str = ""
    sender: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    rejected: bool = False
    limit: int = 20


@dataclass(frozen=True, slots=True)
class KeptMail:
    """One line of the list. Nothing in it is fit for a terminal yet. ``ordered``: what the daemon was asked for."""

    id: int
    mailbox: str
    seen_at: datetime
    fate: str
    sender: str
    subject: str
    size: int
    rule: str
    verdict: str
    verdict_reason: str
    rejected_at: datetime | None
    ordered: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody wants done with a kept mail. No ``done_at``: the daemon has not come to it yet."""

    id: int
    mail_id: int
    kind: OrderKind
    address: str
    by_id: int | None
    by: str
    asked_at: datetime
    attempts: int
    done_at: datetime | None
    outcome: str


class Quarantine:
    """Queries on kept mail, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def listed(self, wanted: KeptFilter, team_ids: Collection[int] | None) -> list[KeptMail]:
        """Return the kept mails that *wanted* asks for, of people in these teams; None: of everybody."""
        if not fits_key(wanted.sender, MAX_ADDRESS) or not fits_key(wanted.verdict, MAX_VERDICT):
            return []
        mark = self._mark(wanted.before)
        query = _narrowed(select(mails), wanted, mark)
        if team_ids is not None:
            of_teams = select(memberships.c.person_id).where(memberships.c.team_id.in_(team_ids))
            query = query.where(mails.c.person_id.in_(of_teams))
        # What is open has one rejected_at, none. PostgreSQL takes the index in order only if it is asked for too,
        # MariaDB only if it is not.
        is_postgres = self._connection.dialect.name == "postgresql"
        by_index = (mails.c.rejected_at.desc(),) if is_postgres and not wanted.rejected else ()
        query = query.order_by(*by_index, mails.c.seen_at.desc(), mails.c.id.desc()).limit(wanted.limit)
        names = {row.id: row.name for row in self._connection.execute(select(mailboxes))}
        found = [
            _kept(row, names) for one in _by_fate(query, wanted) for row in self._connection.execute(one)
        ]
        found.sort(key=lambda mail: (mail.seen_at, mail.id), reverse=True)
        return self._with_orders(found[: wanted.limit])

    def _mark(self, before: int | None) -> tuple[datetime, int] | None:
        if before is None:
            return None
        seen_at = self._connection.scalar(select(mails.c.seen_at).where(mails.c.id == before))
        return (seen_at, before) if seen_at else None

    def _with_orders(self, found: Sequence[KeptMail]) -> list[KeptMail]:
        orders = self.orders_of([mail.id for mail in found])
        pending = {order.mail_id: order.kind.value for order in orders if order.done_at is None}
        return [replace(mail, ordered=pending.get(mail.id, "")) for mail in found]

    def rejected_at(self, mail_ids: Collection[int]) -> dict[int, datetime]:
        """Return which of these mails were rejected, and when."""
        query = select(mails.c.id, mails.c.rejected_at).where(
            mails.c.id.in_(mail_ids), mails.c.rejected_at.is_not(None)
        )
        return {row.id: row.rejected_at for row in self._connection.execute(query)} if mail_ids else {}

    def reject(self, mail_id: int, at: datetime) -> bool:
        """Take a kept mail off the list of open ones; False where it is not kept, or not open, any more."""
        return self._decide(mail_id, at, mails.c.rejected_at.is_(None))

    def reopen(self, mail_id: int) -> bool:
        """Put a kept mail back on the list; False where it is not kept any more."""
        return self._decide(mail_id, None)

    def _decide(self, mail_id: int, at: datetime | None, *also: ColumnElement[bool]) -> bool:
        kept = and_(mails.c.id == mail_id, mails.c.fate.in_(KEPT), *also)
        return self._connection.execute(update(mails).where(kept).values(rejected_at=at)).rowcount > 0

    def order(
        self, mail_id: int, mailbox_id: int, kind: OrderKind, address: str, by_id: int | None, at: datetime
    ) -> None:
        """Ask the daemon of a mailbox to do something with a mail."""
        row = {"id": new_id(), "mail_id": mail_id, "mailbox_id": mailbox_id, "kind": kind.value}
        rest = {"address": address, "by_id": by_id, "asked_at": at, "attempts": 0, "outcome": ""}
        self._connection.execute(insert(mail_orders), row | rest)

    def pending(self, mailbox_id: int) -> list[Order]:
        """Return what is to be done in a mailbox, the first order first."""
        return self._orders(
            _ORDERS.where(mail_orders.c.mailbox_id == mailbox_id, mail_orders.c.done_at.is_(None))
        )

    def orders_of(self, mail_ids: Collection[int]) -> list[Order]:
        """Return all orders about these mails, the first one first."""
        return self._orders(_ORDERS.where(mail_orders.c.mail_id.in_(mail_ids))) if mail_ids else []

    def charge(self, order_id: int) -> None:
        """Count one more attempt at an order."""
        this = update(mail_orders).where(mail_orders.c.id == order_id)
        self._connection.execute(this.values(attempts=mail_orders.c.attempts + 1))

    def conclude(self, order_id: int, outcome: str, at: datetime) -> None:
        """Note what came of an order."""
        this = update(mail_orders).where(mail_orders.c.id == order_id)
        self._connection.execute(this.values(done_at=at, outcome=outcome[:MAX_OUTCOME]))

    def _orders(self, query: Select[Any]) -> list[Order]:
        found = [
            Order(
                row.id,
                row.mail_id,
                OrderKind(row.kind),
                row.address,
                row.by_id,
                row.name or "",
                row.asked_at,
                row.attempts,
                row.done_at,
                row.outcome,
            )
            for row in self._connection.execute(query)
        ]
        return sorted(found, key=lambda order: order.id)

    def suspicious(self, since: datetime, limit: int) -> list[tuple[str, str, int, datetime, datetime]]:
        """Return kept mails since then by verdict and sender: how many, the first and the last one."""
        many = func.count().label("many")
        # Rejected after it was seen: so both halves are spans of the index.
        undecided, lately = mails.c.rejected_at.is_(None), mails.c.rejected_at >= since - timedelta(hours=1)
        query = (
            select(
                mails.c.verdict, mails.c.sender, many, func.min(mails.c.seen_at), func.max(mails.c.seen_at)
            )
            .where(mails.c.fate.in_(KEPT), mails.c.seen_at >= since, or_(undecided, lately))
            .group_by(mails.c.verdict, mails.c.sender)
            .order_by(many.desc())
            .limit(limit)
        )
        return [(row[0], row[1], row[2], row[3], row[4]) for row in self._connection.execute(query)]


_COLUMNS = ("id", "seen_at", "fate", "sender", "subject", "size", "rule", "verdict",
            "verdict_reason", "rejected_at")  # fmt: skip
_ORDERS = select(mail_orders, people.c.name).outerjoin(people, people.c.id == mail_orders.c.by_id)


def _kept(row: Any, mailbox_names: Mapping[int, str]) -> KeptMail:
    return KeptMail(mailbox=mailbox_names[row.mailbox_id], **{name: getattr(row, name) for name in _COLUMNS})


def _narrowed(query: Select[Any], wanted: KeptFilter, mark: tuple[datetime, int] | None) -> Select[Any]:
    if wanted.verdict:
        query = query.where(mails.c.verdict == wanted.verdict)
    if wanted.since is not None:
        query = query.where(mails.c.seen_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(mails.c.seen_at < wanted.until)
    if mark is not None:
        seen_at, mail_id = mark
        older = or_(mails.c.seen_at < seen_at, mails.c.id < mail_id)
        query = query.where(mails.c.seen_at <= seen_at, older)
    return query


def _by_fate(query: Select[Any], wanted: KeptFilter) -> list[Select[Any]]:
    """Return one query for each fate, which an index answers in order; by sender one that has an index too."""
    decided = mails.c.rejected_at.is_not(None) if wanted.rejected else mails.c.rejected_at.is_(None)
    if wanted.sender.startswith("@"):
        query = query.where(mails.c.sender.endswith(wanted.sender, autoescape=True))
    elif wanted.sender:
        others = (*UNKEPT, *(fate for fate in KEPT if fate not in wanted.fates))
        return [query.where(mails.c.sender == wanted.sender, mails.c.fate.not_in(others), decided)]
    return [query.where(mails.c.fate == fate, decided) for fate in wanted.fates]
