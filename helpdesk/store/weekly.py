"""The figures of the weekly report: sums over spans of indexes, as many queries however much happened."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from helpdesk.core.audit import Outcome
from helpdesk.core.people import AddressState
from helpdesk.core.tickets import Status
from helpdesk.core.weekly import FROZEN, LOGIN, SUSPICIOUS
from helpdesk.store.hints import OnlyFilters
from helpdesk.store.letters import DEAD
from helpdesk.store.mails import KEPT
from helpdesk.store.tables import addresses, audit_logs, letters, mails, people, tickets

REFUSED = (Outcome.FAIL.value, Outcome.DENIED.value)
Buckets = dict[int, int]  # by the place among the edges: 0 for what lies before the first


class Weekly:
    """Queries inside one transaction. *edges* part the time; what is counted begins at *since*.

    Bucket 0 holds what lies before the first edge, bucket n what lies behind the n-th; what lies behind the last
    edge is left out.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def actions(self, since: datetime, edges: Sequence[datetime]) -> dict[str, Buckets]:
        """Return how often each suspicious action was recorded, and how often an address was frozen."""
        action, at = audit_logs.c.action, audit_logs.c.created_at
        query = (
            select(action, _bucket(at, edges), func.count())
            .where(_counting((*SUSPICIOUS, FROZEN)), at >= since, at < edges[-1])
            .group_by(action, "bucket")
        )
        return self._by_name(query)

    def accounts(self, since: datetime, until: datetime, limit: int) -> list[tuple[int, int]]:
        """Return whom suspicious actions were about most often, by their ids."""
        return self._busiest(audit_logs.c.user_id, since, until, limit)

    def origins(self, since: datetime, until: datetime, limit: int) -> list[tuple[str, int]]:
        """Return from which network addresses suspicious actions came most often, where that is known."""
        return self._busiest(audit_logs.c.ip_address, since, until, limit)

    def _busiest(
        self, value: ColumnElement[Any], since: datetime, until: datetime, limit: int
    ) -> list[tuple[Any, int]]:
        """What is not known is left out here: PostgreSQL would walk through the index of whom it is known of."""
        many, at = func.count().label("many"), audit_logs.c.created_at
        query = (
            select(value, many)
            .where(_counting(SUSPICIOUS), at >= since, at < until)
            .group_by(value)
            .order_by(many.desc(), value)
            .limit(limit + 1)
        )
        return [(row[0], row[1]) for row in self._connection.execute(query) if row[0]][:limit]

    def kept(self, since: datetime, edges: Sequence[datetime]) -> dict[str, Buckets]:
        """Return how many mails were kept, by verdict."""
        query = (
            select(mails.c.verdict, _bucket(mails.c.seen_at, edges), func.count())
            .where(*_kept_in(since, edges[-1]))
            .group_by(mails.c.verdict, "bucket")
        )
        return self._by_name(query)

    def kept_senders(self, since: datetime, until: datetime, limit: int) -> list[tuple[str, int]]:
        """Return whose mails were kept most often; those whose sender could not be read are left out."""
        many = func.count().label("many")
        query = (
            select(mails.c.sender, many)
            .where(*_kept_in(since, until), mails.c.sender != "")
            .group_by(mails.c.sender)
            .order_by(many.desc(), mails.c.sender)
            .limit(limit)
        )
        return [(row[0], row[1]) for row in self._connection.execute(query)]

    def without_fate(self, until: datetime, deferred_since: datetime) -> tuple[int, int]:
        """Return how many mails seen before *until* have no fate, and how many more have none yet.

        The latter were seen from *deferred_since* on: they may still wait for a verdict.
        """
        waits = case((mails.c.seen_at >= deferred_since, 1), else_=0)
        query = select(func.count(), func.coalesce(func.sum(waits), 0)).where(
            mails.c.fate.is_(None), mails.c.rejected_at.is_(None), mails.c.seen_at < until
        )
        every, waiting = self._connection.execute(query).one()
        return every - int(waiting), int(waiting)

    def letters_dead(self, since: datetime, edges: Sequence[datetime]) -> Buckets:
        """Return how many letters were given up."""
        at = letters.c.next_at  # of a dead letter: since when
        return self._counted(at, letters.c.state == DEAD, since, edges)

    def opened(self, since: datetime, edges: Sequence[datetime]) -> Buckets:
        """Return how many tickets were opened; deleted ones, and those that another one took over, are left out."""
        return self._counted(tickets.c.opened_at, _stands(), since, edges)

    def resolved(self, since: datetime, edges: Sequence[datetime]) -> Buckets:
        """Return how many tickets were resolved and still are; deleted and merged ones are left out.

        Asked for by when they last changed, which is no earlier and has an index.
        """
        still = and_(
            tickets.c.status == Status.RESOLVED.value,
            tickets.c.updated_at >= since,
            _stands(),
        )
        return self._counted(tickets.c.resolved_at, still, since, edges)

    def open_tickets(self, edges: Sequence[datetime]) -> Buckets:
        """Return how many tickets are to be dealt with, by when they were opened, all of them."""
        opened_at = tickets.c.opened_at
        unresolved = [one.value for one in Status if one is not Status.RESOLVED]
        query = (
            select(_bucket(opened_at, edges), func.count())
            .where(tickets.c.status.in_(unresolved), tickets.c.deleted_at.is_(None))
            .group_by("bucket")
        )
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def frozen(self, limit: int) -> tuple[int, list[str]]:
        """Return how many addresses are frozen now, and the first of them; closed accounts are left out.

        Walks through all addresses: some ten thousand, once a week.
        """
        disowned = and_(
            addresses.c.state == AddressState.VERIFIED.value, addresses.c.disowned_at.is_not(None)
        )
        frozen = and_(or_(addresses.c.state == AddressState.SUSPENDED.value, disowned), people.c.active)
        query = select(addresses.c.address).join(people, people.c.id == addresses.c.person_id).where(frozen)
        found = list(self._connection.scalars(query.order_by(addresses.c.address)))
        return len(found), found[:limit]

    def _counted(
        self, at: ColumnElement[Any], which: ColumnElement[bool], since: datetime, edges: Sequence[datetime]
    ) -> Buckets:
        query = (
            select(_bucket(at, edges), func.count())
            .where(which, at >= since, at < edges[-1])
            .group_by("bucket")
        )
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def _by_name(self, query: Select[Any]) -> dict[str, Buckets]:
        found: dict[str, Buckets] = {}
        for name, bucket, count in self._connection.execute(query):
            found.setdefault(name, {})[bucket] = count
        return found


def _bucket(at: ColumnElement[Any], edges: Sequence[datetime]) -> ColumnElement[int]:
    """Grouped by its name: PostgreSQL takes the expression with other parameters for another one."""
    return case(*((at < edge, place) for place, edge in enumerate(edges)), else_=len(edges)).label("bucket")


def _counting(names: Collection[str]) -> ColumnElement[bool]:
    action = audit_logs.c.action
    return and_(action.in_(names), or_(action != LOGIN, audit_logs.c.status.in_(REFUSED)))


def _kept_in(since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    """Kept mails seen in a span. A mail is rejected after it was seen: so both halves are spans of the index."""
    at, rejected_at = mails.c.seen_at, mails.c.rejected_at
    decided = or_(rejected_at.is_(None), rejected_at >= since - timedelta(hours=1))
    return (mails.c.fate.in_(KEPT), at >= since, at < until, decided)


def _stands() -> ColumnElement[bool]:
    return and_(tickets.c.deleted_at.is_(None), OnlyFilters(tickets.c.merged_into_id).is_(None))
