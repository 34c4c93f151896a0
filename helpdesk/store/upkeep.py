"""What the jobs by the clock look for: what is over, what is about to end, and what nobody has dealt with."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, text, update

from helpdesk.core.people import Role
from helpdesk.store.chunks import chunks
from helpdesk.store.mails import HELD, KEPT
from helpdesk.store.names import MYSQL
from helpdesk.store.tables import (
    addresses,
    attachments,
    login_codes,
    login_failures,
    login_locks,
    mails,
    memberships,
    people,
    sessions,
    ticket_reminders,
    tickets,
)
from helpdesk.store.tickets import UNRESOLVED

RESOLVED = "resolved"
REMEMBERED = "remembered"


@dataclass(frozen=True, slots=True)
class Overdue:
    """A ticket that should have been dealt with by ``due_at``. Its subject is a stranger's words."""

    id: int
    number: int
    subject: str
    due_at: datetime
    assignee_id: int | None
    team_id: int | None


@dataclass(frozen=True, slots=True)
class KeptBrief:
    """A kept mail, as short as its end needs it."""

    id: int
    fate: str
    verdict: str
    sender: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class HeldBrief:
    """How many held mails with a verdict claim to be from an address, and when the first of them was seen."""

    address: str
    verdict: str
    count: int
    first_seen_at: datetime


class Upkeep:
    """Queries of the jobs, inside one transaction. Each finds its rows by an index."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def close_resolved(self, before: datetime, at: datetime, limit: int) -> list[tuple[int, int]]:
        """Close tickets that were resolved and have been silent since *before*; return their ids and numbers."""
        silent = and_(
            tickets.c.closed_at.is_(None), tickets.c.status == RESOLVED, tickets.c.updated_at <= before
        )
        found = list(self._connection.scalars(select(tickets.c.id).where(silent).limit(limit)))
        if not found:
            return []
        these = tickets.c.id.in_(found)
        self._connection.execute(update(tickets).where(these, silent).values(closed_at=at))
        closed = select(tickets.c.id, tickets.c.number).where(these, tickets.c.closed_at == at)
        return [(row.id, row.number) for row in self._connection.execute(closed.order_by(tickets.c.number))]

    def overdue(self, now: datetime, limit: int) -> list[Overdue]:
        """Return open tickets that are overdue and of which nobody was told, the one due first at the front."""
        told = and_(
            ticket_reminders.c.ticket_id == tickets.c.id, ticket_reminders.c.due_at == tickets.c.due_at
        )
        columns = (tickets.c.id, tickets.c.number, tickets.c.subject, tickets.c.due_at)
        query = (
            select(*columns, tickets.c.assignee_id, tickets.c.team_id)
            .outerjoin(ticket_reminders, told)
            .where(
                tickets.c.status.in_(UNRESOLVED),
                tickets.c.due_at <= now,
                tickets.c.deleted_at.is_(None),
                tickets.c.merged_into_id.is_(None),
                ticket_reminders.c.ticket_id.is_(None),
            )
            .order_by(tickets.c.due_at)
            .limit(limit)
        )
        return [Overdue(*row) for row in self._connection.execute(query)]

    def note_reminded(self, told: Sequence[Overdue], at: datetime) -> None:
        """Note that somebody was told of these. Refused as a whole where one was told of before."""
        rows = [{"ticket_id": one.id, "due_at": one.due_at, "told_at": at} for one in told]
        if rows:
            self._connection.execute(insert(ticket_reminders), rows)

    def managers_of(self, team_ids: Collection[int]) -> dict[int, list[int]]:
        """Return the ids of the managers of each of these teams."""
        query = (
            select(memberships.c.team_id, memberships.c.person_id)
            .join(people, people.c.id == memberships.c.person_id)
            .where(memberships.c.team_id.in_(team_ids), people.c.role == Role.MANAGER.value, people.c.active)
            .order_by(memberships.c.person_id)
        )
        found: dict[int, list[int]] = {}
        for row in self._connection.execute(query) if team_ids else ():
            found.setdefault(row.team_id, []).append(row.person_id)
        return found

    def undecided(self, until: datetime, limit: int) -> list[KeptBrief]:
        """Return kept mails seen until then that are open cases still.

        Mail that its owner has confirmed is on its way to a ticket, and is left out.
        """
        old = and_(mails.c.seen_at <= until, mails.c.look_again_at.is_(None))
        return self._of_each_fate(and_(mails.c.rejected_at.is_(None), old), limit)

    def decided(self, until: datetime, limit: int) -> list[KeptBrief]:
        """Return kept mails that were rejected until then and whose bytes are still kept."""
        old = and_(mails.c.seen_at <= until, mails.c.look_again_at.is_(None))
        bytes_left = mails.c.raw_sha256.is_not(None)
        return self._of_each_fate(and_(mails.c.rejected_at <= until, bytes_left, old), limit)

    def _of_each_fate(self, which: ColumnElement[bool], limit: int) -> list[KeptBrief]:
        found = [one for fate in KEPT for one in self._kept(and_(mails.c.fate == fate, which), limit)]
        return found[:limit]

    def held_by_address(self, since: datetime | None, until: datetime) -> list[HeldBrief]:
        """Return how many open cases are held of each registered address, by verdict; few, however many these are.

        They were seen after *since*, None: ever, and until *until*.
        """
        seen = and_(mails.c.seen_at <= until, mails.c.look_again_at.is_(None))
        if since is not None:
            seen = and_(seen, mails.c.seen_at > since)
        query = (
            select(mails.c.sender, mails.c.verdict, func.count(), func.min(mails.c.seen_at))
            .where(mails.c.fate == HELD, mails.c.rejected_at.is_(None), seen)
            .where(mails.c.sender.in_(select(addresses.c.address)))
            .group_by(mails.c.sender, mails.c.verdict)
            .order_by(mails.c.sender)
        )
        return [HeldBrief(*row) for row in self._connection.execute(query)]

    def _kept(self, which: ColumnElement[bool], limit: int) -> list[KeptBrief]:
        columns = (mails.c.id, mails.c.fate, mails.c.verdict, mails.c.sender, mails.c.seen_at)
        query = select(*columns).where(which).order_by(mails.c.seen_at).limit(limit)
        return [KeptBrief(*row) for row in self._connection.execute(query)]

    def expire(self, mail_ids: Collection[int], at: datetime) -> None:
        """Take kept mails off the list of open cases, and let go of their bytes; the rows stay."""
        kept = and_(mails.c.id.in_(mail_ids), mails.c.fate.in_(KEPT), mails.c.look_again_at.is_(None))
        undecided = update(mails).where(kept, mails.c.rejected_at.is_(None))
        self._connection.execute(undecided.values(rejected_at=at))
        self._connection.execute(update(mails).where(kept).values(raw_sha256=None))

    def kept_blobs(self) -> set[str]:
        """Return the blobs that kept mails name; no other mail names one."""
        kept = and_(mails.c.fate.in_(KEPT), mails.c.raw_sha256.is_not(None))
        return set(self._connection.scalars(select(mails.c.raw_sha256).where(kept)))

    def attached(self, sha256s: Collection[str]) -> set[str]:
        """Return those of these blobs that an attachment names."""
        query = select(attachments.c.sha256)
        return {
            name
            for some in chunks(sha256s)
            for name in self._connection.scalars(query.where(attachments.c.sha256.in_(some)))
        }

    def remembered_ending(self, since: datetime, until: datetime) -> list[tuple[int, datetime]]:
        """Return whose remembered logins end from *since* until before *until*, and when."""
        query = select(sessions.c.person_id, sessions.c.expires_at).where(
            sessions.c.expires_at >= since,
            sessions.c.expires_at < until,
            sessions.c.kind == REMEMBERED,
            sessions.c.revoked_at.is_(None),
        )
        return [(row[0], row[1]) for row in self._connection.execute(query.order_by(sessions.c.expires_at))]

    def forget_logins(self, ended: datetime, codes: datetime, locks: datetime) -> None:
        """Remove sessions that ended before *ended*, codes before *codes*, failed logins and locks before *locks*.

        On a server it is a procedure with times of its own, since the daemon's user may not touch these tables.
        """
        kind = self._connection.dialect.name
        if kind != "sqlite":
            self._connection.execute(
                text("CALL forget_logins()" if kind in MYSQL else "SELECT forget_logins()")
            )
            return
        over = or_(sessions.c.expires_at < ended, sessions.c.revoked_at < ended)
        self._connection.execute(sessions.delete().where(over))
        self._connection.execute(login_codes.delete().where(login_codes.c.expires_at < codes))
        idle = and_(login_locks.c.locked_until < locks, login_locks.c.since < locks)
        self._connection.execute(login_locks.delete().where(idle))
        self._connection.execute(login_failures.delete().where(login_failures.c.at < locks))
