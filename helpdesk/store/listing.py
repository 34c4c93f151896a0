"""Lists of tickets that stay quick at a million: every filter has an index, and pages begin behind the last one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, false, or_, select

from helpdesk.core.permissions import Reach
from helpdesk.core.tickets import Status, Urgency
from helpdesk.store.ids import first_id_at
from helpdesk.store.tables import participants, people, posts, tickets

RequesterName = people.alias("requesters")
AssigneeName = people.alias("assignees")


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """Which tickets, newest first. Everything given must hold; ``before``: a ticket number, for the next page."""

    statuses: tuple[Status, ...] = ()
    urgencies: tuple[Urgency, ...] = ()
    requester_id: int | None = None
    assignee_id: int | None = None
    team_id: int | None = None
    unassigned: bool = False
    overdue: bool = False
    before: int | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True)
class ListedTicket:
    """One line of a list. Nothing in it is fit for a terminal yet."""

    number: int
    subject: str
    status: Status
    urgency: Urgency
    requester: str
    assignee: str
    opened_at: datetime
    updated_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Arrived:
    """A post that came, or was written. ``opens``: with it the ticket began. Not fit for a terminal yet."""

    post_id: int
    at: datetime
    number: int
    subject: str
    author: str
    internal: bool
    opens: bool


class Listing:
    """Queries that list tickets, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def tickets(
        self, wanted: TicketFilter, person_id: int, team_ids: frozenset[int], far: Reach, now: datetime
    ) -> list[ListedTicket]:
        """Return the tickets within reach of a person that *wanted* asks for, newest first."""
        query = (
            select(tickets, RequesterName.c.name.label("requester"), AssigneeName.c.name.label("assignee"))
            .join(RequesterName, RequesterName.c.id == tickets.c.requester_id)
            .outerjoin(AssigneeName, AssigneeName.c.id == tickets.c.assignee_id)
            .where(tickets.c.deleted_at.is_(None), *_asked(wanted, now))
            .order_by(tickets.c.number.desc())
            .limit(wanted.limit)
        )
        if far is not Reach.ALL:
            query = query.where(_within(person_id, team_ids, far))
        return [
            ListedTicket(
                row.number,
                row.subject,
                Status(row.status),
                Urgency(row.urgency),
                row.requester,
                row.assignee or "",
                row.opened_at,
                row.updated_at,
                row.due_at,
            )
            for row in self._connection.execute(query)
        ]

    def arrived(
        self, since: datetime, person_id: int, team_ids: frozenset[int], far: Reach, notes: bool, limit: int
    ) -> list[Arrived]:
        """Return what was written to the tickets within reach of a person since then, newest first."""
        query = (
            select(posts, tickets.c.number, tickets.c.subject, tickets.c.opened_at, people.c.name)
            .join(tickets, tickets.c.id == posts.c.ticket_id)
            .outerjoin(people, people.c.id == posts.c.author_id)
            .where(posts.c.id >= first_id_at(since), tickets.c.deleted_at.is_(None))
            .order_by(posts.c.id.desc())
            .limit(limit)
        )
        if not notes:
            query = query.where(posts.c.internal.is_(False))
        if far is not Reach.ALL:
            query = query.where(_within(person_id, team_ids, far))
        return [
            Arrived(
                row.id,
                row.created_at,
                row.number,
                row.subject,
                row.name or "",
                row.internal,
                row.created_at == row.opened_at and not row.internal,
            )
            for row in self._connection.execute(query)
        ]


def _asked(wanted: TicketFilter, now: datetime) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if wanted.statuses:
        asked.append(tickets.c.status.in_([status.value for status in wanted.statuses]))
    if wanted.urgencies:
        asked.append(tickets.c.urgency.in_([urgency.value for urgency in wanted.urgencies]))
    if wanted.requester_id is not None:
        asked.append(tickets.c.requester_id == wanted.requester_id)
    if wanted.assignee_id is not None:
        asked.append(tickets.c.assignee_id == wanted.assignee_id)
    if wanted.team_id is not None:
        asked.append(tickets.c.team_id == wanted.team_id)
    if wanted.unassigned:
        asked.append(tickets.c.assignee_id.is_(None))
    if wanted.overdue:
        open_ones = [status.value for status in Status if status is not Status.RESOLVED]
        asked += [tickets.c.status.in_(open_ones), tickets.c.due_at < now]
    if wanted.before is not None:
        asked.append(tickets.c.number < wanted.before)
    return asked


def _within(person_id: int, team_ids: frozenset[int], far: Reach) -> ColumnElement[bool]:
    mine = or_(
        tickets.c.requester_id == person_id,
        tickets.c.id.in_(select(participants.c.ticket_id).where(participants.c.person_id == person_id)),
    )
    if far is Reach.OWN:
        return mine
    if far is not Reach.SEEN:
        return false()
    return or_(mine, tickets.c.assignee_id == person_id, tickets.c.team_id.in_(team_ids))
